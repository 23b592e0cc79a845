#include "engine/template/template.hh"

#include <utility>

#include "engine/base/limits.hh"
#include "engine/template/execution.hh"
#include "engine/template/parse_cache.hh"
#include "engine/template/parser.hh"
#include "engine/template/quote.hh"
#include "engine/template/stack.hh"

namespace weir::tmpl {

Set Set::child_of(const Set& parent) {
  Set child(parent.name_);
  child.parent_ = &parent;
  return child;
}

Result<void> Set::parse(std::string_view name, std::string_view text, const FunctionMap& functions,
                        const Delimiters& delimiters) {
  static const Delimiters usual;
  const std::string& left = delimiters.left.empty() ? usual.left : delimiters.left;
  const std::string& right = delimiters.right.empty() ? usual.right : delimiters.right;
  WEIR_TRY(std::vector<Template> parsed, parse_templates(name, text, functions, left, right));
  for (Template& made : parsed) add(std::make_shared<const Template>(std::move(made)));
  return {};
}

Result<void> Set::parse(std::string_view name, std::string_view text, const FunctionMap& functions,
                        ParseCache& cache) {
  WEIR_TRY(const ParseCache::Parsed parsed, cache.parse(name, text, functions));
  for (const auto& made : *parsed) add(made);
  return {};
}

void Set::add(const std::shared_ptr<const Template>& made) {
  if (made->empty && find(made->name) != nullptr) return;
  templates_[made->name] = made;
}

const Template* Set::find(std::string_view name) const {
  for (const Set* set = this; set != nullptr; set = set->parent_) {
    const auto found = set->templates_.find(name);
    if (found != set->templates_.end()) return found->second.get();
  }
  return nullptr;
}

std::vector<std::string> Set::names() const {
  std::map<std::string_view, bool> all;
  for (const Set* set = this; set != nullptr; set = set->parent_)
    for (const auto& [name, made] : set->templates_) all.emplace(name, made->empty);
  std::vector<std::string> names;
  for (const auto& [name, empty] : all)
    if (!empty) names.emplace_back(name);
  return names;
}

Result<std::string> Set::execute(std::string_view name, const Datum& data,
                                 const ExecuteOptions& options) const {
  std::string out;
  WEIR_CHECK(execute_to(out, name, data, options));
  return out;
}

Result<void> Set::execute_to(std::string& out, std::string_view name, const Datum& data,
                             const ExecuteOptions& options) const {
  const Template* const found = find(name);
  if (found == nullptr) {
    std::string message = "template: no template ";
    append_quoted(message, name);
    message += " associated with template ";
    append_quoted(message, name_);
    return make_error(Code::invalid, std::move(message));
  }
  const StackScope stack;
  if (StackScope::exhausted())
    return make_error(Code::limit, "templates nest too deep (template_stack_bytes_max)");
  Budget own;
  if (options.budget == nullptr && options.ports.clock != nullptr)
    own.deadline =
        options.ports.clock->monotonic() + std::chrono::seconds(base::limits::template_seconds_max);
  Budget& budget = options.budget != nullptr ? *options.budget : own;
  try {
    Execution(*this, options, budget, out).run(*found, data);
  } catch (ExecutionError& error) {
    return make_error(error.code, std::move(error.message));
  } catch (FunctionError& error) {
    return make_error(error.code, std::move(error.message));
  }
  return {};
}

}  // namespace weir::tmpl
