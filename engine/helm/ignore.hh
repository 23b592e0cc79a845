// .helmignore, with Helm's rules: one pattern a line, filepath.Match syntax; a pattern without '/'
// is matched against the base name, a leading '/' is dropped, a trailing one asks for a directory.
// A "!pattern" does not bring anything back: it ignores all that does not match it, as in Helm.
//
// Immutable after parse; safe to share between threads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"

namespace weir::helm {

class ChartIgnore {
 public:
  // The rules of `text`, then Helm's own ("templates/.?*"). Error: invalid (a "**", a malformed
  // pattern), worded as Helm does.
  static Result<ChartIgnore> parse(std::string_view text);

  // `path` is below the chart's folder, without a leading '/'.
  bool ignored(std::string_view path, bool is_directory) const;

 private:
  enum class Form : unsigned char {
    glob,
    exact,   // nothing that stands for something else
    suffix,  // "*.bak" without the star, of a base name
  };
  struct Pattern {
    std::string text;
    Form form = Form::glob;
    bool base_name_only = false;
    bool negate = false;
    bool directory_only = false;
  };
  Result<void> add(std::string_view rule);
  static bool matches(const Pattern& pattern, std::string_view path);

  std::vector<Pattern> patterns_;
};

}  // namespace weir::helm
