#include "engine/reconcile/foreign_artifacts.hh"

#include <algorithm>
#include <cstdlib>

#include "engine/base/limits.hh"
#include "engine/base/targz.hh"

namespace weir::reconcile {
namespace {

// A controller that runs outside of the cluster reaches the others under another name; these are
// the variables that the others' consumers read.
std::string reachable(const std::string& url) {
  const bool watcher = url.find("//source-watcher") != std::string::npos;
  const char* host =
      std::getenv(watcher ? "SOURCE_WATCHER_LOCALHOST" : "SOURCE_CONTROLLER_LOCALHOST");
  const std::size_t begin = url.find("://");
  if (host == nullptr || *host == '\0' || begin == std::string::npos) return url;
  const std::size_t end = std::min(url.find('/', begin + 3), url.size());
  return url.substr(0, begin + 3) + host + url.substr(end);
}

}  // namespace

Result<std::string> ForeignArtifacts::fetch(DownloadPort& port, const Artifact& artifact) {
  DownloadRequest request;
  request.url = reachable(artifact.url);
  request.bytes_max = base::limits::artifact_download_bytes_max;
  auto payload = port.download(request);
  if (!payload.ok()) {
    Error error = std::move(payload).error();
    if (error.code == Code::not_found) error.code = Code::gone;
    return error;
  }
  if (!artifact.digest.starts_with("sha256:"))
    return make_error(Code::unsupported, "artifact " + artifact.path + ": digest '" +
                                             artifact.digest + "' is not of sha256");
  if ((*payload)->digest().to_string() != artifact.digest)
    return make_error(Code::corrupt, "failed to verify archive: computed digest '" +
                                         (*payload)->digest().to_string() + "' does not match '" +
                                         artifact.digest + "'");
  return (*payload)->bytes(request.bytes_max);
}

Result<FileTreePtr> ForeignArtifacts::open(DownloadPort& port, const Artifact& artifact) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(recent_.begin(), recent_.end(), [&](const Entry& entry) {
      return entry.digest == artifact.digest;
    });
    if (found != recent_.end()) {
      recent_.splice(recent_.begin(), recent_, found);
      return found->tree;
    }
  }
  WEIR_TRY(const std::string bytes, fetch(port, artifact));
  auto unpacked = base::unpack_targz(bytes);
  if (!unpacked.ok()) return std::move(unpacked).error().with_context("failed to untar artifact");
  FileTreePtr tree = *std::move(unpacked);
  const std::lock_guard lock(mutex_);
  recent_.push_front({artifact.digest, tree, bytes.size()});
  bytes_ += bytes.size();
  while (bytes_ > bytes_max && recent_.size() > 1) {
    bytes_ -= recent_.back().bytes;
    recent_.pop_back();
  }
  return tree;
}

}  // namespace weir::reconcile
