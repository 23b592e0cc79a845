// A directory of its own for one test, gone with it. Header only.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "engine/base/assert.hh"

namespace weir::test {

class TempDirectory {
 public:
  // Below `parent`, or the system's temporary directory.
  explicit TempDirectory(std::filesystem::path parent = {}) {
    if (parent.empty()) parent = std::filesystem::temp_directory_path();
    std::string pattern = (parent / "weir-test-XXXXXX").string();
    WEIR_ASSERT(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TempDirectory() { std::filesystem::remove_all(path_); }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace weir::test
