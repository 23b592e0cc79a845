// The patterns of .Files.Glob: '*' and '?' stop at '/', "**" does not, [abc], [a-z] and [!abc],
// {a,b}. A pattern that cannot be read matches every name, as in Helm. Immutable; thread-safe.
#pragma once

#include <memory>
#include <string_view>

namespace weir::helm {

class FileGlob {
 public:
  explicit FileGlob(std::string_view pattern);
  ~FileGlob();
  FileGlob(const FileGlob&) = delete;
  FileGlob& operator=(const FileGlob&) = delete;

  bool matches(std::string_view name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;  // null: every name matches
};

}  // namespace weir::helm
