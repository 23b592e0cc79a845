// Reads the index of a Helm repository in pieces: only the version of a chart that is at hand is in
// memory, whatever the size of the index. Takes YAML as `helm repo index` and its kin write it
// (block style) and JSON.
//
// A chart's name that comes twice is an error, as Helm has it for YAML (of JSON it takes the last).
//
// An index of another shape (flow style, anchors that span charts) is told by an Error with reason
// "IndexShape": the caller may then give the whole text to read_whole_index(). One thread; feed the
// pieces in order, then finish() once.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::helm {

// `entry` is one version of `chart` as the index has it; versions of one chart come one after the
// other. An error ends the reading.
using IndexVisitor = std::function<Result<void>(std::string_view chart, const Value& entry)>;

// What stands beside the entries.
struct IndexHead {
  std::string api_version, generated;
};

class IndexReader {
 public:
  explicit IndexReader(IndexVisitor visit) : visit_(std::move(visit)) {}
  // Errors: invalid, limit (helm_index_entry_bytes_max), and the visitor's.
  Result<void> feed(std::string_view piece);
  Result<IndexHead> finish();

 private:
  enum class Mode : unsigned char { unknown, yaml, json };
  enum class Place : unsigned char {
    root,     // members of the document
    skipped,  // below a member of the document that does not matter
    entries,  // names of charts
    versions  // of one chart
  };

  Result<void> feed_yaml(std::string_view piece);
  Result<void> yaml_line(std::string_view line);
  Result<void> root_line(std::string_view line);
  Result<void> name_line(std::string_view line);
  Result<void> collect(std::string_view line);
  Result<void> begin_chart(std::string name);
  Result<void> flush_item();

  Result<void> feed_json(std::string_view piece);
  Result<void> json_char(char c);
  Result<void> json_open(char c);
  Result<void> json_close();
  void begin_capture(char first, bool text);
  Result<void> json_value_ended();

  Error failure(std::string_view what) const;

  IndexVisitor visit_;
  IndexHead head_;
  Mode mode_ = Mode::unknown;
  Place place_ = Place::root;
  std::string chart_;
  std::unordered_set<std::size_t> names_;  // of the charts so far, hashed
  std::size_t line_ = 0;

  // YAML: what is left of a line, and the item that is being collected.
  std::string rest_;
  std::string item_;
  std::size_t name_indent_ = 0, item_indent_ = 0;
  std::size_t item_line_ = 0;
  bool seen_entries_ = false;

  // JSON: depth of open brackets, and the text that is being collected.
  std::size_t depth_ = 0, capture_depth_ = 0;
  bool in_string_ = false, escaped_ = false, capturing_ = false, capturing_text_ = false;
  bool key_expected_ = false;
  bool ended_ = false;
  std::string text_, key_;
};

// The same for a whole document of any shape. Errors: invalid, limit, and the visitor's.
Result<IndexHead> read_whole_index(std::string_view text, const IndexVisitor& visit);

}  // namespace weir::helm
