#include "engine/template/printer.hh"

#include <algorithm>
#include <charconv>

#include "engine/base/limits.hh"
#include "engine/template/format.hh"
#include "engine/template/function.hh"
#include "engine/value/utf8.hh"

namespace weir::tmpl {

namespace limits = base::limits;

namespace {

constexpr char lower_digits[] = "0123456789abcdef";
constexpr char upper_digits[] = "0123456789ABCDEF";
// Go prints an address here, another one each time.
constexpr std::uint64_t some_address = 0xc000000000;

// Whether the copy of a value that a function gets says of itself what it is.
bool has_text(const Datum& datum) {
  return datum.type()->text != nullptr && !datum.type()->text_of_pointer;
}

std::size_t count_runes(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count)
    at += static_cast<unsigned char>(text[at]) < 0x80 ? 1 : value::decode_rune(text, at).width;
  return count;
}

bool one_of(std::uint32_t verb, std::string_view verbs) {
  return verb < 0x80 && verbs.find(static_cast<char>(verb)) != std::string_view::npos;
}

// fmt.GoStringer is implemented by nothing that templates meet.
bool is_text_verb(std::uint32_t verb) { return one_of(verb, "vsxXq"); }

}  // namespace

void Printer::check_size() const {
  if (out_.size() - start_ > limits::template_bytes_max) Budget::exhausted("bytes");
}

void Printer::padding(std::int64_t count) {
  if (count <= 0) return;
  check_size();
  out_.append(static_cast<std::size_t>(count), flags.zero && !flags.minus ? '0' : ' ');
}

void Printer::pad(std::string_view text) {
  if (!flags.has_width || flags.width == 0) {
    out_ += text;
    return;
  }
  const std::int64_t missing = flags.width - static_cast<std::int64_t>(count_runes(text));
  if (!flags.minus) padding(missing);
  out_ += text;
  if (flags.minus) padding(missing);
}

std::string_view Printer::cut(std::string_view text) const {
  if (!flags.has_precision) return text;
  std::size_t at = 0;
  for (int left = flags.precision; at < text.size(); --left) {
    if (left == 0) return text.substr(0, at);
    at += value::decode_rune(text, at).width;
  }
  return text;
}

void Printer::bad_verb(const Datum& datum, std::uint32_t verb) {
  complaining_ = true;
  out_ += "%!";
  value::append_utf8(out_, verb);
  out_ += '(';
  out_ += datum.type_name();
  if (datum.type_name() != "<nil>") {
    out_ += '=';
    print_operand(datum, 'v');
  }
  out_ += ')';
  complaining_ = false;
}

void Printer::print_operand(const Datum& datum, std::uint32_t verb) {
  if (!datum.valid() || datum.kind() == Kind::interface) {
    if (verb == 'T' || verb == 'v') {
      pad("<nil>");
    } else {
      bad_verb(datum, verb);
    }
    return;
  }
  if (verb == 'T') {
    pad(cut(datum.type_name()));
    return;
  }
  if (verb == 'p') {
    if (datum.kind() > Kind::string && datum.kind() != Kind::struct_ &&
        datum.kind() != Kind::array) {
      prefixed_hex(datum.is_nil() ? 0 : some_address, !flags.sharp);
    } else {
      bad_verb(datum, verb);
    }
    return;
  }
  if (datum.type() == &types::bytes) {
    bytes(datum, verb, true);  // %w is a bad verb of each byte
    return;
  }
  if (verb == 'w') {
    bad_verb(datum, verb);
    return;
  }
  if (has_text(datum) && print_by_method(datum, verb)) return;
  print_value(datum, verb, 0);
}

void Printer::print_pointee(const Datum& datum) {
  const Type* const type = datum.type();
  if (type != nullptr && type->kind == Kind::pointer && !datum.is_nil() && type->text == nullptr &&
      type->element != nullptr) {
    print_struct(datum, type->element->name, 'v', 0);
  } else if (type != nullptr && type->text_of_pointer) {
    print_by_method(datum, 'v');
  } else {
    print_operand(datum, 'v');
  }
}

// What String() or Error() says, where the verb takes text.
bool Printer::print_by_method(const Datum& datum, std::uint32_t verb) {
  if (complaining_ || flags.sharp_v || !is_text_verb(verb)) return false;
  if (datum.kind() == Kind::pointer && datum.is_nil()) {
    out_ += "<nil>";
    return true;
  }
  const std::string text = datum.type()->text(datum);
  string(Datum(), text, verb);
  return true;
}

void Printer::print_value(const Datum& datum, std::uint32_t verb, std::size_t depth) {
  if (depth > limits::template_value_depth_max) {
    throw FunctionError{"a value nests deeper than template_value_depth_max, or holds itself",
                        Code::limit};
  }
  if (depth > 0 && datum.valid() && has_text(datum) && print_by_method(datum, verb)) return;
  switch (datum.kind()) {
    case Kind::interface: out_ += flags.sharp_v ? "interface {}(nil)" : "<nil>"; break;
    case Kind::invalid:
      if (verb == 'v') {
        out_ += "<nil>";
      } else {
        bad_verb(datum, verb);
      }
      break;
    case Kind::map: print_map(datum, verb, depth); break;
    case Kind::slice:
    case Kind::array: print_slice(datum, verb, depth); break;
    case Kind::struct_: print_struct(datum, datum.type_name(), verb, depth); break;
    case Kind::pointer:
    case Kind::func: print_pointer(datum, verb, depth); break;
    default: print_scalar(datum, verb); break;
  }
}

void Printer::print_scalar(const Datum& datum, std::uint32_t verb) {
  const Kind kind = datum.kind();
  if (kind == Kind::string) {
    string(datum, datum.as_string(), verb);
  } else if (kind == Kind::boolean) {
    boolean(datum, verb);
  } else if (is_signed(kind)) {
    integer(datum, static_cast<std::uint64_t>(datum.as_int()), true, verb);
  } else if (is_unsigned(kind)) {
    integer(datum, datum.as_uint(), false, verb);
  } else if (is_float(kind)) {
    floating(datum, datum.as_float(), bits_of(kind), verb);
  } else {
    complex(datum, verb);
  }
}

void Printer::print_map(const Datum& datum, std::uint32_t verb, std::size_t depth) {
  check_size();
  if (flags.sharp_v) {
    out_ += datum.type_name();
    if (datum.is_nil()) {
      out_ += "(nil)";
      return;
    }
  }
  out_ += flags.sharp_v ? "{" : "map[";
  bool first = true;
  for (const MapEntry& entry : datum.entries()) {
    if (!first) out_ += flags.sharp_v ? ", " : " ";
    first = false;
    print_value(entry.key, verb, depth + 1);
    out_ += ':';
    print_value(entry.value, verb, depth + 1);
  }
  out_ += flags.sharp_v ? '}' : ']';
}

void Printer::print_slice(const Datum& datum, std::uint32_t verb, std::size_t depth) {
  check_size();
  if (datum.is_bytes() && one_of(verb, "sqxX")) {
    bytes(datum, verb, false);
    return;
  }
  if (flags.sharp_v) {
    out_ += datum.type_name();
    if (datum.kind() == Kind::slice && datum.is_nil()) {
      out_ += "(nil)";
      return;
    }
  }
  out_ += flags.sharp_v ? '{' : '[';
  for (std::size_t i = 0; i < datum.size(); ++i) {
    if (i > 0) out_ += flags.sharp_v ? ", " : " ";
    if (datum.is_bytes()) {
      print_value(datum.at(i), verb, depth + 1);
    } else {
      print_value(datum.items()[i], verb, depth + 1);
    }
  }
  out_ += flags.sharp_v ? '}' : ']';
}

void Printer::print_struct(const Datum& datum, std::string_view type_name, std::uint32_t verb,
                           std::size_t depth) {
  check_size();
  if (flags.sharp_v) out_ += type_name;
  out_ += '{';
  const Object& object = datum.as_object();
  const auto names = object.field_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out_ += flags.sharp_v ? ", " : " ";
    if (flags.plus_v || flags.sharp_v) {
      out_ += names[i];
      out_ += ':';
    }
    print_value(object.field(i), verb, depth + 1);
  }
  out_ += '}';
}

void Printer::print_pointer(const Datum& datum, std::uint32_t verb, std::size_t depth) {
  const Type* const element = datum.type()->element;
  if (depth == 0 && !datum.is_nil() && datum.kind() == Kind::pointer && element != nullptr &&
      element->kind == Kind::struct_) {
    out_ += '&';
    print_struct(datum, element->name, verb, depth + 1);
    return;
  }
  const std::uint64_t address = datum.is_nil() ? 0 : some_address;
  if (verb == 'v' && flags.sharp_v) {
    out_ += '(';
    out_ += datum.type_name();
    out_ += ")(";
    if (address == 0) {
      out_ += "nil";
    } else {
      prefixed_hex(address, true);
    }
    out_ += ')';
  } else if (verb == 'v' && address == 0) {
    pad("<nil>");
  } else if (verb == 'v') {
    prefixed_hex(address, !flags.sharp);
  } else if (one_of(verb, "bodxX")) {
    integer(datum, address, false, verb);
  } else {
    bad_verb(datum, verb);
  }
}

void Printer::boolean(const Datum& datum, std::uint32_t verb) {
  if (verb == 't' || verb == 'v') {
    pad(datum.as_bool() ? "true" : "false");
  } else {
    bad_verb(datum, verb);
  }
}

void Printer::integer(const Datum& datum, std::uint64_t number, bool has_sign, std::uint32_t verb) {
  switch (verb) {
    case 'v':
      if (flags.sharp_v && !has_sign) {
        prefixed_hex(number, true);
        break;
      }
      [[fallthrough]];
    case 'd': digits(number, 10, has_sign, verb, false); break;
    case 'b': digits(number, 2, has_sign, verb, false); break;
    case 'o':
    case 'O': digits(number, 8, has_sign, verb, false); break;
    case 'x': digits(number, 16, has_sign, verb, false); break;
    case 'X': digits(number, 16, has_sign, verb, true); break;
    case 'c': character(number); break;
    case 'q': quoted_character(number); break;
    case 'U': code_point(number); break;
    default: bad_verb(datum, verb);
  }
}

void Printer::prefixed_hex(std::uint64_t number, bool prefix) {
  const bool sharp = flags.sharp;
  flags.sharp = prefix;
  digits(number, 16, false, 'v', false);
  flags.sharp = sharp;
}

void Printer::digits(std::uint64_t number, int base, bool has_sign, std::uint32_t verb,
                     bool upper) {
  const bool negative = has_sign && static_cast<std::int64_t>(number) < 0;
  if (negative) number = 0 - number;
  if (base == 10 && !flags.has_width && !flags.has_precision && !flags.plus && !flags.space) {
    char text[24];
    char* const end = std::to_chars(text, text + sizeof text, number).ptr;
    if (negative) out_ += '-';
    out_.append(text, end);
    return;
  }
  const bool zero = flags.zero;
  int precision = 0;
  if (flags.has_precision) {
    precision = flags.precision;
    if (precision == 0 && number == 0) {
      flags.zero = false;
      padding(flags.width);
      flags.zero = zero;
      return;
    }
  } else if (zero && !flags.minus && flags.has_width) {
    precision = flags.width;
    if (negative || flags.plus || flags.space) --precision;
  }
  char text[72];
  char* const end = std::to_chars(text, text + sizeof text, number, base).ptr;
  if (upper)
    std::transform(text, end, text,
                   [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  std::string all;
  if (negative) {
    all += '-';
  } else if (flags.plus) {
    all += '+';
  } else if (flags.space) {
    all += ' ';
  }
  const auto count = static_cast<int>(end - text);
  const int zeros = std::max(precision - count, 0);
  if (verb == 'O') all += "0o";
  if (flags.sharp && base == 2) all += "0b";
  if (flags.sharp && base == 8 && zeros == 0 && text[0] != '0') all += '0';
  if (flags.sharp && base == 16) all += upper ? "0X" : "0x";
  all.append(static_cast<std::size_t>(zeros), '0');
  all.append(text, end);
  flags.zero = false;
  pad(all);
  flags.zero = zero;
}

void Printer::character(std::uint64_t number) {
  std::string text;
  value::append_utf8(
      text, number > 0x10FFFF ? value::replacement_character : static_cast<std::uint32_t>(number));
  pad(text);
}

void Printer::quoted_character(std::uint64_t number) {
  std::string text;
  append_quoted_rune(
      text, number > 0x10FFFF ? value::replacement_character : static_cast<std::uint32_t>(number),
      flags.plus);
  pad(text);
}

void Printer::code_point(std::uint64_t number) {
  char text[24];
  char* const end = std::to_chars(text, text + sizeof text, number, 16).ptr;
  const int wanted = flags.has_precision && flags.precision > 4 ? flags.precision : 4;
  const auto count = static_cast<int>(end - text);
  std::string all = "U+";
  all.append(static_cast<std::size_t>(std::max(wanted - count, 0)), '0');
  for (const char* at = text; at != end; ++at)
    all += *at >= 'a' ? static_cast<char>(*at - 32) : *at;
  if (flags.sharp && number <= 0x10FFFF && is_print(static_cast<std::uint32_t>(number))) {
    all += " '";
    value::append_utf8(all, static_cast<std::uint32_t>(number));
    all += '\'';
  }
  const bool zero = flags.zero;
  flags.zero = false;
  pad(all);
  flags.zero = zero;
}

void Printer::floating(const Datum& datum, double number, int bits, std::uint32_t verb) {
  if (verb == 'v') {
    float_text(number, bits, 'g', -1);
  } else if (one_of(verb, "bgGxX")) {
    float_text(number, bits, static_cast<char>(verb), -1);
  } else if (one_of(verb, "feEF")) {
    float_text(number, bits, verb == 'F' ? 'f' : static_cast<char>(verb), 6);
  } else {
    bad_verb(datum, verb);
  }
}

namespace {

// '#': a decimal point always, and for %g the zeros it drops.
void restore_zeros(std::string& number, char verb, int precision) {
  int missing = one_of(static_cast<std::uint32_t>(verb), "gGx") ? precision : 0;
  if (missing == -1) missing = 6;
  std::string tail;
  bool has_point = false;
  bool seen_digit = false;
  for (std::size_t i = 1; i < number.size(); ++i) {
    const char c = number[i];
    const bool exponent = c == 'p' || c == 'P' || ((c == 'e' || c == 'E') && (verb | 32) != 'x');
    if (exponent) {
      tail = number.substr(i);
      number.resize(i);
      break;
    }
    if (c == '.') {
      has_point = true;
      continue;
    }
    if (c != '0') seen_digit = true;
    if (seen_digit) --missing;
  }
  if (!has_point) {
    if (number.size() == 2 && number[1] == '0') --missing;
    number += '.';
  }
  if (missing > 0) number.append(static_cast<std::size_t>(missing), '0');
  number += tail;
}

}  // namespace

void Printer::float_text(double number, int bits, char verb, int precision) {
  if (flags.has_precision) precision = flags.precision;
  if (precision < 0 && verb == 'g' && !flags.has_width && !flags.plus && !flags.space &&
      !flags.sharp) {
    append_float(out_, number, 'g', -1, bits);
    return;
  }
  std::string text;
  append_float(text, number, verb, precision, bits);
  if (text[0] != '-' && text[0] != '+') text.insert(0, 1, '+');
  if (flags.space && text[0] == '+' && !flags.plus) text[0] = ' ';
  if (text[1] == 'I' || text[1] == 'N') {
    const bool zero = flags.zero;
    flags.zero = false;
    const bool keep_sign = text[1] == 'I' || flags.space || flags.plus;
    pad(keep_sign ? std::string_view(text) : std::string_view(text).substr(1));
    flags.zero = zero;
    return;
  }
  if (flags.sharp && verb != 'b') restore_zeros(text, verb, precision);
  if (!flags.plus && text[0] == '+') {
    pad(std::string_view(text).substr(1));
    return;
  }
  const auto count = static_cast<std::int64_t>(text.size());
  if (flags.zero && !flags.minus && flags.has_width && flags.width > count) {
    out_ += text[0];
    padding(flags.width - count);
    out_.append(text, 1);
    return;
  }
  pad(text);
}

void Printer::complex(const Datum& datum, std::uint32_t verb) {
  if (!one_of(verb, "vbgGxXfFeE")) {
    bad_verb(datum, verb);
    return;
  }
  const bool plus = flags.plus;
  out_ += '(';
  floating(datum, datum.as_real(), 64, verb);
  flags.plus = true;
  floating(datum, datum.as_imaginary(), 64, verb);
  out_ += "i)";
  flags.plus = plus;
}

void Printer::string(const Datum& datum, std::string_view text, std::uint32_t verb) {
  switch (verb) {
    case 'v':
      if (flags.sharp_v) {
        quoted_text(text);
      } else {
        pad(cut(text));
      }
      break;
    case 's': pad(cut(text)); break;
    case 'x': hex_text(text, false); break;
    case 'X': hex_text(text, true); break;
    case 'q': quoted_text(text); break;
    default: bad_verb(datum, verb);
  }
}

void Printer::quoted_text(std::string_view text) {
  text = cut(text);
  std::string quotes;
  if (flags.sharp && can_backquote(text)) {
    quotes += '`';
    quotes += text;
    quotes += '`';
  } else if (flags.plus) {
    append_quoted_ascii(quotes, text);
  } else {
    append_quoted(quotes, text);
  }
  pad(quotes);
}

void Printer::hex_text(std::string_view text, bool upper) {
  const char* const hex = upper ? upper_digits : lower_digits;
  const std::string_view prefix = upper ? "0X" : "0x";
  if (flags.has_precision)
    text = text.substr(0, static_cast<std::size_t>(std::max(flags.precision, 0)));
  if (text.empty()) {
    if (flags.has_width) padding(flags.width);
    return;
  }
  auto width = static_cast<std::int64_t>(text.size()) * 2;
  if (flags.space) {
    if (flags.sharp) width *= 2;
    width += static_cast<std::int64_t>(text.size()) - 1;
  } else if (flags.sharp) {
    width += 2;
  }
  const std::int64_t missing = flags.has_width ? flags.width - width : 0;
  if (!flags.minus) padding(missing);
  if (flags.sharp) out_ += prefix;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (flags.space && i > 0) {
      out_ += ' ';
      if (flags.sharp) out_ += prefix;
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    out_ += hex[byte >> 4];
    out_ += hex[byte & 15];
  }
  if (flags.minus) padding(missing);
}

void Printer::bytes(const Datum& datum, std::uint32_t verb, bool is_operand) {
  const std::string_view text = datum.as_string();
  switch (verb) {
    case 's': pad(cut(text)); return;
    case 'x': hex_text(text, false); return;
    case 'X': hex_text(text, true); return;
    case 'q': quoted_text(text); return;
    case 'v':
    case 'd': break;
    default: print_value(datum, verb, 0); return;
  }
  if (!flags.sharp_v) {
    print_value(datum, verb == 'v' ? 'v' : 'd', 0);
    return;
  }
  out_ += is_operand ? "[]byte" : datum.type_name();
  if (datum.is_nil()) {
    out_ += "(nil)";
    return;
  }
  out_ += '{';
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i > 0) out_ += ", ";
    prefixed_hex(static_cast<unsigned char>(text[i]), true);
  }
  out_ += '}';
}

}  // namespace weir::tmpl
