// What in a chart set the fields of a HelmRelease's object: the template and its line, the value
// that the line prints, and who gave that value. Reads of the log, its blobs and (for valuesFrom,
// by their names) of the cluster as it is now. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "api/audit/routes.hh"
#include "engine/helm/field_origin.hh"
#include "engine/helm/release.hh"
#include "engine/kustomize/provenance.hh"
#include "engine/model/kinds/helm_release.hh"
#include "store/projections/objects.hh"

namespace weir::api::audit {

class ReleaseBlame {
 public:
  // Of the release that stood when `change` was made. Errors: not_found (the log has none, or
  // retention took it), corrupt, io.
  static Result<ReleaseBlame> open(const Call& call, const store::projections::ObjectChange& change,
                                   const model::ObjectId& id);

  struct Cause {
    std::string set_by;                // "chart value image.tag", "chart template"
    std::string file;                  // of the template; "" when unknown
    std::uint32_t line = 0;            // 0 when unknown
    std::vector<std::string> values;   // paths under .Values
    std::string given_by;              // of the first: "chart default", "ConfigMap/apps/web", ...
    bool in_spec = false;              // it stands in the HelmRelease's spec.values
  };
  Cause cause_of(const kustomize::FieldTrail& trail) const;

  std::string chart() const { return release_.chart_name() + " " + release_.chart_version(); }

 private:
  std::string given_by(const std::string& path, bool& in_spec) const;

  model::ObjectId owner_;
  helm::Release release_;
  helm::ObjectTemplate template_;
  Value spec_values_;
  // What each entry of valuesFrom gives now: its name, and its values; null when unreadable.
  std::vector<std::pair<std::string, Value>> references_;
};

}  // namespace weir::api::audit
