// The evaluator: walks the tree of one template and those it calls, writing to one buffer. It makes
// the same steps in the same order as Go's, so that errors name the same node. For template.cc,
// execution.cc, evaluate.cc and call.cc alone. Failures are thrown as ExecutionError.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/template/ast.hh"
#include "engine/template/datum.hh"
#include "engine/template/function.hh"
#include "engine/template/template.hh"

namespace weir::tmpl {

struct ExecutionError {
  Code code;
  std::string message;
};

// A value and how it was come by: `boxed` when Go would see an interface {} that holds it (an
// element of a map or slice of interfaces). Only error texts tell the difference.
struct Operand {
  Datum value;
  bool boxed = false;
};

class Execution {
 public:
  Execution(const Set& set, const ExecuteOptions& options, Budget& budget, std::string& out)
      : set_(set), options_(options), budget_(budget), out_(out) {}

  void run(const Template& found, const Datum& data);

  const Set& set() const { return set_; }
  std::string_view template_name() const { return template_->name; }
  const ExecuteOptions& options() const { return options_; }

 private:
  enum class Flow : std::uint8_t { next, break_, continue_ };
  struct Variable {
    std::uint32_t id;
    Operand operand;
  };
  // What an argument list is given: the words behind the function, and the value piped in.
  struct Given {
    std::span<const Node* const> words;  // the first is the function itself; may be empty
    Operand* piped = nullptr;
    std::size_t count() const { return words.empty() ? 0 : words.size() - 1; }
    bool any() const { return count() > 0 || piped != nullptr; }
  };

  // execution.cc: actions
  Flow walk(const Operand& dot, const Node& node);
  Flow walk_list(const Operand& dot, const ListNode& list);
  Flow walk_branch(const Operand& dot, const BranchNode& node);
  Flow walk_range(const Operand& dot, const BranchNode& node);
  bool iterate(const BranchNode& node, const Datum& value);
  bool iterate_number(const BranchNode& node, const Datum& value);
  bool iterate_slice(const BranchNode& node, const Datum& value);
  bool iterate_map(const BranchNode& node, const Datum& value);
  Flow iteration(const BranchNode& node, Datum index, Operand element);
  void walk_template(const Operand& dot, const TemplateNode& node);
  void print(const Node& node, const Datum& value);
  void step();

  // evaluate.cc: pipelines, operands and fields
  Operand pipeline(const Operand& dot, const PipeNode& pipe);
  Operand command(const Operand& dot, const CommandNode& node, Operand* piped);
  Operand field_node(const Operand& dot, const FieldNode& node, const Given& given);
  Operand chain_node(const Operand& dot, const ChainNode& node, const Given& given);
  Operand variable_node(const Operand& dot, const VariableNode& node, const Given& given);
  Operand fields(const Operand& dot, const Operand& receiver, std::span<const MapKey> names,
                 const Node& node, const Given& given);
  Operand field(const Operand& dot, const Operand& receiver, const MapKey& name, const Node& node,
                const Given& given);
  Operand map_field(const Datum& map, const MapKey& name, const Given& given);
  Operand object_field(const Datum& object, const MapKey& name, const Given& given, bool* found);
  Datum ideal(const NumberNode& number);
  void not_a_function(const Given& given);
  Operand& find_variable(const VariableNode& node);

  // call.cc: functions and their arguments
  Operand function_node(const Operand& dot, const IdentifierNode& node, const Node& at,
                        const Given& given);
  Operand call(const Operand& dot, const Function& function, const Datum* receiver,
               const Node& node, std::string_view name, const Given& given);
  Operand call_and_or(const Operand& dot, const Function& function, const Given& given);
  void check_count(const Function& function, std::string_view name, const Given& given);
  Datum invoke(const Function& function, const Node& node, std::string_view name,
               std::span<Datum> arguments);
  Datum invoke_value(const Given& given, std::span<Datum> arguments);
  Datum argument(const Operand& dot, const Type* type, const Node& node);
  Datum constant_argument(const Type& type, const Node& node);
  Datum number_argument(const Type& type, const Node& node);
  Datum validate(Operand&& operand, const Type* type);

  [[noreturn]] void fail(std::string_view what);
  [[noreturn]] void fail(std::initializer_list<std::string_view> parts);
  [[noreturn]] void fail_with(const FunctionError& error, std::string_view name);
  [[noreturn]] void fail_limit(std::string_view what);
  void at(const Node& node) { node_ = &node; }

  friend class CallContext;

  const Set& set_;
  const ExecuteOptions& options_;
  Budget& budget_;
  std::string& out_;
  const Template* template_ = nullptr;
  const Node* node_ = nullptr;  // where errors are
  std::vector<Variable> variables_;
  std::size_t frame_ = 0;  // where this template's variables begin
  int depth_ = 0;
  std::uint32_t ticks_ = 0;
  bool boxed_argument_ = false;  // the argument evaluated last stood in an interface {}
};

}  // namespace weir::tmpl
