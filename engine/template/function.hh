// What a template can call: tables of functions, and what a call may use.
//
// A function states Go's parameter types; the evaluator checks number and types of the arguments
// with Go's words before the call, so the function body may rely on them:
//   any            the concrete value, or nil(); never invalid
//   string, int... a Datum of exactly this kind (constants are converted as Go does)
//   reflect_value  whatever came, even an invalid Datum
// Arguments may be moved from. Failures are thrown as FunctionError (Go's non-nil error result) and
// become "error calling NAME: MESSAGE"; nothing else may leave a function.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/clock.hh"
#include "engine/base/result.hh"
#include "engine/template/datum.hh"

namespace weir::tmpl {

class Set;
class Execution;

struct FunctionError {
  std::string message;
  Code code = Code::invalid;  // limit: a cap was hit; passed on without Go's frame around it
};

// What one render may use, shared by everything it calls. Not thread-safe: one per execution tree.
class Budget {
 public:
  Budget();  // the caps of engine/base/limits.hh
  // Each throws FunctionError{limit} that names the cap, when it is used up.
  void use_steps(std::uint64_t count) {
    if (steps_left < count) exhausted("steps");
    steps_left -= count;
  }
  // Bytes of text produced, in results and intermediate strings alike.
  void use_bytes(std::uint64_t count) {
    if (bytes_left < count) exhausted("bytes");
    bytes_left -= count;
  }
  [[noreturn]] static void exhausted(std::string_view what);

  std::uint64_t steps_left;
  std::uint64_t bytes_left;
  // With a clock: the time after which it ends; checked now and then.
  std::chrono::microseconds deadline = std::chrono::microseconds::max();
};

// The source of randomness; the recorded one of a replay, or the system's.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;
};

// What a render may see of the world. All may be null: functions that need a missing one fail.
struct Ports {
  const base::Clock* clock = nullptr;
  RandomSource* random = nullptr;
  void* user = nullptr;  // the caller's own, for its functions
};

// What a function gets beside its arguments.
class CallContext {
 public:
  CallContext(Execution& execution, Budget& budget, const Ports& ports)
      : execution_(execution), budget_(budget), ports_(ports) {}
  Budget& budget() { return budget_; }
  const Ports& ports() const { return ports_; }
  // The set whose template is being executed.
  const Set& templates() const;
  // The name of the template being executed.
  std::string_view template_name() const;
  // Executes a template of `set`, within this render's budget and options, and appends its output.
  // Throws FunctionError with Go's text.
  void execute(const Set& set, std::string_view name, const Datum& data, std::string& out);
  // Calls a function with arguments that are already of its types.
  Datum call(const Function& function, std::span<Datum> arguments);

 private:
  Execution& execution_;
  Budget& budget_;
  const Ports& ports_;
};

using Native = Datum (*)(CallContext& context, std::span<Datum> arguments);

enum class Arity : std::uint8_t {
  fixed,
  variadic,  // the last parameter stands for any number of arguments of that type
};

// Functions the evaluator treats itself.
enum class Special : std::uint8_t { none, and_, or_, call, slice };

// An entry of a function table; static storage.
struct Function {
  static constexpr std::size_t parameters_max = 8;

  constexpr Function(std::string_view function_name, Native native,
                     std::initializer_list<const Type*> types, Arity arity_of = Arity::fixed,
                     Special special_kind = Special::none)
      : name(function_name),
        call(native),
        parameter_count(static_cast<std::uint8_t>(types.size())),
        arity(arity_of),
        special(special_kind) {
    std::size_t i = 0;
    for (const Type* type : types) parameters[i++] = type;
  }

  std::string_view name;
  Native call;
  std::array<const Type*, parameters_max> parameters{};
  std::uint8_t parameter_count;
  Arity arity;
  Special special;
};

// The functions templates are parsed with: tables laid over one another, later ones first. The
// builtins of text/template are always below. Tables must outlive every Set parsed with them.
class FunctionMap {
 public:
  FunctionMap();  // the builtins
  void add(std::span<const Function> table);
  void remove(std::string_view name);  // so that using it is a parse error
  const Function* find(std::string_view name) const;

 private:
  std::unordered_map<std::string_view, const Function*> functions_;
};

}  // namespace weir::tmpl
