// Reads every expected.yaml below a directory (argument 1, or WEIR_YAML_CORPUS) as kustomize
// does, writes it again, and counts the files that come back byte for byte. Exits 1 when one does
// not.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "engine/value/yaml.hh"

namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

bool check(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  weir::value::YamlOptions options;
  options.dialect = weir::value::YamlDialect::kustomize;
  const std::string name = path.string();
  options.file = name;
  const auto documents = weir::value::parse_yaml_documents(text, options);
  if (!documents) {
    std::printf("%s\n", documents.error().message.c_str());
    return false;
  }
  std::string out;
  for (const auto& document : documents.value()) {
    if (!out.empty()) out += "---\n";
    weir::value::append_yaml(out, document.value);
  }
  if (out == text) return true;
  const auto at = std::mismatch(out.begin(), out.end(), text.begin(), text.end()).second;
  std::printf("%s: differs from byte %td\n", name.c_str(), at - text.begin());
  return false;
}

}  // namespace

int main(int count, char** arguments) {
  const char* const root = count > 1 ? arguments[1] : std::getenv("WEIR_YAML_CORPUS");
  if (root == nullptr) {
    std::puts("skipped: no directory given and WEIR_YAML_CORPUS is not set");
    return 0;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
    if (entry.path().filename() == "expected.yaml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::size_t equal = 0;
  for (const auto& file : files) equal += check(file) ? 1 : 0;
  std::printf("%zu of %zu files round-trip byte for byte\n", equal, files.size());
  return equal == files.size() ? 0 : 1;
}
