// The validation rules of custom resources (x-kubernetes-validations): CEL over `self` and
// `oldSelf`.
#include <algorithm>
#include <map>

#include "api/kube/admission.hh"
#include "api/kube/call.hh"
#include "engine/expr/cel.hh"
#include "engine/value/json.hh"

namespace weir::api::kube {

namespace {

// Together, of one object.
constexpr std::size_t evaluations_max = 20'000;
constexpr std::string_view rules_key = "x-kubernetes-validations";

// Fields whose names CEL reserves are written __name__ in rules; our CEL takes them as they are.
std::string unescaped(std::string text) {
  constexpr std::string_view reserved[] = {
      "namespace", "package", "function", "import",   "const", "return", "var",  "let", "for",
      "if",        "else",    "break",    "continue", "loop",  "while",  "void", "as"};
  for (const std::string_view word : reserved) {
    const std::string escaped = "__" + std::string(word) + "__";
    for (std::size_t at; (at = text.find(escaped)) != std::string::npos;)
      text.replace(at, escaped.size(), word);
  }
  return text;
}

Result<expr::CelProgram> compile(const std::string& text) {
  for (const char* escape : {"__dot__", "__dash__", "__slash__", "__underscores__"}) {
    if (text.find(escape) != std::string::npos)
      return make_error(Code::unsupported, std::string("names with ") + escape);
  }
  return expr::CelProgram::compile(unescaped(text));
}

// nullptr for one that cannot be enforced.
const expr::CelProgram* program_of(const std::string& text) {
  thread_local std::map<std::string, std::unique_ptr<expr::CelProgram>> compiled;
  if (compiled.size() > 4096) compiled.clear();
  const auto [slot, fresh] = compiled.try_emplace(text);
  if (fresh) {
    if (auto made = compile(text); made.ok())
      slot->second = std::make_unique<expr::CelProgram>(std::move(*made));
  }
  return slot->second.get();
}

std::string text_of(const Value& rule, const char* field) {
  std::string text(rule[field].get_string());
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

bool is_transition(const Value& rule) {
  return rule["rule"].get_string().find("oldSelf") != std::string_view::npos;
}

class Rules {
 public:
  std::vector<FieldError> errors;

  void check(const Value& self, const Value* old, const Schema& schema, const std::string& path,
             std::size_t depth) {
    if (depth > 64 || self.is_null()) return;
    if (schema.source != nullptr) {
      for (const Value& rule : (*schema.source)[rules_key].items()) evaluate(rule, self, old, path);
    }
    if (self.is_array() && schema.items != nullptr) check_items(self, old, schema, path, depth);
    if (!self.is_object()) return;
    for (const value::Member& member : self.members()) {
      const Schema* below = schema.member(member.name());
      if (below == nullptr || below == metadata_schema()) continue;
      const bool named = schema.properties.contains(member.name());
      const std::string name(member.name());
      const std::string at = !named         ? path + "[" + name + "]"
                             : path.empty() ? name
                                            : path + "." + name;
      check(member.value, old == nullptr ? nullptr : old->find(name), *below, at, depth + 1);
    }
  }

 private:
  // Only a list whose items have keys says which item was which.
  void check_items(const Value& self, const Value* old, const Schema& schema,
                   const std::string& path, std::size_t depth) {
    for (std::size_t i = 0; i < self.size(); ++i) {
      const Value* was = nullptr;
      if (old != nullptr && schema.list == Schema::List::map) {
        for (const Value& item : old->items()) {
          const bool same =
              std::all_of(schema.keys.begin(), schema.keys.end(),
                          [&](const std::string& key) { return item[key] == self.at(i)[key]; });
          if (same) was = &item;
        }
      }
      check(self.at(i), was, *schema.items, path + "[" + std::to_string(i) + "]", depth + 1);
    }
  }

  void evaluate(const Value& rule, const Value& self, const Value* old, const std::string& path) {
    const bool transition = is_transition(rule);
    if (transition ? old == nullptr : old != nullptr && *old == self) return;
    if (rule["optionalOldSelf"].get_bool()) return;
    const std::string text = text_of(rule, "rule");
    const expr::CelProgram* program = program_of(text);
    if (program == nullptr) return;
    if (++evaluations_ > evaluations_max) {
      if (evaluations_ == evaluations_max + 1)
        add("", path, "Invalid value: the object has too many values that rules are about", {});
      return;
    }
    const std::vector<expr::CelBinding> bindings = bindings_of(self, old);
    const auto holds = program->evaluate_bool(bindings);
    const std::string plain =
        text_of(rule, "message").empty() ? "failed rule: " + text : text_of(rule, "message");
    if (!holds.ok()) {
      const std::string shown = text_of(rule, "message").empty() ? text : plain;
      add("", path,
          "Invalid value: \"" + std::string(type_of(self)) + "\": " + holds.error().message +
              " evaluating rule: " + shown,
          {});
    } else if (!*holds) {
      add(rule["reason"].get_string(), path + std::string(rule["fieldPath"].get_string()),
          message_of(rule, plain, bindings), self);
    }
  }

  static std::vector<expr::CelBinding> bindings_of(const Value& self, const Value* old) {
    std::vector<expr::CelBinding> bindings = {{"self", &self}};
    if (old != nullptr) bindings.push_back({"oldSelf", old});
    return bindings;
  }

  static std::string message_of(const Value& rule, const std::string& plain,
                                const std::vector<expr::CelBinding>& bindings) {
    const std::string expression = text_of(rule, "messageExpression");
    const expr::CelProgram* program = expression.empty() ? nullptr : program_of(expression);
    if (program == nullptr) return plain;
    const auto made = program->evaluate(bindings);
    const bool usable = made.ok() && made->is(expr::CelKind::string) && !made->text().empty();
    return usable ? std::string(made->text()) : plain;
  }

  static std::string_view type_of(const Value& value) {
    return value.is_object()    ? "object"
           : value.is_array()   ? "array"
           : value.is_string()  ? "string"
           : value.is_bool()    ? "boolean"
           : value.is_integer() ? "integer"
                                : "number";
  }

  // `value` is shown when it is a scalar.
  void add(std::string_view reason, std::string path, std::string message, const Value& value) {
    std::string lead;
    if (reason == "FieldValueForbidden")
      lead = "Forbidden: ";
    else if (reason == "FieldValueRequired")
      lead = "Required value: ";
    else if (!value.is_null()) {
      lead = reason == "FieldValueDuplicate" ? "Duplicate value: " : "Invalid value: ";
      if (value.is_scalar()) lead += value::write_json(value, {.escape_html = false}) + ": ";
    }
    while (path.starts_with('.')) path.erase(0, 1);
    if (path.empty()) path = "<nil>";
    errors.push_back({reason.empty() ? "FieldValueInvalid" : std::string(reason), std::move(path),
                      lead + message});
  }

  std::size_t evaluations_ = 0;
};

bool has_rules(const Value& node, std::size_t depth = 0) {
  if (depth > 64 || node.is_scalar()) return false;
  if (node.is_object() && node.contains(rules_key)) return true;
  const auto below = [&](const Value& child) { return has_rules(child, depth + 1); };
  if (node.is_array()) return std::any_of(node.items().begin(), node.items().end(), below);
  return std::any_of(node.members().begin(), node.members().end(),
                     [&](const value::Member& member) { return below(member.value); });
}

void find_unenforced(const Value& node, const std::string& path, std::vector<std::string>& out,
                     std::size_t depth) {
  if (depth > 64 || !node.is_object()) return;
  for (const Value& rule : node[rules_key].items()) {
    const std::string text = text_of(rule, "rule");
    std::string why;
    if (rule["optionalOldSelf"].get_bool())
      why = "optionalOldSelf";
    else if (auto made = compile(text); !made.ok())
      why = made.error().message.substr(0, made.error().message.find('\n'));
    if (!why.empty()) out.push_back(path + ": rule \"" + text + "\" is not enforced: " + why);
  }
  for (const value::Member& member : node["properties"].members())
    find_unenforced(member.value, path + "." + std::string(member.name()), out, depth + 1);
  for (const char* word : {"items", "additionalProperties"})
    if (const Value* child = node.find(word)) find_unenforced(*child, path + "[*]", out, depth + 1);
}

}  // namespace

std::vector<std::string> rule_warnings(const Value& crd) {
  std::vector<std::string> out;
  for (const Value& version : crd["spec"]["versions"].items())
    find_unenforced(version["schema"]["openAPIV3Schema"], std::string(version["name"].get_string()),
                    out, 0);
  return out;
}

std::vector<FieldError> validate_custom(const Value& live, const Value& object,
                                        const Schema& schema) {
  std::vector<FieldError> errors = validate_schema(object, schema);
  if (!errors.empty()) {
    if (schema.source != nullptr && has_rules(*schema.source))
      errors.push_back({"FieldValueInvalid", "<nil>",
                        "Invalid value: null: some validation rules were not checked because the "
                        "object was invalid; correct the existing errors to complete validation"});
    return errors;
  }
  Rules rules;
  rules.check(object, live.is_null() ? nullptr : &live, schema, "", 0);
  std::stable_sort(rules.errors.begin(), rules.errors.end(),
                   [](const FieldError& a, const FieldError& b) { return a.field < b.field; });
  return std::move(rules.errors);
}

}  // namespace weir::api::kube
