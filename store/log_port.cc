#include "store/log_port.hh"

namespace weir::store {

Result<void> EngineLog::append(std::vector<event::Event>& events) {
  if (events.empty()) return {};
  WEIR_TRY(const std::vector<Seq> seqs, log_.append(events));
  for (std::size_t i = 0; i < events.size(); ++i) events[i].seq = seqs[i];
  return {};
}

Result<void> EngineLog::replay(std::uint64_t from,
                               const std::function<bool(const event::Event&)>& visit) const {
  ScanRequest request;
  request.from = from;
  while (true) {
    WEIR_TRY(const EventPage page, log_.scan(request));
    for (const event::Event& event : page.events)
      if (!visit(event)) return {};
    if (!page.next) return {};
    request.from = *page.next;
  }
}

Result<base::Digest> EngineLog::put_blob(std::string_view bytes, bool sealed) {
  return sealed ? blobs_.put_sealed(bytes) : blobs_.put(bytes);
}

Result<std::string> EngineLog::get_blob(const base::Digest& digest) const {
  return blobs_.get(digest);
}

}  // namespace weir::store
