#include "api/kube/call.hh"

#include <map>

#include "api/kube/kinds.hh"
#include "engine/value/json.hh"

namespace weir::api::kube {

namespace {

std::string quoted(std::string_view text) {
  return value::write_json(Value(text), {.sort_keys = true, .escape_html = false, .indent = 0});
}

std::string group_kind(const KindInfo& kind) {
  return kind.gvk.group.empty() ? kind.gvk.kind : kind.gvk.kind + "." + kind.gvk.group;
}

}  // namespace

Error not_found(const KindInfo& kind, std::string_view name) {
  return make_error(Code::not_found, kind.group_resource() + " " + quoted(name) + " not found",
                    "NotFound");
}

Error namespace_not_found(Call& call, std::string_view ns) {
  call.failed_kind = "namespaces";
  call.failed_name = ns;
  return make_error(Code::not_found, "namespaces " + quoted(ns) + " not found", "NotFound");
}

Error already_exists(const KindInfo& kind, std::string_view name) {
  return make_error(Code::already_exists,
                    kind.group_resource() + " " + quoted(name) + " already exists",
                    "AlreadyExists");
}

Error write_conflict(const KindInfo& kind, std::string_view name, std::string_view why) {
  return make_error(Code::conflict,
                    "Operation cannot be fulfilled on " + kind.group_resource() + " " +
                        quoted(name) + ": " + std::string(why),
                    "Conflict");
}

Error bad_request(std::string message) {
  return make_error(Code::invalid, std::move(message), "BadRequest");
}

Error invalid(Call& call, std::string_view name, const std::vector<FieldError>& errors) {
  call.causes = Value::array();
  std::string text;
  for (const FieldError& error : errors) {
    if (!text.empty()) text += ", ";
    text += error.field + ": " + error.message;
    call.causes.push_back(Value::object(
        {{"reason", error.reason}, {"message", error.message}, {"field", error.field}}));
  }
  if (errors.size() > 1) text = "[" + text + "]";
  return make_error(Code::invalid,
                    group_kind(*call.kind) + " " + quoted(name) + " is invalid: " + text,
                    "Invalid");
}

Error method_not_allowed() {
  return make_error(Code::unsupported,
                    "the server does not allow this method on the requested resource",
                    "MethodNotAllowed");
}

Error forbidden(const KindInfo& kind, std::string_view name, std::string_view why) {
  return make_error(Code::forbidden,
                    kind.group_resource() + (name.empty() ? "" : " " + quoted(name)) +
                        " is forbidden: " + std::string(why),
                    "Forbidden");
}

Error expired(std::string message) { return make_error(Code::gone, std::move(message), "Expired"); }

int http_status(const Error& error) {
  static const std::map<std::string_view, int> by_reason = {
      {"NotFound", 404},      {"AlreadyExists", 409},    {"Conflict", 409},
      {"Invalid", 422},       {"BadRequest", 400},       {"Unauthorized", 401},
      {"Forbidden", 403},     {"Expired", 410},          {"Gone", 410},
      {"Timeout", 504},       {"MethodNotAllowed", 405}, {"NotAcceptable", 406},
      {"InternalError", 500}, {"TooManyRequests", 429},  {"UnsupportedMediaType", 415}};
  if (const auto found = by_reason.find(error.reason); found != by_reason.end())
    return found->second;
  return 500;
}

Value status_of(const Error& error, const Call& call) {
  const int code = http_status(error);
  Value details = Value::object();
  if (call.kind != nullptr && error.reason != "BadRequest") {
    const bool about_other = !call.failed_kind.empty();
    const std::string name = about_other ? call.failed_name : call.name;
    if (!name.empty()) details.set("name", name);
    if (!about_other && !call.kind->gvk.group.empty()) details.set("group", call.kind->gvk.group);
    details.set("kind", about_other                 ? call.failed_kind
                        : error.reason == "Invalid" ? call.kind->gvk.kind
                                                    : call.kind->plural);
  }
  if (!call.causes.empty()) details.set("causes", call.causes);
  Value status = Value::object({{"kind", "Status"},
                                {"apiVersion", "v1"},
                                {"metadata", Value::object()},
                                {"status", "Failure"},
                                {"message", error.message},
                                {"reason", error.reason.empty() ? "InternalError" : error.reason}});
  if (!details.empty() || error.reason == "NotFound") status.set("details", std::move(details));
  status.set("code", code);
  return status;
}

FieldError required_error(std::string field, std::string_view detail) {
  return {"FieldValueRequired", std::move(field),
          "Required value" + (detail.empty() ? "" : ": " + std::string(detail))};
}

FieldError invalid_error(std::string field, const Value& value, std::string_view detail) {
  return {"FieldValueInvalid", std::move(field),
          "Invalid value: " +
              value::write_json(value, {.sort_keys = true, .escape_html = false, .indent = 0}) +
              (detail.empty() ? "" : ": " + std::string(detail))};
}

}  // namespace weir::api::kube
