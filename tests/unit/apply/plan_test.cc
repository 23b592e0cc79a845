#include "engine/apply/plan.hh"

#include <catch2/catch.hpp>

using namespace weir;
using namespace weir::apply;

namespace {

Value config(std::string_view data, std::string_view version = "5") {
  Value metadata = Value::object({{"name", "c"}, {"namespace", "a"}});
  if (!version.empty()) metadata.set("resourceVersion", version);
  return Value::object({{"apiVersion", "v1"},
                        {"kind", "ConfigMap"},
                        {"metadata", std::move(metadata)},
                        {"data", Value::object({{"k", data}})}});
}

Verdict verdict(const Value& desired, const Value& live, const Value& dry_run,
    bool cleaned = false) {
  return decide_apply({desired, live, dry_run, cleaned, nullptr}).verdict;
}

const ObjectId id{{"", "v1", "ConfigMap"}, "a", "c"};

}  // namespace

TEST_CASE("K7.8 unchanged objects are not applied") {
  CHECK(verdict(config("1"), config("1"), config("1")) == Verdict::unchanged);
}

TEST_CASE("K7.7 a drifted object is configured, and the paths are told") {
  const Value desired = config("2");
  const Value live = config("1");
  const Decision decision = decide_apply({desired, live, desired, false, nullptr});
  CHECK(decision.verdict == Verdict::configure);
  CHECK(decision.changed == ".data.k");
}

TEST_CASE("K7.7 a cleaned-up object is applied although nothing drifted") {
  CHECK(verdict(config("1"), config("1"), config("1"), true) == Verdict::configure);
}

TEST_CASE("K7.8 a dry-run without a resourceVersion means created") {
  CHECK(verdict(config("1"), {}, config("1", "")) == Verdict::create);
  CHECK(verdict(config("1"), config("1"), config("1", "")) == Verdict::create);
}

TEST_CASE("K8 a switched-off object is skipped with its reason") {
  Value desired = config("2");
  desired.entry("metadata").entry("annotations").set("kustomize.toolkit.fluxcd.io/ssa",
      "IfNotPresent");
  const Value live = config("1");
  const Decision decision = decide_apply({desired, live, desired, false, nullptr});
  CHECK(decision.verdict == Verdict::skip);
  CHECK(decision.skip == SkipReason::already_exists);
  CHECK_FALSE(skip_reason_text(decision.skip).empty());
}

TEST_CASE("K7.12 an ignored difference is unchanged, and an apply takes the live value") {
  const auto rules = compile_ignore_rules(Value::array(
      {Value::object({{"paths", Value::array({"/data/k"})}, {"target", Value()}})}));
  REQUIRE(rules.ok());
  const Value desired = config("2");
  const Value live = config("1");
  CHECK(decide_apply({desired, live, desired, false, &*rules}).verdict == Verdict::unchanged);
  CHECK(payload_of({desired, live, desired, false, &*rules})["data"]["k"].get_string() == "1");
  CHECK(payload_of({desired, Value(), desired, false, &*rules}) == desired);
}

TEST_CASE("K7.10 an immutable object is made anew only when forced and only when it existed") {
  const Error invalid = make_error(Code::invalid, "spec.selector: field is immutable", "Invalid");
  const Error denied = make_error(Code::forbidden, "no", "Forbidden");
  CHECK(should_recreate(invalid, config("1"), config("1"), true));
  CHECK_FALSE(should_recreate(invalid, config("1"), config("1"), false));
  CHECK_FALSE(should_recreate(invalid, config("1"), {}, true));
  CHECK_FALSE(should_recreate(denied, config("1"), config("1"), true));
  Value forced = config("1");
  forced.entry("metadata").entry("labels").set("kustomize.toolkit.fluxcd.io/force", "Enabled");
  CHECK(should_recreate(make_error(Code::conflict, "x"), config("1"), forced, false));
  CHECK(is_immutable_error(make_error(Code::internal, "an immutable field was changed")));
}

TEST_CASE("K7.11 texts of failed dry-runs") {
  CHECK(dry_run_error(id, make_error(Code::invalid, "bad", "Invalid")).message ==
        "ConfigMap/a/c dry-run failed (Invalid): bad");
  CHECK(dry_run_error(id, make_error(Code::unavailable, "bad")).message ==
        "ConfigMap/a/c dry-run failed: bad");
  CHECK(dry_run_error(id, make_error(Code::not_found, "gone", "NotFound")).message ==
        "ConfigMap/a/c not found: gone");
  ObjectId nowhere = id;
  nowhere.ns.clear();
  CHECK(dry_run_error(nowhere, make_error(Code::not_found, "gone", "NotFound")).message ==
        "ConfigMap/c namespace not specified: gone");
  CHECK(dry_run_error(nowhere, make_error(Code::invalid, "an empty namespace", "NoNamespace"))
            .message ==
        "ConfigMap/c namespace not specified: the server could not find the requested resource");
}

TEST_CASE("K9.4 prune deletes what is still ours, and what is gone counts as deleted") {
  Value live = config("1");
  CHECK(decide_prune({}, "ns", "app").verdict == PruneVerdict::absent);
  CHECK(decide_prune(live, "ns", "app").skip == SkipReason::not_owned);
  Value& labels = live.entry("metadata").entry("labels");
  labels.set("kustomize.toolkit.fluxcd.io/name", "app");
  labels.set("kustomize.toolkit.fluxcd.io/namespace", "ns");
  CHECK(decide_prune(live, "ns", "app").verdict == PruneVerdict::remove);
}
