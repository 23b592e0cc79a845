// What is known of a Git source's past without asking its server: files of old commits, what
// changed between two, who wrote a line. Implementations: adapters/git/history (the mirrors), and
// scripted ones in tests. Thread-safe; a call reads the disk and may take seconds.
//
// Errors: not_found (no mirror of the URL, or it has not the commit or file), limit, io.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/reconcile/source_port.hh"

namespace weir::reconcile {

class GitHistoryPort {
 public:
  virtual ~GitHistoryPort() = default;
  virtual Result<std::shared_ptr<const base::FileTree>> tree(const std::string& url,
                                                             const std::string& commit) const = 0;
  // Paths of the files that differ, in bytewise order.
  virtual Result<std::vector<std::string>> changed_files(const std::string& url,
                                                         const std::string& from,
                                                         const std::string& to) const = 0;
  // For each of the lines (from 1) of the file as it is in `commit`, the commit that wrote it.
  // Lines that the file does not have are left out.
  virtual Result<std::map<std::uint32_t, GitCommit>> line_commits(
      const std::string& url, const std::string& commit, const std::string& path,
      const std::set<std::uint32_t>& lines) const = 0;
};

}  // namespace weir::reconcile
