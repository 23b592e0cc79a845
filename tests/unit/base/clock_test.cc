#include "engine/base/clock.hh"

#include <catch2/catch.hpp>

using namespace weir::base;

TEST_CASE("timestamps print in whole seconds and in microseconds, in UTC") {
  CHECK(format_rfc3339(0) == "1970-01-01T00:00:00Z");
  CHECK(format_rfc3339(1795370938123456) == "2026-11-22T18:08:58Z");
  CHECK(format_rfc3339_micro(1795370938123456) == "2026-11-22T18:08:58.123456Z");
}

TEST_CASE("timestamps of any offset and fraction are the same instant") {
  const TimeUs expected = parse_rfc3339("2026-11-22T18:08:58Z").value();
  CHECK(expected == 1795370938000000);
  CHECK(parse_rfc3339("2026-11-22T20:08:58+02:00").value() == expected);
  CHECK(parse_rfc3339("2026-11-22T18:08:58.000000000Z").value() == expected);
  CHECK(parse_rfc3339("2026-11-22T18:08:58.5Z").value() == expected + 500000);
}

TEST_CASE("what is no timestamp is refused") {
  for (const char* text : {"", "2026-11-22", "2026-13-22T18:08:58Z", "2026-11-22T18:08:58",
                           "2026-02-30T00:00:00Z", "2026-11-22T25:00:00Z", "x"})
    CHECK_FALSE(parse_rfc3339(text).ok());
}
