// What the kinds of source.toolkit.fluxcd.io have in common: the fields that every source spec has,
// and the declarations' shared parts. Pure values; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/duration.hh"
#include "engine/base/result.hh"
#include "engine/model/kinds/field.hh"
#include "engine/value/value.hh"

namespace weir::model {

inline constexpr std::string_view source_group = "source.toolkit.fluxcd.io";

struct SourceCommon {
  base::Duration interval{};
  base::Duration timeout{};  // of one fetch; default 60s
  bool suspend = false;
  std::optional<std::string> ignore;
  // The first field in use that weir does not support ("spec.verify"), or "".
  std::string unsupported;
};

// Reads a duration field; `fallback` when absent. Error: invalid, "<path>: time: invalid duration
// ...".
Result<base::Duration> decode_duration(const Value& spec, std::string_view name,
                                       base::Duration fallback);
// The common fields. Error: invalid, naming the field.
Result<void> decode_common(const Value& spec, SourceCommon& out);
// A provider other than "generic", or a field of `names` that is set: "spec.verify".
std::string first_unsupported(const Value& spec, const std::vector<std::string_view>& names);

// Parts of the declarations.
Field ignore_field();
Field interval_field(std::string_view description);
Field suspend_field();
Field timeout_field(std::string_view description);
Field provider_field(std::vector<std::string_view> providers);
Field verify_field(bool trusted_root);
// artifact, conditions, lastHandledReconcileAt, observedGeneration, and `more`, in the order of
// their names.
std::vector<Field> source_status(std::vector<Field> more);
// A kind of this group with its usual names, categories and component.
KindDeclaration source_declaration(std::string_view kind, std::string_view singular,
                                   std::string_view plural);
PrinterColumn ready_column();
PrinterColumn message_column();
PrinterColumn age_column();

}  // namespace weir::model
