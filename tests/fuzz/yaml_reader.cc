// Any bytes: the YAML readers must return, in every dialect, the library's path too. What they
// accept must be written as YAML that reads back as the same value. The diagnosis must return too.
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/assert.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"
#include "engine/value/yaml_diagnosis.hh"
#include "engine/value/yaml_library.hh"

using namespace weir::value;

namespace {

// Text with these is changed by every YAML reader: they are breaks, or a key the Go writer leaves
// unquoted, or a key that is a list or a map.
bool has_break_characters(std::string_view json) {
  for (const char* code : {"\\u2028", "\\u2029", "\xC2\x85", "\xEF\xBB\xBF", "\"\\u003c\\u003c\":",
                           "\xEF\xBF\xBDmap[", "\xEF\xBF\xBD[]interface", "\\ufffdmap[",
                           "\\ufffd[]interface"})
    if (json.find(code) != std::string_view::npos) return true;
  return false;
}

// The writer writes 0 for it, as Go's does.
bool has_negative_zero(std::string_view json) {
  for (std::size_t at = json.find("-0"); at != json.npos; at = json.find("-0", at + 1)) {
    const bool begins = at == 0 || std::string_view(":,[").find(json[at - 1]) != json.npos;
    const bool ends =
        at + 2 == json.size() || std::string_view(",]}").find(json[at + 2]) != json.npos;
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto dialect : {YamlDialect::kubernetes, YamlDialect::kustomize, YamlDialect::helm}) {
    YamlOptions options;
    options.dialect = dialect;
    options.file = "f.yaml";
    const auto documents = parse_yaml_documents(text, options);
    if (!documents.ok()) {
      WEIR_ASSERT(documents.error().message.starts_with("f.yaml:") ||
                  documents.error().code == weir::Code::limit);
      continue;
    }
    for (const YamlDocument& document : documents.value()) {
      const std::string json = write_json(document.value);
      if (has_break_characters(json) || has_negative_zero(json)) continue;
      options.dialect = YamlDialect::kubernetes;
      const auto again = parse_yaml(write_yaml(document.value), options);
      WEIR_ASSERT(again.ok());
      WEIR_ASSERT(write_json(again.value()) == json);
    }
  }
  for (const GoYaml version : {GoYaml::v2, GoYaml::v3}) {
    const auto diagnosis = diagnose_yaml(text, version);
    WEIR_ASSERT(!diagnosis || !diagnosis->problem.empty());
  }
  std::vector<YamlDocument> documents;
  (void)read_with_library(text, {}, documents);
  return 0;
}
