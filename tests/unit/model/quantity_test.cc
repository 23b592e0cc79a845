#include "engine/model/quantity.hh"

#include <catch2/catch.hpp>

using namespace weir;
using namespace weir::model;

TEST_CASE("quantities are written as Kubernetes writes them") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"0.5", "500m"},   {"1000m", "1"},     {"1024Mi", "1Gi"}, {"1.5Gi", "1536Mi"},
      {"0.1Gi", "107374182400m"},            {"1e3", "1e3"},    {"1000", "1k"},
      {"2Ki", "2Ki"},    {"1023Ki", "1023Ki"}, {"0.5Ki", "512"}, {"-1", "-1"},
      {"0", "0"},        {"500u", "500u"},   {"1.25", "1250m"}, {"12345678", "12345678"}};
  for (const auto& [text, want] : cases) {
    INFO(text);
    REQUIRE(canonical_quantity(text).has_value());
    CHECK(*canonical_quantity(text) == want);
  }
}

TEST_CASE("what is no quantity is told") {
  for (std::string_view text : {"", "abc", "1x", "1.2.3", "Ki", "1KiB", "1 ", "--1", "1e", "1ez"}) {
    INFO(text);
    CHECK_FALSE(canonical_quantity(text).has_value());
  }
}

TEST_CASE("quantities are equal by value") {
  CHECK(same_quantity("1", 1));
  CHECK(same_quantity("1000m", "1"));
  CHECK(same_quantity("1Gi", "1024Mi"));
  CHECK(same_quantity(0.5, "500m"));
  CHECK_FALSE(same_quantity("1G", "1Gi"));
  CHECK_FALSE(same_quantity("a", "a"));
}
