// The tokens of a YAML text, by the lexical rules of YAML 1.1 as libyaml's family reads them; only
// for diagnosis (yaml_diagnosis.cc). Contents of scalars are skipped, not decoded.
//
// A key without "? " shows only at its ':': so a token that may be one is held back until the next
// ones are known, and the key's own tokens are put before it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::value {

struct TokenMark {
  std::size_t at = 0;  // byte offset
  std::uint32_t line = 0;
  int column = 0;  // both from 0
};

enum class TokenKind : std::uint8_t {
  end,
  document_start,
  document_end,
  block_sequence,
  block_mapping,
  block_end,
  flow_sequence,
  flow_sequence_end,
  flow_mapping,
  flow_mapping_end,
  entry,       // "- "
  flow_entry,  // ","
  key,
  value,  // ":"
  alias,
  property,  // a tag or an anchor
  scalar,
};

struct Token {
  TokenKind kind = TokenKind::end;
  TokenMark mark;
};

struct TokenError {
  std::string problem;
  TokenMark context;
  TokenMark place;
  bool unknown = false;  // not an error: the text uses what is not known here
};

class YamlTokens {
 public:
  // `text` has "\n" for every line break. So many tokens behind the next one are read before it is
  // given out: an error in them comes first.
  YamlTokens(std::string_view text, std::size_t lookahead) : text_(text), lookahead_(lookahead) {
    keys_.emplace_back();
  }

  // The next token; nullptr when there is an error.
  const Token* peek();
  void skip() {
    queue_.pop_front();
    ++taken_;
  }
  const std::optional<TokenError>& error() const { return error_; }

 private:
  // A token that a ':' would make a key.
  struct PossibleKey {
    bool possible = false;
    bool required = false;
    std::size_t number = 0;
    TokenMark mark;
  };

  char at(std::size_t ahead = 0) const {
    return here_.at + ahead < text_.size() ? text_[here_.at + ahead] : '\0';
  }
  bool done() const { return here_.at >= text_.size(); }
  bool blank(std::size_t ahead = 0) const { return at(ahead) == ' ' || at(ahead) == '\t'; }
  bool breaks(std::size_t ahead = 0) const { return at(ahead) == '\n'; }
  bool blank_or_end(std::size_t ahead = 0) const {
    return blank(ahead) || breaks(ahead) || here_.at + ahead >= text_.size();
  }
  bool at_marker() const;
  void step();
  void step_line();

  bool fail(std::string_view problem, const TokenMark& context);
  bool fetch_until_ready();
  bool fetch();
  bool fetch_directive();
  bool fetch_indicator();
  bool fetch_entry();
  bool fetch_key();
  bool fetch_value();
  bool fetch_flow_start(TokenKind kind);
  bool fetch_flow_end(TokenKind kind);
  bool fetch_name(TokenKind kind);
  bool fetch_tag();
  bool fetch_block_scalar();
  bool skip_block_lines(const TokenMark& start, int block_indent);
  bool fetch_quoted(bool single);
  bool skip_escape(const TokenMark& start);
  bool fetch_plain();
  void skip_to_token();
  bool key_is_valid(PossibleKey& key);
  bool save_key();
  bool remove_key();
  void roll(int column, std::optional<std::size_t> number, TokenKind kind, const TokenMark& mark);
  void unroll(int column);
  void push(TokenKind kind, const TokenMark& mark) { queue_.push_back({kind, mark}); }

  std::string_view text_;
  const std::size_t lookahead_;
  TokenMark here_;
  std::deque<Token> queue_;
  std::size_t taken_ = 0;
  std::vector<PossibleKey> keys_;  // one a level of flow collections
  std::vector<int> indents_;
  int indent_ = -1;
  std::size_t flow_level_ = 0;
  bool key_allowed_ = true;
  bool ended_ = false;
  std::optional<TokenError> error_;
};

}  // namespace weir::value
