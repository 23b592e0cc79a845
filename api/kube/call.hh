// One request to the embedded Kubernetes API, already taken apart: what, on which kind, by whom,
// with which options. HTTP requests and in-process calls both become Calls. And the errors calls
// end in, with the API server's own reasons and texts.
//
// Owner: api/kube. Values; one thread. Error::reason carries the Status reason; what else a Status
// says (causes) is left in the Call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/kube/schema.hh"
#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::api::kube {

struct KindInfo;

enum class Verb : std::uint8_t {
  get,
  list,
  watch,
  create,
  update,
  patch,
  remove,
  remove_collection
};
enum class PatchKind : std::uint8_t { json, merge, strategic, apply };

struct User {
  std::string name = "admin";
  std::vector<std::string> groups = {"system:masters"};
};

struct Call {
  Verb verb = Verb::get;
  std::shared_ptr<const KindInfo> kind;
  std::string subresource;
  std::string ns;
  std::string name;
  User user;

  std::string label_selector;
  std::string field_selector;
  std::string resource_version;
  std::string resource_version_match;
  std::string continue_token;
  std::size_t limit = 0;
  bool bookmarks = false;
  bool send_initial_events = false;
  std::int64_t timeout_seconds = 0;

  bool dry_run = false;
  bool force = false;
  std::string field_manager;
  std::string field_validation = "Warn";  // Ignore, Warn, Strict
  PatchKind patch = PatchKind::merge;
  Value body;
  std::string propagation;          // Background, Foreground, Orphan, "" = the kind's default
  std::int64_t grace_seconds = -1;  // -1 = the object's own
  std::string precondition_uid;
  std::string precondition_version;

  // Filled in on the way.
  std::vector<std::string> warnings;
  bool created = false;     // an update or apply made the object: 201
  Value causes;             // of the failure: [{reason, message, field}]
  std::string failed_kind;  // when the failure is about another object than the call's
  std::string failed_name;
};

// `deployments.apps "web" not found`.
Error not_found(const KindInfo& kind, std::string_view name);
Error namespace_not_found(Call& call, std::string_view ns);
Error already_exists(const KindInfo& kind, std::string_view name);
// `Operation cannot be fulfilled on deployments.apps "web": <why>`.
Error write_conflict(const KindInfo& kind, std::string_view name, std::string_view why);
Error bad_request(std::string message);
// `Deployment.apps "web" is invalid: <causes>`; the causes go to the call.
Error invalid(Call& call, std::string_view name, const std::vector<FieldError>& errors);
Error method_not_allowed();
Error forbidden(const KindInfo& kind, std::string_view name, std::string_view why);
Error expired(std::string message);

// The HTTP status of an error, by its reason and code.
int http_status(const Error& error);
// A Status object of the failure.
Value status_of(const Error& error, const Call& call);

FieldError required_error(std::string field, std::string_view detail);
FieldError invalid_error(std::string field, const Value& value, std::string_view detail);

}  // namespace weir::api::kube
