// Events: one, a page, or a stream of them.
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "api/audit/event_query.hh"
#include "api/audit/instant.hh"
#include "api/audit/kinds.hh"
#include "api/audit/routes.hh"
#include "engine/value/json.hh"

namespace weir::api::audit {
namespace {

constexpr std::size_t page_max = 10'000;
constexpr std::size_t page_examined_max = 1'000'000;
constexpr std::size_t stream_page = 500;
constexpr auto heartbeat = std::chrono::seconds(15);

Result<store::Seq> parse_seq(std::string_view text, std::string_view field) {
  store::Seq seq = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return bad_field(field, "\"" + std::string(text) + "\" is no sequence number");
  return seq;
}

Result<void> bound(const Call& call, std::string_view field, store::Seq& seq,
                   std::optional<base::TimeUs>& time) {
  const std::string_view text = call.parameter(field);
  if (text.empty()) return {};
  const Instant instant = parse_instant(text, call.now());
  time = instant.time;
  if (instant.time) return {};
  WEIR_TRY(seq, resolve_instant(call.log(), text, call.now(), field));
  return {};
}

}  // namespace

Result<store::ScanRequest> read_scan(const Call& call) {
  store::ScanRequest scan;
  scan.examined_max = page_examined_max;
  store::EventFilter& filter = scan.filter;
  WEIR_TRY(scan.limit, call.count("limit", 100, page_max));
  if (const auto text = call.parameter("kind"); !text.empty()) {
    WEIR_TRY(const model::Gvk gvk, resolve_kind(call.log(), text, "kind"));
    filter.kind = gvk.kind;
    filter.group = gvk.group;
  }
  if (const auto text = call.parameter("namespace"); !text.empty())
    filter.ns = text == "-" ? "" : std::string(text);
  if (const auto text = call.parameter("name"); !text.empty()) filter.name = text;
  if (const auto text = call.parameter("actor"); !text.empty()) filter.actor = text;
  if (const auto text = call.parameter("reconcileID"); !text.empty()) filter.reconcile_id = text;
  if (std::string_view text = call.parameter("type"); !text.empty()) {
    if (text.starts_with("weir.")) text.remove_prefix(5);
    auto type = event::parse_type(text);
    if (!type.ok()) return bad_field("type", type.error().message);
    filter.type = *type;
  }
  if (const auto text = call.parameter("owner"); !text.empty()) {
    WEIR_TRY(filter.owner, parse_owner(call.log(), text, "owner"));
  }
  WEIR_CHECK(bound(call, "since", scan.from, filter.since));
  WEIR_CHECK(bound(call, "until", scan.to, filter.until));
  WEIR_TRY(const std::string order, call.one_of("order", {"", "asc", "desc"}));
  scan.backward = order == "desc";
  if (const auto text = call.parameter("cursor"); !text.empty()) {
    WEIR_TRY(const store::Seq cursor, parse_seq(text, "cursor"));
    if (scan.backward)
      scan.to = std::min(scan.to, cursor);
    else
      scan.from = std::max(scan.from, cursor);
  }
  return scan;
}

namespace {

// Reads the log on a thread of its own, woken by each append; the log keeps what a slow reader has
// not seen yet.
class EventStream final : public kube::Stream {
 public:
  EventStream(AuditApi& api, store::ScanRequest scan, kube::StreamSink sink,
              std::function<void()> end)
      : api_(api),
        log_(*api.options().log),
        scan_(std::move(scan)),
        sink_(std::move(sink)),
        end_(std::move(end)) {
    subscription_ = log_.subscribe([this](const auto&) {
      const std::lock_guard lock(mutex_);
      fresh_ = true;
      wake_.notify_one();
    });
    thread_ = std::thread([this] { run(); });
  }

  ~EventStream() override {
    subscription_ = {};
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    --api_.stream_count();
  }

 private:
  void run() {
    while (send_fresh()) {
      std::unique_lock lock(mutex_);
      const bool woken = wake_.wait_for(lock, heartbeat, [this] { return fresh_ || stopping_; });
      if (stopping_) return;
      fresh_ = false;
      lock.unlock();
      if (!woken && !sink_(": keep-alive\n\n")) return;
    }
    end_();
  }

  // Everything up to the head; false once the reader is gone or the log is damaged.
  bool send_fresh() {
    while (true) {
      const auto page = log_.scan(scan_);
      if (!page.ok()) {
        sink_("event: error\ndata: " + error_response(page.error()).body + "\n");
        return false;
      }
      std::string text;
      for (const event::Event& event : page->events) {
        text += "id: " + std::to_string(event.seq) + "\nevent: weir." +
                std::string(event::type_name(event.type)) +
                "\ndata: " + value::write_json(event::to_cloud_event(event)) + "\n\n";
        scan_.from = event.seq + 1;
      }
      if (!text.empty() && !sink_(std::move(text))) return false;
      if (!page->next) return true;
      scan_.from = *page->next;
      const std::lock_guard lock(mutex_);
      if (stopping_) return false;
    }
  }

  AuditApi& api_;
  store::EventLog& log_;
  store::ScanRequest scan_;
  kube::StreamSink sink_;
  std::function<void()> end_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool fresh_ = false, stopping_ = false;
  store::EventLog::Subscription subscription_;
  std::thread thread_;
};

Result<kube::Response> stream_events(const Call& call, store::ScanRequest scan) {
  if (scan.backward) return bad_field("order", "a stream is in ascending order");
  // From where the reader stopped, from `since`, else only what comes.
  if (const auto last = call.request.header("Last-Event-ID"); !last.empty()) {
    WEIR_TRY(const store::Seq seq, parse_seq(last, "Last-Event-ID"));
    scan.from = seq + 1;
  } else if (call.parameter("since").empty() && call.parameter("cursor").empty()) {
    scan.from = call.log().head().seq + 1;
  }
  scan.limit = stream_page;
  if (++call.api.stream_count() > stream_count_max) {
    --call.api.stream_count();
    return make_error(Code::rate_limited,
                      "there are " + std::to_string(stream_count_max) + " event streams already");
  }
  kube::Response response;
  response.content_type = "text/event-stream";
  response.stream = [&api = call.api, scan](kube::StreamSink sink, std::function<void()> end) {
    return std::make_unique<EventStream>(api, scan, std::move(sink), std::move(end));
  };
  return response;
}

}  // namespace

Result<kube::Response> list_events(const Call& call) {
  WEIR_TRY(const store::ScanRequest scan, read_scan(call));
  WEIR_TRY(const bool follow, call.flag("follow"));
  const bool asked =
      call.request.header("Accept").find("text/event-stream") != std::string_view::npos;
  if (follow || asked) return stream_events(call, scan);
  WEIR_TRY(const store::EventPage page, call.log().scan(scan));
  Value items = Value::array();
  for (const event::Event& event : page.events) items.push_back(event::to_cloud_event(event));
  Value body = Value::object({{"items", std::move(items)}});
  if (page.next) body.set("cursor", std::to_string(*page.next));
  return json_response(body);
}

Result<kube::Response> get_event(const Call& call) {
  WEIR_TRY(const store::Seq seq, parse_seq(call.path.find("seq")->second, "seq"));
  auto event = call.log().read(seq);
  if (!event.ok() && event.error().code == Code::not_found)
    return make_error(Code::not_found, "there is no event " + std::to_string(seq) +
                                           "; the last is " +
                                           std::to_string(call.log().head().seq));
  if (!event.ok()) return std::move(event).error();
  return json_response(event::to_cloud_event(*event));
}

}  // namespace weir::api::audit
