#include "engine/template/functions/pem.hh"

#include "engine/base/digest.hh"
#include "engine/template/functions/encodings.hh"

namespace weir::tmpl {

namespace {

constexpr std::string_view begin_mark = "-----BEGIN ";
constexpr std::string_view end_mark = "-----END ";
constexpr std::string_view dashes = "-----";
constexpr std::size_t line_width = 64;

// The line at the start of `rest`, without trailing blanks; `rest` loses it.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r'))
    line.remove_suffix(1);
  return line;
}

}  // namespace

std::optional<PemBlock> read_pem(std::string_view text) {
  std::optional<PemBlock> block;  // one that has begun
  std::string body;
  bool in_headers = false;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (line.starts_with(begin_mark) && line.ends_with(dashes) &&
        line.size() >= begin_mark.size() + dashes.size()) {
      line.remove_prefix(begin_mark.size());
      line.remove_suffix(dashes.size());
      block = PemBlock{std::string(line), {}};
      body.clear();
      in_headers = true;
      continue;
    }
    if (!block) continue;
    if (line.starts_with(end_mark)) {
      const bool same = line.size() == end_mark.size() + block->type.size() + dashes.size() &&
                        line.substr(end_mark.size()).starts_with(block->type) &&
                        line.ends_with(dashes);
      auto bytes = decode_base64(body);
      if (same && bytes.ok()) {
        block->bytes = std::move(*bytes);
        return block;
      }
      block.reset();
      continue;
    }
    if (in_headers && line.find(':') != std::string_view::npos) continue;
    in_headers = false;
    for (const char c : line)
      if (c != ' ' && c != '\t') body += c;
  }
  return std::nullopt;
}

std::string write_pem(const PemBlock& block) {
  const std::string body = base::base64_encode(block.bytes);
  std::string out(begin_mark);
  out.append(block.type).append(dashes).append("\n");
  for (std::size_t at = 0; at < body.size(); at += line_width)
    out.append(body, at, line_width).append("\n");
  out.append(end_mark).append(block.type).append(dashes).append("\n");
  return out;
}

}  // namespace weir::tmpl
