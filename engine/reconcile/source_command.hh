// What the loop and the executor tell each other about sources: the command to fetch one, and what
// came of it. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/kinds/source_spec.hh"
#include "engine/model/object_id.hh"
#include "engine/reconcile/source_port.hh"
#include "engine/value/value.hh"

namespace weir::reconcile {

// A source's artifact as its status carries it.
struct Artifact {
  std::string revision, digest, path, url;
  std::string origin_revision;  // metadata org.opencontainers.image.revision
  Value metadata{};             // what came with it (OCI annotations); null when nothing did
  bool foreign = false;         // another controller serves it at `url`
  bool empty() const { return revision.empty(); }
};

// A source that a chart is made from, or that its dependencies may come from.
struct ChartOrigin {
  ObjectId id;
  model::SourceSpec spec;
  Artifact artifact;
};

struct FetchSource {
  model::SourceSpec spec;
  Artifact current;  // as in status; empty when there is none
  Value status;      // what was observed when `current` was made
  std::int64_t generation = 0;
  std::optional<ChartOrigin> origin{};      // charts only
  std::vector<ChartOrigin> repositories{};  // HelmRepositories of the namespace; charts only
};

struct SourceFetched {
  Artifact artifact;
  StoredArtifact stored;
  bool unchanged = false;
  std::string reason = "Succeeded", message;        // of Ready
  std::string news_reason = "NewArtifact", news{};  // of the event about new content
  Value observed{};  // members of the status to set; null ones are erased
  Value details{};   // where it came from, for the log: {"commit": {...}}
};

}  // namespace weir::reconcile
