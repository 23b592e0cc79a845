// Go's types, as far as templates meet them: what %T prints, what may be passed for what, and the
// methods that templates can call.
//
// A Type is a constant with static storage: the common ones stand here, every other one beside the
// code that makes its values ("time.Time", "chartutil.VersionSet"). Types are compared by address.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace weir::tmpl {

class Datum;
struct Function;

// reflect.Kind. Kinds from `complex128` on keep their value in shared memory.
enum class Kind : std::uint8_t {
  invalid,
  boolean,
  int_,
  int8,
  int16,
  int32,
  int64,
  uint,
  uint8,
  uint16,
  uint32,
  uint64,
  uintptr,
  float32,
  float64,
  complex128,
  string,
  slice,
  array,
  map,
  pointer,
  struct_,
  func,
  interface,
};

// "int", "map", "slice", "ptr", ...: reflect.Kind.String().
std::string_view kind_name(Kind kind);

inline bool is_signed(Kind kind) { return kind >= Kind::int_ && kind <= Kind::int64; }
inline bool is_unsigned(Kind kind) { return kind >= Kind::uint && kind <= Kind::uintptr; }
inline bool is_float(Kind kind) { return kind == Kind::float32 || kind == Kind::float64; }
// Bits of a number kind; 64 for int, uint and uintptr.
int bits_of(Kind kind);

// A method a template may call: its Function takes the receiver as its first argument, without a
// parameter for it (arity and errors count the rest).
struct Method {
  std::string_view name;
  const Function* function;
};

struct Type {
  Kind kind = Kind::invalid;
  std::string_view name;             // as %T prints it: "map[string]interface {}"
  const Type* element = nullptr;     // of slices, arrays, maps and pointers
  const Type* underlying = nullptr;  // of a named type ("common.Values"): its literal type
  std::span<const Method> methods = {};
  // Its String() or Error() method, nullptr when it has none; the Datum has this type.
  std::string (*text)(const Datum& datum) = nullptr;
  bool is_error = false;  // `text` is Error()
  // `text` is a method of the pointer to it: what an action prints is reached through one, what is
  // passed to functions is a copy and has no such method.
  bool text_of_pointer = false;
};

// Keys of maps are always strings.
namespace types {
inline constexpr Type any{Kind::interface, "interface {}"};
inline constexpr Type boolean{Kind::boolean, "bool"};
inline constexpr Type int_{Kind::int_, "int"};
inline constexpr Type int8{Kind::int8, "int8"};
inline constexpr Type int16{Kind::int16, "int16"};
inline constexpr Type int32{Kind::int32, "int32"};
inline constexpr Type int64{Kind::int64, "int64"};
inline constexpr Type uint{Kind::uint, "uint"};
inline constexpr Type uint8{Kind::uint8, "uint8"};
inline constexpr Type uint16{Kind::uint16, "uint16"};
inline constexpr Type uint32{Kind::uint32, "uint32"};
inline constexpr Type uint64{Kind::uint64, "uint64"};
inline constexpr Type float32{Kind::float32, "float32"};
inline constexpr Type float64{Kind::float64, "float64"};
inline constexpr Type complex128{Kind::complex128, "complex128"};
inline constexpr Type string{Kind::string, "string"};
inline constexpr Type bytes{Kind::slice, "[]uint8", &uint8};
inline constexpr Type any_slice{Kind::slice, "[]interface {}", &any};
inline constexpr Type string_slice{Kind::slice, "[]string", &string};
inline constexpr Type int_slice{Kind::slice, "[]int", &int_};
inline constexpr Type any_slice_slice{Kind::slice, "[][]interface {}", &any_slice};
inline constexpr Type string_slice_slice{Kind::slice, "[][]string", &string_slice};
inline constexpr Type any_map{Kind::map, "map[string]interface {}", &any};
inline constexpr Type string_map{Kind::map, "map[string]string", &string};
inline constexpr Type any_map_slice{Kind::slice, "[]map[string]interface {}", &any_map};
// A Go error made by errors.New and its like; see make_error_datum().
extern const Type error;
// Only for parameters: a reflect.Value, so the function gets the datum as it is, even an invalid
// one.
inline constexpr Type reflect_value{Kind::struct_, "reflect.Value"};
}  // namespace types

// Whether a value of type `from` may be passed as `to` (Go's assignability).
bool assignable(const Type& from, const Type& to);

}  // namespace weir::tmpl
