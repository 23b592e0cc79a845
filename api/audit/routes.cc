#include "api/audit/routes.hh"

#include <charconv>

#include "engine/value/json.hh"

namespace weir::api::audit {
namespace {

#define WEIR_OBJECT "/weir/v1/objects/{kind}/{namespace}/{name}"

const std::vector<Route>& table() {
  static const std::vector<Route> routes = {
      {"GET",
       "/weir/v1/events",
       Access::read,
       {"kind", "namespace", "name", "type", "since", "until", "actor", "owner", "reconcileID",
        "limit", "cursor", "order", "follow"},
       list_events},
      {"GET", "/weir/v1/events/{seq}", Access::read, {}, get_event},
      {"GET", "/weir/v1/events/{seq}/proof", Access::read, {}, event_proof},
      {"GET",
       "/weir/v1/archive",
       Access::read,
       {"kind", "namespace", "name", "type", "since", "until", "actor", "owner", "reconcileID",
        "limit", "cursor", "order", "size"},
       archive_page},
      {"GET", "/weir/v1/ledger", Access::read, {}, ledger_summary},
      {"GET", "/weir/v1/ledger/checkpoint", Access::read, {}, ledger_checkpoint},
      {"GET", "/weir/v1/ledger/consistency", Access::read, {"from", "to"}, ledger_consistency},
      {"GET", "/weir/v1/ledger/tile/{tile...}", Access::read, {}, ledger_tile},
      {"GET", WEIR_OBJECT "/history", Access::read, {"limit", "cursor"}, object_history},
      {"GET", WEIR_OBJECT "/at", Access::read, {"time", "seq", "at", "side"}, object_at},
      {"GET", WEIR_OBJECT "/diff", Access::read, {"from", "to", "side"}, object_diff},
      {"GET", WEIR_OBJECT "/blame", Access::read, {"field", "at"}, object_blame},
      {"GET", WEIR_OBJECT "/why", Access::read, {"at"}, object_why},
      {"GET", "/weir/v1/incidents", Access::read, {"since"}, list_incidents},
      {"GET",
       "/weir/v1/state",
       Access::read,
       {"at", "kind", "namespace", "owner", "side"},
       cluster_state},
      {"GET",
       "/weir/v1/diff",
       Access::read,
       {"from", "to", "kind", "namespace", "owner", "side"},
       cluster_diff},
      {"GET",
       "/weir/v1/reconciles",
       Access::read,
       {"kind", "namespace", "name", "limit"},
       list_reconciles},
      {"POST", "/weir/v1/rollback", Access::write, {}, post_rollback},
      {"POST", "/weir/v1/unpin", Access::write, {}, post_unpin},
      {"POST", "/weir/v1/release", Access::write, {}, post_release},
      {"POST", "/weir/v1/undo", Access::write, {}, post_undo},
      {"GET", "/weir/v1/verify", Access::read, {"publicKey", "checkpoint"}, verify_log},
      {"POST", "/weir/v1/verify", Access::read, {"publicKey", "checkpoint"}, verify_log},
      {"POST", "/weir/v1/backup", Access::write, {}, post_backup},
      {"GET", "/weir/v1/checkpoint/head", Access::read, {}, checkpoint_head},
      {"GET", "/weir/v1/summary", Access::read, {}, owner_summary},
      {"GET", "/weir/v1/openapi.yaml", Access::read, {}, openapi},
      {"GET", "/weir/v1/health", Access::read, {}, health},
      {"GET", "/metrics", Access::read, {}, metrics_text},
      {"GET", "/healthz", Access::open, {}, liveness},
      {"GET", "/readyz", Access::open, {}, health},
  };
  return routes;
}

#undef WEIR_OBJECT

constexpr struct {
  Code code;
  int status;
} statuses[] = {
    {Code::invalid, 400},      {Code::unauthorized, 401}, {Code::forbidden, 403},
    {Code::not_found, 404},    {Code::conflict, 409},     {Code::already_exists, 409},
    {Code::gone, 410},         {Code::limit, 413},        {Code::rate_limited, 429},
    {Code::unsupported, 501},  {Code::unavailable, 503},  {Code::cancelled, 503},
    {Code::timeout, 504},
};

}  // namespace

std::span<const Route> routes() { return table(); }

Error bad_field(std::string_view field, std::string message) {
  return make_error(Code::invalid, std::string(field) + ": " + std::move(message),
                    std::string(field));
}

std::string_view Call::parameter(std::string_view name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string_view() : std::string_view(found->second);
}

Result<std::size_t> Call::count(std::string_view name, std::size_t fallback,
                                std::size_t max) const {
  const std::string_view text = parameter(name);
  if (text.empty()) return fallback;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0 || number > max)
    return bad_field(name, "\"" + std::string(text) + "\" is no number from 1 to " +
                               std::to_string(max));
  return number;
}

Result<bool> Call::flag(std::string_view name) const {
  const auto word = one_of(name, {"", "true", "false"});
  if (!word.ok()) return word.error();
  return *word == "true";
}

Result<std::string> Call::one_of(std::string_view name,
                                 std::vector<std::string_view> words) const {
  const std::string_view text = parameter(name);
  std::string list;
  for (const std::string_view word : words) {
    if (text == word) return std::string(text);
    if (!word.empty()) list += (list.empty() ? "" : ", ") + std::string(word);
  }
  return bad_field(name, "\"" + std::string(text) + "\" is none of " + list);
}

kube::Response json_response(const Value& body, int status) {
  kube::Response response;
  response.status = status;
  response.body =
      value::write_json(body, {.sort_keys = false, .escape_html = false, .indent = 0}) + "\n";
  return response;
}

kube::Response error_response(const Error& error) {
  int status = 500;
  for (const auto& entry : statuses)
    if (entry.code == error.code) status = entry.status;
  Value body = Value::object(
      {{"code", base::code_name(error.code)}, {"message", error.message}});
  if (error.code == Code::invalid && !error.reason.empty()) body.set("field", error.reason);
  kube::Response response = json_response(body, status);
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"weir\"");
  return response;
}

}  // namespace weir::api::audit
