#include "engine/template/datum.hh"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/base/digest.hh"
#include "engine/base/limits.hh"

namespace weir::tmpl {

namespace limits = base::limits;

struct Datum::TextRep : Rep {
  explicit TextRep(std::string taken) : Rep(Form::text), owned(std::move(taken)), text(owned) {}
  explicit TextRep(std::shared_ptr<const std::string> taken)
      : Rep(Form::text), shared(std::move(taken)), text(*shared) {}
  const std::string owned;
  const std::shared_ptr<const std::string> shared;
  const std::string_view text;  // of one of the two
};

struct Datum::SliceRep : Rep {
  explicit SliceRep(std::vector<Datum> taken) : Rep(Form::slice), items(std::move(taken)) {}
  std::vector<Datum> items;
};

struct Datum::MapRep : Rep {
  MapRep() : Rep(Form::map) {}
  std::vector<MapEntry> entries;  // sorted by key
  bool noted = false;             // in a DatumScope
};

struct Datum::ComplexRep : Rep {
  ComplexRep(double re, double im) : Rep(Form::complex), real(re), imaginary(im) {}
  const double real;
  const double imaginary;
};

namespace {

thread_local DatumScope* current_scope = nullptr;

std::uint64_t key_prefix(std::string_view key) {
  std::uint64_t bytes = 0;
  if (key.empty()) return bytes;  // whose pointer may be null
  std::memcpy(&bytes, key.data(), std::min<std::size_t>(key.size(), sizeof bytes));
  if constexpr (std::endian::native == std::endian::little) bytes = __builtin_bswap64(bytes);
  return bytes;
}

}  // namespace

MapKey::MapKey(std::string_view key) : prefix(key_prefix(key)), text(key) {}

// Containers release what they hold one after the other, not by recursion, so that a deeply nested
// tree cannot exhaust the stack.
void Datum::destroy(Rep* rep) noexcept {
  if (rep->form == Rep::Form::text) {
    delete static_cast<TextRep*>(rep);
    return;
  }
  static thread_local std::vector<Rep*>* waiting = nullptr;
  if (waiting != nullptr) {
    waiting->push_back(rep);
    return;
  }
  std::vector<Rep*> list{rep};
  waiting = &list;
  while (!list.empty()) {
    Rep* const next = list.back();
    list.pop_back();
    switch (next->form) {
      case Rep::Form::text: delete static_cast<TextRep*>(next); break;
      case Rep::Form::slice: delete static_cast<SliceRep*>(next); break;
      case Rep::Form::map: delete static_cast<MapRep*>(next); break;
      case Rep::Form::complex: delete static_cast<ComplexRep*>(next); break;
      case Rep::Form::object: delete static_cast<Object*>(next); break;
    }
  }
  waiting = nullptr;
}

Datum Datum::zero(const Type& type) {
  Datum result;
  result.type_ = &type;
  return result;
}

Datum Datum::boolean(bool truth) {
  Datum result = zero(types::boolean);
  result.payload_.bits = truth ? 1 : 0;
  return result;
}

Datum Datum::integer(std::int64_t number, const Type& type) {
  WEIR_ASSERT(is_signed(type.kind));
  Datum result = zero(type);
  result.payload_.bits = number;
  return result;
}

Datum Datum::unsigned_integer(std::uint64_t number, const Type& type) {
  WEIR_ASSERT(is_unsigned(type.kind));
  Datum result = zero(type);
  result.payload_.bits = static_cast<std::int64_t>(number);
  return result;
}

Datum Datum::floating(double number, const Type& type) {
  WEIR_ASSERT(is_float(type.kind));
  Datum result = zero(type);
  result.payload_.number = number;
  return result;
}

Datum Datum::complex(double real, double imaginary) {
  Datum result = zero(types::complex128);
  result.payload_.rep = new ComplexRep(real, imaginary);
  return result;
}

Datum Datum::string(std::string_view text) { return text_of(types::string, std::string(text)); }

Datum Datum::string(std::string&& text) { return text_of(types::string, std::move(text)); }

Datum Datum::text_of(const Type& type, std::string text) {
  Datum result = zero(type);
  if (!text.empty() || type.kind != Kind::string)
    result.payload_.rep = new TextRep(std::move(text));
  return result;
}

Datum Datum::shared_bytes(std::shared_ptr<const std::string> bytes) {
  Datum result = zero(types::bytes);
  result.payload_.rep = new TextRep(std::move(bytes));
  return result;
}

Datum Datum::slice(std::vector<Datum> items, const Type& type) {
  WEIR_ASSERT(type.kind == Kind::slice || type.kind == Kind::array);
  Datum result = zero(type);
  result.payload_.rep = new SliceRep(std::move(items));
  return result;
}

Datum Datum::retyped(const Type& type) const {
  WEIR_ASSERT(kind() == type.kind);
  Datum result(*this);
  result.type_ = &type;
  return result;
}

Datum Datum::map(const Type& type) {
  WEIR_ASSERT(type.kind == Kind::map);
  Datum result = zero(type);
  result.payload_.rep = new MapRep;
  return result;
}

Datum Datum::object(Object* adopted) {
  Datum result = zero(adopted->type());
  result.payload_.rep = adopted;
  return result;
}

std::string_view Datum::type_name() const {
  return type_ == nullptr || type_->kind == Kind::interface ? "<nil>" : type_->name;
}

bool Datum::as_bool() const {
  WEIR_ASSERT(kind() == Kind::boolean);
  return payload_.bits != 0;
}

std::int64_t Datum::as_int() const {
  WEIR_ASSERT(is_signed(kind()));
  return payload_.bits;
}

std::uint64_t Datum::as_uint() const {
  WEIR_ASSERT(is_unsigned(kind()));
  return static_cast<std::uint64_t>(payload_.bits);
}

double Datum::as_float() const {
  WEIR_ASSERT(is_float(kind()));
  return payload_.number;
}

double Datum::as_real() const {
  WEIR_ASSERT(kind() == Kind::complex128);
  return payload_.rep == nullptr ? 0 : static_cast<ComplexRep*>(payload_.rep)->real;
}

double Datum::as_imaginary() const {
  WEIR_ASSERT(kind() == Kind::complex128);
  return payload_.rep == nullptr ? 0 : static_cast<ComplexRep*>(payload_.rep)->imaginary;
}

std::string_view Datum::as_string() const {
  WEIR_ASSERT(is_string() || is_bytes());
  return payload_.rep == nullptr ? std::string_view()
                                 : static_cast<TextRep*>(payload_.rep)->text;
}

Object& Datum::as_object() const {
  WEIR_ASSERT(shared() && payload_.rep->form == Rep::Form::object);
  return *static_cast<Object*>(payload_.rep);
}

std::size_t Datum::size() const {
  if (!shared()) return 0;
  switch (payload_.rep->form) {
    case Rep::Form::text: return static_cast<TextRep*>(payload_.rep)->text.size();
    case Rep::Form::slice: return static_cast<SliceRep*>(payload_.rep)->items.size();
    case Rep::Form::map: return static_cast<MapRep*>(payload_.rep)->entries.size();
    default: return 0;
  }
}

std::span<const Datum> Datum::items() const {
  if (!shared() || payload_.rep->form != Rep::Form::slice) return {};
  return static_cast<SliceRep*>(payload_.rep)->items;
}

Datum Datum::at(std::size_t index) const {
  WEIR_ASSERT(index < size());
  if (payload_.rep->form == Rep::Form::text) {
    const auto byte = static_cast<unsigned char>(as_string()[index]);
    return unsigned_integer(byte, types::uint8);
  }
  return items()[index];
}

Datum Datum::subslice(std::size_t from, std::size_t to) const {
  WEIR_ASSERT(from <= to && to <= size());
  if (from == 0 && to == size()) return *this;
  if (payload_.rep->form == Rep::Form::text)
    return text_of(*type_, std::string(as_string().substr(from, to - from)));
  const auto all = items();
  return slice(std::vector<Datum>(all.begin() + static_cast<std::ptrdiff_t>(from),
                                  all.begin() + static_cast<std::ptrdiff_t>(to)),
               *type_);
}

namespace {

template <typename Entries>
auto lower_bound(Entries& entries, const MapKey& key) {
  return std::lower_bound(entries.begin(), entries.end(), key,
                          [](const MapEntry& entry, const MapKey& wanted) {
                            if (entry.prefix != wanted.prefix) return entry.prefix < wanted.prefix;
                            return entry.name() < wanted.text;
                          });
}

}  // namespace

std::span<const MapEntry> Datum::entries() const {
  if (!shared() || payload_.rep->form != Rep::Form::map) return {};
  return static_cast<MapRep*>(payload_.rep)->entries;
}

const Datum* Datum::find(const MapKey& key) const {
  const auto all = entries();
  const auto found = lower_bound(all, key);
  if (found == all.end() || found->prefix != key.prefix || found->name() != key.text)
    return nullptr;
  return &found->value;
}

void Datum::set(Datum key, Datum value) const {
  WEIR_ASSERT(is_map() && payload_.rep != nullptr && key.is_string());
  auto& rep = *static_cast<MapRep*>(payload_.rep);
  if (current_scope != nullptr && !rep.noted && value.shared() &&
      value.payload_.rep->form != Rep::Form::text) {
    rep.noted = true;
    current_scope->maps_.push_back(*this);
  }
  const MapKey wanted(key.as_string());
  auto& entries = rep.entries;
  // Documents and sorted input arrive in order.
  if (entries.empty() || entries.back().prefix < wanted.prefix) {
    entries.push_back({wanted.prefix, std::move(key), std::move(value)});
    return;
  }
  const auto place = lower_bound(entries, wanted);
  if (place != entries.end() && place->prefix == wanted.prefix && place->name() == wanted.text) {
    place->value = std::move(value);
  } else {
    entries.insert(place, {wanted.prefix, std::move(key), std::move(value)});
  }
}

bool Datum::erase(std::string_view key) const {
  if (!shared()) return false;
  WEIR_ASSERT(is_map());
  auto& entries = static_cast<MapRep*>(payload_.rep)->entries;
  const MapKey wanted(key);
  const auto found = lower_bound(entries, wanted);
  if (found == entries.end() || found->prefix != wanted.prefix || found->name() != key)
    return false;
  entries.erase(found);
  return true;
}

void Datum::reserve(std::size_t count) const {
  WEIR_ASSERT(is_map() && payload_.rep != nullptr);
  static_cast<MapRep*>(payload_.rep)->entries.reserve(count);
}

DatumScope::DatumScope() : outer_(current_scope) { current_scope = this; }

DatumScope::~DatumScope() {
  current_scope = outer_;
  for (const Datum& map : maps_) {
    std::vector<MapEntry> taken;
    taken.swap(static_cast<Datum::MapRep*>(map.payload_.rep)->entries);
  }
}

bool is_exported(std::string_view name) {
  return !name.empty() && name[0] >= 'A' && name[0] <= 'Z';
}

Datum Object::field(std::size_t) const { return {}; }

Result<value::Value> Object::json() const {
  value::Value result = value::Value::object();
  const auto names = field_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!is_exported(names[i])) continue;
    WEIR_TRY(value::Value member, to_value(field(i)));
    result.set(names[i], std::move(member));
  }
  return result;
}

namespace {

class ErrorObject final : public Object {
 public:
  explicit ErrorObject(std::string message) : message_(std::move(message)) {}
  const Type& type() const override { return types::error; }
  std::span<const std::string_view> field_names() const override {
    static constexpr std::string_view names[] = {"s"};
    return names;
  }
  Datum field(std::size_t) const override { return Datum::string(message_); }
  const std::string& message() const { return message_; }

 private:
  const std::string message_;
};

std::string error_text(const Datum& datum) {
  return static_cast<const ErrorObject&>(datum.as_object()).message();
}

constexpr Type error_struct{Kind::struct_, "errors.errorString"};

}  // namespace

constinit const Type types::error{
    Kind::pointer, "*errors.errorString", &error_struct, nullptr, {}, error_text, true};

Datum make_error_datum(std::string message) { return make_object<ErrorObject>(std::move(message)); }

bool truth(const Datum& datum) {
  switch (datum.kind()) {
    case Kind::invalid:
    case Kind::interface: return false;
    case Kind::boolean: return datum.as_bool();
    case Kind::float32:
    case Kind::float64: return datum.as_float() != 0;
    case Kind::complex128: return datum.as_real() != 0 || datum.as_imaginary() != 0;
    case Kind::string:
    case Kind::slice:
    case Kind::array:
    case Kind::map: return datum.size() > 0;
    case Kind::pointer:
    case Kind::func: return !datum.is_nil();
    case Kind::struct_: return true;
    default: return is_signed(datum.kind()) ? datum.as_int() != 0 : datum.as_uint() != 0;
  }
}

namespace {

bool equal_maps(const Datum& a, const Datum& b, std::size_t depth);
bool equal_objects(const Datum& a, const Datum& b, std::size_t depth);

bool equal(const Datum& a, const Datum& b, std::size_t depth) {
  if (depth > limits::template_value_depth_max) return false;
  if (a.type() != b.type()) return false;
  switch (a.kind()) {
    case Kind::invalid:
    case Kind::interface: return true;
    case Kind::boolean: return a.as_bool() == b.as_bool();
    case Kind::float32:
    case Kind::float64: return a.as_float() == b.as_float();
    case Kind::complex128:
      return a.as_real() == b.as_real() && a.as_imaginary() == b.as_imaginary();
    case Kind::string: return a.as_string() == b.as_string();
    case Kind::slice:
    case Kind::array: {
      if (a.is_nil() != b.is_nil() || a.size() != b.size()) return false;
      if (a.is_bytes()) return a.as_string() == b.as_string();
      for (std::size_t i = 0; i < a.size(); ++i)
        if (!equal(a.items()[i], b.items()[i], depth + 1)) return false;
      return true;
    }
    case Kind::map: return equal_maps(a, b, depth);
    case Kind::func: return a.is_nil() && b.is_nil();
    case Kind::pointer:
    case Kind::struct_: return equal_objects(a, b, depth);
    default: return is_signed(a.kind()) ? a.as_int() == b.as_int() : a.as_uint() == b.as_uint();
  }
}

bool equal_maps(const Datum& a, const Datum& b, std::size_t depth) {
  if (a.is_nil() != b.is_nil() || a.size() != b.size()) return false;
  if (a.same_map(b)) return true;
  const auto left = a.entries();
  const auto right = b.entries();
  for (std::size_t i = 0; i < left.size(); ++i)
    if (left[i].name() != right[i].name() || !equal(left[i].value, right[i].value, depth + 1))
      return false;
  return true;
}

bool equal_objects(const Datum& a, const Datum& b, std::size_t depth) {
  if (a.is_nil() || b.is_nil()) return a.is_nil() == b.is_nil();
  if (a.same_map(b)) return true;
  if (a.type()->text != nullptr && a.type()->text(a) != b.type()->text(b)) return false;
  const Object& left = a.as_object();
  const Object& right = b.as_object();
  for (std::size_t i = 0; i < left.field_names().size(); ++i)
    if (!equal(left.field(i), right.field(i), depth + 1)) return false;
  return left.type().text != nullptr || !left.field_names().empty();
}

Datum number_of(const value::Value& document, Numbers numbers) {
  if (numbers == Numbers::float64 || !document.is_integer())
    return Datum::floating(document.as_double());
  if (document.kind() == value::Kind::integer)
    return Datum::integer(document.as_int(), types::int64);
  return Datum::unsigned_integer(document.as_uint());
}

}  // namespace

bool deep_equal(const Datum& a, const Datum& b) { return equal(a, b, 0); }

Datum from_value(const value::Value& document, Numbers numbers) {
  switch (document.kind()) {
    case value::Kind::null: return Datum::nil();
    case value::Kind::boolean: return Datum::boolean(document.as_bool());
    case value::Kind::string: return Datum::string(document.as_string());
    case value::Kind::array: {
      std::vector<Datum> items;
      items.reserve(document.size());
      for (const value::Value& item : document.items()) items.push_back(from_value(item, numbers));
      return Datum::slice(std::move(items));
    }
    case value::Kind::object: {
      Datum map = Datum::map();
      map.reserve(document.size());
      for (const value::Member& member : document.members())
        map.set(Datum::string(member.name()), from_value(member.value, numbers));
      return map;
    }
    default: return number_of(document, numbers);
  }
}

namespace {

Result<value::Value> value_of(const Datum& datum, std::size_t depth);

Result<value::Value> value_of_slice(const Datum& datum, std::size_t depth) {
  if (datum.is_nil()) return value::Value();
  if (datum.is_bytes()) return value::Value(base::base64_encode(datum.as_string()));
  value::Value result = value::Value::array();
  result.reserve(datum.size());
  for (const Datum& item : datum.items()) {
    WEIR_TRY(value::Value converted, value_of(item, depth + 1));
    result.push_back(std::move(converted));
  }
  return result;
}

Result<value::Value> value_of_map(const Datum& datum, std::size_t depth) {
  if (datum.is_nil()) return value::Value();
  value::Value result = value::Value::object();
  result.reserve(datum.size());
  for (const MapEntry& entry : datum.entries()) {
    WEIR_TRY(value::Value converted, value_of(entry.value, depth + 1));
    result.append_member(entry.name(), std::move(converted));
  }
  return result;
}

Result<value::Value> value_of_float(double number) {
  if (std::isnan(number)) return make_error(Code::invalid, "json: unsupported value: NaN");
  if (std::isinf(number))
    return make_error(Code::invalid, number > 0 ? "json: unsupported value: +Inf"
                                                : "json: unsupported value: -Inf");
  return value::Value(number);
}

Result<value::Value> value_of(const Datum& datum, std::size_t depth) {
  if (depth > limits::template_value_depth_max)
    return make_error(Code::limit, "a value nests deeper than template_value_depth_max (" +
                                       std::to_string(limits::template_value_depth_max) +
                                       "), or holds itself");
  switch (datum.kind()) {
    case Kind::invalid:
    case Kind::interface: return value::Value();
    case Kind::boolean: return value::Value(datum.as_bool());
    case Kind::float32:
    case Kind::float64: return value_of_float(datum.as_float());
    case Kind::string: return value::Value(datum.as_string());
    case Kind::slice:
    case Kind::array: return value_of_slice(datum, depth);
    case Kind::map: return value_of_map(datum, depth);
    case Kind::pointer:
    case Kind::struct_:
      if (datum.is_nil()) return value::Value();
      return datum.as_object().json();
    case Kind::func:
    case Kind::complex128: {
      std::string message = "json: unsupported type: ";
      message += datum.type_name();
      return make_error(Code::invalid, std::move(message));
    }
    default:
      if (is_signed(datum.kind())) return value::Value(datum.as_int());
      return value::Value(datum.as_uint());
  }
}

}  // namespace

Result<value::Value> to_value(const Datum& datum) { return value_of(datum, 0); }

}  // namespace weir::tmpl
