// The index of a Helm repository as weir keeps it: JSON, one version of a chart on a line, so that
// the versions of one chart are found and read without the rest. Invalid entries are left out.
//
// IndexWriter: one thread. IndexTable: immutable once made; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.hh"
#include "engine/base/result.hh"
#include "engine/helm/index_reader.hh"

namespace weir::helm {

// One version of a chart, as far as choosing and downloading need it.
struct ChartVersion {
  std::string name, version;
  std::vector<std::string> urls;
  std::string digest;   // "sha256" hex of the package, or ""
  std::string created;  // RFC 3339, or ""
};
// Absent or wrong members are "".
ChartVersion read_chart_version(const Value& entry);

// Which version a range stands for: the very text first, else the highest in the range, of equal
// ones the one created last. "" and "*": the latest that is no prerelease. Error: not_found, `no
// 'x' chart with version matching '1.*' found`; invalid.
Result<ChartVersion> select_version(const std::vector<ChartVersion>& versions,
                                    const std::string& chart, const std::string& range);

class IndexWriter {
 public:
  using Sink = std::function<Result<void>(std::string_view)>;
  explicit IndexWriter(Sink sink) : sink_(std::move(sink)) {}
  // Versions of one chart must come one after the other. Errors: the sink's.
  Result<void> add(std::string_view chart, const Value& entry);
  Result<void> finish(const IndexHead& head);
  std::size_t entries() const { return entries_; }

 private:
  Result<void> put(std::string_view text);
  Result<void> open_chart(std::string_view chart);

  Sink sink_;
  std::string chart_;
  bool open_ = false, first_ = true;
  std::size_t entries_ = 0;
};

// Where each chart's versions stand in a stored index.
class IndexTable {
 public:
  struct Range {
    std::uint64_t offset = 0, size = 0;  // of the lines between "name":[ and ]
    base::Digest digest;                 // of them
  };
  // Bytes in order, then finish().
  void feed(std::string_view piece);
  // Error: corrupt (not written by IndexWriter).
  Result<void> finish();
  // Nothing when the index has no such chart.
  const Range* find(std::string_view chart) const;
  // The versions in the bytes of a range. Error: corrupt (other bytes than were there).
  static Result<std::vector<ChartVersion>> read(const Range& range, std::string_view bytes);

 private:
  void line(std::string_view text);

  std::map<std::string, Range, std::less<>> ranges_;
  std::uint64_t offset_ = 0;
  std::string rest_;
  Range* open_ = nullptr;
  std::unique_ptr<base::Sha256> hash_;  // of the open range
  bool ended_ = false;
};

}  // namespace weir::helm
