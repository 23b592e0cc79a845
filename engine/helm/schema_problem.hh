// What a document does against its schema, as a tree, and how Helm prints it. Internal to
// schema*.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/value/value.hh"

namespace weir::helm::schema {

// The way to a value in the document; the parent outlives it.
struct Path {
  const Path* parent = nullptr;
  std::string_view token;
};

enum class ProblemKind : unsigned char {
  plain,
  group,      // several faults of one value
  reference,  // behind a $ref: not shown when it has a single cause
};

struct Problem {
  ProblemKind kind = ProblemKind::plain;
  std::string at;       // JSON pointer
  std::string message;  // "got string, want integer"
  std::vector<Problem> causes;
};

// Lines "- at '/a': ...", indented by level, joined by "\n".
std::string problem_text(const Problem& problem);

// "'it\'s'"
std::string quoted(std::string_view text);
std::string quoted_list(const std::vector<std::string>& texts);
// A value of an enum or const.
std::string displayed(const Value& value);
// 1,500
std::string grouped(std::size_t number);
// 1×10⁰⁶
std::string shown_number(double number);
std::string pointer_of(const Path& path);

}  // namespace weir::helm::schema
