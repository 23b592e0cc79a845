#include "tools/weir/remotes.hh"

#include <sys/stat.h>

#include <filesystem>

namespace weir::cli {

Result<std::unique_ptr<Remotes>> Remotes::open(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return make_error(Code::io, "cannot create " + directory + ": " + error.message());
  if (::chmod(directory.c_str(), 0700) != 0)
    return make_error(Code::io, "cannot protect " + directory);
  return std::unique_ptr<Remotes>(new Remotes(directory));
}

}  // namespace weir::cli
