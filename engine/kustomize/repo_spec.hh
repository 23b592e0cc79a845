// Git URLs in `resources:` and `components:`: which strings are ones, and what they mean.
#pragma once

#include <string_view>

#include "engine/base/result.hh"
#include "engine/kustomize/build.hh"

namespace weir::kustomize {

// Every spelling kustomize takes: schemes ssh, https, http, file; user@host:path;
// github.com/org/repo and github.com:org/repo; "//", "_git/" or ".git" before the folder; ?ref=
// ?version= ?timeout= ?submodules=. Error: invalid when it is no Git URL (a relative path, say).
Result<RepoSpec> parse_repo_url(std::string_view url);

// An http or https URL, which may be a file.
bool is_remote_file(std::string_view path);

// For error texts: what could be a password or token is taken out of a URL; other text stays.
std::string mask_userinfo(std::string_view text);

}  // namespace weir::kustomize
