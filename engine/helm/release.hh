// A release as Helm keeps it: the record in a Secret of type helm.sh/release.v1, read and written
// so that `helm` itself takes it for its own, and the digest of it that Flux's snapshots hold.
//
// Times are RFC 3339 texts as Go writes them, kept as they were read; "" is Go's zero time. Pure
// functions; any thread. Caps: helm_release_bytes_max.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/base/digest.hh"
#include "engine/base/result.hh"
#include "engine/helm/chart.hh"
#include "engine/helm/manifests.hh"
#include "engine/value/value.hh"

namespace weir::helm {

struct ReleaseHook {
  Hook hook;  // `document` is null when it comes from a record
  std::string started, completed;
  std::string phase;  // "", "Unknown", "Running", "Succeeded", "Failed"
};

// What tells releases apart, where their contents are not kept (reconcile/helm_facts.hh).
struct ReleaseDigests {
  std::string config;                        // config_digest()
  std::map<std::string, std::string> whole;  // release_digest() by the OCI digest
};

struct Release {
  std::string name;
  std::string ns;
  int version = 1;
  std::string status;  // "deployed", "superseded", "pending-install", ...
  std::string description;
  std::string notes;
  std::string first_deployed, last_deployed, deleted;
  Value resources;  // of info, as it was read; null when there are none
  Value chart;      // {metadata, lock, templates, values, schema, ...}, as it is stored
  Value config;     // the user's values; null when there are none
  std::string manifest;
  std::vector<ReleaseHook> hooks;
  std::string apply_method;  // "ssa", "csa", "" (before Helm 4: csa)
  Value labels;              // of the Secret, beyond Helm's own; an object or null
  std::shared_ptr<const ReleaseDigests> digests;  // stand for the contents; null: they are there

  bool pending() const { return status.starts_with("pending-"); }
  std::string chart_name() const;
  std::string chart_version() const;
  std::string app_version() const;
};

// "2026-11-23T11:22:16.828025Z", as Go's RFC3339Nano.
std::string format_go_time(base::TimeUs time);

// The chart as a record holds it. Numbers are Go's: doubles.
Value chart_record(const Chart& chart);

// "sh.helm.release.v1.<name>.v<version>".
std::string release_key(std::string_view name, int version);

// The text of data.release, still to be base64 as all Secret data is. Errors: none but limit.
Result<std::string> encode_release(const Release& release);
// Errors: corrupt (no base64, no gzip, no JSON), limit.
Result<Release> decode_release(std::string_view text);

// The Secret for a release; `times` are its label createdAt or modifiedAt (seconds since 1970).
Result<Value> release_secret(const Release& release, std::string_view storage_namespace,
                             std::string_view time_label, std::int64_t seconds);
// From a Secret as the API returns it. Errors: corrupt, limit.
Result<Release> read_release_secret(const Value& secret);

// The digest that a snapshot of API version v2 holds. Test hooks are left out. Empty where the
// contents are not kept and the digest with this OCI digest is not known.
base::Digest release_digest(const Release& release, std::string_view oci_digest);

// The digest of values: of their YAML with sorted keys; of nothing when they are empty.
base::Digest values_digest(const Value& values);
// Of the release's own: "sha256:...".
std::string config_digest(const Release& release);
// Of spec.postRenderers and spec.commonMetadata; "" for what is not set.
std::string post_renderers_digest(const Value& post_renderers);
std::string common_metadata_digest(const Value& common_metadata);

}  // namespace weir::helm
