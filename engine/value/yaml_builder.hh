// Builds Values from a stream of YAML events: scalar resolution per dialect, anchors and aliases,
// merge keys, duplicate keys, key conversion and every cap. Both event sources (yaml-cpp and our
// own scanner of the plain subset) feed it, so they cannot differ in any of this.
//
// One builder reads one text, in one thread. Every event returns false once something failed;
// then error() says what, and no further event may follow.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/value/key_cache.hh"
#include "engine/value/yaml.hh"
#include "engine/value/yaml_scalar.hh"

namespace weir::value {

// A place in the source; both count from 1.
struct YamlMark {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

// "<file>:<line>:<column>: what", or "line <line>, column <column>: what" without a file.
std::string place_text(std::string_view file, YamlMark mark, std::string_view what);

// What stands before a node. `tag` is the full tag ("tag:yaml.org,2002:int", "!local") or empty.
struct YamlProperties {
  std::string_view tag;
  std::size_t anchor = 0;  // 0: none
  bool in_flow = false;    // the node stands in "[...]" or "{...}"
};

class YamlBuilder {
 public:
  // No text has more nodes than characters, twice over: an event source that makes more has lost
  // its way.
  YamlBuilder(const YamlOptions& options, std::size_t text_bytes);

  // `anchor` numbers come from the event source; the name is for error texts.
  bool scalar(std::string_view text, bool plain, const YamlProperties& properties, YamlMark mark);
  bool alias(std::size_t anchor, std::string_view name, YamlMark mark);
  bool begin_sequence(const YamlProperties& properties, YamlMark mark);
  bool begin_mapping(const YamlProperties& properties, YamlMark mark);
  bool end_collection();
  // In the kustomize dialect: inside the annotations of the document's own metadata.
  bool in_annotations() const;
  // The finished document into `out`; the builder is ready for the next one. Anchors do not outlive
  // a document. False when something in it cannot be decoded that is no matter of syntax.
  bool take_document(Value& out);

  // Stores the failure, with its place, and returns false.
  bool fail(Code code, YamlMark mark, std::string_view what);
  const Error& error() const { return error_; }

 private:
  struct Anchor {
    Value value;
    std::size_t nodes = 0;
    std::size_t height = 0;
    bool done = false;
  };
  struct Frame {
    Value value;  // the array or object being filled
    Value key;
    bool mapping = false;
    bool has_key = false;
    bool merge_key = false;  // the pending key is "<<"
    std::size_t anchor = 0;
    std::size_t nodes_before = 0;
    std::size_t height = 1;
    YamlMark mark;
    YamlMark key_mark;
    std::vector<Value> merges;              // kustomize: applied at the end, explicit keys win
    std::set<std::string, std::less<>> merged_names;  // others: present only by a merge so far
  };

  bool add(Value value, std::size_t height, YamlMark mark);
  void note_place(YamlMark mark);
  bool add_key(std::string_view text, bool plain, const YamlProperties& properties, YamlMark mark);
  bool set_key(Frame& frame, Value key, std::string_view text, YamlMark mark);
  bool set_collection_key(Frame& frame, const Value& key, YamlMark mark);
  bool merges_annotations(Frame& frame, Value& earlier, const Value& value) const;
  bool resolve(std::string_view text, bool plain, const YamlProperties& properties, YamlMark mark,
               Value& out);
  bool resolve_untagged(std::string_view text, bool in_flow, YamlMark mark, Value& out);
  bool begin(Value empty, bool mapping, const YamlProperties& properties, YamlMark mark);
  bool merge_into(Frame& frame, const Value& value, YamlMark mark);
  void merge_map(Frame& frame, const Value& from);
  Anchor& anchor_slot(std::size_t anchor);
  void remember(std::size_t anchor, const Value& value, std::size_t nodes, std::size_t height);

  const YamlOptions options_;
  const bool yaml_1_1_;
  const std::size_t nodes_max_;
  KeyCache keys_;
  std::vector<Frame> frames_;
  std::vector<Anchor> anchors_;
  Value root_;
  std::size_t nodes_ = 0;
  std::size_t alias_nodes_ = 0;
  Error error_;
  std::optional<Error> undecoded_;  // of this document
};

// Begins keys that are lists or maps, which only the kustomize dialect keeps: no text begins so.
inline constexpr char collection_key_mark = '\xFF';

}  // namespace weir::value
