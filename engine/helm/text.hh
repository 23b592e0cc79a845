// Small text helpers with Go's rules, which Helm's own texts and cuts depend on: what a space is.
// Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::helm {

// strings.TrimSpace and strings.TrimLeftFunc(unicode.IsSpace): Unicode's spaces, in UTF-8.
std::string_view trim_space(std::string_view text);
std::string_view trim_space_left(std::string_view text);
// What Helm makes of a text field of Chart.yaml: every space a blank, what cannot be printed left
// out.
std::string sanitize(std::string_view text);
// strings.Split by one character: always at least one piece.
std::vector<std::string_view> split(std::string_view text, char separator);
// ASCII letters in lower case.
std::string ascii_lower(std::string_view text);
// strings.EqualFold for ASCII letters.
bool equal_fold(std::string_view a, std::string_view b);
// Every "<no value>" taken out.
std::string without_no_value(std::string text);

}  // namespace weir::helm
