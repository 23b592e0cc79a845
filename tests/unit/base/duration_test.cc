#include "engine/base/duration.hh"

#include <catch2/catch.hpp>

using namespace weir::base;
using namespace std::chrono_literals;

TEST_CASE("durations are read as Go reads them") {
  CHECK(parse_duration("0").value() == 0ns);
  CHECK(parse_duration("1h30m").value() == 90min);
  CHECK(parse_duration("1.5s").value() == 1500ms);
  CHECK(parse_duration("-2m").value() == -2min);
  CHECK(parse_duration(".5h").value() == 30min);
  CHECK(parse_duration("1us").value() == 1us);
  CHECK(parse_duration("1\xC2\xB5s").value() == 1us);
}

TEST_CASE("what is no duration is refused with Go's words") {
  for (const char* text : {"", "5", "5x", "h", "1h-3m", "99999999999999h", ".s"})
    CHECK_FALSE(parse_duration(text).ok());
  CHECK(parse_duration("5").error().message.find("missing unit in duration") != std::string::npos);
}

TEST_CASE("durations print as Go prints them") {
  CHECK(format_duration(0ns) == "0s");
  CHECK(format_duration(1h) == "1h0m0s");
  CHECK(format_duration(90s) == "1m30s");
  CHECK(format_duration(1500ms) == "1.5s");
  CHECK(format_duration(250ms) == "250ms");
  CHECK(format_duration(-1us) == "-1\xC2\xB5s");
}

TEST_CASE("ages are as short as kubectl's") {
  CHECK(format_age(5s) == "5s");
  CHECK(format_age(192s) == "3m12s");
  CHECK(format_age(4h + 5min) == "4h5m");
  CHECK(format_age(50h) == "2d2h");
  CHECK(format_age(24h * 10) == "10d");
}
