// Remote bases for the command line: mirrors in the user's cache folder, SSH keys of the user's
// home. Nothing is opened before the first fetch, so that builds without remotes pay nothing.
// One thread.
#pragma once

#include <memory>

#include "engine/kustomize/build.hh"

namespace weir::cli {

class LocalRemote final : public kustomize::RemoteLoader {
 public:
  LocalRemote();
  ~LocalRemote() override;
  LocalRemote(const LocalRemote&) = delete;
  LocalRemote& operator=(const LocalRemote&) = delete;

  Result<std::string> fetch_file(const std::string& url) override;
  Result<kustomize::RemoteTree> fetch_repository(const kustomize::RepoSpec& spec) override;

 private:
  struct Impl;
  Result<kustomize::RemoteLoader*> open();

  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::cli
