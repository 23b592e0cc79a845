// weir build ks: the objects that a Kustomization builds from local files.
#include "engine/value/yaml.hh"
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
  auto opened = build.open();
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

}  // namespace

int run_build(int argc, char** argv) {
  static const std::vector<Verb> verbs = {
      {"kustomization", "What a Kustomization builds from local files.", build_kustomization},
      {"ks", "The same.", build_kustomization}};
  return dispatch("build", verbs, argc, argv);
}

}  // namespace weir::cli
