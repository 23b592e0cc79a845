#include "engine/apply/skip.hh"

#include <catch2/catch.hpp>

using namespace weir;
using namespace weir::apply;

namespace {

Value with(std::string_view place, std::string_view name, std::string_view value) {
  Value object = Value::object({{"apiVersion", "v1"}, {"kind", "ConfigMap"}});
  const std::string key = "kustomize.toolkit.fluxcd.io/" + std::string(name);
  object.entry("metadata").entry(place).set(key, value);
  return object;
}

const Value plain = Value::object({{"apiVersion", "v1"}, {"kind", "ConfigMap"}});

Value owned(std::string_view ns, std::string_view name) {
  Value object = with("labels", "name", name);
  object.entry("metadata").entry("labels").set("kustomize.toolkit.fluxcd.io/namespace", ns);
  return object;
}

}  // namespace

TEST_CASE("K8 switches work as label or annotation, in any case of the value") {
  CHECK(skip_apply(with("labels", "reconcile", "disabled"), {}) == SkipReason::ignored);
  CHECK(skip_apply(with("annotations", "reconcile", "Disabled"), {}) == SkipReason::ignored);
  CHECK(skip_apply(with("annotations", "reconcile", "enabled"), {}) == SkipReason::none);
  CHECK(skip_apply(plain, with("labels", "ssa", "ignore")) == SkipReason::ignored);
}

TEST_CASE("K8 IfNotPresent is read from the desired object only") {
  const Value once = with("annotations", "ssa", "IfNotPresent");
  CHECK(skip_apply(once, {}) == SkipReason::none);
  CHECK(skip_apply(once, plain) == SkipReason::already_exists);
  CHECK(skip_apply(plain, once) == SkipReason::none);
}

TEST_CASE("K8, K9.4 prune needs both owner labels and no switch on the live object") {
  CHECK(skip_prune(owned("ns", "app"), "ns", "app") == SkipReason::none);
  CHECK(skip_prune(owned("ns", "other"), "ns", "app") == SkipReason::not_owned);
  CHECK(skip_prune(owned("other", "app"), "ns", "app") == SkipReason::not_owned);
  CHECK(skip_prune(plain, "ns", "app") == SkipReason::not_owned);
  for (auto [name, value, reason] :
       {std::tuple{"prune", "Disabled", SkipReason::prune_disabled},
        std::tuple{"reconcile", "disabled", SkipReason::ignored},
        std::tuple{"ssa", "Ignore", SkipReason::ignored},
        std::tuple{"ssa", "Merge", SkipReason::none}}) {
    Value live = owned("ns", "app");
    const std::string key = "kustomize.toolkit.fluxcd.io/" + std::string(name);
    live.entry("metadata").entry("annotations").set(key, value);
    INFO(name);
    CHECK(skip_prune(live, "ns", "app") == reason);
  }
}

TEST_CASE("K7.9, K7.10 Merge and force count on either object") {
  CHECK(skip_cleanup(plain, with("annotations", "ssa", "merge")));
  CHECK_FALSE(skip_cleanup(plain, plain));
  CHECK(is_forced(with("labels", "force", "Enabled"), {}));
  CHECK(is_forced(plain, with("labels", "force", "enabled")));
}

TEST_CASE("K6.1 an encrypted Secret is refused unless it is annotated") {
  Value secret = Value::object({{"apiVersion", "v1"},
                                {"kind", "Secret"},
                                {"metadata", Value::object({{"name", "a"}, {"namespace", "b"}})},
                                {"sops", Value::object({{"mac", "x"}})}});
  CHECK(check_not_encrypted(secret).error().message ==
        "Secret/b/a is SOPS encrypted, configuring decryption is required for this secret to be "
        "reconciled");
  Value labelled = secret;
  labelled.entry("metadata").entry("labels").set("kustomize.toolkit.fluxcd.io/decrypt", "disabled");
  CHECK_FALSE(check_not_encrypted(labelled).ok());
  secret.entry("metadata").entry("annotations").set("kustomize.toolkit.fluxcd.io/decrypt",
                                                    "Disabled");
  CHECK(check_not_encrypted(secret).ok());
  CHECK(check_not_encrypted(plain).ok());
}
