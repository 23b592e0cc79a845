// Reads framed documents from standard input and writes back what weir makes of each, so that a
// program in another language can compare by the ten thousand. A frame is "<mode> <bytes>\n" and
// the bytes; the answer is "<ok|error> <bytes>\n" and the bytes. Modes: kubernetes, kustomize,
// helm (YAML in, YAML out), json (JSON in, YAML out), json2json.
#include <cstdio>
#include <iostream>
#include <string>

#include "engine/value/json.hh"
#include "engine/value/yaml.hh"

namespace {

using weir::Result;
using weir::Value;
using weir::value::YamlDialect;

Result<std::string> convert(const std::string& mode, const std::string& text) {
  if (mode == "json" || mode == "json2json") {
    WEIR_TRY(const Value value, weir::value::parse_json(text));
    return mode == "json" ? weir::value::write_yaml(value) : weir::value::write_json(value);
  }
  weir::value::YamlOptions options;
  options.dialect = mode == "kubernetes"  ? YamlDialect::kubernetes
                    : mode == "kustomize" ? YamlDialect::kustomize
                                          : YamlDialect::helm;
  WEIR_TRY(const auto documents, weir::value::parse_yaml_documents(text, options));
  std::string out;
  for (const auto& document : documents) {
    if (!out.empty()) out += "---\n";
    weir::value::append_yaml(out, document.value);
  }
  return out;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::string mode;
  std::size_t size = 0;
  while (std::cin >> mode >> size) {
    std::cin.get();
    std::string text(size, '\0');
    if (!std::cin.read(text.data(), static_cast<std::streamsize>(size))) return 1;
    const auto answer = convert(mode, text);
    const std::string& body = answer ? answer.value() : answer.error().message;
    std::cout << (answer ? "ok " : "error ") << body.size() << '\n' << body << std::flush;
  }
  return 0;
}
