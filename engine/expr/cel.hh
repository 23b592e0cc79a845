// CEL as Flux uses it, for health checks (parsed only; the variables are an object's top-level
// fields) and for readyExpr (variables `self` and `dep`, must be bool). The language is cel-go's
// with the strings, sets, encoders and optional libraries and numbers compared across kinds; times
// are UTC.
//
// compile() once, evaluate often: a Program is immutable and may be used from several threads at
// once. Evaluation costs at most expression_steps_max steps, whatever the expression and the data
// are. Errors: invalid (text as cel-go's: "no such key: x", "no such attribute(s): status.x"),
// limit.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/expr/cel_value.hh"
#include "engine/value/value.hh"

namespace weir::expr {

struct CelOptions {
  // Names an expression may use; any other is an error of compile(). Nothing: any name, found or
  // missed at evaluation, as in a health check.
  std::optional<std::vector<std::string>> variables;
  // Refuses an expression that cannot be a bool, as readyExpr does: "CEL expression output type
  // mismatch: expected bool, got int".
  bool must_be_bool = false;
};

struct CelBinding {
  std::string_view name;
  const Value* value;
};

class CelProgram {
 public:
  // Errors: invalid, beginning with "ERROR: <input>:LINE:COLUMN: " for what the text itself shows.
  static Result<CelProgram> compile(std::string_view text, const CelOptions& options = {});

  const std::string& text() const;

  // With the top-level fields of `object` as variables.
  Result<CelValue> evaluate(const Value& object) const;
  Result<bool> evaluate_bool(const Value& object) const;
  // With named documents.
  Result<CelValue> evaluate(const std::vector<CelBinding>& bindings) const;
  Result<bool> evaluate_bool(const std::vector<CelBinding>& bindings) const;

 private:
  struct Compiled;
  explicit CelProgram(std::shared_ptr<const Compiled> compiled);
  std::shared_ptr<const Compiled> compiled_;
};

// What Flux's controllers say of an error of compile() and of evaluate().
std::string compile_failure(std::string_view text, const Error& error);
std::string evaluation_failure(std::string_view text, const Error& error);

}  // namespace weir::expr
