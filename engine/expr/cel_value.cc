#include "engine/expr/cel_value.hh"

#include <bit>
#include <cmath>

#include "engine/base/digest.hh"
#include "engine/expr/cel_time.hh"
#include "engine/value/number_text.hh"

namespace weir::expr {
namespace {

constexpr std::string_view type_names[] = {
    "error", "null_type", "bool",  "int",
    "uint",  "double",    "string", "bytes",
    "google.protobuf.Timestamp",   "google.protobuf.Duration",
    "type",  "list",      "map",   "optional_type",
};

template <typename T>
CelOrder order_of(T a, T b) {
  return a < b ? CelOrder::less : a > b ? CelOrder::greater : CelOrder::equal;
}

CelOrder flip(CelOrder order) {
  if (order == CelOrder::less) return CelOrder::greater;
  return order == CelOrder::greater ? CelOrder::less : order;
}

// A double against a 64-bit integer, exactly: beyond the integer's range by size, else by whole
// part.
CelOrder compare_double(double a, const CelValue& b) {
  if (std::isnan(a)) return CelOrder::unordered;
  if (b.is(CelKind::floating)) {
    return std::isnan(b.as_double()) ? CelOrder::unordered : order_of(a, b.as_double());
  }
  const bool is_unsigned = b.is(CelKind::uinteger);
  if (a >= (is_unsigned ? 18446744073709551616.0 : 9223372036854775808.0)) return CelOrder::greater;
  if (a < (is_unsigned ? 0.0 : -9223372036854775808.0)) return CelOrder::less;
  const double whole = std::floor(a);
  const CelOrder order = is_unsigned ? order_of(static_cast<std::uint64_t>(whole), b.as_uint())
                                     : order_of(static_cast<std::int64_t>(whole), b.as_int());
  return order == CelOrder::equal && a != whole ? CelOrder::greater : order;
}

CelOrder compare_numbers(const CelValue& a, const CelValue& b) {
  if (a.is(CelKind::floating)) return compare_double(a.as_double(), b);
  if (b.is(CelKind::floating)) return flip(compare_double(b.as_double(), a));
  if (a.is(CelKind::integer) && b.is(CelKind::integer)) return order_of(a.as_int(), b.as_int());
  if (a.is(CelKind::integer) && a.as_int() < 0) return CelOrder::less;
  if (b.is(CelKind::integer) && b.as_int() < 0) return CelOrder::greater;
  return order_of(a.as_uint(), b.as_uint());
}

bool equal_lists(const CelValue& a, const CelValue& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!cel_equal(a.item(i), b.item(i))) return false;
  }
  return true;
}

bool equal_maps(const CelValue& a, const CelValue& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto other = b.find(a.key(i));
    if (!other || !cel_equal(a.mapped(i), *other)) return false;
  }
  return true;
}

bool equal_optionals(const CelValue& a, const CelValue& b) {
  const CelValue* x = a.optional_value();
  const CelValue* y = b.optional_value();
  return x == nullptr || y == nullptr ? x == y : cel_equal(*x, *y);
}

}  // namespace

CelValue CelValue::error(std::string_view message) {
  CelValue result;
  result.kind_ = CelKind::error;
  result.tree_ = Value(message);
  return result;
}

CelValue CelValue::missing_attribute(std::string_view path) {
  CelValue result = error(path);
  result.nanos_ = 1;
  return result;
}

CelValue CelValue::boolean(bool value) {
  CelValue result;
  result.kind_ = CelKind::boolean;
  result.number_ = value ? 1 : 0;
  return result;
}

CelValue CelValue::integer(std::int64_t value) {
  CelValue result;
  result.kind_ = CelKind::integer;
  result.number_ = value;
  return result;
}

CelValue CelValue::uinteger(std::uint64_t value) {
  CelValue result;
  result.kind_ = CelKind::uinteger;
  result.number_ = static_cast<std::int64_t>(value);
  return result;
}

CelValue CelValue::floating(double value) {
  CelValue result;
  result.kind_ = CelKind::floating;
  result.number_ = std::bit_cast<std::int64_t>(value);
  return result;
}

CelValue CelValue::string(std::string_view value) {
  CelValue result;
  result.kind_ = CelKind::string;
  result.tree_ = Value(value);
  return result;
}

CelValue CelValue::bytes(std::string_view value) {
  CelValue result = string(value);
  result.kind_ = CelKind::bytes;
  return result;
}

CelValue CelValue::timestamp(std::int64_t seconds, std::int32_t nanos, std::int32_t offset) {
  CelValue result;
  result.kind_ = CelKind::timestamp;
  result.number_ = seconds;
  result.nanos_ = nanos;
  result.offset_ = offset;
  return result;
}

CelValue CelValue::duration(std::int64_t nanos) {
  CelValue result = integer(nanos);
  result.kind_ = CelKind::duration;
  return result;
}

CelValue CelValue::type(std::string_view name) {
  CelValue result = string(name);
  result.kind_ = CelKind::type;
  return result;
}

CelValue CelValue::list(Items items) {
  CelValue result;
  result.kind_ = CelKind::list;
  result.items_ = std::make_shared<const Items>(std::move(items));
  return result;
}

CelValue CelValue::map(Items keys_and_values) {
  CelValue result = list(std::move(keys_and_values));
  result.kind_ = CelKind::map;
  return result;
}

CelValue CelValue::some(CelValue value) {
  Items items;
  items.push_back(std::move(value));
  CelValue result = list(std::move(items));
  result.kind_ = CelKind::optional;
  return result;
}

CelValue CelValue::none() {
  CelValue result;
  result.kind_ = CelKind::optional;
  return result;
}

CelValue CelValue::from(const Value& value) {
  switch (value.kind()) {
    case value::Kind::null: return {};
    case value::Kind::boolean: return boolean(value.as_bool());
    case value::Kind::integer: return integer(value.as_int());
    case value::Kind::unsigned_integer:
    case value::Kind::floating: return floating(value.as_double());
    default: break;
  }
  CelValue result;
  result.kind_ = value.is_string()  ? CelKind::string
                 : value.is_array() ? CelKind::list
                                    : CelKind::map;
  result.tree_ = value;
  return result;
}

double CelValue::as_double() const { return std::bit_cast<double>(number_); }

std::size_t CelValue::size() const {
  if (!items_) return tree_.size();
  return kind_ == CelKind::map ? items_->size() / 2 : items_->size();
}

CelValue CelValue::item(std::size_t index) const {
  return items_ ? (*items_)[index] : from(tree_.at(index));
}

CelValue CelValue::key(std::size_t index) const {
  return items_ ? (*items_)[2 * index] : from(tree_.members()[index].key);
}

CelValue CelValue::mapped(std::size_t index) const {
  return items_ ? (*items_)[2 * index + 1] : from(tree_.members()[index].value);
}

std::optional<CelValue> CelValue::find(std::string_view wanted) const {
  if (items_) return find(string(wanted));
  const Value* found = tree_.find(wanted);
  if (found == nullptr) return std::nullopt;
  return from(*found);
}

std::optional<CelValue> CelValue::find(const CelValue& wanted) const {
  if (!items_) return wanted.is(CelKind::string) ? find(wanted.text()) : std::nullopt;
  for (std::size_t i = 0; i < items_->size(); i += 2) {
    if (cel_equal((*items_)[i], wanted)) return (*items_)[i + 1];
  }
  return std::nullopt;
}

const CelValue* CelValue::optional_value() const { return items_ ? items_->data() : nullptr; }

std::string_view CelValue::type_name() const {
  return type_names[static_cast<std::size_t>(kind_)];
}

Value CelValue::to_value() const {
  switch (kind_) {
    case CelKind::error:
    case CelKind::null: return {};
    case CelKind::boolean: return as_bool();
    case CelKind::integer: return as_int();
    case CelKind::uinteger: return as_uint();
    case CelKind::floating: return as_double();
    case CelKind::string:
    case CelKind::type: return tree_;
    case CelKind::bytes: return base::base64_encode(text());
    case CelKind::timestamp:
    case CelKind::duration: return to_text();
    case CelKind::optional: return items_ ? items_->front().to_value() : Value();
    default: break;
  }
  if (!items_) return tree_;
  Value result = kind_ == CelKind::list ? Value::array() : Value::object();
  for (std::size_t i = 0; i < size(); ++i) {
    if (kind_ == CelKind::list) {
      result.push_back(item(i).to_value());
    } else {
      result.set(key(i).to_text(), mapped(i).to_value());
    }
  }
  return result;
}

std::string CelValue::to_text() const {
  switch (kind_) {
    case CelKind::null: return "null";
    case CelKind::boolean: return as_bool() ? "true" : "false";
    case CelKind::integer: return std::to_string(as_int());
    case CelKind::uinteger: return std::to_string(as_uint());
    case CelKind::floating: {
      std::string out;
      value::append_general_float(out, as_double());
      return out;
    }
    case CelKind::timestamp: return format_timestamp(*this);
    case CelKind::duration: return format_seconds(as_int());
    case CelKind::list:
    case CelKind::map:
    case CelKind::optional: return std::string(type_name());
    default: return std::string(text());
  }
}

bool cel_equal(const CelValue& a, const CelValue& b) {
  if (a.is_number() && b.is_number()) return compare_numbers(a, b) == CelOrder::equal;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case CelKind::null: return true;
    case CelKind::boolean:
    case CelKind::duration: return a.as_int() == b.as_int();
    case CelKind::timestamp: return a.as_int() == b.as_int() && a.nanos() == b.nanos();
    case CelKind::list: return equal_lists(a, b);
    case CelKind::map: return equal_maps(a, b);
    case CelKind::optional: return equal_optionals(a, b);
    default: return a.text() == b.text();
  }
}

CelOrder cel_compare(const CelValue& a, const CelValue& b) {
  if (a.is_number() && b.is_number()) return compare_numbers(a, b);
  if (a.kind() != b.kind()) return CelOrder::incomparable;
  switch (a.kind()) {
    case CelKind::boolean:
    case CelKind::duration: return order_of(a.as_int(), b.as_int());
    case CelKind::string:
    case CelKind::bytes: return order_of(a.text(), b.text());
    case CelKind::timestamp:
      if (a.as_int() != b.as_int()) return order_of(a.as_int(), b.as_int());
      return order_of(a.nanos(), b.nanos());
    default: return CelOrder::incomparable;
  }
}

}  // namespace weir::expr
