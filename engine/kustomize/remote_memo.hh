// Fetches each remote file and repository once a build, so that a build sees one state of each
// however often it names them. Belongs to one build and its thread.
#pragma once

#include <map>
#include <string>

#include "engine/kustomize/build.hh"

namespace weir::kustomize {

class RemoteMemo final : public RemoteLoader {
 public:
  explicit RemoteMemo(RemoteLoader* next) : next_(next) {}

  Result<std::string> fetch_file(const std::string& url) override {
    return remember(files_, url, [&] { return next_->fetch_file(url); });
  }
  Result<RemoteTree> fetch_repository(const RepoSpec& spec) override {
    const std::string key =
        spec.clone_url + "?" + spec.ref + (spec.submodules ? "&submodules" : "");
    return remember(repositories_, key, [&] { return next_->fetch_repository(spec); });
  }

 private:
  template <typename T, typename F>
  static Result<T> remember(std::map<std::string, Result<T>>& known, const std::string& key,
                            F&& fetch) {
    const auto found = known.find(key);
    if (found != known.end()) return found->second;
    return known.emplace(key, fetch()).first->second;
  }

  RemoteLoader* next_;
  std::map<std::string, Result<std::string>> files_;
  std::map<std::string, Result<RemoteTree>> repositories_;
};

}  // namespace weir::kustomize
