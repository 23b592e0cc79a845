#include <cstdio>

#include "engine/base/limits.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/flows.hh"

namespace weir::reconcile {
namespace {

constexpr std::string_view finalizer = "finalizers.fluxcd.io";

// Flux's controllers write their own objects under these names.
std::string status_manager(const ObjectId& owner) {
  if (owner.gvk.group == model::helm_release_gvk.group) return "helm-controller";
  return owner.gvk.group == model::kustomization_gvk.group ? "gotk-kustomize-controller"
                                                           : "source-controller";
}

StepError step_error(const Error& error) {
  return {error.code, error.reason.empty() ? "ReconciliationFailed" : error.reason, error.message,
          false};
}

// A merge patch cannot say "exactly these members": what has left the status is nulled.
Value status_patch(const Value& before, const Value& after) {
  Value patch = after;
  for (const auto& member : before.members())
    if (!after.contains(member.name())) patch.set(member.name(), Value());
  return Value::object({{"status", std::move(patch)}});
}

void trim(std::string& message) {
  constexpr std::size_t max = 1024;  // core/v1 Events hold 1 KiB of text
  if (message.size() <= max) return;
  message.resize(max - 3);
  message.append(3, '.');
}

// The same event as notification services take it: the whole message, a severity.
Value notification_of(const EmitEvent& emit, const Value& event) {
  Value metadata = Value::object();
  for (const auto& member : event.path("metadata", "annotations").members())
    metadata.set(member.name(), member.value);
  Value out = Value::object({{"involvedObject", event["involvedObject"]},
                             {"severity", emit.type == "Warning" ? "error" : "info"},
                             {"timestamp", event["firstTimestamp"]},
                             {"message", emit.message},
                             {"reason", emit.reason}});
  if (!metadata.empty()) out.set("metadata", std::move(metadata));
  out.set("reportingController", emit.component);
  out.set("reportingInstance", emit.component);
  return out;
}

}  // namespace

OutcomeBody Executor::run(const ObjectId& owner, const WriteStatus& write) {
  WriteOptions options;
  options.field_manager = status_manager(owner);
  options.subresource = "status";
  auto result = ports_.kube->patch(owner, PatchType::merge,
                                   status_patch(write.object["status"], write.status), options);
  if (!result.ok()) return step_error(result.error());
  return StatusWritten{*std::move(result)};
}

OutcomeBody Executor::run(const ObjectId& owner, const WriteFinalizer& write) {
  const Value& metadata = write.object["metadata"];
  Value finalizers = Value::array();
  for (const Value& item : metadata["finalizers"].items())
    if (item.get_string() != finalizer) finalizers.push_back(item);
  if (write.add) finalizers.push_back(finalizer);
  WriteOptions options;
  options.field_manager = status_manager(owner);
  const Value patch = Value::object(
      {{"metadata", Value::object({{"finalizers", finalizers},
                                   {"resourceVersion", metadata["resourceVersion"]}})}});
  auto result = ports_.kube->patch(owner, PatchType::merge, patch, options);
  if (!result.ok() && result.error().code == Code::conflict) {
    // Somebody wrote it meanwhile; start from what is there now.
    auto fresh = ports_.kube->get(owner);
    if (!fresh.ok()) return step_error(fresh.error());
    return run(owner, WriteFinalizer{write.add, *std::move(fresh)});
  }
  if (!result.ok() && !write.add && result.error().code == Code::not_found)
    return StatusWritten{Value()};
  if (!result.ok()) return step_error(result.error());
  return StatusWritten{*std::move(result)};
}

OutcomeBody Executor::run(const ObjectId& owner, const EmitEvent& emit) {
  const Value& metadata = emit.involved["metadata"];
  const base::TimeUs now = ports_.clock->now();
  char suffix[32];
  std::snprintf(suffix, sizeof suffix, ".%016llx",
                static_cast<unsigned long long>(
                    stable_hash(owner.subject() + emit.message, static_cast<std::uint64_t>(now))));
  const std::string time = base::format_rfc3339(now);
  Value event = Value::object({{"apiVersion", "v1"}, {"kind", "Event"}});
  Value event_metadata = Value::object({{"name", owner.name + suffix}, {"namespace", owner.ns}});
  Value annotations = Value::object();
  for (const auto& [key, text] : emit.annotations) annotations.set(key, text);
  for (const auto& member : metadata["annotations"].members())
    if (member.name().starts_with("event.toolkit.fluxcd.io/"))
      annotations.set(member.name(), member.value);
  if (!annotations.empty()) event_metadata.set("annotations", std::move(annotations));
  event.set("metadata", std::move(event_metadata));
  event.set("involvedObject", Value::object({{"apiVersion", emit.involved["apiVersion"]},
                                             {"kind", emit.involved["kind"]},
                                             {"name", owner.name},
                                             {"namespace", owner.ns},
                                             {"resourceVersion", metadata["resourceVersion"]},
                                             {"uid", metadata["uid"]}}));
  event.set("reason", emit.reason);
  std::string message = emit.message;
  trim(message);
  event.set("message", message);
  // What only explains is kept with the object, and nobody is notified of it.
  const bool trace = emit.type == "Trace";
  event.set("type", trace ? "Normal" : std::string_view(emit.type));
  event.set("source", Value::object({{"component", emit.component}}));
  event.set("reportingComponent", emit.component);
  event.set("reportingInstance", emit.component);
  event.set("firstTimestamp", time);
  event.set("lastTimestamp", time);
  event.set("count", 1);
  if (ports_.events != nullptr && !trace) ports_.events->post(notification_of(emit, event));
  WriteOptions options;
  options.field_manager = emit.component;
  auto result = ports_.kube->create(event, options);
  if (!result.ok()) return step_error(result.error());
  return Done{};
}

OutcomeBody Executor::run(const ObjectId&, const CollectArtifacts& collect) {
  if (collect.current.empty()) {
    auto removed = ports_.artifacts->remove_all(collect.kind, collect.ns, collect.name);
    if (!removed.ok()) return step_error(removed.error());
    return ArtifactsCollected{{collect.kind + "/" + collect.ns + "/" + collect.name}};
  }
  auto removed = ports_.artifacts->collect(collect.kind, collect.ns, collect.name, collect.current,
                                           options_.artifact_ttl, options_.artifact_records);
  if (!removed.ok()) return step_error(removed.error());
  return ArtifactsCollected{*std::move(removed)};
}

}  // namespace weir::reconcile
