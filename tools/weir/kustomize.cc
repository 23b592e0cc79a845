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
#include "tools/weir/kustomize_report.hh"
#include "tools/weir/local_remote.hh"

namespace {

using namespace weir;
using weir::cli::LocalRemote;
namespace fs = std::filesystem;

constexpr const char* usage =
    "Build a set of KRM resources using a 'kustomization.yaml' file.\n\n"
    "Usage:\n  weir kustomize DIR [flags]\n\nFlags:\n"
    "      --enable-helm                     Enable use of the Helm chart inflator generator.\n"
    "      --load-restrictor string          'LoadRestrictionsNone' lets files lie outside of the "
    "kustomization's\n"
    "                                        own folder; the default is "
    "'LoadRestrictionsRootOnly'.\n"
    "      --enable-managedby-label          Label every resource app.kubernetes.io/managed-by.\n"
    "  -o, --output string                   Write to this file, or one file a resource into this "
    "directory.\n"
    "      --diff string                         Print what another directory or URL builds "
    "differently:\n"
    "                                        exit code 0 for nothing, 1 for differences, 2 for an "
    "error.\n"
    "      --explain string                  Print what set each field of KIND/NAME or "
    "KIND/NAMESPACE/NAME: file,\n"
    "                                        line and pass.\n";

struct Arguments {
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
  std::vector<std::string> words(argv + 1, argv + argc);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const std::size_t equals = word.find('=');
    const std::string name = word.starts_with('-') ? word.substr(0, equals) : "";
    const auto value = [&] {
      if (equals != std::string::npos) return word.substr(equals + 1);
      return i + 1 < words.size() ? words[++i] : std::string();
    };
    if (name.empty()) {
      if (!arguments.directory.empty()) return "specify one path to kustomization.yaml";
      arguments.directory = word;
    } else if (name == "--load-restrictor") {
      const std::string restrictor = value();
      if (restrictor == "LoadRestrictionsNone") {
        arguments.options.load_restrictor = kustomize::LoadRestrictor::none;
      } else if (restrictor != "LoadRestrictionsRootOnly") {
        return "illegal flag value --load-restrictor " + restrictor +
               "; legal values: [LoadRestrictionsRootOnly LoadRestrictionsNone]";
      }
    } else if (name == "--enable-helm") {
      arguments.options.enable_helm = true;
    } else if (name == "--enable-managedby-label") {
      arguments.options.add_managed_by_label = true;
    } else if (name == "-o" || name == "--output") {
      arguments.output = value();
    } else if (name == "--diff") {
      arguments.other = value();
    } else if (name == "--explain") {
      arguments.explained = value();
      arguments.options.trace = true;
    } else {
      return "unknown flag: " + name;
    }
  }
  if (arguments.directory.empty()) arguments.directory = ".";
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
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--help" || std::string_view(argv[i]) == "-h") {
      std::fputs(usage, stdout);
      return 0;
    }
  }
  const std::string problem = parse(argc, argv, arguments);
  if (!problem.empty()) return refuse(problem);
  arguments.options.display_root = "/";
  arguments.options.legacy_order = true;
  LocalRemote remote;
  arguments.options.remote = &remote;
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
