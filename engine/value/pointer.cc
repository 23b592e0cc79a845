#include "engine/value/pointer.hh"

#include <charconv>
#include <optional>

namespace weir::value {

namespace {

std::string unescape_token(std::string_view token) {
  std::string out;
  out.reserve(token.size());
  for (std::size_t at = 0; at < token.size(); ++at) {
    const bool escape = token[at] == '~' && at + 1 < token.size() &&
                        (token[at + 1] == '0' || token[at + 1] == '1');
    if (escape) {
      out += token[++at] == '1' ? '/' : '~';
    } else {
      out += token[at];
    }
  }
  return out;
}

// "0" or digits without a leading zero.
std::optional<std::size_t> array_index(std::string_view token, std::size_t size) {
  if (token.empty() || (token.size() > 1 && token[0] == '0')) return std::nullopt;
  std::size_t index = 0;
  const char* const end = token.data() + token.size();
  const auto parsed = std::from_chars(token.data(), end, index);
  if (parsed.ec != std::errc() || parsed.ptr != end || index >= size) return std::nullopt;
  return index;
}

}  // namespace

Result<std::vector<std::string>> parse_pointer(std::string_view text) {
  std::vector<std::string> tokens;
  if (text.empty()) return tokens;
  if (text[0] != '/')
    return make_error(Code::invalid,
                      "JSON pointer \"" + std::string(text) + "\" does not begin with '/'");
  for (std::size_t from = 1; from <= text.size();) {
    const std::size_t slash = std::min(text.find('/', from), text.size());
    tokens.push_back(unescape_token(text.substr(from, slash - from)));
    from = slash + 1;
  }
  return tokens;
}

std::string escape_pointer_token(std::string_view token) {
  std::string out;
  out.reserve(token.size());
  for (const char c : token) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

const Value* find_pointer(const Value& root, const std::vector<std::string>& tokens) {
  const Value* at = &root;
  for (const std::string& token : tokens) {
    if (at->is_object()) {
      at = at->find(token);
      if (at == nullptr) return nullptr;
    } else {
      const auto index = array_index(token, at->is_array() ? at->size() : 0);
      if (!index) return nullptr;
      at = &at->at(*index);
    }
  }
  return at;
}

bool remove_pointer(Value& root, const std::vector<std::string>& tokens) {
  if (tokens.empty() || find_pointer(root, tokens) == nullptr) return false;
  Value* at = &root;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i)
    at = at->is_object() ? at->find_mut(tokens[i])
                         : &at->item_mut(*array_index(tokens[i], at->size()));
  if (at->is_object()) return at->erase(tokens.back());
  at->erase_at(*array_index(tokens.back(), at->size()));
  return true;
}

}  // namespace weir::value
