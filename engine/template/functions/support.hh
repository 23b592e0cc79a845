// What the template functions share: errors, the texts and emptiness of values, walking lists.
//
// Internal to this folder. Everything here is a pure function of its arguments; failures are thrown
// as FunctionError with the text Go's panic or error would have.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/template/datum.hh"
#include "engine/template/format.hh"
#include "engine/template/function.hh"

namespace weir::tmpl {

[[noreturn]] void fail(std::string message);
std::string joined(std::initializer_list<std::string_view> parts);
// "runtime error: invalid memory address or nil pointer dereference"
[[noreturn]] void fail_nil_pointer();
// A type assertion v.(WANTED) that fails.
[[noreturn]] void fail_conversion(const Datum& value, std::string_view wanted);

// A string result, charged to the budget.
Datum give(CallContext& context, std::string text);
// The part of `text` as a result; shares the whole where it is the whole.
Datum give_part(CallContext& context, const Datum& text, std::string_view part);

// Go's text[from:to] with its bounds errors.
std::string_view slice_text(std::string_view text, std::int64_t from, std::int64_t to);

// sprig's strval: strings and []byte as they are, everything else as %v.
std::string string_value(const Datum& value);
void append_string_value(std::string& out, const Datum& value);

// sprig's empty: Go's zero values, nil and what has no items; structs never are.
bool is_empty(const Datum& value);

// Calls `visit(Datum)` for each item of a slice of any type, []byte too.
template <typename Visit>
void for_each_item(const Datum& list, Visit visit) {
  if (list.is_bytes()) {
    for (std::size_t i = 0; i < list.size(); ++i) visit(list.at(i));
    return;
  }
  for (const Datum& item : list.items()) visit(item);
}

// sprig's strslice: the texts of what is not nil in the list; of the value itself when it is none.
Datum string_list(const Datum& value);

// A []string result.
Datum give_strings(CallContext& context, std::vector<std::string> texts);

}  // namespace weir::tmpl
