#include "engine/value/yaml_refold.hh"

#include "engine/value/utf8.hh"

namespace weir::value {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Otherwise the writer takes double quotes, which round-trip.
bool written_folded(std::string_view value) {
  if (value.empty() || value.back() == ' ') return false;
  for (std::size_t at = 0; at < value.size();) {
    if (value[at] == ' ' && value[at + 1] == '\n') return false;
    const Rune rune = decode_rune(value, at);
    const bool printable = rune.code == '\t' || rune.code == '\n' ||
                           (rune.code >= 0x20 && rune.code < 0x7F) ||
                           (rune.code >= 0xA0 && rune.code < 0xFFFE && rune.code != 0xFEFF);
    if (!printable) return false;
    at += rune.width;
  }
  return true;
}

// The lines as written, without their indentation. A break between two lines is doubled, except
// when the line before it begins with a blank; that the line after it does is overlooked.
std::string write_folded(std::string_view value) {
  const std::size_t first = value.find_first_not_of('\n');
  const bool never_doubled = first == std::string_view::npos || is_blank(value[first]);
  std::string out;
  bool breaks = true, leading_blank = true;
  for (const char c : value) {
    if (c == '\n') {
      if (!breaks && !leading_blank && !never_doubled) out += '\n';
      breaks = true;
    } else {
      if (breaks) leading_blank = is_blank(c);
      breaks = false;
    }
    out += c;
  }
  return out;
}

// Reads lines without indentation as a folded scalar; `keep` keeps all breaks at the end, `clip`
// one.
std::string read_folded(std::string_view text, bool clip, bool keep) {
  std::string out;
  bool line_break = false, after_blank = false;
  std::size_t at = 0, breaks = 0;
  const auto skip_empty = [&] {
    for (; at < text.size() && text[at] == '\n'; ++at) ++breaks;
  };
  skip_empty();
  while (at < text.size()) {
    const bool blank = is_blank(text[at]);
    if (line_break && !after_blank && !blank) {
      if (breaks == 0) out += ' ';
    } else if (line_break) {
      out += '\n';
    }
    out.append(breaks, '\n');
    breaks = 0;
    after_blank = blank;
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out.append(text.substr(at, end - at));
    line_break = end < text.size();
    at = line_break ? end + 1 : end;
    skip_empty();
  }
  if ((clip || keep) && line_break) out += '\n';
  if (keep) out.append(breaks, '\n');
  return out;
}

}  // namespace

std::string refold(std::string_view value) {
  if (!written_folded(value)) return std::string(value);
  const bool clip = value.back() == '\n';
  const bool keep = clip && (value.size() == 1 || value[value.size() - 2] == '\n');
  return read_folded(write_folded(value), clip, keep);
}

}  // namespace weir::value
