#include "engine/kustomize/vars.hh"

#include <algorithm>
#include <charconv>
#include <set>

#include "engine/kustomize/field_path.hh"
#include "engine/value/strategic_merge.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;
using value::scalar_text;

ResId target_of(const Value& var) {
  const Value& ref = var["objref"];
  ResId id;
  id.gvk.group = ref["group"].get_string();
  id.gvk.version = ref["version"].get_string();
  id.gvk.kind = ref["kind"].get_string();
  const std::string_view api_version = ref["apiVersion"].get_string();
  const auto slashes = std::count(api_version.begin(), api_version.end(), '/');
  if (!api_version.empty() && slashes <= 1) {
    const std::size_t slash = api_version.find('/');
    if (slash != api_version.npos) id.gvk.group = api_version.substr(0, slash);
    id.gvk.version = slash == api_version.npos ? api_version : api_version.substr(slash + 1);
  }
  id.name = ref["name"].get_string();
  id.ns = ref["namespace"].get_string();
  return id;
}

// "a.b[0].c" -> {"a", "b", "0", "c"}.
std::vector<std::string> var_path(std::string_view text) {
  std::vector<std::string> result;
  for (const std::string& part : split_field_path(text)) {
    const std::size_t open = part.rfind('[');
    const bool index = part.ends_with(']') && open != part.npos && open + 2 < part.size() + 0 &&
                       part.find_first_not_of("0123456789", open + 1) == part.size() - 1 &&
                       part.size() - open > 2;
    if (!index) {
      result.push_back(part);
      continue;
    }
    if (open > 0) result.push_back(part.substr(0, open));
    result.push_back(part.substr(open + 1, part.size() - open - 2));
  }
  return result;
}

// "{NAME Kind.version.group {field.path}}"
std::string describe(const Value& var, const Gvk& gvk, std::string_view default_path) {
  return "{" + std::string(var["name"].get_string()) + " " + gvk_string(gvk) + " {" +
         std::string(var["fieldref"]["fieldPath"].get_string(default_path)) + "}}";
}

// All of them as they are before defaults and apiVersion are looked at.
base::Error not_merged(const Value& vars, const std::string& problem) {
  std::string text = "merging vars [";
  for (const Value& var : vars.items()) {
    if (!text.ends_with('[')) text += ' ';
    const Value& ref = var["objref"];
    text += describe(var,
                     {std::string(ref["group"].get_string()),
                      std::string(ref["version"].get_string()),
                      std::string(ref["kind"].get_string())},
                     "");
  }
  return make_error(Code::invalid, text + "]: " + problem);
}

Result<Value> value_of(const std::string& name, const Value& var, const ResMap& resources) {
  std::string_view path = var["fieldref"]["fieldPath"].get_string();
  if (path.empty()) path = "metadata.name";
  for (std::size_t i = 0; i < resources.size(); ++i) {
    const std::vector<std::string>& names = resources[i].var_names;
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    const std::vector<std::string> parts = var_path(path);
    const Result<const Value*> found = look_up(resources[i].object(), parts);
    if (found.ok() && *found != nullptr) {
      const Value& node = **found;
      return node.is_null() ? Value("") : node;
    }
    return make_error(Code::invalid, "field specified in var '" +
                                         describe(var, target_of(var).gvk, "metadata.name") +
                                         "' not found in corresponding resource");
  }
  return make_error(Code::invalid,
                    "var '" + describe(var, target_of(var).gvk, "metadata.name") +
                        "' cannot be mapped to a field in the set of known resources");
}

class Expander {
 public:
  explicit Expander(std::map<std::string, Value, std::less<>> values)
      : values_(std::move(values)) {}

  // The text with its references replaced; a reference that is the whole text keeps the value's
  // type.
  Value expand(std::string_view input) {
    std::string output;
    std::size_t checkpoint = 0;
    for (std::size_t cursor = 0; cursor + 1 < input.size(); ++cursor) {
      if (input[cursor] != '$') continue;
      output += input.substr(checkpoint, cursor - checkpoint);
      const char next = input[cursor + 1];
      const std::size_t close = next == '(' ? input.find(')', cursor + 2) : input.npos;
      if (close != input.npos) {
        const std::string_view name = input.substr(cursor + 2, close - cursor - 2);
        const Value* found = use(name);
        if (cursor == 0 && close + 1 == input.size())
          return found == nullptr ? Value(input) : *found;
        output += found == nullptr ? std::string(input.substr(cursor, close + 1 - cursor))
                                   : scalar_text(*found);
        cursor = close;
      } else {
        // "$$" is an escaped "$"; anything else is no reference and stays.
        output += next == '$' ? "$" : std::string(input.substr(cursor, 2));
        ++cursor;
      }
      checkpoint = cursor + 1;
    }
    output += input.substr(checkpoint);
    return Value(output);
  }

  Result<void> set(Value& field) {
    if (field.is_null()) return {};
    if (field.is_string()) {
      replace(field);
    } else if (field.is_array()) {
      for (std::size_t i = 0; i < field.size(); ++i) {
        if (!field.items()[i].is_string()) {
          return make_error(Code::invalid, "invalid value type expect a string");
        }
        if (needs_work(field.items()[i])) replace(field.item_mut(i));
      }
    } else if (field.is_object()) {
      for (std::size_t i = 0; i < field.size(); ++i) {
        if (needs_work(field.members()[i].value)) replace(field.member_mut(i).value);
      }
    }
    return {};
  }

  std::string unused() const {
    std::string result;
    for (const auto& [name, value] : values_) {
      if (!used_.contains(name)) result += (result.empty() ? "" : ",") + name;
    }
    return result;
  }

 private:
  static bool needs_work(const Value& value) {
    return value.is_string() && value.as_string().find('$') != std::string_view::npos;
  }

  void replace(Value& field) {
    if (needs_work(field)) field = expand(std::string(field.as_string()));
  }

  const Value* use(std::string_view name) {
    const auto found = values_.find(name);
    if (found == values_.end() || !found->second.is_scalar()) return nullptr;
    used_.emplace(name);
    return &found->second;
  }

  std::map<std::string, Value, std::less<>> values_;
  std::set<std::string, std::less<>> used_;
};

}  // namespace

Result<void> merge_vars(VarSet& set, const Value& vars, ResMap& resources) {
  for (const Value& var : vars.items()) {
    const ResId target = target_of(var);
    std::vector<Resource*> matched;
    for (std::size_t i = 0; i < resources.size(); ++i) {
      if (resources[i].deleted()) continue;
      const bool matches = resources[i].any_id([&](const ResId& id) {
        return target.ns.empty() ? target.gvkn_equals(id) : target.equals(id);
      });
      if (matches) matched.push_back(&resources[i]);
    }
    const std::string name(var["name"].get_string());
    if (matched.size() > 1) {
      return not_merged(vars, "found " + std::to_string(matched.size()) +
                                  " resId matches for var " + describe(var, target.gvk, "") +
                                  " (unable to disambiguate)");
    }
    if (matched.size() == 1) matched[0]->var_names.push_back(name);
  }
  for (const Value& var : vars.items()) {
    const std::string name(var["name"].get_string());
    if (set.emplace(name, var).second) continue;
    return not_merged(vars, "var '" + name + "' already encountered");
  }
  return {};
}

Result<void> merge_var_sets(VarSet& set, const VarSet& other) {
  for (const auto& [name, var] : other) {
    if (!set.emplace(name, var).second) {
      return make_error(Code::invalid, "var '" + name + "' already encountered");
    }
  }
  return {};
}

Result<void> resolve_vars(ResMap& resources, const VarSet& set, const FieldSpecs& specs,
                          std::vector<std::string>& warnings) {
  if (set.empty()) return {};
  std::map<std::string, Value, std::less<>> values;
  for (const auto& [name, var] : set) {
    WEIR_TRY(values[name], value_of(name, var, resources));
  }
  Expander expander(std::move(values));
  const SetField set_field = [&](Value& field) { return expander.set(field); };
  for (std::size_t i = 0; i < resources.size(); ++i) {
    for (const FieldSpec& spec : specs) {
      WEIR_CHECK(apply_field_spec(resources[i].edit(), spec, CreateKind::nothing, set_field));
    }
    resources[i].settle_shared();
  }
  resources.ids_changed();
  const std::string unused = expander.unused();
  if (!unused.empty()) warnings.push_back("well-defined vars that were never replaced: " + unused);
  return {};
}

}  // namespace weir::kustomize
