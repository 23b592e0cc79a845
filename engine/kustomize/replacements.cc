// Replacements: copies a field of one resource (or a literal) into fields of others.
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <optional>

#include "engine/base/limits.hh"
#include "engine/kustomize/field_path.hh"
#include "engine/kustomize/plain_scalar.hh"
#include "engine/kustomize/resource_reader.hh"
#include "engine/kustomize/selector.hh"
#include "engine/kustomize/shape.hh"
#include "engine/kustomize/transformers.hh"
#include "engine/value/strategic_merge.hh"
#include "engine/value/yaml.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;
using value::scalar_text;
using Path = FieldPath;

constexpr std::string_view default_field_path = "metadata.name";

std::string node_text(const Value& node) { return std::string(trim_space(scalar_text(node))); }

std::vector<std::string> split(std::string_view text, std::string_view delimiter) {
  std::vector<std::string> result;
  while (true) {
    const std::size_t end = text.find(delimiter);
    result.emplace_back(text.substr(0, end));
    if (end == text.npos) return result;
    text.remove_prefix(end + delimiter.size());
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view delimiter) {
  std::string result;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) result += delimiter;
    result += parts[i];
  }
  return result;
}

enum class Shape3 : std::uint8_t { scalar, map, list };

Shape3 shape_of(const Value& value) {
  return value.is_object() ? Shape3::map : value.is_array() ? Shape3::list : Shape3::scalar;
}

Value blank(Shape3 shape) {
  return shape == Shape3::map    ? Value::object()
         : shape == Shape3::list ? Value::array()
                                 : Value("");
}

struct Target {
  Value* node;
  bool created = false;  // a scalar that takes its type from the text put in
};

// Finds, and with `create` makes, the fields a target path names.
class TargetFinder {
 public:
  explicit TargetFinder(std::optional<Shape3> create) : create_(create) {}

  Result<std::vector<Target>> find(Value& root, Path path) {
    std::vector<Target> found;
    if (path.size() > base::limits::value_depth_max)
      return make_error(Code::limit, "a field path is deeper than value_depth_max");
    WEIR_CHECK(walk(root, path, false, found));
    return found;
  }

 private:
  Shape3 shape_before(Path rest) const {
    if (rest.empty() || rest[0].empty()) return *create_;
    return is_item_match(rest[0]) || list_index(rest[0]) ? Shape3::list : Shape3::map;
  }

  Result<void> walk(Value& node, Path path, bool created, std::vector<Target>& found) {
    if (path.empty()) {
      found.push_back({&node, created});
      return {};
    }
    if (list_index(path[0])) return walk_index(node, path, found);
    if (is_item_match(path[0])) return walk_match(node, path, found, create_.has_value());
    if (path[0] != "*") return walk_field(node, path, found);
    if (!node.is_null() && !node.is_array()) return wrong_node_kind("SequenceNode", node);
    for (std::size_t i = 0; i < node.size(); ++i) {
      WEIR_CHECK(walk(node.item_mut(i), path.subspan(1), false, found));
    }
    return {};
  }

  Result<void> walk_index(Value& node, Path path, std::vector<Target>& found) {
    const std::size_t index = *list_index(path[0]);
    if (!node.is_null() && !node.is_array()) return wrong_node_kind("SequenceNode", node);
    const bool append = create_ && node.size() == index;
    if (append) node.push_back(blank(shape_before(path.subspan(1))));
    if (node.size() < index + 1) {
      return make_error(Code::invalid, "index " + std::to_string(index) + " specified but only " +
                                           std::to_string(node.size()) + " elements found");
    }
    return walk(node.item_mut(index), path.subspan(1), append, found);
  }

  Result<void> walk_match(Value& node, Path path, std::vector<Target>& found, bool may_create) {
    WEIR_TRY(const ItemMatch match, parse_item_match(path[0]));
    re2::RE2::Options options;
    options.set_log_errors(false);
    const re2::RE2 pattern(match.pattern, options);
    if (!pattern.ok()) {
      return make_error(Code::invalid, "error parsing regexp: " + pattern.error());
    }
    if (!node.is_null() && !node.is_array()) return wrong_node_kind("SequenceNode", node);
    const std::size_t before = found.size();
    for (std::size_t i = 0; i < node.size(); ++i) {
      const Value& item = node.items()[i];
      const Value* field = match.field.empty() ? &item : item.find(match.field);
      if (field == nullptr || !re2::RE2::PartialMatch(node_text(*field), pattern)) continue;
      if (match.field.empty()) {
        found.push_back({&node.item_mut(i)});
      } else {
        WEIR_CHECK(walk(node.item_mut(i), path.subspan(1), false, found));
      }
    }
    if (found.size() > before || !may_create) return {};
    Value item = resolve_plain_scalar(match.pattern);
    if (!match.field.empty()) item = Value::object({{match.field, item}});
    node.push_back(std::move(item));
    return walk_match(node, path, found, false);
  }

  Result<void> walk_field(Value& node, Path path, std::vector<Target>& found) {
    if (!node.is_null() && !node.is_object()) return wrong_node_kind("MappingNode", node);
    Value* field = node.find_mut(path[0]);
    if (field != nullptr) return walk(*field, path.subspan(1), false, found);
    if (!create_) return {};
    Value made = blank(shape_before(path.subspan(1)));
    // What is put under a null goes nowhere, as in the reference.
    if (node.is_null())
      return walk(scratch_.emplace_back(std::move(made)), path.subspan(1), true, found);
    node.set(path[0], std::move(made));
    return walk(*node.find_mut(path[0]), path.subspan(1), true, found);
  }

  std::optional<Shape3> create_;
  std::deque<Value> scratch_;
};

bool fits(const Value& value, std::size_t depth, std::size_t& budget) {
  if (depth == 0 || budget == 0) return false;
  --budget;
  for (const Value& item : value.items()) {
    if (!fits(item, depth - 1, budget)) return false;
  }
  for (const value::Member& member : value.members()) {
    if (!fits(member.value, depth - 1, budget)) return false;
  }
  return true;
}

// Puts text into a scalar that keeps its type where the text allows it.
Result<Value> retyped(const Value& old, const std::string& text) {
  if (old.is_string()) return value::in_manner_of(old, Value(text));
  const Value plain = resolve_plain_scalar(text);
  if (plain.kind() == old.kind() || (plain.is_number() && old.is_number())) return plain;
  const std::string_view type = old.is_bool()      ? "!!bool"
                                : old.is_null()    ? "!!null"
                                : old.is_integer() ? "!!int"
                                                   : "!!float";
  return make_error(Code::invalid, "map[string]interface {}(nil): yaml: cannot decode " +
                                       std::string(text.empty() ? "!!null `" : "!!str `") + text +
                                       "` as a " + std::string(type));
}

Result<void> set_target(const Target& target, const Value& value, const Value& options) {
  const std::string_view delimiter = options["delimiter"].get_string();
  std::string text = scalar_text(value);
  if (!delimiter.empty()) {
    if (!target.node->is_scalar()) {
      return make_error(Code::invalid, "delimiter option can only be used with scalar nodes");
    }
    std::vector<std::string> parts = split(scalar_text(*target.node), delimiter);
    const std::int64_t index = options["index"].get_int();
    const std::string piece = node_text(value);
    if (index < 0) {
      parts.insert(parts.begin(), piece);
    } else if (static_cast<std::size_t>(index) >= parts.size()) {
      parts.push_back(piece);
    } else {
      parts[static_cast<std::size_t>(index)] = piece;
    }
    text = join(parts, delimiter);
  }
  if (!target.node->is_scalar()) {
    // Maps copied into themselves grow by doubling.
    std::size_t budget = base::limits::value_nodes_max;
    if (!fits(value, base::limits::value_depth_max, budget))
      return make_error(Code::limit, "a replacement makes the document too large or too deep");
    *target.node = delimiter.empty() ? value : Value(text);
    return {};
  }
  if (target.created) {
    *target.node = resolve_plain_scalar(text);
    return {};
  }
  WEIR_TRY(*target.node, retyped(*target.node, text));
  return {};
}

ResId res_id_of(const Value& fields) {
  ResId id;
  id.gvk.group = fields["group"].get_string();
  id.gvk.version = fields["version"].get_string();
  id.gvk.kind = fields["kind"].get_string();
  id.name = fields["name"].get_string();
  id.ns = fields["namespace"].get_string();
  return id;
}

// All ids of a resource as selectors see them: here a cluster-scoped one counts as in "default".
std::vector<ResId> selectable_ids(const Resource& resource) {
  std::vector<ResId> ids = resource.previous_ids();
  ids.insert(ids.begin(), resource.id());
  ids[0].cluster_scoped = false;
  return ids;
}

bool any_selected(const std::vector<ResId>& ids, const ResId& selector) {
  return std::any_of(ids.begin(), ids.end(),
                     [&](const ResId& id) { return id.selected_by(selector); });
}

std::string source_text(const Value& source, const ResId& id) {
  std::string text = id.to_string();
  const std::string_view path = source["fieldPath"].get_string();
  if (!path.empty()) text += ":" + std::string(path);
  const Value& options = source["options"];
  if (!options["delimiter"].get_string().empty() || options["create"].get_bool()) {
    text += ":" + std::string(options["delimiter"].get_string()) + "(" +
            std::to_string(options["index"].get_int()) +
            "), create=" + (options["create"].get_bool() ? "true" : "false");
  }
  return text;
}

// What a replacement puts in: a text of its own, or a field of a resource. Of the field the
// reference holds the node itself, so a target that changes it changes what later targets get.
class Source {
 public:
  explicit Source(Value value) : value_(std::move(value)) {}
  Source(std::size_t resource, const Value& root, const Value& node)
      : value_(node), resource_(resource), is_live_(find(root, &node)) {
    std::reverse(steps_.begin(), steps_.end());
  }

  const Value& value(const ResMap& resources) {
    const Value* node = is_live_ ? &resources[resource_].object() : nullptr;
    for (const Step& step : steps_) {
      if (node == nullptr) break;
      if (step.name) {
        node = node->find(*step.name);
      } else {
        node = step.index < node->size() ? &node->at(step.index) : nullptr;
      }
    }
    // What was taken out of its object stays as it was.
    if (node == nullptr) is_live_ = false;
    if (is_live_) value_ = *node;
    return value_;
  }

 private:
  struct Step {
    std::optional<std::string> name;
    std::size_t index = 0;
  };

  // Fills in the steps from `node` up to the root.
  bool find(const Value& here, const Value* node) {
    if (&here == node) return true;
    for (std::size_t i = 0; i < here.items().size(); ++i) {
      if (!find(here.items()[i], node)) continue;
      steps_.push_back({std::nullopt, i});
      return true;
    }
    for (const value::Member& member : here.members()) {
      if (!find(member.value, node)) continue;
      steps_.push_back({std::string(member.name()), 0});
      return true;
    }
    return false;
  }

  Value value_;
  std::size_t resource_ = 0;
  std::vector<Step> steps_;
  bool is_live_ = false;
};

Result<Source> read_source(const ResMap& resources, const Value& source) {
  const ResId selector = res_id_of(source);
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < resources.size(); ++i) {
    if (!any_selected(selectable_ids(resources[i]), selector)) continue;
    if (found) {
      return make_error(Code::invalid,
                        "multiple matches for selector " + source_text(source, selector));
    }
    found = i;
  }
  if (!found) {
    return make_error(Code::invalid, "nothing selected by " + source_text(source, selector));
  }
  std::string path(source["fieldPath"].get_string());
  if (path.empty()) path = default_field_path;
  const std::vector<std::string> parts = split_field_path(path);
  Result<const Value*> looked_up = look_up(resources[*found].object(), parts);
  if (!looked_up.ok())
    return std::move(looked_up).error().with_context("error looking up replacement source");
  const Value* node = *looked_up;
  if (node == nullptr || node->is_null() || (!node->is_scalar() && node->empty())) {
    return make_error(Code::invalid, "fieldPath `" + path + "` is missing for replacement source " +
                                         selector.to_string());
  }
  const Value& options = source["options"];
  const std::string_view delimiter = options["delimiter"].get_string();
  if (delimiter.empty()) return Source(*found, resources[*found].object(), *node);
  if (!node->is_scalar()) {
    return make_error(Code::invalid, "delimiter option can only be used with scalar nodes");
  }
  const std::vector<std::string> pieces = split(node_text(*node), delimiter);
  const std::int64_t index = options["index"].get_int();
  if (index < 0 || static_cast<std::size_t>(index) >= pieces.size()) {
    return make_error(Code::invalid, "options.index " + std::to_string(index) +
                                         " is out of bounds for value " + node_text(*node));
  }
  return Source(Value(pieces[static_cast<std::size_t>(index)]));
}

struct MetadataSelector {
  LabelSelector labels;
  LabelSelector annotations;

  static Result<MetadataSelector> make(const Value& fields) {
    MetadataSelector result;
    WEIR_TRY(result.annotations, LabelSelector::parse(fields["annotationSelector"].get_string()));
    WEIR_TRY(result.labels, LabelSelector::parse(fields["labelSelector"].get_string()));
    return result;
  }
  bool empty() const { return labels.empty() && annotations.empty(); }
  bool matches(const Resource& resource) const {
    return (annotations.empty() || annotations.matches(resource.annotations())) &&
           (labels.empty() || labels.matches(resource.labels()));
  }
};

Result<void> write_fields(ResMap& resources, Resource& resource, Source& source,
                          const Value& target) {
  const Value& options = target["options"];
  const bool create = options["create"].get_bool();
  std::vector<std::string> paths;
  for (const Value& path : target["fieldPaths"].items()) paths.emplace_back(path.get_string());
  if (paths.empty()) paths.emplace_back(default_field_path);
  for (const std::string& path : paths) {
    const std::string failure =
        std::string(create ? "unable to find or create field \"" : "unable to find field \"") +
        path + "\" in replacement target";
    // Taken before the search, which copies what is shared: a map must not end up in itself.
    const Value value = source.value(resources);
    TargetFinder finder(create ? std::optional(shape_of(value)) : std::nullopt);
    const std::vector<std::string> parts = split_field_path(path);
    WEIR_TRY(const std::vector<Target> found,
             finder.find(resource.edit(), parts).with_context(failure));
    if (found.empty()) return make_error(Code::invalid, failure);
    for (const Target& field : found) {
      WEIR_CHECK(
          set_target(field, value.is_scalar() ? source.value(resources) : value, options));
    }
    resource.settle_shared();
  }
  return {};
}

Result<void> write_target(ResMap& resources, Source& source, const Value& target) {
  if (!target.contains("select")) {
    return make_error(Code::invalid, "target must specify resources to select");
  }
  const ResId wanted = res_id_of(target["select"]);
  WEIR_TRY(const MetadataSelector metadata, MetadataSelector::make(target["select"]));
  std::vector<ResId> rejected_ids;
  std::vector<MetadataSelector> rejected_metadata;
  for (const Value& reject : target["reject"].items()) {
    const ResId id = res_id_of(reject);
    if (!id.empty()) rejected_ids.push_back(id);
    WEIR_TRY(MetadataSelector selector, MetadataSelector::make(reject));
    if (!selector.empty()) rejected_metadata.push_back(std::move(selector));
  }
  for (std::size_t i = 0; i < resources.size(); ++i) {
    Resource& resource = resources[i];
    if (!metadata.matches(resource)) continue;
    if (std::any_of(rejected_metadata.begin(), rejected_metadata.end(),
                    [&](const MetadataSelector& selector) { return selector.matches(resource); })) {
      continue;
    }
    const std::vector<ResId> ids = selectable_ids(resource);
    if (!any_selected(ids, wanted)) continue;
    if (std::any_of(rejected_ids.begin(), rejected_ids.end(),
                    [&](const ResId& reject) { return any_selected(ids, reject); })) {
      continue;
    }
    WEIR_CHECK(write_fields(resources, resource, source, target));
  }
  return {};
}

Result<void> apply_replacement(ResMap& resources, const Value& replacement) {
  const Value& source = replacement["source"];
  const Value* literal = replacement.find("sourceValue");
  if ((literal == nullptr && source.is_null()) || !replacement.contains("targets")) {
    return make_error(Code::invalid, "replacements must specify a source and at least one target");
  }
  if (literal != nullptr && !source.is_null()) {
    return make_error(Code::invalid, "value and resource selectors are mutually exclusive");
  }
  Source from(literal == nullptr ? Value() : *literal);
  if (literal == nullptr) {
    WEIR_TRY(from, read_source(resources, source));
  }
  for (const Value& target : replacement["targets"].items())
    WEIR_CHECK(write_target(resources, from, target));
  return {};
}

Result<void> add_from_file(std::vector<Value>& replacements, std::string_view path,
                           const PluginContext& context) {
  WEIR_TRY(const base::FileBytes bytes, context.loader->load(path));
  Result<Value> parsed = value::parse_yaml(*bytes);
  if (!parsed.ok()) {
    return malformed_yaml(std::move(parsed).error(), "error converting YAML to JSON: yaml: ",
                          *bytes);
  }
  Value content = *std::move(parsed);
  if (!content.is_array() && !content.is_object()) {
    return make_error(Code::invalid,
                      "unsupported replacement type encountered within replacement path: " +
                          std::string(value::kind_name(content.kind())));
  }
  Value list = content.is_array() ? std::move(content) : Value::array({std::move(content)});
  for (std::size_t i = 0; i < list.size(); ++i) {
    Value& replacement = list.item_mut(i);
    WEIR_CHECK(check_shape(replacement, replacement_shape(), Unknown::ignored));
    replacements.push_back(replacement);
  }
  return {};
}

}  // namespace

Result<Transform> make_replacements(const Value& config, const FieldSpecs&,
                                    const PluginContext& context) {
  std::vector<Value> replacements;
  for (const Value& entry : config["replacements"].items()) {
    const std::string_view path = entry["path"].get_string();
    if (path.empty()) {
      replacements.push_back(entry);
      continue;
    }
    if (entry.contains("source") || !entry["targets"].empty()) {
      return make_error(Code::invalid, "cannot specify both path and inline replacement");
    }
    WEIR_CHECK(add_from_file(replacements, path, context));
  }
  return Transform([replacements = std::move(replacements)](ResMap& resources) -> Result<void> {
    for (const Value& replacement : replacements)
      WEIR_CHECK(apply_replacement(resources, replacement));
    resources.drop_deleted();
    resources.ids_changed();
    return {};
  });
}

}  // namespace weir::kustomize
