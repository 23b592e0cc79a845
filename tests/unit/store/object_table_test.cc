#include "store/projections/object_table.hh"

#include <map>
#include <catch2/catch.hpp>

#include <random>

#include "engine/event/codec.hh"
#include "store/event_log.hh"
#include "store/record_format.hh"
#include "store/repair.hh"
#include "store/retention.hh"
#include "store/snapshots.hh"
#include "store/verify.hh"
#include "tests/support/log_samples.hh"

using namespace weir;
using namespace weir::store::projections;

namespace {

// A log of changes of every class about ten objects, in an order that the seed gives.
struct Fixture {
  std::unique_ptr<store::Kv> kv = store::make_memory_kv();
  test::HandClock clock;
  std::unique_ptr<store::EventLog> log = store::EventLog::open(*kv, clock).value();
  std::mt19937_64 random{7};

  void add(event::Event event) {
    clock.advance(1'000);
    REQUIRE(log->append({std::move(event)}).ok());
  }
  void live(int events) {
    for (int i = 0; i < events; ++i) {
      const std::string name = "web-" + std::to_string(random() % 10);
      const std::string owner = "apps-" + std::to_string(random() % 3);
      const base::Digest manifest = base::sha256(std::to_string(random()));
      switch (random() % 6) {
        case 0: add(test::observed(name, manifest)); break;
        case 1: add(test::pruned(name, owner, manifest)); break;
        case 2: add(test::pruned(name, owner, manifest, "skipped")); break;
        case 3: {
          event::Event gone = test::observed(name, manifest);
          gone.data.set("deleted", true);
          add(std::move(gone));
          break;
        }
        default: add(test::applied(name, owner, "r" + std::to_string(i), manifest)); break;
      }
    }
  }
  // What an answer says, for comparison.
  std::vector<std::string> words(std::uint64_t at, Side side, const StateFilter& filter = {}) {
    std::vector<std::string> out;
    const auto states = state_at(*kv, at, side, filter);
    for (const ObjectState& state : states.value())
      out.push_back(state.id.subject() + " " + state.id.gvk.version + " " +
                    std::to_string(state.change.seq) + " " + state.change.action + " " +
                    state.change.owner.name + " " + state.change.revision + " " +
                    std::to_string(state.change.time) + " " +
                    (state.change.manifest ? state.change.manifest->hex() : ""));
    return out;
  }
};

}  // namespace

TEST_CASE("the state from a snapshot and the events behind it is that of every object's history") {
  Fixture f;
  f.live(400);
  std::map<std::pair<std::uint64_t, int>, std::vector<std::string>> looked;
  for (std::uint64_t at = 1; at <= 400; at += 3)
    for (const Side side : {Side::live, Side::desired})
      looked[{at, static_cast<int>(side)}] = f.words(at, side);
  for (const std::uint64_t seq : {50, 51, 200, 399})
    REQUIRE(keep_object_snapshot_at(*f.kv, seq).ok());
  std::size_t objects = 0;
  for (const auto& [key, words] : looked) {
    const auto side = static_cast<Side>(key.second);
    INFO("at " << key.first);
    CHECK(f.words(key.first, side) == words);
    objects += words.size();
    if (key.first < 50) continue;
    auto from_snapshot = state_from_snapshot(*f.kv, key.first, side, {});
    REQUIRE(from_snapshot.value().has_value());
  }
  CHECK(objects > 500);
  CHECK(differing_object_snapshot(*f.kv, f.log->head().seq).value() == 0);
}

TEST_CASE("a snapshot's filters are those of the histories") {
  Fixture f;
  f.live(300);
  StateFilter other;
  other.ns = "elsewhere";
  StateFilter kind;
  kind.kind = "Deployment";
  StateFilter owner;
  owner.owner = test::kustomization("apps-1");
  const auto of_kind = f.words(250, Side::desired, kind);
  const auto of_owner = f.words(250, Side::desired, owner);
  REQUIRE(keep_object_snapshot_at(*f.kv, 240).ok());
  CHECK(f.words(250, Side::desired, kind) == of_kind);
  CHECK(f.words(250, Side::desired, owner) == of_owner);
  CHECK(f.words(250, Side::desired, other).empty());
  CHECK_FALSE(of_owner.empty());
  CHECK(of_owner.size() < of_kind.size());
}

TEST_CASE("verification names the event at which a forged snapshot stands") {
  Fixture f;
  f.live(120);
  const store::BlobStore blobs(*f.kv);
  // Blobs are no matter here.
  for (store::Seq seq = 1; seq <= 120; ++seq) {
    store::WriteBatch batch;
    const auto event = f.log->read(seq).value();
    for (const base::Digest& blob : event.blobs)
      batch.put(store::Family::meta, store::format::lost_blob_key(blob), "");
    REQUIRE(f.kv->write(batch, false).ok());
  }
  REQUIRE(keep_object_snapshot_at(*f.kv, 60).ok());
  REQUIRE(keep_object_snapshot_at(*f.kv, 100).ok());
  REQUIRE(store::verify(*f.kv, blobs).value().clean());
  ObjectTable forged;
  REQUIRE(forged.fold_range(*f.kv, 0, 90).ok());
  REQUIRE(store::put_snapshot(*f.kv, object_snapshots, 100, forged.encode(100).value()).ok());
  const auto report = store::verify(*f.kv, blobs).value();
  REQUIRE(report.first);
  CHECK(report.first->seq == 100);
}

TEST_CASE("a snapshot with any byte cut off or added is refused") {
  Fixture f;
  f.live(60);
  ObjectTable table;
  REQUIRE(table.fold_range(*f.kv, 0, 60).ok());
  const std::string bytes = table.encode(60).value();
  CHECK(ObjectTable::decode(60, bytes).value().encode(60).value() == bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    REQUIRE_FALSE(ObjectTable::decode(60, std::string_view(bytes).substr(0, size)).ok());
  CHECK_FALSE(ObjectTable::decode(60, bytes + "x").ok());
  CHECK_FALSE(ObjectTable::decode(3, bytes).ok());
}

TEST_CASE("retention leaves one snapshot at its horizon, and none before it") {
  Fixture f;
  f.live(300);
  for (const std::uint64_t seq : {50, 100, 250})
    REQUIRE(keep_object_snapshot_at(*f.kv, seq).ok());
  const auto before = f.words(220, Side::live);
  store::BlobStore blobs(*f.kv);
  REQUIRE(store::retain(*f.log, blobs, 201).ok());
  CHECK(store::snapshot_seqs(*f.kv, object_snapshots).value() ==
        std::vector<std::uint64_t>{200, 250});
  CHECK(f.words(220, Side::live) == before);
  CHECK(differing_object_snapshot(*f.kv, f.log->head().seq).value() == 0);
}

TEST_CASE("snapshots are due by the number of objects, and made once") {
  Fixture f;
  std::vector<event::Event> batch;
  for (int i = 0; i < 40'000; ++i) {
    batch.push_back(test::applied("web-" + std::to_string(i % 7), "apps", "r", base::Digest{}));
    if (batch.size() == 1000) {
      f.clock.advance(1'000);
      REQUIRE(f.log->append(std::move(batch)).ok());
      batch.clear();
    }
  }
  CHECK(keep_object_snapshots(*f.kv, f.log->head().seq).value() == 2);
  CHECK(keep_object_snapshots(*f.kv, f.log->head().seq).value() == 0);
  CHECK(differing_object_snapshot(*f.kv, f.log->head().seq).value() == 0);
}
