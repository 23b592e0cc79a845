#include "adapters/kube/watch_decoder.hh"

#include <algorithm>
#include <vector>

#include "adapters/kube/api_error.hh"
#include "engine/base/limits.hh"
#include "engine/value/json.hh"

namespace weir::kube {

using reconcile::WatchEvent;
using reconcile::WatchType;

namespace {

std::string key_of(const Value& object) {
  const Value& metadata = object["metadata"];
  std::string key(metadata["namespace"].get_string());
  key += '/';
  key += metadata["name"].get_string();
  return key;
}

std::uint64_t uid_hash(const Value& object) {
  return std::hash<std::string_view>{}(object.path("metadata", "uid").get_string());
}

WatchEvent event(WatchType type, Value object) {
  WatchEvent out;
  out.type = type;
  out.object = std::move(object);
  return out;
}

// What is left to say of an object that vanished unseen.
Value tombstone(const model::Gvk& gvk, std::string_view key) {
  auto slash = key.find('/');
  Value metadata = Value::object({{"name", key.substr(slash + 1)}});
  if (slash > 0) metadata.set("namespace", key.substr(0, slash));
  return Value::object(
      {{"apiVersion", gvk.api_version()}, {"kind", gvk.kind}, {"metadata", std::move(metadata)}});
}

}  // namespace

void WatchDecoder::begin_list() { listed_.clear(); }

void WatchDecoder::take_page(const ListPage& page, const Emit& emit) {
  for (const Value& object : page.items) {
    std::string key = key_of(object);
    std::uint64_t uid = uid_hash(object);
    listed_.insert(key);
    auto [found, fresh] = known_.try_emplace(key, uid);
    bool replaced = !fresh && found->second != uid;
    found->second = uid;
    if (replaced) emit(event(WatchType::deleted, tombstone(gvk_, key)));
    emit(event(fresh || replaced ? WatchType::added : WatchType::modified, object));
  }
}

void WatchDecoder::end_list(const std::string& resource_version, const Emit& emit) {
  std::vector<std::string> vanished;
  for (const auto& [key, uid] : known_) {
    if (!listed_.contains(key)) vanished.push_back(key);
  }
  std::sort(vanished.begin(), vanished.end());
  for (const std::string& key : vanished) {
    known_.erase(key);
    emit(event(WatchType::deleted, tombstone(gvk_, key)));
  }
  listed_ = {};
  resource_version_ = resource_version;
  emit(event(WatchType::synced, Value()));
}

Result<void> WatchDecoder::take_bytes(std::string_view bytes, const Emit& emit) {
  while (!bytes.empty()) {
    auto end = bytes.find('\n');
    if (end == std::string_view::npos) {
      if (buffer_.size() + bytes.size() > base::limits::watch_line_bytes_max) {
        return make_error(Code::limit, "a watch event is longer than watch_line_bytes_max");
      }
      buffer_ += bytes;
      return {};
    }
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    if (buffer_.empty()) {
      WEIR_CHECK(take_line(line, emit));
      continue;
    }
    buffer_ += line;
    std::string whole = std::move(buffer_);
    buffer_.clear();
    WEIR_CHECK(take_line(whole, emit));
  }
  return {};
}

Result<void> WatchDecoder::take_line(std::string_view line, const Emit& emit) {
  if (line.empty()) return {};
  auto parsed = value::parse_json(line);
  if (!parsed.ok()) {
    return make_error(Code::unavailable, "malformed watch event: " + parsed.error().message);
  }
  std::string_view type = (*parsed)["type"].get_string();
  const Value& object = (*parsed)["object"];
  if (type == "ERROR") return status_error(object);
  if (!object.is_object()) return make_error(Code::unavailable, "malformed watch event: no object");
  std::string_view version = object.path("metadata", "resourceVersion").get_string();
  if (!version.empty()) resource_version_ = version;
  if (type == "BOOKMARK") return {};
  if (type == "ADDED" || type == "MODIFIED") {
    bool fresh = known_.insert_or_assign(key_of(object), uid_hash(object)).second;
    // After a reconnect the server may repeat an ADDED; no object is added twice here.
    emit(event(type == "ADDED" && fresh ? WatchType::added : WatchType::modified, object));
    return {};
  }
  if (type == "DELETED") {
    known_.erase(key_of(object));
    emit(event(WatchType::deleted, object));
    return {};
  }
  return make_error(Code::unavailable, "malformed watch event: unknown type");
}

}  // namespace weir::kube
