#include "engine/apply/normalise.hh"

#include <catch2/catch.hpp>
#include <fstream>

#include "engine/base/digest.hh"
#include "engine/value/json.hh"

using namespace weir;
using namespace weir::apply;

namespace {

Value json(std::string_view text) {
  Result<Value> value = value::parse_json(text);
  REQUIRE(value.ok());
  return *std::move(value);
}

}  // namespace

TEST_CASE("K7.3 normalised manifests equal the reference's") {
  std::ifstream file(WEIR_SOURCE_DIR "/tests/golden/apply/normalise.jsonl");
  std::string line;
  int count = 0;
  while (std::getline(file, line)) {
    const Value pair = json(line);
    INFO(value::write_json(pair["in"]));
    CHECK(value::write_json(normalise(pair["in"])) == value::write_json(pair["out"]));
    ++count;
  }
  CHECK(count > 50);
}

TEST_CASE("K7.3 normalising twice changes nothing more") {
  std::ifstream file(WEIR_SOURCE_DIR "/tests/golden/apply/normalise.jsonl");
  std::string line;
  while (std::getline(file, line)) {
    const Value once = normalise(json(line)["in"]);
    INFO(value::write_json(once));
    CHECK(normalise(once) == once);
  }
}

namespace {

// Whether a definition keeps a conversion bundle of this PEM body.
bool keeps_bundle(std::string_view body) {
  std::string pem = "-----BEGIN CERTIFICATE-----\n";
  pem += body;
  pem += "\n-----END CERTIFICATE-----\n";
  Value crd = json(R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"a"},"spec":{"conversion":{"webhook":{"clientConfig":{}}}}})");
  Value& webhook = crd.entry("spec").entry("conversion").entry("webhook");
  webhook.entry("clientConfig").set("caBundle", base::base64_encode(pem));
  const Value out = normalise(crd);
  return out["spec"]["conversion"]["webhook"]["clientConfig"].contains("caBundle");
}

}  // namespace

TEST_CASE("K7.3 a conversion bundle that holds no certificate is removed") {
  CHECK_FALSE(keeps_bundle(""));
  CHECK_FALSE(keeps_bundle("not base64"));
  CHECK_FALSE(keeps_bundle("MIIB"));     // says 256 bytes and more, has none
  CHECK(keeps_bundle("MAMCAQE="));       // a whole DER sequence
}

TEST_CASE("K7.2 owner labels name the owner, K3.6 common metadata wins over them") {
  Value object = json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}})");
  add_owner_labels(object, "flux-system", "apps");
  const Value& labels = object["metadata"]["labels"];
  CHECK(labels["kustomize.toolkit.fluxcd.io/name"].get_string() == "apps");
  CHECK(labels["kustomize.toolkit.fluxcd.io/namespace"].get_string() == "flux-system");
  add_common_metadata(object, json(R"({"kustomize.toolkit.fluxcd.io/name":"mine"})"),
                      json(R"({"note":"x"})"));
  CHECK(object["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"].get_string() == "mine");
  CHECK(object["metadata"]["annotations"]["note"].get_string() == "x");
}
