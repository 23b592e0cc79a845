#include "engine/template/functions/functions.hh"
#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

[[noreturn]] void fail_marked(std::string_view message) {
  fail(joined({marked_error_start, message, marked_error_end}));
}

Datum required(CallContext&, Arguments a) {
  const bool missing =
      a[1].kind() == Kind::interface || (a[1].type() == &types::string && a[1].size() == 0);
  if (missing) fail_marked(a[0].as_string());
  return std::move(a[1]);
}

Datum fail_with(CallContext&, Arguments a) { fail_marked(a[0].as_string()); }

// Looking up names is off, as Helm has it unless asked.
Datum host_by_name(CallContext&, Arguments) { return Datum::string(""); }

constexpr Function table[] = {
    {"required", required, {&types::string, &types::any}},
    {"fail", fail_with, {&types::string}},
    {"getHostByName", host_by_name, {&types::string}},
};

}  // namespace

std::span<const Function> helm_flow_functions() { return table; }

}  // namespace weir::tmpl
