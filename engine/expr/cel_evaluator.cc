#include "engine/expr/cel_evaluator.hh"

#include <cmath>

#include "engine/base/limits.hh"

namespace weir::expr {
namespace {

using Kind = CelKind;

constexpr std::string_view type_identifiers[] = {"int",   "uint", "double", "bool",      "string",
                                                 "bytes", "list", "map",    "null_type", "type"};

CelValue no_such_key(const CelValue& key) {
  return CelValue::error("no such key: " + key.to_text());
}

// The element of a list; an error value when the key is no index. Nothing when it is out of bounds.
std::optional<CelValue> list_element(const CelValue& list, const CelValue& key) {
  double index = -1;
  if (key.is(Kind::integer)) {
    index = static_cast<double>(key.as_int());
  } else if (key.is(Kind::uinteger)) {
    index = static_cast<double>(key.as_uint());
  } else if (key.is(Kind::floating)) {
    index = key.as_double();
    if (index != std::floor(index)) {
      return CelValue::error("unsupported index value " + key.to_text() + " in list");
    }
  } else {
    return CelValue::error("unsupported index type '" + std::string(key.type_name()) + "' in list");
  }
  if (!(index >= 0 && index < static_cast<double>(list.size()))) return std::nullopt;
  return list.item(static_cast<std::size_t>(index));
}

// container[key]; nothing when the container has no such element.
std::optional<CelValue> element(const CelValue& container, const CelValue& key) {
  if (container.is(Kind::map)) return container.find(key);
  if (container.is(Kind::list)) return list_element(container, key);
  return std::nullopt;
}

// Selecting in an optional, or optionally, gives an optional.
CelValue qualify(const CelValue& operand, const CelValue& key, bool optional) {
  if (operand.is_missing_attribute()) {
    return CelValue::missing_attribute(std::string(operand.text()) + "." + key.to_text());
  }
  if (operand.is_error()) return operand;
  const bool basic = key.is(Kind::string) || key.is(Kind::boolean) || key.is_number();
  if (!basic) return CelValue::error("invalid qualifier type: " + std::string(key.type_name()));
  const bool wrapped = operand.is(Kind::optional);
  if (wrapped && operand.optional_value() == nullptr) return operand;
  const CelValue& container = wrapped ? *operand.optional_value() : operand;
  auto found = element(container, key);
  if (found && found->is_error()) return *found;
  if (optional || wrapped) return found ? CelValue::some(std::move(*found)) : CelValue::none();
  if (found) return std::move(*found);
  if (container.is(Kind::list)) return CelValue::error("index out of bounds: " + key.to_text());
  return no_such_key(key);
}

}  // namespace

CelEvaluator::CelEvaluator(const CelVariables& variables, std::size_t slots)
    : variables_(variables), slots_(slots), budget_(base::limits::expression_steps_max) {}

Result<CelValue> CelEvaluator::run(const Node& node) {
  CelValue value = eval(node);
  if (budget_.spent()) {
    return make_error(Code::limit, "evaluation takes too many steps (expression_steps_max)");
  }
  if (value.is_missing_attribute()) {
    return make_error(Code::invalid, "no such attribute(s): " + std::string(value.text()));
  }
  if (value.is_error()) return make_error(Code::invalid, std::string(value.text()));
  return value;
}

CelValue CelEvaluator::eval(const Node& node) {
  if (!budget_.charge(1)) return CelValue::error("limit");
  switch (node.kind) {
    case NodeKind::literal: return node.literal;
    case NodeKind::variable: return eval_variable(node);
    case NodeKind::local: return slots_[node.slot];
    case NodeKind::select: return eval_select(node);
    case NodeKind::has: return eval_has(node);
    case NodeKind::index: return eval_index(node);
    case NodeKind::call: return eval_call(node);
    case NodeKind::logical_and:
    case NodeKind::logical_or: return eval_logical(node);
    case NodeKind::ternary: return eval_ternary(node);
    case NodeKind::list: return eval_list(node);
    case NodeKind::map: return eval_map(node);
    case NodeKind::all:
    case NodeKind::exists: return eval_quantifier(node);
    case NodeKind::exists_one: return eval_exists_one(node);
    case NodeKind::transform:
    case NodeKind::filter: return eval_transform(node);
    case NodeKind::opt_map:
    case NodeKind::opt_flat_map: return eval_optional_map(node);
    case NodeKind::opt_or:
    case NodeKind::opt_or_value: return eval_optional_or(node);
  }
  return no_such_overload();
}

CelValue CelEvaluator::eval_variable(const Node& node) {
  if (const Value* value = variables_(node.name)) return CelValue::from(*value);
  for (std::string_view name : type_identifiers) {
    if (name == node.name) return CelValue::type(name);
  }
  return CelValue::missing_attribute(node.name);
}

CelValue CelEvaluator::eval_select(const Node& node) {
  CelValue operand = eval(node.children[0]);
  if (operand.is_missing_attribute()) {
    const std::string path = std::string(operand.text()) + "." + node.name;
    if (path == "google.protobuf.Timestamp" || path == "google.protobuf.Duration") {
      return CelValue::type(path);
    }
  }
  if (operand.is(Kind::map) && !node.optional) {
    if (auto found = operand.find(node.name)) return std::move(*found);
  }
  return qualify(operand, CelValue::string(node.name), node.optional);
}

CelValue CelEvaluator::eval_has(const Node& node) {
  const CelValue operand = eval(node.children[0]);
  const CelValue found = qualify(operand, CelValue::string(node.name), true);
  if (found.is_error()) return found;
  return CelValue::boolean(found.optional_value() != nullptr);
}

CelValue CelEvaluator::eval_index(const Node& node) {
  const CelValue operand = eval(node.children[0]);
  if (operand.is_error() && !operand.is_missing_attribute()) return operand;
  const Node& written = node.children[1];
  const bool none = operand.is(Kind::optional) && operand.optional_value() == nullptr;
  if (none && written.kind != NodeKind::literal && written.kind != NodeKind::list) return operand;
  const CelValue key = eval(node.children[1]);
  if (key.is_error()) return key;
  return qualify(operand, key, node.optional);
}

CelValue CelEvaluator::eval_call(const Node& node) {
  constexpr std::size_t inline_arguments = 4;
  CelValue arguments[inline_arguments];
  const std::size_t count = node.children.size();
  const CelFunction* function = node.function;
  const auto style = node.member ? CallStyle::member : CallStyle::global;
  const bool fits = function != nullptr && count <= inline_arguments &&
                    count >= function->arguments_min && count <= function->arguments_max &&
                    (static_cast<int>(function->style) & static_cast<int>(style)) != 0;
  for (std::size_t i = 0; i < count; ++i) {
    CelValue argument = eval(node.children[i]);
    if (argument.is_error()) return argument;
    if (fits) arguments[i] = std::move(argument);
  }
  if (!fits) return no_such_overload(node.name);
  if (node.pattern && arguments[0].is(Kind::string)) {
    budget_.charge_bytes(arguments[0].text().size());
    return CelValue::boolean(pattern_matches(*node.pattern, arguments[0].text()));
  }
  return function->body(budget_, CelArguments(arguments, count));
}

// One operand that decides settles it, even past an error; else the first error; else the rest is
// true (for &&) or false (for ||).
CelValue CelEvaluator::eval_logical(const Node& node) {
  const bool deciding = node.kind == NodeKind::logical_or;
  std::optional<CelValue> failure;
  for (const Node& child : node.children) {
    CelValue value = eval(child);
    if (value.is(Kind::boolean)) {
      if (value.as_bool() == deciding) return value;
    } else if (!failure) {
      failure = value.is_error() ? std::move(value) : no_such_overload();
    }
  }
  return failure ? std::move(*failure) : CelValue::boolean(!deciding);
}

CelValue CelEvaluator::eval_ternary(const Node& node) {
  CelValue condition = eval(node.children[0]);
  if (condition.is_error()) return condition;
  if (!condition.is(Kind::boolean)) return no_such_overload();
  return eval(node.children[condition.as_bool() ? 1 : 2]);
}

CelValue CelEvaluator::eval_list(const Node& node) {
  CelValue::Items items;
  items.reserve(node.children.size());
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    CelValue item = eval(node.children[i]);
    if (item.is_error()) return item;
    if (!node.optional_items[i]) {
      items.push_back(std::move(item));
      continue;
    }
    if (!item.is(Kind::optional)) {
      return CelValue::error("cannot initialize optional list element from non-optional value " +
                             item.to_text());
    }
    if (const CelValue* held = item.optional_value()) items.push_back(*held);
  }
  return CelValue::list(std::move(items));
}

CelValue CelEvaluator::eval_map(const Node& node) {
  CelValue::Items items;
  for (std::size_t i = 0; i < node.children.size(); i += 2) {
    CelValue key = eval(node.children[i]);
    if (key.is_error()) return key;
    CelValue mapped = eval(node.children[i + 1]);
    if (mapped.is_error()) return mapped;
    if (node.optional_items[i / 2]) {
      if (!mapped.is(Kind::optional)) {
        return CelValue::error("cannot initialize optional entry '" + key.to_text() +
                               "' from non-optional value " + mapped.to_text());
      }
      if (mapped.optional_value() == nullptr) continue;
      const CelValue held = *mapped.optional_value();
      mapped = held;
    }
    budget_.charge(items.size() / 2);
    std::size_t at = 0;
    while (at < items.size() && !(items[at].kind() == key.kind() && cel_equal(items[at], key))) {
      at += 2;
    }
    if (at < items.size()) {
      items[at + 1] = std::move(mapped);
    } else {
      items.push_back(std::move(key));
      items.push_back(std::move(mapped));
    }
  }
  return CelValue::map(std::move(items));
}

// What a macro iterates: a list, or a map's keys.
CelValue CelEvaluator::range_of(const Node& node) {
  CelValue range = eval(node.children[0]);
  if (range.is_error() || range.is(Kind::list) || range.is(Kind::map)) return range;
  if (range.is(Kind::optional)) return CelValue::error("no such overload");
  return CelValue::error("got '" + std::string(range.type_name()) + "', expected iterable type");
}

CelValue CelEvaluator::eval_quantifier(const Node& node) {
  const bool deciding = node.kind == NodeKind::exists;
  const CelValue range = range_of(node);
  if (range.is_error()) return range;
  std::optional<CelValue> failure;
  for (std::size_t i = 0; i < range.size() && !budget_.spent(); ++i) {
    slots_[node.slot] = range.is(Kind::list) ? range.item(i) : range.key(i);
    CelValue value = eval(node.children[1]);
    if (value.is(Kind::boolean)) {
      if (value.as_bool() == deciding) return value;
    } else if (!failure) {
      failure = value.is_error() ? std::move(value) : no_such_overload();
    }
  }
  return failure ? std::move(*failure) : CelValue::boolean(!deciding);
}

CelValue CelEvaluator::eval_exists_one(const Node& node) {
  const CelValue range = range_of(node);
  if (range.is_error()) return range;
  std::size_t count = 0;
  for (std::size_t i = 0; i < range.size() && !budget_.spent(); ++i) {
    slots_[node.slot] = range.is(Kind::list) ? range.item(i) : range.key(i);
    CelValue value = eval(node.children[1]);
    if (value.is_error()) return value;
    if (!value.is(Kind::boolean)) return no_such_overload();
    if (value.as_bool()) ++count;
  }
  return CelValue::boolean(count == 1);
}

CelValue CelEvaluator::eval_transform(const Node& node) {
  const CelValue range = range_of(node);
  if (range.is_error()) return range;
  const bool filter = node.kind == NodeKind::filter;
  const bool has_condition = filter || node.children.size() == 3;
  CelValue::Items items;
  for (std::size_t i = 0; i < range.size() && !budget_.spent(); ++i) {
    const CelValue item = range.is(Kind::list) ? range.item(i) : range.key(i);
    slots_[node.slot] = item;
    if (has_condition) {
      CelValue condition = eval(node.children[1]);
      if (condition.is_error()) return condition;
      if (!condition.is(Kind::boolean)) return no_such_overload();
      if (!condition.as_bool()) continue;
    }
    CelValue result = filter ? item : eval(node.children.back());
    if (result.is_error()) return result;
    items.push_back(std::move(result));
  }
  return CelValue::list(std::move(items));
}

CelValue CelEvaluator::eval_optional_map(const Node& node) {
  CelValue operand = eval(node.children[0]);
  if (operand.is_error()) return operand;
  if (!operand.is(Kind::optional)) {
    return no_such_overload("hasValue(" + std::string(operand.type_name()) + ")");
  }
  if (operand.optional_value() == nullptr) return operand;
  slots_[node.slot] = *operand.optional_value();
  CelValue result = eval(node.children[1]);
  if (result.is_error() || node.kind == NodeKind::opt_flat_map) return result;
  return CelValue::some(std::move(result));
}

CelValue CelEvaluator::eval_optional_or(const Node& node) {
  CelValue operand = eval(node.children[0]);
  if (operand.is_error() || !operand.is(Kind::optional)) return operand;
  const CelValue* held = operand.optional_value();
  if (held == nullptr) return eval(node.children[1]);
  if (node.kind == NodeKind::opt_or) return operand;
  const CelValue value = *held;
  return value;
}

}  // namespace weir::expr
