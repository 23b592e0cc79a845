#include "engine/helm/stored_index.hh"

#include <algorithm>
#include <optional>

#include "engine/base/semver.hh"
#include "engine/helm/chart.hh"
#include "engine/value/json.hh"

namespace weir::helm {
namespace {

constexpr std::string_view charts_begin = "\"entries\":{\n";
constexpr std::string_view chart_begin = ":[\n", chart_end = "]";

std::string quoted(std::string_view text) {
  return value::write_json(Value(text), {.escape_html = false});
}

// Helm keeps charts whose dependencies repeat a name, and drops every other fault.
bool is_valid_entry(const Value& entry) {
  Metadata metadata;
  if (!metadata.read(entry).ok()) return false;
  if (metadata.api_version.empty()) metadata.api_version = "v1";
  const auto valid = metadata.validate();
  return valid.ok() || valid.error().message.find("more than one dependency") != std::string::npos;
}

}  // namespace

ChartVersion read_chart_version(const Value& entry) {
  ChartVersion out;
  out.name = entry["name"].get_string();
  out.version = entry["version"].get_string();
  out.digest = entry["digest"].get_string();
  out.created = entry["created"].get_string();
  for (const Value& url : entry["urls"].items()) out.urls.emplace_back(url.get_string());
  return out;
}

Result<ChartVersion> select_version(const std::vector<ChartVersion>& versions,
                                    const std::string& chart, const std::string& range) {
  for (const ChartVersion& version : versions)
    if (!range.empty() && version.version == range) return version;
  WEIR_TRY(const auto constraint, base::VersionConstraint::parse(range.empty() ? "*" : range));
  const ChartVersion* best = nullptr;
  base::Version highest;
  for (const ChartVersion& candidate : versions) {
    if (!base::is_version_candidate(candidate.version)) continue;
    auto version = base::Version::parse(candidate.version);
    if (!version.ok() || !constraint.matches(*version)) continue;
    const int order = best == nullptr ? 1 : base::compare(*version, highest);
    if (order < 0 || (order == 0 && candidate.created <= best->created)) continue;
    best = &candidate;
    highest = *std::move(version);
  }
  if (best == nullptr)
    return make_error(Code::not_found,
                      "no '" + chart + "' chart with version matching '" + range + "' found");
  return *best;
}

Result<void> IndexWriter::put(std::string_view text) { return sink_(text); }

Result<void> IndexWriter::open_chart(std::string_view chart) {
  std::string text = entries_ == 0 ? "{" + std::string(charts_begin) : "\n],\n";
  chart_ = chart;
  open_ = true;
  first_ = true;
  return put(text + quoted(chart) + std::string(chart_begin));
}

Result<void> IndexWriter::add(std::string_view chart, const Value& entry) {
  if (!is_valid_entry(entry)) return {};
  if (!open_ || chart_ != chart) WEIR_CHECK(open_chart(chart));
  ++entries_;
  std::string text = first_ ? "" : ",\n";
  first_ = false;
  value::append_json(text, entry, {.escape_html = false});
  return put(text);
}

Result<void> IndexWriter::finish(const IndexHead& head) {
  std::string text = open_ ? "\n]\n" : "{" + std::string(charts_begin);
  text.append("},\"apiVersion\":").append(quoted(head.api_version));
  if (!head.generated.empty()) text.append(",\"generated\":").append(quoted(head.generated));
  return put(text.append("}\n"));
}

void IndexTable::line(std::string_view text) {
  const std::uint64_t begin = offset_;
  offset_ += text.size() + 1;
  if (text.starts_with('"') && text.ends_with(":[")) {
    auto name = value::parse_json(text.substr(0, text.size() - 2));
    open_ = nullptr;
    if (!name.ok()) return;
    // A name that comes twice keeps the versions that came first.
    const auto [at, fresh] = ranges_.try_emplace(std::string(name->get_string()));
    if (!fresh) return;
    open_ = &at->second;
    open_->offset = offset_;
    hash_ = std::make_unique<base::Sha256>();
  } else if (text.starts_with(chart_end) && open_ != nullptr) {
    open_->size = begin - open_->offset;
    open_->digest = hash_->finish();
    open_ = nullptr;
  } else if (open_ != nullptr) {
    hash_->update(text);
    hash_->update("\n");
  } else if (text.starts_with('}')) {
    ended_ = true;
  }
}

void IndexTable::feed(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    if (end == std::string_view::npos) {
      rest_.append(piece);
      return;
    }
    if (rest_.empty()) {
      line(piece.substr(0, end));
    } else {
      rest_.append(piece.substr(0, end));
      line(rest_);
      rest_.clear();
    }
    piece.remove_prefix(end + 1);
  }
}

Result<void> IndexTable::finish() {
  if (ended_ && rest_.empty() && open_ == nullptr) return {};
  return make_error(Code::corrupt, "the stored index is not as it was written");
}

const IndexTable::Range* IndexTable::find(std::string_view chart) const {
  const auto found = ranges_.find(chart);
  return found == ranges_.end() ? nullptr : &found->second;
}

Result<std::vector<ChartVersion>> IndexTable::read(const Range& range, std::string_view bytes) {
  if (base::sha256(bytes) != range.digest)
    return make_error(Code::corrupt, "the stored index is not as it was written");
  auto list = value::parse_json("[" + std::string(bytes) + "]");
  if (!list.ok()) return make_error(Code::corrupt, "the stored index is not as it was written");
  std::vector<ChartVersion> out;
  for (const Value& entry : list->items()) out.push_back(read_chart_version(entry));
  return out;
}

}  // namespace weir::helm
