#include "engine/value/yaml_scanner.hh"

#include <algorithm>
#include <cstring>

#include "engine/base/limits.hh"
#include "engine/value/utf8.hh"
#include "engine/value/yaml_diagnosis.hh"

namespace weir::value {

namespace {

namespace limits = base::limits;

constexpr std::string_view no_mapping_here = "mapping values are not allowed in this context";
constexpr std::string_view stray_text =
    "did not find expected <document start>: this text belongs to no node before it";

// libyaml looks for the ':' of a key no farther than this.
constexpr std::ptrdiff_t simple_key_max = 1024;

bool starts_line_break(std::string_view text, std::size_t at) {
  return text.substr(at, 2) == "\xC2\x85" || text.substr(at, 3) == "\xE2\x80\xA8" ||
         text.substr(at, 3) == "\xE2\x80\xA9";
}

// Bytes that need a closer look: control characters and all beyond ASCII.
bool needs_look(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x7F || (byte < 0x20 && byte != '\n' && byte != '\t');
}

std::size_t skip_harmless(std::string_view text, std::size_t at) {
  constexpr std::uint64_t ones = 0x0101010101010101ull, highs = ones * 0x80;
  while (at + 8 <= text.size()) {
    std::uint64_t block;
    std::memcpy(&block, text.data() + at, 8);
    // Some byte has its high bit, or is below 0x20, or is DEL; newlines and tabs take the slow
    // way too.
    const std::uint64_t low = (block - ones * 0x20) & ~block;
    const std::uint64_t del = block ^ (ones * 0x7F);
    if ((block | low | ((del - ones) & ~del)) & highs) break;
    at += 8;
  }
  while (at < text.size() && !needs_look(text[at])) {
    if (text[at] == '\n') return at + 1;
    ++at;
  }
  return at;
}

}  // namespace

PreparedYaml prepare_yaml(std::string_view text) {
  PreparedYaml prepared;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  prepared.text.assign(text);
  const auto refuse = [&](std::size_t at, const char* problem) {
    prepared.ok = false;
    prepared.problem = problem;
    const std::string_view before = text.substr(0, at);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    prepared.mark.line = static_cast<std::uint32_t>(lines + 1);
    const std::size_t line_start = before.rfind('\n') + 1;
    prepared.mark.column = static_cast<std::uint32_t>(at - line_start + 1);
  };
  bool returns = false;
  for (std::size_t at = 0; at < text.size();) {
    at = skip_harmless(text, at);
    if (at >= text.size() || !needs_look(text[at])) continue;
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '\r') {
      returns = true;
      ++at;
      continue;
    }
    const Rune rune = decode_rune(text, at);
    if (!rune.valid) {
      refuse(at, "invalid UTF-8");
      return prepared;
    }
    const bool control = rune.code < 0x20 || (rune.code >= 0x7F && rune.code < 0xA0);
    const bool no_character = rune.code == 0xFFFE || rune.code == 0xFFFF || rune.code == 0xFEFF;
    if (starts_line_break(text, at)) {
      prepared.unusual = true;
    } else if (control || (no_character && rune.code != 0xFEFF)) {
      refuse(at, "control characters are not allowed");
      return prepared;
    }
    at += rune.width;
  }
  if (!returns) return prepared;
  std::string& out = prepared.text;
  std::size_t to = 0;
  for (std::size_t at = 0; at < out.size(); ++at) {
    if (out[at] == '\r' && at + 1 < out.size() && out[at + 1] == '\n') continue;
    out[to++] = out[at] == '\r' ? '\n' : out[at];
  }
  out.resize(to);
  return prepared;
}

YamlScanner::YamlScanner(const std::string& text, YamlBuilder& builder, const YamlOptions& options)
    : builder_(builder),
      options_(options),
      begin_(text.c_str()),
      end_(begin_ + text.size()),
      at_(begin_),
      line_start_(begin_) {}

ScanOutcome YamlScanner::scan(std::vector<YamlDocument>& out) {
  bool first = true, ended = false;
  for (;;) {
    if (!skip_to_token(true)) break;
    if (at_ == end_) return ScanOutcome::done;
    const bool start = column() == 0 && std::strncmp(at_, "---", 3) == 0 && is_blankz(at_[3]);
    const bool stop = column() == 0 && std::strncmp(at_, "...", 3) == 0 && is_blankz(at_[3]);
    if (*at_ == '%' && column() == 0) {
      if (std::strncmp(at_, "%YAML ", 6) != 0 && std::strncmp(at_, "%TAG ", 5) != 0) {
        fail("found unknown directive name");
        break;
      }
      decline();
    }
    if (stop && first) decline();
    if (unusual_) break;
    if (stop) {
      at_ += 3;
      ended = true;
      if (!skip_to_token(false)) break;
      if (at_ == end_ || at_document_marker()) continue;
      if (passes_stray()) {
        if (!pass_stray(false)) break;
      } else if (!crossed_line_) {
        fail("did not find expected <document start>");
        break;
      }
      continue;
    }
    if (!start && !first) {
      fail(ended ? std::string_view("did not find expected <document start>") : stray_text);
      break;
    }
    first = ended = false;
    if (!scan_document(out)) break;
    if (options_.first_document_only) return ScanOutcome::done;
  }
  return unusual_ ? ScanOutcome::unusual : ScanOutcome::failed;
}

bool YamlScanner::at_document_marker() const {
  if (at_ != line_start_ || (*at_ != '-' && *at_ != '.')) return false;
  // In this order: the text may end behind the first character.
  return (std::strncmp(at_, "---", 3) == 0 || std::strncmp(at_, "...", 3) == 0) &&
         is_blankz(at_[3]);
}

bool YamlScanner::scan_document(std::vector<YamlDocument>& out) {
  const bool explicit_start = at_document_marker();
  bool key_allowed = true;
  anchors_.clear();
  anchors_made_ = 0;
  if (explicit_start) {
    const bool in_stream = at_ != begin_;
    const Position marker = here();
    at_ += 3;
    if (!skip_to_token(false)) return false;
    key_allowed = crossed_line_;
    if (in_stream && !crossed_line_ && at_ != end_ && options_.dialect == YamlDialect::kustomize)
      return fail_at(marker, "invalid document separator: only a comment may follow \"---\"");
  }
  if (at_ == end_ || at_document_marker()) return true;
  YamlDocument document;
  document.line = line_;
  document.head_comment = comment_before(line_start_);
  const bool flow = *at_ == '{' || *at_ == '[';
  if (!scan_node(-1, key_allowed, false)) return false;
  if (!builder_.take_document(document.value)) return false;
  if (!skip_to_token(crossed_line_)) return false;
  const bool stray = at_ != end_ && !at_document_marker();
  if (stray && passes_stray()) {
    document.unread_line = line_;
    if (!pass_stray(flow && line_ == document.line)) return false;
  }
  if (!document.value.is_null()) out.push_back(std::move(document));
  if (!stray || passes_stray()) return true;
  if (*at_ == ':' && is_blankz(at_[1])) return fail(no_mapping_here);
  return fail(stray_text);
}

// Text that belongs to no node before it: Go's decoders read one token of it, kyaml then goes on
// behind the next line that begins with "---". `joined_to_flow`: it stands in one line with all of
// a flow collection, which a ':' would make a key.
bool YamlScanner::pass_stray(bool joined_to_flow) {
  if (options_.dialect != YamlDialect::kustomize) {
    // How far Go's decoder looks depends on what may still be a key.
    const std::string_view text(begin_, static_cast<std::size_t>(end_ - begin_));
    if (const auto fault = diagnose_yaml(text, GoYaml::v2)) return fail(fault->problem);
    at_ = end_;
    return true;
  }
  const std::uint32_t first_line = line_;
  const bool indicator = std::strchr("-?:", *at_) != nullptr && is_blankz(at_[1]);
  const bool begins_line = std::all_of(line_start_, at_, is_blank);
  if (indicator && !begins_line)
    return fail(*at_ == ':' ? no_mapping_here
                            : "block sequence entries are not allowed in this context");
  if (*at_ == '@' || *at_ == '`' || (*at_ == '%' && column() > 0))
    return fail("found character that cannot start any token");
  std::string_view ignored;
  if (*at_ == '%') {
    if (std::strncmp(at_, "%YAML ", 6) != 0 && std::strncmp(at_, "%TAG ", 5) != 0)
      return fail("found unknown directive name");
  } else if (*at_ == '"' || *at_ == '\'') {
    if (!(*at_ == '"' ? scan_double_quoted(ignored) : scan_single_quoted(ignored))) return false;
  } else if (!indicator && std::strchr("[]{},|>&*!", *at_) == nullptr) {
    if (!scan_plain(0, false, ignored)) return false;
    const bool key = *at_ == ':' && is_blankz(at_[1]);
    if (key && joined_to_flow && line_ == first_line) return fail("did not find expected key");
    if (key && line_ != first_line) return fail(no_mapping_here);
  }
  while (at_ != end_ && !(at_ == line_start_ && std::strncmp(at_, "---", 3) == 0)) {
    const void* line_end = std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_));
    at_ = line_end == nullptr ? end_ : static_cast<const char*>(line_end);
    if (at_ != end_) next_line();
  }
  return true;
}

// Goes over blanks, comments and line breaks. Tabs may separate, but not indent what could be a
// key.
bool YamlScanner::skip_to_token(bool key_allowed) {
  crossed_line_ = false;
  for (;;) {
    while (*at_ == ' ' || (*at_ == '\t' && !key_allowed)) ++at_;
    if (*at_ == '#') {
      const void* line_end = std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_));
      at_ = line_end == nullptr ? end_ : static_cast<const char*>(line_end);
    }
    if (*at_ != '\n') break;
    next_line();
    key_allowed = crossed_line_ = true;
  }
  if (*at_ == '\t')
    return fail("found character that cannot start any token: a tab may not indent, use spaces");
  return true;
}

std::string YamlScanner::comment_before(const char* line_start) const {
  std::vector<std::string_view> lines;
  const char* at = line_start;
  while (at > begin_) {
    const char* const line_end = at - 1;
    const char* from = line_end;
    while (from > begin_ && from[-1] != '\n') --from;
    std::string_view line(from, static_cast<std::size_t>(line_end - from));
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    if (!line.empty() && line[0] != '#') break;
    if (!line.empty()) lines.push_back(line.substr(1));
    at = from;
  }
  std::string text;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (!text.empty()) text += '\n';
    text.append(line->starts_with(' ') ? line->substr(1) : *line);
  }
  return text;
}

bool YamlScanner::empty_node(const YamlProperties& properties) {
  return builder_.scalar({}, true, properties, mark());
}

// A node whose first character stands at at_. `indent` is the column of the collection around it.
bool YamlScanner::scan_node(int indent, bool key_allowed, bool indentless_allowed) {
  Properties properties;
  const Position start = here();
  if (*at_ != '&' && *at_ != '!')
    return scan_node_content(indent, key_allowed, column(), start, properties, indentless_allowed);
  if (!scan_properties(properties)) return false;
  if (!skip_to_token(false)) return false;
  const int here_column = column();
  if (!crossed_line_ && at_ != end_) {
    // Properties on the key's line belong to the key.
    return scan_node_content(indent, key_allowed, static_cast<int>(start.at - start.line_start),
                             start, properties, false);
  }
  const bool entry = here_column == indent &&
                     ((indentless_allowed && at_entry()) || at_block_scalar());
  if (at_ == end_ || at_document_marker() || (here_column <= indent && !entry))
    return empty_node(properties.view());
  Properties inner;
  if (*at_ == '&' || *at_ == '!') {
    // "&a\n&b key: value": the first belongs to the mapping, which only a second look would tell.
    return decline();
  }
  return scan_node_content(indent, true, here_column, here(), properties, indentless_allowed);
}

bool YamlScanner::scan_node_content(int indent, bool key_allowed, int key_column, Position start,
                                    Properties& properties, bool indentless_allowed) {
  const bool same_line = start.line == line_;
  const bool own_properties = properties.any && start.at != at_ && same_line;
  switch (*at_) {
    case '-':
      if (!is_blankz(at_[1])) break;
      if (!key_allowed || own_properties)
        return fail("block sequence entries are not allowed in this context");
      if (column() == indent && !indentless_allowed) break;
      return scan_sequence(column(), column() == indent, properties.view());
    case '?':
      if (!is_blankz(at_[1])) break;
      return decline();
    case ':':
      if (!is_blankz(at_[1])) break;
      return fail(key_allowed ? "did not find expected key"
                              : no_mapping_here);
    case '|':
    case '>': return scan_block_scalar(indent, properties.view());
    case '[':
    case '{':
      flow_indent_ = indent + 1;
      return scan_flow_or_key(key_allowed, properties);
    case '"':
    case '\'': return scan_quoted_node(key_allowed, key_column, start, properties);
    case '*':
      if (properties.any) return fail("an alias may have neither tag nor anchor");
      return scan_alias_node(key_allowed, key_column, start);
    case '&':
    case '!': return fail("a node may have one tag and one anchor");
    case '%':
    case '@':
    case '`':
    case ',':
    case ']':
    case '}': return fail("found character that cannot start any token");
    default: break;
  }
  return scan_plain_node(indent, key_allowed, key_column, start, properties);
}

bool YamlScanner::scan_flow_or_key(bool key_allowed, Properties& properties) {
  const std::uint32_t first_line = line_;
  if (!scan_flow(properties)) return false;
  const char* next = at_;
  while (is_blank(*next)) ++next;
  if (key_allowed && first_line == line_ && *next == ':' && is_blankz(next[1]))
    return fail("invalid map key: a list or a map");
  return skip_to_token(false);
}

// A mapping begins where a scalar turns out to be a key: go back and read it as one.
bool YamlScanner::scan_plain_node(int indent, bool key_allowed, int key_column, Position start,
                                  Properties& properties) {
  if (key_allowed) {
    const char* after = at_;
    plain_first_line(after);
    if (*after == ':') {
      at_ = start.at;
      const bool inline_properties = properties.any && start.line == line_ && *at_ != ':' &&
                                     (*at_ == '&' || *at_ == '!');
      return scan_mapping(key_column, inline_properties ? YamlProperties{} : properties.view(),
                          start);
    }
  }
  const Position first = here();
  std::string_view text;
  if (!scan_plain(indent + 1, false, text)) return false;
  if (*at_ == ':' && is_blankz(at_[1]))
    return fail_key(first, here(), no_mapping_here);
  if (!builder_.scalar(text, true, properties.view(), mark(first))) return false;
  const bool ended_line = plain_ended_line_;
  if (!skip_to_token(ended_line)) return false;
  crossed_line_ = crossed_line_ || ended_line;
  return true;
}

bool YamlScanner::scan_quoted_node(bool key_allowed, int key_column, Position start,
                                   Properties& properties) {
  const Position first = here();
  std::string_view text;
  if (!(*at_ == '"' ? scan_double_quoted(text) : scan_single_quoted(text))) return false;
  const char* next = at_;
  while (is_blank(*next)) ++next;
  if (*next == ':' && is_blankz(next[1])) {
    if (!key_allowed || first.line != line_ || at_ - start.at > simple_key_max)
      return fail(no_mapping_here);
    at_ = start.at;
    const bool inline_properties = *at_ == '&' || *at_ == '!';
    return scan_mapping(key_column, inline_properties ? YamlProperties{} : properties.view(),
                        start);
  }
  if (!builder_.scalar(text, false, properties.view(), mark(first))) return false;
  return skip_to_token(false);
}

bool YamlScanner::scan_alias_node(bool key_allowed, int key_column, Position start) {
  const Position first = here();
  ++at_;
  std::string_view name;
  if (!scan_name(name)) return false;
  const char* next = at_;
  while (is_blank(*next)) ++next;
  if (*next == ':' && is_blankz(next[1])) {
    if (!key_allowed) return fail(no_mapping_here);
    at_ = start.at;
    return scan_mapping(key_column, {}, start);
  }
  const std::size_t anchor = anchor_number(name, false);
  if (anchor == 0) return fail_at(first, "unknown anchor '" + std::string(name) + "' referenced");
  if (!builder_.alias(anchor, name, mark(first))) return false;
  return skip_to_token(false);
}

bool YamlScanner::scan_mapping(int column_wanted, const YamlProperties& properties,
                               Position start) {
  if (!builder_.begin_mapping(properties, mark(start))) return false;
  for (;;) {
    if (!scan_key() || !scan_value(column_wanted)) return false;
    if (at_ == end_ || at_document_marker()) break;
    const int next = column();
    if (next < column_wanted) break;
    if (next > column_wanted || !crossed_line_) {
      if (*at_ == ':' && is_blankz(at_[1]))
        return fail(no_mapping_here);
      return fail_in(start,
                     crossed_line_
                         ? "did not find expected key: this line is indented more than its mapping"
                         : "did not find expected key: unexpected text after a value");
    }
    if (at_entry())
      return fail_in(start, "did not find expected key: found a list item in a mapping");
  }
  return builder_.end_collection();
}

// Reads a key and its ':'; at_ is where the key begins.
bool YamlScanner::scan_key() {
  const Position start = here();
  Properties properties;
  if (*at_ == '&' || *at_ == '!') {
    if (!scan_properties(properties)) return false;
    while (is_blank(*at_)) ++at_;
  }
  const Position first = here();
  const bool quoted = *at_ == '"' || *at_ == '\'';
  if (*at_ == '?' && is_blankz(at_[1])) return decline();
  if (*at_ == '*') {
    ++at_;
    std::string_view name;
    if (!scan_name(name)) return false;
    const std::size_t anchor = anchor_number(name, false);
    if (anchor == 0) return fail_at(first, "unknown anchor '" + std::string(name) + "' referenced");
    if (!builder_.alias(anchor, name, mark(first))) return false;
  } else if (quoted) {
    std::string_view text;
    if (!(*at_ == '"' ? scan_double_quoted(text) : scan_single_quoted(text))) return false;
    if (first.line != line_) return fail_at(start, "could not find expected ':'");
    if (!builder_.scalar(text, false, properties.view(), mark(first))) return false;
  } else {
    static constexpr std::string_view indicators = "#,[]{}&*!|>%@`";
    if (*at_ == '[' || *at_ == '{') return fail("invalid map key: a list or a map");
    if (indicators.find(*at_) != std::string_view::npos || (*at_ == ':' && is_blankz(at_[1])))
      return fail("did not find expected key");
    const char* after = at_;
    const std::string_view text = plain_first_line(after);
    if (*after != ':') return fail_key(start, start, "could not find expected ':'");
    if (!builder_.scalar(text, true, properties.view(), mark(first))) return false;
    at_ = after;
  }
  if (at_ - start.at > simple_key_max) return fail_at(start, "could not find expected ':'");
  while (is_blank(*at_)) ++at_;
  if (*at_ != ':' || !is_blankz(at_[1]))
    return fail_key(start, start, "could not find expected ':'");
  ++at_;
  return true;
}

bool YamlScanner::scan_value(int indent) {
  if (!skip_to_token(false)) return false;
  if (at_ == end_ || (crossed_line_ && at_document_marker())) return empty_node({});
  if (!crossed_line_) return scan_node(indent, false, true);
  const int next = column();
  if (next > indent || (next == indent && (at_entry() || at_block_scalar())))
    return scan_node(indent, true, true);
  return empty_node({});
}

bool YamlScanner::scan_sequence(int column_wanted, bool indentless,
                                const YamlProperties& properties) {
  if (!builder_.begin_sequence(properties, mark())) return false;
  const Position start = here();
  for (;;) {
    ++at_;
    if (!skip_to_token(true)) return false;
    const bool below = column() > column_wanted || (column() == column_wanted && at_block_scalar());
    const bool nothing = at_ == end_ || (crossed_line_ && (at_document_marker() || !below));
    if (!(nothing ? empty_node({}) : scan_node(column_wanted, true, false))) return false;
    if (at_ == end_ || at_document_marker()) break;
    const int next = column();
    if (next < column_wanted) break;
    if (next > column_wanted)
      return fail_in(start, crossed_line_ ? "did not find expected '-' indicator: this line is "
                                            "indented more than its list"
                                          : "did not find expected '-' indicator: unexpected text "
                                            "after a list item");
    if (at_entry()) continue;
    if (indentless) break;
    return fail_in(start, "did not find expected '-' indicator");
  }
  return builder_.end_collection();
}

bool YamlScanner::fail_in(const Position& collection, std::string_view what) {
  return fail(std::string(what).append(yaml_context).append(std::to_string(collection.line)));
}

// The place of a ':' with no space behind it in the line at `start`, if there is one that looks
// like a key's.
bool YamlScanner::fail_key(const Position& start, const Position& place, std::string_view what) {
  const char* colon = start.at;
  while (!is_blankz(*colon) && *colon != ':' && *colon != '#') ++colon;
  const bool looks_like_key = *colon == ':' && colon != start.at && !is_blankz(colon[1]) &&
                              colon[1] != '/' && colon - start.at <= 128;
  if (!looks_like_key) return fail_at(place, what);
  const std::string key(start.at, static_cast<std::size_t>(colon - start.at));
  std::string noticed;
  if (place.line != start.line)
    noticed = std::string(yaml_noticed) + std::to_string(place.line);
  return fail_at({colon, start.line_start, start.line},
                 std::string(what) + ": a space is missing after \"" + key + ":\"" + noticed);
}

std::size_t YamlScanner::anchor_number(std::string_view name, bool define) {
  if (define) return anchors_[std::string(name)] = ++anchors_made_;
  const auto known = anchors_.find(std::string(name));
  return known == anchors_.end() ? 0 : known->second;
}

}  // namespace weir::value
