// weir trace: which Flux object manages an object, and from which source and revision it comes.
#include <strings.h>
#include <time.h>

#include <algorithm>
#include <cstdio>

#include "engine/base/clock.hh"
#include "engine/model/condition.hh"
#include "tools/weir/connection.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

using reconcile::ApiResource;

constexpr std::string_view source_group = "source.toolkit.fluxcd.io";
const Gvk kustomization_gvk{"kustomize.toolkit.fluxcd.io", "v1", "Kustomization"};
const Gvk release_gvk{"helm.toolkit.fluxcd.io", "v2", "HelmRelease"};

// --- which objects: words as kubectl reads them ---

struct Wanted {
  std::string resource, name;
};

Error usage(std::string text) { return make_error(Code::invalid, std::move(text)); }

// "KIND NAME...", "KIND,KIND NAME..." or "KIND/NAME...".
Result<std::vector<Wanted>> read_words(const std::vector<std::string>& words) {
  const auto has_slash = [](const std::string& word) {
    return word.find('/') != std::string::npos;
  };
  std::vector<Wanted> wanted;
  if (words.empty())
    return usage("either `<resource>/<name>` or `<resource> <name>` is required as an argument");
  if (std::none_of(words.begin(), words.end(), has_slash)) {
    if (words.size() == 1) return usage("resource(s) were provided, but no name was specified");
    for (std::size_t from = 0; from <= words[0].size();) {
      const std::size_t comma = std::min(words[0].find(',', from), words[0].size());
      for (std::size_t i = 1; i < words.size(); ++i)
        wanted.push_back({words[0].substr(from, comma - from), words[i]});
      from = comma + 1;
    }
    return wanted;
  }
  for (const std::string& word : words) {
    const std::size_t slash = word.find('/');
    if (slash == std::string::npos)
      return usage(
          "there is no need to specify a resource type as a separate argument when "
          "passing arguments in resource/name form (e.g. 'weir trace "
          "resource/<resource_name>' instead of 'weir trace resource "
          "resource/<resource_name>')");
    if (word.find('/', slash + 1) != std::string::npos)
      return usage("arguments in resource/name form may not have more than one slash");
    if (slash == 0 || slash + 1 == word.size())
      return usage("arguments in resource/name form must have a single resource and name");
    wanted.push_back({word.substr(0, slash), word.substr(slash + 1)});
  }
  return wanted;
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// "deploy", "deployments.apps", "deployments.v1.apps", "Deployment".
Result<ApiResource> find_resource(const std::vector<ApiResource>& all, const std::string& text) {
  const std::size_t dot = std::min(text.find('.'), text.size());
  const std::string word = text.substr(0, dot);
  const std::string rest = dot == text.size() ? "" : text.substr(dot + 1);
  for (const ApiResource& resource : all) {
    const bool in_group = rest.empty() || rest == resource.gvk.group ||
                          rest == resource.gvk.version + "." + resource.gvk.group;
    const auto is_it = [&](const std::string& name) { return same_word(name, word); };
    if (in_group &&
        (is_it(resource.plural) || is_it(resource.singular) || is_it(resource.gvk.kind) ||
         std::any_of(resource.short_names.begin(), resource.short_names.end(), is_it)))
      return resource;
  }
  return make_error(Code::not_found, "the server doesn't have a resource type \"" + text + "\"");
}

Result<std::vector<Value>> find_objects(const Connection& connection,
                                        const std::vector<std::string>& words) {
  WEIR_TRY(const std::vector<Wanted> wanted, read_words(words));
  WEIR_TRY(const std::vector<ApiResource> resources, connection.kube().resources());
  std::vector<ObjectId> ids;
  for (const Wanted& one : wanted) {
    WEIR_TRY(const ApiResource resource, find_resource(resources, one.resource));
    ids.push_back({resource.gvk, resource.namespaced ? connection.ns() : "", one.name});
  }
  std::vector<Value> objects;
  for (const ObjectId& id : ids) {
    WEIR_TRY(Value object, connection.kube().get(id));
    objects.push_back(std::move(object));
  }
  return objects;
}

// With --kind and --api-version, where one needs the other.
Result<std::vector<Value>> find_exact(const Connection& connection,
                                      const std::vector<std::string>& words,
                                      const std::string& kind, const std::string& api_version) {
  if (words.empty()) return usage("object name is required");
  if (kind.empty()) return usage("object kind is required (--kind)");
  if (api_version.empty()) return usage("object apiVersion is required (--api-version)");
  const std::size_t slash = api_version.find('/');
  const bool grouped = slash != std::string::npos;
  const Gvk gvk{grouped ? api_version.substr(0, slash) : "",
                grouped ? api_version.substr(slash + 1) : api_version, kind};
  WEIR_TRY(const std::vector<ApiResource> resources, connection.kube().resources());
  const auto found = std::find_if(resources.begin(), resources.end(), [&](const ApiResource& one) {
    return one.gvk.group == gvk.group && one.gvk.version == gvk.version &&
           same_word(one.gvk.kind, kind);
  });
  if (found == resources.end())
    return make_error(Code::not_found, "failed to find object: no matches for kind \"" + kind +
                                           "\" in version \"" + api_version + "\"");
  auto object =
      connection.kube().get({found->gvk, found->namespaced ? connection.ns() : "", words[0]});
  if (!object.ok()) return std::move(object).error().with_context("failed to find object");
  object->set("kind", kind);
  return std::vector<Value>{std::move(*object)};
}

// --- who manages it ---

// Of its labels, or of those of its owners.
std::optional<ObjectId> find_manager(reconcile::KubeApi& kube, const Value& object,
                                     const Gvk& gvk) {
  constexpr int depth_max = 16;
  Value current = object;
  for (int depth = 0; depth < depth_max; ++depth) {
    const Value& labels = current.path("metadata", "labels");
    const std::string name(labels[gvk.group + "/name"].get_string());
    if (!name.empty())
      return ObjectId{gvk, std::string(labels[gvk.group + "/namespace"].get_string()), name};
    const Value& owners = current.path("metadata", "ownerReferences");
    if (!owners.is_array() || owners.empty()) return std::nullopt;
    const Value& owner = owners.at(0);
    Value reference = Value::object(
        {{"apiVersion", owner["apiVersion"]},
         {"kind", owner["kind"]},
         {"metadata", Value::object({{"name", owner["name"]},
                                     {"namespace", object.path("metadata", "namespace")}})}});
    ObjectId id = ObjectId::of(reference);
    const auto resource = kube.resolve(id.gvk);
    if (resource.ok() && !resource->namespaced) id.ns.clear();
    auto found = kube.get(id);
    if (!found.ok()) return std::nullopt;
    current = std::move(*found);
  }
  return std::nullopt;
}

// --- the report ---

// A column of names, `width` wide: 17 in reports about a Kustomization, 16 about a HelmRelease.
class Report {
 public:
  explicit Report(std::size_t width) : width_(width) {}
  void line(std::string_view name, std::string_view text) {
    std::string label = std::string(name) + ":";
    if (label.size() < width_) label.append(width_ - label.size(), ' ');
    text_.append("\n").append(label).append(text);
  }
  void line_unless_empty(std::string_view name, std::string_view text) {
    if (!text.empty()) line(name, text);
  }
  void rule() { text_ += "\n---"; }
  std::string text() const { return text_ + "\n"; }

 private:
  std::size_t width_;
  std::string text_;
};

// As Go prints a time: "2026-01-01 00:00:00 +0000 UTC", in the local zone.
std::string local_time(const Value& text) {
  const auto time = base::parse_rfc3339(text.get_string());
  if (!time.ok()) return "0001-01-01 00:00:00 +0000 UTC";
  const auto seconds = static_cast<time_t>(*time / 1'000'000);
  tm parts{};
  ::localtime_r(&seconds, &parts);
  char out[64];
  return {out, ::strftime(out, sizeof out, "%Y-%m-%d %H:%M:%S %z %Z", &parts)};
}

// `may_fail`: a Ready that is False is told as a failure (sources).
void add_ready(Report& report, const Value& object, bool may_fail) {
  const Value* ready = model::find_condition(object.path("status", "conditions"), "Ready");
  if (ready == nullptr) {
    report.line("Status", "Unknown");
    return;
  }
  const bool failure = may_fail && (*ready)["status"].get_string() == "False";
  report.line("Status", (failure ? "Last reconciliation failed at " : "Last reconciled at ") +
                            local_time((*ready)["lastTransitionTime"]));
  report.line("Message", (*ready)["message"].get_string());
}

struct ReferenceField {
  std::string_view field, label;
};
// The first that is set is shown.
constexpr ReferenceField git_fields[] = {{"tag", "Tag"}, {"semver", "Tag"}, {"branch", "Branch"}};
constexpr ReferenceField oci_fields[] = {{"tag", "Tag"}, {"semver", "Tag"}, {"digest", "Digest"}};

template <std::size_t N>
void add_reference(Report& report, const Value& reference, const ReferenceField (&fields)[N]) {
  for (const ReferenceField& field : fields)
    if (const auto text = reference[field.field].get_string(); !text.empty())
      return report.line(field.label, text);
}

void add_revision(Report& report, const Value& source) {
  const Value& artifact = source.path("status", "artifact");
  if (artifact.is_object()) report.line("Revision", artifact["revision"].get_string());
}

Result<void> add_source(Report& report, const Value& source) {
  const std::string_view kind = source["kind"].get_string();
  report.rule();
  report.line(kind, source.path("metadata", "name").get_string());
  report.line("Namespace", source.path("metadata", "namespace").get_string());
  if (kind == "ExternalArtifact") {
    const Value& of = source.path("spec", "sourceRef");
    report.line("Source", std::string(of["kind"].get_string()) + "/" +
                              std::string(of["namespace"].get_string()) + "/" +
                              std::string(of["name"].get_string()));
  } else {
    report.line("URL", source.path("spec", "url").get_string());
  }
  if (kind == "GitRepository") add_reference(report, source.path("spec", "ref"), git_fields);
  if (kind == "OCIRepository") add_reference(report, source.path("spec", "ref"), oci_fields);
  add_revision(report, source);
  const Value& metadata = source.path("status", "artifact", "metadata");
  if (kind == "OCIRepository" || kind == "ExternalArtifact") {
    constexpr ReferenceField origins[] = {{"org.opencontainers.image.revision", "Origin Revision"},
                                          {"org.opencontainers.image.source", "Origin Source"}};
    for (const ReferenceField& origin : origins)
      report.line_unless_empty(origin.label, metadata[origin.field].get_string());
  }
  add_ready(report, source, kind != "HelmRepository");
  return {};
}

Result<Value> get_source(reconcile::KubeApi& kube, const Value& owner, const Value& reference) {
  const std::string kind(reference["kind"].get_string());
  std::string_view ns = reference["namespace"].get_string();
  if (ns.empty()) ns = owner.path("metadata", "namespace").get_string();
  auto source = kube.get({{std::string(source_group), "v1", kind},
                          std::string(ns),
                          std::string(reference["name"].get_string())});
  if (!source.ok()) return std::move(source).error().with_context("failed to find " + kind);
  if (kind == "ExternalArtifact" && !source->path("spec", "sourceRef").is_object())
    return make_error(Code::invalid, "ExternalArtifact " + std::string(ns) + "/" +
                                         std::string(reference["name"].get_string()) +
                                         " is missing spec.sourceRef");
  return source;
}

void add_object(Report& report, const Value& object) {
  report.line("Object", std::string(object["kind"].get_string()) + "/" +
                            std::string(object.path("metadata", "name").get_string()));
  report.line_unless_empty("Namespace", object.path("metadata", "namespace").get_string());
  report.line("Status", "Managed by Flux");
}

void add_owner(Report& report, const Value& owner) {
  report.rule();
  report.line(owner["kind"].get_string(), owner.path("metadata", "name").get_string());
  report.line("Namespace", owner.path("metadata", "namespace").get_string());
  report.line_unless_empty("Target", owner.path("spec", "targetNamespace").get_string());
}

Result<std::string> trace_kustomization(reconcile::KubeApi& kube, const ObjectId& id,
                                        const Value& object) {
  auto owner = kube.get(id);
  if (!owner.ok()) return std::move(owner).error().with_context("failed to find kustomization");
  const Value& reference = owner->path("spec", "sourceRef");
  Report report(17);
  add_object(report, object);
  add_owner(report, *owner);
  report.line("Path", owner->path("spec", "path").get_string());
  report.line("Revision", owner->path("status", "lastAppliedRevision").get_string());
  add_ready(report, *owner, false);
  // A Bucket is not told about, as flux does not.
  constexpr std::string_view told[] = {"GitRepository", "OCIRepository", "ExternalArtifact"};
  const std::string_view kind = reference["kind"].get_string();
  if (std::find(std::begin(told), std::end(told), kind) != std::end(told)) {
    WEIR_TRY(const Value source, get_source(kube, *owner, reference));
    WEIR_CHECK(add_source(report, source));
  }
  return report.text();
}

Result<void> add_chart(Report& report, reconcile::KubeApi& kube, const Value& owner) {
  const std::string name(owner.path("status", "helmChart").get_string());
  if (name.empty()) return {};
  const std::size_t slash = std::min(name.find('/'), name.size());
  auto chart = kube.get({{std::string(source_group), "v1", "HelmChart"},
                         name.substr(0, slash),
                         slash == name.size() ? "" : name.substr(slash + 1)});
  if (!chart.ok()) return std::move(chart).error().with_context("failed to find HelmChart");
  report.rule();
  report.line("HelmChart", chart->path("metadata", "name").get_string());
  report.line("Namespace", chart->path("metadata", "namespace").get_string());
  report.line("Chart", chart->path("spec", "chart").get_string());
  report.line("Version", chart->path("spec", "version").get_string());
  add_revision(report, *chart);
  add_ready(report, *chart, false);
  return {};
}

Result<std::string> trace_release(reconcile::KubeApi& kube, const ObjectId& id,
                                  const Value& object) {
  auto owner = kube.get(id);
  if (!owner.ok()) return std::move(owner).error().with_context("failed to find HelmRelease");
  Report report(16);
  add_object(report, object);
  add_owner(report, *owner);
  report.line("Revision", owner->path("status", "lastAttemptedRevision").get_string());
  add_ready(report, *owner, false);
  WEIR_CHECK(add_chart(report, kube, *owner));
  const Value& direct = owner->path("spec", "chartRef");
  const Value& of_chart = owner->path("spec", "chart", "spec", "sourceRef");
  const Value& reference = of_chart.is_object() ? of_chart : direct;
  const std::string_view kind = reference["kind"].get_string();
  constexpr std::string_view told[] = {"GitRepository", "HelmRepository", "OCIRepository",
                                       "ExternalArtifact"};
  if (std::find(std::begin(told), std::end(told), kind) == std::end(told)) return report.text();
  WEIR_TRY(const Value source, get_source(kube, *owner, reference));
  // Columns as wide as flux's template has them for each kind.
  Report tail(kind == "HelmRepository" ? 16 : kind == "GitRepository" ? 15 : 17);
  WEIR_CHECK(add_source(tail, source));
  std::string text = report.text();
  text.pop_back();
  return text + tail.text();
}

Result<std::string> trace_object(reconcile::KubeApi& kube, const Value& object) {
  if (const auto manager = find_manager(kube, object, kustomization_gvk))
    return trace_kustomization(kube, *manager, object);
  if (const auto manager = find_manager(kube, object, release_gvk))
    return trace_release(kube, *manager, object);
  return make_error(Code::not_found, "object not managed by Flux");
}

}  // namespace

int run_trace(int argc, char** argv) {
  Connection connection;
  std::vector<std::string> words;
  std::string kind, api_version;
  Args args("trace", "Prints which Flux object manages an object, and what that was built from.");
  connection.add_to(args);
  args.positional("object", words, "KIND NAME..., or KIND/NAME...", false);
  args.option("--kind", kind, "Kind of the object, with --api-version: Deployment.");
  args.option("--api-version", api_version, "Its API version: apps/v1.");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (const auto opened = connection.open(); !opened.ok()) return failed(opened.error());
  const bool exact = !kind.empty() || !api_version.empty();
  const auto objects =
      exact ? find_exact(connection, words, kind, api_version) : find_objects(connection, words);
  if (!objects.ok()) return failed(objects.error());
  for (std::size_t i = 0; i < objects->size(); ++i) {
    const Value& object = (*objects)[i];
    const auto report = trace_object(connection.kube(), object);
    if (report.ok())
      print(*report);
    else
      std::fprintf(stderr, "failed to trace %s/%s in namespace %s: %s\n",
                   std::string(object["kind"].get_string()).c_str(),
                   std::string(object.path("metadata", "name").get_string()).c_str(),
                   std::string(object.path("metadata", "namespace").get_string()).c_str(),
                   report.error().message.c_str());
    if (i + 1 < objects->size()) print("---\n");
  }
  return 0;
}

}  // namespace weir::cli
