#include "tests/unit/template/peer_functions.hh"

#include <string>
#include <utility>
#include <vector>

#include "engine/base/duration.hh"
#include "engine/template/datum.hh"

namespace weir::tmpl {

namespace {

extern const Type thing_type;
constexpr Type thing_struct{Kind::struct_, "main.thing"};

class Thing final : public Object {
 public:
  Thing(Datum name, Datum count, Datum inner)
      : fields_{std::move(name), std::move(count), std::move(inner)} {}
  const Type& type() const override { return thing_type; }
  std::span<const std::string_view> field_names() const override {
    static constexpr std::string_view names[] = {"Name", "Count", "Inner"};
    return names;
  }
  Datum field(std::size_t index) const override { return fields_[index]; }

 private:
  Datum fields_[3];
};

Datum thing_double(CallContext&, std::span<Datum> a) { return Datum::integer(2 * a[1].as_int()); }
Datum thing_join(CallContext&, std::span<Datum> a) {
  std::string text(a[0].as_object().field(0).as_string());
  text += a[1].as_string();
  text += "[";
  for (std::size_t i = 2; i < a.size(); ++i) {
    if (i > 2) text += " ";
    text += a[i].as_string();
  }
  return Datum::string(text + "]");
}
Datum thing_fail(CallContext&, std::span<Datum>) { throw FunctionError{"thing failed"}; }
constexpr Function double_function{"Double", thing_double, {&types::int_}};
constexpr Function join_function{
    "Join", thing_join, {&types::string, &types::string}, Arity::variadic};
constexpr Function fail_function{"Fail", thing_fail, {}};
constexpr Method thing_methods[] = {
    {"Double", &double_function}, {"Join", &join_function}, {"Fail", &fail_function}};
constinit const Type thing_type{Kind::pointer, "*main.thing", &thing_struct, nullptr,
                                thing_methods};

std::string word_text(const Datum& word) {
  std::string text = "<";
  text += word.as_string();
  return text + ">";
}
constexpr Function word_string{
    "String", [](CallContext&, std::span<Datum> a) { return Datum::string(word_text(a[0])); }, {}};
constexpr Method word_methods[] = {{"String", &word_string}};
constexpr Type word_type{Kind::string,   "main.word",  nullptr,
                         &types::string, word_methods, word_text};

std::string duration_text(const Datum& duration) {
  return base::format_duration(base::Duration(duration.as_int()));
}
constexpr Type duration_type{Kind::int64, "time.Duration", nullptr, &types::int64,
                             {},          duration_text};

constexpr Function called{"func",
                          [](CallContext&, std::span<Datum> a) {
                            std::string text = std::to_string(a[0].as_int());
                            text += a[1].as_string();
                            return Datum::string(text);
                          },
                          {&types::int_, &types::string}};
constexpr Type called_type{Kind::func, "func(int, string) string"};
class Called final : public Object {
 public:
  const Type& type() const override { return called_type; }
  const Function* function() const override { return &called; }
};

template <const Type& type>
Datum same(CallContext&, std::span<Datum> a) {
  return a[0];
}

Datum to_int(CallContext&, std::span<Datum> a) {
  return Datum::integer(static_cast<std::int64_t>(a[0].as_float()));
}
Datum to_i64(CallContext&, std::span<Datum> a) {
  return Datum::integer(static_cast<std::int64_t>(a[0].as_float()), types::int64);
}
Datum list_of(std::span<Datum> a, const Type& type) {
  return Datum::slice(std::vector<Datum>(a.begin(), a.end()), type);
}
Datum list(CallContext&, std::span<Datum> a) { return list_of(a, types::any_slice); }
Datum strs(CallContext&, std::span<Datum> a) { return list_of(a, types::string_slice); }
Datum ints(CallContext&, std::span<Datum> a) { return list_of(a, types::int_slice); }
Datum bytes(CallContext&, std::span<Datum> a) {
  return Datum::bytes(std::string(a[0].as_string()));
}
Datum smap(CallContext&, std::span<Datum> a) {
  const Datum map = Datum::map(types::string_map);
  map.set(a[0], a[1]);
  return map;
}
Datum error(CallContext&, std::span<Datum> a) {
  return make_error_datum(std::string(a[0].as_string()));
}
Datum fails(CallContext&, std::span<Datum> a) {
  throw FunctionError{std::string(a[0].as_string())};
}
Datum nil_map(CallContext&, std::span<Datum>) { return Datum::zero(types::any_map); }
Datum nil_list(CallContext&, std::span<Datum>) { return Datum::zero(types::any_slice); }
Datum nil_any(CallContext&, std::span<Datum>) { return Datum::nil(); }
Datum thing(CallContext&, std::span<Datum> a) { return make_object<Thing>(a[0], a[1], a[2]); }
Datum nil_thing(CallContext&, std::span<Datum>) { return Datum::zero(thing_type); }
Datum word(CallContext&, std::span<Datum> a) {
  return Datum::text_of(word_type, std::string(a[0].as_string()));
}
Datum duration(CallContext&, std::span<Datum> a) {
  return Datum::integer(a[0].as_int(), duration_type);
}
Datum function_value(CallContext&, std::span<Datum>) { return make_object<Called>(); }
Datum upper(CallContext&, std::span<Datum> a) {
  std::string text(a[0].as_string());
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return Datum::string(text);
}
Datum add(CallContext&, std::span<Datum> a) {
  return Datum::integer(static_cast<std::int64_t>(static_cast<std::uint64_t>(a[0].as_int()) +
                                                  static_cast<std::uint64_t>(a[1].as_int())));
}
Datum set(CallContext&, std::span<Datum> a) {
  if (a[0].is_nil()) throw FunctionError{"assignment to entry in nil map"};
  a[0].set(a[1], a[2]);
  return a[0];
}

constexpr Function functions[] = {
    {"int", to_int, {&types::float64}},
    {"i64", to_i64, {&types::float64}},
    {"u8", same<types::uint8>, {&types::uint8}},
    {"u64", same<types::uint64>, {&types::uint64}},
    {"i8", same<types::int8>, {&types::int8}},
    {"f32", same<types::float32>, {&types::float32}},
    {"list", list, {&types::any}, Arity::variadic},
    {"strs", strs, {&types::string}, Arity::variadic},
    {"ints", ints, {&types::int_}, Arity::variadic},
    {"bytes", bytes, {&types::string}},
    {"smap", smap, {&types::string, &types::string}},
    {"err", error, {&types::string}},
    {"fails", fails, {&types::string}},
    {"nilmap", nil_map, {}},
    {"nillist", nil_list, {}},
    {"nilany", nil_any, {}},
    {"thing", thing, {&types::string, &types::int_, &types::any}},
    {"nilthing", nil_thing, {}},
    {"word", word, {&types::string}},
    {"dur", duration, {&types::int64}},
    {"fn", function_value, {}},
    {"upper", upper, {&types::string}},
    {"add", add, {&types::int_, &types::int_}},
    {"any", same<types::any>, {&types::any}},
    {"set", set, {&types::any_map, &types::string, &types::any}},
};

}  // namespace

std::span<const Function> peer_functions() { return functions; }

}  // namespace weir::tmpl
