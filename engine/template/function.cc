#include "engine/template/function.hh"

#include "engine/base/limits.hh"
#include "engine/template/builtins.hh"

namespace weir::tmpl {

Budget::Budget()
    : steps_left(base::limits::template_steps_max), bytes_left(base::limits::template_bytes_max) {}

void Budget::exhausted(std::string_view what) {
  std::string message = "too many ";
  message += what;
  message += " (template_";
  message += what;
  message += "_max)";
  throw FunctionError{std::move(message), Code::limit};
}

FunctionMap::FunctionMap() { add(builtin_functions()); }

void FunctionMap::add(std::span<const Function> table) {
  for (const Function& function : table) functions_[function.name] = &function;
}

void FunctionMap::remove(std::string_view name) { functions_.erase(name); }

const Function* FunctionMap::find(std::string_view name) const {
  const auto found = functions_.find(name);
  return found == functions_.end() ? nullptr : found->second;
}

}  // namespace weir::tmpl
