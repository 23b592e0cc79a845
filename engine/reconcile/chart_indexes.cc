#include "engine/reconcile/chart_indexes.hh"

#include <algorithm>

#include "engine/base/limits.hh"

namespace weir::reconcile {
namespace {

Error no_chart() { return make_error(Code::not_found, "no chart name found"); }

}  // namespace

Result<helm::IndexHead> read_index(const Payload& index, bool whole,
                                   const helm::IndexVisitor& visit) {
  if (whole) {
    if (index.size() > base::limits::helm_index_whole_bytes_max)
      return make_error(Code::limit,
                        "the index is no plain list in block style, and larger than "
                        "helm_index_whole_bytes_max");
    WEIR_TRY(const std::string text, index.bytes(base::limits::helm_index_whole_bytes_max));
    return helm::read_whole_index(text, visit);
  }
  helm::IndexReader reader(visit);
  WEIR_CHECK(index.read([&](std::string_view piece) { return reader.feed(piece); }));
  return reader.finish();
}

Result<std::vector<helm::ChartVersion>> ChartIndexes::versions_in(const Payload& index,
                                                                  const std::string& chart) {
  std::vector<helm::ChartVersion> out;
  const auto visit = [&](std::string_view name, const Value& entry) -> Result<void> {
    if (name == chart) out.push_back(helm::read_chart_version(entry));
    return {};
  };
  auto head = read_index(index, false, visit);
  if (!head.ok() && must_be_whole(head.error())) {
    out.clear();
    head = read_index(index, true, visit);
  }
  if (!head.ok()) return std::move(head).error();
  if (out.empty()) return no_chart();
  return out;
}

Result<ChartIndexes::TablePtr> ChartIndexes::table_of(ArtifactPort& artifacts,
                                                      const Artifact& index) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(recent_.begin(), recent_.end(),
                                    [&](const auto& entry) { return entry.first == index.digest; });
    if (found != recent_.end()) {
      recent_.splice(recent_.begin(), recent_, found);
      return found->second;
    }
  }
  auto table = std::make_shared<helm::IndexTable>();
  WEIR_CHECK(artifacts.scan(index.path, index.digest, [&](std::string_view piece) -> Result<void> {
    table->feed(piece);
    return {};
  }));
  WEIR_CHECK(table->finish());
  const std::lock_guard lock(mutex_);
  recent_.emplace_front(index.digest, table);
  if (recent_.size() > tables_max) recent_.pop_back();
  return TablePtr(std::move(table));
}

Result<std::vector<helm::ChartVersion>> ChartIndexes::versions(ArtifactPort& artifacts,
                                                               DownloadPort* download,
                                                               const Artifact& index,
                                                               const std::string& chart) {
  if (index.foreign) {
    DownloadRequest request;
    request.url = index.url;
    request.bytes_max = base::limits::helm_index_bytes_max;
    WEIR_TRY(const PayloadPtr payload, download->download(request));
    return versions_in(*payload, chart);
  }
  WEIR_TRY(const TablePtr table, table_of(artifacts, index));
  const helm::IndexTable::Range* range = table->find(chart);
  if (range == nullptr) return no_chart();
  WEIR_TRY(const std::string bytes, artifacts.read_range(index.path, range->offset, range->size));
  return helm::IndexTable::read(*range, bytes);
}

}  // namespace weir::reconcile
