// Patches: strategic merge and JSON 6902, inline or from files, with or without a selector.
#include <algorithm>

#include "engine/kustomize/plain_scalar.hh"
#include "engine/kustomize/resource_reader.hh"
#include "engine/kustomize/selector.hh"
#include "engine/kustomize/transformers.hh"
#include "engine/value/json.hh"
#include "engine/value/pointer.hh"
#include "engine/value/strategic_merge.hh"
#include "engine/value/yaml.hh"
#include "engine/value/yaml_scalar.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

constexpr std::string_view hidden_annotation = "internal.config.kubernetes.io/previousNames";

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\n\v\f\r";
  const std::size_t begin = text.find_first_not_of(space);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

std::string quoted(std::string_view text) {
  value::JsonStyle style;
  style.escape_html = false;
  return value::write_json(Value(text), style);
}

// What Go's JSON decoder calls the value of a node.
std::string_view go_kind(const Value& node) {
  if (node.is_object()) return "object";
  if (node.is_array()) return "array";
  return node.is_bool() ? "bool" : node.is_string() ? "string" : "number";
}

base::Error cannot_hold(const Value& operations) {
  const bool list = operations.is_array();
  std::string_view kind = go_kind(operations);
  for (const Value& operation : operations.items()) {
    if (operation.is_object() || operation.is_null()) continue;
    kind = go_kind(operation);
    break;
  }
  return make_error(Code::invalid, "json: cannot unmarshal " + std::string(kind) +
                                       " into Go value of type jsonpatch." +
                                       (list ? "Operation" : "Patch"));
}

// The operations of a JSON patch, and the JSON they were read from, for error texts.
struct Operations {
  Value list;
  std::string json;
};

// A JSON patch from YAML or JSON text. Error: invalid.
Result<Operations> parse_operations(std::string_view text) {
  if (text.empty()) return make_error(Code::invalid, "empty json patch operations");
  Operations result{{}, std::string(text)};
  if (text[0] == '[') {
    Result<Value> list = value::parse_json(text);
    if (!list.ok()) return std::move(list).error().with_context("decoding " + result.json);
    result.list = *std::move(list);
  } else {
    Result<std::vector<value::YamlDocument>> documents =
        value::parse_yaml_documents(text, {value::YamlDialect::helm, {}});
    if (!documents.ok()) return malformed_yaml(std::move(documents).error(), "yaml: ", text);
    if (!documents->empty()) result.list = (*documents)[0].value;
    result.json = value::write_json(result.list);
  }
  const Value& list = result.list;
  const bool fits = list.is_null() || (list.is_array() &&
                                       std::all_of(list.items().begin(), list.items().end(),
                                                   [](const Value& operation) {
                                                     return operation.is_object();
                                                   }));
  if (!fits) return cannot_hold(list).with_context("decoding " + result.json);
  return result;
}

// The manner of a scalar once it is written anew: quotes only where they are needed.
bool wants_quotes(const Value& text) {
  Value ignored;
  return text.as_string().find('\n') != std::string_view::npos ||
         value::resolve_plain(text.as_string(), false, ignored) != value::ScalarKind::string;
}

bool written_anew(const Value& node) {
  if (node.is_null()) return node.null_word() == "null";
  if (node.is_string()) return node.is_quoted() == wants_quotes(node);
  return std::all_of(node.items().begin(), node.items().end(), written_anew) &&
         std::all_of(node.members().begin(), node.members().end(),
                     [](const value::Member& member) { return written_anew(member.value); });
}

// After a trip through JSON nothing tells any more how nulls and strings were written.
void write_anew(Value& node) {
  if (written_anew(node)) return;
  if (node.is_null()) node = Value(nullptr);
  if (node.is_string()) node.set_quoted(wants_quotes(node));
  for (std::size_t i = 0; node.is_array() && i < node.size(); ++i) write_anew(node.item_mut(i));
  for (std::size_t i = 0; node.is_object() && i < node.size(); ++i)
    write_anew(node.member_mut(i).value);
}

// Applies operations to the object. While the reference would keep annotations of its own on the
// object, /metadata/annotations exists for the patch, whatever the manifest says.
Result<void> apply_operations(Resource& resource, const Value& operations) {
  Value& object = resource.edit();
  const bool lent = resource.has_build_annotations();
  if (lent) map_at(map_at(object, "metadata"), "annotations").set(hidden_annotation, Value(""));
  WEIR_CHECK(value::apply_json_patch(object, operations));
  write_anew(object);
  resource.unshare();
  if (!lent) return {};
  Value* metadata = object.find_mut("metadata");
  Value* annotations = metadata == nullptr ? nullptr : metadata->find_mut("annotations");
  const bool survived = annotations != nullptr && annotations->erase(hidden_annotation);
  if (!survived) {
    // The patch put other annotations in the place of all: what tells the origin went with them.
    resource.origin.reset();
    resource.transformations.clear();
    // Annotations that are no map become the reference's own, which leave with it.
    if (annotations != nullptr && !annotations->is_object()) metadata->erase("annotations");
    return {};
  }
  if (annotations->empty()) metadata->erase("annotations");
  return {};
}

Result<void> apply_operations(ResMap& resources, const Selector& selector, const Value& operations,
                              bool remember) {
  WEIR_TRY(const std::vector<std::size_t> selected, selector.select(resources));
  for (const std::size_t i : selected) {
    if (remember) resources[i].store_previous_id();
    WEIR_CHECK(apply_operations(resources[i], operations));
  }
  resources.ids_changed();
  return {};
}

struct MergePatch {
  Value object;
  bool allow_name_change = false;
  bool allow_kind_change = false;
  bool untyped = false;  // it took the type of an object without apiVersion, which becomes a null
};

// The reference keeps its memory of an object in annotations, so a patch that takes all of them
// away makes it forget earlier names.
bool clears_annotations(const Value& patch) {
  const Value* node = &patch;
  for (const std::string_view below : {"metadata", "annotations", ""}) {
    if (node->is_null()) return true;
    if (const Value* directive = node->find("$patch")) {
      const std::string text = value::scalar_text(*directive);
      if (text == "replace" || text == "delete") return true;
    }
    node = node->find(below);
    if (node == nullptr) return false;
  }
  return false;
}

Result<void> apply_merge(Resource& resource, const MergePatch& patch) {
  const std::string name = resource.name();
  const std::string ns = resource.namespace_name();
  const std::string kind(resource.kind());
  // The reference edits in place, so what would replace all of the object comes to nothing.
  if (value::scalar_text(patch.object["$patch"]) == "replace") return {};
  if (patch.allow_name_change || patch.allow_kind_change) resource.store_previous_id();
  WEIR_TRY(const bool kept,
           value::apply_strategic_merge(resource.edit(), patch.object, resource.types()));
  if (!kept) {
    resource.edit() = Value(nullptr);
    return {};
  }
  if (resource.deleted()) return {};
  if (patch.untyped && !resource.object().contains("apiVersion"))
    resource.edit().set("apiVersion", Value::empty_null());
  resource.settle_shared();
  if (clears_annotations(patch.object)) resource.forget();
  if (!patch.allow_kind_change && resource.kind() != kind) resource.set_kind(kind);
  if (!patch.allow_name_change && resource.name() != name) resource.set_name(name);
  if (resource.namespace_name() != ns || ns.empty()) resource.set_namespace(ns);
  return {};
}

// A patch with a selector takes the type of each object it changes, and turns labels and
// annotations to text.
Result<MergePatch> patch_for(const MergePatch& patch, const Resource& target) {
  MergePatch result = patch;
  Resource shell(patch.object, target.types());
  for (const std::string_view field : {"labels", "annotations"}) {
    const StringMap map = shell.metadata_map(field);
    for (const auto& [key, text] : map) WEIR_CHECK(check_plain_key(key));
    shell.set_metadata_map(field, map);
  }
  shell.set_namespace(shell.namespace_name());
  shell.edit().set("apiVersion", target.object()["apiVersion"]);
  result.untyped = target.object()["apiVersion"].is_null();
  result.object = shell.object();
  return result;
}

Result<void> merge_selected(ResMap& resources, const std::vector<std::size_t>& selected,
                            const MergePatch& patch) {
  for (const std::size_t i : selected) {
    WEIR_TRY(const MergePatch own, patch_for(patch, resources[i]));
    WEIR_CHECK(apply_merge(resources[i], own));
  }
  resources.drop_deleted();
  if (clears_annotations(patch.object)) resources.ids_changed();
  if (!patch.allow_name_change && !patch.allow_kind_change) return {};
  return resources.check_unique();
}

Result<void> merge_by_id(ResMap& resources, const std::vector<MergePatch>& patches,
                         const OpenApi& types) {
  for (const MergePatch& patch : patches) {
    const ResId id = id_of(patch.object, types);
    Result<std::size_t> target = resources.find_patch_target(id);
    if (!target.ok()) {
      return std::move(target).error().with_context("no resource matches strategic merge patch \"" +
                                                    id.to_string() + "\"");
    }
    WEIR_CHECK(apply_merge(resources[*target], patch));
    const bool forgot = clears_annotations(patch.object);
    if (forgot || patch.allow_name_change || patch.allow_kind_change) resources.ids_changed();
  }
  return {};
}

// The reference notes both options in the patch's annotations, which makes them strings and no
// null.
void normalise_annotations(Value& patch, const OpenApi& types) {
  Resource shell(patch, types);
  shell.set_metadata_map("annotations", shell.annotations());
  patch = shell.object();
}

// What a `patches` entry holds once its text is read.
struct LoadedPatch {
  std::string source;  // for error texts
  std::vector<MergePatch> merges;
  Value operations;
  bool is_merge = false;
};

Result<LoadedPatch> load_patch(const Value& config, const PluginContext& context) {
  const std::string inline_text(trim(config["patch"].get_string()));
  const std::string path(config["path"].get_string());
  const auto shown = [&] {
    Value written = config;
    for (const std::string_view field : {"patch", "path"}) {
      if (written[field].get_string().empty()) written.erase(field);
    }
    return value::write_yaml(written);
  };
  LoadedPatch loaded;
  std::string text;
  ObjectList objects;
  Result<void> merge_error;
  if (inline_text.empty() && path.empty()) {
    return make_error(Code::invalid, "must specify one of patch and path in\n" + shown());
  }
  if (!inline_text.empty() && !path.empty()) {
    return make_error(Code::invalid, "patch and path can't be set at the same time\n" + shown());
  }
  if (!inline_text.empty()) {
    text = inline_text;
    loaded.source = "[patch: " + quoted(text) + "]";
    Result<ObjectList> read = read_objects(text);
    if (read.ok())
      objects = *std::move(read);
    else
      merge_error = std::move(read).error();
  } else {
    WEIR_TRY(const base::FileBytes bytes,
             context.loader->load(path).with_context("failed to get the patch file from path(" +
                                                     path + ")"));
    text = *bytes;
    loaded.source = "[path: " + quoted(path) + "]";
    Result<Objects> read = read_object_file(bytes, path);
    if (read.ok())
      objects = **read;
    else
      merge_error = std::move(read).error();
  }
  Result<Operations> operations = parse_operations(text);
  if (merge_error.ok() && operations.ok() && !objects.empty() && !operations->list.empty()) {
    return make_error(Code::invalid,
                      "illegally qualifies as both an SM and JSON patch: " + loaded.source);
  }
  if (!merge_error.ok() && !operations.ok()) {
    return make_error(Code::invalid, "unable to parse SM or JSON patch from " + loaded.source +
                                         ": " + merge_error.error().message);
  }
  loaded.is_merge = merge_error.ok() && !objects.empty();
  const Value& options = config["options"];
  for (Value& object : objects) {
    MergePatch patch{std::move(object), options["allowNameChange"].get_bool(),
                     options["allowKindChange"].get_bool()};
    if (patch.allow_name_change || patch.allow_kind_change)
      normalise_annotations(patch.object, *context.types);
    loaded.merges.push_back(std::move(patch));
  }
  if (operations.ok()) loaded.operations = std::move(operations)->list;
  return loaded;
}

}  // namespace

Result<Transform> make_patch(const Value& config, const FieldSpecs&, const PluginContext& context) {
  WEIR_TRY(LoadedPatch loaded, load_patch(config, context));
  const OpenApi* types = context.types;
  const Value target = config["target"];
  return Transform([loaded = std::move(loaded), target, types](ResMap& resources) -> Result<void> {
    if (target.is_null()) {
      if (loaded.is_merge) return merge_by_id(resources, loaded.merges, *types);
      return make_error(Code::invalid, "must specify a target for JSON patch " + loaded.source);
    }
    WEIR_TRY(const Selector selector, Selector::make(target));
    if (!loaded.is_merge) return apply_operations(resources, selector, loaded.operations, true);
    if (loaded.merges.size() > 1) {
      return make_error(
          Code::invalid,
          "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set "
          "`patches.target` field: " +
              loaded.source);
    }
    WEIR_TRY(const std::vector<std::size_t> selected, selector.select(resources));
    return merge_selected(resources, selected, loaded.merges[0]);
  });
}

Result<Transform> make_json_patch(const Value& config, const FieldSpecs&,
                                  const PluginContext& context) {
  const Value target = config["target"];
  const std::string path(config["path"].get_string());
  std::string text(config[config.contains("jsonOp") ? "jsonOp" : "patch"].get_string());
  if (target["name"].get_string().empty())
    return make_error(Code::invalid, "must specify the target name");
  if (path.empty() && text.empty())
    return make_error(Code::invalid, "empty file path and empty jsonOp");
  if (!path.empty()) {
    if (!text.empty())
      return make_error(Code::invalid, "must specify a file path or jsonOp, not both");
    WEIR_TRY(const base::FileBytes bytes, context.loader->load(path));
    text = *bytes;
    if (text.empty())
      return make_error(Code::invalid, "patch file '" + path + "' empty seems to be empty");
  }
  WEIR_TRY(Operations operations, parse_operations(text));
  if (operations.list.empty()) {
    return make_error(Code::invalid,
                      "patch appears to be empty; file=" + path + ", JsonOp=" + operations.json);
  }
  return Transform([target, list = std::move(operations.list)](ResMap& resources) -> Result<void> {
    WEIR_TRY(const Selector selector, Selector::make(target));
    return apply_operations(resources, selector, list, false);
  });
}

Result<Transform> make_merge_patches(const Value& config, const FieldSpecs&,
                                     const PluginContext& context) {
  const std::string_view text = config["patches"].get_string();
  if (config["paths"].empty() && text.empty()) {
    return make_error(Code::invalid, "empty file path and empty patch content");
  }
  std::vector<MergePatch> patches;
  const auto add = [&](const std::vector<Value>& objects) {
    for (const Value& object : objects) patches.push_back({object});
  };
  for (const Value& entry : config["paths"].items()) {
    // An entry is the patch itself, or else the name of its file.
    Result<ObjectList> direct = read_objects(entry.get_string());
    if (direct.ok()) {
      add(*direct);
      continue;
    }
    WEIR_TRY(const base::FileBytes bytes, context.loader->load(entry.get_string()));
    WEIR_TRY(const Objects objects, read_object_file(bytes, entry.get_string()));
    add(*objects);
  }
  if (!text.empty()) {
    WEIR_TRY(const ObjectList objects, read_objects(text));
    add(objects);
  }
  if (patches.empty()) {
    std::string files;
    for (const Value& entry : config["paths"].items())
      files += (files.empty() ? "" : " ") + std::string(entry.get_string());
    return make_error(Code::invalid, "patch appears to be empty; files=[" + files +
                                         "], Patch=" + std::string(text));
  }
  const OpenApi* types = context.types;
  return Transform([patches = std::move(patches), types](ResMap& resources) -> Result<void> {
    for (const MergePatch& patch : patches) {
      WEIR_TRY(const std::size_t target, resources.find_patch_target(id_of(patch.object, *types)));
      WEIR_CHECK(merge_selected(resources, {target}, patch));
    }
    return {};
  });
}

}  // namespace weir::kustomize
