#include "engine/value/yaml_refold.hh"

namespace weir::value {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

std::string refold(std::string_view text) {
  const std::size_t first = text.find_first_not_of('\n');
  if (first == text.npos) return std::string(text);
  // go-yaml looks at the start of the text, not at the break it is about to write, to decide on an extra one.
  const bool extra_allowed = !is_blank(text[first]);
  std::string result(text.substr(0, first));
  std::size_t begin = first;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    result += text.substr(begin, end == text.npos ? text.npos : end - begin);
    if (end == text.npos) break;
    std::size_t next = text.find_first_not_of('\n', end);
    const bool last = next == text.npos;
    if (last) next = text.size();
    const bool leading = is_blank(text[begin]);
    const std::size_t breaks = next - end;
    const std::size_t written = breaks + (extra_allowed && !leading ? 1 : 0);
    if (last) {
      // One break at the end is clipped to one; several are kept, and one more with them.
      result.append(breaks == 1 ? 1 : written, '\n');
    } else if (leading || is_blank(text[next])) {
      result.append(written, '\n');
    } else if (written == 1) {
      result += ' ';
    } else {
      result.append(written - 1, '\n');
    }
    begin = next;
  }
  return result;
}

}  // namespace weir::value
