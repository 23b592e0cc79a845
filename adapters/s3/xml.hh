// Reads the XML that object stores answer with: elements and their texts, in order. Namespaces'
// prefixes and attributes are passed over; a document type is refused, so nothing expands.
//
// Pure, one pass over the text, one thread. Nothing grows but the path of open elements and one
// text, both capped. Errors: invalid (no XML; the line is named), limit.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"

namespace weir::s3 {

class XmlReader {
 public:
  enum class Token : unsigned char { begin, text, end, finished };
  static constexpr std::size_t depth_max = 32;
  static constexpr std::size_t text_bytes_max = 64u << 10;  // of one element

  explicit XmlReader(std::string_view document) : all_(document), rest_(document) {
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);  // a mark of the encoding
  }

  // What comes next. Texts come with their entities resolved, and not at all when they are white.
  Result<Token> next();
  // The names of the open elements, the outermost first; after `end` still with the one closed.
  const std::vector<std::string>& path() const { return path_; }
  const std::string& text() const { return text_; }
  // Whether the open elements are those of "a/b/c".
  bool at(std::string_view path) const;

 private:
  Error fault(const std::string& what) const;
  Result<void> skip_past(std::string_view end, const char* what);
  Result<bool> take_text();  // false: there was none
  Result<void> append_entity(std::string_view& raw);
  Result<Token> take_tag();
  Result<Token> close(std::string_view name);

  std::string_view all_, rest_;
  std::vector<std::string> path_;
  std::string text_;
  bool closing_ = false;      // the last of path_ ends before the next token
  bool self_closed_ = false;  // its end comes next
  bool seen_ = false;         // the document's element
};

}  // namespace weir::s3
