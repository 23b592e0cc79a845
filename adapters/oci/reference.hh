// Names of OCI repositories as registries and their tools take them. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::oci {

struct Repository {
  std::string host;  // "ghcr.io", "localhost:5000"; "index.docker.io" where none is named
  std::string path;  // "stefanprodan/manifests/podinfo"; "library/" before a bare name there
};

// "oci://host/path" or "host/path". Errors: invalid, reason "URLInvalid" (a tag or digest, bad
// characters, a path that is too short or too long).
Result<Repository> parse_repository(std::string_view url);

// The same with ":tag" or "@digest" behind it, as the command line takes it.
struct Reference {
  Repository repository;
  std::string tag;     // "" when there is a digest; "latest" when there is neither
  std::string digest;  // "sha256:<hex>"
};
Result<Reference> parse_reference(std::string_view url);

// Registries that people run without TLS: localhost, loopback and RFC 1918 addresses.
bool is_local_host(std::string_view host);

}  // namespace weir::oci
