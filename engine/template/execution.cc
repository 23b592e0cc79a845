#include "engine/template/execution.hh"

#include <utility>

#include "engine/template/format.hh"
#include "engine/template/stack.hh"

namespace weir::tmpl {

namespace {

constexpr int template_depth_max = 100'000;

}  // namespace

void Execution::fail(std::string_view what) {
  std::string message = "template: ";
  if (node_ == nullptr) {
    message += template_->name;
    message += ": ";
  } else {
    message += node_location(*template_->source, *node_);
    message += ": executing ";
    append_quoted(message, template_->name);
    message += " at <";
    append_node(message, *node_);
    message += ">: ";
  }
  message += what;
  throw ExecutionError{Code::invalid, std::move(message)};
}

void Execution::fail(std::initializer_list<std::string_view> parts) {
  std::string what;
  for (const std::string_view part : parts) what += part;
  fail(what);
}

void Execution::fail_limit(std::string_view what) {
  try {
    fail(what);
  } catch (ExecutionError& error) {
    throw ExecutionError{Code::limit, std::move(error.message)};
  }
}

void Execution::step() {
  if (budget_.steps_left == 0) fail_limit("too many steps (template_steps_max)");
  --budget_.steps_left;
  if ((++ticks_ & 1023) != 0 || options_.ports.clock == nullptr) return;
  if (options_.ports.clock->monotonic() > budget_.deadline)
    fail_limit("took too long (template_seconds_max)");
}

void Execution::run(const Template& found, const Datum& data) {
  template_ = &found;
  // Data that is nil is no value at all: its fields are none either, where those of a nil that is
  // met on the way are an error.
  const Operand dot{data.kind() == Kind::interface ? Datum() : data, false};
  variables_.push_back({0, dot});
  walk(dot, *found.root);
}

Execution::Flow Execution::walk(const Operand& dot, const Node& node) {
  at(node);
  switch (node.kind) {
    case NodeKind::text: {
      const std::string_view text = static_cast<const TextNode&>(node).text;
      if (budget_.bytes_left < text.size()) fail_limit("too much text (template_bytes_max)");
      budget_.bytes_left -= text.size();
      out_ += text;
      return Flow::next;
    }
    case NodeKind::action: {
      step();
      const PipeNode& pipe = *static_cast<const ActionNode&>(node).pipe;
      const Operand value = pipeline(dot, pipe);
      if (pipe.variables.empty()) print(node, value.value);
      return Flow::next;
    }
    case NodeKind::if_:
    case NodeKind::with: return walk_branch(dot, static_cast<const BranchNode&>(node));
    case NodeKind::range: return walk_range(dot, static_cast<const BranchNode&>(node));
    case NodeKind::template_:
      walk_template(dot, static_cast<const TemplateNode&>(node));
      return Flow::next;
    case NodeKind::break_: return Flow::break_;
    case NodeKind::continue_: return Flow::continue_;
    default: return walk_list(dot, static_cast<const ListNode&>(node));
  }
}

Execution::Flow Execution::walk_list(const Operand& dot, const ListNode& list) {
  at(list);
  for (const Node* node : list.nodes) {
    const Flow flow = walk(dot, *node);
    if (flow != Flow::next) return flow;
  }
  return Flow::next;
}

Execution::Flow Execution::walk_branch(const Operand& dot, const BranchNode& node) {
  step();
  const std::size_t mark = variables_.size();
  Flow flow = Flow::next;
  {
    const Operand value = pipeline(dot, *node.pipe);
    if (truth(value.value)) {
      flow = walk_list(node.kind == NodeKind::with ? value : dot, *node.list);
    } else if (node.else_list != nullptr) {
      flow = walk_list(dot, *node.else_list);
    }
  }
  variables_.resize(mark);
  return flow;
}

Execution::Flow Execution::walk_range(const Operand& dot, const BranchNode& node) {
  step();
  const std::size_t mark = variables_.size();
  const Operand value = pipeline(dot, *node.pipe);
  Flow flow = Flow::next;
  if (!iterate(node, value.value) && node.else_list != nullptr)
    flow = walk_list(dot, *node.else_list);
  variables_.resize(mark);
  // What {{else}} breaks is the loop it belongs to.
  return flow == Flow::break_ ? Flow::next : flow;
}

// False when there was nothing to iterate over.
bool Execution::iterate(const BranchNode& node, const Datum& value) {
  switch (value.kind()) {
    case Kind::invalid:
    case Kind::interface: return false;
    case Kind::slice:
    case Kind::array: return iterate_slice(node, value);
    case Kind::map: return iterate_map(node, value);
    default: break;
  }
  if (is_signed(value.kind()) || is_unsigned(value.kind())) return iterate_number(node, value);
  std::string message = "range can't iterate over ";
  append_text(message, value);
  fail(message);
}

bool Execution::iterate_number(const BranchNode& node, const Datum& value) {
  if (node.pipe->variables.size() > 1) {
    std::string message = "can't use ";
    append_text(message, value);
    message += " to iterate over more than one variable";
    fail(message);
  }
  const Type& type = *value.type();
  const bool has_sign = is_signed(type.kind);
  if (has_sign && value.as_int() <= 0) return false;
  const std::uint64_t count =
      has_sign ? static_cast<std::uint64_t>(value.as_int()) : value.as_uint();
  for (std::uint64_t i = 0; i < count; ++i) {
    Datum element = has_sign ? Datum::integer(static_cast<std::int64_t>(i), type)
                             : Datum::unsigned_integer(i, type);
    if (iteration(node, Datum(), {std::move(element), false}) == Flow::break_) break;
  }
  return count > 0;
}

bool Execution::iterate_slice(const BranchNode& node, const Datum& value) {
  const std::size_t count = value.size();
  const bool boxed = value.type()->element->kind == Kind::interface;
  for (std::size_t i = 0; i < count; ++i) {
    const Flow flow =
        iteration(node, Datum::integer(static_cast<std::int64_t>(i)), {value.at(i), boxed});
    if (flow == Flow::break_) break;
  }
  return count > 0;
}

// Over a copy of the members, as the body may change the map.
bool Execution::iterate_map(const BranchNode& node, const Datum& value) {
  const auto entries = value.entries();
  const std::vector<MapEntry> members(entries.begin(), entries.end());
  const bool boxed = value.type()->element->kind == Kind::interface;
  for (const MapEntry& member : members) {
    if (iteration(node, member.key, {member.value, boxed}) == Flow::break_) break;
  }
  return !members.empty();
}

Execution::Flow Execution::iteration(const BranchNode& node, Datum index, Operand element) {
  step();
  const std::size_t mark = variables_.size();
  const auto declared = node.pipe->variables;
  if (node.pipe->is_assignment) {
    if (declared.size() > 1) {
      find_variable(*declared[0]) = {std::move(index), false};
      find_variable(*declared[1]) = element;
    } else if (!declared.empty()) {
      find_variable(*declared[0]) = element;
    }
  } else if (!declared.empty()) {
    variables_[mark - 1].operand = element;
    if (declared.size() > 1) variables_[mark - 2].operand = {std::move(index), false};
  }
  const Flow flow = walk_list(element, *node.list);
  variables_.resize(mark);
  return flow;
}

void Execution::walk_template(const Operand& dot, const TemplateNode& node) {
  step();
  const Template* const found = set_.find(node.name);
  if (found == nullptr) fail({"template ", quoted(node.name), " not defined"});
  if (depth_ == template_depth_max) fail("exceeded maximum template depth (100000)");
  if (StackScope::exhausted()) fail_limit("nested too deep (template_stack_bytes_max)");
  Operand data;
  if (node.pipe != nullptr) data = pipeline(dot, *node.pipe);
  const Template* const caller = std::exchange(template_, found);
  const std::size_t caller_frame = std::exchange(frame_, variables_.size());
  ++depth_;
  variables_.push_back({0, data});
  walk(data, *found->root);
  --depth_;
  variables_.resize(frame_);
  frame_ = caller_frame;
  template_ = caller;
  at(node);
}

void Execution::print(const Node& node, const Datum& value) {
  at(node);
  const std::size_t before = out_.size();
  if (!value.valid() || value.kind() == Kind::interface) {
    out_ += "<no value>";
  } else if (value.type() == &types::string) {
    out_ += value.as_string();
  } else if (value.kind() == Kind::func) {
    std::string printed;
    append_node(printed, node);
    fail({"can't print ", printed, " of type ", value.type_name()});
  } else {
    try {
      append_printable(out_, value);
    } catch (const FunctionError& error) {
      fail_limit(error.message);
    }
  }
  const std::size_t written = out_.size() - before;
  if (budget_.bytes_left < written) fail_limit("too much text (template_bytes_max)");
  budget_.bytes_left -= written;
}

}  // namespace weir::tmpl
