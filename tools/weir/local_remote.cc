#include "tools/weir/local_remote.hh"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "adapters/git/mirrors.hh"
#include "adapters/remote/remote_bases.hh"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

// $XDG_CACHE_HOME/weir/git, else ~/.cache/weir/git; without a home a folder that goes with us.
struct CacheFolder {
  std::string path;
  bool temporary = false;

  CacheFolder() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    if (cache != nullptr && *cache == '/') {
      path = std::string(cache) + "/weir/git";
    } else if (home != nullptr && *home == '/') {
      path = std::string(home) + "/.cache/weir/git";
    }
    std::error_code error;
    if (!path.empty() && (fs::create_directories(path, error) || !error)) return;
    std::string name = (fs::temp_directory_path(error) / "weir-git-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path = name, temporary = true;
  }
  ~CacheFolder() {
    std::error_code error;
    if (temporary) fs::remove_all(path, error);
  }
  CacheFolder(const CacheFolder&) = delete;
  CacheFolder& operator=(const CacheFolder&) = delete;
};

}  // namespace

struct LocalRemote::Impl {
  CacheFolder folder;
  git::GitMirrors git{folder.path};
  std::unique_ptr<net::HttpClient> http;
  std::optional<remote::RemoteBases> bases;
};

LocalRemote::LocalRemote() = default;
LocalRemote::~LocalRemote() = default;

Result<kustomize::RemoteLoader*> LocalRemote::open() {
  if (impl_ != nullptr) return &*impl_->bases;
  auto impl = std::make_unique<Impl>();
  WEIR_TRY(impl->http, net::HttpClient::create({}));
  impl->bases.emplace(impl->git, *impl->http,
                      remote::RemoteOptions{true, remote::home_ssh_credentials});
  impl_ = std::move(impl);
  return &*impl_->bases;
}

Result<std::string> LocalRemote::fetch_file(const std::string& url) {
  WEIR_TRY(kustomize::RemoteLoader* const loader, open());
  return loader->fetch_file(url);
}

Result<kustomize::RemoteTree> LocalRemote::fetch_repository(const kustomize::RepoSpec& spec) {
  WEIR_TRY(kustomize::RemoteLoader* const loader, open());
  return loader->fetch_repository(spec);
}

}  // namespace weir::cli
