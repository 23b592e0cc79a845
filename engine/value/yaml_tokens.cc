#include "engine/value/yaml_tokens.hh"

#include <algorithm>

namespace weir::value {

namespace {

constexpr std::size_t key_bytes_max = 1024;

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

bool is_one_of(char c, std::string_view set) { return c != '\0' && set.find(c) != set.npos; }

}  // namespace

bool YamlTokens::at_marker() const {
  const std::string_view rest = text_.substr(std::min(here_.at, text_.size()));
  return here_.column == 0 && (rest.starts_with("---") || rest.starts_with("...")) &&
         blank_or_end(3);
}

// One character, of as many bytes as it has.
void YamlTokens::step() {
  do ++here_.at;
  while (!done() && (static_cast<unsigned char>(text_[here_.at]) & 0xC0) == 0x80);
  ++here_.column;
}

void YamlTokens::step_line() {
  ++here_.at;
  ++here_.line;
  here_.column = 0;
}

bool YamlTokens::fail(std::string_view problem, const TokenMark& context) {
  error_ = TokenError{std::string(problem), context, here_, false};
  return false;
}

const Token* YamlTokens::peek() {
  if (error_ || !fetch_until_ready()) return nullptr;
  return &queue_.front();
}

bool YamlTokens::fetch_until_ready() {
  for (;;) {
    bool more = queue_.size() <= lookahead_;
    for (PossibleKey& key : keys_) {
      if (more || !key.possible || key.number != taken_) continue;
      if (key_is_valid(key)) more = true;
      if (error_) return false;
    }
    if (!more) return true;
    if (!fetch()) return false;
  }
}

// A key stands in one line and is not too long.
bool YamlTokens::key_is_valid(PossibleKey& key) {
  if (!key.possible) return false;
  if (key.mark.line == here_.line && here_.at - key.mark.at <= key_bytes_max) return true;
  if (key.required) return fail("could not find expected ':'", key.mark);
  key.possible = false;
  return false;
}

bool YamlTokens::save_key() {
  if (!key_allowed_) return true;
  const bool required = flow_level_ == 0 && indent_ == here_.column;
  if (!remove_key()) return false;
  keys_.back() = {true, required, taken_ + queue_.size(), here_};
  return true;
}

bool YamlTokens::remove_key() {
  PossibleKey& key = keys_.back();
  if (key.possible && key.required) return fail("could not find expected ':'", key.mark);
  key.possible = false;
  return true;
}

void YamlTokens::roll(int column, std::optional<std::size_t> number, TokenKind kind,
                      const TokenMark& mark) {
  if (flow_level_ > 0 || indent_ >= column) return;
  indents_.push_back(indent_);
  indent_ = column;
  const Token token{kind, mark};
  if (number) {
    queue_.insert(queue_.begin() + static_cast<std::ptrdiff_t>(*number - taken_), token);
  } else {
    queue_.push_back(token);
  }
}

void YamlTokens::unroll(int column) {
  if (flow_level_ > 0) return;
  while (indent_ > column) {
    push(TokenKind::block_end, here_);
    indent_ = indents_.back();
    indents_.pop_back();
  }
}

void YamlTokens::skip_to_token() {
  for (;;) {
    while (at() == ' ' || ((flow_level_ > 0 || !key_allowed_) && at() == '\t')) step();
    if (at() == '#') {
      while (!breaks() && !done()) step();
    }
    if (!breaks()) return;
    step_line();
    if (flow_level_ == 0) key_allowed_ = true;
  }
}

bool YamlTokens::fetch() {
  if (ended_) {
    push(TokenKind::end, here_);
    return true;
  }
  skip_to_token();
  unroll(here_.column);
  if (done()) {
    // The end counts as a line of its own.
    if (here_.column != 0) step_line();
    unroll(-1);
    if (!remove_key()) return false;
    key_allowed_ = false;
    ended_ = true;
    push(TokenKind::end, here_);
    return true;
  }
  if (at_marker()) {
    unroll(-1);
    if (!remove_key()) return false;
    key_allowed_ = false;
    push(at() == '-' ? TokenKind::document_start : TokenKind::document_end, here_);
    for (int i = 0; i < 3; ++i) step();
    return true;
  }
  if (here_.column == 0 && at() == '%') {
    unroll(-1);
    return remove_key() && fetch_directive();
  }
  return fetch_indicator();
}

bool YamlTokens::fetch_directive() {
  const TokenMark start = here_;
  step();
  const std::size_t begin = here_.at;
  while (is_name(at())) step();
  const std::string_view name = text_.substr(begin, here_.at - begin);
  if (name.empty()) return fail("could not find expected directive name", start);
  if (!blank_or_end()) return fail("found unexpected non-alphabetical character", start);
  fail("found unknown directive name", start);
  error_->unknown = name == "YAML" || name == "TAG";
  return false;
}

bool YamlTokens::fetch_indicator() {
  const bool flow = flow_level_ > 0;
  switch (at()) {
    case '[': return fetch_flow_start(TokenKind::flow_sequence);
    case '{': return fetch_flow_start(TokenKind::flow_mapping);
    case ']': return fetch_flow_end(TokenKind::flow_sequence_end);
    case '}': return fetch_flow_end(TokenKind::flow_mapping_end);
    case ',':
      if (!remove_key()) return false;
      key_allowed_ = true;
      push(TokenKind::flow_entry, here_);
      step();
      return true;
    case '*': return fetch_name(TokenKind::alias);
    case '&': return fetch_name(TokenKind::property);
    case '!': return fetch_tag();
    case '\'': return fetch_quoted(true);
    case '"': return fetch_quoted(false);
    case '|':
    case '>':
      if (!flow) return fetch_block_scalar();
      break;
    default: break;
  }
  if (at() == '-' && blank_or_end(1)) return fetch_entry();
  if (at() == '?' && (flow || blank_or_end(1))) return fetch_key();
  if (at() == ':' && (flow || blank_or_end(1))) return fetch_value();
  const bool plain = !is_one_of(at(), "-?:,[]{}#&*!|>'\"%@` \t") ||
                     (at() == '-' && !blank(1)) ||
                     (!flow && is_one_of(at(), "?:") && !blank_or_end(1));
  if (plain) return fetch_plain();
  return fail("found character that cannot start any token", here_);
}

bool YamlTokens::fetch_flow_start(TokenKind kind) {
  if (!save_key()) return false;
  keys_.emplace_back();
  ++flow_level_;
  key_allowed_ = true;
  push(kind, here_);
  step();
  return true;
}

bool YamlTokens::fetch_flow_end(TokenKind kind) {
  if (!remove_key()) return false;
  if (flow_level_ > 0) {
    --flow_level_;
    keys_.pop_back();
  }
  key_allowed_ = false;
  push(kind, here_);
  step();
  return true;
}

bool YamlTokens::fetch_entry() {
  if (flow_level_ == 0) {
    if (!key_allowed_)
      return fail("block sequence entries are not allowed in this context", here_);
    roll(here_.column, std::nullopt, TokenKind::block_sequence, here_);
  }
  if (!remove_key()) return false;
  key_allowed_ = true;
  push(TokenKind::entry, here_);
  step();
  return true;
}

bool YamlTokens::fetch_key() {
  if (flow_level_ == 0) {
    if (!key_allowed_) return fail("mapping keys are not allowed in this context", here_);
    roll(here_.column, std::nullopt, TokenKind::block_mapping, here_);
  }
  if (!remove_key()) return false;
  key_allowed_ = flow_level_ == 0;
  push(TokenKind::key, here_);
  step();
  return true;
}

bool YamlTokens::fetch_value() {
  PossibleKey& key = keys_.back();
  if (key_is_valid(key)) {
    queue_.insert(queue_.begin() + static_cast<std::ptrdiff_t>(key.number - taken_),
                  Token{TokenKind::key, key.mark});
    roll(key.mark.column, key.number, TokenKind::block_mapping, key.mark);
    key.possible = false;
    key_allowed_ = false;
  } else if (error_) {
    return false;
  } else {
    if (flow_level_ == 0) {
      if (!key_allowed_) return fail("mapping values are not allowed in this context", here_);
      roll(here_.column, std::nullopt, TokenKind::block_mapping, here_);
    }
    key_allowed_ = flow_level_ == 0;
  }
  push(TokenKind::value, here_);
  step();
  return true;
}

bool YamlTokens::fetch_name(TokenKind kind) {
  if (!save_key()) return false;
  key_allowed_ = false;
  const TokenMark start = here_;
  step();
  const std::size_t begin = here_.at;
  while (is_name(at())) step();
  if (here_.at == begin || !(blank_or_end() || is_one_of(at(), "?:,]}%@`")))
    return fail("did not find expected alphabetic or numeric character", start);
  push(kind, start);
  return true;
}

bool YamlTokens::fetch_tag() {
  if (!save_key()) return false;
  key_allowed_ = false;
  const TokenMark start = here_;
  step();
  if (at() == '<') {
    while (!done() && !blank_or_end() && at() != '>') step();
    if (at() != '>') return fail("did not find the expected '>'", start);
    step();
  } else {
    while (is_name(at()) || is_one_of(at(), "!;/?:@&=+$.~*'()%")) step();
  }
  if (!blank_or_end() && !(flow_level_ > 0 && at() == ','))
    return fail("did not find expected whitespace or line break", start);
  push(TokenKind::property, start);
  return true;
}

bool YamlTokens::fetch_block_scalar() {
  if (!remove_key()) return false;
  key_allowed_ = true;
  const TokenMark start = here_;
  step();
  int increment = 0;
  for (int i = 0; i < 2; ++i) {
    if (at() == '+' || at() == '-') {
      step();
    } else if (at() >= '0' && at() <= '9') {
      if (at() == '0') return fail("found an indentation indicator equal to 0", start);
      increment = at() - '0';
      step();
    }
  }
  while (blank()) step();
  if (at() == '#') {
    while (!breaks() && !done()) step();
  }
  if (!breaks() && !done()) return fail("did not find expected comment or line break", start);
  if (breaks()) step_line();
  const int block_indent = increment == 0 ? 0 : increment + std::max(indent_, 0);
  if (!skip_block_lines(start, block_indent)) return false;
  push(TokenKind::scalar, start);
  return true;
}

// The lines of a block scalar; its indentation is that of the first line when 0 is given.
bool YamlTokens::skip_block_lines(const TokenMark& start, int block_indent) {
  for (;;) {
    int most = 0;
    for (;;) {
      while ((block_indent == 0 || here_.column < block_indent) && at() == ' ') step();
      most = std::max(most, here_.column);
      if ((block_indent == 0 || here_.column < block_indent) && at() == '\t')
        return fail("found a tab character where an indentation space is expected", start);
      if (!breaks()) break;
      step_line();
    }
    if (block_indent == 0) block_indent = std::max({most, indent_ + 1, 1});
    if (here_.column != block_indent || done()) return true;
    while (!breaks() && !done()) step();
    if (done()) return true;
    step_line();
  }
}

bool YamlTokens::skip_escape(const TokenMark& start) {
  step();
  const int digits = at() == 'x' ? 2 : at() == 'u' ? 4 : at() == 'U' ? 8 : 0;
  if (!is_one_of(at(), "0abt\tnvfre \"'/\\N_LPxuU"))
    return fail("found unknown escape character", start);
  step();
  for (int i = 0; i < digits; ++i, step()) {
    if (!is_one_of(at(), "0123456789abcdefABCDEF"))
      return fail("did not find expected hexdecimal number", start);
  }
  return true;
}

bool YamlTokens::fetch_quoted(bool single) {
  if (!save_key()) return false;
  key_allowed_ = false;
  const TokenMark start = here_;
  const char quote = single ? '\'' : '"';
  step();
  for (;;) {
    if (at_marker()) return fail("found unexpected document indicator", start);
    if (done()) return fail("found unexpected end of stream", start);
    if (at() == quote) {
      step();
      if (!single || at() != quote) break;
      step();
    } else if (!single && at() == '\\') {
      if (!breaks(1)) {
        if (!skip_escape(start)) return false;
      } else {
        step();
        step_line();
      }
    } else if (breaks()) {
      step_line();
    } else {
      step();
    }
  }
  push(TokenKind::scalar, start);
  return true;
}

bool YamlTokens::fetch_plain() {
  if (!save_key()) return false;
  key_allowed_ = false;
  const TokenMark start = here_;
  const int indent = indent_ + 1;
  bool crossed = false;
  for (;;) {
    if (at_marker() || at() == '#') break;
    const std::size_t begin = here_.at;
    while (!blank_or_end()) {
      const bool flow = flow_level_ > 0;
      if (at() == ':' && (blank_or_end(1) || (flow && is_one_of(at(1), ",?[]{}")))) break;
      if (flow && (is_one_of(at(), ",[]{}") || (at() == '?' && blank_or_end(1)))) break;
      crossed = false;
      step();
    }
    if (here_.at == begin && !blank() && !breaks()) break;
    if (!blank() && !breaks()) break;
    while (blank() || breaks()) {
      if (breaks()) {
        crossed = true;
        step_line();
      } else {
        if (crossed && here_.column < indent && at() == '\t')
          return fail("found a tab character that violates indentation", start);
        step();
      }
    }
    if (flow_level_ == 0 && here_.column < indent) break;
  }
  if (crossed) key_allowed_ = true;
  push(TokenKind::scalar, start);
  return true;
}

}  // namespace weir::value
