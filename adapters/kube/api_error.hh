// Failed answers of an API server as typed errors. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "adapters/net/http_client.hh"
#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::kube {

// The error for an answer with that HTTP status: from its Status body (message as it stands,
// reason), or client-go's generic text for bodies that are none, ending in `request` ("get
// deployments.apps web").
Error api_error(int http_status, std::string_view body, std::string_view request);

// The same for a Status object, as an ERROR event of a watch carries it.
Error status_error(const Value& status);

// Seconds to wait before another try: the Retry-After header, else details.retryAfterSeconds of the
// body. Nothing when the server names none.
std::optional<int> retry_after_seconds(const net::Headers& headers, std::string_view body);

// True for a 500 that only says that etcd changed its leader: the request may be sent again at
// once.
bool is_leader_change(int http_status, std::string_view body);

// Replaces in `text` each value of a Secret's data and stringData by "***"; an API server quotes
// the offending value in some errors.
std::string mask_secret_values(std::string text, const Value& secret);

}  // namespace weir::kube
