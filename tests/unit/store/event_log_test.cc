#include "store/event_log.hh"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "engine/base/limits.hh"
#include "store/blobs.hh"
#include "store/refold.hh"
#include "store/verify.hh"
#include "tests/support/fault_kv.hh"
#include "tests/support/log_samples.hh"

using namespace weir;
using store::EventLog;
using store::ScanRequest;
using store::Seq;

namespace {

struct Fixture {
  test::FaultKv kv;
  test::HandClock clock;
  std::unique_ptr<EventLog> log = EventLog::open(kv, clock).value();

  // Appends rounds [0, count), a second apart, with the blobs they name.
  void fill(unsigned count) {
    store::BlobStore blobs(kv);
    for (unsigned round = 0; round < count; ++round) {
      store::WriteBatch staged;
      REQUIRE(blobs.stage(staged, test::manifest_of_round(round)).ok());
      clock.advance(1'000'000);
      REQUIRE(log->append(test::round_of_events(round), std::move(staged)).ok());
    }
  }
};

std::vector<Seq> seqs_of(const store::EventPage& page) {
  std::vector<Seq> seqs;
  for (const event::Event& event : page.events) seqs.push_back(event.seq);
  return seqs;
}

// All pages of a scan, in the order they come.
std::vector<Seq> scan_all(const EventLog& log, ScanRequest request) {
  std::vector<Seq> seqs;
  for (;;) {
    auto page = log.scan(request);
    REQUIRE(page.ok());
    for (Seq seq : seqs_of(*page)) seqs.push_back(seq);
    if (!page->next) return seqs;
    (request.backward ? request.to : request.from) = *page->next;
  }
}

// What a scan must return, by looking at every event.
std::vector<Seq> expect(const EventLog& log, bool (*wanted)(const event::Event&)) {
  std::vector<Seq> seqs;
  for (Seq seq = 1; seq <= log.head().seq; ++seq) {
    if (wanted(log.read(seq).value())) seqs.push_back(seq);
  }
  return seqs;
}

}  // namespace

TEST_CASE("an empty log has head 0 and the empty tree's root") {
  Fixture f;
  CHECK(f.log->head().seq == 0);
  CHECK(f.log->head().root == base::sha256(""));
  CHECK(f.log->read(1).error().code == Code::not_found);
  CHECK(f.log->seq_at(f.clock.now()).value() == 0);
  CHECK(f.log->scan({}).value().events.empty());
}

TEST_CASE("sequence numbers are dense and times never go back, even if the clock does") {
  Fixture f;
  CHECK(f.log->append(test::round_of_events(0)).value() == std::vector<Seq>{1, 2, 3});
  const base::TimeUs first = f.log->read(3).value().time;
  f.clock.advance(-5'000'000);
  CHECK(f.log->append(test::round_of_events(1)).value() == std::vector<Seq>{4, 5, 6});
  CHECK(f.log->read(4).value().time == first);
  f.clock.advance(9'000'000);
  REQUIRE(f.log->append(test::round_of_events(2)).ok());
  CHECK(f.log->read(7).value().time == first + 4'000'000);
}

TEST_CASE("a batch is one write") {
  Fixture f;
  const auto before = f.kv.writes();
  store::WriteBatch staged;
  store::BlobStore blobs(f.kv);
  REQUIRE(blobs.stage(staged, "blob").ok());
  REQUIRE(f.log->append(test::round_of_events(3), std::move(staged)).ok());
  CHECK(f.kv.writes() == before + 1);
  CHECK(blobs.get(base::sha256("blob")).value() == "blob");
}

TEST_CASE("a batch is synced when any of its events must be") {
  Fixture f;
  REQUIRE(f.log->append({test::make_event(event::Type::heartbeat, {})}).ok());
  CHECK(f.kv.unsynced() == 1);
  REQUIRE(f.log->append({test::make_event(event::Type::health_observed, test::deployment("a")),
                         test::applied("a", "apps", "r", base::sha256("m"))})
              .ok());
  CHECK(f.kv.unsynced() == 0);
}

TEST_CASE("events read back as appended") {
  Fixture f;
  const auto events = test::round_of_events(6);
  const auto seqs = f.log->append(events).value();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const event::Event read = f.log->read(seqs[i]).value();
    CHECK(read.type == events[i].type);
    CHECK(read.data == events[i].data);
    CHECK(read.blobs == events[i].blobs);
    CHECK(read.owner == events[i].owner);
  }
}

TEST_CASE("a reopened log goes on where it ended") {
  Fixture f;
  f.fill(20);
  const auto head = f.log->head();
  f.log = EventLog::open(f.kv, f.clock).value();
  CHECK(f.log->head().seq == head.seq);
  CHECK(f.log->head().time == head.time);
  CHECK(f.log->head().root == head.root);
  CHECK(f.log->head().leaf == head.leaf);
  CHECK(f.log->append(test::round_of_events(1)).value().front() == head.seq + 1);
  CHECK(store::verify(f.kv, store::BlobStore(f.kv)).value().events == head.seq + 3);
}

TEST_CASE("a failed append changes nothing and a later one succeeds") {
  Fixture f;
  f.fill(5);
  const auto head = f.log->head();
  f.kv.fail_from(f.kv.writes() + 1);
  auto failed = f.log->append(test::round_of_events(1));
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == Code::io);
  CHECK(failed.error().message == "append 3 events to the log after event " +
                                      std::to_string(head.seq) +
                                      ": write: no space left on device");
  CHECK(f.log->head().seq == head.seq);
  CHECK(f.log->read(head.seq).ok());
  CHECK_FALSE(f.log->read(head.seq + 1).ok());
  f.kv.heal();
  CHECK(f.log->append(test::round_of_events(1)).value().front() == head.seq + 1);
  CHECK(store::verify(f.kv, store::BlobStore(f.kv)).value().clean());
}

TEST_CASE("an event over the data cap refuses the whole batch") {
  Fixture f;
  auto events = test::round_of_events(0);
  events.back().data = Value(std::string(base::limits::event_data_bytes_max + 1, 'x'));
  CHECK(f.log->append(std::move(events)).error().code == Code::limit);
  CHECK(f.log->head().seq == 0);
  std::vector<event::Event> many(base::limits::event_batch_max + 1,
                                 test::make_event(event::Type::heartbeat, {}));
  CHECK(f.log->append(std::move(many)).error().code == Code::limit);
}

TEST_CASE("a scan without a filter pages through everything, both ways") {
  Fixture f;
  f.fill(30);
  std::vector<Seq> all;
  for (Seq seq = 1; seq <= f.log->head().seq; ++seq) all.push_back(seq);
  ScanRequest request;
  request.limit = 7;
  CHECK(scan_all(*f.log, request) == all);
  request.backward = true;
  std::reverse(all.begin(), all.end());
  CHECK(scan_all(*f.log, request) == all);
}

TEST_CASE("a page that ends with the log has no next") {
  Fixture f;
  REQUIRE(f.log->append(test::round_of_events(0)).ok());
  ScanRequest request;
  request.limit = 3;
  CHECK_FALSE(f.log->scan(request).value().next);
  request.limit = 2;
  CHECK(f.log->scan(request).value().next == Seq{3});
}

TEST_CASE("scans by subject, owner and other fields find what a look at every event finds") {
  Fixture f;
  f.fill(60);
  struct Case {
    const char* name;
    store::EventFilter filter;
    bool (*wanted)(const event::Event&);
  };
  store::EventFilter subject, kind, owner, type, both, reconcile, nobody;
  subject.kind = "Deployment";
  subject.ns = "default";
  subject.name = "web-2";
  kind.kind = "Kustomization";
  owner.owner = test::kustomization("apps-1");
  type.type = event::Type::object_pruned;
  both = subject;
  both.type = event::Type::object_applied;
  both.owner = test::kustomization("apps-0");
  reconcile.reconcile_id = "r17";
  nobody.actor = "alice";
  const Case cases[] = {
      {"subject", subject, [](const auto& e) { return e.subject.object.name == "web-2"; }},
      {"kind", kind, [](const auto& e) { return e.subject.object.gvk.kind == "Kustomization"; }},
      {"owner", owner, [](const auto& e) { return e.owner.name == "apps-1"; }},
      {"type", type, [](const auto& e) { return e.type == event::Type::object_pruned; }},
      {"both", both,
       [](const auto& e) {
         return e.subject.object.name == "web-2" && e.owner.name == "apps-0" &&
                e.type == event::Type::object_applied;
       }},
      {"reconcile", reconcile, [](const auto& e) { return e.reconcile_id == "r17"; }},
      {"nobody", nobody, [](const auto& e) { return e.actor == "alice"; }},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    auto expected = expect(*f.log, c.wanted);
    ScanRequest request;
    request.filter = c.filter;
    request.limit = 4;
    CHECK(scan_all(*f.log, request) == expected);
    request.backward = true;
    std::reverse(expected.begin(), expected.end());
    CHECK(scan_all(*f.log, request) == expected);
  }
}

TEST_CASE("a subject without a group is found in all of its groups, merged in order") {
  Fixture f;
  std::vector<event::Event> events;
  for (const char* group : {"networking.k8s.io", "extensions", "networking.k8s.io", "extensions"}) {
    events.push_back(test::make_event(event::Type::health_observed,
                                      {{group, "v1", "Ingress"}, "default", "web"}));
  }
  events.push_back(test::make_event(event::Type::health_observed,
                                    {{"extensions", "v1", "Ingress"}, "default", "web2"}));
  REQUIRE(f.log->append(std::move(events)).ok());
  ScanRequest request;
  request.filter.kind = "Ingress";
  request.filter.ns = "default";
  request.filter.name = "web";
  CHECK(scan_all(*f.log, request) == std::vector<Seq>{1, 2, 3, 4});
  request.filter.group = "extensions";
  CHECK(scan_all(*f.log, request) == std::vector<Seq>{2, 4});
  request.backward = true;
  CHECK(scan_all(*f.log, request) == std::vector<Seq>{4, 2});
}

TEST_CASE("times translate to sequence numbers") {
  Fixture f;
  f.fill(10);
  const base::TimeUs third = f.log->read(7).value().time;
  CHECK(f.log->seq_at(third).value() == 9);
  CHECK(f.log->seq_at(third - 1).value() == 6);
  CHECK(f.log->seq_at(third + 999'999).value() == 9);
  CHECK(f.log->seq_at(0).value() == 0);
  CHECK(f.log->seq_at(-1).value() == 0);
  CHECK(f.log->seq_at(f.clock.now() + 1).value() == f.log->head().seq);
  ScanRequest request;
  request.filter.since = third;
  request.filter.until = third;
  CHECK(scan_all(*f.log, request) == std::vector<Seq>{7, 8, 9});
}

TEST_CASE("a scan stops after looking at its share of records") {
  Fixture f;
  f.fill(10);
  ScanRequest request;
  request.filter.actor = "alice";
  request.examined_max = 5;
  auto page = f.log->scan(request).value();
  CHECK(page.events.empty());
  CHECK(page.next == Seq{6});
}

TEST_CASE("subscribers see each batch once, in order, until they go") {
  Fixture f;
  std::vector<Seq> seen;
  {
    auto subscription = f.log->subscribe([&](const std::vector<event::Event>& events) {
      for (const event::Event& event : events) seen.push_back(event.seq);
    });
    REQUIRE(f.log->append(test::round_of_events(0)).ok());
    f.kv.fail_from(f.kv.writes() + 1);
    REQUIRE_FALSE(f.log->append(test::round_of_events(1)).ok());
    f.kv.heal();
    REQUIRE(f.log->append(test::round_of_events(1)).ok());
  }
  REQUIRE(f.log->append(test::round_of_events(2)).ok());
  CHECK(seen == std::vector<Seq>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("readers see whole batches while another thread appends") {
  Fixture f;
  std::atomic<bool> done = false;
  std::atomic<unsigned> torn = 0;
  std::thread reader([&] {
    while (!done) {
      const auto head = f.log->head();
      auto page = f.log->scan({});
      if (!page.ok() || page->events.size() < std::min<Seq>(head.seq, 1000)) ++torn;
      if (head.seq > 0 && f.log->read(head.seq).value().type != event::Type::reconcile_finished) {
        ++torn;
      }
    }
  });
  for (unsigned round = 0; round < 200; ++round) {
    if (!f.log->append(test::round_of_events(round)).ok()) ++torn;
  }
  done = true;
  reader.join();
  CHECK(torn == 0);
}

TEST_CASE("a head row that does not belong to the tree is refused") {
  Fixture f;
  f.fill(3);
  REQUIRE(f.log->append(test::round_of_events(4)).ok());
  store::WriteBatch damage;
  std::string head = *f.kv.get(store::Family::meta, "head").value();
  head.back() = static_cast<char>(head.back() ^ 1);
  damage.put(store::Family::meta, "head", head);
  f.kv.tamper(damage);
  CHECK(EventLog::open(f.kv, f.clock).error().code == Code::corrupt);
}

TEST_CASE("a refold gives the same projections, byte for byte") {
  Fixture f;
  f.fill(50);
  REQUIRE_FALSE(store::compare_projections(f.kv).value());
  REQUIRE(f.log->refold().ok());
  CHECK_FALSE(store::compare_projections(f.kv).value());
}

TEST_CASE("projections of another build are rebuilt when the log is opened") {
  Fixture f;
  f.fill(12);
  store::WriteBatch damage;
  damage.put(store::Family::meta, "projections", std::string_view("\0", 1));
  damage.put(store::Family::projections, "h-stale", "x");
  f.kv.tamper(damage);
  CHECK(store::compare_projections(f.kv).value()->what == "not in a refold");
  f.log = EventLog::open(f.kv, f.clock).value();
  CHECK_FALSE(store::compare_projections(f.kv).value());
}
