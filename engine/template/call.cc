#include <array>
#include <optional>
#include <utility>

#include "engine/template/execution.hh"
#include "engine/template/format.hh"

namespace weir::tmpl {

namespace {

// The values of one call: on the stack while there are few.
class Arguments {
 public:
  explicit Arguments(std::size_t count) : count_(count) {
    if (count > few_.size()) many_.resize(count);
  }
  Datum& operator[](std::size_t index) { return all()[index]; }
  std::span<Datum> all() {
    return count_ > few_.size() ? std::span<Datum>(many_) : std::span<Datum>(few_.data(), count_);
  }

 private:
  const std::size_t count_;
  std::array<Datum, 5> few_;
  std::vector<Datum> many_;
};

bool takes_nil(const Type& type) {
  switch (type.kind) {
    case Kind::func:
    case Kind::interface:
    case Kind::map:
    case Kind::pointer:
    case Kind::slice: return true;
    default: return &type == &types::reflect_value;
  }
}

std::size_t fixed_count(const Function& function) {
  return function.parameter_count - (function.arity == Arity::variadic ? 1u : 0u);
}

const Type& parameter(const Function& function, std::size_t index) {
  const std::size_t fixed = fixed_count(function);
  return *function.parameters[index < fixed ? index : function.parameter_count - 1u];
}

std::string printed(const Node& node) {
  std::string out;
  append_node(out, node);
  return out;
}

bool is_int_like(Kind kind) { return is_signed(kind) || is_unsigned(kind); }

// What `call` does to an argument: nil, assignability, and any integer for any other.
Datum prepare(const Datum& value, const Type& type, std::size_t index) {
  if (!value.valid() || value.kind() == Kind::interface) {
    if (takes_nil(type)) return Datum::zero(type);
    std::string message = "arg " + std::to_string(index);
    message += ": value is nil; should be of type ";
    message += type.name;
    throw FunctionError{std::move(message)};
  }
  if (assignable(*value.type(), type)) return value;
  if (is_int_like(value.kind()) && is_int_like(type.kind)) {
    const std::uint64_t bits =
        is_signed(value.kind()) ? static_cast<std::uint64_t>(value.as_int()) : value.as_uint();
    const int unused = 64 - bits_of(type.kind);
    if (is_signed(type.kind))
      return Datum::integer(static_cast<std::int64_t>(bits << unused) >> unused, type);
    return Datum::unsigned_integer(bits << unused >> unused, type);
  }
  std::string message = "arg " + std::to_string(index);
  message += ": value has type ";
  message += value.type_name();
  message += "; should be ";
  message += type.name;
  throw FunctionError{std::move(message)};
}

}  // namespace

Operand Execution::function_node(const Operand& dot, const IdentifierNode& node, const Node& from,
                                 const Given& given) {
  at(node);
  return call(dot, *node.function, nullptr, from, node.name, given);
}

void Execution::check_count(const Function& function, std::string_view name, const Given& given) {
  const std::size_t count = given.count() + (given.piped != nullptr ? 1 : 0);
  const std::size_t fixed = fixed_count(function);
  if (function.arity == Arity::variadic) {
    if (count < fixed)
      fail({"wrong number of args for ", name, ": want at least ", std::to_string(fixed), " got ",
            std::to_string(given.count())});
  } else if (count != fixed) {
    fail({"wrong number of args for ", name, ": want ", std::to_string(fixed), " got ",
          std::to_string(count)});
  }
}

// `receiver` is nullptr for functions that are no methods.
Operand Execution::call(const Operand& dot, const Function& function, const Datum* receiver,
                        const Node& node, std::string_view name, const Given& given) {
  step();
  check_count(function, name, given);
  if (function.special == Special::and_ || function.special == Special::or_)
    return call_and_or(dot, function, given);
  const std::size_t before = receiver != nullptr ? 1 : 0;
  const std::size_t words = given.count();
  Arguments arguments(before + words + (given.piped != nullptr ? 1 : 0));
  if (receiver != nullptr) arguments[0] = *receiver;
  for (std::size_t i = 0; i < words; ++i) {
    Datum& place = arguments[before + i];
    place = argument(dot, &parameter(function, i), *given.words[i + 1]);
    // Go's slice looks into no interface {}: an index that stands in one is refused.
    if (function.special == Special::slice && i > 0 && boxed_argument_) place = Datum::nil();
  }
  if (given.piped != nullptr)
    arguments[before + words] = validate(std::move(*given.piped), &parameter(function, words));
  if (receiver != nullptr && receiver->kind() == Kind::pointer && receiver->is_nil()) {
    at(node);
    fail({"error calling ", name,
          ": runtime error: invalid memory address or nil pointer dereference"});
  }
  if (function.special == Special::call) {
    try {
      return {invoke_value(given, arguments.all()), false};
    } catch (const FunctionError& error) {
      at(node);
      fail_with(error, name);
    }
  }
  return {invoke(function, node, name, arguments.all()), false};
}

// Evaluates no more arguments than decide.
Operand Execution::call_and_or(const Operand& dot, const Function& function, const Given& given) {
  Datum value;
  for (std::size_t i = 0; i < given.count(); ++i) {
    value = argument(dot, &types::reflect_value, *given.words[i + 1]);
    if (truth(value) == (function.special == Special::or_)) return {std::move(value), false};
  }
  if (given.piped != nullptr) value = validate(std::move(*given.piped), &types::reflect_value);
  return {std::move(value), false};
}

Datum Execution::invoke(const Function& function, const Node& node, std::string_view name,
                        std::span<Datum> arguments) {
  CallContext context(*this, budget_, options_.ports);
  try {
    return function.call(context, arguments);
  } catch (const FunctionError& error) {
    at(node);
    fail_with(error, name);
  }
}

void Execution::fail_with(const FunctionError& error, std::string_view name) {
  if (error.code == Code::limit) {
    // One place is told, the innermost; not the whole chain of callers.
    if (error.message.starts_with("template: ")) throw ExecutionError{Code::limit, error.message};
    fail_limit(error.message);
  }
  fail({"error calling ", name, ": ", error.message});
}

// The builtin `call`: its first argument is a function value.
Datum Execution::invoke_value(const Given& given, std::span<Datum> arguments) {
  const Datum& value = arguments[0];
  if (!value.valid() || value.kind() == Kind::interface) throw FunctionError{"call of nil"};
  // Go names the value that was piped in as reflect.Value.String() prints it.
  std::string name;
  if (given.count() > 0) {
    name = printed(*given.words[1]);
  } else if (value.is_string()) {
    name = value.as_string();
  } else {
    name.append("<").append(value.type_name()).append(" Value>");
  }
  const Function* const function =
      value.kind() == Kind::func && !value.is_nil() ? value.as_object().function() : nullptr;
  if (function == nullptr) {
    std::string message = "non-function ";
    message.append(name).append(" of type ").append(value.type_name());
    throw FunctionError{std::move(message)};
  }
  const std::span<Datum> rest = arguments.subspan(1);
  const std::size_t fixed = fixed_count(*function);
  const bool variadic = function->arity == Arity::variadic;
  if (variadic ? rest.size() < fixed : rest.size() != fixed) {
    std::string message = "wrong number of args for ";
    message.append(name).append(": got ").append(std::to_string(rest.size()));
    message.append(variadic ? " want at least " : " want ").append(std::to_string(fixed));
    throw FunctionError{std::move(message)};
  }
  for (std::size_t i = 0; i < rest.size(); ++i)
    rest[i] = prepare(rest[i], parameter(*function, i), i);
  CallContext context(*this, budget_, options_.ports);
  return function->call(context, rest);
}

// The value of a word as an argument of this type; no type is asked for when it is nullptr.
Datum Execution::argument(const Operand& dot, const Type* type, const Node& node) {
  at(node);
  boxed_argument_ = false;
  const Node* const self = &node;
  switch (node.kind) {
    case NodeKind::dot: return validate(Operand(dot), type);
    case NodeKind::nil:
      if (takes_nil(*type)) return type == &types::reflect_value ? Datum() : Datum::zero(*type);
      fail({"cannot assign nil to ", type->name});
    case NodeKind::field:
      return validate(
          field_node(dot, static_cast<const FieldNode&>(node), {std::span(&self, 1), nullptr}),
          type);
    case NodeKind::variable:
      return validate(variable_node(dot, static_cast<const VariableNode&>(node), {}), type);
    case NodeKind::pipe: return validate(pipeline(dot, static_cast<const PipeNode&>(node)), type);
    case NodeKind::identifier:
      return validate(function_node(dot, static_cast<const IdentifierNode&>(node), node, {}), type);
    case NodeKind::chain:
      return validate(chain_node(dot, static_cast<const ChainNode&>(node), {}), type);
    default: return constant_argument(*type, node);
  }
}

Datum Execution::constant_argument(const Type& type, const Node& node) {
  at(node);
  if (type.kind == Kind::interface || &type == &types::reflect_value) {
    if (node.kind == NodeKind::number) return ideal(static_cast<const NumberNode&>(node));
    return *static_cast<const ConstantNode&>(node).value;
  }
  if (type.kind == Kind::boolean) {
    if (node.kind == NodeKind::boolean) return *static_cast<const ConstantNode&>(node).value;
    fail({"expected bool; found ", printed(node)});
  }
  if (type.kind == Kind::string) {
    if (node.kind != NodeKind::string) fail({"expected string; found ", printed(node)});
    const Datum& text = *static_cast<const ConstantNode&>(node).value;
    return &type == &types::string ? text : Datum::text_of(type, std::string(text.as_string()));
  }
  if (is_int_like(type.kind) || is_float(type.kind) || type.kind == Kind::complex128)
    return number_argument(type, node);
  fail({"can't handle ", printed(node), " for arg of type ", type.name});
}

Datum Execution::number_argument(const Type& type, const Node& node) {
  const NumberNode* const number =
      node.kind == NodeKind::number ? static_cast<const NumberNode*>(&node) : nullptr;
  const int unused = 64 - bits_of(type.kind);
  if (is_signed(type.kind)) {
    if (number == nullptr || !number->is_int) fail({"expected integer; found ", printed(node)});
    const auto bits = static_cast<std::uint64_t>(number->integer);
    return Datum::integer(static_cast<std::int64_t>(bits << unused) >> unused, type);
  }
  if (is_unsigned(type.kind)) {
    if (number == nullptr || !number->is_uint)
      fail({"expected unsigned integer; found ", printed(node)});
    return Datum::unsigned_integer(number->unsigned_integer << unused >> unused, type);
  }
  if (is_float(type.kind)) {
    if (number == nullptr || !number->is_float) fail({"expected float; found ", printed(node)});
    const double value = type.kind == Kind::float32
                             ? static_cast<double>(static_cast<float>(number->floating))
                             : number->floating;
    return Datum::floating(value, type);
  }
  if (number == nullptr || !number->is_complex) fail({"expected complex; found ", printed(node)});
  return *number->ideal;
}

// The value as a parameter of this type takes it.
Datum Execution::validate(Operand&& operand, const Type* type) {
  boxed_argument_ = operand.boxed;
  Datum value = std::move(operand.value);
  if (!value.valid()) {
    if (type == nullptr || type == &types::reflect_value) return value;
    if (takes_nil(*type)) return Datum::zero(*type);
    fail({"invalid value; expected ", type->name});
  }
  if (type == nullptr || type == &types::reflect_value || assignable(*value.type(), *type))
    return value;
  if (value.kind() == Kind::pointer && value.type()->element == type) return value;
  fail({"wrong type for value; expected ", type->name, "; got ", value.type()->name});
}

// ---- what functions see of it -------------------------------------------------------------------

const Set& CallContext::templates() const { return execution_.set(); }

std::string_view CallContext::template_name() const { return execution_.template_name(); }

void CallContext::execute(const Set& set, std::string_view name, const Datum& data,
                          std::string& out) {
  ExecuteOptions options = execution_.options();
  options.budget = &budget_;
  const auto done = set.execute_to(out, name, data, options);
  if (!done.ok()) throw FunctionError{done.error().message, done.error().code};
}

Datum CallContext::call(const Function& function, std::span<Datum> arguments) {
  return function.call(*this, arguments);
}

}  // namespace weir::tmpl
