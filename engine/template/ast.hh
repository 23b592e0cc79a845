// The parsed form of templates. Nodes are small, immutable structs in the arena of the text they
// were parsed from; functions are resolved and field names prepared for quick look-up. For the
// parser and the evaluator alone.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>

#include "engine/template/datum.hh"
#include "engine/template/function.hh"

namespace weir::tmpl {

enum class NodeKind : std::uint8_t {
  text,
  action,
  if_,
  range,
  with,
  template_,
  break_,
  continue_,
  end,    // of parsing only
  else_,  // of parsing only
  list,
  pipe,
  command,
  identifier,
  field,
  chain,
  variable,
  dot,
  nil,
  boolean,
  number,
  string,
};

struct Node {
  NodeKind kind;
  std::uint32_t position;  // byte offset in the text, for errors
};

struct TextNode : Node {
  std::string_view text;
};

struct ListNode : Node {
  std::span<const Node* const> nodes;
};

struct IdentifierNode : Node {
  std::string_view name;
  const Function* function;
};

struct FieldNode : Node {
  std::span<const MapKey> names;
};

struct VariableNode : Node {
  std::string_view name;  // "$x"
  std::uint32_t id;       // of the name, within one text
  std::span<const MapKey> names;
};

struct ChainNode : Node {
  const Node* base;
  std::span<const MapKey> names;
};

// A boolean or a string.
struct ConstantNode : Node {
  const Datum* value;
  std::string_view source;  // as it was written
};

struct NumberNode : Node {
  bool is_int, is_uint, is_float, is_complex;
  std::int64_t integer;
  std::uint64_t unsigned_integer;
  double floating;
  double imaginary;  // of a complex one; its real part is `floating`
  double real;
  const Datum* ideal;  // its value where no type is asked for; nullptr: overflows int
  std::string_view source;
};

struct CommandNode : Node {
  std::span<const Node* const> arguments;  // the first is what is called or evaluated
};

struct PipeNode : Node {
  bool is_assignment;
  std::span<const VariableNode* const> variables;
  std::span<const Node* const> commands;  // CommandNodes
};

struct ActionNode : Node {
  const PipeNode* pipe;
};

// if, range, with
struct BranchNode : Node {
  const PipeNode* pipe;
  const ListNode* list;
  const ListNode* else_list;  // nullptr when there is none
};

struct TemplateNode : Node {
  std::string_view name;
  const PipeNode* pipe;  // nullptr when there is none
};

// The heap, and how much of it is held.
class CountedHeap : public std::pmr::memory_resource {
 public:
  std::size_t held() const { return held_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    held_ += bytes;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override {
    held_ -= bytes;
    std::pmr::new_delete_resource()->deallocate(at, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::size_t held_ = 0;
};

// One text and all that was parsed from it.
struct ParsedText {
  ParsedText(std::string_view parse_name, std::string_view source)
      : name(parse_name), text(source), arena(text.size() + 1024, &heap) {}
  // What it takes of memory, about.
  std::size_t bytes() const {
    constexpr std::size_t constant_bytes = sizeof(Datum) + 48;
    return sizeof(*this) + name.size() + text.size() + heap.held() +
           constants.size() * constant_bytes;
  }

  const std::string name;  // in errors
  const std::string text;
  CountedHeap heap;
  std::pmr::monotonic_buffer_resource arena;
  std::deque<Datum> constants;
};

struct Template {
  std::string name;
  std::shared_ptr<const ParsedText> source;
  const ListNode* root = nullptr;
  bool empty = false;  // nothing but space and comments
};

// The node as Go prints it in errors: "{{.x | printf "%d"}}", ".Values.a", "(f .x).y".
void append_node(std::string& out, const Node& node);
// "NAME:LINE:COLUMN" of a node.
std::string node_location(const ParsedText& source, const Node& node);

}  // namespace weir::tmpl
