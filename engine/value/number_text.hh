// Numbers as the Go tools read and print them: what strconv accepts, and the layouts of
// FormatFloat that reach manifests. Pure functions; shared by the JSON and YAML codecs and by
// template functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/value/value.hh"

namespace weir::value {

// encoding/json: plain digits from 1e-6 up to 1e21, else "1e+21", "1e-7". NaN and infinities do
// not occur in JSON; they print as "null".
void append_json_float(std::string& out, double number);

// strconv.FormatFloat(number, 'g', -1, 64): "1e+06", "1.5", "1e-05"; "NaN", "+Inf", "-Inf".
void append_general_float(std::string& out, double number);
// The same for a float of 32 bits.
void append_general_float(std::string& out, float number);

// An integer or double from JSON's number grammar, as Go's decoders keep it: int64, else uint64,
// else double. Nothing when `text` is no JSON number or overflows a double.
std::optional<Value> parse_json_number(std::string_view text);

// strconv.ParseInt/ParseUint with base 0 (0x, 0o, 0b and leading-0 octal prefixes, one sign, no
// underscores): int64, else uint64; nothing when it is no integer or does not fit.
std::optional<Value> parse_prefixed_integer(std::string_view text);

// strconv.ParseFloat of a decimal ("1", "-.5", "1.", "1e3"); nothing for other text or on overflow.
std::optional<double> parse_decimal_float(std::string_view text);

// A double whose JSON text has neither fraction nor exponent becomes the integer it is; others
// stay. This is what a trip through JSON, which every Go tool makes, does to "1.0".
Value settle_float(double number);

}  // namespace weir::value
