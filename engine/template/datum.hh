// Datum: one dynamic Go value, what templates compute with (a reflect.Value without addresses).
//
// A Datum is 16 bytes: its type and a scalar or a counted pointer. Copying never copies contents.
// Strings and slices are immutable. Maps are SHARED AND MUTABLE, as Go's are: set() on one is seen
// through every copy of that Datum. Counts are atomic: immutable data may be read from several
// threads at once; a map must not be changed while another thread reads it.
//
// Three kinds of nothing: an invalid Datum (no value at all: a missing map key, printed as "<no
// value>"), nil() (an interface {} that holds nothing, printed as "<nil>"), and typed nils (a nil
// map, slice or pointer: zero()). Reads of the wrong kind are bugs (asserted). Nothing throws.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/assert.hh"
#include "engine/base/result.hh"
#include "engine/template/type.hh"
#include "engine/value/value.hh"

namespace weir::tmpl {

struct MapEntry;
class Object;

// A map key with what makes finding it quick; the text must outlive it.
struct MapKey {
  std::uint64_t prefix;  // its first eight bytes, big-endian, zero-padded
  std::string_view text;
  explicit MapKey(std::string_view key);
};

class Datum {
 public:
  Datum() noexcept : type_(nullptr) { payload_.bits = 0; }  // invalid
  Datum(const Datum& other) noexcept : type_(other.type_), payload_(other.payload_) { retain(); }
  Datum(Datum&& other) noexcept : type_(other.type_), payload_(other.payload_) {
    other.type_ = nullptr;
  }
  Datum& operator=(const Datum& other) noexcept {
    Datum copy(other);
    swap(copy);
    return *this;
  }
  Datum& operator=(Datum&& other) noexcept {
    Datum taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Datum() { release(); }
  void swap(Datum& other) noexcept {
    std::swap(type_, other.type_);
    std::swap(payload_, other.payload_);
  }

  static Datum nil() { return zero(types::any); }
  // reflect.Zero: false, 0, "", an empty interface, a nil map, slice or pointer.
  static Datum zero(const Type& type);
  static Datum boolean(bool truth);
  static Datum integer(std::int64_t number, const Type& type = types::int_);
  static Datum unsigned_integer(std::uint64_t number, const Type& type = types::uint64);
  static Datum floating(double number, const Type& type = types::float64);
  static Datum complex(double real, double imaginary);
  static Datum string(std::string_view text);
  static Datum string(const char* text) { return string(std::string_view(text)); }
  static Datum string(std::string&& text);  // moved, not copied
  static Datum string(const std::string& text) { return string(std::string_view(text)); }
  // A string of a named type, or a []byte (types::bytes).
  static Datum text_of(const Type& type, std::string text);
  static Datum bytes(std::string bytes) { return text_of(types::bytes, std::move(bytes)); }
  static Datum shared_bytes(std::shared_ptr<const std::string> bytes);  // not copied
  // The items must have the type's element type; elements of interface {} are concrete or nil().
  static Datum slice(std::vector<Datum> items, const Type& type = types::any_slice);
  // A new, empty map.
  static Datum map(const Type& type = types::any_map);
  static Datum object(Object* adopted);  // with its type(); see make_object

  bool valid() const { return type_ != nullptr; }
  Kind kind() const { return type_ == nullptr ? Kind::invalid : type_->kind; }
  // nullptr when invalid; types::any for nil().
  const Type* type() const { return type_; }
  // As %T prints it: "map[string]interface {}"; "<nil>" for nil() and invalid.
  std::string_view type_name() const;
  // Invalid, nil(), or a nil map, slice, pointer or function.
  bool is_nil() const {
    return type_ == nullptr || (type_->kind > Kind::string && payload_.rep == nullptr);
  }
  bool is_string() const { return kind() == Kind::string; }
  bool is_map() const { return kind() == Kind::map; }
  // A slice or an array, []byte too.
  bool is_slice() const { return kind() == Kind::slice || kind() == Kind::array; }
  bool is_bytes() const { return is_slice() && type_->element->kind == Kind::uint8; }

  bool as_bool() const;
  std::int64_t as_int() const;    // the signed kinds
  std::uint64_t as_uint() const;  // the unsigned kinds
  double as_float() const;        // float32 and float64
  double as_real() const;         // complex128
  double as_imaginary() const;
  std::string_view as_string() const;  // strings and []byte; valid while a copy of this lives
  Object& as_object() const;           // pointers, structs and functions that are not nil

  // Bytes, items or members of a string, slice or map; 0 for every other kind.
  std::size_t size() const;
  // Slices. items() is empty for []byte, whose bytes as_string() and at() give.
  std::span<const Datum> items() const;
  Datum at(std::size_t index) const;  // in range (asserted)
  Datum subslice(std::size_t from, std::size_t to) const;

  // Maps, always in the order of their keys, bytewise. A nil map reads as an empty one.
  std::span<const MapEntry> entries() const;
  const Datum* find(const MapKey& key) const;  // nullptr when absent; valid until the map changes
  const Datum* find(std::string_view key) const { return find(MapKey(key)); }
  // On this very map; every copy of this Datum sees it. Must not be a nil map (asserted).
  void set(std::string_view key, Datum value) const { set(string(key), std::move(value)); }
  void set(Datum key, Datum value) const;
  bool erase(std::string_view key) const;  // true when it was there
  void reserve(std::size_t count) const;
  // The same value under another type of the same kind, storage shared: Go's conversion between a
  // map type and a named one.
  Datum retyped(const Type& type) const;
  bool same_map(const Datum& other) const { return payload_.rep == other.payload_.rep; }

 private:
  struct Rep;
  struct TextRep;
  struct SliceRep;
  struct MapRep;
  struct ComplexRep;
  friend class Object;
  friend class DatumScope;

  bool shared() const {
    return type_ != nullptr && type_->kind >= Kind::complex128 && payload_.rep != nullptr;
  }
  void retain() const noexcept;
  void release() noexcept;
  static void destroy(Rep* rep) noexcept;

  const Type* type_;
  union Payload {
    std::int64_t bits;
    double number;
    Rep* rep;
  } payload_;
};

static_assert(sizeof(Datum) == 16);

// Shared memory of a Datum: a count and what it is.
struct Datum::Rep {
  enum class Form : std::uint8_t { text, slice, map, complex, object };
  explicit Rep(Form what) : form(what) {}
  mutable std::atomic<std::uint32_t> references{1};
  const Form form;
};

struct MapEntry {
  std::uint64_t prefix;
  Datum key;
  Datum value;
  std::string_view name() const { return key.as_string(); }
};

// A Go struct, a pointer to one, a function or an error: time.Time, Capabilities, Files.
// Subclasses are immutable after construction or guard themselves.
class Object : private Datum::Rep {
 public:
  virtual ~Object() = default;
  // Kind pointer, struct_, func, or of whatever kind its Type says.
  virtual const Type& type() const = 0;
  // Fields in Go's order, for field access and for printing ("{a b}", "{Name:a Id:b}").
  virtual std::span<const std::string_view> field_names() const { return {}; }
  // The field at `index` of field_names().
  virtual Datum field(std::size_t index) const;
  // What a function value calls; nullptr for everything else.
  virtual const Function* function() const { return nullptr; }
  // Its JSON form for toJson and toYaml. Default: an object of the fields.
  virtual Result<value::Value> json() const;

 protected:
  Object() : Rep(Form::object) {}

 private:
  friend class Datum;
};

// Whether a field of this name begins with a capital, so that templates and JSON see it.
bool is_exported(std::string_view name);

template <typename T, typename... Arguments>
Datum make_object(Arguments&&... arguments) {
  return Datum::object(new T(std::forward<Arguments>(arguments)...));
}

// A Go error with this text ("*errors.errorString").
Datum make_error_datum(std::string message);

// While it lives, maps that take in containers are noted; at its end they are emptied, which
// breaks cycles (`set $m "self" $m`) that counting alone would leak. Open one around a render and
// drop every Datum of that render before its end. One thread; scopes nest.
class DatumScope {
 public:
  DatumScope();
  ~DatumScope();
  DatumScope(const DatumScope&) = delete;
  DatumScope& operator=(const DatumScope&) = delete;

 private:
  friend class Datum;
  DatumScope* outer_;
  std::vector<Datum> maps_;
};

inline void Datum::retain() const noexcept {
  if (shared()) payload_.rep->references.fetch_add(1, std::memory_order_relaxed);
}
inline void Datum::release() noexcept {
  if (shared() && payload_.rep->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
    destroy(payload_.rep);
}

// Go's truth: not the zero of its type, not empty; structs are true.
bool truth(const Datum& datum);
// reflect.DeepEqual.
bool deep_equal(const Datum& a, const Datum& b);

// What numbers of a document become.
enum class Numbers : std::uint8_t {
  float64,  // all of them, as encoding/json decodes into interface {}
  keep,     // integers int64 (uint64 above), others float64
};
// The tree as nested map[string]interface {} and []interface {}; null becomes nil().
Datum from_value(const value::Value& document, Numbers numbers = Numbers::float64);
// Doubles stay doubles. Errors: invalid (a function, NaN), limit (too deep, or a cycle).
Result<value::Value> to_value(const Datum& datum);

}  // namespace weir::tmpl
