#include "adapters/s3/xml.hh"

#include <algorithm>
#include <charconv>

#include "engine/value/utf8.hh"

namespace weir::s3 {
namespace {

constexpr std::string_view white = " \t\r\n";

bool is_white(std::string_view text) {
  return text.find_first_not_of(white) == std::string_view::npos;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && white.find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  while (!text.empty() && white.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  return text;
}

std::string_view local_name(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

// What XML 1.0 lets a document hold.
bool is_character(std::uint32_t code) {
  return code == 9 || code == 10 || code == 13 || (code >= 0x20 && code <= 0xd7ff) ||
         (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

struct Entity {
  std::string_view name;
  char character;
};
constexpr Entity entities[] = {
    {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};

}  // namespace

Error XmlReader::fault(const std::string& what) const {
  const std::string_view read = all_.substr(0, all_.size() - rest_.size());
  const auto line = 1 + std::count(read.begin(), read.end(), '\n');
  return make_error(Code::invalid, "XML, line " + std::to_string(line) + ": " + what);
}

bool XmlReader::at(std::string_view path) const {
  for (std::size_t i = 0; i < path_.size(); ++i) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (path.substr(0, end) != path_[i]) return false;
    if (end == path.size()) return i + 1 == path_.size();
    path.remove_prefix(end + 1);
  }
  return false;
}

Result<void> XmlReader::skip_past(std::string_view end, const char* what) {
  const std::size_t found = rest_.find(end);
  if (found == std::string_view::npos) return fault(std::string(what) + " does not end");
  rest_.remove_prefix(found + end.size());
  return {};
}

Result<void> XmlReader::append_entity(std::string_view& raw) {
  const std::size_t end = raw.substr(0, 12).find(';');
  if (end == std::string_view::npos) return fault("'&' begins no entity");
  const std::string_view name = raw.substr(1, end - 1);
  raw.remove_prefix(end + 1);
  for (const Entity& known : entities)
    if (known.name == name) {
      text_.push_back(known.character);
      return {};
    }
  std::uint32_t code = 0;
  const bool hex = name.starts_with("#x");
  const std::string_view digits = name.substr(std::min<std::size_t>(hex ? 2 : 1, name.size()));
  const char* last = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), last, code, hex ? 16 : 10);
  if (!name.starts_with('#') || digits.empty() || parsed.ec != std::errc() || parsed.ptr != last ||
      !is_character(code))
    return fault("unknown entity '&" + std::string(name) + ";'");
  value::append_utf8(text_, code);
  return {};
}

Result<bool> XmlReader::take_text() {
  constexpr std::string_view cdata = "<![CDATA[";
  text_.clear();
  while (!rest_.empty()) {
    if (rest_.starts_with("<!--")) {
      WEIR_CHECK(skip_past("-->", "a comment"));
    } else if (rest_.starts_with(cdata)) {
      const std::size_t end = rest_.find("]]>");
      if (end == std::string_view::npos) return fault("a CDATA section does not end");
      text_.append(rest_.substr(cdata.size(), end - cdata.size()));
      rest_.remove_prefix(end + 3);
    } else if (rest_.front() == '<') {
      break;
    } else if (rest_.front() == '&') {
      WEIR_CHECK(append_entity(rest_));
    } else {
      const std::size_t end = std::min(rest_.find_first_of("<&"), rest_.size());
      text_.append(rest_.substr(0, end));
      rest_.remove_prefix(end);
    }
    if (text_.size() > text_bytes_max)
      return make_error(Code::limit,
                        "XML: a text is longer than " + std::to_string(text_bytes_max) + " bytes");
  }
  return !is_white(text_);
}

Result<XmlReader::Token> XmlReader::close(std::string_view name) {
  if (path_.empty() || path_.back() != name)
    return fault("'</" + std::string(name.substr(0, 64)) + ">' closes nothing that is open");
  closing_ = true;
  return Token::end;
}

Result<XmlReader::Token> XmlReader::take_tag() {
  // A '>' may stand in an attribute's value.
  std::size_t end = 1;
  for (char quote = 0; end < rest_.size() && (quote != 0 || rest_[end] != '>'); ++end) {
    if (quote != 0 ? rest_[end] == quote : rest_[end] == '"' || rest_[end] == '\'')
      quote = quote != 0 ? '\0' : rest_[end];
  }
  if (end >= rest_.size()) return fault("a tag does not end");
  std::string_view tag = rest_.substr(1, end - 1);
  rest_.remove_prefix(end + 1);
  if (tag.starts_with('/')) return close(local_name(trim(tag.substr(1))));
  self_closed_ = tag.ends_with('/');
  if (self_closed_) tag.remove_suffix(1);
  const std::string_view name = local_name(tag.substr(0, tag.find_first_of(white)));
  if (name.empty() || name.find_first_of("<&") != std::string_view::npos)
    return fault("a tag without a name");
  if (name.size() > 256) return fault("the name of an element is longer than 256 bytes");
  if (path_.empty() && seen_) return fault("a second element at the top");
  if (path_.size() >= depth_max)
    return make_error(Code::limit, "XML: deeper than " + std::to_string(depth_max) + " elements");
  seen_ = true;
  path_.emplace_back(name);
  return Token::begin;
}

Result<XmlReader::Token> XmlReader::next() {
  if (closing_) path_.pop_back();
  closing_ = false;
  if (self_closed_) {
    self_closed_ = false;
    closing_ = true;
    return Token::end;
  }
  for (;;) {
    WEIR_TRY(const bool some, take_text());
    if (some && path_.empty()) return fault("a text outside of the document's element");
    if (some) return Token::text;
    if (rest_.empty()) break;
    if (rest_.starts_with("<?")) {
      WEIR_CHECK(skip_past("?>", "a processing instruction"));
    } else if (rest_.starts_with("<!")) {
      return fault("a document type is not taken");
    } else {
      return take_tag();
    }
  }
  if (!path_.empty()) return fault("'<" + path_.back() + ">' is not closed");
  if (!seen_) return fault("no element");
  return Token::finished;
}

}  // namespace weir::s3
