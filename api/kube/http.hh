// HTTP to Calls and back: paths, query options, bodies, Status answers, lists, tables, watch
// streams, discovery and the minimal OpenAPI documents clients look at.
//
// Owner: api/kube. respond() takes the Core's lock itself. Failure: every bad request ends in a
// Status.
#pragma once

#include <memory>

#include "api/kube/core.hh"

namespace weir::api::kube {

Response respond(const std::shared_ptr<Core>& core, const Request& request);

// --- parts of it, used by respond() only
// The discovery and OpenAPI documents; nullopt when `path` is none of them. Under the lock.
std::optional<Response> discover(const Core& core, const std::string& path, const Request& request);

// The user that the request's Impersonate-* headers name, and the groups a service account is in.
User impersonated(std::string_view name, const Request& request);
void add_account_groups(User& user);

// A Table of `items`. `include` is None, Metadata or Object.
Value table_of(const KindInfo& kind, const std::vector<Value>& items, std::string_view include,
               base::TimeUs now, bool with_columns);
// {kind: PartialObjectMetadata, metadata}.
Value partial_of(const Value& object);

}  // namespace weir::api::kube
