// Our own source of YAML events: a recursive descent over block and flow collections, every
// scalar style, anchors, aliases and tags, by the lexical rules of go-yaml (libyaml's). It is ten
// times as fast as yaml-cpp and, unlike it, refuses and accepts what the Go tools do. What it
// does not know (directives, "? " keys, the line breaks of Unicode) it declines as `unusual`; the
// caller then starts over with yaml-cpp.
//
// One scanner reads one text, in one thread. Text is "\n"-separated, valid UTF-8, without NUL,
// and followed by a NUL byte: see prepare_yaml().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/value/yaml_builder.hh"

namespace weir::value {

enum class ScanOutcome : std::uint8_t { done, failed, unusual };

// What the text is like before it is scanned.
struct PreparedYaml {
  std::string text;       // a copy with "\n" for "\r\n" and "\r", without a byte order mark
  bool ok = true;         // false: refused, see problem and mark
  bool unusual = false;   // has U+0085, U+2028 or U+2029, which YAML 1.1 takes for line breaks
  std::string problem;
  YamlMark mark;
};
PreparedYaml prepare_yaml(std::string_view text);

class YamlScanner {
 public:
  YamlScanner(const std::string& text, YamlBuilder& builder, const YamlOptions& options);

  // Appends the documents to `out`. On `failed` the builder holds the error.
  ScanOutcome scan(std::vector<YamlDocument>& out);

 private:
  struct Properties {
    std::string tag;
    std::size_t anchor = 0;
    bool any = false;
    YamlProperties view() const { return {tag, anchor, false}; }
  };
  struct Position {
    const char* at;
    const char* line_start;
    std::uint32_t line;
  };

  // Structure: yaml_scanner.cc.
  bool scan_document(std::vector<YamlDocument>& out);
  bool scan_node(int indent, bool key_allowed, bool indentless_allowed);
  bool scan_node_content(int indent, bool key_allowed, int key_column, Position start,
                         Properties& properties, bool indentless_allowed);
  bool scan_flow_or_key(bool key_allowed, Properties& properties);
  bool scan_plain_node(int indent, bool key_allowed, int key_column, Position start,
                       Properties& properties);
  bool scan_quoted_node(bool key_allowed, int key_column, Position start, Properties& properties);
  bool scan_alias_node(bool key_allowed, int key_column, Position start);
  bool scan_mapping(int column, const YamlProperties& properties, Position start);
  bool scan_key();
  bool scan_value(int column);
  bool scan_sequence(int column, bool indentless, const YamlProperties& properties);
  bool empty_node(const YamlProperties& properties);
  bool pass_stray(bool joined_to_flow);
  bool skip_to_token(bool key_allowed);
  bool skip_key_separator();
  bool at_document_marker() const;
  bool passes_stray() const {
    return options_.first_document_only || options_.dialect == YamlDialect::kustomize;
  }
  bool at_entry() const { return *at_ == '-' && is_blankz(at_[1]); }
  bool at_block_scalar() const { return *at_ == '|' || *at_ == '>'; }
  std::string comment_before(const char* line_start) const;

  // Scalars and properties: yaml_scanner_scalars.cc.
  bool scan_properties(Properties& properties);
  bool scan_tag(Properties& properties);
  bool scan_name(std::string_view& name);
  std::string_view plain_first_line(const char*& end) const;
  bool scan_plain(int indent, bool flow, std::string_view& text);
  bool scan_single_quoted(std::string_view& text);
  bool scan_double_quoted(std::string_view& text);
  bool scan_escape();
  bool fold_quoted();
  bool scan_block_scalar(int indent, const YamlProperties& properties);
  bool block_header(bool& literal, int& chomping, int& increment);
  bool block_breaks(int& block_indent, int indent, std::size_t& breaks);

  // Flow collections: yaml_scanner_flow.cc.
  bool scan_flow(Properties& properties);
  bool scan_flow_sequence(const YamlProperties& properties);
  bool scan_flow_mapping(const YamlProperties& properties);
  bool scan_flow_node(bool& became_pair, bool pairs_allowed);
  bool scan_flow_value();
  bool scan_flow_scalar(const Properties& properties, Position start, bool& became_pair,
                        bool pairs_allowed);
  bool skip_flow();

  static bool is_blankz(char c) {
    return c == ' ' || c == '\n' || c == '\0' || c == '\t';
  }
  static bool is_blank(char c) { return c == ' ' || c == '\t'; }
  void next_line() {
    ++at_;
    ++line_;
    line_start_ = at_;
  }
  int column() const { return static_cast<int>(at_ - line_start_); }
  Position here() const { return {at_, line_start_, line_}; }
  YamlMark mark(const Position& place) const {
    return {place.line, static_cast<std::uint32_t>(place.at - place.line_start) + 1};
  }
  YamlMark mark() const { return mark(here()); }
  bool fail(std::string_view what) { return builder_.fail(Code::invalid, mark(), what); }
  bool fail_at(const Position& place, std::string_view what) {
    return builder_.fail(Code::invalid, mark(place), what);
  }
  // As fail(); the text ends in yaml_context and the line where the collection around begins.
  bool fail_in(const Position& collection, std::string_view what);
  // A key without its colon, or a colon where none may be. The usual cause is a missing space
  // behind a colon in the line at `start`: then the error says so, at that colon; else it stands
  // at `place`.
  bool fail_key(const Position& start, const Position& place, std::string_view what);
  bool decline() {
    unusual_ = true;
    return false;
  }
  std::size_t anchor_number(std::string_view name, bool define);

  YamlBuilder& builder_;
  const YamlOptions& options_;
  const char* const begin_;
  const char* const end_;
  const char* at_;
  const char* line_start_;
  std::uint32_t line_ = 1;
  bool unusual_ = false;
  bool crossed_line_ = false;  // the last skip_to_token() went over a line break
  int flow_indent_ = 0;        // in a flow collection: tabs may not indent text up to here
  bool plain_ended_line_ = false;  // the last plain scalar went over the break that follows it
  std::string scratch_;
  std::unordered_map<std::string, std::size_t> anchors_;
  std::size_t anchors_made_ = 0;
};

}  // namespace weir::value
