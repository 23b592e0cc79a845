// Holds our template functions against the answers of the Go program beside this, read from
// standard input; prints where they differ. The exit status is 1 when any does.
// usage: sprig_compare [--show N] < answers
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <random>
#include <string>

#include "engine/base/digest.hh"
#include "engine/template/functions/functions.hh"
#include "engine/template/template.hh"
#include "engine/value/json.hh"

namespace {

using namespace weir;

class FixedClock final : public base::Clock {
 public:
  base::TimeUs now() const override { return 1'700'000'000'000'000; }
  std::chrono::microseconds monotonic() const override { return std::chrono::microseconds(0); }
};

class SeededRandom final : public tmpl::RandomSource {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(engine_());
  }

 private:
  std::mt19937_64 engine_{1};
};

struct Outcome {
  std::string output;
  std::string error;
};

Outcome execute(const tmpl::FunctionMap& functions, const std::string& text, const Value& data) {
  static const FixedClock clock;
  SeededRandom random;
  Outcome outcome;
  const tmpl::DatumScope scope;
  tmpl::Set set;
  if (auto parsed = set.parse("t", text, functions); !parsed.ok()) {
    outcome.error = parsed.error().message;
    return outcome;
  }
  tmpl::ExecuteOptions options;
  options.missing_key = tmpl::MissingKey::zero;
  options.ports.clock = &clock;
  options.ports.random = &random;
  const auto executed = set.execute_to(outcome.output, "t", tmpl::from_value(data), options);
  if (!executed.ok()) outcome.error = executed.error().message;
  return outcome;
}

// The complaints of YAML readers differ in their words; what comes before them must not.
std::string without_yaml_words(std::string text) {
  const std::size_t at = text.find("error converting YAML to JSON: yaml: ");
  if (at != std::string::npos) text.resize(at);
  return text;
}

// The first function of a template, for the tally.
std::string name_of(const std::string& text) {
  const std::size_t from = text.find_first_not_of("{ (", text.find("{{"));
  return text.substr(from, text.find_first_of(" )}", from) - from);
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t show = 40;
  if (argc > 2 && std::strcmp(argv[1], "--show") == 0) show = std::stoul(argv[2]);
  tmpl::FunctionMap functions;
  tmpl::add_helm_functions(functions);
  std::string line;
  std::getline(std::cin, line);
  const auto data = value::parse_json(line);
  std::size_t count = 0, different = 0;
  std::map<std::string, std::size_t> tally;
  while (std::getline(std::cin, line)) {
    const auto answer = value::parse_json(line);
    if (!answer.ok()) return 2;
    ++count;
    const std::string text((*answer)["template"].get_string());
    const auto output = base::base64_decode((*answer)["output"].get_string());
    const Outcome ours = execute(functions, text, *data);
    if (without_yaml_words(ours.output) == without_yaml_words(*output) &&
        ours.error == (*answer)["error"].get_string())
      continue;
    ++different;
    ++tally[name_of(text)];
    if (different > show) continue;
    std::printf("%s\n  peer %s\n", text.c_str(), output->c_str());
    std::printf("  ours %s\n", ours.output.c_str());
    if (ours.error != (*answer)["error"].get_string())
      std::printf("  peer error %s\n  our error  %s\n",
                  std::string((*answer)["error"].get_string()).c_str(), ours.error.c_str());
  }
  std::printf("%zu cases, %zu differ\n", count, different);
  for (const auto& [name, times] : tally) std::printf("  %s %zu\n", name.c_str(), times);
  return different == 0 ? 0 : 1;
}
