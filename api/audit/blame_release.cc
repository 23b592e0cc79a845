#include "api/audit/blame_release.hh"

#include "api/audit/origin.hh"
#include "api/audit/side.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"

namespace weir::api::audit {
namespace {

// What stands at a path of members; null when nothing does.
const Value& value_at(const Value& values, std::string_view path) {
  const Value* at = &values;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('.'), path.size());
    at = &(*at)[path.substr(0, end)];
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return *at;
}

// The names of what a reference gives are asked for, its values go nowhere.
Value read_reference(reconcile::KubeApi* kube, const std::string& ns,
                     const model::ValuesReference& reference) {
  if (kube == nullptr) return {};
  const model::ObjectId id{{"", "v1", reference.secret ? "Secret" : "ConfigMap"},
                           ns, reference.name};
  const auto object = kube->get(id);
  if (!object.ok()) return {};
  const Value& data = (*object)["data"][reference.key];
  if (!data.is_string()) return {};
  std::string text(data.get_string());
  if (reference.secret) {
    auto decoded = base::base64_decode(text);
    if (!decoded.ok()) return {};
    text = *std::move(decoded);
  }
  auto parsed = value::parse_yaml(text);
  return parsed.ok() ? *std::move(parsed) : Value();
}

std::vector<helm::OriginStep> steps_of(const kustomize::FieldTrail& trail) {
  std::vector<helm::OriginStep> out;
  for (const kustomize::FieldStep& step : trail) out.push_back({step.member, step.index});
  return out;
}

}  // namespace

Result<ReleaseBlame> ReleaseBlame::open(const Call& call,
                                        const store::projections::ObjectChange& change,
                                        const model::ObjectId& id) {
  ReleaseBlame out;
  out.owner_ = change.owner;
  WEIR_TRY(const auto rendered,
           newest_event(call.log(), change.owner, event::Type::manifests_rendered, change.seq));
  if (!rendered || rendered->blobs.size() < 2)
    return make_error(Code::not_found, "the log has no release of " + change.owner.subject() +
                                           " at event " + std::to_string(change.seq));
  const AuditOptions& options = call.api.options();
  WEIR_TRY(const std::string bytes, call.blobs().get(rendered->blobs[1]));
  WEIR_TRY(const Value kept, value::parse_json(bytes));
  WEIR_TRY(out.release_, helm::decode_release(kept["release"].get_string()));
  out.template_ = helm::find_template(out.release_, id);
  WEIR_TRY(const Value object, owner_at(call.log(), change.owner, change.seq));
  out.spec_values_ = object["spec"]["values"];
  WEIR_TRY(const model::HelmReleaseSpec spec, model::decode_helm_release(object));
  for (const model::ValuesReference& reference : spec.values_from) {
    const std::string name =
        (reference.secret ? "Secret/" : "ConfigMap/") + change.owner.ns + "/" + reference.name;
    Value values = reference.target_path.empty()
                       ? read_reference(options.kube, change.owner.ns, reference)
                       : Value::object({{reference.target_path, true}});
    out.references_.emplace_back(name, std::move(values));
  }
  return out;
}

// Later references win over earlier ones, and the spec's own values over all.
std::string ReleaseBlame::given_by(const std::string& path, bool& in_spec) const {
  in_spec = !value_at(spec_values_, path).is_null();
  if (in_spec) return owner_.subject() + " spec.values." + path;
  if (value_at(release_.config, path).is_null())
    return value_at(release_.chart["values"], path).is_null() ? "" : "chart default";
  for (auto reference = references_.rbegin(); reference != references_.rend(); ++reference)
    if (!value_at(reference->second, path).is_null() || reference->second.contains(path))
      return reference->first;
  return references_.size() == 1 ? references_.front().first : owner_.subject() + " valuesFrom";
}

ReleaseBlame::Cause ReleaseBlame::cause_of(const kustomize::FieldTrail& trail) const {
  Cause out;
  out.file = template_.path();
  out.set_by = out.file.empty() ? "post renderer or CRD of chart " + chart() : "chart template";
  if (!template_.has_text()) return out;
  helm::FieldOrigin origin = template_.origin_of(steps_of(trail));
  out.line = origin.line;
  out.values = std::move(origin.values);
  if (out.values.empty()) return out;
  out.set_by = "chart value " + out.values.front();
  out.given_by = given_by(out.values.front(), out.in_spec);
  return out;
}

}  // namespace weir::api::audit
