// What of a source does not become its artifact: .sourceignore files, spec.ignore and the built-in
// sets of Flux, matched as go-git matches .gitignore patterns. The last pattern that matches
// decides; '!' brings back even what lies below an excluded directory, so a walk must not stop at
// one.
//
// Immutable after load; safe to share between threads.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file_tree.hh"
#include "engine/base/result.hh"

namespace weir::base {

class IgnoreRules {
 public:
  // Reads .sourceignore in every directory of the tree but .git, each scoped to its directory, root
  // first, then `spec_ignore`, scoped to the root, so that it can overrule them. The VCS set always
  // stands before them; the default set only when not one pattern was found. Errors: invalid (an
  // ignore file that cannot be read, reason "SourceIgnoreError"), limit.
  static Result<IgnoreRules> load(const FileTree& tree,
                                  std::optional<std::string_view> spec_ignore);
  // Only the patterns of `text`, without the built-in sets (what a Bucket and `weir push` begin
  // with).
  static IgnoreRules from_patterns(std::string_view text);

  // `path` is below the root, cleaned. True: it stays out of the artifact.
  bool excluded(std::string_view path, bool is_directory) const;

 private:
  struct Pattern {
    std::vector<std::string> domain;      // the directory it is scoped to
    std::vector<std::string> components;  // between the slashes
    bool include = false;                 // '!'
    bool directory_only = false;          // a trailing '/'
    bool anchored = false;                // a '/' elsewhere: matched from its domain on
  };
  enum class Verdict : unsigned char { none, exclude, include };

  static Pattern parse_pattern(std::string_view line, const std::vector<std::string>& domain);
  static Verdict match(const Pattern& pattern, const std::vector<std::string_view>& path,
                       bool is_directory);
  void read_patterns(std::string_view text, const std::vector<std::string>& domain);
  Result<void> load_directory(const FileTree& tree, std::vector<std::string>& domain);
  void prepend(std::span<const std::string_view> lines);

  std::vector<Pattern> patterns_;  // lowest priority first
};

}  // namespace weir::base
