// weir diff artifact: whether an OCI artifact holds the very files that are here.
#include <map>

#include "tools/weir/artifact.hh"
#include "tools/weir/artifact_files.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

using Contents = std::map<std::string, base::FileBytes>;

Result<void> read_all(const base::FileTree& tree, const std::string& path, Contents& out) {
  WEIR_TRY(const auto entries, tree.list(path));
  for (const base::DirectoryEntry& entry : entries) {
    const std::string below = path.empty() ? entry.name : path + "/" + entry.name;
    if (entry.type == base::EntryType::directory) {
      WEIR_CHECK(read_all(tree, below, out));
    } else if (entry.type == base::EntryType::file) {
      WEIR_TRY(out[below], tree.read(below));
    }
  }
  return {};
}

bool same(const Contents& a, const Contents& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [path, bytes] : a) {
    const auto found = b.find(path);
    if (found == b.end() || *found->second != *bytes) return false;
  }
  return true;
}

Result<void> run(RegistryFlags& flags, const ArtifactFiles& files, const std::string& url) {
  WEIR_CHECK(files.check());
  WEIR_TRY(const oci::Reference reference, parse_artifact_url(url));
  WEIR_TRY(const auto local, files.tree());
  WEIR_CHECK(flags.open());
  WEIR_TRY(const PulledArtifact remote, pull_artifact_files(flags, reference));
  Contents here, there;
  WEIR_CHECK(read_all(*local, "", here));
  WEIR_CHECK(read_all(*remote.files, "", there));
  if (!same(here, there))
    return make_error(Code::conflict, "the remote artifact contents differs from the local one");
  say_success("no changes detected");
  return {};
}

}  // namespace

int run_diff_artifact(int argc, char** argv) {
  RegistryFlags flags;
  ArtifactFiles files;
  std::string url;
  Args args("diff artifact",
            "Compares an OCI artifact with local files: exit code 1 if they differ.");
  flags.add_to(args);
  args.positional("url", url, "The artifact: oci://HOST/REPOSITORY:TAG.");
  args.option("--path", files.path, "Directory or file to compare with.");
  files.add_ignored_to(args);
  if (const auto code = args.parse(argc, argv)) return *code;
  const auto done = run(flags, files, url);
  return done.ok() ? 0 : failed(done.error().message);
}

}  // namespace weir::cli
