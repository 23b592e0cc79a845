// weir pull artifact: the files of an OCI artifact, into a directory that is there.
#include <filesystem>

#include "tools/weir/artifact.hh"
#include "tools/weir/host.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

Result<void> write_tree(const base::FileTree& tree, const std::string& path,
                        const std::string& directory) {
  WEIR_TRY(const auto entries, tree.list(path));
  for (const base::DirectoryEntry& entry : entries) {
    const std::string below = path.empty() ? entry.name : path + "/" + entry.name;
    const std::string target = directory + "/" + below;
    if (entry.type == base::EntryType::directory) {
      std::error_code error;
      fs::create_directory(target, error);
      if (error) return make_error(Code::io, target + ": " + error.message());
      WEIR_CHECK(write_tree(tree, below, directory));
      continue;
    }
    // What stands there may be a link that leads elsewhere: a file of that name replaces it.
    WEIR_TRY(const base::FileBytes bytes, tree.read(below));
    WEIR_CHECK(write_file(target, *bytes, entry.executable ? 0755 : 0644));
  }
  return {};
}

Result<void> run(RegistryFlags& flags, const std::string& url, const std::string& output) {
  WEIR_TRY(const oci::Reference reference, parse_artifact_url(url));
  std::error_code error;
  if (output.empty()) return make_error(Code::invalid, "output path cannot be empty");
  if (!fs::is_directory(output, error))
    return make_error(Code::not_found, "invalid output path \"" + output + "\": stat " + output +
                                           ": no such file or directory");
  WEIR_CHECK(flags.open());
  say_action("pulling artifact from " + reference_text(reference));
  WEIR_TRY(const PulledArtifact pulled, pull_artifact_files(flags, reference));
  const reconcile::OciManifest& manifest = pulled.manifest;
  WEIR_CHECK(write_tree(*pulled.files, "", output));
  say_success("source " + std::string(manifest.annotations[source_annotation].get_string()));
  say_success("revision " + std::string(manifest.annotations[revision_annotation].get_string()));
  say_success("digest " + repository_text(reference.repository) + "@" + manifest.digest);
  say_success("artifact content extracted to " + output);
  return {};
}

int pull_artifact(int argc, char** argv) {
  RegistryFlags flags;
  std::string url, output;
  Args args("pull artifact", "Downloads an OCI artifact and extracts its files.");
  flags.add_to(args);
  args.positional("url", url, "The artifact: oci://HOST/REPOSITORY:TAG.");
  args.option("-o,--output", output, "Directory to extract to.");
  if (const auto code = args.parse(argc, argv)) return *code;
  const auto done = run(flags, url, output);
  return done.ok() ? 0 : failed(done.error().message);
}

}  // namespace

int run_pull(int argc, char** argv) {
  static const std::vector<Verb> verbs = {
      {"artifact", "Downloads the files of an OCI artifact.", pull_artifact}};
  return dispatch("pull", verbs, argc, argv);
}

}  // namespace weir::cli
