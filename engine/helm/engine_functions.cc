#include "engine/helm/engine_functions.hh"

#include "engine/base/limits.hh"
#include "engine/helm/text.hh"
#include "engine/template/format.hh"

namespace weir::helm {

// A text of `tpl`, parsed over the set it was met in.
struct RenderState::Inline {
  tmpl::Set set;
  bool blank = false;  // only defines and blanks: nothing to execute
};

RenderState::RenderState() = default;
RenderState::~RenderState() = default;

namespace {

using tmpl::CallContext;
using tmpl::Datum;
using tmpl::Function;
using tmpl::FunctionError;
namespace types = tmpl::types;
namespace limits = base::limits;

using Arguments = std::span<Datum>;

RenderState& render_of(CallContext& context) {
  return *static_cast<RenderState*>(context.ports().user);
}

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

// The name Helm parses every inline text by.
constexpr std::string_view inline_name = "gotpl";

RenderState::Inline& inline_of(CallContext& context, RenderState& render,
                               const std::string& text) {
  const tmpl::Set& parent = context.templates();
  std::unique_ptr<RenderState::Inline>& slot = render.inlines[&parent][text];
  if (slot) return *slot;
  auto made = std::make_unique<RenderState::Inline>();
  made->set = tmpl::Set::child_of(parent);
  auto parsed = made->set.parse(inline_name, text, *render.functions, *render.parsed);
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
  RenderState& render = render_of(context);
  if (render.inline_depth >= limits::helm_include_depth_max)
    throw FunctionError{"tpl nests deeper than " + std::to_string(limits::helm_include_depth_max) +
                            " levels (helm_include_depth_max)",
                        Code::limit};
  const Nested nested(render.inline_depth);
  const std::string key(text);
  const RenderState::Inline& parsed = inline_of(context, render, key);
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

const Function table[] = {
    {"include", include, {&types::string, &types::any}},
    {"tpl", tpl, {&types::string, &types::any}},
    {"lookup", lookup, {&types::string, &types::string, &types::string, &types::string}},
    {"getHostByName", host_by_name, {&types::string}},
};

}  // namespace

std::span<const tmpl::Function> engine_functions() { return table; }

}  // namespace weir::helm
