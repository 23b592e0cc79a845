#include "engine/expr/cel_checker.hh"

#include <algorithm>
#include <optional>

#include "engine/expr/cel_functions.hh"
#include "engine/expr/cel_parser.hh"

namespace weir::expr {
namespace {

// A type: a name and its parameters. "A" and "B" stand for any type in a signature; "dyn" fits all.
struct Type {
  std::string name = "dyn";
  std::vector<Type> parameters;

  std::string to_string() const {
    std::string out = name;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      out += (i == 0 ? "(" : ", ") + parameters[i].to_string();
    }
    return parameters.empty() ? out : out + ")";
  }
};

bool is_dyn(const Type& type) { return type.name == "dyn"; }
Type simple(std::string_view name) { return Type{std::string(name), {}}; }
Type list_of(Type item) { return Type{"list", {std::move(item)}}; }
Type optional_of(Type item) { return Type{"optional_type", {std::move(item)}}; }

// Overloads: "result argument argument ...". A target stands first. Names of the conversion
// functions and getters are generated below.
struct Signature {
  std::string_view function;
  std::string_view overload;
};

constexpr Signature signatures[] = {
    {"_+_", "int int int"},
    {"_+_", "uint uint uint"},
    {"_+_", "double double double"},
    {"_+_", "string string string"},
    {"_+_", "bytes bytes bytes"},
    {"_+_", "list(A) list(A) list(A)"},
    {"_+_", "timestamp timestamp duration"},
    {"_+_", "timestamp duration timestamp"},
    {"_+_", "duration duration duration"},
    {"_-_", "int int int"},
    {"_-_", "uint uint uint"},
    {"_-_", "double double double"},
    {"_-_", "duration timestamp timestamp"},
    {"_-_", "timestamp timestamp duration"},
    {"_-_", "duration duration duration"},
    {"_*_", "int int int"},
    {"_*_", "uint uint uint"},
    {"_*_", "double double double"},
    {"_/_", "int int int"},
    {"_/_", "uint uint uint"},
    {"_/_", "double double double"},
    {"_%_", "int int int"},
    {"_%_", "uint uint uint"},
    {"-_", "int int"},
    {"-_", "double double"},
    {"-_", "duration duration"},
    {"!_", "bool bool"},
    {"_==_", "bool A A"},
    {"_!=_", "bool A A"},
    {"@in", "bool A list(A)"},
    {"@in", "bool A map(A,B)"},
    {"size", "int string"},
    {"size", "int bytes"},
    {"size", "int list(A)"},
    {"size", "int map(A,B)"},
    {"matches", "bool string string"},
    {"contains", "bool string string"},
    {"startsWith", "bool string string"},
    {"endsWith", "bool string string"},
    {"charAt", "string string int"},
    {"indexOf", "int string string"},
    {"indexOf", "int string string int"},
    {"lastIndexOf", "int string string"},
    {"lastIndexOf", "int string string int"},
    {"lowerAscii", "string string"},
    {"upperAscii", "string string"},
    {"trim", "string string"},
    {"reverse", "string string"},
    {"replace", "string string string string"},
    {"replace", "string string string string int"},
    {"split", "list(string) string string"},
    {"split", "list(string) string string int"},
    {"substring", "string string int"},
    {"substring", "string string int int"},
    {"join", "string list(string)"},
    {"join", "string list(string) string"},
    {"format", "string string list(dyn)"},
    {"strings.quote", "string string"},
    {"sets.contains", "bool list(A) list(A)"},
    {"sets.equivalent", "bool list(A) list(A)"},
    {"sets.intersects", "bool list(A) list(A)"},
    {"base64.encode", "string bytes"},
    {"base64.decode", "bytes string"},
    {"optional.none", "optional_type(A)"},
    {"optional.of", "optional_type(A) A"},
    {"optional.ofNonZeroValue", "optional_type(A) A"},
    {"optional.unwrap", "list(A) list(optional_type(A))"},
    {"unwrapOpt", "list(A) list(optional_type(A))"},
    {"hasValue", "bool optional_type(A)"},
    {"value", "A optional_type(A)"},
    {"or", "optional_type(A) optional_type(A) optional_type(A)"},
    {"orValue", "A optional_type(A) A"},
    {"first", "optional_type(A) list(A)"},
    {"last", "optional_type(A) list(A)"},
    {"int", "int A"},
    {"uint", "uint A"},
    {"double", "double A"},
    {"bool", "bool A"},
    {"string", "string A"},
    {"bytes", "bytes A"},
    {"timestamp", "timestamp A"},
    {"duration", "duration A"},
    {"dyn", "dyn A"},
    {"type", "type A"},
};

constexpr std::string_view order_operators[] = {"_<_", "_<=_", "_>_", "_>=_"};
constexpr std::string_view ordered_types[] = {
    "bool", "string", "bytes", "google.protobuf.Timestamp", "google.protobuf.Duration"};
constexpr std::string_view numeric_types[] = {"int", "uint", "double"};

template <typename Names>
bool holds(const Names& names, std::string_view wanted) {
  return std::find(std::begin(names), std::end(names), wanted) != std::end(names);
}

// One type of a signature; `text` is moved past it.
Type parse_type(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of("(), "), text.size());
  Type type = simple(text.substr(0, end));
  if (type.name == "timestamp") type.name = "google.protobuf.Timestamp";
  if (type.name == "duration") type.name = "google.protobuf.Duration";
  text.remove_prefix(end);
  if (!text.starts_with('(')) return type;
  while (!text.starts_with(')')) {
    text.remove_prefix(1);
    type.parameters.push_back(parse_type(text));
  }
  text.remove_prefix(1);
  return type;
}

class Unifier {
 public:
  bool fits(const Type& wanted, const Type& given) {
    if (is_dyn(wanted) || is_dyn(given)) return true;
    if (wanted.name == "A" || wanted.name == "B") return bind(wanted.name == "A" ? 0 : 1, given);
    if (wanted.name != given.name) return false;
    for (std::size_t i = 0; i < wanted.parameters.size() && i < given.parameters.size(); ++i) {
      if (!fits(wanted.parameters[i], given.parameters[i])) return false;
    }
    return true;
  }
  Type resolve(const Type& type) const {
    if (type.name == "A" || type.name == "B") {
      return bound_[type.name == "A" ? 0 : 1].value_or(Type());
    }
    Type out = simple(type.name);
    for (const Type& parameter : type.parameters) out.parameters.push_back(resolve(parameter));
    return out;
  }

 private:
  // A null may stand where a time or an optional does.
  static bool nullable(const Type& type) {
    return type.name.starts_with("google.") || type.name == "optional_type";
  }
  bool bind(std::size_t slot, const Type& given) {
    std::optional<Type>& bound = bound_[slot];
    if (!bound || is_dyn(*bound)) {
      bound = given;
      return true;
    }
    if (given.name == "null_type" && nullable(*bound)) return true;
    if (bound->name == "null_type" && nullable(given)) return true;
    return Unifier().fits(*bound, given);
  }
  std::optional<Type> bound_[2];
};

class Checker {
 public:
  Checker(std::string_view text, const std::vector<std::string>& variables)
      : text_(text), variables_(variables) {}

  Result<Type> check(const Node& node) {
    switch (node.kind) {
      case NodeKind::literal: return simple(node.literal.type_name());
      case NodeKind::variable: return check_variable(node);
      case NodeKind::local: return scope_[node.slot];
      case NodeKind::select:
      case NodeKind::index:
      case NodeKind::has: return check_select(node);
      case NodeKind::logical_and:
      case NodeKind::logical_or: return check_logical(node);
      case NodeKind::ternary: return check_ternary(node);
      case NodeKind::list: return check_list(node);
      case NodeKind::map: return check_map(node);
      case NodeKind::call:
      case NodeKind::opt_or:
      case NodeKind::opt_or_value: return check_call(node);
      default: return check_macro(node);
    }
  }

 private:
  Error fail(const Node& node, const std::string& message) const {
    return cel_error(text_, node.position, message);
  }
  Error undeclared(const Node& node) const {
    return fail(node, "undeclared reference to '" + node.name + "' (in container '')");
  }

  Result<Type> check_variable(const Node& node) const {
    if (holds(variables_, node.name)) return Type{"map", {simple("string"), Type()}};
    constexpr std::string_view types[] = {"int",   "uint", "double", "bool",      "string",
                                          "bytes", "list", "map",    "null_type", "type"};
    if (holds(types, node.name)) return Type{"type", {simple(node.name)}};
    return undeclared(node);
  }

  Result<Type> check_select(const Node& node) {
    if (is_time_type(node)) return simple("type");
    WEIR_TRY(Type operand, check(node.children[0]));
    if (node.kind == NodeKind::index) WEIR_CHECK(check_only(node.children[1]));
    const bool wrapped = operand.name == "optional_type";
    const Type container = wrapped ? operand.parameters[0] : operand;
    Type result;
    if (container.name == "map") {
      result = container.parameters[1];
    } else if (container.name == "list" && node.kind == NodeKind::index) {
      result = container.parameters[0];
    } else if (!is_dyn(container)) {
      return fail(node, node.kind == NodeKind::index
                            ? "found no matching overload for '_[_]' applied to '(" +
                                  container.to_string() + ", dyn)'"
                            : "type '" + container.to_string() +
                                "' does not support field selection");
    }
    if (node.kind == NodeKind::has) return simple("bool");
    return node.optional || wrapped ? optional_of(std::move(result)) : result;
  }

  static bool is_time_type(const Node& node) {
    if (node.kind != NodeKind::select || (node.name != "Timestamp" && node.name != "Duration")) {
      return false;
    }
    const Node& package = node.children[0];
    return package.kind == NodeKind::select && package.name == "protobuf" &&
           package.children[0].kind == NodeKind::variable && package.children[0].name == "google";
  }

  Result<void> check_only(const Node& node) {
    WEIR_TRY([[maybe_unused]] const Type type, check(node));
    return {};
  }

  Result<void> expect_bool(const Node& node) {
    WEIR_TRY(const Type type, check(node));
    if (is_dyn(type) || type.name == "bool") return {};
    return fail(node, "expected type 'bool' but found '" + type.to_string() + "'");
  }

  Result<Type> check_logical(const Node& node) {
    for (const Node& child : node.children) WEIR_CHECK(expect_bool(child));
    return simple("bool");
  }

  Result<Type> check_ternary(const Node& node) {
    WEIR_CHECK(expect_bool(node.children[0]));
    WEIR_TRY(const Type yes, check(node.children[1]));
    WEIR_TRY(const Type no, check(node.children[2]));
    if (is_dyn(yes) || is_dyn(no)) return Type();
    if (Unifier().fits(yes, no)) return yes;
    return fail(node, "found no matching overload for '_?_:_' applied to '(bool, " +
                          yes.to_string() + ", " + no.to_string() + ")'");
  }

  // The type all share; elements of a literal must be of one.
  Result<void> join(const Node& node, const Type& next, std::optional<Type>& joined) const {
    if (!joined) {
      joined = next;
    } else if (is_dyn(next) || is_dyn(*joined)) {
      joined = Type();
    } else if (!Unifier().fits(*joined, next)) {
      return fail(node, "expected type '" + joined->to_string() + "' but found '" +
                            next.to_string() + "'");
    }
    return {};
  }

  Result<Type> check_list(const Node& node) {
    std::optional<Type> item;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      WEIR_TRY(Type type, check(node.children[i]));
      if (node.optional_items[i]) {
        type = type.parameters.empty() ? Type() : Type(type.parameters[0]);
      }
      WEIR_CHECK(join(node.children[i], type, item));
    }
    return list_of(item.value_or(Type()));
  }

  Result<Type> check_map(const Node& node) {
    std::optional<Type> key;
    std::optional<Type> mapped;
    for (std::size_t i = 0; i < node.children.size(); i += 2) {
      WEIR_TRY(const Type key_type, check(node.children[i]));
      WEIR_CHECK(join(node.children[i], key_type, key));
      WEIR_TRY(Type type, check(node.children[i + 1]));
      if (node.optional_items[i / 2]) {
        type = type.parameters.empty() ? Type() : Type(type.parameters[0]);
      }
      WEIR_CHECK(join(node.children[i + 1], type, mapped));
    }
    return Type{"map", {key.value_or(Type()), mapped.value_or(Type())}};
  }

  Result<Type> check_macro(const Node& node) {
    WEIR_TRY(const Type range, check(node.children[0]));
    const bool optional = node.kind == NodeKind::opt_map || node.kind == NodeKind::opt_flat_map;
    Type item;
    if (!is_dyn(range)) {
      const bool right = optional ? range.name == "optional_type"
                                  : range.name == "list" || range.name == "map";
      if (!right) {
        const std::string_view reason =
            "' cannot be range of a comprehension (must be list, map, or dynamic)";
        return fail(node.children[0],
                    "expression of type '" + range.to_string() + std::string(reason));
      }
      item = range.parameters[0];
    }
    scope_.resize(node.slot);
    scope_.push_back(item);
    const bool body_is_condition = node.kind != NodeKind::transform && !optional;
    if (body_is_condition || node.children.size() == 3) WEIR_CHECK(expect_bool(node.children[1]));
    if (body_is_condition) {
      return node.kind == NodeKind::filter ? list_of(item) : simple("bool");
    }
    scope_.resize(node.slot + 1);
    WEIR_TRY(Type result, check(node.children.back()));
    if (node.kind == NodeKind::opt_flat_map) return result;
    return optional ? optional_of(std::move(result)) : list_of(std::move(result));
  }

  Result<Type> check_call(const Node& node) {
    std::vector<Type> arguments;
    for (const Node& child : node.children) {
      WEIR_TRY(Type type, check(child));
      arguments.push_back(std::move(type));
    }
    if (holds(order_operators, node.name)) return check_order(node, arguments);
    if (node.name.starts_with("get") && node.function != nullptr) {
      return check_getter(node, arguments);
    }
    bool known = false;
    std::optional<Type> result;
    for (const Signature& signature : signatures) {
      if (signature.function != node.name) continue;
      known = true;
      const auto fitted = fit(signature.overload, arguments);
      if (!fitted) continue;
      // Operands that are dyn may fit several overloads, of different results.
      if (result && result->to_string() != fitted->to_string()) return Type();
      result = fitted;
    }
    if (!known) return undeclared(node);
    if (!result) return no_overload(node, arguments);
    return *result;
  }

  static std::optional<Type> fit(std::string_view overload, const std::vector<Type>& arguments) {
    const Type result = parse_type(overload);
    Unifier unifier;
    for (const Type& argument : arguments) {
      if (!overload.starts_with(' ')) return std::nullopt;
      overload.remove_prefix(1);
      if (!unifier.fits(parse_type(overload), argument)) return std::nullopt;
    }
    if (!overload.empty()) return std::nullopt;
    return unifier.resolve(result);
  }

  Error no_overload(const Node& node, const std::vector<Type>& arguments) const {
    std::string shown;
    const std::size_t first = node.member ? 1 : 0;
    for (std::size_t i = first; i < arguments.size(); ++i) {
      shown += (i > first ? ", " : "") + arguments[i].to_string();
    }
    const std::string target = node.member ? arguments[0].to_string() + "." : "";
    return fail(node, "found no matching overload for '" + node.name + "' applied to '" + target +
                          "(" + shown + ")'");
  }

  Result<Type> check_order(const Node& node, const std::vector<Type>& arguments) const {
    const Type& a = arguments[0];
    const Type& b = arguments[1];
    const auto orderable = [](const Type& type) {
      return is_dyn(type) || holds(ordered_types, type.name) || holds(numeric_types, type.name);
    };
    const bool numbers = holds(numeric_types, a.name) && holds(numeric_types, b.name);
    const bool one_kind = is_dyn(a) || is_dyn(b) || a.name == b.name || numbers;
    if (!orderable(a) || !orderable(b) || !one_kind) return no_overload(node, arguments);
    return simple("bool");
  }

  Result<Type> check_getter(const Node& node, const std::vector<Type>& arguments) const {
    const bool time = is_dyn(arguments[0]) || arguments[0].name.starts_with("google.protobuf.");
    const bool zone = arguments.size() < 2 || is_dyn(arguments[1]) || arguments[1].name == "string";
    if (!time || !zone || arguments.size() > 2) return no_overload(node, arguments);
    return simple("int");
  }

  std::string_view text_;
  const std::vector<std::string>& variables_;
  std::vector<Type> scope_;
};

}  // namespace

Result<std::string> check_cel(std::string_view text, const Node& root,
                              const std::vector<std::string>& variables) {
  WEIR_TRY(const Type type, Checker(text, variables).check(root));
  return type.to_string();
}

}  // namespace weir::expr
