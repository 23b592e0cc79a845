// Go's text/template: sets of named templates, parsed once and executed many times.
//
// A Set is a value: copying it shares the parsed templates. A set made by child_of() sees the
// templates of its parent and adds or replaces its own without touching it: what Helm's tpl needs.
// Sets are immutable while they are executed; any number of threads may execute one at once.
// Errors are Go's own texts: `template: NAME:LINE: unexpected ...`, `template: NAME:LINE:COL:
// executing "NAME" at <NODE>: ...`, with Code::invalid; a cap that was hit is Code::limit.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.hh"
#include "engine/template/datum.hh"
#include "engine/template/function.hh"

namespace weir::tmpl {

struct Template;  // one parsed template; ast.hh
class ParseCache;

struct Delimiters {
  std::string left = "{{";
  std::string right = "}}";
};

enum class MissingKey : std::uint8_t {
  invalid,  // "default": prints "<no value>"
  zero,     // the zero of the map's element type
  error,
};

struct ExecuteOptions {
  MissingKey missing_key = MissingKey::invalid;
  Ports ports;
  Budget* budget = nullptr;  // shared by several executions; a fresh one when null
};

class Set {
 public:
  Set() = default;
  // The name that errors about missing templates give.
  explicit Set(std::string name) : name_(std::move(name)) {}
  // Sees `parent`'s templates, which must outlive it.
  static Set child_of(const Set& parent);

  // Parses `text` as the template `name`, and every template it defines. As in Go, a template
  // that exists is replaced unless the new one is empty. On an error nothing is added.
  Result<void> parse(std::string_view name, std::string_view text, const FunctionMap& functions,
                     const Delimiters& delimiters = {});
  // The same, by way of what was parsed before.
  Result<void> parse(std::string_view name, std::string_view text, const FunctionMap& functions,
                     ParseCache& cache);

  // nullptr when there is none.
  const Template* find(std::string_view name) const;
  // Whether this very set has one of the name, whatever its parent has.
  bool adds(std::string_view name) const { return templates_.contains(name); }
  // The names of all templates that are not empty, the parent's too, sorted.
  std::vector<std::string> names() const;

  // Executes the template `name` with `data` as dot and $.
  Result<std::string> execute(std::string_view name, const Datum& data,
                              const ExecuteOptions& options = {}) const;
  // The same, appending; on an error `out` holds what was written before it, as Go's writer does.
  Result<void> execute_to(std::string& out, std::string_view name, const Datum& data,
                          const ExecuteOptions& options = {}) const;

 private:
  void add(const std::shared_ptr<const Template>& made);

  std::string name_;
  const Set* parent_ = nullptr;
  std::map<std::string, std::shared_ptr<const Template>, std::less<>> templates_;
};

}  // namespace weir::tmpl
