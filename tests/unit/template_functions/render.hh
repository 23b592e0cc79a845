// Renders one template with Helm's functions, a fixed clock and seeded randomness.
#pragma once

#include <random>
#include <string>

#include "engine/template/functions/functions.hh"
#include "engine/template/template.hh"

namespace weir::tmpl {

class FixedClock final : public base::Clock {
 public:
  base::TimeUs now() const override { return 1'700'000'000'000'000; }
  std::chrono::microseconds monotonic() const override { return std::chrono::microseconds(0); }
};

class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(engine_());
  }

 private:
  std::mt19937_64 engine_;
};

struct Rendered {
  std::string output;
  std::string error;
  Code code = Code::internal;  // of the error
};

inline Rendered render(const std::string& text, const Value& data = Value::object(),
                       std::uint64_t seed = 1, Budget* budget = nullptr) {
  static const FixedClock clock;
  static const FunctionMap functions = [] {
    FunctionMap map;
    add_helm_functions(map);
    return map;
  }();
  SeededRandom random(seed);
  Rendered rendered;
  const DatumScope scope;
  Set set;
  if (auto parsed = set.parse("t", text, functions); !parsed.ok()) {
    rendered.error = parsed.error().message;
    return rendered;
  }
  ExecuteOptions options;
  options.missing_key = MissingKey::zero;
  options.budget = budget;
  options.ports.clock = &clock;
  options.ports.random = &random;
  const auto executed = set.execute_to(rendered.output, "t", from_value(data), options);
  if (!executed.ok()) {
    rendered.error = executed.error().message;
    rendered.code = executed.error().code;
  }
  return rendered;
}

}  // namespace weir::tmpl
