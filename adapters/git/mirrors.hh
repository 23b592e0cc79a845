// The GitPort: a persistent bare mirror per URL, fed by incremental fetches of only the references
// needed. Each checkout lists the remote first, which proves that the credentials still hold, and
// ends there when the known revision does too.
//
// Thread-safe: mirrors of different URLs work in parallel, one URL is served in turn. No call
// outlasts the request's timeout by more than a name lookup. Nothing here is needed to survive: a
// lost or broken mirror is made anew.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "adapters/git/commit_tree.hh"
#include "adapters/git/operation.hh"
#include "engine/reconcile/source_port.hh"

namespace weir::git {

class GitMirrors final : public reconcile::GitPort {
 public:
  // Mirrors live in `directory`/<sha256 of the URL>.git, made with mode 0700 when first used.
  explicit GitMirrors(std::string directory);
  ~GitMirrors() override;

  // Errors: see GitPort; text "failed to checkout and determine revision: ...".
  Result<reconcile::GitCheckout> checkout(const reconcile::GitRequest& request) override;
  // Errors: see GitPort; text "failed to push the commit: ...".
  Result<reconcile::GitCommit> revert(const reconcile::GitRevert& revert) override;

 private:
  struct Mirror {
    std::timed_mutex mutex;
    std::string directory;
    std::shared_ptr<BlobCache> blobs = std::make_shared<BlobCache>();
  };
  std::shared_ptr<Mirror> mirror_of(const std::string& url);
  template <typename Talk>
  auto with_mirror(const reconcile::GitRequest& request, std::string_view what, const Talk& talk)
      -> decltype(talk(std::declval<Operation&>(), std::declval<Mirror&>()));
  Result<reconcile::GitCheckout> checkout_one(const reconcile::GitRequest& request);
  Result<std::shared_ptr<const base::FileTree>> with_submodules(
      const reconcile::GitRequest& request, const reconcile::GitCheckout& checkout,
      std::size_t depth, std::size_t& budget);

  std::string directory_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Mirror>> mirrors_;  // by URL without userinfo
};

}  // namespace weir::git
