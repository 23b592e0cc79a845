#include "engine/helm/schema_url.hh"

#include <algorithm>
#include <vector>

#include "engine/helm/text.hh"

namespace weir::helm::schema {

namespace {

bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_one_of(char c, std::string_view some) { return some.find(c) != std::string_view::npos; }

std::string escaped(std::string_view text, std::string_view plain) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_letter(c) || is_digit(c) || is_one_of(c, "-_.~") || is_one_of(c, plain)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
  return out;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const int value = (c | 0x20) - 'a';
  return value >= 0 && value < 6 ? value + 10 : -1;
}

// A path as it was written, or written anew where it has what may not stand there.
std::string as_path(std::string_view raw) {
  constexpr std::string_view kept = "!$&'()*+,;=:@/[]";
  for (const char c : raw)
    if (!is_letter(c) && !is_digit(c) && !is_one_of(c, "-_.~%") && !is_one_of(c, kept))
      return escaped(decoded(raw), "$&+,/:;=@");
  return std::string(raw);
}

struct Parts {
  std::string scheme;     // "http", in lower case
  std::string authority;  // "//host"
  std::string path;
  std::string query;  // "?..."
  bool is_opaque() const { return !scheme.empty() && authority.empty() && !path.starts_with('/'); }
};

Parts parts_of(std::string_view url) {
  Parts out;
  const std::size_t colon = url.find_first_of(":/?");
  if (colon != std::string_view::npos && colon > 0 && url[colon] == ':' && is_letter(url[0])) {
    out.scheme = ascii_lower(url.substr(0, colon));
    url.remove_prefix(colon + 1);
  }
  const std::size_t query = std::min(url.find('?'), url.size());
  out.query = url.substr(query);
  url = url.substr(0, query);
  if (url.starts_with("//")) {
    const std::size_t path = std::min(url.find('/', 2), url.size());
    out.authority = url.substr(0, path);
    url.remove_prefix(path);
  }
  out.path = url;
  return out;
}

// "." and ".." taken out; begins with '/', but for nothing at all.
std::string without_dots(std::string_view path) {
  if (path.empty()) return "";
  std::vector<std::string_view> kept;
  const auto pieces = split(path, '/');
  for (std::size_t i = path.front() == '/' ? 1 : 0; i < pieces.size(); ++i) {
    const bool dots = pieces[i] == "." || pieces[i] == "..";
    if (!dots) kept.push_back(pieces[i]);
    if (pieces[i] == ".." && !kept.empty()) kept.pop_back();
    if (dots && i + 1 == pieces.size()) kept.emplace_back();
  }
  std::string out;
  for (const std::string_view piece : kept) out.append("/").append(piece);
  return out.empty() ? "/" : out;
}

}  // namespace

std::pair<std::string_view, std::string_view> split_fragment(std::string_view url) {
  const std::size_t hash = url.find('#');
  if (hash == std::string_view::npos) return {url, {}};
  return {url.substr(0, hash), url.substr(hash + 1)};
}

std::string join_url(std::string_view base, std::string_view reference) {
  if (reference.empty()) return std::string(base);
  Parts to = parts_of(reference);
  const Parts from = parts_of(base);
  if (to.is_opaque()) return to.scheme + ":" + to.path + to.query;
  if (to.scheme.empty() && from.is_opaque()) return std::string(base);
  if (to.scheme.empty() && to.authority.empty()) {
    to.authority = from.authority;
    if (to.path.empty()) {
      to.path = from.path;
    } else if (to.path.front() != '/') {
      to.path.insert(0, from.path, 0, from.path.rfind('/') + 1);
    }
  }
  if (to.scheme.empty()) to.scheme = from.scheme;
  return to.scheme + ":" + to.authority + without_dots(as_path(to.path)) + to.query;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const int high = escape ? hex_value(text[i + 1]) : -1;
    const int low = escape ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string escaped_fragment(std::string_view text) { return escaped(text, "/$&+:=@"); }

}  // namespace weir::helm::schema
