#include "api/audit/instant.hh"

#include <algorithm>
#include <charconv>

#include "api/audit/routes.hh"
#include "engine/base/duration.hh"

namespace weir::api::audit {
namespace {

// Events looked at for a revision: a year of a busy fleet.
constexpr std::size_t examined_max = 5'000'000;

std::optional<store::Seq> parse_number(std::string_view text) {
  store::Seq number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<store::Seq> seq_of_revision(const store::EventLog& log, const std::string& wanted,
                                   std::string_view field, const model::ObjectId* owner) {
  store::ScanRequest scan;
  scan.backward = true;
  scan.examined_max = examined_max;
  scan.filter.type = event::Type::reconcile_finished;
  if (owner != nullptr) scan.filter.owner = *owner;
  while (true) {
    WEIR_TRY(const store::EventPage page, log.scan(scan));
    for (const event::Event& event : page.events)
      if (event.data["status"].get_string() == "ReconciliationSucceeded" &&
          revision_matches(event.data["revision"].get_string(), wanted))
        return event.seq;
    if (!page.next || page.events.empty()) break;
    scan.to = *page.next;
  }
  return make_error(Code::not_found,
                    std::string(field) + ": \"" + wanted +
                        "\" is no time, no event and no revision that was reconciled successfully",
                    std::string(field));
}

}  // namespace

Instant parse_instant(std::string_view text, base::TimeUs now) {
  Instant out;
  out.seq = parse_number(text);
  if (out.seq) return out;
  if (text == "now") out.time = now;
  if (text.starts_with('-')) {
    const auto back = base::parse_duration(text);
    if (back.ok())
      out.time = now + std::chrono::duration_cast<std::chrono::microseconds>(*back).count();
  }
  if (!out.time) {
    const bool date = text.size() == 10 && text[4] == '-' && text[7] == '-';
    const auto time = base::parse_rfc3339(std::string(text) + (date ? "T00:00:00Z" : ""));
    if (time.ok()) out.time = *time;
  }
  if (!out.time) out.revision = text;
  return out;
}

bool revision_matches(std::string_view revision, std::string_view wanted) {
  if (revision.empty() || wanted.empty()) return false;
  if (revision == wanted) return true;
  if (wanted.size() < 4) return false;
  if (revision.starts_with(wanted)) return true;
  const std::size_t colon = revision.rfind(':');
  return colon != std::string_view::npos && revision.substr(colon + 1).starts_with(wanted);
}

namespace {

Result<store::Seq> find_instant(const store::EventLog& log, std::string_view text, base::TimeUs now,
                                std::string_view field, const model::ObjectId* owner) {
  if (text.empty()) return bad_field(field, "a time, a sequence number or a revision is needed");
  const Instant instant = parse_instant(text, now);
  const store::LogHead head = log.head();
  if (instant.seq) {
    if (*instant.seq >= 1 && *instant.seq <= head.seq) return *instant.seq;
    auto revision = seq_of_revision(log, std::string(text), field, owner);
    if (revision.ok()) return revision;
    return make_error(Code::not_found,
                      std::string(field) + ": there is no event " + std::string(text) +
                          "; the last is " + std::to_string(head.seq),
                      std::string(field));
  }
  if (instant.time) {
    WEIR_TRY(const store::Seq seq, log.seq_at(*instant.time));
    if (seq == 0)
      return make_error(
          Code::not_found,
          std::string(field) + ": the log begins after " + base::format_rfc3339(*instant.time),
          std::string(field));
    return seq;
  }
  return seq_of_revision(log, instant.revision, field, owner);
}

}  // namespace

// The state just before the horizon is the oldest that is whole.
Result<store::Seq> resolve_instant(const store::EventLog& log, std::string_view text,
                                   base::TimeUs now, std::string_view field,
                                   const model::ObjectId* owner) {
  WEIR_TRY(const store::Seq seq, find_instant(log, text, now, field, owner));
  WEIR_TRY(const store::Seq horizon, log.retained_from());
  if (seq + 1 >= horizon) return seq;
  return make_error(Code::gone,
                    std::string(field) + ": event " + std::to_string(seq) +
                        " is behind the retention's horizon; the log is whole from event " +
                        std::to_string(horizon) + " on",
                    std::string(field));
}

}  // namespace weir::api::audit
