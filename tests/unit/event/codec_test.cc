#include "engine/event/codec.hh"

#include <catch2/catch.hpp>

#include "engine/base/limits.hh"
#include "engine/event/wire.hh"
#include "tests/support/log_samples.hh"

using namespace weir;
using event::Event;

namespace {

Event full_event() {
  Event event = test::applied("web", "apps", "main@sha1:aa", base::sha256("m"));
  event.seq = 300;
  event.time = 1'700'000'000'123'456;
  event.subject.cluster = "east";
  event.subject.uid = "0b1f6f9e";
  event.reconcile_id = "r-1";
  event.cause = 299;
  event.blobs.push_back(base::sha256("n"));
  event.data.set("nested", Value::object({{"z", 1}, {"a", Value::array({true, nullptr, 1.5})}}));
  return event;
}

bool same(const Event& a, const Event& b) {
  return a.seq == b.seq && a.time == b.time && a.type == b.type &&
         a.subject.cluster == b.subject.cluster && a.subject.object == b.subject.object &&
         a.subject.uid == b.subject.uid && a.reconcile_id == b.reconcile_id &&
         a.cause == b.cause && a.actor == b.actor && a.owner == b.owner && a.data == b.data &&
         a.blobs == b.blobs;
}

}  // namespace

TEST_CASE("an event decodes to what was encoded") {
  const Event event = full_event();
  auto decoded = event::decode(event::encode(event));
  REQUIRE(decoded.ok());
  CHECK(same(*decoded, event));
}

TEST_CASE("an event with nothing but a type decodes to itself") {
  Event event;
  event.type = event::Type::heartbeat;
  auto decoded = event::decode(event::encode(event));
  REQUIRE(decoded.ok());
  CHECK(same(*decoded, event));
  CHECK(decoded->data.is_null());
}

TEST_CASE("the bytes of version 1 stand still") {
  Event event = test::make_event(event::Type::object_skipped, {{"", "v1", "Pod"}, "ns", "p"});
  event.seq = 1;
  event.time = 128;
  event.data = Value::object({{"b", "<&>"}, {"a", 1}});
  // version, type, seq, time (two bytes), cause, cluster, group, "v1", "Pod", "ns", "p", uid,
  // reconcile id, "weir", no owner, 19 bytes of JSON with sorted keys, no blobs
  CHECK(base::hex_encode(event::encode(event)) ==
        "010b01800100"
        "0000" "027631" "03506f64" "026e73" "0170" "0000" "0477656972" "00"
        "11" "7b2261223a312c2262223a223c263e227d" "00");
}

TEST_CASE("equal data in another member order has the same bytes") {
  Event a = full_event();
  Event b = full_event();
  a.data = Value::object({{"x", 1}, {"y", 2}});
  b.data = Value::object({{"y", 2}, {"x", 1}});
  CHECK(event::encode(a) == event::encode(b));
}

TEST_CASE("every truncation of a record is corrupt") {
  const std::string record = event::encode(full_event());
  for (std::size_t size = 0; size < record.size(); ++size) {
    auto decoded = event::decode(std::string_view(record).substr(0, size));
    INFO("cut at " << size);
    REQUIRE_FALSE(decoded.ok());
    REQUIRE(decoded.error().code == Code::corrupt);
  }
  CHECK_FALSE(event::decode(record + "x").ok());
}

TEST_CASE("a changed byte never crashes the decoder and never decodes to the same event") {
  const Event event = full_event();
  const std::string record = event::encode(event);
  for (std::size_t at = 0; at < record.size(); ++at) {
    for (int mask : {0x01, 0x80, 0xff}) {
      std::string damaged = record;
      damaged[at] = static_cast<char>(damaged[at] ^ mask);
      auto decoded = event::decode(damaged);
      if (decoded.ok()) {
        INFO("byte " << at << " mask " << mask);
        REQUIRE_FALSE(same(*decoded, event));
      } else {
        REQUIRE(decoded.error().code == Code::corrupt);
      }
    }
  }
}

TEST_CASE("data over the cap is refused by name") {
  Event event = full_event();
  event.data = Value(std::string(base::limits::event_data_bytes_max + 1, 'x'));
  auto encoded = event::encode_within_limits(event);
  REQUIRE_FALSE(encoded.ok());
  CHECK(encoded.error().code == Code::limit);
  CHECK(encoded.error().message.find("event_data_bytes_max") != std::string::npos);
  CHECK(encoded.error().message.find("ObjectApplied event about Deployment/default/web") == 0);
}

TEST_CASE("a record of a later version is refused") {
  std::string record = event::encode(full_event());
  record[0] = 2;
  auto decoded = event::decode(record);
  REQUIRE_FALSE(decoded.ok());
  CHECK(decoded.error().message.find("unknown version 2") != std::string::npos);
}

TEST_CASE("varints are read in their shortest form only") {
  for (std::uint64_t number : {0ull, 127ull, 128ull, 16384ull, ~0ull}) {
    std::string bytes;
    event::append_varint(bytes, number);
    event::Reader reader(bytes);
    CHECK(reader.varint() == number);
    CHECK(reader.at_end());
  }
  for (std::string_view bad : {std::string_view("\x80\x00", 2), std::string_view("\x80"),
                               std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")}) {
    event::Reader reader(bad);
    reader.varint();
    CHECK_FALSE(reader.ok());
  }
}

TEST_CASE("every type has a name that parses back") {
  for (int number = 1; number <= static_cast<int>(event::Type::garbage_collected); ++number) {
    const auto type = static_cast<event::Type>(number);
    auto parsed = event::parse_type(event::type_name(type));
    REQUIRE(parsed.ok());
    CHECK(*parsed == type);
  }
  CHECK(event::type_name(event::Type::source_fetched) == "SourceFetched");
  CHECK(event::type_name(event::Type::garbage_collected) == "GarbageCollected");
  CHECK_FALSE(event::parse_type("Nonsense").ok());
  CHECK_FALSE(event::parse_type("").ok());
}

TEST_CASE("decisions are synced, observations are not") {
  for (auto type : {event::Type::changes_planned, event::Type::object_applied,
                    event::Type::object_pruned, event::Type::operator_acted,
                    event::Type::rollback_pinned, event::Type::rollback_released}) {
    CHECK(event::must_sync(type));
  }
  CHECK_FALSE(event::must_sync(event::Type::health_observed));
  CHECK_FALSE(event::must_sync(event::Type::heartbeat));
}
