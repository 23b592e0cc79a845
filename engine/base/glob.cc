#include "engine/base/glob.hh"

#include <cstdint>
#include <optional>

namespace weir::base {
namespace {

constexpr char32_t replacement = 0xFFFD;

struct Rune {
  char32_t value = replacement;
  std::size_t bytes = 1;
};

// Go's utf8.DecodeRune: overlong forms, surrogates and broken sequences are one byte of U+FFFD.
Rune decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 && lead <= 0xF4 ? 4 : lead >= 0xE0 && lead < 0xF0 ? 3
                            : lead >= 0xC2 && lead < 0xE0 ? 2 : 0;
  if (bytes == 0 || text.size() < bytes) return {};
  char32_t value = lead & (0xFFu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3Fu);
  }
  const bool overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
  if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {value, bytes};
}

struct Chunk {
  bool star = false;         // a '*' stood before it
  std::string_view pattern;  // up to the next '*' outside of a class
};

Chunk next_chunk(std::string_view& pattern) {
  Chunk chunk;
  while (!pattern.empty() && pattern[0] == '*') {
    pattern.remove_prefix(1);
    chunk.star = true;
  }
  bool in_class = false;
  std::size_t i = 0;
  for (; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      if (i + 1 < pattern.size()) ++i;
    } else if (pattern[i] == '[') {
      in_class = true;
    } else if (pattern[i] == ']') {
      in_class = false;
    } else if (pattern[i] == '*' && !in_class) {
      break;
    }
  }
  chunk.pattern = pattern.substr(0, i);
  pattern.remove_prefix(i);
  return chunk;
}

// One character of a class, escaped or not. Nothing when the class is malformed.
std::optional<char32_t> take_class_character(std::string_view& chunk) {
  if (chunk.empty() || chunk[0] == '-' || chunk[0] == ']') return std::nullopt;
  if (chunk[0] == '\\') {
    chunk.remove_prefix(1);
    if (chunk.empty()) return std::nullopt;
  }
  const Rune rune = decode(chunk);
  if (rune.value == replacement && rune.bytes == 1) return std::nullopt;
  chunk.remove_prefix(rune.bytes);
  if (chunk.empty()) return std::nullopt;
  return rune.value;
}

// Takes "[...]" off the chunk and says whether it holds `value`. Nothing when it is malformed.
std::optional<bool> take_class(std::string_view& chunk, char32_t value) {
  chunk.remove_prefix(1);
  const bool negated = !chunk.empty() && chunk[0] == '^';
  if (negated) chunk.remove_prefix(1);
  bool found = false;
  for (bool first = true;; first = false) {
    if (!first && !chunk.empty() && chunk[0] == ']') break;
    const auto low = take_class_character(chunk);
    if (!low) return std::nullopt;
    char32_t high = *low;
    if (chunk[0] == '-') {
      chunk.remove_prefix(1);
      const auto end = take_class_character(chunk);
      if (!end) return std::nullopt;
      high = *end;
    }
    found = found || (*low <= value && value <= high);
  }
  chunk.remove_prefix(1);
  return found != negated;
}

enum class Outcome { match, mismatch, malformed };

// Matches a chunk (no stars) at the start of `name`, and takes what it matched off. The whole chunk
// is checked for form even when the name has failed already.
Outcome match_chunk(std::string_view chunk, std::string_view& name) {
  bool failed = false;
  while (!chunk.empty()) {
    failed = failed || name.empty();
    if (chunk[0] == '[') {
      const Rune rune = failed ? Rune{} : decode(name);
      if (!failed) name.remove_prefix(rune.bytes);
      const auto found = take_class(chunk, rune.value);
      if (!found) return Outcome::malformed;
      failed = failed || !*found;
      continue;
    }
    const bool any = chunk[0] == '?';
    if (chunk[0] == '\\') {
      chunk.remove_prefix(1);
      if (chunk.empty()) return Outcome::malformed;
    }
    if (!failed) {
      failed = any ? name[0] == '/' : name[0] != chunk[0];
      name.remove_prefix(any ? decode(name).bytes : 1);
    }
    chunk.remove_prefix(1);
  }
  return failed ? Outcome::mismatch : Outcome::match;
}

bool well_formed(std::string_view pattern) {
  while (!pattern.empty()) {
    std::string_view nothing;
    if (match_chunk(next_chunk(pattern).pattern, nothing) == Outcome::malformed) return false;
  }
  return true;
}

// The first place at or behind the start of `name` where the chunk fits, the star before it taking
// what lies between; `last` demands that the name ends there.
Outcome advance(const Chunk& chunk, bool last, std::string_view& name) {
  for (std::size_t skipped = 0;; ++skipped) {
    std::string_view rest = name.substr(skipped);
    const Outcome outcome = match_chunk(chunk.pattern, rest);
    if (outcome == Outcome::malformed) return outcome;
    if (outcome == Outcome::match && (rest.empty() || !last)) {
      name = rest;
      return outcome;
    }
    if (!chunk.star || skipped == name.size() || name[skipped] == '/') return Outcome::mismatch;
  }
}

Error malformed() { return make_error(Code::invalid, "syntax error in pattern"); }

}  // namespace

Result<bool> glob_match(std::string_view pattern, std::string_view name) {
  while (!pattern.empty()) {
    const Chunk chunk = next_chunk(pattern);
    if (chunk.star && chunk.pattern.empty()) return name.find('/') == std::string_view::npos;
    const Outcome outcome = advance(chunk, pattern.empty(), name);
    if (outcome == Outcome::malformed) return malformed();
    if (outcome == Outcome::mismatch) return false;
  }
  return name.empty();
}

Result<bool> path_match(std::string_view pattern, std::string_view name) {
  if (!well_formed(pattern)) return malformed();
  return glob_match(pattern, name);
}

}  // namespace weir::base
