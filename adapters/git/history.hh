// The GitHistoryPort over the mirrors that GitMirrors keeps, this process's or another's. Reads
// only; each call has its own handle, so any number may run beside fetches.
#pragma once

#include <string>

#include "engine/reconcile/git_history_port.hh"

namespace weir::git {

class MirrorHistory final : public reconcile::GitHistoryPort {
 public:
  // `directory`: that of the mirrors; it need not be there.
  explicit MirrorHistory(std::string directory);

  Result<std::shared_ptr<const base::FileTree>> tree(const std::string& url,
                                                     const std::string& commit) const override;
  Result<std::vector<std::string>> changed_files(const std::string& url, const std::string& from,
                                                 const std::string& to) const override;
  Result<std::map<std::uint32_t, reconcile::GitCommit>> line_commits(
      const std::string& url, const std::string& commit, const std::string& path,
      const std::set<std::uint32_t>& lines) const override;

 private:
  Result<std::string> mirror_of(const std::string& url) const;

  std::string directory_;
};

}  // namespace weir::git
