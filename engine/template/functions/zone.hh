// Time zones, read from the system's tzdata as Go's time package reads them. A Zone is immutable
// and shared; there is no table of zones: loading one reads its file. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"

namespace weir::tmpl {

class Zone;
using ZonePtr = std::shared_ptr<const Zone>;

class Zone {
 public:
  struct Offset {
    std::string name;          // "CET"; may be empty
    std::int64_t seconds = 0;  // east of UTC
    bool daylight = false;
  };

  static ZonePtr utc();
  static ZonePtr fixed(std::string name, std::int64_t seconds);
  // "" and "UTC"; "Local" ($TZ, else /etc/localtime); "Europe/Berlin". Error: invalid or not_found.
  static Result<ZonePtr> load(std::string_view name);
  static ZonePtr local();
  // From the bytes of a TZif file. Error: invalid.
  static Result<ZonePtr> parse(std::string_view name, std::string_view bytes);

  const std::string& name() const { return name_; }
  // What is in force at `seconds` of Unix time.
  Offset at(std::int64_t seconds) const;
  // The seconds east of UTC of the abbreviation `name` around `seconds`; nothing when unknown.
  std::optional<std::int64_t> offset_of(std::string_view name, std::int64_t seconds) const;
  // Unix time of a clock reading, given as if it were UTC. A reading that does not exist moves on.
  std::int64_t unix_of(std::int64_t clock_seconds) const;

 private:
  struct Transition {
    std::int64_t at;
    std::size_t offset;  // in offsets_
  };
  struct Span {
    Offset offset;
    std::int64_t start;
    std::int64_t end;
  };

  Zone() = default;
  std::size_t first_offset() const;
  Span span_at(std::int64_t seconds) const;

  std::string name_;
  std::vector<Offset> offsets_;
  std::vector<Transition> transitions_;
  std::string rule_;  // for what comes after the last transition; POSIX TZ
};

}  // namespace weir::tmpl
