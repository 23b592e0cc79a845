// Post-build variable substitution as Flux does it: "${var}" with the bash operators of its
// envsubst package, on plain text (substitute) and on one rendered resource (substitute_object).
//
// Pure functions of their arguments; any thread. The text is parsed whole before anything is looked
// up, so a syntax error wins over an unset variable, and any error fails the whole text.
// "$${x}" prints "${x}": "$$" collapses to "$" everywhere outside braces. "$x" is no variable.
// Error texts are the reference's, letter for letter; values of variables never stand in them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::expr {

// The value of a variable; nothing when it is not set. The view must outlive the call of
// substitute().
using VariableLookup = std::function<std::optional<std::string_view>(std::string_view name)>;
using Variables = std::map<std::string, std::string, std::less<>>;

struct SubstituteOptions {
  // A variable that is not set fails (Flux's default since 1.9), unless its operator gives a
  // default (:- := = :+ :?). Else it is the empty string.
  bool strict = true;
};

// `text` with every "${...}" replaced. Operators:
//   :-  :=  =  :+  :?  the value, or the rest when it is empty or unset (all five alike)
//   :offset :offset:length   a substring, in bytes; an unreadable number gives the whole value
//   #v  length in bytes;  ^ ^^ , ,,  upper and lower case of the first letter or all
//   / // /# /%  replace first, all, prefix, suffix: literal text;  # ## % %%  trim a glob
// Errors: invalid ("missing closing brace", "bad substitution", "unable to parse variable name",
// "unable to parse substitution within function", `variable not set (strict mode): "v"`),
// limit (output bytes, nesting).
Result<std::string> substitute(std::string_view text, const VariableLookup& lookup,
                               const SubstituteOptions& options = {});
Result<std::string> substitute(std::string_view text, const Variables& variables,
                               const SubstituteOptions& options = {});

// ^[_[:alpha:]][_[:alpha:][:digit:]]*$
bool valid_variable_name(std::string_view name);

// Adds or replaces a variable as substituteFrom and substitute do: every newline of `value` is
// dropped.
void set_variable(Variables& variables, std::string_view name, std::string_view value);

// True when the label or annotation kustomize.toolkit.fluxcd.io/substitute is exactly "disabled".
bool substitution_disabled(const Value& resource);

struct ObjectOptions {
  bool strict = true;
  bool always = false;  // substitute even when there are no variables, so that defaults apply
};

// One resource after substitution in its YAML text, where quotes that YAML does not need are gone:
// a string "${x}" becomes a number or a boolean when the value of x reads as one. Returned as it is
// when substitution is disabled, when there are no variables (unless always), or when it holds no
// '$'. Errors: invalid, beginning with "envsubst error: "; limit.
Result<Value> substitute_object(const Value& resource, const Variables& variables,
                                const ObjectOptions& options = {});

}  // namespace weir::expr
