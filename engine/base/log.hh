// Structured logging: one line of JSON an entry on stderr (Flux's keys: level, ts, msg, then the
// fields), or short text on a terminal. Type-erased, so that spdlog stays in log.cc. Thread-safe.
// Secret values and tokens must never be passed here.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace weir::base::log {

enum class Level : unsigned char { trace, debug, info, error, off };

struct Field {
  std::string_view key;
  std::string value;
};

// json: lines of JSON, else text. Call once, before threads start.
void configure(Level level, bool json);

void write(Level level, std::string_view message, std::initializer_list<Field> fields);
bool enabled(Level level);

inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
  if (enabled(Level::debug)) write(Level::debug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::info, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::error, message, fields);
}

}  // namespace weir::base::log

namespace weir {
namespace log = base::log;
}  // namespace weir
