// YAML to Value and back. The reader runs on yaml-cpp's events (only in yaml_reader.cc); the
// writers are ours and reproduce, byte for byte, what the Go tools print.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::value {

// Whose rules decide what an unquoted scalar is and which documents are refused.
enum class YamlDialect : std::uint8_t {
  kubernetes,  // sigs.k8s.io/yaml: yes/no/on/off are booleans; duplicate keys are errors
  kustomize,   // kyaml: 1.2 booleans; duplicate keys are errors
  helm,        // sigs.k8s.io/yaml as Helm uses it: as kubernetes, but the last duplicate wins
};

// Where a node stands: that of its key, or its own in a list.
struct YamlPlace {
  std::string pointer;  // JSON pointer (RFC 6901) in its document
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

struct YamlOptions {
  YamlDialect dialect = YamlDialect::kubernetes;
  std::string_view file;  // named in error texts: "file:line:column: what"; may be empty
  // Go's Unmarshal: the stream's first document alone; of what stands behind it one token is read.
  bool first_document_only = false;
  // When given, the place of every node below a document's root is added; those of one document
  // have lines from its own up to the next one's.
  std::vector<YamlPlace>* places = nullptr;
};

// Where a document's parts stand in the source: lines and columns count from 1.
struct YamlDocument {
  Value value;
  std::uint32_t line = 1;      // of the document's first content
  std::string head_comment;    // comment lines before the first content, without '#', if any
  // Where text begins that belongs to no node; it was not read, as the Go tools do not. 0 = none.
  std::uint32_t unread_line = 0;
};

// Ends texts of what was not expected inside a list or a map: behind it stands the line where that
// begins. go-yaml names that line, or the one before it.
inline constexpr std::string_view yaml_context = "; its collection begins in line ";
// Ends texts that go-yaml has of a later line than the place that is to be mended.
inline constexpr std::string_view yaml_noticed = "; noticed in line ";

// All documents of a stream; empty ones (only comments, or nothing) are left out. Anchors,
// aliases and merge keys are expanded, tags honoured (!!str, !!int, !!binary ...), comments
// dropped. Errors: invalid (text "<file>:<line>:<column>: ..." or "line L, column C: ..."), limit
// (depth, nodes, alias expansion, bytes).
Result<std::vector<YamlDocument>> parse_yaml_documents(std::string_view text,
                                                       const YamlOptions& options = {});
// The one document of `text`; null when it is empty; invalid when there are several.
Result<Value> parse_yaml(std::string_view text, const YamlOptions& options = {});

// Which Go writer to follow.
enum class YamlStyle : std::uint8_t {
  kustomize,  // `kubectl kustomize`: sorted keys, two spaces, "- " at the parent's indent
  helm,       // Helm's toYaml (sigs.k8s.io/yaml): sorted keys, the same layout
  ordered,    // as kustomize, but members keep their order (for people: kubectl-like output)
};

// One document without a leading "---", ending in a newline.
std::string write_yaml(const Value& value, YamlStyle style = YamlStyle::kustomize);
void append_yaml(std::string& out, const Value& value, YamlStyle style = YamlStyle::kustomize);

}  // namespace weir::value
