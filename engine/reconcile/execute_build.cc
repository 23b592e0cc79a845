#include <map>

#include "engine/apply/normalise.hh"
#include "engine/apply/order.hh"
#include "engine/apply/skip.hh"
#include "engine/base/digest.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/render.hh"
#include "engine/value/json.hh"

namespace weir::reconcile {
namespace {

StepError build_error(const Error& error) {
  return {error.code, "BuildFailed", error.message, false};
}

// Counts remote loads: what came from elsewhere can change without the artifact changing.
class CountingLoader final : public kustomize::RemoteLoader {
 public:
  explicit CountingLoader(kustomize::RemoteLoader* next) : next_(next) {}
  Result<std::string> fetch_file(const std::string& url) override {
    ++loads;
    return next_->fetch_file(url);
  }
  Result<kustomize::RemoteTree> fetch_repository(const kustomize::RepoSpec& spec) override {
    ++loads;
    return next_->fetch_repository(spec);
  }
  int loads = 0;

 private:
  kustomize::RemoteLoader* next_;
};

base::Digest cache_key(const ObjectId& owner, const BuildManifests& build,
                       const expr::Variables& variables) {
  base::Sha256 hash;
  const auto add = [&](std::string_view text) {
    hash.update(std::to_string(text.size()));
    hash.update(":");
    hash.update(text);
  };
  add(owner.subject());
  add(build.artifact.digest);
  add(build.artifact.revision);
  add(value::write_json(build.object["spec"]));
  for (const auto& [name, text] : variables) {
    add(name);
    add(text);
  }
  return hash.finish();
}

}  // namespace

Result<FileTreePtr> Executor::open_artifact(const Artifact& artifact) {
  if (!artifact.foreign) return ports_.artifacts->open(artifact.path, artifact.digest);
  return foreign_.open(*ports_.download, artifact);
}

Result<base::FileBytes> Executor::read_artifact(const Artifact& artifact) {
  if (!artifact.foreign) return ports_.artifacts->read(artifact.path, artifact.digest);
  auto bytes = ForeignArtifacts::fetch(*ports_.download, artifact);
  if (bytes.ok()) return std::make_shared<const std::string>(*std::move(bytes));
  Error error = std::move(bytes).error();
  if (error.code == Code::gone) error.code = Code::not_found;
  return error;
}

OutcomeBody Executor::run(const ObjectId& owner, const BuildManifests& build) {
  if (build.claimant.empty()) return render(owner, build);
  OutcomeBody made = render(build.claimant, build);
  if (auto* rendered = std::get_if<ManifestsRendered>(&made)) {
    rendered->claimant = build.claimant;
    return made;
  }
  return ManifestsRendered{nullptr, false, build.claimant};
}

OutcomeBody Executor::render(const ObjectId& owner, const BuildManifests& build) {
  auto tree = open_artifact(build.artifact);
  if (!tree.ok() && tree.error().code == Code::gone)
    return StepError{Code::gone, "ArtifactFailed",
                     "Source is not ready, artifact not found, retrying in " +
                         base::format_duration(options_.requeue_dependency),
                     false};
  if (!tree.ok())
    return StepError{tree.error().code, "ArtifactFailed", tree.error().message, false};
  const auto directory = base::clean_path("/" + build.spec.path);
  if ((*tree)->stat(directory->substr(1)) != base::EntryType::directory)
    return StepError{
        Code::not_found, "ArtifactFailed",
        "kustomization path not found: stat " + build.spec.path + ": no such file or directory",
        false};
  auto variables = read_variables(ports_.kube, owner.ns, build.spec);
  if (!variables.ok())
    return build_error(std::move(variables).error().with_context("post build failed"));
  const base::Digest key = cache_key(owner, build, *variables);
  if (RenderedPtr cached = cache_.find(key)) return ManifestsRendered{std::move(cached), true, {}};

  CountingLoader remote(ports_.remote);
  BuildInputs inputs;
  inputs.allow_remote = !options_.no_remote_bases;
  inputs.remote = ports_.remote == nullptr ? nullptr : &remote;
  auto resources = build_resources(**tree, directory->substr(1), build.object["spec"], inputs);
  if (!resources.ok()) return build_error(resources.error());
  auto substituted =
      substitute_all(*resources, *variables, build.spec, options_.strict_substitution);
  if (!substituted.ok()) return build_error(substituted.error());

  auto set = std::make_shared<RenderedSet>();
  set->revision = build.artifact.revision;
  set->digest = base::sha256(kustomize::write_resources(*resources));
  for (Value& resource : *resources) {
    // Normalising a Secret takes the mark away.
    if (auto clear = apply::check_not_encrypted(resource); !clear.ok())
      return StepError{Code::invalid, "ReconciliationFailed", clear.error().message, false};
    apply::add_owner_labels(resource, owner.ns, owner.name);
    resource = apply::normalise(resource);
    apply::add_common_metadata(resource, build.spec.common_labels, build.spec.common_annotations);
  }
  for (auto& stage : apply::split_stages(*std::move(resources), options_.stage_kinds)) {
    std::vector<RenderedObject> objects;
    for (Value& manifest : stage) {
      auto stored = store_manifest(*ports_.log, manifest);
      if (!stored.ok())
        return StepError{stored.error().code, "BuildFailed", stored.error().message, false};
      const ObjectId id = ObjectId::of(manifest);
      objects.push_back({id, std::move(manifest), stored->first, stored->second});
    }
    set->stages.push_back(std::move(objects));
  }
  auto stored = store_set(*ports_.log, *set);
  if (!stored.ok()) return build_error(stored.error());
  set->set_blob = *stored;
  if (remote.loads == 0) cache_.put(key, set);
  return ManifestsRendered{std::move(set), false, {}};
}

OutcomeBody Executor::run(const ObjectId&, const LoadRendered& load) {
  const auto gone = [&](const Error& error) {
    return StepError{
        error.code, "RollbackFailed",
        "the manifests of revision " + load.revision + " cannot be read back: " + error.message,
        false};
  };
  auto stored = load_set(*ports_.log, load.set_blob);
  if (!stored.ok()) return gone(stored.error());
  std::vector<Value> manifests;
  std::map<ObjectId, base::Digest> blobs;
  for (RenderedObject& object : *stored) {
    blobs[object.id] = object.blob;
    manifests.push_back(std::move(object.manifest));
  }
  auto set = std::make_shared<RenderedSet>();
  set->revision = load.revision;
  set->set_blob = load.set_blob;
  set->digest = load.set_blob;
  for (auto& stage : apply::split_stages(std::move(manifests), options_.stage_kinds)) {
    std::vector<RenderedObject> objects;
    for (Value& manifest : stage) {
      const ObjectId id = ObjectId::of(manifest);
      objects.push_back({id, std::move(manifest), blobs[id], blobs[id]});
    }
    set->stages.push_back(std::move(objects));
  }
  return ManifestsRendered{std::move(set), false, {}};
}

}  // namespace weir::reconcile
