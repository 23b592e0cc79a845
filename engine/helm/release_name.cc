#include "engine/helm/release_name.hh"

#include <span>

#include "engine/template/functions/functions.hh"
#include "engine/template/template.hh"

namespace weir::helm {
namespace {

using tmpl::CallContext;
using tmpl::Datum;

const Environment& environment_of(CallContext& context) {
  return *static_cast<const Environment*>(context.ports().user);
}

Datum given(CallContext& context, std::string text) {
  context.budget().use_bytes(text.size());
  return Datum::string(std::move(text));
}

Datum env(CallContext& context, std::span<Datum> arguments) {
  return given(context, environment_of(context)(std::string(arguments[0].as_string())));
}

bool is_letter(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Names of one character that a shell gives a meaning.
bool is_special(char c) {
  return std::string_view("*#$@!?-0123456789").find(c) != std::string_view::npos;
}

// A variable as it stands behind a '$'.
struct Reference {
  std::string_view name;  // "" when there is none
  std::size_t size = 0;   // of what stands there
};

Reference braced(std::string_view text) {
  if (text.size() > 2 && is_special(text[1]) && text[2] == '}') return {text.substr(1, 1), 3};
  const std::size_t end = text.find('}');
  if (end == std::string_view::npos) return {{}, 1};
  return {text.substr(1, end - 1), end + 1};
}

Reference reference(std::string_view text) {
  if (text.starts_with('{')) return braced(text);
  if (is_special(text[0])) return {text.substr(0, 1), 1};
  std::size_t size = 0;
  while (size < text.size() && is_letter(text[size])) ++size;
  return {text.substr(0, size), size};
}

// $name and ${name} replaced, as Go's os.ExpandEnv does it: a brace that is never closed is
// dropped, a '$' before nothing stays.
Datum expand_env(CallContext& context, std::span<Datum> arguments) {
  std::string_view text = arguments[0].as_string();
  std::string out;
  for (std::size_t at = text.find('$'); at != std::string_view::npos && at + 1 < text.size();
       at = text.find('$')) {
    out += text.substr(0, at);
    text.remove_prefix(at + 1);
    const Reference found = reference(text);
    if (!found.name.empty()) {
      out += environment_of(context)(std::string(found.name));
    } else if (found.size == 0) {
      out += '$';
    }
    text.remove_prefix(found.size);
  }
  return given(context, out.append(text));
}

constexpr tmpl::Function table[] = {
    {"env", env, {&tmpl::types::string}},
    {"expandenv", expand_env, {&tmpl::types::string}},
};

}  // namespace

Result<std::string> render_name(std::string_view text, const EngineOptions& options,
                                const Environment& environment) {
  tmpl::FunctionMap functions;
  tmpl::add_helm_functions(functions);
  functions.add(table);
  tmpl::Set set;
  WEIR_CHECK(set.parse("name-template", text, functions));
  tmpl::ExecuteOptions execute;
  execute.ports = {options.clock, options.random, const_cast<Environment*>(&environment)};
  execute.budget = options.budget;
  return set.execute("name-template", Datum::nil(), execute);
}

}  // namespace weir::helm
