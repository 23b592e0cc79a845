#include "engine/template/ast.hh"

#include <algorithm>

#include "engine/template/quote.hh"

namespace weir::tmpl {

namespace {

template <typename T>
const T& as(const Node& node) {
  return static_cast<const T&>(node);
}

void append_names(std::string& out, std::span<const MapKey> names) {
  for (const MapKey& name : names) {
    out += '.';
    out += name.text;
  }
}

void append_operand(std::string& out, const Node& node) {
  const bool parenthesized = node.kind == NodeKind::pipe;
  if (parenthesized) out += '(';
  append_node(out, node);
  if (parenthesized) out += ')';
}

void append_command(std::string& out, const CommandNode& command) {
  bool first = true;
  for (const Node* argument : command.arguments) {
    if (!first) out += ' ';
    first = false;
    append_operand(out, *argument);
  }
}

void append_pipe(std::string& out, const PipeNode& pipe) {
  for (std::size_t i = 0; i < pipe.variables.size(); ++i) {
    if (i > 0) out += ", ";
    append_node(out, *pipe.variables[i]);
  }
  if (!pipe.variables.empty()) out += pipe.is_assignment ? " = " : " := ";
  for (std::size_t i = 0; i < pipe.commands.size(); ++i) {
    if (i > 0) out += " | ";
    append_command(out, as<CommandNode>(*pipe.commands[i]));
  }
}

void append_branch(std::string& out, const BranchNode& branch, std::string_view keyword) {
  out += "{{";
  out += keyword;
  out += ' ';
  append_pipe(out, *branch.pipe);
  out += "}}";
  append_node(out, *branch.list);
  if (branch.else_list != nullptr) {
    out += "{{else}}";
    append_node(out, *branch.else_list);
  }
  out += "{{end}}";
}

void append_template(std::string& out, const TemplateNode& node) {
  out += "{{template ";
  append_quoted(out, node.name);
  if (node.pipe != nullptr) {
    out += ' ';
    append_pipe(out, *node.pipe);
  }
  out += "}}";
}

void append_expression(std::string& out, const Node& node) {
  switch (node.kind) {
    case NodeKind::pipe: append_pipe(out, as<PipeNode>(node)); break;
    case NodeKind::command: append_command(out, as<CommandNode>(node)); break;
    case NodeKind::identifier: out += as<IdentifierNode>(node).name; break;
    case NodeKind::field: append_names(out, as<FieldNode>(node).names); break;
    case NodeKind::variable:
      out += as<VariableNode>(node).name;
      append_names(out, as<VariableNode>(node).names);
      break;
    case NodeKind::chain:
      append_operand(out, *as<ChainNode>(node).base);
      append_names(out, as<ChainNode>(node).names);
      break;
    case NodeKind::number: out += as<NumberNode>(node).source; break;
    case NodeKind::boolean:
    case NodeKind::string: out += as<ConstantNode>(node).source; break;
    default: out += node.kind == NodeKind::nil ? "nil" : "."; break;
  }
}

}  // namespace

void append_node(std::string& out, const Node& node) {
  switch (node.kind) {
    case NodeKind::text: out += as<TextNode>(node).text; break;
    case NodeKind::action:
      out += "{{";
      append_pipe(out, *as<ActionNode>(node).pipe);
      out += "}}";
      break;
    case NodeKind::if_: append_branch(out, as<BranchNode>(node), "if"); break;
    case NodeKind::range: append_branch(out, as<BranchNode>(node), "range"); break;
    case NodeKind::with: append_branch(out, as<BranchNode>(node), "with"); break;
    case NodeKind::template_: append_template(out, as<TemplateNode>(node)); break;
    case NodeKind::break_: out += "{{break}}"; break;
    case NodeKind::continue_: out += "{{continue}}"; break;
    case NodeKind::end: out += "{{end}}"; break;
    case NodeKind::else_: out += "{{else}}"; break;
    case NodeKind::list:
      for (const Node* child : as<ListNode>(node).nodes) append_node(out, *child);
      break;
    default: append_expression(out, node); break;
  }
}

std::string node_location(const ParsedText& source, const Node& node) {
  const std::string_view before = std::string_view(source.text).substr(0, node.position);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t last_break = before.rfind('\n');
  const std::size_t column =
      last_break == std::string_view::npos ? before.size() : before.size() - last_break - 1;
  std::string out = source.name;
  out += ':';
  out += std::to_string(line);
  out += ':';
  out += std::to_string(column);
  return out;
}

}  // namespace weir::tmpl
