#include "adapters/kube/api_error.hh"

#include <algorithm>
#include <charconv>

#include "engine/base/digest.hh"
#include "engine/value/json.hh"

namespace weir::kube {

namespace {

struct Known {
  int status;
  Code code;
  std::string_view reason;
  std::string_view message;  // client-go's, for answers without a Status body
};

constexpr Known known[] = {
    {400, Code::invalid, "BadRequest", "the server rejected our request for an unknown reason"},
    {401, Code::unauthorized, "Unauthorized",
     "the server has asked for the client to provide credentials"},
    {403, Code::forbidden, "Forbidden",
     "the server does not allow access to the requested resource"},
    {404, Code::not_found, "NotFound", "the server could not find the requested resource"},
    {405, Code::unsupported, "MethodNotAllowed",
     "the server does not allow this method on the requested resource"},
    {406, Code::unsupported, "NotAcceptable",
     "the server was unable to respond with a content type "
     "that the client supports"},
    {409, Code::conflict, "Conflict", "the server reported a conflict"},
    {410, Code::gone, "Gone", "the server no longer has the requested resource version"},
    {413, Code::limit, "RequestEntityTooLarge", "the request is too large for the server"},
    {415, Code::unsupported, "UnsupportedMediaType",
     "the body of the request was in an unknown format"},
    {422, Code::invalid, "Invalid",
     "the server rejected our request due to an error in our request"},
    {429, Code::rate_limited, "TooManyRequests",
     "the server has received too many requests and has asked us to try again later"},
    {500, Code::unavailable, "InternalError", ""},
    {503, Code::unavailable, "ServiceUnavailable",
     "the server is currently unable to handle the request"},
    {504, Code::timeout, "Timeout",
     "the server was unable to return a response in the time allotted, but may still be processing "
     "the request"},
};

Known classify(int status) {
  for (const Known& entry : known) {
    if (entry.status == status) return entry;
  }
  if (status >= 500) return {status, Code::unavailable, "InternalError", ""};
  return {status, Code::invalid, "Unknown", "the server responded with an unexpected status"};
}

// Only reasons that tell more than the HTTP status does.
Code code_of(int status, std::string_view reason) {
  if (reason == "AlreadyExists") return Code::already_exists;
  if (reason == "Expired" || reason == "Gone") return Code::gone;
  if (reason == "Timeout") return Code::timeout;
  return classify(status).code;
}

std::optional<Value> as_status(std::string_view body) {
  if (body.empty() || body.front() != '{') return std::nullopt;
  auto parsed = value::parse_json(body);
  if (!parsed.ok() || (*parsed)["kind"].get_string() != "Status") return std::nullopt;
  return std::move(parsed).value();
}

// A proxy's page in an error text: one line, short.
std::string excerpt(std::string_view body) {
  std::string out(body.substr(0, 200));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

void replace_all(std::string& text, std::string_view what) {
  // Short values ("1", "true") would tear innocent words apart and are no secrets.
  if (what.size() < 4) return;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 3)) {
    text.replace(at, what.size(), "***");
  }
}

}  // namespace

Error status_error(const Value& status) {
  int code = static_cast<int>(status["code"].get_int(500));
  std::string reason(status["reason"].get_string());
  std::string message(status["message"].get_string());
  if (reason.empty()) reason = classify(code).reason;
  if (message.empty()) message = "the server answered " + std::to_string(code) + " " + reason;
  Code kind = code_of(code, reason);
  return make_error(kind, std::move(message), std::move(reason));
}

Error api_error(int http_status, std::string_view body, std::string_view request) {
  if (auto status = as_status(body)) {
    if (!status->contains("code")) status->set("code", http_status);
    return status_error(*status);
  }
  Known entry = classify(http_status);
  std::string message(entry.message);
  if (message.empty()) {
    message = "an error on the server (\"" + excerpt(body) +
              "\") has prevented the request from "
              "succeeding";
  }
  if (!request.empty()) message += " (" + std::string(request) + ")";
  return make_error(entry.code, std::move(message), std::string(entry.reason));
}

std::optional<int> retry_after_seconds(const net::Headers& headers, std::string_view body) {
  if (const std::string* text = net::find_header(headers, "Retry-After")) {
    int seconds = 0;
    auto parsed = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (parsed.ec == std::errc() && seconds >= 0) return seconds;
  }
  if (auto status = as_status(body)) {
    std::int64_t seconds = status->path("details", "retryAfterSeconds").get_int(0);
    if (seconds > 0) return static_cast<int>(std::min<std::int64_t>(seconds, 3600));
  }
  return std::nullopt;
}

bool is_leader_change(int http_status, std::string_view body) {
  if (http_status != 500) return false;
  return body.find("etcdserver: leader changed") != std::string_view::npos ||
         body.find("raft proposal dropped") != std::string_view::npos;
}

std::string mask_secret_values(std::string text, const Value& secret) {
  for (const value::Member& member : secret["data"].members()) {
    std::string_view encoded = member.value.get_string();
    replace_all(text, encoded);
    auto decoded = base::base64_decode(encoded);
    if (decoded.ok()) replace_all(text, *decoded);
  }
  for (const value::Member& member : secret["stringData"].members()) {
    replace_all(text, member.value.get_string());
    replace_all(text, base::base64_encode(member.value.get_string()));
  }
  return text;
}

}  // namespace weir::kube
