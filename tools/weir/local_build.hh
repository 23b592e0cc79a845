// A Kustomization built from local files, for `weir build ks` and `weir diff ks`: the controller's
// own steps
// (engine/reconcile/render) over a directory of the disk, which is never written.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/weir/connection.hh"

namespace weir::cli {

struct LocalBuild {
  Connection connection;
  std::string name, path, file;  // --path, --kustomization-file
  std::vector<std::string> ignore_paths, local_source_words;
  bool dry_run = false;  // no cluster
  bool strict = false, recursive = false, ignore_not_found = false, in_memory = true;
  std::map<std::string, std::string> sources;  // "Kind/namespace/name" -> directory

  // The flags that build and diff have in common.
  void add_to(Args& args);
  // Reads the flags and opens the cluster unless dry_run. Errors: invalid, with flux's texts.
  Result<void> open();
};

struct BuiltKustomization {
  Value kustomization;         // from the file or the cluster, with the live status
  std::vector<Value> objects;  // labelled, with common metadata, SOPS data masked
};

// Builds `name`; with `children` (and --recursive) the Kustomizations among the objects too,
// appended.
// Errors: those of the build, naming file, line and field.
Result<BuiltKustomization> build_local(const LocalBuild& build, bool children);
// The same for a Kustomization among built objects: its path below its local source.
Result<BuiltKustomization> build_child(const LocalBuild& build, const Value& kustomization,
                                       bool children);

}  // namespace weir::cli
