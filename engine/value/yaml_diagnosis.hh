// What go-yaml says of a text that is no YAML: the words and the line that people and scripts know
// from the Go tools. Our own reader says where to mend it, which is often another place.
//
// Only run on texts that failed to parse; linear in their length. Pure, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::value {

struct YamlDiagnosis {
  std::string problem;     // "did not find expected key"
  std::uint32_t line = 0;  // as go-yaml counts it; 0: it names none
};

// go-yaml's versions choose the line differently.
enum class GoYaml : std::uint8_t {
  v2,  // sigs.k8s.io/yaml: kustomizations, configurations, JSON patches
  v3,  // kyaml: resources and patches
};

// The first error of syntax in the first document of `text`; nothing when there is none, or when
// the text uses what is not known here (directives).
std::optional<YamlDiagnosis> diagnose_yaml(std::string_view text, GoYaml version);

// The message of sigs.k8s.io/yaml for a text that our reader refused with `message` ("line 2,
// column 3: what"): "yaml: line 3: did not find expected key". Of a fault that is none of syntax
// the reader's words, without the column; of numbers that JSON has not "json: unsupported value:
// NaN".
std::string go_yaml_message(std::string_view text, std::string_view message);

}  // namespace weir::value
