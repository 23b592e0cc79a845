// weir build ks: the objects that a Kustomization builds from local files. weir build artifact: the
// archive that a push would upload.
#include <filesystem>

#include "engine/value/yaml.hh"
#include "tools/weir/artifact_files.hh"
#include "tools/weir/host.hh"
#include "tools/weir/local_build.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

int build_kustomization(int argc, char** argv) {
  LocalBuild build;
  Args args("build kustomization", "Prints what a Kustomization builds from local files.");
  build.add_to(args);
  args.flag("--dry-run", build.dry_run, "Touches no cluster; needs --kustomization-file.");
  if (const auto code = args.parse(argc, argv)) return *code;
  std::string path = build.path;
  if (!path.empty()) path = std::filesystem::absolute(path).lexically_normal().string();
  auto opened = build.open();
  if (!opened.ok() && opened.error().reason == "Path")
    return failed(make_error(Code::invalid, "invalid resource path \"" + path + "\""));
  if (!opened.ok()) return failed(opened.error());
  auto built = build_local(build, true);
  if (!built.ok()) return failed(built.error().message);
  std::string out;
  for (const Value& object : built->objects) {
    value::append_yaml(out, object, value::YamlStyle::helm);
    out += "---\n";
  }
  print(out);
  return 0;
}

int build_artifact(int argc, char** argv) {
  ArtifactFiles files;
  std::string output = "artifact.tgz";
  Args args("build artifact", "Packs a directory or a file as a push of it would.");
  args.option("-p,--path", files.path, "Directory or file to pack; - reads manifests from stdin.");
  args.option("-o,--output", output, "File to write.");
  files.add_ignored_to(args);
  files.add_symlinks_to(args);
  if (const auto code = args.parse(argc, argv)) return *code;
  if (const auto checked = files.check(); !checked.ok()) return failed(checked.error().message);
  say_action("building artifact from " + files.path);
  const auto packed = files.pack();
  if (!packed.ok()) return failed(packed.error().message);
  const auto written = write_file(output, *packed, 0644);
  if (!written.ok()) return failed(written.error().message);
  say_success("artifact created at " + output);
  return 0;
}

}  // namespace

int run_build(int argc, char** argv) {
  static const std::vector<Verb> verbs = {
      {"kustomization", "What a Kustomization builds from local files.", build_kustomization},
      {"ks", "The same.", build_kustomization},
      {"artifact", "The archive of an OCI artifact.", build_artifact}};
  return dispatch("build", verbs, argc, argv);
}

}  // namespace weir::cli
