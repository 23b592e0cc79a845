#include "engine/kustomize/generate.hh"

#include <algorithm>
#include <array>

#include "engine/base/limits.hh"
#include "engine/kustomize/kustomization.hh"
#include "engine/kustomize/repo_spec.hh"
#include "engine/kustomize/resource_reader.hh"
#include "engine/value/yaml.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::EntryType;
using base::make_error;

// The tree with one file put over it.
class OverlayTree final : public base::FileTree {
 public:
  OverlayTree(const base::FileTree& below, std::string path, std::string bytes)
      : below_(below),
        path_(std::move(path)),
        bytes_(std::make_shared<const std::string>(std::move(bytes))) {}

  std::optional<EntryType> stat(std::string_view path) const override {
    if (base::clean_path(path) == path_) return EntryType::file;
    return below_.stat(path);
  }

  std::optional<std::string> canonical(std::string_view path) const override {
    if (auto clean = base::clean_path(path); clean == path_) return clean;
    return below_.canonical(path);
  }

  Result<base::FileBytes> read(std::string_view path) const override {
    if (base::clean_path(path) == path_) return bytes_;
    return below_.read(path);
  }

  Result<std::vector<base::DirectoryEntry>> list(std::string_view path) const override {
    WEIR_TRY(std::vector<base::DirectoryEntry> entries, below_.list(path));
    std::string directory = base::clean_path(path).value_or("");
    if (directory == ".") directory.clear();
    if (directory != base::parent_path(path_)) return entries;
    const std::string name(base::base_name(path_));
    const auto place =
        std::lower_bound(entries.begin(), entries.end(), name,
                         [](const auto& entry, const std::string& n) { return entry.name < n; });
    if (place == entries.end() || place->name != name) {
      entries.insert(place, {name, EntryType::file, false});
    } else {
      place->type = EntryType::file;
    }
    return entries;
  }

 private:
  const base::FileTree& below_;
  std::string path_;
  base::FileBytes bytes_;
};

std::string below(std::string_view directory, std::string_view name) {
  return directory.empty() ? std::string(name) : std::string(directory) + "/" + std::string(name);
}

// The kustomization file of a directory; "" when it has none.
std::string find_file(const base::FileTree& tree, std::string_view directory) {
  for (const std::string& name : kustomization_file_names()) {
    std::string path = below(directory, name);
    const std::optional<EntryType> found = tree.stat(path);
    if (found && *found != EntryType::directory) return path;
  }
  return "";
}

// Lists the manifests below a directory, in lexical order; a directory with a kustomization is one
// entry.
class Scanner {
 public:
  Scanner(const base::FileTree& tree, std::string_view display_root)
      : tree_(tree), display_root_(display_root) {}

  Result<void> scan(const std::string& directory, const std::string& relative, std::size_t depth) {
    if (depth > base::limits::kustomize_depth_max) {
      return make_error(Code::limit, "directories nest deeper than " +
                                         std::to_string(base::limits::kustomize_depth_max) +
                                         " levels");
    }
    WEIR_TRY(const std::vector<base::DirectoryEntry> entries, tree_.list(directory));
    for (const base::DirectoryEntry& entry : entries) {
      if (entry.type == EntryType::symlink) continue;
      const std::string path = below(directory, entry.name);
      const std::string shown = relative + "/" + entry.name;
      if (entry.type == EntryType::directory) {
        if (find_file(tree_, path).empty()) {
          WEIR_CHECK(scan(path, shown, depth + 1));
        } else {
          found_.push_back(Value(shown));
        }
      } else if (entry.name.ends_with(".yaml") || entry.name.ends_with(".yml")) {
        WEIR_CHECK(add_file(path, shown));
      }
    }
    return {};
  }

  Value take() { return std::move(found_); }

 private:
  Result<void> add_file(const std::string& path, const std::string& shown) {
    WEIR_TRY(const base::FileBytes bytes, tree_.read(path));
    const Result<Objects> objects = read_object_file(bytes, path);
    if (!objects.ok()) {
      std::string text = objects.error().message;
      const std::string place = " in File: " + path;
      if (const std::size_t at = text.find(place); at != text.npos) text.erase(at, place.size());
      if (const std::size_t at = text.find("(" + path + ":"); at != text.npos)
        text.insert(at + 1, display_root_);
      return make_error(Code::invalid, "failed to decode Kubernetes YAML from " +
                                           std::string(display_root_) + path + ": " + text);
    }
    found_.push_back(Value(shown));
    return {};
  }

  const base::FileTree& tree_;
  std::string_view display_root_;
  Value found_ = Value::array();
};

bool is_url_like(std::string_view path) {
  constexpr std::array prefixes = {"git::",   "gh:",  "ssh://",      "https://",
                                   "http://", "git@", "github.com:", "github.com/"};
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return path.starts_with(prefix); });
}

Result<void> add_components(Value& fields, const Value& spec, const base::FileTree& tree,
                            std::string_view directory) {
  const bool ignore_missing = spec["ignoreMissingComponents"].get_bool();
  for (const Value& component : spec["components"].items()) {
    const std::string path(component.get_string());
    if (is_url_like(path) || path.starts_with('/')) {
      return make_error(Code::invalid, "component path '" + path + "' must be local and relative");
    }
    if (ignore_missing) {
      const std::optional<std::string> inside = base::join_path(directory, path);
      if (!inside || !tree.stat(*inside)) continue;
    }
    fields.entry("components").push_back(component);
  }
  return {};
}

// newName alone keeps the tag; a tag or a digest replaces both.
void merge_image(Value& images, const Value& image) {
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (images.at(i)["name"].get_string() != image["name"].get_string()) continue;
    Value& known = images.item_mut(i);
    if (!image["newName"].get_string().empty()) known.set("newName", image["newName"]);
    if (image["newTag"].get_string().empty() && image["digest"].get_string().empty()) return;
    for (const std::string_view field : {"newTag", "digest"}) {
      known.erase(field);
      if (!image[field].get_string().empty()) known.set(field, image[field]);
    }
    return;
  }
  images.push_back(image);
}

void add_patches(Value& fields, const Value& spec) {
  for (const Value& patch : spec["patches"].items()) {
    Value added = Value::object({{"patch", patch["patch"]}});
    if (!patch["target"].is_null()) added.set("target", patch["target"]);
    fields.entry("patches").push_back(std::move(added));
  }
}

// What spec asks for, written over the fields, in the order Flux does it.
Result<void> apply_spec(Value& fields, const Value& spec, const base::FileTree& tree,
                        std::string_view directory) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> texts = {
      {{"targetNamespace", "namespace"},
       {"namePrefix", "namePrefix"},
       {"nameSuffix", "nameSuffix"}}};
  for (const auto& [from, to] : texts) {
    if (!spec[from].get_string().empty()) fields.set(to, spec[from]);
  }
  add_patches(fields, spec);
  WEIR_CHECK(add_components(fields, spec, tree, directory));
  for (const Value& image : spec["images"].items()) merge_image(fields.entry("images"), image);
  if (!spec["buildMetadata"].empty()) fields.set("buildMetadata", spec["buildMetadata"]);
  return {};
}

Result<Value> existing_fields(const base::FileTree& tree, const std::string& file) {
  WEIR_TRY(const base::FileBytes bytes, tree.read(file));
  std::vector<std::string> warnings;
  WEIR_TRY(Value fields, decode_kustomization(*bytes, warnings).with_context(file));
  // Without resources the generated ones are told apart by where they come from.
  if (fields["resources"].empty()) fields.set("buildMetadata", Value::array({"originAnnotations"}));
  return fields;
}

Result<Value> new_fields(const base::FileTree& tree, const std::string& directory,
                         std::string_view display_root) {
  Scanner scanner(tree, display_root);
  WEIR_CHECK(scanner.scan(directory, ".", 0));
  Value fields =
      Value::object({{"apiVersion", "kustomize.config.k8s.io/v1beta1"}, {"kind", "Kustomization"}});
  Value resources = scanner.take();
  // An empty kustomization does not build; a namespace that nothing is in does, and gives nothing.
  if (resources.empty()) {
    fields.set("namespace", "_placeholder");
  } else {
    fields.set("resources", std::move(resources));
  }
  return fields;
}

}  // namespace

Result<GeneratedKustomization> generate_kustomization(const base::FileTree& tree,
                                                      std::string_view directory,
                                                      const Value& spec,
                                                      std::string_view display_root) {
  std::optional<std::string> clean = base::join_path("", directory);
  if (!clean) {
    return make_error(Code::invalid,
                      "path '" + std::string(directory) + "' is outside of the artifact");
  }
  while (clean->starts_with('/')) clean->erase(0, 1);
  if (*clean == ".") clean->clear();
  const std::optional<EntryType> found = tree.stat(*clean);
  if (!found || *found != EntryType::directory) {
    return make_error(Code::not_found, "kustomization path not found: stat " + *clean +
                                           ": no such file or directory");
  }
  GeneratedKustomization result;
  result.file = find_file(tree, *clean);
  if (result.file.empty()) {
    result.file = below(*clean, kustomization_file_names().front());
    WEIR_TRY(result.kustomization, new_fields(tree, *clean, display_root));
  } else {
    WEIR_TRY(result.kustomization, existing_fields(tree, result.file));
  }
  WEIR_CHECK(apply_spec(result.kustomization, spec, tree, *clean));
  result.tree =
      std::make_unique<OverlayTree>(tree, result.file, value::write_yaml(result.kustomization));
  return result;
}

}  // namespace weir::kustomize
