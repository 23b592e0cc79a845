#include <algorithm>
#include <utility>

#include "engine/template/execution.hh"
#include "engine/template/format.hh"
#include "engine/template/stack.hh"

namespace weir::tmpl {

Operand Execution::pipeline(const Operand& dot, const PipeNode& pipe) {
  if (StackScope::exhausted()) fail_limit("nested too deep (template_stack_bytes_max)");
  at(pipe);
  Operand value;
  bool first = true;
  for (const Node* node : pipe.commands) {
    value = command(dot, static_cast<const CommandNode&>(*node), first ? nullptr : &value);
    first = false;
    // An interface gives way to what is in it; an empty one to no value.
    value.boxed = false;
    if (value.value.kind() == Kind::interface) value.value = Datum();
  }
  for (const VariableNode* variable : pipe.variables) {
    if (pipe.is_assignment) {
      find_variable(*variable) = value;
    } else {
      variables_.push_back({variable->id, value});
    }
  }
  return value;
}

Operand Execution::command(const Operand& dot, const CommandNode& node, Operand* piped) {
  const Node& first = *node.arguments[0];
  const Given given{node.arguments, piped};
  switch (first.kind) {
    case NodeKind::field: return field_node(dot, static_cast<const FieldNode&>(first), given);
    case NodeKind::chain: return chain_node(dot, static_cast<const ChainNode&>(first), given);
    case NodeKind::identifier:
      return function_node(dot, static_cast<const IdentifierNode&>(first), node, given);
    case NodeKind::pipe:
      not_a_function(given);
      return pipeline(dot, static_cast<const PipeNode&>(first));
    case NodeKind::variable:
      return variable_node(dot, static_cast<const VariableNode&>(first), given);
    default: break;
  }
  at(first);
  not_a_function(given);
  switch (first.kind) {
    case NodeKind::dot: return dot;
    case NodeKind::nil: fail("nil is not a command");
    case NodeKind::number: return {ideal(static_cast<const NumberNode&>(first)), false};
    default: return {*static_cast<const ConstantNode&>(first).value, false};
  }
}

void Execution::not_a_function(const Given& given) {
  if (!given.any()) return;
  std::string printed;
  append_node(printed, *given.words[0]);
  fail({"can't give argument to non-function ", printed});
}

// The value of a number where no type is asked for.
Datum Execution::ideal(const NumberNode& number) {
  at(number);
  if (number.ideal == nullptr) fail({number.source, " overflows int"});
  return *number.ideal;
}

Operand& Execution::find_variable(const VariableNode& node) {
  for (std::size_t i = variables_.size(); i-- > frame_;)
    if (variables_[i].id == node.id) return variables_[i].operand;
  fail({"undefined variable: ", node.name});
}

Operand Execution::field_node(const Operand& dot, const FieldNode& node, const Given& given) {
  at(node);
  return fields(dot, dot, node.names, node, given);
}

Operand Execution::chain_node(const Operand& dot, const ChainNode& node, const Given& given) {
  at(node);
  if (node.base->kind == NodeKind::nil) {
    std::string printed;
    append_node(printed, node);
    fail({"indirection through explicit nil in ", printed});
  }
  const Operand base{argument(dot, nullptr, *node.base), false};
  return fields(dot, base, node.names, node, given);
}

Operand Execution::variable_node(const Operand& dot, const VariableNode& node, const Given& given) {
  at(node);
  if (node.names.empty()) {
    const Operand& value = find_variable(node);
    not_a_function(given);
    return value;
  }
  const Operand value = find_variable(node);
  return fields(dot, value, node.names, node, given);
}

Operand Execution::fields(const Operand& dot, const Operand& receiver,
                          std::span<const MapKey> names, const Node& node, const Given& given) {
  // Plain maps, the usual case, are walked without copying what lies between.
  const Operand* at_operand = &receiver;
  const Datum* value = &receiver.value;
  bool boxed = receiver.boxed;
  while (names.size() > 1 && value->is_map() && value->type()->methods.empty()) {
    const Datum* const member = value->find(names[0]);
    if (member == nullptr) break;
    boxed = value->type()->element->kind == Kind::interface;
    value = member;
    names = names.subspan(1);
  }
  Operand current;
  if (value != &receiver.value) {
    current = {*value, boxed};
    at_operand = &current;
  }
  while (names.size() > 1) {
    Operand next = field(dot, *at_operand, names[0], node, {});
    current = std::move(next);
    at_operand = &current;
    names = names.subspan(1);
  }
  return field(dot, *at_operand, names[0], node, given);
}

Operand Execution::field(const Operand& dot, const Operand& receiver, const MapKey& name,
                         const Node& node, const Given& given) {
  const Datum& value = receiver.value;
  if (!value.valid()) {
    if (options_.missing_key == MissingKey::error)
      fail({"nil data; no entry for key ", quoted(name.text)});
    return {};
  }
  const std::string_view type_name =
      receiver.boxed || value.kind() == Kind::interface ? types::any.name : value.type()->name;
  if (value.kind() == Kind::interface) fail({"nil pointer evaluating ", type_name, ".", name.text});
  for (const Method& method : value.type()->methods) {
    if (method.name == name.text)
      return call(dot, *method.function, &value, node, name.text, given);
  }
  if (value.is_map()) return map_field(value, name, given);
  if (value.kind() == Kind::pointer && value.is_nil())
    fail({"nil pointer evaluating ", type_name, ".", name.text});
  if (value.kind() == Kind::pointer || value.kind() == Kind::struct_) {
    bool found = false;
    Operand member = object_field(value, name, given, &found);
    if (found) return member;
  }
  fail({"can't evaluate field ", name.text, " in type ", type_name});
}

Operand Execution::map_field(const Datum& map, const MapKey& name, const Given& given) {
  if (given.any()) fail({name.text, " is not a method but has arguments"});
  const Type& element = *map.type()->element;
  const bool boxed = element.kind == Kind::interface;
  if (const Datum* const found = map.find(name)) return {*found, boxed};
  switch (options_.missing_key) {
    case MissingKey::invalid: return {};
    case MissingKey::zero: return {Datum::zero(element), boxed};
    case MissingKey::error: break;
  }
  fail({"map has no entry for key ", quoted(name.text)});
}

Operand Execution::object_field(const Datum& object, const MapKey& name, const Given& given,
                                bool* found) {
  const Object& holder = object.as_object();
  const auto names = holder.field_names();
  const auto place = std::find(names.begin(), names.end(), name.text);
  *found = place != names.end();
  if (!*found) return {};
  if (!is_exported(name.text))
    fail({name.text, " is an unexported field of struct type ", object.type()->name});
  if (given.any()) fail({name.text, " has arguments but cannot be invoked as function"});
  return {holder.field(static_cast<std::size_t>(place - names.begin())), false};
}

}  // namespace weir::tmpl
