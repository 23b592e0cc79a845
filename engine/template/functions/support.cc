#include "engine/template/functions/support.hh"

namespace weir::tmpl {

namespace {

[[noreturn]] void fail_bounds(std::initializer_list<std::string_view> parts) {
  fail("runtime error: slice bounds out of range " + joined(parts));
}

}  // namespace

void fail(std::string message) { throw FunctionError{std::move(message)}; }

std::string joined(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::string out;
  out.reserve(size);
  for (const std::string_view part : parts) out += part;
  return out;
}

void fail_nil_pointer() {
  fail("runtime error: invalid memory address or nil pointer dereference");
}

void fail_conversion(const Datum& value, std::string_view wanted) {
  const bool none = !value.valid() || value.kind() == Kind::interface;
  fail(joined({"interface conversion: interface {} is ", none ? "nil" : value.type_name(), ", not ",
               wanted}));
}

Datum give(CallContext& context, std::string text) {
  context.budget().use_bytes(text.size());
  return Datum::string(std::move(text));
}

Datum give_part(CallContext& context, const Datum& text, std::string_view part) {
  if (part.size() == text.as_string().size()) return text;
  context.budget().use_bytes(part.size());
  return Datum::string(part);
}

std::string_view slice_text(std::string_view text, std::int64_t from, std::int64_t to) {
  const auto size = static_cast<std::int64_t>(text.size());
  const std::string first = std::to_string(from), last = std::to_string(to);
  if (to < 0) fail_bounds({"[:", last, "]"});
  if (to > size) fail_bounds({"[:", last, "] with length ", std::to_string(size)});
  if (from < 0) fail_bounds({"[", first, ":]"});
  if (from > to) fail_bounds({"[", first, ":", last, "]"});
  return text.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from));
}

void append_string_value(std::string& out, const Datum& value) {
  const bool plain = value.is_string() || (value.is_bytes() && value.type()->text == nullptr);
  if (plain && value.type()->text == nullptr) {
    out += value.as_string();
    return;
  }
  append_text(out, value);
}

std::string string_value(const Datum& value) {
  std::string out;
  append_string_value(out, value);
  return out;
}

bool is_empty(const Datum& value) {
  if (value.kind() == Kind::struct_) return false;
  return !truth(value);
}

Datum string_list(const Datum& value) {
  if (value.type() == &types::string_slice) return value;
  std::vector<Datum> texts;
  const auto add = [&texts](const Datum& item) {
    if (!item.valid() || item.kind() == Kind::interface) return;
    texts.push_back(item.type() == &types::string ? item : Datum::string(string_value(item)));
  };
  if (value.is_slice()) {
    texts.reserve(value.size());
    for_each_item(value, add);
  } else {
    add(value);
  }
  return Datum::slice(std::move(texts), types::string_slice);
}

Datum give_strings(CallContext& context, std::vector<std::string> texts) {
  std::vector<Datum> items;
  items.reserve(texts.size());
  std::size_t bytes = texts.size() * sizeof(Datum);
  for (std::string& text : texts) {
    bytes += text.size();
    items.push_back(Datum::string(std::move(text)));
  }
  context.budget().use_bytes(bytes);
  return Datum::slice(std::move(items), types::string_slice);
}

}  // namespace weir::tmpl
