#include <catch2/catch.hpp>

#include "engine/base/digest.hh"
#include "engine/reconcile/helm_values.hh"
#include "tests/support/config_objects.hh"

using namespace weir;
using namespace weir::reconcile;
using test::json;
using Objects = test::ConfigObjects;

namespace {

model::ValuesReference reference(const char* name, const char* path = "", bool secret = false) {
  model::ValuesReference out;
  out.name = name;
  out.key = "values.yaml";
  out.target_path = path;
  out.secret = secret;
  return out;
}

std::string compose(Objects& api, const model::HelmReleaseSpec& spec) {
  auto values = compose_values(api, "ns", spec);
  return values.ok() ? value::write_json(*values) : values.error().message;
}

}  // namespace

TEST_CASE("references merge in their order, inline values last") {
  Objects api;
  api.add("ConfigMap", "a", R"({"values.yaml":"x: {one: 1, list: [1, 2]}\nk: a"})");
  api.add("Secret", "b", R"({"values.yaml":"eDoge3R3bzogMiwgbGlzdDogWzNdfQprOiBi"})");
  model::HelmReleaseSpec spec;
  spec.values_from = {reference("a"), reference("b", "", true)};
  CHECK(compose(api, spec) == R"({"k":"b","x":{"list":[3],"one":1,"two":2}})");
  spec.values = json(R"({"k":"inline","x":{"one":null}})");
  CHECK(compose(api, spec) == R"({"k":"inline","x":{"list":[3],"one":null,"two":2}})");
  CHECK(api.reads == 4);
}

TEST_CASE("a target path is set as --set sets it") {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"values.yaml":"8080"})", R"({"p":8080})"},
      {R"({"values.yaml":"\"8080\""})", R"({"p":"8080"})"},
      {R"({"values.yaml":"'true'"})", R"({"p":"true"})"},
      {R"({"values.yaml":"{x,y}"})", R"({"p":["x","y"]})"},
      {R"({"values.yaml":"a,b=c"})", R"({"b":"c","p":"a"})"},
      {R"({"values.yaml":"null"})", R"({"p":null})"}};
  for (const auto& [data, wanted] : cases) {
    Objects api;
    api.add("ConfigMap", "a", data);
    model::HelmReleaseSpec spec;
    spec.values_from = {reference("a", "p")};
    CHECK(compose(api, spec) == wanted);
  }
}

TEST_CASE("paths reach into lists and take dots that are escaped") {
  Objects api;
  api.add("ConfigMap", "a", R"({"values.yaml":"v"})");
  model::HelmReleaseSpec spec;
  spec.values_from = {reference("a", "l[1].name")};
  CHECK(compose(api, spec) == R"({"l":[null,{"name":"v"}]})");
  spec.values_from = {reference("a", "a\\.b.c")};
  CHECK(compose(api, spec) == R"({"a.b":{"c":"v"}})");
}

TEST_CASE("a literal is text as it stands") {
  Objects api;
  api.add("ConfigMap", "a", R"({"values.yaml":"{a,b=1}\\[x]"})");
  model::HelmReleaseSpec spec;
  spec.values_from = {reference("a", "p")};
  spec.values_from[0].literal = true;
  CHECK(compose(api, spec) == R"({"p":"{a,b=1}\\[x]"})");
}

TEST_CASE("inline values win over a target path, unless the maps are shared") {
  Objects api;
  api.add("ConfigMap", "a", R"({"values.yaml":"ref"})");
  api.add("ConfigMap", "m", R"({"values.yaml":"a: {other: 1}"})");
  model::HelmReleaseSpec spec;
  spec.values = json(R"({"foo":"inline"})");
  spec.values_from = {reference("a", "foo")};
  CHECK(compose(api, spec) == R"({"foo":"inline"})");
  spec.values = json(R"({"a":{"b":"inline"}})");
  spec.values_from = {reference("a", "a.b")};
  CHECK(compose(api, spec) == R"({"a":{"b":"ref"}})");
  spec.values_from = {reference("m"), reference("a", "a.b")};
  CHECK(compose(api, spec) == R"({"a":{"b":"inline","other":1}})");
}

TEST_CASE("what is missing is named, and forgiven where it is optional") {
  Objects api;
  api.add("ConfigMap", "a", R"({"other":"x"})");
  model::HelmReleaseSpec spec;
  spec.values_from = {reference("ghost")};
  CHECK(compose(api, spec) ==
        "could not resolve ConfigMap chart values reference 'ns/ghost' with key 'values.yaml': "
        "configmaps \"ghost\" not found");
  spec.values_from = {reference("a")};
  CHECK(compose(api, spec) ==
        "could not resolve ConfigMap chart values reference 'ns/a' with key 'values.yaml': key not "
        "found");
  spec.values_from = {reference("a"), reference("ghost", "", true)};
  for (auto& item : spec.values_from) item.optional = true;
  CHECK(compose(api, spec) == "{}");
  api.add("ConfigMap", "a", R"({"values.yaml":"just text"})");
  CHECK(
      compose(api, spec).starts_with("could not resolve optional ConfigMap chart values "
                                     "reference 'ns/a' with key 'values.yaml': "));
}
