#include "engine/model/kinds/source.hh"

#include <algorithm>

namespace weir::model {

using namespace std::chrono_literals;

Result<base::Duration> decode_duration(const Value& spec, std::string_view name,
                                       base::Duration fallback) {
  const Value& field = spec[name];
  if (field.is_null()) return fallback;
  if (!field.is_string())
    return make_error(Code::invalid, "spec." + std::string(name) + ": must be a duration");
  auto parsed = base::parse_duration(field.as_string());
  if (!parsed.ok()) return std::move(parsed).error().with_context("spec." + std::string(name));
  if (parsed->count() < 0)
    return make_error(Code::invalid, "spec." + std::string(name) + ": must not be negative");
  return parsed;
}

Result<void> decode_common(const Value& spec, SourceCommon& out) {
  WEIR_TRY(out.interval, decode_duration(spec, "interval", 1min));
  WEIR_TRY(out.timeout, decode_duration(spec, "timeout", 60s));
  out.suspend = spec["suspend"].get_bool();
  if (spec["ignore"].is_string()) out.ignore = std::string(spec["ignore"].as_string());
  return {};
}

std::string first_unsupported(const Value& spec, const std::vector<std::string_view>& names) {
  for (const std::string_view name : names)
    if (!spec[name].is_null()) return "spec." + std::string(name);
  const std::string_view provider = spec["provider"].get_string("generic");
  if (provider != "generic") return "spec.provider: " + std::string(provider);
  return {};
}

Field ignore_field() {
  return text_field("ignore",
                    "Overrides the set of excluded patterns in the .sourceignore format.");
}

Field interval_field(std::string_view description) {
  return duration_field("interval", description);
}

Field suspend_field() { return flag_field("suspend", "Suspends the reconciliation."); }

Field timeout_field(std::string_view description) {
  return duration_field("timeout", description, false);
}

Field provider_field(std::vector<std::string_view> providers) {
  return with_default(
      with_enum(text_field("provider", "Provider used for authentication."), std::move(providers)),
      "generic");
}

Field verify_field(bool trusted_root) {
  Field identity = group_field(
      "", "",
      {required(text_field("issuer", "Regular expression for the issuer of the certificate.")),
       required(text_field("subject", "Regular expression for the subject's identity."))});
  std::vector<Field> fields = {
      list_field("matchOIDCIdentity", "Identities that keyless verification accepts.", identity),
      required(with_default(
          with_enum(text_field("provider", "How signatures are verified."), {"cosign", "notation"}),
          "cosign")),
      local_reference("secretRef", "Secret with the trusted public keys.")};
  if (trusted_root)
    fields.push_back(local_reference("trustedRootSecretRef", "Secret with a trusted root."));
  return group_field("verify", "Verification of signatures.", std::move(fields));
}

std::vector<Field> source_status(std::vector<Field> more) {
  std::vector<Field> fields = {
      artifact_field(), conditions_field(),
      text_field("lastHandledReconcileAt",
                 "Value of the last handled reconcile request annotation."),
      count_field("observedGeneration", "Generation last observed.")};
  for (Field& field : more) fields.push_back(std::move(field));
  std::sort(fields.begin(), fields.end(),
            [](const Field& a, const Field& b) { return a.name < b.name; });
  return fields;
}

KindDeclaration source_declaration(std::string_view kind, std::string_view singular,
                                   std::string_view plural) {
  KindDeclaration out;
  out.gvk = {std::string(source_group), "v1", std::string(kind)};
  out.plural = plural;
  out.singular = singular;
  out.categories = {"all", "fluxcd", "fluxcd-sources"};
  out.component = "source-controller";
  return out;
}

PrinterColumn ready_column() {
  return {"Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status"};
}

PrinterColumn message_column() {
  return {"Status", "string", ".status.conditions[?(@.type==\"Ready\")].message"};
}

PrinterColumn age_column() { return {"Age", "date", ".metadata.creationTimestamp"}; }

}  // namespace weir::model
