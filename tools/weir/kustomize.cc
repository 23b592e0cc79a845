// weir kustomize DIR: what `kubectl kustomize DIR` prints.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/base/limits.hh"
#include "engine/kustomize/build.hh"
#include "engine/model/object_id.hh"

namespace {

using namespace weir;
namespace fs = std::filesystem;

// The local file system, rooted at "/".
class LocalTree final : public base::FileTree {
 public:
  std::optional<base::EntryType> stat(std::string_view path) const override {
    std::error_code error;
    const fs::file_status status = fs::status(full(path), error);
    if (error || !fs::exists(status)) return std::nullopt;
    return fs::is_directory(status) ? base::EntryType::directory : base::EntryType::file;
  }

  Result<base::FileBytes> read(std::string_view path) const override {
    const fs::path file = full(path);
    std::error_code error;
    const std::uintmax_t size = fs::file_size(file, error);
    if (!error && size > base::limits::file_bytes_max) {
      return base::make_error(base::Code::limit, "file " + file.string() + " is larger than " +
                                                     std::to_string(base::limits::file_bytes_max) +
                                                     " bytes");
    }
    std::ifstream in(file, std::ios::binary);
    if (!in) return base::make_error(base::Code::io, "open " + file.string() + ": cannot be read");
    return std::make_shared<const std::string>(std::istreambuf_iterator<char>(in),
                                               std::istreambuf_iterator<char>());
  }

  Result<std::vector<base::DirectoryEntry>> list(std::string_view path) const override {
    std::error_code error;
    std::vector<base::DirectoryEntry> entries;
    for (const fs::directory_entry& entry : fs::directory_iterator(full(path), error)) {
      const fs::file_status status = entry.symlink_status(error);
      base::DirectoryEntry found;
      found.name = entry.path().filename().string();
      found.type = fs::is_symlink(status)     ? base::EntryType::symlink
                   : fs::is_directory(status) ? base::EntryType::directory
                                              : base::EntryType::file;
      entries.push_back(std::move(found));
    }
    if (error)
      return base::make_error(base::Code::io, full(path).string() + ": " + error.message());
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
  }

 private:
  static fs::path full(std::string_view path) {
    return fs::path("/") / fs::path(path).relative_path();
  }
};

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
    "directory.\n";

struct Arguments {
  std::string directory;
  std::string output;
  kustomize::BuildOptions options;
};

int refuse(const std::string& message) {
  std::fprintf(stderr, "error: %s\n", message.c_str());
  return 1;
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

// A file, or one file a resource ("apps_v1_deployment_web.yaml") when the path is a directory.
int write_output(const std::string& path, const std::vector<Value>& resources) {
  std::error_code error;
  const bool directory = fs::is_directory(path, error);
  const auto write = [](const fs::path& file, const std::string& text) {
    std::ofstream out(file, std::ios::binary);
    out << text;
    return static_cast<bool>(out.flush());
  };
  if (!directory) {
    return write(path, kustomize::write_resources(resources)) ? 0 : refuse("cannot write " + path);
  }
  for (const Value& resource : resources) {
    const ObjectId id = ObjectId::of(resource);
    std::string name = id.gvk.group.empty() ? "" : lower(id.gvk.group) + "_";
    name += lower(id.gvk.version) + "_" + lower(id.gvk.kind) + "_" + id.name + ".yaml";
    if (!id.ns.empty()) name = id.ns + "_" + name;
    if (!write(fs::path(path) / name, kustomize::write_resources({resource}))) {
      return refuse("cannot write " + (fs::path(path) / name).string());
    }
  }
  return 0;
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
  std::error_code error;
  fs::path directory = fs::absolute(arguments.directory, error);
  const fs::path real = fs::canonical(directory, error);
  if (!error) directory = real;
  arguments.options.display_root = "/";
  arguments.options.legacy_order = true;
  const LocalTree tree;
  Result<kustomize::BuildResult> built = kustomize::build(
      tree, directory.relative_path().lexically_normal().string(), arguments.options);
  if (!built.ok()) return refuse(built.error().message);
  for (const std::string& warning : built->warnings) std::fprintf(stderr, "%s\n", warning.c_str());
  if (!arguments.output.empty()) return write_output(arguments.output, built->resources);
  const std::string text = kustomize::write_resources(built->resources);
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}

}  // namespace weir::cli
