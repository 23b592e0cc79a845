#include "engine/apply/shape.hh"

#include <catch2/catch.hpp>

#include "engine/value/yaml.hh"

namespace weir::apply {
namespace {

Value manifest(std::string_view text) {
  auto parsed = value::parse_yaml(text);
  REQUIRE(parsed.ok());
  return *std::move(parsed);
}

Value service(std::string_view name, std::string_view ns, std::string_view port) {
  std::string text = "apiVersion: v1\nkind: Service\nmetadata: {name: ";
  text.append(name).append(", namespace: ").append(ns);
  text.append("}\nspec: {selector: {app: ").append(name).append("}, ports: [{port: ");
  return manifest(text.append(port).append("}]}\n"));
}

TEST_CASE("objects that differ in names alone have one shape") {
  const auto one = shape_of(service("a1-web", "shop", "80"), {"a1-web"});
  const auto two = shape_of(service("b22-web", "bar", "80"), {"b22-web"});
  REQUIRE(one);
  CHECK(one == two);
}

TEST_CASE("a value that a server judges makes another shape") {
  const auto one = shape_of(service("web", "shop", "80"), {"web"});
  CHECK(one != shape_of(service("web", "shop", "99999"), {"web"}));
  Value extra = service("web", "shop", "80");
  extra.entry("spec").set("type", "Nonsense");
  CHECK(one != shape_of(extra, {"web"}));
}

TEST_CASE("a reference to a name outside of the set is part of the shape") {
  const auto one = shape_of(service("web", "shop", "80"), {});
  CHECK(one != shape_of(service("api", "shop", "80"), {}));
}

TEST_CASE("names that some kinds refuse have no shape") {
  CHECK_FALSE(shape_of(service("1web", "shop", "80"), {}));
  CHECK_FALSE(shape_of(service("web.example", "shop", "80"), {}));
  CHECK_FALSE(shape_of(service("Web", "shop", "80"), {}));
  CHECK_FALSE(shape_of(service(std::string(53, 'a'), "shop", "80"), {}));
  CHECK(shape_of(service(std::string(52, 'a'), "shop", "80"), {}));
}

TEST_CASE("custom resources have no shape") {
  CHECK_FALSE(
      shape_of(manifest("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}"), {}));
}

TEST_CASE("what a ConfigMap says is free, its keys are not") {
  const auto text = [](std::string_view data) {
    std::string yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: ";
    return manifest(yaml.append(data));
  };
  const auto one = shape_of(text("{a: x}"), {});
  CHECK(one == shape_of(text("{a: z}"), {}));
  CHECK(one != shape_of(text("{b: x}"), {}));
  CHECK(one != shape_of(text("{a: 1}"), {}));
}

TEST_CASE("an accepted shape is believed until its time is over or it failed") {
  ShapeMemory memory(100);
  const base::Digest shape = base::sha256("x");
  CHECK_FALSE(memory.knows(shape, 0));
  memory.accept(shape, 0);
  CHECK(memory.knows(shape, 99));
  CHECK_FALSE(memory.knows(shape, 100));
  memory.accept(shape, 200);
  memory.forget(shape);
  CHECK_FALSE(memory.knows(shape, 201));
}

}  // namespace
}  // namespace weir::apply
