#include "tools/weir/local_build.hh"

#include <algorithm>
#include <filesystem>

#include "adapters/archive/disk_file_tree.hh"
#include "engine/apply/normalise.hh"
#include "engine/base/digest.hh"
#include "engine/base/ignore_rules.hh"
#include "engine/model/kinds/kustomization.hh"
#include "engine/reconcile/render.hh"
#include "engine/value/yaml.hh"
#include "tools/weir/host.hh"
#include "tools/weir/local_remote.hh"

namespace weir::cli {
namespace {

constexpr std::string_view sops_mask = "**SOPS**";

// The tree less what .sourceignore files and --ignore-paths name below the directory that is
// built: they are
// neither listed there nor among the resources of its kustomization file.
class IgnoringTree final : public base::FileTree {
 public:
  IgnoringTree(const base::FileTree& tree, std::string directory, base::IgnoreRules rules)
      : tree_(tree), directory_(std::move(directory)), rules_(std::move(rules)) {}

  std::optional<base::EntryType> stat(std::string_view path) const override {
    return tree_.stat(path);
  }
  std::optional<std::string> canonical(std::string_view path) const override {
    return tree_.canonical(path);
  }
  Result<base::FileBytes> read(std::string_view path) const override {
    WEIR_TRY(base::FileBytes bytes, tree_.read(path));
    const std::string_view name = base::base_name(path);
    const bool kustomization =
        base::parent_path(path) == directory_ &&
        (name == "kustomization.yaml" || name == "kustomization.yml" || name == "Kustomization");
    return kustomization ? without_ignored(std::move(bytes)) : std::move(bytes);
  }
  Result<std::vector<base::DirectoryEntry>> list(std::string_view path) const override {
    WEIR_TRY(auto entries, tree_.list(path));
    std::erase_if(entries, [&](const base::DirectoryEntry& entry) {
      const std::string full = (path.empty() ? "" : std::string(path) + "/") + entry.name;
      if (!full.starts_with(directory_ + "/")) return false;
      return rules_.excluded(full.substr(directory_.size() + 1),
                             entry.type == base::EntryType::directory);
    });
    return entries;
  }

 private:
  // The bytes themselves when nothing is ignored: what does not decode is the build's to explain.
  base::FileBytes without_ignored(base::FileBytes bytes) const {
    value::YamlOptions options;
    options.dialect = value::YamlDialect::kustomize;
    auto parsed = value::parse_yaml(*bytes, options);
    if (!parsed.ok() || !(*parsed)["resources"].is_array()) return bytes;
    Value kept = Value::array();
    for (const Value& entry : (*parsed)["resources"].items()) {
      const auto path = base::clean_path(entry.get_string());
      if (!path || path->empty() || path->starts_with('/') || !rules_.excluded(*path, false))
        kept.push_back(entry);
    }
    if (kept.size() == (*parsed)["resources"].size()) return bytes;
    parsed->set("resources", kept);
    return std::make_shared<const std::string>(value::write_yaml(*parsed));
  }

  const base::FileTree& tree_;
  std::string directory_;
  base::IgnoreRules rules_;
};

std::vector<std::string> split_commas(const std::vector<std::string>& given) {
  std::vector<std::string> words;
  for (const std::string& text : given)
    for (std::size_t from = 0; from <= text.size();) {
      const std::size_t comma = std::min(text.find(',', from), text.size());
      if (comma > from) words.push_back(text.substr(from, comma - from));
      from = comma + 1;
    }
  return words;
}

bool is_kustomization(const Value& object) {
  return object["apiVersion"].get_string().starts_with(model::kustomization_gvk.group + "/") &&
         object["kind"].get_string() == "Kustomization";
}

Result<Value> read_kustomization(const LocalBuild& build) {
  auto text = read_file(build.file);
  if (!text.ok())
    return std::move(text).error().with_context("failed to read kustomization file " + build.file);
  value::YamlOptions options;
  options.file = build.file;
  WEIR_TRY(const auto documents, value::parse_yaml_documents(*text, options));
  for (const auto& document : documents) {
    const Value& object = document.value;
    const std::string_view ns = object.path("metadata", "namespace").get_string();
    if (!is_kustomization(object) || object.path("metadata", "name").get_string() != build.name ||
        !(ns.empty() || ns == build.connection.ns()))
      continue;
    WEIR_CHECK(model::check_spec(model::kustomization_declaration(), object)
                   .with_context(build.file + ":" + std::to_string(document.line)));
    return object;
  }
  return make_error(Code::not_found, "failed find kustomization with name '" + build.name +
                                         "' and namespace '" + build.connection.ns() +
                                         "' in file '" + build.file + "'");
}

// The live object; null when it may be absent and is.
Result<Value> live_kustomization(const LocalBuild& build, const std::string& ns,
                                 const std::string& name, bool may_be_absent) {
  auto live = build.connection.kube().get({model::kustomization_gvk, ns, name});
  if (live.ok()) return live;
  if (may_be_absent && live.error().code == Code::not_found) return Value();
  return std::move(live).error();
}

Result<Value> find_kustomization(const LocalBuild& build) {
  Value live;
  if (!build.dry_run) {
    WEIR_TRY(live,
             live_kustomization(build, build.connection.ns(), build.name, build.ignore_not_found));
  }
  if (build.file.empty()) return live;
  WEIR_TRY(Value given, read_kustomization(build));
  if (live["status"].path("inventory").is_object()) given.set("status", live["status"]);
  return given;
}

bool mask_values(Value& secret, std::string_view field, bool everything) {
  Value* data = secret.find_mut(field);
  if (data == nullptr || !data->is_object()) return false;
  const bool encoded = field == "data";
  for (std::size_t i = 0; i < data->size(); ++i) {
    Value& text = data->member_mut(i).value;
    std::string plain(text.get_string());
    if (encoded) {
      auto decoded = base::base64_decode(plain);
      if (decoded.ok()) plain = *std::move(decoded);
    }
    const bool sealed =
        plain.find("sops") != std::string::npos && plain.find("ENC[") != std::string::npos;
    if (!everything && !sealed) continue;
    const bool is_config =
        secret["type"].get_string() == "kubernetes.io/dockerconfigjson" && everything;
    const std::string mask = is_config ? R"({"mask":"**SOPS**"})" : std::string(sops_mask);
    text = Value(encoded ? base::base64_encode(mask) : mask);
  }
  return true;
}

// What SOPS encrypts is not decrypted here, and not shown either.
void mask_sops(Value& object) {
  if (object["kind"].get_string() != "Secret") return;
  const bool everything = object["sops"].is_object();
  object.erase("sops");
  mask_values(object, "data", everything);
  mask_values(object, "stringData", everything);
}

Result<std::vector<Value>> render(const LocalBuild& build, const Value& kustomization,
                                  const std::string& path) {
  WEIR_TRY(const model::KustomizationSpec spec, model::decode_kustomization(kustomization));
  WEIR_TRY(const auto disk, archive::DiskFileTree::open_unconfined("/"));
  const std::string directory = path.substr(1);
  std::string patterns;
  for (const std::string& pattern : split_commas(build.ignore_paths)) patterns += pattern + "\n";
  WEIR_TRY(const auto below, archive::DiskFileTree::open(path));
  const std::optional<std::string_view> given =
      patterns.empty() ? std::nullopt : std::optional<std::string_view>(patterns);
  WEIR_TRY(auto rules, base::IgnoreRules::load(*below, given));
  const IgnoringTree tree(*disk, directory, std::move(rules));
  reconcile::BuildInputs inputs;
  inputs.confine = false;
  inputs.display_root = "/";
  LocalRemote remote;
  inputs.remote = &remote;
  WEIR_TRY(std::vector<Value> objects,
           reconcile::build_resources(tree, directory, kustomization["spec"], inputs));
  const std::string ns(kustomization.path("metadata", "namespace").get_string());
  const std::string name(kustomization.path("metadata", "name").get_string());
  constexpr auto words = reconcile::SubstitutionWords::command_line;
  WEIR_TRY(const auto variables,
           reconcile::read_variables(build.dry_run ? nullptr : &build.connection.kube(), ns, spec,
                                     words));
  WEIR_CHECK(reconcile::substitute_all(objects, variables, spec, build.strict, words));
  for (Value& object : objects) {
    apply::add_owner_labels(object, ns, name);
    mask_sops(object);
    apply::add_common_metadata(object, spec.common_labels, spec.common_annotations);
  }
  return objects;
}

Result<BuiltKustomization> render_all(const LocalBuild& build, const Value& kustomization,
                                      const std::string& path, bool children) {
  BuiltKustomization built;
  built.kustomization = kustomization;
  WEIR_TRY(built.objects, render(build, kustomization, path));
  if (!children || !build.recursive) return built;
  std::vector<Value> more;
  for (const Value& object : built.objects) {
    if (!is_kustomization(object) ||
        model::same_object(ObjectId::of(object), ObjectId::of(kustomization)))
      continue;
    WEIR_TRY(const BuiltKustomization child, build_child(build, object, true));
    more.insert(more.end(), child.objects.begin(), child.objects.end());
  }
  built.objects.insert(built.objects.end(), more.begin(), more.end());
  return built;
}

}  // namespace

void LocalBuild::add_to(Args& args) {
  connection.add_to(args);
  args.positional("name", name, "Name of the Kustomization.");
  args.option("--path", path, "Directory that stands for spec.path.");
  args.option("--kustomization-file", file,
              "File with the Kustomization, instead of the live one.");
  args.option("--ignore-paths", ignore_paths, "Files to leave out, in .gitignore format.");
  args.flag("--strict-substitute", strict, "Variables that are not set are errors.");
  args.flag("-r,--recursive", recursive, "Kustomizations among the objects too.");
  args.option("--local-sources", local_source_words,
              "Their sources: Kind/namespace/name=DIRECTORY,...");
  args.flag("--in-memory-build", in_memory, "Never writes to the directory; it never does.");
}

Result<void> LocalBuild::open() {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (path.empty() || !fs::is_directory(path, ignored))
    return make_error(Code::invalid, "invalid resource path \"" + path + "\"", "Path");
  path = fs::absolute(path).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (dry_run && file.empty())
    return make_error(Code::invalid, "dry-run mode requires a kustomization file");
  if (ignore_not_found && file.empty())
    return make_error(Code::invalid,
                      "kustomization file is required when assuming new kustomizations");
  if (!file.empty() && !fs::is_regular_file(file, ignored))
    return make_error(Code::invalid, "invalid kustomization file \"" + file + "\"");
  for (const std::string& word : split_commas(local_source_words)) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos)
      return make_error(Code::invalid,
                        "--local-sources: \"" + word + "\" must be Kind/namespace/name=path");
    sources[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return dry_run ? connection.check() : connection.open();
}

Result<BuiltKustomization> build_local(const LocalBuild& build, bool children) {
  auto found = find_kustomization(build);
  if (!found.ok())
    return std::move(found).error().with_context("failed to get kustomization object");
  return render_all(build, *found, build.path, children);
}

Result<BuiltKustomization> build_child(const LocalBuild& build, const Value& kustomization,
                                       bool children) {
  const ObjectId id = ObjectId::of(kustomization);
  Value chosen = kustomization;
  if (!build.dry_run) {
    WEIR_TRY(const Value live, live_kustomization(build, id.ns, id.name, true));
    if (live.is_object()) chosen = live;
  }
  const Value& reference = chosen.path("spec", "sourceRef");
  std::string ns(reference["namespace"].get_string());
  if (ns.empty()) ns = id.ns;
  const std::string key = std::string(reference["kind"].get_string()) + "/" + ns + "/" +
                          std::string(reference["name"].get_string());
  const auto source = build.sources.find(key);
  if (source == build.sources.end())
    return make_error(Code::not_found,
                      "cannot get local path for " + key + " of kustomization " + id.name);
  const std::filesystem::path below(std::string(chosen.path("spec", "path").get_string()));
  std::string path = (std::filesystem::absolute(source->second) / below.relative_path())
                         .lexically_normal()
                         .string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return render_all(build, chosen, path, children);
}

}  // namespace weir::cli
