#include "engine/base/log.hh"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <cstdio>

#include "engine/base/clock.hh"

namespace weir::base::log {
namespace {

std::atomic<Level> threshold{Level::info};
std::atomic<bool> as_json{false};

spdlog::logger& logger() {
  static const auto instance = [] {
    auto created = spdlog::stderr_logger_mt("weir");
    created->set_pattern("%v");
    created->set_level(spdlog::level::trace);
    return created;
  }();
  return *instance;
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out.append("\\n");
    } else if (byte < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", byte);
      out.append(code);
    } else {
      out.push_back(c);
    }
  }
}

std::string_view level_name(Level level) {
  switch (level) {
    case Level::trace: return "trace";
    case Level::debug: return "debug";
    case Level::info: return "info";
    default: return "error";
  }
}

std::string json_line(Level level, std::string_view time, std::string_view message,
                      std::initializer_list<Field> fields) {
  std::string line = "{\"level\":\"";
  line.append(level_name(level)).append("\",\"ts\":\"").append(time).append("\",\"msg\":\"");
  append_escaped(line, message);
  line.push_back('"');
  for (const Field& field : fields) {
    line.append(",\"");
    append_escaped(line, field.key);
    line.append("\":\"");
    append_escaped(line, field.value);
    line.push_back('"');
  }
  line.push_back('}');
  return line;
}

}  // namespace

void configure(Level level, bool json) {
  threshold = level;
  as_json = json;
}

bool enabled(Level level) { return level >= threshold.load(std::memory_order_relaxed); }

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (!enabled(level) || level == Level::off) return;
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const std::string time = format_rfc3339_micro(now.count());
  if (as_json) {
    logger().info(json_line(level, time, message, fields));
    return;
  }
  std::string line = time + " " + std::string(level_name(level)) + " " + std::string(message);
  for (const Field& field : fields)
    line.append(" ").append(field.key).append("=").append(field.value);
  logger().info(line);
}

}  // namespace weir::base::log
