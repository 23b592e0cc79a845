#include "engine/kustomize/field_spec.hh"

#include <algorithm>

#include "engine/base/limits.hh"
#include "engine/kustomize/field_path.hh"
#include "engine/value/strategic_merge.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

ResId plain_id(const Value& object) {
  ResId id;
  id.gvk = Gvk::of(object);
  id.name = value::scalar_text(object["metadata"]["name"]);
  id.ns = value::scalar_text(object["metadata"]["namespace"]);
  return id;
}

// Parts that mean items of lists in the field paths of replacements mean nothing here, and the
// reference fails on them where it looks for a member of that name.
bool names_items(std::string_view name) {
  if (name == "*" || name == "-" || is_item_match(name)) return true;
  if (name.starts_with('-')) name.remove_prefix(1);
  return list_index(name).has_value();
}

base::Error no_member(std::string_view name, const Value& node) {
  const std::string context = "fieldName: " + std::string(name);
  const auto refuse = [&](std::string_view text) {
    return make_error(Code::invalid, context + ": " + std::string(text));
  };
  if (name == "*") return refuse("wildcard is not supported in PathGetter");
  if (is_item_match(name)) {
    Result<ItemMatch> match = parse_item_match(name);
    if (!match.ok()) return std::move(match).error().with_context(context);
  } else if (name.size() > 1 && name.starts_with('-')) {
    return refuse("array index " + std::string(name) + " cannot be negative");
  }
  return wrong_node_kind("SequenceNode", node).with_context(context);
}

class Walker {
 public:
  Walker(const FieldSpec& spec, CreateKind create, const SetField& set, PathTrail* trail)
      : spec_(spec),
        create_(spec.create ? create : CreateKind::nothing),
        set_(set),
        trail_(trail) {}

  Result<void> walk(Value& node, std::size_t depth) const {
    if (depth == spec_.parts.size()) return set_(node);
    if (node.is_null()) return {};
    if (node.is_array()) {
      for (std::size_t i = 0; i < node.size(); ++i) {
        if (!reaches(node.items()[i], depth)) continue;
        const Step step(trail_, {{}, i});
        Result<void> walked = walk(node.item_mut(i), depth);
        if (!walked.ok())
          return std::move(walked).error().with_context("visit traversal on path: " + rest(depth));
      }
      return {};
    }
    if (!node.is_object()) return make_error(Code::invalid, "expected sequence or mapping node");
    return walk_member(node, depth);
  }

  // Would walk() change or fail on anything below? Answered without copying shared nodes.
  bool reaches(const Value& node, std::size_t depth) const {
    if (depth == spec_.parts.size()) return true;
    if (node.is_null()) return false;
    if (node.is_array()) {
      for (const Value& item : node.items()) {
        if (reaches(item, depth)) return true;
      }
      return false;
    }
    if (!node.is_object()) return true;
    const auto [name, is_list] = part(depth);
    if (name.empty() || names_items(name)) return true;
    const Value* found = node.find(name);
    if (found == nullptr) return create_ != CreateKind::nothing && !is_list;
    if (found->is_null() && (is_list || create_ != CreateKind::nothing)) return true;
    return reaches(*found, depth + 1);
  }

 private:
  std::pair<std::string_view, bool> part(std::size_t depth) const {
    std::string_view name = spec_.parts[depth];
    const bool is_list = name.ends_with("[]");
    if (is_list) name.remove_suffix(2);
    return {trim_space(name), is_list};
  }

  Result<void> walk_member(Value& node, std::size_t depth) const {
    const auto [name, is_list] = part(depth);
    if (name.empty()) return make_error(Code::invalid, "cannot set or create an empty field name");
    if (names_items(name)) return no_member(name, node);
    Value* field = node.find_mut(name);
    const bool creating = create_ != CreateKind::nothing && !is_list;
    if (field == nullptr && !creating) return {};
    const bool last = depth + 1 == spec_.parts.size();
    if (field == nullptr || field->is_null()) {
      if (is_list) {
        *field = Value::array();
      } else if (creating) {
        field = &node.entry(name);
        *field = last && create_ == CreateKind::scalar ? Value(nullptr) : Value::object();
      }
    }
    const Step step(trail_, {name, 0});
    return walk(*field, depth + 1);
  }

  std::string rest(std::size_t depth) const {
    std::string text = "[";
    for (std::size_t i = depth; i < spec_.parts.size(); ++i) {
      if (i > depth) text += ' ';
      text += spec_.parts[i];
    }
    return text + "]";
  }

  // Adds a step to the trail while the walk is below it.
  class Step {
   public:
    Step(PathTrail* trail, PathStep step) : trail_(trail) {
      if (trail_ != nullptr) trail_->push_back(step);
    }
    ~Step() {
      if (trail_ != nullptr) trail_->pop_back();
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    PathTrail* trail_;
  };

  const FieldSpec& spec_;
  CreateKind create_;
  const SetField& set_;
  PathTrail* trail_;
};

}  // namespace

FieldSpec make_field_spec(Gvk gvk, std::string path, bool create) {
  FieldSpec spec{std::move(gvk), std::move(path), create, {}};
  spec.parts = split_path(spec.path, '/');
  return spec;
}

FieldSpec field_spec_of(const Value& fields) {
  Gvk gvk;
  gvk.group = fields["group"].get_string();
  gvk.version = fields["version"].get_string();
  gvk.kind = fields["kind"].get_string();
  return make_field_spec(std::move(gvk), std::string(fields["path"].get_string()),
                         fields["create"].get_bool());
}

FieldSpecs field_specs_of(const Value& list) {
  FieldSpecs specs;
  for (const Value& item : list.items()) specs.push_back(field_spec_of(item));
  return specs;
}

std::vector<std::string> split_path(std::string_view path, char separator) {
  std::vector<std::string> result;
  result.reserve(static_cast<std::size_t>(std::count(path.begin(), path.end(), separator)) + 1);
  bool joined = false;
  if (path.size() > 1 && path[0] == separator) path.remove_prefix(1);
  while (true) {
    const std::size_t end = path.find(separator);
    const std::string_view piece = path.substr(0, end);
    if (joined) {
      result.back().back() = separator;
      result.back() += piece;
    } else {
      result.emplace_back(piece);
    }
    if (end == path.npos) return result;
    joined = result.back().ends_with('\\');
    path.remove_prefix(end + 1);
  }
}

std::vector<std::string> split_field_path(std::string_view path, char separator) {
  const std::vector<std::string> pieces = split_path(path, separator);
  std::vector<std::string> result;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (!pieces[i].starts_with('[') || pieces[i].ends_with(']')) {
      result.push_back(pieces[i]);
      continue;
    }
    std::string held = pieces[i];
    while (i + 1 < pieces.size()) {
      held += separator;
      held += pieces[++i];
      if (pieces[i].ends_with(']')) break;
    }
    if (held.find('=') == held.npos) {
      const std::size_t begin = held.find_first_not_of("[]");
      held = begin == held.npos ? "" : held.substr(begin, held.find_last_not_of("[]") - begin + 1);
    }
    result.push_back(std::move(held));
  }
  return result;
}

Result<void> merge_field_spec(FieldSpecs& specs, const FieldSpec& added) {
  for (const FieldSpec& known : specs) {
    if (known.path != added.path || !gvk_selected(known.gvk, added.gvk)) continue;
    if (known.create != added.create) return make_error(Code::invalid, "conflicting fieldspecs");
    return {};
  }
  specs.push_back(added);
  return {};
}

Result<void> merge_field_specs(FieldSpecs& specs, const FieldSpecs& added) {
  for (const FieldSpec& spec : added) WEIR_CHECK(merge_field_spec(specs, spec));
  return {};
}

bool spec_matches(const FieldSpec& spec, const Value& object) {
  if (!spec.gvk.kind.empty() && spec.gvk.kind != object["kind"].get_string()) return false;
  if (spec.gvk.group.empty() && spec.gvk.version.empty()) return true;
  const std::string_view api_version = object["apiVersion"].get_string();
  const std::size_t slash = api_version.find('/');
  const std::string_view group = slash == api_version.npos ? "" : api_version.substr(0, slash);
  const std::string_view version =
      slash == api_version.npos ? api_version : api_version.substr(slash + 1);
  return (spec.gvk.group.empty() || spec.gvk.group == group) &&
         (spec.gvk.version.empty() || spec.gvk.version == version);
}

Result<void> apply_path(Value& object, const FieldSpec& spec, CreateKind create,
                        const SetField& set, PathTrail* trail) {
  if (spec.parts.size() > base::limits::value_depth_max)
    return make_error(Code::limit, "a field path is deeper than value_depth_max");
  const Walker walker(spec, create, set, trail);
  if (!walker.reaches(object, 0)) return {};
  Result<void> done = walker.walk(object, 0);
  if (done.ok()) return done;
  return std::move(done).with_context("considering field '" + spec.path + "' of object " +
                                      plain_id(object).to_string());
}

Result<void> apply_field_spec(Value& object, const FieldSpec& spec, CreateKind create,
                              const SetField& set, PathTrail* trail) {
  if (!spec_matches(spec, object)) return {};
  return apply_path(object, spec, create, set, trail);
}

}  // namespace weir::kustomize
