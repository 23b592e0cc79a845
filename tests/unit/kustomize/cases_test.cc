// Every file of tests/golden/kustomize_cases is a tree, and behind it what the real tool makes of
// it: an output to the byte, or an error whose text ours contains (ours may go on and help).
// Format: tests/peers/kustomize_cases.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "engine/kustomize/build.hh"

using namespace weir;
namespace fs = std::filesystem;

namespace {

struct Case {
  base::MemoryFileTree tree;
  std::map<std::string, std::string> results;
  bool top = false;
};

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

Case load_case(const fs::path& file) {
  Case result;
  std::ifstream in(file, std::ios::binary);
  std::string line, name, text;
  const auto finish = [&] {
    if (name.empty()) return;
    const bool is_result = name.starts_with("expected") || name == "ours.error" || name == "flags";
    if (is_result) {
      result.results[name] = text;
    } else {
      result.tree.add("tree/" + name, text);
      result.top = result.top || name.starts_with("top/");
    }
    text.clear();
  };
  while (std::getline(in, line)) {
    if (line.starts_with("-- ") && line.ends_with(" --")) {
      finish();
      name = line.substr(3, line.size() - 6);
    } else {
      text += line + "\n";
    }
  }
  finish();
  return result;
}

void check_case(const Case& one) {
  kustomize::BuildOptions options;
  options.display_root = "/";
  options.legacy_order = true;
  const auto flags = one.results.find("flags");
  const bool restricted =
      flags != one.results.end() && flags->second.find("RootOnly") != std::string::npos;
  if (!restricted) options.load_restrictor = kustomize::LoadRestrictor::none;
  const auto built = kustomize::build(one.tree, one.top ? "tree/top" : "tree", options);
  if (one.results.contains("expected")) {
    if (!built.ok()) FAIL(built.error().message);
    CHECK(kustomize::write_resources(built->resources) == one.results.at("expected"));
    return;
  }
  REQUIRE(one.results.contains("expected.error"));
  REQUIRE_FALSE(built.ok());
  const auto ours = one.results.find("ours.error");
  if (ours != one.results.end()) {
    CHECK(trimmed(built.error().message) == trimmed(ours->second));
  } else {
    CHECK_THAT(built.error().message,
               Catch::Matchers::Contains(trimmed(one.results.at("expected.error"))));
  }
}

}  // namespace

TEST_CASE("every golden case builds, or fails in the words of the real tool") {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(fs::path(WEIR_SOURCE_DIR) / "tests/golden/kustomize_cases")) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  REQUIRE(files.size() >= 100);
  for (const fs::path& file : files) {
    INFO(file.filename().string());
    check_case(load_case(file));
  }
}
