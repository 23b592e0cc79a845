#include "engine/value/yaml_scanner.hh"

namespace weir::value {

// In flow collections blanks, tabs, comments and breaks separate tokens, whatever the indentation.
bool YamlScanner::skip_flow() {
  if (!skip_to_token(false)) return false;
  while (*at_ == '\t') {
    ++at_;
    if (!skip_to_token(false)) return false;
  }
  if (at_document_marker()) return fail("found a document indicator in a flow collection");
  return true;
}

bool YamlScanner::scan_flow(Properties& properties) {
  return *at_ == '[' ? scan_flow_sequence(properties.view()) : scan_flow_mapping(properties.view());
}

bool YamlScanner::scan_flow_sequence(const YamlProperties& properties) {
  if (!builder_.begin_sequence(properties, mark())) return false;
  const Position start = here();
  ++at_;
  if (!skip_flow()) return false;
  while (*at_ != ']') {
    bool pair = false;
    if (!scan_flow_node(pair, true)) return false;
    if (!skip_flow()) return false;
    if (*at_ == ',') {
      ++at_;
      if (!skip_flow()) return false;
    } else if (*at_ != ']') {
      return fail_in(start, "did not find expected ',' or ']'");
    }
  }
  ++at_;
  return builder_.end_collection();
}

bool YamlScanner::scan_flow_mapping(const YamlProperties& properties) {
  if (!builder_.begin_mapping(properties, mark())) return false;
  const Position start = here();
  ++at_;
  if (!skip_flow()) return false;
  while (*at_ != '}') {
    const std::uint32_t key_line = line_;
    bool pair = false;
    if (!scan_flow_node(pair, false)) return false;
    const bool key_on_one_line = line_ == key_line;
    if (!skip_flow()) return false;
    if (*at_ == ':') {
      if (!key_on_one_line || line_ != key_line)
        return fail_in(start, "did not find expected ',' or '}'");
      ++at_;
      if (!scan_flow_value()) return false;
      if (!skip_flow()) return false;
    } else if (!empty_node({{}, 0, true})) {
      return false;
    }
    if (*at_ == ',') {
      ++at_;
      if (!skip_flow()) return false;
    } else if (*at_ != '}') {
      return fail_in(start, "did not find expected ',' or '}'");
    }
  }
  ++at_;
  return builder_.end_collection();
}

// What follows a ':'; nothing means null.
bool YamlScanner::scan_flow_value() {
  if (!skip_flow()) return false;
  if (*at_ == ',' || *at_ == '}' || *at_ == ']') return empty_node({{}, 0, true});
  bool pair = false;
  return scan_flow_node(pair, false);
}

// One entry. In a sequence "[a: b]" is a mapping of one pair (`became_pair`).
bool YamlScanner::scan_flow_node(bool& became_pair, bool pairs_allowed) {
  const Position start = here();
  Properties properties;
  if (*at_ == '&' || *at_ == '!') {
    if (!scan_properties(properties)) return false;
    if (!skip_flow()) return false;
    if (*at_ == ':' || line_ != start.line) return decline();
    if (*at_ == ',' || *at_ == ']' || *at_ == '}')
      return empty_node({properties.tag, properties.anchor, true});
  }
  switch (*at_) {
    case '[':
    case '{': return scan_flow(properties);
    case ',':
    case ']':
    case '}':
    case ':':
    case '\0': return fail("did not find expected node content");
    case '?': return decline();
    case '|':
    case '>':
    case '%':
    case '@':
    case '`': return fail("found character that cannot start any token");
    case '-':
      if (is_blankz(at_[1])) return fail("did not find expected node content");
      break;
    default: break;
  }
  return scan_flow_scalar(properties, start, became_pair, pairs_allowed);
}

bool YamlScanner::scan_flow_scalar(const Properties& properties, Position start, bool& became_pair,
                                   bool pairs_allowed) {
  const Position first = here();
  std::string_view text;
  std::size_t anchor = 0;
  const char kind = *at_;
  if (kind == '*') {
    ++at_;
    if (!scan_name(text)) return false;
    anchor = anchor_number(text, false);
    if (anchor == 0) return fail_at(first, "unknown anchor '" + std::string(text) + "' referenced");
  } else if (kind == '"') {
    if (!scan_double_quoted(text)) return false;
  } else if (kind == '\'') {
    if (!scan_single_quoted(text)) return false;
  } else if (!scan_plain(flow_indent_, true, text)) {
    return false;
  }
  const bool one_line = line_ == start.line;
  const Position after = here();
  if (!skip_flow()) return false;
  const bool pair = pairs_allowed && *at_ == ':';
  if (pair) {
    if (!one_line || line_ != after.line || start.line != first.line)
      return fail("did not find expected ',' or ']'");
    if (!builder_.begin_mapping({}, mark(start))) return false;
  }
  YamlProperties view = properties.view();
  view.in_flow = true;
  const bool plain = kind != '"' && kind != '\'';
  const bool added = kind == '*' ? builder_.alias(anchor, text, mark(first))
                                 : builder_.scalar(text, plain, view, mark(first));
  if (!added || !pair) return added;
  became_pair = true;
  ++at_;
  return scan_flow_value() && builder_.end_collection();
}

}  // namespace weir::value
