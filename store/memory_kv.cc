#include <array>
#include <deque>
#include <forward_list>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "store/kv.hh"

namespace weir::store {
namespace {

// A key's values, newest first. A cursor reads the newest one not younger than itself; those that
// no cursor can see any more are dropped. List nodes do not move, so a cursor's views stay good
// while it lives.
struct Version {
  std::uint64_t number = 0;
  bool removed = false;
  std::string value;
};
using Versions = std::forward_list<Version>;
using Rows = std::map<std::string, Versions, std::less<>>;

struct Data {
  mutable std::shared_mutex mutex;
  std::array<Rows, family_count> rows;
  std::uint64_t version = 0;             // of the last batch
  std::multiset<std::uint64_t> cursors;  // versions that living cursors look at
  struct Stale {
    std::uint64_t number;
    Family family;
    std::string key;
  };
  std::deque<Stale> stale;  // keys to trim once the cursors of their time are gone, oldest first

  Rows& family(Family f) { return rows[static_cast<std::size_t>(f)]; }
  std::uint64_t oldest_needed() const { return cursors.empty() ? version : *cursors.begin(); }
  void trim(Rows& rows_of, Rows::iterator row);
  void trim_stale();
};

// Keeps the newest version and what a cursor may still see; a row that is only a removal goes
// altogether.
void Data::trim(Rows& rows_of, Rows::iterator row) {
  const std::uint64_t needed = oldest_needed();
  Versions& versions = row->second;
  auto keep = versions.begin();
  while (keep->number > needed && std::next(keep) != versions.end()) ++keep;
  versions.erase_after(keep, versions.end());
  if (versions.front().removed && versions.front().number <= needed) rows_of.erase(row);
}

void Data::trim_stale() {
  while (!stale.empty() && stale.front().number <= oldest_needed()) {
    Rows& rows_of = family(stale.front().family);
    auto row = rows_of.find(stale.front().key);
    if (row != rows_of.end()) trim(rows_of, row);
    stale.pop_front();
  }
}

class MemoryCursor final : public Cursor {
 public:
  MemoryCursor(std::shared_ptr<Data> data, Family family) : data_(std::move(data)) {
    std::unique_lock lock(data_->mutex);
    rows_ = &data_->family(family);
    version_ = data_->version;
    data_->cursors.insert(version_);
    row_ = rows_->end();
  }
  ~MemoryCursor() override {
    std::unique_lock lock(data_->mutex);
    data_->cursors.erase(data_->cursors.find(version_));
    data_->trim_stale();
  }

  void seek(std::string_view key) override {
    std::shared_lock lock(data_->mutex);
    row_ = rows_->lower_bound(key);
    settle_forward();
  }
  void seek_for_previous(std::string_view key) override {
    std::shared_lock lock(data_->mutex);
    row_ = rows_->upper_bound(key);
    step_back();
  }
  void seek_last() override {
    std::shared_lock lock(data_->mutex);
    row_ = rows_->end();
    step_back();
  }
  bool valid() const override { return seen_ != nullptr; }
  void next() override {
    std::shared_lock lock(data_->mutex);
    ++row_;
    settle_forward();
  }
  void previous() override {
    std::shared_lock lock(data_->mutex);
    step_back();
  }
  std::string_view key() const override { return row_->first; }
  std::string_view value() const override { return seen_->value; }
  Result<void> status() const override { return {}; }

 private:
  bool settle() {
    for (const Version& version : row_->second) {
      if (version.number > version_) continue;
      seen_ = version.removed ? nullptr : &version;
      return seen_ != nullptr;
    }
    return false;
  }
  void settle_forward() {
    seen_ = nullptr;
    while (row_ != rows_->end() && !settle()) ++row_;
  }
  void step_back() {
    seen_ = nullptr;
    while (row_ != rows_->begin()) {
      --row_;
      if (settle()) return;
    }
  }

  std::shared_ptr<Data> data_;
  Rows* rows_ = nullptr;
  std::uint64_t version_ = 0;
  Rows::iterator row_;
  const Version* seen_ = nullptr;
};

class MemoryKv final : public Kv {
 public:
  Result<std::optional<std::string>> get(Family family, std::string_view key) const override {
    std::shared_lock lock(data_->mutex);
    const Rows& rows = data_->family(family);
    auto row = rows.find(key);
    if (row == rows.end() || row->second.front().removed) return std::optional<std::string>();
    return std::optional<std::string>(row->second.front().value);
  }

  Result<void> write(const WriteBatch& batch, bool) override {
    std::unique_lock lock(data_->mutex);
    const std::uint64_t number = ++data_->version;
    for (std::size_t i = 0; i < batch.size(); ++i) apply(batch[i], number);
    return {};
  }

  std::unique_ptr<Cursor> cursor(Family family) const override {
    return std::make_unique<MemoryCursor>(data_, family);
  }

  Result<void> sync() override { return {}; }

  std::uint64_t bytes() const override {
    std::shared_lock lock(data_->mutex);
    std::uint64_t sum = 0;
    for (const Rows& rows : data_->rows)
      for (const auto& [key, versions] : rows) sum += key.size() + versions.front().value.size();
    return sum;
  }

 private:
  void apply(const WriteBatch::Operation& operation, std::uint64_t number) {
    Rows& rows = data_->family(operation.family);
    auto row = rows.find(operation.key);
    if (row == rows.end()) {
      if (operation.remove) return;
      row = rows.emplace(std::string(operation.key), Versions{}).first;
    }
    row->second.push_front({number, operation.remove, std::string(operation.value)});
    if (!data_->cursors.empty())
      data_->stale.push_back({number, operation.family, std::string(operation.key)});
    data_->trim(rows, row);
  }

  // Shared with the cursors, which may outlive the store.
  std::shared_ptr<Data> data_ = std::make_shared<Data>();
};

}  // namespace

std::unique_ptr<Kv> make_memory_kv() { return std::make_unique<MemoryKv>(); }

}  // namespace weir::store
