// The artifact server: files of the artifact store over GET and HEAD, with byte ranges and
// If-Modified-Since, as consumers of source artifacts expect. Directories are never listed; GET /
// is 200 without a body, for probes.
//
// Thread-safe. A file is read whole for an answer, up to limits::file_bytes_max; larger ones come
// in ranges.
#pragma once

#include "api/kube/message.hh"
#include "store/artifacts.hh"

namespace weir::api {

kube::Response serve_artifact(const store::DiskArtifacts& artifacts, const kube::Request& request);

}  // namespace weir::api
