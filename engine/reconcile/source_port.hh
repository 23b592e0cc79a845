// What the engine asks of the outside world to fetch sources and keep artifacts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/base/digest.hh"
#include "engine/base/duration.hh"
#include "engine/base/file_tree.hh"
#include "engine/base/result.hh"

namespace weir::reconcile {

// spec.ref of a GitRepository. Precedence: commit > name > tag > semver > branch > any; all empty =
// branch "master".
struct GitReference {
  std::string branch;
  std::string tag;
  std::string semver;
  std::string name;
  std::string commit;
  std::string any = {};  // what `git fetch` takes: a full name, tag, branch, commit or "HEAD"
};

// Credentials out of the Secret (contract 1.7), already told apart. Secret: never logged, never
// stored.
struct GitCredentials {
  std::string username, password;  // basic
  std::string bearer_token;        // https only; wins over basic
  std::string ssh_identity, ssh_passphrase, ssh_known_hosts;
  std::string ca_file, client_cert, client_key;  // PEM texts
};

struct GitCommit {
  std::string sha;        // 40 hex digits
  std::string author;     // "Name <mail>"
  base::TimeUs time = 0;  // author time
  std::string subject;    // first line of the message
  std::string message;
};

struct GitRequest {
  std::string url;
  GitReference reference;
  GitCredentials credentials;
  base::Duration timeout{};
  // The revision that the caller already has; when the remote still has it, the checkout is
  // skipped.
  std::string known_revision;
  bool allow_local = false;  // plain paths and file:// (only `weir up` and the command line)
  // Submodules are checked out too and stand in the tree. Those of another host than the URL's are
  // reached without the credentials.
  bool recurse_submodules = false;
};

struct GitCheckout {
  std::string revision;  // "main@sha1:<40 hex>" and the other forms of the contract
  GitCommit commit;
  bool unchanged = false;  // known_revision still holds; `tree` is null
  std::shared_ptr<const base::FileTree>
      tree;  // the commit's files; outlives the port's later fetches
};

// A file as it was in a commit.
struct GitFile {
  std::string path;
  std::string commit;
  bool operator==(const GitFile&) const = default;
};

// A commit that puts files back to what they were.
struct GitRevert {
  GitRequest remote;           // URL, credentials, timeout
  std::string branch;
  std::string head;            // where the branch must stand
  std::vector<GitFile> files;  // those that their commit has not are removed
  std::string author_name, author_email, message;
  base::TimeUs time = 0;
};

// Implementation: adapters/git (libgit2, a persistent bare mirror per URL). Errors name the step,
// with the contract's reason in Error::reason: "GitOperationFailed", "AuthenticationFailed",
// "URLInvalid", "EmptyGitRepository". URLs in texts have their userinfo removed.
class GitPort {
 public:
  virtual ~GitPort() = default;
  virtual Result<GitCheckout> checkout(const GitRequest& request) = 0;
  // Commits to `branch` of the remote and pushes, never forced. Errors: those of checkout; conflict
  // (the branch has moved, or the server refused), invalid (nothing would change), unsupported.
  virtual Result<GitCommit> revert(const GitRevert& revert);
};

struct StoredArtifact {
  std::string path;       // "gitrepository/<ns>/<name>/<commit>.tar.gz"
  std::string digest;     // "sha256:<hex>" of the file's bytes
  std::int64_t size = 0;  // bytes
  base::TimeUs time = 0;  // when it was stored
};

// Takes bytes in order, in pieces; its error ends the reading.
using ByteSink = std::function<Result<void>(std::string_view)>;
// Calls the sink as many times as it likes.
using ByteProducer = std::function<Result<void>(const ByteSink& sink)>;

// Keeps artifacts as files that are served over HTTP. Implementation: store/artifacts (disk), and
// in memory for the simulator. Paths are the contract's; writing is atomic.
class ArtifactPort {
 public:
  virtual ~ArtifactPort() = default;
  // Packs `tree` less what the ignore rules exclude (contract part 3; `ignore` is spec.ignore) as
  // the contract's tar.gz. Same tree and rules => same digest. Errors: io, limit, invalid
  // (unreadable ignore file).
  virtual Result<StoredArtifact> store(std::string_view kind, std::string_view ns,
                                       std::string_view name, std::string_view file,
                                       const base::FileTree& tree,
                                       std::optional<std::string_view> ignore) = 0;
  // Keeps `bytes` as they are: charts, repository indexes, copied OCI layers. Errors: io, limit,
  // invalid.
  virtual Result<StoredArtifact> store_bytes(std::string_view kind, std::string_view ns,
                                             std::string_view name, std::string_view file,
                                             std::string_view bytes);
  // The bytes of a stored artifact, digest checked; `digest` may be "". Errors: not_found, corrupt,
  // io.
  virtual Result<base::FileBytes> read(std::string_view path, std::string_view digest);
  // The files of a stored artifact, digest checked. Errors: not_found, corrupt. Answers for an
  // artifact just stored come from memory. `digest` may be "" (not checked).
  virtual Result<std::shared_ptr<const base::FileTree>> open(std::string_view path,
                                                             std::string_view digest) = 0;
  virtual bool exists(std::string_view path, std::string_view digest) = 0;
  // Contract part 2's collection: in the object's folder, removes what is not `current` and older
  // than `ttl`, then the oldest until `records` remain. Returns the paths removed.
  virtual Result<std::vector<std::string>> collect(std::string_view kind, std::string_view ns,
                                                   std::string_view name, std::string_view current,
                                                   base::Duration ttl, std::size_t records) = 0;
  // Removes the object's whole folder.
  virtual Result<void> remove_all(std::string_view kind, std::string_view ns,
                                  std::string_view name) = 0;
  // "http://<adv-addr>/<path>".
  virtual std::string url(std::string_view path) const = 0;
  // Makes the artifact available as `alias` in its folder too ("latest.tar.gz"), in place of what
  // the alias stood for. The alias' URL; "" when that could not be done.
  virtual std::string publish(std::string_view path, std::string_view alias);
  // The stored bytes in pieces, in order. The digest ("" = not checked) is known to fit only when
  // this has succeeded. Errors: not_found, corrupt, io, and the sink's.
  virtual Result<void> scan(std::string_view path, std::string_view digest, const ByteSink& sink);
  // A part of the stored bytes, nothing checked. Errors: not_found, io, corrupt (it ends before).
  virtual Result<std::string> read_range(std::string_view path, std::uint64_t offset,
                                         std::uint64_t size);
  // Keeps what `write` appends, without holding it in memory. Errors: io, limit, invalid, and those
  // of `write`.
  virtual Result<StoredArtifact> store_stream(std::string_view kind, std::string_view ns,
                                              std::string_view name, std::string_view file,
                                              const ByteProducer& write);
};

inline Result<GitCommit> GitPort::revert(const GitRevert&) {
  return make_error(Code::unsupported, "this Git port cannot write");
}

// A store of trees alone need not keep bytes.
inline Result<StoredArtifact> ArtifactPort::store_bytes(std::string_view, std::string_view,
                                                        std::string_view, std::string_view,
                                                        std::string_view) {
  return make_error(Code::unsupported, "this artifact store keeps trees only");
}
inline std::string ArtifactPort::publish(std::string_view, std::string_view) { return {}; }
inline Result<void> ArtifactPort::scan(std::string_view path, std::string_view digest,
                                       const ByteSink& sink) {
  WEIR_TRY(const base::FileBytes bytes, read(path, digest));
  return sink(*bytes);
}
inline Result<std::string> ArtifactPort::read_range(std::string_view path, std::uint64_t offset,
                                                    std::uint64_t size) {
  WEIR_TRY(const base::FileBytes bytes, read(path, {}));
  if (offset > bytes->size() || size > bytes->size() - offset)
    return make_error(Code::corrupt, std::string(path) + ": shorter than it was");
  return bytes->substr(offset, size);
}
inline Result<StoredArtifact> ArtifactPort::store_stream(std::string_view kind, std::string_view ns,
                                                         std::string_view name,
                                                         std::string_view file,
                                                         const ByteProducer& write) {
  std::string bytes;
  WEIR_CHECK(write([&](std::string_view piece) -> Result<void> {
    bytes.append(piece);
    return {};
  }));
  return store_bytes(kind, ns, name, file, bytes);
}
inline Result<base::FileBytes> ArtifactPort::read(std::string_view, std::string_view) {
  return make_error(Code::unsupported, "this artifact store keeps trees only");
}

}  // namespace weir::reconcile
