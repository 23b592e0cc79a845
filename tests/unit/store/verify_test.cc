#include "store/verify.hh"

#include <catch2/catch.hpp>

#include <random>

#include "engine/event/codec.hh"
#include "store/event_log.hh"
#include "store/record_format.hh"
#include "tests/support/fault_kv.hh"
#include "tests/support/log_samples.hh"

using namespace weir;
using store::BlobStore;
using store::Family;
namespace format = store::format;

namespace {

struct Filled {
  test::FaultKv kv;
  test::HandClock clock;
  std::uint64_t head = 0;

  explicit Filled(unsigned rounds = 100) {
    auto log = store::EventLog::open(kv, clock).value();
    BlobStore blobs(kv);
    for (unsigned round = 0; round < rounds; ++round) {
      store::WriteBatch staged;
      REQUIRE(blobs.stage(staged, test::manifest_of_round(round)).ok());
      if (round % 2 == 0) clock.advance(1'000);
      head = log->append(test::round_of_events(round), std::move(staged)).value().back();
    }
  }
  void put(Family family, const std::string& key, std::string_view value) {
    store::WriteBatch batch;
    batch.put(family, key, value);
    kv.tamper(batch);
  }
  void remove(Family family, const std::string& key) {
    store::WriteBatch batch;
    batch.remove(family, key);
    kv.tamper(batch);
  }
  store::VerifyReport verify() { return store::verify(kv, BlobStore(kv)).value(); }
};

}  // namespace

TEST_CASE("a log that was only appended to verifies, and is counted") {
  Filled f;
  const auto report = f.verify();
  INFO((report.first ? report.first->what : ""));
  CHECK(report.clean());
  CHECK(report.events == f.head);
  CHECK(report.blobs == 100);
  CHECK(report.index_rows > report.events);
  CHECK(report.projection_rows > 200);
  CHECK(Filled(0).verify().clean());
}

TEST_CASE("a changed, dropped, exchanged or forged event is named by its sequence number") {
  const std::uint64_t seq = 77;
  Filled f;
  const std::string key = format::seq_key(seq);
  const std::string record = f.kv.get(Family::events, key).value().value();
  const std::string next = f.kv.get(Family::events, format::seq_key(seq + 1)).value().value();
  SECTION("a flipped bit") {
    std::string damaged = record;
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
    f.put(Family::events, key, damaged);
  }
  SECTION("dropped") { f.remove(Family::events, key); }
  SECTION("exchanged") {
    f.put(Family::events, key, next);
    f.put(Family::events, format::seq_key(seq + 1), record);
  }
  SECTION("forged together with its leaf hash") {
    event::Event event = event::decode(record).value();
    event.actor = "mallory";
    const std::string forged = event::encode(event);
    const store::Tree tree(f.kv);
    f.put(Family::events, key, forged);
    f.put(Family::tiles, format::tile_key(0, seq - 1),
          format::blob_key(store::hash_entry(tree.leaf(seq - 2).value(), forged)));
  }
  const auto report = f.verify();
  REQUIRE(report.first);
  // A record forged with its own leaf hash is betrayed by the next one's, which chains it.
  CHECK((report.first->seq == seq || report.first->seq == seq + 1));
}

TEST_CASE("a time that goes back is found even under good hashes") {
  auto kv = store::make_memory_kv();
  test::HandClock clock;
  { REQUIRE(store::EventLog::open(*kv, clock).ok()); }
  store::WriteBatch batch;
  store::Frontier frontier;
  base::Digest leaf;
  for (std::uint64_t seq : {1, 2}) {
    event::Event event = test::make_event(event::Type::heartbeat, {});
    event.seq = seq;
    event.time = static_cast<base::TimeUs>(10 - seq);
    const std::string record = event::encode(event);
    leaf = store::hash_entry(leaf, record);
    frontier.append(leaf, batch);
    batch.put(Family::events, format::seq_key(seq), record);
    batch.put(Family::index, format::time_key(event.time), format::seq_key(seq));
  }
  batch.put(Family::meta, format::meta_head, format::encode_head({2, 8, frontier.root()}));
  REQUIRE(kv->write(batch, true).ok());
  const auto report = store::verify(*kv, BlobStore(*kv)).value();
  REQUIRE(report.first);
  CHECK(report.first->what == "event 2: it is older than the event before it");
}

TEST_CASE("a lost or added index row is found") {
  Filled f;
  const auto subject = test::kustomization("apps-0");
  SECTION("lost from the subject index") {
    f.remove(Family::index, format::subject_key(subject, "", 1));
    CHECK(f.verify().first->what == "event 1: its row in the subject index is missing");
  }
  SECTION("lost from the owner index") {
    f.remove(Family::index, format::owner_key(subject, 2));
    CHECK(f.verify().first->what == "event 2: its row in the owner index is missing");
  }
  SECTION("added") {
    f.put(Family::index, format::subject_key(subject, "", 2), "");
    CHECK(f.verify().first->what.find("the indexes have") == 0);
  }
  SECTION("a wrong time") {
    const auto time = store::EventLog::open(f.kv, f.clock).value()->read(1).value().time;
    f.put(Family::index, format::time_key(time), format::seq_key(2));
    CHECK(f.verify().first->what.find("the time index does not lead to it") != std::string::npos);
  }
}

TEST_CASE("a missing or damaged blob is named by the first event that needs it") {
  Filled f;
  const auto digest = base::sha256(test::manifest_of_round(10));
  const std::string key(format::blob_key(digest));
  std::uint64_t user = 0;
  const auto log = store::EventLog::open(f.kv, f.clock).value();
  for (std::uint64_t seq = 1; user == 0; ++seq) {
    const auto event = log->read(seq).value();
    if (!event.blobs.empty() && event.blobs.front() == digest) user = seq;
  }
  SECTION("missing") { f.remove(Family::blobs, key); }
  SECTION("damaged") { f.put(Family::blobs, key, std::string_view("\0\x01y", 3)); }
  const auto report = f.verify();
  REQUIRE(report.first);
  CHECK(report.first->seq == user);
}

TEST_CASE("a blob removed by retention is counted and is no damage") {
  Filled f;
  f.remove(Family::blobs, std::string(format::blob_key(base::sha256(test::manifest_of_round(0)))));
  CHECK_FALSE(f.verify().clean());
  f.put(Family::meta, "retained-from", format::encode_number(4));
  const auto report = f.verify();
  CHECK(report.clean());
  CHECK(report.pruned_blobs == 1);
}

TEST_CASE("a projection that is not a refold's is found") {
  Filled f;
  auto cursor = f.kv.cursor(Family::projections);
  cursor->seek("h");
  const std::string key(cursor->key());
  SECTION("changed") { f.put(Family::projections, key, "x"); }
  SECTION("lost") { f.remove(Family::projections, key); }
  SECTION("added") { f.put(Family::projections, "zzz", "x"); }
  CHECK(f.verify().first->what.find("projections: the row ") == 0);
}

TEST_CASE("a database of a newer schema is not judged") {
  Filled f;
  f.put(Family::meta, "schema", format::encode_number(99));
  CHECK(f.verify().first->what.find("schema version 99") != std::string::npos);
}

TEST_CASE("no flipped bit in events, tree, indexes, blobs, projections or head goes unseen") {
  Filled f(30);
  REQUIRE(f.verify().clean());
  std::vector<std::pair<Family, std::string>> rows;
  for (Family family : {Family::events, Family::tiles, Family::index, Family::blobs,
                        Family::projections}) {
    auto cursor = f.kv.cursor(family);
    for (cursor->seek(""); cursor->valid(); cursor->next()) {
      if (!cursor->value().empty()) rows.emplace_back(family, cursor->key());
    }
  }
  rows.emplace_back(Family::meta, "head");
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 400; ++i) {
    const auto& [family, key] = rows[random() % rows.size()];
    const std::string value = f.kv.get(family, key).value().value();
    std::string damaged = value;
    const std::size_t at = random() % damaged.size();
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << random() % 8));
    f.put(family, key, damaged);
    INFO("family " << static_cast<int>(family) << ", key " << base::hex_encode(key));
    INFO("byte " << at);
    REQUIRE_FALSE(f.verify().clean());
    f.put(family, key, value);
  }
  REQUIRE(f.verify().clean());
}
