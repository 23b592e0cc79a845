// What a watch has seen and says: lines of a watch stream and pages of its lists become
// WatchEvents.
//
// No I/O, no threads: the reactor feeds it. It remembers the uid of each object by name (not the
// objects), so that a re-list can report those that vanished.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "adapters/kube/lister.hh"
#include "engine/reconcile/kube_port.hh"

namespace weir::kube {

class WatchDecoder {
 public:
  using Emit = std::function<void(reconcile::WatchEvent)>;
  explicit WatchDecoder(model::Gvk gvk) : gvk_(std::move(gvk)) {}

  // A list begins (again): what was seen in an unfinished one is forgotten.
  void begin_list();
  // One page: added for new objects, modified for those already known; deleted and added for one
  // that was replaced by another of its name.
  void take_page(const ListPage& page, const Emit& emit);
  // The list is complete: deleted (apiVersion, kind, name and namespace only) for what it lacks,
  // then synced.
  void end_list(const std::string& resource_version, const Emit& emit);

  // Bytes of the stream; whole lines become events. Errors: gone (list again), the API's own (an
  // ERROR event), unavailable (a line that is no watch event), limit (a line above
  // watch_line_bytes_max).
  Result<void> take_bytes(std::string_view bytes, const Emit& emit);
  // A connection begins: half a line of the last one is dropped.
  void begin_stream() { buffer_.clear(); }

  // Where a new connection goes on: the last object's or bookmark's. "" before the first list.
  const std::string& resource_version() const { return resource_version_; }
  std::size_t known() const { return known_.size(); }

 private:
  Result<void> take_line(std::string_view line, const Emit& emit);

  model::Gvk gvk_;
  std::string resource_version_;
  std::string buffer_;
  std::unordered_map<std::string, std::uint64_t> known_;  // "namespace/name" -> hash of its uid
  std::unordered_set<std::string> listed_;
};

}  // namespace weir::kube
