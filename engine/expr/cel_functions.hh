// The functions and operators of CEL: its standard library and the libraries Flux turns on
// (strings, sets, encoders, optional types). Tables, one a source file. Internal to engine/expr;
// pure.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/expr/cel_value.hh"

namespace weir::expr {

// A compiled regular expression (RE2).
class CelPattern;
Result<std::shared_ptr<const CelPattern>> compile_pattern(std::string_view text);
bool pattern_matches(const CelPattern& pattern, std::string_view text);

// What an evaluation may still spend; functions charge for the text and items they make.
class CelBudget {
 public:
  explicit CelBudget(std::size_t steps) : left_(steps) {}
  // False, and from then on, when nothing is left.
  bool charge(std::size_t steps) {
    left_ = steps > left_ ? 0 : left_ - steps;
    spent_ = spent_ || left_ == 0;
    return !spent_;
  }
  bool charge_bytes(std::size_t bytes) { return charge(1 + bytes / 64); }
  bool spent() const { return spent_; }

 private:
  std::size_t left_;
  bool spent_ = false;
};

using CelArguments = std::span<const CelValue>;  // the target first, when there is one
using CelFunctionBody = CelValue (*)(CelBudget& budget, CelArguments arguments);

enum class CallStyle : std::uint8_t { global = 1, member = 2, both = 3 };

struct CelFunction {
  std::string_view name;
  CallStyle style;
  std::size_t arguments_min;  // with the target
  std::size_t arguments_max;
  CelFunctionBody body;
};

// The tables.
std::span<const CelFunction> standard_functions();
std::span<const CelFunction> conversion_functions();
std::span<const CelFunction> string_functions();
std::span<const CelFunction> collection_functions();

// By name; nullptr when there is none. Overloads share one entry.
const CelFunction* find_cel_function(std::string_view name);

CelValue no_such_overload();
CelValue no_such_overload(std::string_view function);

// "%s is %d".format([...]) and strings.quote(...).
CelValue format_cel(CelBudget& budget, CelArguments arguments);
CelValue quote_cel(CelBudget& budget, CelArguments arguments);

}  // namespace weir::expr
