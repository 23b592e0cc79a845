#include "engine/reconcile/helm_recorded.hh"

#include "engine/value/json.hh"

namespace weir::reconcile {

Result<base::Digest> store_release(LogPort& log, const helm::Release& release,
                                   const std::string& oci_digest) {
  helm::Release kept = release;
  kept.version = 1;
  kept.status = kept.description = kept.apply_method = "";
  kept.first_deployed = kept.last_deployed = kept.deleted = "";
  kept.resources = kept.labels = Value();
  for (helm::ReleaseHook& hook : kept.hooks) hook.started = hook.completed = hook.phase = "";
  WEIR_TRY(const std::string text, helm::encode_release(kept));
  return log.put_blob(
      value::write_json(Value::object({{"release", text}, {"ociDigest", oci_digest}})), true);
}

Result<RecordedPtr> load_release(const LogPort& log, const base::Digest& blob) {
  WEIR_TRY(const std::string bytes, log.get_blob(blob));
  WEIR_TRY(const Value kept, value::parse_json(bytes));
  auto out = std::make_shared<RecordedRelease>();
  WEIR_TRY(out->release, helm::decode_release(kept["release"].get_string()));
  out->oci_digest = kept["ociDigest"].get_string();
  return RecordedPtr(std::move(out));
}

DesiredRelease desired_of(const RecordedRelease& recorded, const model::HelmReleaseSpec& spec) {
  DesiredRelease out;
  out.chart_name = recorded.release.chart_name();
  out.chart_version = recorded.release.chart_version();
  out.app_version = recorded.release.app_version();
  out.config_digest = helm::config_digest(recorded.release);
  out.oci_digest = recorded.oci_digest;
  out.post_renderers_digest = helm::post_renderers_digest(spec.post_renderers);
  out.common_metadata_digest = helm::common_metadata_digest(spec.common_metadata);
  out.manifest_digest = base::sha256(recorded.release.manifest).to_string();
  return out;
}

}  // namespace weir::reconcile
