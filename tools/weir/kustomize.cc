// weir kustomize DIR: what `kubectl kustomize DIR` prints.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "adapters/archive/disk_file_tree.hh"
#include "engine/kustomize/build.hh"
#include "engine/model/object_id.hh"
#include "tools/weir/go_flags.hh"
#include "tools/weir/heap.hh"
#include "tools/weir/kustomize_report.hh"
#include "tools/weir/local_charts.hh"
#include "tools/weir/local_remote.hh"

namespace {

using namespace weir;
using weir::cli::LocalCharts;
using weir::cli::LocalRemote;
namespace fs = std::filesystem;

constexpr const char* usage =
    R"(Build a set of KRM resources using a 'kustomization.yaml' file.

Usage:
  weir kustomize DIR [flags]

Flags:
      --enable-helm                 Inflate the charts of helmCharts, with weir's own Helm engine.
      --enable-managedby-label      Label every resource app.kubernetes.io/managed-by.
      --helm-api-versions strings   API versions that charts see besides the known ones.
      --helm-kube-version string    Kubernetes version that charts see.
      --load-restrictor string      'LoadRestrictionsNone' lets files lie outside of the
                                    kustomization's own folder; the default is
                                    'LoadRestrictionsRootOnly'.
  -o, --output string               Write to this file, or one file a resource into this directory.
      --diff string                 Print what another directory or URL builds differently: exit
                                    code 0 for nothing, 1 for differences, 2 for an error.
      --explain string              Print what set each field of KIND/NAME or KIND/NAMESPACE/NAME:
                                    file, line and pass.

The other flags of kubectl kustomize are for programs that it runs; weir runs none. They are
accepted and not used: --as-current-user, --enable-alpha-plugins, --env, --helm-command,
--helm-debug, --mount, --network, --network-name, --reorder.
)";

struct Arguments {
  bool help = false;
  std::string directory;
  std::string output;
  std::string other;      // --diff
  std::string explained;  // --explain
  kustomize::BuildOptions options;
};

int refuse(const std::string& message, int code = 1) {
  std::fprintf(stderr, "error: %s\n", message.c_str());
  return code;
}

// Returns the problem, or "" when all is understood.
std::string parse(int argc, char** argv, Arguments& arguments) {
  using enum weir::cli::GoFlagKind;
  std::string restrictor = "LoadRestrictionsRootOnly";
  kustomize::BuildOptions& options = arguments.options;
  const weir::cli::GoArguments parsed = weir::cli::parse_go_flags(
      argc, argv,
      {{"help", boolean, 'h', &arguments.help},
       {"enable-helm", boolean, '\0', &options.enable_helm},
       {"enable-managedby-label", boolean, '\0', &options.add_managed_by_label},
       {"helm-api-versions", list, '\0', nullptr, nullptr, &options.helm_api_versions},
       {"helm-kube-version", text, '\0', nullptr, &options.helm_kube_version},
       {"load-restrictor", text, '\0', nullptr, &restrictor},
       {"output", text, 'o', nullptr, &arguments.output},
       {"diff", text, '\0', nullptr, &arguments.other},
       {"explain", text, '\0', nullptr, &arguments.explained},
       {"as-current-user", ignored_switch},
       {"enable-alpha-plugins", ignored_switch},
       {"env", ignored, 'e'},
       {"helm-command", ignored},
       {"helm-debug", ignored_switch},
       {"mount", ignored},
       {"network", ignored_switch},
       {"network-name", ignored},
       {"reorder", ignored}});
  if (!parsed.error.empty() || arguments.help) return parsed.error;
  if (parsed.words.size() > 1) return "specify one path to kustomization.yaml";
  arguments.directory = parsed.words.empty() ? "." : parsed.words.front();
  options.trace = !arguments.explained.empty();
  if (restrictor == "LoadRestrictionsNone") {
    options.load_restrictor = kustomize::LoadRestrictor::none;
  } else if (restrictor != "LoadRestrictionsRootOnly") {
    return "illegal flag value --load-restrictor " + restrictor +
           "; legal values: [LoadRestrictionsRootOnly LoadRestrictionsNone]";
  }
  return "";
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

int refuse_file(const std::string& path) {
  return refuse("open " + path + ": " + std::strerror(errno == 0 ? ENOENT : errno));
}

// A file, or one file a resource ("apps_v1_deployment_web.yaml", with the namespace in front when
// there are several) when the path is a directory.
int write_output(const std::string& path, const std::vector<Value>& resources) {
  std::error_code error;
  const bool directory = fs::is_directory(path, error);
  const auto write = [](const fs::path& file, const std::string& text) {
    std::ofstream out(file, std::ios::binary);
    out << text;
    return static_cast<bool>(out.flush());
  };
  if (!directory) {
    return write(path, kustomize::write_resources(resources)) ? 0 : refuse_file(path);
  }
  const auto namespace_of = [](const ObjectId& id) -> std::string {
    if (kustomize::is_cluster_scoped(id.gvk)) return "";
    return id.ns.empty() ? "default" : id.ns;
  };
  std::set<std::string> namespaces;
  for (const Value& resource : resources) namespaces.insert(namespace_of(ObjectId::of(resource)));
  namespaces.erase("");
  for (const Value& resource : resources) {
    const ObjectId id = ObjectId::of(resource);
    std::string name = id.gvk.group.empty() ? "" : lower(id.gvk.group) + "_";
    name += lower(id.gvk.version) + "_" + lower(id.gvk.kind) + "_" + lower(id.name) + ".yaml";
    const std::string ns = namespace_of(id);
    if (namespaces.size() > 1 && !ns.empty()) name = lower(ns) + "_" + name;
    // A name may hold a slash; a file's may not.
    const fs::path file = fs::path(path) / name;
    if (file.parent_path() != fs::path(path) ||
        !write(file, kustomize::write_resources({resource})))
      return refuse_file(file.string());
  }
  return 0;
}

// A directory of this machine or a Git URL.
Result<kustomize::BuildResult> build(const std::string& place,
                                     const kustomize::BuildOptions& options) {
  if (kustomize::is_repo_url(place)) return kustomize::build_url(place, options);
  std::error_code error;
  const fs::path directory = fs::absolute(place, error);
  WEIR_TRY(const auto disk, archive::DiskFileTree::open_unconfined("/"));
  return kustomize::build(*disk, directory.relative_path().lexically_normal().string(), options);
}

int compare(const Arguments& arguments, const kustomize::BuildResult& built) {
  const auto other = build(arguments.other, arguments.options);
  if (!other.ok()) return refuse(other.error().message, 2);
  return weir::cli::compare_builds(built, *other);
}

}  // namespace

namespace weir::cli {

int run_kustomize(int argc, char** argv) {
  keep_freed_memory();
  Arguments arguments;
  const std::string problem = parse(argc, argv, arguments);
  if (arguments.help) return std::fputs(usage, stdout) < 0 ? 1 : 0;
  if (!problem.empty()) return refuse(problem);
  arguments.options.display_root = "/";
  arguments.options.legacy_order = true;
  LocalRemote remote;
  LocalCharts charts;
  arguments.options.remote = &remote;
  arguments.options.charts = &charts;
  const Result<kustomize::BuildResult> built = build(arguments.directory, arguments.options);
  if (!built.ok()) return refuse(built.error().message, arguments.other.empty() ? 1 : 2);
  for (const std::string& warning : built->warnings) std::fprintf(stderr, "%s\n", warning.c_str());
  if (!arguments.other.empty()) return compare(arguments, *built);
  if (!arguments.explained.empty()) return explain_object(*built, arguments.explained);
  if (!arguments.output.empty()) return write_output(arguments.output, built->resources);
  const std::string text = kustomize::write_resources(built->resources);
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}

}  // namespace weir::cli
