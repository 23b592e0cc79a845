// Kubernetes' protobuf bodies, as kubectl's typed commands send them (`create namespace`, `auth
// can-i`): decoded to the same document their JSON would be. Answers stay JSON, which every client
// reads.
//
// Owner: api/kube. Pure; no threads. Failure: UnsupportedMediaType for a kind or field that is not
// in the table (nothing is dropped silently), BadRequest for broken bytes.
#pragma once

#include <string_view>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::api::kube {

Result<Value> decode_protobuf(std::string_view body);

}  // namespace weir::api::kube
