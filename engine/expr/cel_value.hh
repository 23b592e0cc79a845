// What a CEL expression computes with: the document tree's kinds, and those that only CEL has
// (bytes, timestamps, durations, types, optionals, errors). Values of documents are wrapped, not
// copied.
//
// Immutable after construction, so copies may be read from any thread. An error is a value here,
// because && and || may absorb it; it turns into a Result at the seam.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/value/value.hh"

namespace weir::expr {

enum class CelKind : std::uint8_t {
  error,
  null,
  boolean,
  integer,
  uinteger,
  floating,
  string,
  bytes,
  timestamp,
  duration,
  type,
  list,
  map,
  optional,
};

class CelValue {
 public:
  using Items = std::vector<CelValue>;

  CelValue() = default;  // null
  static CelValue error(std::string_view message);
  // A variable that is not bound: selections add their field to the text.
  static CelValue missing_attribute(std::string_view path);
  static CelValue boolean(bool value);
  static CelValue integer(std::int64_t value);
  static CelValue uinteger(std::uint64_t value);
  static CelValue floating(double value);
  static CelValue string(std::string_view value);
  static CelValue bytes(std::string_view value);
  // Seconds since 1970 and nanoseconds 0..999999999; `offset` is the zone it was written in.
  static CelValue timestamp(std::int64_t seconds, std::int32_t nanos, std::int32_t offset = 0);
  static CelValue duration(std::int64_t nanos);
  static CelValue type(std::string_view name);
  static CelValue list(Items items);
  static CelValue map(Items keys_and_values);  // alternating; keys distinct
  static CelValue some(CelValue value);
  static CelValue none();
  // A document: integers above INT64_MAX become doubles, as they are in Go's unstructured objects.
  static CelValue from(const Value& value);

  CelKind kind() const { return kind_; }
  bool is(CelKind kind) const { return kind_ == kind; }
  bool is_error() const { return kind_ == CelKind::error; }
  bool is_missing_attribute() const { return kind_ == CelKind::error && nanos_ != 0; }
  bool is_number() const { return kind_ >= CelKind::integer && kind_ <= CelKind::floating; }

  // Reads of the matching kind only; text() is also the error's message and the type's name.
  bool as_bool() const { return number_ != 0; }
  // also duration's nanoseconds, timestamp's seconds
  std::int64_t as_int() const { return number_; }
  std::uint64_t as_uint() const { return static_cast<std::uint64_t>(number_); }
  double as_double() const;
  std::int32_t nanos() const { return nanos_; }
  std::int32_t zone_offset() const { return offset_; }
  std::string_view text() const { return tree_.as_string(); }

  std::size_t size() const;                      // of a list or map
  CelValue item(std::size_t index) const;        // of a list, in range
  CelValue key(std::size_t index) const;         // of a map, in range
  CelValue mapped(std::size_t index) const;      // of a map, in range
  std::optional<CelValue> find(const CelValue& key) const;  // of a map; numbers match across kinds
  std::optional<CelValue> find(std::string_view key) const;
  const CelValue* optional_value() const;        // nullptr for none

  // CEL's name of its type: "int", "list", "google.protobuf.Timestamp", ...
  std::string_view type_name() const;
  // As a document; timestamps and durations as text, bytes as base64, none as null.
  Value to_value() const;
  // For error texts: strings bare, numbers in decimal.
  std::string to_text() const;

 private:
  CelKind kind_ = CelKind::null;
  std::int32_t nanos_ = 0;
  std::int32_t offset_ = 0;
  std::int64_t number_ = 0;
  Value tree_;                          // text, or a wrapped array or object
  std::shared_ptr<const Items> items_;  // a list, map or optional made by the expression
};

// Equality across kinds: numbers by value, lists and maps deep, else false. Cost is the smaller's
// size.
bool cel_equal(const CelValue& a, const CelValue& b);

enum class CelOrder : std::uint8_t { less, equal, greater, unordered, incomparable };
// unordered: a NaN takes part; incomparable: no overload of < for these kinds.
CelOrder cel_compare(const CelValue& a, const CelValue& b);

}  // namespace weir::expr
