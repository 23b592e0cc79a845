// THE document tree: what YAML and JSON become, what every engine reads and edits.
//
// A Value is 16 bytes. Strings up to 14 bytes live inside; longer strings, arrays and objects are
// shared, counted and copied on write, so copying a whole manifest costs one increment and
// editing it copies only the nodes on the path. Objects keep insertion order; lookup is linear up
// to 16 members, hashed beyond.
//
// Threads: a Value may be read from several threads at once, and copies of it may be edited in
// different threads (counts are atomic); one Value object itself must not be edited while another
// thread reads it.
//
// Numbers keep their kind: integer (int64), unsigned_integer (only above INT64_MAX), floating
// (double). Nothing here throws. Wrong-kind reads of as_*() are bugs (asserted); get_*() take a
// fallback.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/assert.hh"

namespace weir::value {

enum class Kind : std::uint8_t {
  null,
  boolean,
  integer,
  unsigned_integer,
  floating,
  string,
  array,
  object,
};

// "null", "boolean", "integer", ... for error texts.
std::string_view kind_name(Kind kind);

struct Member;

class Value {
 public:
  Value() noexcept : tag_(0) { std::memset(data_, 0, sizeof data_); }
  Value(std::nullptr_t) noexcept : Value() {}
  template <typename T>
    requires std::is_same_v<T, bool>
  Value(T boolean) noexcept : Value() {
    tag_ = static_cast<std::uint8_t>(Kind::boolean);
    data_[0] = boolean ? 1 : 0;
  }
  template <typename T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  Value(T number) noexcept : Value() {
    if constexpr (std::is_unsigned_v<T>) {
      set_unsigned(static_cast<std::uint64_t>(number));
    } else {
      set_integer(static_cast<std::int64_t>(number));
    }
  }
  Value(double number) noexcept : Value() {
    tag_ = static_cast<std::uint8_t>(Kind::floating);
    std::memcpy(data_, &number, sizeof number);
  }
  Value(std::string_view text);
  Value(const char* text) : Value(std::string_view(text)) {}
  Value(const std::string& text) : Value(std::string_view(text)) {}

  // A null that a YAML document wrote as nothing ("key:"); equal to every other null. Kustomize
  // drops such members where it keeps a written null.
  static Value empty_null() noexcept {
    Value result;
    result.tag_ = 0x10;
    return result;
  }
  bool is_empty_null() const { return tag_ == 0x10; }
  // A null by how a document wrote it: "~", "Null", "NULL"; other words give the plain one.
  static Value spelled_null(std::string_view word) noexcept;
  // "" for an empty null, "null" unless it was spelled otherwise. Of a null only.
  std::string_view null_word() const;

  // Whether a YAML document put this string in quotes or into a block; equality ignores it. A
  // merge of kustomize keeps the old scalar's manner, so that 80 in the place of "x" is "80".
  bool is_quoted() const;
  void set_quoted(bool quoted);  // no effect on what is no string

  // How a document wrote a number or a truth ("1.10", "0x1F", "True"), if it took at most 7 bytes;
  // equality ignores it, and editing forgets it. Kustomize puts that text in the place of a string.
  void set_spelling(std::string_view text);  // no effect on anything else
  std::string_view spelling() const;         // valid while this Value lives; "" when unknown

  static Value object();                                                          // {}
  static Value object(std::initializer_list<std::pair<std::string_view, Value>>);  // keys distinct
  static Value array();                                                           // []
  static Value array(std::initializer_list<Value>);

  Value(const Value& other) noexcept;
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other) noexcept;
  Value& operator=(Value&& other) noexcept;
  ~Value() {
    if (tag_ & heap_bit) release();
  }

  Kind kind() const { return static_cast<Kind>(tag_ & kind_mask); }
  bool is_null() const { return kind() == Kind::null; }
  bool is_bool() const { return kind() == Kind::boolean; }
  bool is_integer() const { return kind() == Kind::integer || kind() == Kind::unsigned_integer; }
  bool is_number() const { return is_integer() || kind() == Kind::floating; }
  bool is_string() const { return kind() == Kind::string; }
  bool is_array() const { return kind() == Kind::array; }
  bool is_object() const { return kind() == Kind::object; }
  bool is_scalar() const { return !is_array() && !is_object(); }

  bool as_bool() const;
  std::int64_t as_int() const;             // Kind::integer only
  std::uint64_t as_uint() const;           // Kind::unsigned_integer, or a non-negative integer
  double as_double() const;                // any number
  std::string_view as_string() const;      // valid while this Value lives and is not edited

  // The scalar when it has that kind, else the fallback.
  bool get_bool(bool fallback = false) const { return is_bool() ? as_bool() : fallback; }
  std::int64_t get_int(std::int64_t fallback = 0) const {
    return kind() == Kind::integer ? as_int() : fallback;
  }
  std::string_view get_string(std::string_view fallback = {}) const {
    return is_string() ? as_string() : fallback;
  }

  // Number of items or members; 0 for scalars.
  std::size_t size() const;
  bool empty() const { return size() == 0; }

  // Objects. Reads of a Value of another kind behave as on an empty object.
  std::span<const Member> members() const;
  const Value* find(std::string_view key) const;          // nullptr when absent
  const Value& operator[](std::string_view key) const;    // a shared null when absent
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  // The member's value for editing; nullptr when absent. Detaches this object.
  Value* find_mut(std::string_view key);
  // The member's value for editing, inserted as null at the end when absent. A null becomes an
  // object first.
  Value& entry(std::string_view key);
  void set(std::string_view key, Value value) { entry(key) = std::move(value); }
  // Appends without looking for an equal key; the caller knows there is none.
  void append_member(Value key, Value value);
  bool erase(std::string_view key);  // keeps the order of the rest; true when it was there
  void sort_members();               // by key, bytewise, this level only
  // The member at `index`, key and value, for editing in place (renaming a key must keep keys
  // distinct).
  Member& member_mut(std::size_t index);
  void reserve(std::size_t count);   // arrays and objects

  // Arrays. Reads of a Value of another kind behave as on an empty array.
  std::span<const Value> items() const;
  const Value& at(std::size_t index) const;  // in range (asserted)
  Value& item_mut(std::size_t index);        // in range (asserted); detaches
  void push_back(Value value);               // a null becomes an array first
  void insert(std::size_t index, Value value);
  void erase_at(std::size_t index);
  void truncate(std::size_t count);

  // Walks object keys: path("metadata", "name"); a shared null where something is missing.
  template <typename... Keys>
  const Value& path(std::string_view key, Keys... rest) const {
    if constexpr (sizeof...(rest) == 0) {
      return (*this)[key];
    } else {
      return (*this)[key].path(rest...);
    }
  }

  // True when both share the same storage (then they are equal without looking).
  bool same_storage(const Value& other) const;

  // Deep equality: members in any order, numbers by value within one kind (1 and 1.0 differ).
  friend bool operator==(const Value& a, const Value& b) { return equal(a, b); }

 private:
  static constexpr std::uint8_t kind_mask = 0x07;
  static constexpr std::uint8_t heap_bit = 0x08;
  static constexpr std::uint8_t quoted_bit = 0x10;  // of a string in the heap
  static constexpr std::size_t inline_max = 14;
  static constexpr std::size_t spelling_at = 8;  // bytes of a number's spelling; its length as of a
  static constexpr std::size_t spelling_max = inline_max + 1 - spelling_at;  // string's

  struct StringRep;
  struct ArrayRep;
  struct ObjectRep;

  static bool equal(const Value& a, const Value& b);
  void set_integer(std::int64_t number) noexcept {
    tag_ = static_cast<std::uint8_t>(Kind::integer);
    std::memcpy(data_, &number, sizeof number);
  }
  void set_unsigned(std::uint64_t number) noexcept {
    if (number <= static_cast<std::uint64_t>(INT64_MAX)) {
      set_integer(static_cast<std::int64_t>(number));
      return;
    }
    tag_ = static_cast<std::uint8_t>(Kind::unsigned_integer);
    std::memcpy(data_, &number, sizeof number);
  }
  template <typename T>
  T* rep() const {
    T* pointer;
    std::memcpy(&pointer, data_, sizeof pointer);
    return pointer;
  }
  template <typename T>
  void set_rep(T* pointer, Kind kind) {
    std::memcpy(data_, &pointer, sizeof pointer);
    tag_ = static_cast<std::uint8_t>(static_cast<std::uint8_t>(kind) | heap_bit);
  }
  void retain() const noexcept;
  void release() noexcept;
  ArrayRep& own_array();    // null -> array; detaches
  ObjectRep& own_object();  // null -> object; detaches

  // Bytes 0-14 hold a scalar, an inline string (its length in the tag's high four bits, whether it
  // was quoted in byte 14) or a pointer.
  alignas(8) unsigned char data_[15];
  std::uint8_t tag_;
};

static_assert(sizeof(Value) == 16);

// One member of an object. `key` is always a string.
struct Member {
  Value key;
  Value value;
  std::string_view name() const { return key.as_string(); }
};

}  // namespace weir::value

namespace weir {
using value::Value;
}  // namespace weir
