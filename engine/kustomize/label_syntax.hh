// What Kubernetes accepts as the key and the value of a label, in the words of its validation.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::kustomize {

// `key` is a name of at most 63 bytes, perhaps behind a DNS subdomain and '/'. Error: invalid
// ("invalid label key ...").
Result<void> check_label_key(std::string_view key);
// `value` has at most 63 bytes, begins and ends with a letter or digit, or is empty; `key` is named
// in the text. Error: invalid ("invalid label value: ...").
Result<void> check_label_value(std::string_view key, std::string_view value);

}  // namespace weir::kustomize
