// Ways to damage a log behind its back, for tests of what finds and mends it. Header only.
#pragma once

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/event/codec.hh"
#include "engine/event/event.hh"
#include "store/kv.hh"
#include "store/record_format.hh"
#include "store/tree.hh"
#include "tests/support/fault_kv.hh"

namespace weir::test {

inline void tamper_put(FaultKv& kv, store::Family family, std::string_view key,
                       std::string_view value) {
  store::WriteBatch batch;
  batch.put(family, key, value);
  kv.tamper(batch);
}

inline void tamper_remove(FaultKv& kv, store::Family family, std::string_view key) {
  store::WriteBatch batch;
  batch.remove(family, key);
  kv.tamper(batch);
}

// One act of damage, and how to take it back.
struct Damage {
  std::string what;
  std::uint64_t seq = 0;  // of the first event concerned; 0 = of rows that derive from events
  std::vector<std::pair<store::Family, std::string>> rows;
  std::vector<std::optional<std::string>> before;

  void undo(FaultKv& kv) const {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (before[i]) tamper_put(kv, rows[i].first, rows[i].second, *before[i]);
      if (!before[i]) tamper_remove(kv, rows[i].first, rows[i].second);
    }
  }
};

class Vandal {
 public:
  Vandal(FaultKv& kv, std::uint64_t head, std::uint32_t seed)
      : kv_(kv), head_(head), random_(seed) {
    for (const store::Family family :
         {store::Family::events, store::Family::tiles, store::Family::index, store::Family::blobs,
          store::Family::projections}) {
      auto cursor = kv.cursor(family);
      for (cursor->seek(""); cursor->valid(); cursor->next())
        rows_.emplace_back(family, cursor->key());
    }
    rows_.emplace_back(store::Family::meta, "head");
  }

  // A random act: flips, drops, exchanges and forgeries of events, and flips, cuts, drops and
  // additions of any row.
  Damage strike() {
    switch (random_() % 8) {
      case 0: return drop(store::Family::events, event_key(pick_seq()));
      case 1: return exchange();
      case 2: return forge();
      case 3: return flip(store::Family::events, event_key(pick_seq()));
      case 4: return cut(any_row());
      case 5: return drop_any();
      case 6: return add();
      default: return flip_any();
    }
  }

 private:
  using Row = std::pair<store::Family, std::string>;

  std::uint64_t pick_seq() { return 1 + random_() % head_; }
  std::string event_key(std::uint64_t seq) { return store::format::seq_key(seq); }
  const Row& any_row() { return rows_[random_() % rows_.size()]; }
  std::string read(const Row& row) { return *kv_.get(row.first, row.second).value(); }

  Damage begin(std::string what, std::vector<Row> rows) {
    Damage out;
    out.what = std::move(what);
    for (const Row& row : rows) {
      if (row.first == store::Family::events && out.seq == 0)
        out.seq = store::format::take_seq(row.second).value_or(0);
      out.before.push_back(kv_.get(row.first, row.second).value());
      out.what +=
          " " + std::to_string(static_cast<int>(row.first)) + ":" + base::hex_encode(row.second);
    }
    out.rows = std::move(rows);
    return out;
  }
  Damage drop(store::Family family, const std::string& key) {
    Damage damage = begin("drop", {{family, key}});
    tamper_remove(kv_, family, key);
    return damage;
  }
  Damage drop_any() {
    const Row& row = any_row();
    // The head row gone with its log is an empty log: only its rows beyond tell.
    return drop(row.first, row.second);
  }
  Damage flip(store::Family family, const std::string& key) {
    Damage damage = begin("flip", {{family, key}});
    std::string value = read({family, key});
    if (value.empty()) {
      tamper_put(kv_, family, key, "x");
      return damage;
    }
    const std::size_t at = random_() % value.size();
    value[at] = static_cast<char>(value[at] ^ (1 << random_() % 8));
    tamper_put(kv_, family, key, value);
    return damage;
  }
  Damage flip_any() {
    const Row& row = any_row();
    return flip(row.first, row.second);
  }
  Damage cut(const Row& row) {
    const std::string value = read(row);
    if (value.empty()) return flip(row.first, row.second);
    Damage damage = begin("cut", {row});
    tamper_put(kv_, row.first, row.second, value.substr(0, random_() % value.size()));
    return damage;
  }
  Damage exchange() {
    const std::uint64_t one = pick_seq();
    const std::uint64_t other = 1 + (one + random_() % (head_ - 1)) % head_;
    const std::string first = event_key(std::min(one, other));
    const std::string second = event_key(std::max(one, other));
    if (first == second) return forge();
    Damage damage =
        begin("exchange", {{store::Family::events, first}, {store::Family::events, second}});
    const std::string kept = read({store::Family::events, first});
    tamper_put(kv_, store::Family::events, first, read({store::Family::events, second}));
    tamper_put(kv_, store::Family::events, second, kept);
    return damage;
  }
  // With its own leaf hash made anew, half of the time.
  Damage forge() {
    const std::uint64_t seq = pick_seq();
    const std::string leaf_key = store::format::tile_key(0, seq - 1);
    Damage damage =
        begin("forge", {{store::Family::events, event_key(seq)}, {store::Family::tiles, leaf_key}});
    event::Event event = event::decode(*damage.before[0]).value();
    event.actor = "mallory";
    const std::string record = event::encode(event);
    tamper_put(kv_, store::Family::events, event_key(seq), record);
    if (random_() % 2 == 0) return damage;
    base::Digest previous;
    if (seq > 1) previous = store::Tree(kv_).leaf(seq - 2).value();
    const base::Digest leaf = store::hash_entry(previous, record);
    tamper_put(kv_, store::Family::tiles, leaf_key, store::format::blob_key(leaf));
    return damage;
  }
  Damage add() {
    Row row = any_row();
    row.second += static_cast<char>(random_() % 256);
    if (row.first == store::Family::meta) row = {store::Family::events, event_key(head_ + 1)};
    Damage damage = begin("add", {row});
    damage.seq = 0;
    tamper_put(kv_, row.first, row.second, "x");
    return damage;
  }

  FaultKv& kv_;
  const std::uint64_t head_;
  std::mt19937 random_;
  std::vector<Row> rows_;
};

}  // namespace weir::test
