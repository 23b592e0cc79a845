// The log's own health, and the process's.
#include <dirent.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>

#include "api/audit/routes.hh"
#include "api/audit/views.hh"
#include "engine/value/json.hh"
#include "store/backup.hh"
#include "store/ledger_verify.hh"
#include "store/projections/owners.hh"
#include "store/verify.hh"

namespace weir::api::audit {
namespace {

struct Verified {
  store::VerifyReport log;
  store::LedgerReport ledger;
};

Value finding_view(const store::Finding& finding) {
  return Value::object({{"seq", finding.seq}, {"what", finding.what}});
}

Value ledger_view(const store::LedgerReport& report) {
  Value out = Value::object({{"signedEvents", report.signed_size},
                             {"checkpoints", report.checkpoints},
                             {"keyChanges", report.rotations}});
  if (!report.public_key.empty()) out.set("publicKey", report.public_key);
  return out;
}

Value verify_view(const Verified& verified) {
  const store::VerifyReport& report = verified.log;
  Value out = Value::object({{"ok", report.clean() && !verified.ledger.first},
                             {"events", report.events},
                             {"indexRows", report.index_rows},
                             {"projectionRows", report.projection_rows},
                             {"blobs", report.blobs},
                             {"sealedBlobs", report.sealed_blobs},
                             {"prunedBlobs", report.pruned_blobs},
                             {"root", report.root.hex()}});
  out.set("ledger", ledger_view(verified.ledger));
  if (!report.cuts.empty()) {
    Value cuts = Value::array();
    for (const store::Finding& cut : report.cuts) cuts.push_back(finding_view(cut));
    out.set("cuts", std::move(cuts));
  }
  if (report.first) {
    out.set("first", finding_view(*report.first));
  } else if (verified.ledger.first) {
    out.set("first", finding_view(*verified.ledger.first));
  }
  return out;
}

// A view of its own, so that what is appended meanwhile is no finding. Opening may meet files that
// the running database has just merged away; it is then tried again.
Result<Verified> verify_store(const AuditOptions& options, const store::Kv& kv,
                              const store::LedgerTrust& trust) {
  Verified out;
  WEIR_TRY(out.log, store::verify(kv, *options.blobs));
  if (out.log.clean()) {
    WEIR_TRY(out.ledger, store::verify_ledger(kv, trust));
  }
  return out;
}

// What was written behind the last event that can be read, and cannot. A write that is on its way
// looks so too, for a moment.
std::optional<store::Finding> check_end(const std::string& database, std::uint64_t events) {
  Result<void> whole;
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    whole = store::check_write_ahead_log(database);
    if (whole.ok()) return std::nullopt;
  }
  return store::Finding{events + 1, "behind event " + std::to_string(events) + " " +
                                        whole.error().message +
                                        "; a checkpoint that was copied out tells whether "
                                        "anything is lost (--checkpoint)"};
}

Result<Verified> verify_database(const AuditOptions& options, const store::LedgerTrust& trust) {
  if (options.database.empty()) return verify_store(options, options.log->kv(), trust);
  Result<std::unique_ptr<store::Kv>> kv = make_error(Code::io, "not opened");
  for (int attempt = 0; attempt < 5 && !kv.ok(); ++attempt)
    kv = store::open_rocks({.directory = options.database, .read_only = true});
  if (!kv.ok()) return std::move(kv).error();
  WEIR_TRY(Verified out, verify_store(options, **kv, trust));
  if (out.log.clean() && !out.ledger.first)
    out.log.first = check_end(options.database, out.log.events);
  return out;
}

std::int64_t resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  long total = 0, resident = 0;
  const int read = std::fscanf(file, "%ld %ld", &total, &resident);
  std::fclose(file);
  return read == 2 ? resident * ::sysconf(_SC_PAGESIZE) : 0;
}

std::int64_t open_files() {
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  std::int64_t count = -3;  // ".", "..", and the one just opened
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

void append_metric(std::string& out, std::string_view type, std::string_view name,
                   std::string_view help, std::int64_t value) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name);
  out.append(" ").append(type).append("\n");
  out.append(name).append(" ").append(std::to_string(value)).append("\n");
}

void append_gauge(std::string& out, std::string_view name, std::string_view help,
                  std::int64_t value) {
  append_metric(out, "gauge", name, help, value);
}

kube::Response text_response(std::string body, std::string type) {
  kube::Response response;
  response.content_type = std::move(type);
  response.body = std::move(body);
  return response;
}

}  // namespace

std::string AuditApi::metrics() const {
  std::string out;
  if (options_.engine != nullptr)
    out = options_.engine->metrics().exposition() + options_.engine->delivery().exposition();
  if (!out.empty() && out.back() != '\n') out.push_back('\n');
  const store::LogHead head = options_.log->head();
  append_gauge(out, "weir_log_head_seq", "Sequence number of the last event.",
               static_cast<std::int64_t>(head.seq));
  append_gauge(out, "weir_log_head_timestamp_seconds", "Time of the last event.",
               head.time / 1'000'000);
  const store::KvActivity activity = options_.log->kv().activity();
  append_metric(out, "counter", "weir_log_compactions_total", "Compactions of the log's files.",
                static_cast<std::int64_t>(activity.compactions));
  append_metric(out, "counter", "weir_log_write_stalls_total",
                "Times that appends were held up for compactions.",
                static_cast<std::int64_t>(activity.write_stalls));
  const std::pair<const char*, std::uint64_t> memory[] = {{"buffers", activity.buffer_bytes},
                                                          {"cache", activity.cache_bytes},
                                                          {"tables", activity.table_bytes}};
  out += "# HELP weir_log_memory_bytes Memory that the log's database holds.\n"
         "# TYPE weir_log_memory_bytes gauge\n";
  for (const auto& [part, bytes] : memory)
    out.append("weir_log_memory_bytes{part=\"").append(part).append("\"} ").append(
        std::to_string(bytes) + "\n");
  append_gauge(out, "weir_event_streams", "Open event streams.", stream_count_.load());
  append_gauge(out, "process_resident_memory_bytes", "Resident memory size in bytes.",
               resident_bytes());
  append_gauge(out, "process_open_fds", "Number of open file descriptors.", open_files());
  return out;
}

Result<kube::Response> verify_log(const Call& call) {
  store::LedgerTrust trust;
  if (const auto text = call.parameter("publicKey"); !text.empty()) {
    auto key = store::VerifierKey::parse(text);
    if (!key.ok()) return bad_field("publicKey", key.error().message);
    trust.key = std::move(*key);
  }
  if (const auto text = call.parameter("checkpoint"); !text.empty())
    trust.witnessed.emplace_back(text);
  WEIR_TRY(const Verified verified, verify_database(call.api.options(), trust));
  return json_response(verify_view(verified));
}

// On the server's own disk: only who may give orders may say where.
Result<kube::Response> post_backup(const Call& call) {
  const auto body = value::parse_json(call.request.body);
  if (!body.ok() || !body->is_object()) return bad_field("body", "is no JSON object");
  const std::string target((*body)["directory"].get_string());
  if (!target.starts_with('/')) return bad_field("directory", "an absolute path is needed");
  const std::string& database = call.api.options().database;
  constexpr std::string_view log = "/log";
  if (!std::string_view(database).ends_with(log))
    return make_error(Code::unsupported, "this weir has no data directory");
  const std::string directory = database.substr(0, database.size() - log.size());
  const bool keys = (*body)["keys"].get_bool();
  WEIR_CHECK(store::make_backup(call.log().kv(), directory, target, keys));
  return json_response(
      Value::object({{"directory", target}, {"keys", keys}, {"head", call.log().head().seq}}));
}

Result<kube::Response> checkpoint_head(const Call& call) {
  const store::LogHead head = call.log().head();
  Value body = Value::object({{"size", head.seq}, {"root", head.root.hex()}});
  if (head.seq != 0) {
    body.set("leaf", head.leaf.hex());
    body.set("time", base::format_rfc3339_micro(head.time));
  }
  return json_response(body);
}

Result<kube::Response> owner_summary(const Call& call) {
  Value items = Value::array();
  if (reconcile::Engine* engine = call.api.options().engine) {
    for (const reconcile::OwnerSummary& owner : engine->summary()) {
      Value item = id_view(owner.id);
      item.set("ready", owner.ready);
      item.set("reason", owner.reason);
      item.set("message", owner.message);
      item.set("revision", owner.revision);
      item.set("running", owner.running);
      item.set("suspended", owner.suspended);
      items.push_back(std::move(item));
    }
  } else {
    WEIR_TRY(const auto results, store::projections::last_results(call.log().kv()));
    for (const auto& result : results) {
      Value item = id_view(result.owner);
      item.set("reason", result.reason.empty() ? result.status : result.reason);
      item.set("message", result.message);
      item.set("revision", result.revision);
      item.set("seq", result.seq);
      item.set("time", base::format_rfc3339_micro(result.time));
      items.push_back(std::move(item));
    }
  }
  return json_response(Value::object({{"items", std::move(items)}}));
}

Result<kube::Response> openapi(const Call&) {
  return text_response(std::string(openapi_document()), "application/yaml");
}

Result<kube::Response> health(const Call& call) {
  const AuditOptions& options = call.api.options();
  const std::string trouble = options.engine == nullptr ? "" : options.engine->trouble();
  Value body = Value::object({{"status", trouble.empty() ? "ok" : "degraded"},
                              {"engine", options.engine != nullptr},
                              {"head", call.log().head().seq}});
  if (!trouble.empty()) body.set("message", trouble);
  return json_response(body, trouble.empty() ? 200 : 503);
}

Result<kube::Response> liveness(const Call&) {
  return text_response("ok", "text/plain; charset=utf-8");
}

Result<kube::Response> metrics_text(const Call& call) {
  return text_response(call.api.metrics(), "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace weir::api::audit
