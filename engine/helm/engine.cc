#include "engine/helm/engine.hh"

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/base/limits.hh"
#include "engine/helm/engine_errors.hh"
#include "engine/helm/text.hh"
#include "engine/template/format.hh"
#include "engine/template/functions/functions.hh"
#include "engine/template/parse_cache.hh"
#include "engine/template/template.hh"

namespace weir::helm {

namespace {

using tmpl::CallContext;
using tmpl::Datum;
using tmpl::Function;
using tmpl::FunctionError;
namespace types = tmpl::types;
namespace limits = base::limits;

using Arguments = std::span<Datum>;

// A text of `tpl`, parsed over the set it was met in.
struct Inline {
  tmpl::Set set;
  bool blank = false;  // only defines and blanks: nothing to execute
};

// What one render remembers, for its functions.
struct Render {
  const tmpl::FunctionMap* functions = nullptr;
  Lookup* lookup = nullptr;
  HostNames* hosts = nullptr;
  std::unordered_map<std::string, std::size_t> including;
  std::size_t inline_depth = 0;
  // By set and text. A set of an Inline is a key of others, so none is ever dropped.
  std::unordered_map<const tmpl::Set*, std::unordered_map<std::string, std::unique_ptr<Inline>>>
      inlines;
};

Render& render_of(CallContext& context) { return *static_cast<Render*>(context.ports().user); }

// Counts up while it lives.
class Nested {
 public:
  explicit Nested(std::size_t& count) : count_(count) { ++count_; }
  ~Nested() { --count_; }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  std::size_t& count_;
};

Datum include(CallContext& context, Arguments arguments) {
  const std::string name(arguments[0].as_string());
  if (!context.templates().find(name))
    throw FunctionError{"template: no template " + tmpl::quoted(name) +
                        " associated with template \"gotpl\""};
  std::size_t& count = render_of(context).including[name];
  if (count > limits::helm_include_depth_max)
    throw FunctionError{"rendering template has a nested reference name: " + name +
                        ": unable to execute template"};
  const Nested nested(count);
  std::string out;
  context.execute(context.templates(), name, arguments[1], out);
  return Datum::string(std::move(out));
}

// Some thirty of the largest charts known, whose templates take 2 MB parsed. Never destroyed: at
// the end of the process there is nothing left to gain from it.
constexpr std::size_t parsed_bytes_max = 64u << 20;

// What all renders of this process have parsed.
tmpl::ParseCache& parsed_templates() {
  static auto& cache = *new tmpl::ParseCache(parsed_bytes_max);
  return cache;
}

// The name Helm parses every inline text by.
constexpr std::string_view inline_name = "gotpl";

Inline& inline_of(CallContext& context, Render& render, const std::string& text) {
  const tmpl::Set& parent = context.templates();
  std::unique_ptr<Inline>& slot = render.inlines[&parent][text];
  if (slot) return *slot;
  auto made = std::make_unique<Inline>();
  made->set = tmpl::Set::child_of(parent);
  auto parsed = made->set.parse(inline_name, text, *render.functions, parsed_templates());
  if (!parsed.ok())
    throw FunctionError{
        "cannot parse template " + tmpl::quoted(text) + ": " + parsed.error().message,
        parsed.error().code};
  made->blank = !made->set.adds(inline_name);
  slot = std::move(made);
  return *slot;
}

Datum tpl(CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].as_string();
  if (text.find("{{") == std::string_view::npos) {
    context.budget().use_bytes(text.size());
    return Datum::string(without_no_value(std::string(text)));
  }
  Render& render = render_of(context);
  if (render.inline_depth >= limits::helm_include_depth_max)
    throw FunctionError{"tpl nests deeper than " + std::to_string(limits::helm_include_depth_max) +
                            " levels (helm_include_depth_max)",
                        Code::limit};
  const Nested nested(render.inline_depth);
  const std::string key(text);
  const Inline& parsed = inline_of(context, render, key);
  std::string out;
  if (!parsed.blank) {
    try {
      context.execute(parsed.set, inline_name, arguments[1], out);
    } catch (FunctionError& error) {
      if (error.code == Code::limit) throw;
      throw FunctionError{
          "error during tpl function execution for " + tmpl::quoted(key) + ": " + error.message,
          error.code};
    }
  }
  return Datum::string(without_no_value(std::move(out)));
}

Datum lookup(CallContext& context, Arguments arguments) {
  Lookup* port = render_of(context).lookup;
  if (!port) return Datum::map();
  auto found = port->lookup(arguments[0].as_string(), arguments[1].as_string(),
                            arguments[2].as_string(), arguments[3].as_string());
  if (!found.ok()) throw FunctionError{found.error().message};
  return found->is_object() ? tmpl::from_value(*found, tmpl::Numbers::keep) : Datum::map();
}

// Go's takes any of them; the first makes the same text each time.
Datum host_by_name(CallContext& context, Arguments arguments) {
  HostNames* hosts = render_of(context).hosts;
  if (!hosts) return Datum::string("");
  const std::string name(arguments[0].as_string());
  const std::vector<std::string> found = hosts->addresses(name);
  if (found.empty()) throw FunctionError{"no address is known for " + tmpl::quoted(name)};
  return Datum::string(found.front());
}

const Function engine_functions[] = {
    {"include", include, {&types::string, &types::any}},
    {"tpl", tpl, {&types::string, &types::any}},
    {"lookup", lookup, {&types::string, &types::string, &types::string, &types::string}},
    {"getHostByName", host_by_name, {&types::string}},
};

const tmpl::FunctionMap& all_functions() {
  static const tmpl::FunctionMap map = [] {
    tmpl::FunctionMap functions;
    tmpl::add_helm_functions(functions);
    functions.add(engine_functions);
    return functions;
  }();
  return map;
}

// Deepest charts first, names backwards: the order Helm parses and executes in, which decides
// whose `define` of a name wins and what earlier templates have set in .Values.
std::vector<const Renderables::value_type*> in_order(const Renderables& renderables) {
  std::vector<std::pair<std::ptrdiff_t, const Renderables::value_type*>> keyed;
  for (const auto& entry : renderables)
    keyed.emplace_back(std::count(entry.first.begin(), entry.first.end(), '/'), &entry);
  std::sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second->first > b.second->first;
  });
  std::vector<const Renderables::value_type*> out;
  for (const auto& [slashes, entry] : keyed) out.push_back(entry);
  return out;
}

}  // namespace

Result<std::string> render_name(std::string_view text, const EngineOptions& options) {
  tmpl::FunctionMap functions;
  tmpl::add_helm_functions(functions);
  tmpl::Set set;
  WEIR_CHECK(set.parse("name-template", text, functions));
  tmpl::ExecuteOptions execute;
  execute.ports = {options.clock, options.random, nullptr};
  execute.budget = options.budget;
  return set.execute("name-template", tmpl::Datum::nil(), execute);
}

Result<RenderedFiles> render_templates(const Renderables& renderables,
                                       const EngineOptions& options) {
  const auto order = in_order(renderables);
  tmpl::Set set;
  for (const auto* entry : order) {
    auto parsed =
        set.parse(entry->first, *entry->second.text, all_functions(), parsed_templates());
    if (!parsed.ok()) return parse_error(entry->first, std::move(parsed).error());
  }
  Render render;
  render.functions = &all_functions();
  render.lookup = options.lookup;
  render.hosts = options.hosts;
  tmpl::Budget fresh;
  if (options.clock)
    fresh.deadline =
        options.clock->monotonic() + std::chrono::seconds(limits::template_seconds_max);
  tmpl::ExecuteOptions execute;
  execute.missing_key = tmpl::MissingKey::zero;
  execute.ports = {options.clock, options.random, &render};
  execute.budget = options.budget ? options.budget : &fresh;
  RenderedFiles out;
  for (const auto* entry : order) {
    const auto& [name, renderable] = *entry;
    if (base::base_name(name).starts_with('_')) continue;
    renderable.data.set("Template", template_datum(name, renderable.base_path));
    auto text = set.execute(name, renderable.data, execute);
    if (!text.ok()) return execution_error(name, std::move(text).error());
    out[name] = without_no_value(*std::move(text));
  }
  return out;
}

}  // namespace weir::helm
