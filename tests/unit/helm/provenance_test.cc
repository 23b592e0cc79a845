#include "engine/helm/provenance.hh"

#include <catch2/catch.hpp>
#include <string>

using namespace weir;

namespace {

std::string told(const std::string& sums, const std::string& name = "c-1.tgz",
                 const std::string& package = "abc") {
  const auto checked = helm::check_provenance("name: c\n\n...\n" + sums, name, package);
  return checked.ok() ? "good" : checked.error().message;
}

const std::string digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

}  // namespace

TEST_CASE("a provenance file vouches for a package by its name and its digest") {
  CHECK(told("files:\n  c-1.tgz: sha256:" + digest + "\n") == "good");
  CHECK(told("files:\n  c-1.tgz: sha256:" + digest + "\n", "d-1.tgz") ==
        "provenance does not contain a SHA for a file named \"d-1.tgz\"");
  CHECK(told("files:\n  c-1.tgz: sha256:" + digest + "\n", "c-1.tgz", "abd")
            .starts_with("sha256 sum does not match for c-1.tgz: \"sha256:" + digest + "\" != "));
  CHECK(told("other: {}\n") == "provenance does not contain a SHA for a file named \"c-1.tgz\"");
}

TEST_CASE("a provenance file of another shape is told what is wrong with it") {
  CHECK(helm::check_provenance("name: c\n", "c", "").error().message ==
        "message block must have at least two parts");
  CHECK(told("files: [1]\n") ==
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go struct "
        "field SumCollection.files of type map[string]string");
  CHECK(told("files: [\n").starts_with("error converting YAML to JSON: yaml: "));
}
