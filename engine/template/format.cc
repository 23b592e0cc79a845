#include "engine/template/format.hh"

#include <algorithm>
#include <optional>

#include "engine/base/limits.hh"
#include "engine/template/function.hh"
#include "engine/template/printer.hh"
#include "engine/value/utf8.hh"

namespace weir::tmpl {

namespace {

// Widths and precisions above this are taken for mistakes, as fmt does.
constexpr int width_max = 1'000'000;
bool too_large(std::int64_t number) { return number > width_max || number < -width_max; }

// Reads one format string and feeds the printer.
class FormatReader {
 public:
  FormatReader(std::string& out, std::string_view format, std::span<const Datum> operands)
      : printer_(out), out_(out), format_(format), operands_(operands) {}

  void run() {
    while (at_ < format_.size()) {
      valid_index_ = true;
      const std::size_t percent = std::min(format_.find('%', at_), format_.size());
      out_ += format_.substr(at_, percent - at_);
      at_ = percent + 1;
      if (percent >= format_.size()) break;
      printer_.flags = {};
      if (read_simple()) continue;
      if (!read_complex()) break;
    }
    print_extra();
  }

 private:
  bool read_simple() {
    for (; at_ < format_.size(); ++at_) {
      const char c = format_[at_];
      if (read_flag(c)) continue;
      if (c < 'a' || c > 'z' || operand_ >= operands_.size()) return false;
      ++at_;
      print_operand(static_cast<unsigned char>(c));
      return true;
    }
    return false;
  }

  bool read_flag(char c) {
    switch (c) {
      case '#': printer_.flags.sharp = true; return true;
      case '0': printer_.flags.zero = true; return true;
      case '+': printer_.flags.plus = true; return true;
      case '-': printer_.flags.minus = true; return true;
      case ' ': printer_.flags.space = true; return true;
      default: return false;
    }
  }

  void print_operand(std::uint32_t verb) {
    if (verb == 'v' || verb == 'w') printer_.flags.to_verb_v();
    printer_.print_operand(operands_[operand_++], verb);
  }

  // Width, precision, operand numbers, then the verb. False: the format ended too soon.
  bool read_complex() {
    bool after_index = read_index();
    read_width(after_index);
    if (at_ + 1 < format_.size() && format_[at_] == '.') after_index = read_precision(after_index);
    if (!after_index) read_index();
    if (at_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return false;
    }
    const value::Rune verb = value::decode_rune(format_, at_);
    at_ += verb.width;
    if (verb.code == '%') {
      out_ += '%';
    } else if (!valid_index_) {
      print_complaint(verb.code, "(BADINDEX)");
    } else if (operand_ >= operands_.size()) {
      print_complaint(verb.code, "(MISSING)");
    } else {
      print_operand(verb.code);
    }
    return true;
  }

  void read_width(bool& after_index) {
    Printer::Flags& flags = printer_.flags;
    if (at_ < format_.size() && format_[at_] == '*') {
      ++at_;
      const auto width = operand_number();
      flags.has_width = width.has_value();
      flags.width = width.value_or(0);
      if (!width) out_ += "%!(BADWIDTH)";
      if (flags.width < 0) {
        flags.width = -flags.width;
        flags.minus = true;
        flags.zero = false;
      }
      after_index = false;
      return;
    }
    const auto width = read_number(format_.size());
    flags.has_width = width.has_value();
    flags.width = width.value_or(0);
    if (after_index && width) valid_index_ = false;
  }

  bool read_precision(bool after_index) {
    Printer::Flags& flags = printer_.flags;
    ++at_;
    if (after_index) valid_index_ = false;
    after_index = read_index();
    if (at_ < format_.size() && format_[at_] == '*') {
      ++at_;
      const auto precision = operand_number();
      flags.has_precision = precision.has_value() && *precision >= 0;
      flags.precision = flags.has_precision ? *precision : 0;
      if (!flags.has_precision) out_ += "%!(BADPREC)";
      return false;
    }
    flags.precision = read_number(format_.size()).value_or(0);
    flags.has_precision = true;
    return after_index;
  }

  // An operand number "[3]"; true when one was read whole.
  bool read_index() {
    if (at_ >= format_.size() || format_[at_] != '[') return false;
    reordered_ = true;
    const std::size_t close = format_.find(']', at_ + 1);
    if (format_.size() - at_ < 3 || close == std::string_view::npos) {
      ++at_;
      valid_index_ = false;
      return false;
    }
    ++at_;
    const auto number = read_number(close);
    const bool whole = number.has_value() && at_ == close;
    at_ = close + 1;
    if (whole && *number >= 1 && static_cast<std::size_t>(*number) <= operands_.size()) {
      operand_ = static_cast<std::size_t>(*number) - 1;
      return true;
    }
    valid_index_ = false;
    return whole;
  }

  std::optional<int> read_number(std::size_t end) {
    std::optional<int> number;
    while (at_ < end && format_[at_] >= '0' && format_[at_] <= '9') {
      if (too_large(number.value_or(0))) {
        at_ = end;
        return std::nullopt;
      }
      number = number.value_or(0) * 10 + (format_[at_++] - '0');
    }
    return number;
  }

  // The integer operand of a '*'.
  std::optional<int> operand_number() {
    if (operand_ >= operands_.size()) return std::nullopt;
    const Datum& operand = operands_[operand_++];
    std::int64_t number = 0;
    if (is_signed(operand.kind())) {
      number = operand.as_int();
    } else if (is_unsigned(operand.kind()) && operand.as_uint() <= width_max) {
      number = static_cast<std::int64_t>(operand.as_uint());
    } else {
      return std::nullopt;
    }
    if (too_large(number)) return std::nullopt;
    return static_cast<int>(number);
  }

  void print_complaint(std::uint32_t verb, std::string_view what) {
    out_ += "%!";
    value::append_utf8(out_, verb);
    out_ += what;
  }

  void print_extra() {
    if (reordered_ || operand_ >= operands_.size()) return;
    printer_.flags = {};
    out_ += "%!(EXTRA ";
    for (std::size_t i = operand_; i < operands_.size(); ++i) {
      if (i > operand_) out_ += ", ";
      out_ += operands_[i].type_name();
      if (operands_[i].type_name() == "<nil>") continue;
      out_ += '=';
      printer_.print_operand(operands_[i], 'v');
    }
    out_ += ')';
  }

  Printer printer_;
  std::string& out_;
  const std::string_view format_;
  const std::span<const Datum> operands_;
  std::size_t at_ = 0;
  std::size_t operand_ = 0;
  bool reordered_ = false;
  bool valid_index_ = true;
};

}  // namespace

void append_text(std::string& out, const Datum& datum) {
  if (datum.type() == &types::string) {
    out += datum.as_string();
    return;
  }
  Printer(out).print_operand(datum, 'v');
}

void append_printable(std::string& out, const Datum& datum) {
  if (datum.type() == &types::string) {
    out += datum.as_string();
    return;
  }
  Printer(out).print_pointee(datum);
}

std::string text_of(const Datum& datum) {
  std::string out;
  append_text(out, datum);
  return out;
}

void append_print(std::string& out, std::span<const Datum> operands) {
  bool after_string = true;
  for (const Datum& operand : operands) {
    const bool is_string = operand.is_string();
    if (!is_string && !after_string) out += ' ';
    append_text(out, operand);
    after_string = is_string;
  }
}

void append_println(std::string& out, std::span<const Datum> operands) {
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (i > 0) out += ' ';
    append_text(out, operands[i]);
  }
  out += '\n';
}

void append_printf(std::string& out, std::string_view format, std::span<const Datum> operands) {
  FormatReader(out, format, operands).run();
}

}  // namespace weir::tmpl
