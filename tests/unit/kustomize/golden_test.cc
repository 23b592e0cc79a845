// Every folder of tests/golden/kustomize holds an input tree and what the real tool made of it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/kustomize/build.hh"

using namespace weir;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

// Our unknown-field errors also name the closest field there is.
std::string without_suggestion(std::string text) {
  const std::size_t begin = text.find(" (did you mean ");
  return begin == std::string::npos ? text : text.substr(0, begin);
}

base::MemoryFileTree load_tree(const fs::path& input) {
  base::MemoryFileTree tree;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(input)) {
    if (!entry.is_regular_file()) continue;
    tree.add("tree/" + fs::relative(entry.path(), input).generic_string(), read(entry.path()));
  }
  return tree;
}

std::vector<fs::path> cases() {
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(fs::path(WEIR_SOURCE_DIR) / "tests/golden/kustomize")) {
    if (entry.is_directory()) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

TEST_CASE("every golden kustomization builds to the bytes of the real tool") {
  const std::vector<fs::path> all = cases();
  REQUIRE(all.size() >= 40);
  for (const fs::path& folder : all) {
    INFO(folder.filename().string());
    const base::MemoryFileTree tree = load_tree(folder / "input");
    kustomize::BuildOptions options;
    options.display_root = "/";
    options.legacy_order = true;
    if (!fs::exists(folder / "flags")) options.load_restrictor = kustomize::LoadRestrictor::none;
    const std::string target =
        fs::exists(folder / "target") ? "/" + trimmed(read(folder / "target")) : "";
    const auto built = kustomize::build(tree, "tree" + target, options);
    if (fs::exists(folder / "expected.error")) {
      REQUIRE_FALSE(built.ok());
      CHECK(without_suggestion(trimmed(built.error().message)) ==
            trimmed(read(folder / "expected.error")));
      continue;
    }
    if (!built.ok()) FAIL(built.error().message);
    CHECK(kustomize::write_resources(built->resources) == read(folder / "expected.yaml"));
    if (!fs::exists(folder / "expected.warnings")) continue;
    std::string warnings;
    for (const std::string& line : built->warnings) warnings += line + "\n";
    CHECK(warnings == read(folder / "expected.warnings"));
  }
}
