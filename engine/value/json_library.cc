// What json.cc asks of simdjson's library, which is loaded when the first JSON is read. Debian has
// it as a shared library of C++ only: loaded at the start, it brings a second libstdc++ along, and
// looking up their names takes longer than rendering a small chart.
#include "engine/value/json_library.hh"

#include <dlfcn.h>
#include <unistd.h>

#include <simdjson.h>

#include <string>

namespace weir::value {
namespace {

// A program without its library cannot go on, just as when the loader misses one at the start.
[[noreturn]] void cannot_load() {
  const char* const reason = ::dlerror();
  const std::string text = std::string("weir: cannot load the JSON library: ") +
                           (reason == nullptr ? "a name is missing" : reason) + '\n';
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(127);
}

void* symbol(const char* name) {
  static void* const library = ::dlopen(WEIR_SIMDJSON_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  void* const found = library == nullptr ? nullptr : ::dlsym(library, name);
  if (found == nullptr) cannot_load();
  return found;
}

}  // namespace

std::string_view json_error_text(int code) {
  static const auto* const texts = static_cast<const simdjson::internal::error_code_info*>(
      symbol("_ZN8simdjson8internal11error_codesE"));
  return texts[code].message;
}

}  // namespace weir::value

namespace simdjson {

internal::atomic_ptr<const implementation>& get_active_implementation() {
  using Active = internal::atomic_ptr<const implementation>& (*)();
  static const auto active = reinterpret_cast<Active>(
      weir::value::symbol("_ZN8simdjson25get_active_implementationEv"));
  return active();
}

}  // namespace simdjson
