#include "engine/template/functions/toml.hh"

#include "engine/template/functions/documents.hh"
#include "engine/template/functions/tables.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

Result<std::string> write(CallContext& context, const Datum& datum) {
  if (!datum.valid() || datum.kind() == Kind::interface)
    fail("reflect: call of reflect.Value.Type on zero Value");
  charge_nodes(context, datum);
  auto text = write_toml(datum);
  if (!text.ok() && text.error().code == Code::limit)
    throw FunctionError{text.error().message, Code::limit};
  return text;
}

Datum to_toml(CallContext& context, Arguments a) {
  auto text = write(context, a[0]);
  return give(context, text.ok() ? std::move(*text) : std::move(text).error().message);
}

Datum must_to_toml(CallContext& context, Arguments a) {
  auto text = write(context, a[0]);
  if (!text.ok()) fail(std::move(text).error().message);
  return give(context, std::move(*text));
}

Datum from_toml(CallContext& context, Arguments a) {
  charge_text(context, a[0].as_string(), ",[{.=\n");
  auto table = read_toml(a[0].as_string());
  if (table.ok()) return std::move(*table);
  Error error = std::move(table).error();
  if (error.code == Code::limit) throw FunctionError{std::move(error.message), Code::limit};
  return error_map(context, std::move(error.message));
}

constexpr Function table[] = {
    {"toToml", to_toml, {&types::any}},
    {"mustToToml", must_to_toml, {&types::any}},
    {"fromToml", from_toml, {&types::string}},
};

}  // namespace

std::span<const Function> helm_toml_functions() { return table; }

}  // namespace weir::tmpl
