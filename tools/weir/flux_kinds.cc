#include "tools/weir/flux_kinds.hh"

#include <strings.h>

#include <algorithm>
#include <cstdio>

#include "engine/base/clock.hh"
#include "engine/base/closest.hh"
#include "engine/model/condition.hh"
#include "tools/weir/args.hh"
#include "tools/weir/output.hh"

namespace weir::cli {
namespace {

constexpr std::string_view source_group = "source.toolkit.fluxcd.io";
constexpr std::string_view image_group = "image.toolkit.fluxcd.io";
constexpr std::string_view notification_group = "notification.toolkit.fluxcd.io";

using Cell = std::function<std::string(const Value&)>;

const Value* ready_of(const Value& object) {
  return model::find_condition(object.path("status", "conditions"), "Ready");
}

std::string ready_status(const Value& object) {
  const Value* ready = ready_of(object);
  return ready == nullptr ? "False" : std::string((*ready)["status"].get_string());
}

std::string ready_message(const Value& object) {
  const Value* ready = ready_of(object);
  return ready == nullptr ? "waiting to be reconciled"
                          : std::string((*ready)["message"].get_string());
}

std::string cut_message(const Value& object) { return truncate_hex(ready_message(object)); }

std::string artifact_revision(const Value& object) {
  return std::string(object.path("status", "artifact", "revision").get_string());
}

std::string cut_revision(const Value& object) { return truncate_hex(artifact_revision(object)); }

std::string applied_revision(const Value& object) {
  return truncate_hex(object.path("status", "lastAppliedRevision").get_string());
}

std::string suspended(const Value& object) {
  return title_bool(object.path("spec", "suspend").get_bool());
}

std::string disabled(const Value& object) {
  const std::string_view value =
      object.path("metadata", "annotations", "source.extensions.fluxcd.io/reconcile").get_string();
  return title_bool(strcasecmp(std::string(value).c_str(), "disabled") == 0);
}

std::string kustomization_source(const Value& object) {
  return reference_text(object, object.path("spec", "sourceRef"));
}

std::string release_source(const Value& object) {
  const Value& reference = object.path("spec", "chartRef");
  return reference_text(object, reference.is_object()
                                    ? reference
                                    : object.path("spec", "chart", "spec", "sourceRef"));
}

std::string external_source(const Value& object) {
  const Value& reference = object.path("spec", "sourceRef");
  if (!reference.is_object()) return "";
  return std::string(reference["kind"].get_string()) + "/" +
         std::string(reference["namespace"].get_string()) + "/" +
         std::string(reference["name"].get_string());
}

std::string release_revision(const Value& object) {
  const Value& history = object.path("status", "history");
  if (history.is_array() && !history.empty())
    return std::string(history.at(0)["chartVersion"].get_string());
  return std::string(object.path("status", "lastAttemptedRevision").get_string());
}

Cell text(std::string_view first, std::string_view second) {
  return [first, second](const Value& object) {
    return std::string(object.path("status", first, second).get_string());
  };
}

std::string last_run(const Value& object) {
  return std::string(object.path("status", "lastAutomationRunTime").get_string());
}

// An OCI HelmRepository has no reconciler, so it counts as ready.
bool is_oci(const Value& object) { return object.path("spec", "type").get_string() == "oci"; }

std::string helm_status(const Value& object) {
  return is_oci(object) ? "True" : ready_status(object);
}

std::string helm_message(const Value& object) {
  return is_oci(object) ? "Helm repository is Ready" : cut_message(object);
}

Cell fixed(std::string_view words) {
  return [words](const Value&) { return std::string(words); };
}

std::vector<KindColumn> source_columns(Cell revision = cut_revision, Cell status = ready_status,
                                       Cell message = cut_message) {
  return {{"Revision", std::move(revision)},
          {"Suspended", suspended},
          {"Ready", std::move(status)},
          {"Message", std::move(message)}};
}

std::vector<FluxKind> source_kinds() {
  const std::string group(source_group);
  return {
      {{group, "v1", "OCIRepository"}, "sources", {"oci"}, "source oci", source_columns()},
      {{group, "v1", "Bucket"}, "sources", {"bucket"}, "source bucket", source_columns()},
      {{group, "v1", "GitRepository"}, "sources", {"git"}, "source git", source_columns()},
      {{group, "v1", "HelmRepository"},
       "sources",
       {"helm"},
       "source helm",
       source_columns(cut_revision, helm_status, helm_message)},
      {{group, "v1", "HelmChart"},
       "sources",
       {"chart"},
       "source chart",
       source_columns(artifact_revision)},
      {{group, "v1", "ExternalArtifact"},
       "sources",
       {"external"},
       "source external-artifact",
       {{"Revision", cut_revision},
        {"Source", external_source},
        {"Ready", ready_status},
        {"Message", cut_message}}},
  };
}

std::vector<FluxKind> image_kinds() {
  const std::string group(image_group);
  return {
      {{group, "v1", "ImageRepository"},
       "images",
       {"repository"},
       "image repository",
       {{"Last scan", text("lastScanResult", "scanTime")},
        {"Suspended", suspended},
        {"Ready", ready_status},
        {"Message", ready_message}}},
      {{group, "v1", "ImagePolicy"},
       "images",
       {"policy"},
       "image policy",
       {{"Image", text("latestRef", "name")},
        {"Tag", text("latestRef", "tag")},
        {"Ready", ready_status},
        {"Message", ready_message}}},
      {{group, "v1", "ImageUpdateAutomation"},
       "images",
       {"update"},
       "image update",
       {{"Last run", last_run},
        {"Suspended", suspended},
        {"Ready", ready_status},
        {"Message", ready_message}}},
  };
}

std::vector<FluxKind> other_kinds() {
  const std::string notification(notification_group);
  const std::vector<KindColumn> plain = {
      {"Suspended", suspended}, {"Ready", ready_status}, {"Message", ready_message}};
  std::vector<KindColumn> release = source_columns(release_revision, ready_status, ready_message);
  release.insert(release.begin(), {"Source", release_source, true});
  std::vector<KindColumn> kustomization = source_columns(applied_revision);
  kustomization.insert(kustomization.begin(), {"Source", kustomization_source, true});
  return {
      {{"helm.toolkit.fluxcd.io", "v2", "HelmRelease"},
       "",
       {"helmreleases", "hr", "helmrelease"},
       "helmrelease",
       release},
      {{"kustomize.toolkit.fluxcd.io", "v1", "Kustomization"},
       "",
       {"kustomizations", "ks", "kustomization"},
       "kustomization",
       kustomization},
      {{notification, "v1", "Receiver"}, "", {"receivers", "receiver"}, "receiver", plain},
      {{notification, "v1beta3", "Provider"},
       "",
       {"alert-providers", "alert-provider"},
       "alert-provider",
       {{"Ready", fixed("True")}, {"Message", fixed("Provider is Ready")}},
       true},
      {{notification, "v1beta3", "Alert"},
       "",
       {"alerts", "alert"},
       "alert",
       {{"Suspended", suspended}, {"Ready", fixed("True")}, {"Message", fixed("Alert is Ready")}},
       true},
      {{"source.extensions.fluxcd.io", "v1beta1", "ArtifactGenerator"},
       "artifacts",
       {"generators", "generator"},
       "artifact generator",
       {{"Suspended", disabled}, {"Ready", ready_status}, {"Message", cut_message}}},
  };
}

std::vector<FluxKind> make_kinds() {
  std::vector<FluxKind> all = source_kinds();
  for (auto part : {image_kinds(), other_kinds()})
    for (FluxKind& kind : part) all.push_back(std::move(kind));
  return all;
}

}  // namespace

const std::vector<FluxKind>& flux_kinds() {
  static const std::vector<FluxKind> kinds = make_kinds();
  return kinds;
}

const FluxKind* find_kind(std::string_view group, std::string_view word) {
  for (const FluxKind& kind : flux_kinds())
    if (kind.group == group &&
        std::find(kind.words.begin(), kind.words.end(), word) != kind.words.end())
      return &kind;
  return nullptr;
}

const FluxKind* find_kind_named(std::string_view name) {
  const std::string wanted(name);
  for (const FluxKind& kind : flux_kinds())
    if (strcasecmp(kind.gvk.kind.c_str(), wanted.c_str()) == 0) return &kind;
  return nullptr;
}

std::string_view kind_group(std::string_view word) {
  if (word == "source" || word == "sources") return "sources";
  if (word == "image" || word == "images") return "images";
  if (word == "artifact" || word == "artifacts") return "artifacts";
  return "";
}

std::string reference_text(const Value& object, const Value& reference) {
  std::string_view ns = reference["namespace"].get_string();
  if (ns.empty()) ns = object.path("metadata", "namespace").get_string();
  return std::string(reference["kind"].get_string()) + "/" + std::string(ns) + "/" +
         std::string(reference["name"].get_string());
}

KindWords take_kind(std::string_view verb, int argc, char** argv,
                    const std::vector<std::string_view>& allowed, int& code) {
  KindWords taken;
  const std::string first = argc > 1 ? argv[1] : "";
  const std::string_view group = kind_group(first);
  const int at = group.empty() ? 1 : 2;
  const std::string word = argc > at ? argv[at] : "";
  const FluxKind* kind = find_kind(group, word);
  const bool known =
      kind != nullptr && std::find(allowed.begin(), allowed.end(), kind->gvk.kind) != allowed.end();
  if (known) {
    taken.kind = kind;
    taken.usage = std::string(verb) + " " + std::string(kind->human);
    taken.argc = argc - at;
    taken.argv = argv + at;
    return taken;
  }
  std::string list;
  for (const FluxKind& candidate : flux_kinds())
    if (std::find(allowed.begin(), allowed.end(), candidate.gvk.kind) != allowed.end())
      list += (list.empty() ? "" : ", ") + std::string(candidate.human);
  const bool help = word == "--help" || word == "-h" || first == "--help" || first == "-h";
  if (help) {
    print("Usage: weir " + std::string(verb) + " KIND [NAME] [flags]\n\nKinds: " + list + "\n");
    code = 0;
    return taken;
  }
  const std::string asked = group.empty() ? first : first + " " + word;
  code = failed(asked.empty() ? "which kind? 'weir " + std::string(verb) + "' knows " + list
                              : "unknown kind '" + asked + "' for 'weir " + std::string(verb) +
                                    "'; it knows " + list,
                2);
  return taken;
}

}  // namespace weir::cli
