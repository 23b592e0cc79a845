#include "engine/template/builtins.hh"

#include <optional>
#include <utility>

#include "engine/template/compare.hh"
#include "engine/template/format.hh"
#include "engine/value/utf8.hh"

namespace weir::tmpl {

namespace {

[[noreturn]] void fail(std::string message) { throw FunctionError{std::move(message)}; }

// An interface gives way to what is in it: an empty one is no value.
Datum indirect(Datum& datum) {
  if (datum.kind() == Kind::interface) return {};
  return std::move(datum);
}

bool is_nil_pointer(const Datum& datum) {
  return datum.kind() == Kind::interface || (datum.kind() == Kind::pointer && datum.is_nil());
}

std::size_t index_of(const Datum& index, std::size_t limit) {
  std::int64_t place = 0;
  if (is_signed(index.kind())) {
    place = index.as_int();
  } else if (is_unsigned(index.kind())) {
    place = static_cast<std::int64_t>(index.as_uint());
  } else if (!index.valid()) {
    fail("cannot index slice/array with nil");
  } else {
    std::string message = "cannot index slice/array with type ";
    message += index.type()->name;
    fail(std::move(message));
  }
  if (place < 0 || static_cast<std::uint64_t>(place) > limit)
    fail("index out of range: " + std::to_string(place));
  return static_cast<std::size_t>(place);
}

Datum index_list(const Datum& item, const Datum& index) {
  const std::size_t place = index_of(index, item.size());
  if (place == item.size()) {
    std::string message = "reflect: ";
    message += item.is_string() ? "string" : kind_name(item.kind());
    message += " index out of range";
    fail(std::move(message));
  }
  return item.at(place);
}

Datum index_map(const Datum& item, const Datum& index) {
  if (!index.valid()) fail("value is nil; should be of type string");
  if (index.type() != &types::string) {
    std::string message = "value has type ";
    message += index.type_name();
    message += "; should be string";
    fail(std::move(message));
  }
  const Datum* const found = item.find(index.as_string());
  return found != nullptr ? *found : Datum::zero(*item.type()->element);
}

Datum index(CallContext&, std::span<Datum> arguments) {
  Datum item = indirect(arguments[0]);
  if (!item.valid()) fail("index of untyped nil");
  for (Datum& argument : arguments.subspan(1)) {
    const Datum place = indirect(argument);
    if (is_nil_pointer(item)) fail("index of nil pointer");
    if (item.is_map()) {
      item = index_map(item, place);
    } else if (item.is_slice() || item.is_string()) {
      item = index_list(item, place);
    } else {
      std::string message = "can't index item of type ";
      message += item.type_name();
      fail(std::move(message));
    }
  }
  return item;
}

Datum slice(CallContext&, std::span<Datum> arguments) {
  const Datum item = indirect(arguments[0]);
  if (!item.valid()) fail("slice of untyped nil");
  if (is_nil_pointer(item)) fail("slice of nil pointer");
  const auto indexes = arguments.subspan(1);
  if (indexes.size() > 3) fail("too many slice indexes: " + std::to_string(indexes.size()));
  if (item.is_string()) {
    if (indexes.size() == 3) fail("cannot 3-index slice a string");
  } else if (!item.is_slice()) {
    std::string message = "can't slice item of type ";
    message += item.type_name();
    fail(std::move(message));
  }
  std::size_t bounds[3] = {0, item.size(), item.size()};
  for (std::size_t i = 0; i < indexes.size(); ++i) bounds[i] = index_of(indexes[i], item.size());
  for (std::size_t i = 0; i < 2; ++i) {
    if (bounds[i] > bounds[i + 1] && (i == 0 || indexes.size() == 3)) {
      std::string message = "invalid slice index: ";
      message += std::to_string(bounds[i]) + " > " + std::to_string(bounds[i + 1]);
      fail(std::move(message));
    }
  }
  return item.subslice(bounds[0], bounds[1]);
}

Datum length(CallContext&, std::span<Datum> arguments) {
  const Datum& item = arguments[0];
  if (is_nil_pointer(item)) fail("len of nil pointer");
  if (!item.valid()) fail("reflect: call of reflect.Value.Type on zero Value");
  if (!item.is_string() && !item.is_slice() && !item.is_map()) {
    std::string message = "len of type ";
    message += item.type_name();
    fail(std::move(message));
  }
  return Datum::integer(static_cast<std::int64_t>(item.size()));
}

Datum negate(CallContext&, std::span<Datum> arguments) {
  return Datum::boolean(!truth(arguments[0]));
}

Datum equal(CallContext&, std::span<Datum> arguments) {
  if (arguments.size() == 1) fail("missing argument for comparison");
  for (std::size_t i = 1; i < arguments.size(); ++i)
    if (compare_equal(arguments[0], arguments[i])) return Datum::boolean(true);
  return Datum::boolean(false);
}

Datum not_equal(CallContext&, std::span<Datum> arguments) {
  return Datum::boolean(!compare_equal(arguments[0], arguments[1]));
}

Datum less(CallContext&, std::span<Datum> arguments) {
  return Datum::boolean(compare_less(arguments[0], arguments[1]));
}

bool less_or_equal(const Datum& a, const Datum& b) {
  return compare_less(a, b) || compare_equal(a, b);
}

Datum at_most(CallContext&, std::span<Datum> arguments) {
  return Datum::boolean(less_or_equal(arguments[0], arguments[1]));
}

Datum greater(CallContext&, std::span<Datum> arguments) {
  return Datum::boolean(!less_or_equal(arguments[0], arguments[1]));
}

Datum at_least(CallContext&, std::span<Datum> arguments) {
  return Datum::boolean(!compare_less(arguments[0], arguments[1]));
}

Datum give(CallContext& context, std::string text) {
  context.budget().use_bytes(text.size());
  return Datum::string(std::move(text));
}

Datum print(CallContext& context, std::span<Datum> arguments) {
  std::string text;
  append_print(text, arguments);
  return give(context, std::move(text));
}

Datum println(CallContext& context, std::span<Datum> arguments) {
  std::string text;
  append_println(text, arguments);
  return give(context, std::move(text));
}

Datum printf(CallContext& context, std::span<Datum> arguments) {
  std::string text;
  append_printf(text, arguments[0].as_string(), arguments.subspan(1));
  return give(context, std::move(text));
}

// fmt.Sprint of what actions would print.
std::string printable(std::span<const Datum> arguments) {
  std::string text;
  bool after_string = true;
  for (const Datum& argument : arguments) {
    const bool nothing = !argument.valid() || argument.kind() == Kind::interface;
    const bool is_string = nothing || argument.is_string();
    if (!is_string && !after_string) text += ' ';
    after_string = is_string;
    if (nothing) {
      text += "<no value>";
    } else {
      append_printable(text, argument);
    }
  }
  return text;
}

Datum html(CallContext& context, std::span<Datum> arguments) {
  return give(context, escape_html(printable(arguments)));
}

Datum js(CallContext& context, std::span<Datum> arguments) {
  return give(context, escape_js(printable(arguments)));
}

Datum urlquery(CallContext& context, std::span<Datum> arguments) {
  return give(context, escape_query(printable(arguments)));
}

constexpr const Type* value_type = &types::reflect_value;
constexpr const Type* any_type = &types::any;

constexpr Function functions[] = {
    {"and", nullptr, {value_type, value_type}, Arity::variadic, Special::and_},
    {"call", nullptr, {value_type, value_type}, Arity::variadic, Special::call},
    {"eq", equal, {value_type, value_type}, Arity::variadic},
    {"ge", at_least, {value_type, value_type}},
    {"gt", greater, {value_type, value_type}},
    {"html", html, {any_type}, Arity::variadic},
    {"index", index, {value_type, value_type}, Arity::variadic},
    {"js", js, {any_type}, Arity::variadic},
    {"le", at_most, {value_type, value_type}},
    {"len", length, {value_type}},
    {"lt", less, {value_type, value_type}},
    {"ne", not_equal, {value_type, value_type}},
    {"not", negate, {value_type}},
    {"or", nullptr, {value_type, value_type}, Arity::variadic, Special::or_},
    {"print", print, {any_type}, Arity::variadic},
    {"printf", printf, {&types::string, any_type}, Arity::variadic},
    {"println", println, {any_type}, Arity::variadic},
    {"slice", slice, {value_type, value_type}, Arity::variadic, Special::slice},
    {"urlquery", urlquery, {any_type}, Arity::variadic},
};

}  // namespace

std::span<const Function> builtin_functions() { return functions; }

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '\0': out += "\xEF\xBF\xBD"; break;
      case '"': out += "&#34;"; break;
      case '\'': out += "&#39;"; break;
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string escape_js(std::string_view text) {
  constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x80) {
      const value::Rune rune = value::decode_rune(text, at);
      if (is_print(rune.code)) {
        out += text.substr(at, rune.width);
      } else {
        Datum code = Datum::unsigned_integer(rune.code);
        append_printf(out, "\\u%04X", std::span<const Datum>(&code, 1));
      }
      at += rune.width;
      continue;
    }
    ++at;
    if (byte == '\\' || byte == '\'' || byte == '"') {
      out += '\\';
      out += static_cast<char>(byte);
    } else if (byte < 0x20 || byte == '<' || byte == '>' || byte == '&' || byte == '=') {
      out += "\\u00";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    } else {
      out += static_cast<char>(byte);
    }
  }
  return out;
}

std::string escape_query(std::string_view text) {
  constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (byte | 32) >= 'a' && (byte | 32) <= 'z';
    if (letter || (byte >= '0' && byte <= '9') || c == '-' || c == '_' || c == '.' || c == '~') {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
  return out;
}

}  // namespace weir::tmpl
