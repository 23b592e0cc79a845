// weir diff hr and weir preview hr: what the next reconcile of a HelmRelease would change, told by
// the very code that would do it. `diff` compares with what stands in the cluster, by server-side
// dry-run; `preview` with the release that Helm's storage holds. Secrets are masked.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "adapters/archive/disk_file_tree.hh"
#include "adapters/clock/system_clock.hh"
#include "engine/apply/diff.hh"
#include "engine/apply/order.hh"
#include "engine/base/limits.hh"
#include "engine/helm/load.hh"
#include "engine/helm/package.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/helm_history.hh"
#include "engine/reconcile/helm_object.hh"
#include "engine/reconcile/helm_render.hh"
#include "engine/reconcile/helm_run.hh"
#include "engine/reconcile/status.hh"
#include "engine/value/yaml.hh"
#include "tools/weir/connection.hh"
#include "tools/weir/flux_kinds.hh"
#include "tools/weir/host.hh"
#include "tools/weir/local_schemas.hh"
#include "tools/weir/output.hh"
#include "tools/weir/remotes.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

using reconcile::HelmObject;

class BytesPayload final : public reconcile::Payload {
 public:
  explicit BytesPayload(std::string bytes)
      : bytes_(std::move(bytes)), digest_(base::sha256(bytes_)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  const base::Digest& digest() const override { return digest_; }
  Result<void> read(const reconcile::ByteSink& sink) const override { return sink(bytes_); }

 private:
  std::string bytes_;
  base::Digest digest_;
};

// The chart of --chart, packed, as if a source served it.
class LocalChart final : public reconcile::DownloadPort {
 public:
  Result<void> load(const std::string& path) {
    WEIR_TRY(const auto tree, archive::DiskFileTree::open_unconfined("."));
    const auto type = tree->stat(path);
    if (!type) return make_error(Code::invalid, "--chart: path " + path + " not found");
    if (*type != base::EntryType::directory) {
      WEIR_TRY(std::string bytes, read_file(path));
      payload_ = std::make_shared<BytesPayload>(std::move(bytes));
      return {};
    }
    WEIR_TRY(auto files, helm::list_chart_files(*tree, path).with_context("--chart"));
    WEIR_TRY(const helm::Metadata metadata, helm::read_metadata(files).with_context("--chart"));
    WEIR_TRY(std::string bytes, helm::package_chart(metadata.name, std::move(files), {}));
    version_ = metadata.version;
    payload_ = std::make_shared<BytesPayload>(std::move(bytes));
    return {};
  }
  Result<reconcile::PayloadPtr> download(const reconcile::DownloadRequest&) override {
    return payload_;
  }
  reconcile::Artifact artifact() const {
    reconcile::Artifact out;
    out.revision = version_.empty() ? "local" : version_;
    out.path = "chart.tgz";
    out.url = "http://local/chart.tgz";
    out.digest = payload_->digest().to_string();
    out.foreign = true;
    return out;
  }

 private:
  std::string version_;
  reconcile::PayloadPtr payload_;
};

struct PreviewFlags {
  Connection connection;
  std::string name, file, chart;

  void add_to(Args& args) {
    connection.add_to(args);
    args.positional("name", name, "Name of the HelmRelease.");
    args.option("-f,--file", file, "A HelmRelease in YAML to look at instead of the one there.");
    args.option("--chart", chart, "A chart, folder or package, instead of the source's.");
  }
};

// All that is known of the next release.
struct Preview {
  Value object;
  model::HelmReleaseSpec spec;
  reconcile::PreparedPtr prepared;
  std::shared_ptr<reconcile::HelmStorage> storage;
  reconcile::Decision decision;
  reconcile::ReleaseVerdict verdict;
  helm::RenderedChart rendered;
  std::vector<HelmObject> wanted, before;
};

Result<Value> read_object(const PreviewFlags& flags, const ObjectId& id) {
  if (flags.file.empty()) return flags.connection.kube().get(id);
  WEIR_TRY(const std::string text, read_file(flags.file));
  value::YamlOptions options;
  options.file = flags.file;
  WEIR_TRY(const auto documents, value::parse_yaml_documents(text, options));
  for (const auto& document : documents) {
    Value object = document.value;
    const std::string_view ns = object.path("metadata", "namespace").get_string();
    if (object["kind"].get_string() != id.gvk.kind ||
        object.path("metadata", "name").get_string() != id.name || !(ns.empty() || ns == id.ns))
      continue;
    WEIR_CHECK(model::check_spec(model::helm_release_declaration(), object)
                   .with_context(flags.file + ":" + std::to_string(document.line)));
    object.entry("metadata").set("namespace", id.ns);
    if (auto live = flags.connection.kube().get(id); live.ok())
      object.set("status", (*live)["status"]);
    return object;
  }
  return make_error(Code::not_found,
                    flags.file + ": no HelmRelease '" + id.ns + "/" + id.name + "' in it");
}

// The artifact that the HelmRelease's chart comes from, as its source's status has it.
Result<reconcile::Artifact> find_artifact(const PreviewFlags& flags, const Preview& preview) {
  ObjectId source = preview.spec.chart_ref;
  if (preview.spec.chart)
    source = {model::helm_chart_gvk, preview.spec.chart_source.ns,
              flags.connection.ns() + "-" + flags.name};
  source.gvk.version = "v1";
  auto live = flags.connection.kube().get(source);
  if (!live.ok())
    return std::move(live).error().with_context("the chart's source (or give --chart)");
  reconcile::Artifact artifact = reconcile::read_artifact((*live)["status"]);
  artifact.foreign = true;
  if (artifact.empty())
    return make_error(Code::unavailable,
                      source.subject() + " has no artifact yet: give --chart PATH");
  return artifact;
}

Result<void> prepare(const PreviewFlags& flags, Preview& preview) {
  clock::SystemClock clock;
  LocalChart local;
  std::unique_ptr<Remotes> remotes;
  reconcile::PrepareHelm command;
  command.spec = std::make_shared<const model::HelmReleaseSpec>(preview.spec);
  if (!preview.spec.service_account.empty())
    command.as = {"system:serviceaccount:" + flags.connection.ns() + ":" +
                  preview.spec.service_account};
  reconcile::Ports ports;
  ports.kube = &flags.connection.kube();
  ports.clock = &clock;
  if (!flags.chart.empty()) {
    WEIR_CHECK(local.load(flags.chart));
    command.artifact = local.artifact();
    ports.download = &local;
  } else {
    WEIR_TRY(command.artifact, find_artifact(flags, preview));
    command.by_digest = preview.spec.chart_ref.gvk.kind == "OCIRepository";
    WEIR_TRY(remotes, Remotes::open("/tmp"));
    ports.download = &remotes->downloads();
  }
  reconcile::Executor executor(ports, {});
  const ObjectId id = ObjectId::of(preview.object);
  auto outcome = executor.execute({id, 0, 0, std::move(command)});
  if (const auto* error = std::get_if<reconcile::StepError>(&outcome.body))
    return make_error(error->code, error->message, error->reason);
  auto& made = std::get<reconcile::HelmPrepared>(outcome.body);
  preview.prepared = std::move(made.prepared);
  preview.storage = std::move(made.storage);
  return {};
}

void decide(Preview& preview) {
  const reconcile::ReleasePtr newest = preview.storage->newest();
  const std::set<reconcile::HelmActionType> done;
  const reconcile::DecideInput input{preview.spec,
                                     preview.object["status"],
                                     preview.object.path("metadata", "generation").get_int(),
                                     preview.prepared->desired,
                                     newest.get(),
                                     nullptr,
                                     false,
                                     reconcile::DriftFinding::none,
                                     done};
  preview.verdict = reconcile::determine_state(input);
  preview.decision = reconcile::decide(input);
}

Result<void> render(const PreviewFlags& flags, Preview& preview) {
  const reconcile::ReleasePtr newest = preview.storage->newest();
  reconcile::KubeApi& kube = flags.connection.kube();
  clock::SystemClock clock;
  reconcile::ReleaseRender input;
  input.kube = &kube;
  if (!preview.spec.service_account.empty())
    input.as = {"system:serviceaccount:" + flags.connection.ns() + ":" +
                preview.spec.service_account};
  WEIR_TRY(input.server_version, kube.server_version());
  input.clock = &clock;
  LocalSchemas schemas(LocalSchemas::Files::refused);
  input.schemas = &schemas;
  input.spec = &preview.spec;
  input.owner = ObjectId::of(preview.object);
  input.charts = preview.prepared->charts.get();
  input.values = preview.prepared->values;
  const reconcile::ReleasePtr current = preview.storage->current();
  if (preview.spec.upgrade.preserve_values) input.kept = current.get();
  input.release = {preview.spec.release_name, preview.spec.release_namespace,
                   newest == nullptr ? 1 : newest->version + 1, newest != nullptr};
  WEIR_TRY(preview.rendered, reconcile::render_release(input));
  WEIR_TRY(preview.wanted,
           reconcile::release_objects(kube, helm::manifest_text(preview.rendered, false),
                                      preview.spec.release_namespace));
  const reconcile::ReleasePtr deployed = preview.storage->deployed();
  const reconcile::ReleasePtr base = deployed == nullptr ? newest : deployed;
  if (base != nullptr && base->status != "uninstalled") {
    WEIR_TRY(preview.before, reconcile::release_objects(kube, base->manifest, base->ns));
  }
  for (HelmObject& object : preview.wanted)
    reconcile::mark_owned(object.manifest, preview.spec.release_name,
                          preview.spec.release_namespace);
  for (HelmObject& object : preview.before)
    reconcile::mark_owned(object.manifest, base->name, base->ns);
  return {};
}

// What is wrong on the command line needs no cluster to be seen.
Result<void> check_paths(const PreviewFlags& flags) {
  const std::pair<const char*, const std::string*> paths[] = {{"--file", &flags.file},
                                                              {"--chart", &flags.chart}};
  for (const auto& [flag, path] : paths)
    if (!path->empty() && ::access(path->c_str(), R_OK) != 0)
      return make_error(Code::invalid,
                        std::string(flag) + ": " + *path + ": " + std::strerror(errno));
  return {};
}

Result<Preview> look_ahead(PreviewFlags& flags) {
  WEIR_CHECK(check_paths(flags));
  WEIR_CHECK(flags.connection.open());
  Preview preview;
  const ObjectId id{model::helm_release_gvk, flags.connection.ns(), flags.name};
  WEIR_TRY(preview.object, read_object(flags, id));
  WEIR_TRY(preview.spec, model::decode_helm_release(preview.object));
  if (preview.spec.kube_config)
    return make_error(Code::unsupported,
                      "spec.kubeConfig: releases on other clusters cannot be looked at from here");
  WEIR_CHECK(prepare(flags, preview));
  decide(preview);
  WEIR_CHECK(render(flags, preview));
  return preview;
}

const HelmObject* find_in(const std::vector<HelmObject>& objects, const ObjectId& id) {
  for (const HelmObject& object : objects)
    if (model::same_object(object.id, id)) return &object;
  return nullptr;
}

// Deleting it takes more along than itself.
bool is_grave(const ObjectId& id) {
  static constexpr std::string_view kinds[] = {
      "Namespace", "CustomResourceDefinition", "PersistentVolumeClaim", "PersistentVolume",
      "StatefulSet"};
  return std::find(std::begin(kinds), std::end(kinds), id.gvk.kind) != std::end(kinds);
}

struct Report {
  std::string text;
  bool changed = false;
  std::vector<std::string> errors;

  void add(const std::string& line) {
    text += "► " + line + "\n";
    changed = true;
  }
};

Result<void> diff_live(const PreviewFlags& flags, const Preview& preview, const HelmObject& object,
                       Report& report) {
  reconcile::KubeApi& kube = flags.connection.kube();
  const std::string subject = object.id.subject();
  if (object.generated) {
    report.add(subject + " created");
    return {};
  }
  auto live = kube.get(object.id);
  if (!live.ok() && live.error().code != Code::not_found) return std::move(live).error();
  if (!live.ok()) {
    report.add(subject + " created");
    return {};
  }
  reconcile::WriteOptions options;
  if (!preview.spec.service_account.empty())
    options.as = {"system:serviceaccount:" + flags.connection.ns() + ":" +
                  preview.spec.service_account};
  options.field_manager = reconcile::helm_field_manager;
  options.force = true;
  options.dry_run = true;
  auto dry_run = kube.apply(object.manifest, options);
  if (!dry_run.ok()) return std::move(dry_run).error().with_context(subject + " dry-run failed");
  const auto changes = apply::diff_objects(*live, *dry_run);
  if (changes.empty()) return {};
  report.add(subject + " drifted");
  report.text += "\n" + apply::format_changes(changes);
  return {};
}

Result<void> add_deletions(const PreviewFlags& flags, const Preview& preview, Report& report) {
  for (const HelmObject& object : preview.before) {
    if (object.generated || find_in(preview.wanted, object.id) != nullptr) continue;
    auto live = flags.connection.kube().get(object.id);
    if (!live.ok() && live.error().code == Code::not_found) continue;
    if (!live.ok()) return std::move(live).error();
    if (reconcile::is_kept(*live)) {
      report.text += "► " + object.id.subject() + " kept by its resource policy\n";
      continue;
    }
    report.add(object.id.subject() + " deleted");
    if (is_grave(object.id))
      report.text += "⚠️ deleting a " + object.id.gvk.kind + " loses what it holds\n";
  }
  return {};
}

int finish(const Report& report) {
  print(report.text);
  if (!report.errors.empty()) {
    std::string all;
    for (const std::string& error : report.errors) all += (all.empty() ? "" : ", ") + error;
    return failed(report.errors.size() > 1 ? "[" + all + "]" : all, 2);
  }
  return report.changed ? 1 : 0;
}

// "Helm upgrade of shop/web to v3 with chart shop@1.1.0: release config values changed".
std::string headline(const Preview& preview) {
  const reconcile::ReleasePtr newest = preview.storage->newest();
  const int version = newest == nullptr ? 1 : newest->version + 1;
  const std::string release = preview.spec.release_namespace + "/" + preview.spec.release_name;
  const std::string why = preview.verdict.why.empty() ? "" : ": " + preview.verdict.why;
  if (preview.decision.kind == reconcile::DecisionKind::finished)
    return "release " + release + " is in sync";
  if (preview.decision.kind != reconcile::DecisionKind::act)
    return "nothing would be done with release " + release + ": " +
           (preview.decision.message.empty() ? preview.verdict.why : preview.decision.message);
  const reconcile::DesiredRelease& desired = preview.prepared->desired;
  return "Helm " + std::string(reconcile::helm_action_name(preview.decision.action)) + " of " +
         release + " to v" + std::to_string(version) + " with chart " + desired.chart_name + "@" +
         desired.chart_version + why;
}

void preview_objects(const Preview& preview, Report& report) {
  for (const HelmObject& object : preview.wanted) {
    const HelmObject* before = find_in(preview.before, object.id);
    if (before == nullptr) {
      report.add(object.id.subject() + " created");
      continue;
    }
    const auto changes = apply::diff_objects(before->manifest, object.manifest);
    if (changes.empty()) continue;
    report.add(object.id.subject() + " configured");
    report.text += "\n" + apply::format_changes(changes);
  }
}

void preview_hooks(const Preview& preview, Report& report) {
  const bool install = preview.storage->newest() == nullptr;
  for (const helm::Hook& hook : preview.rendered.hooks)
    for (const std::string& event : hook.events) {
      const bool runs = event == (install ? "pre-install" : "pre-upgrade") ||
                        event == (install ? "post-install" : "post-upgrade");
      if (runs) report.text += "► " + hook.kind + "/" + hook.name + " runs as " + event + " hook\n";
    }
}

}  // namespace

int run_diff_release(int argc, char** argv) {
  PreviewFlags flags;
  Args args("diff helmrelease",
            "Prints what releasing a HelmRelease would change in the cluster: exit code 0 for "
            "nothing, 1 for changes, 2 for an error.");
  flags.add_to(args);
  if (const auto code = args.parse(argc, argv)) return *code;
  auto preview = look_ahead(flags);
  if (!preview.ok()) return failed(preview.error().message, 2);
  Report report;
  for (const HelmObject& object : preview->wanted) {
    auto done = diff_live(flags, *preview, object, report);
    if (!done.ok()) report.errors.push_back(done.error().message);
  }
  if (auto done = add_deletions(flags, *preview, report); !done.ok())
    report.errors.push_back(done.error().message);
  const int code = finish(report);
  if (code == 1) say_warning("identified at least one change, exiting with non-zero exit code");
  return code;
}

int run_preview(int argc, char** argv) {
  int code = 0;
  const KindWords words = take_kind("preview", argc, argv, {"HelmRelease"}, code);
  if (words.kind == nullptr) return code;
  PreviewFlags flags;
  Args args(words.usage,
            "Prints what the next reconcile of a HelmRelease would do: its action, the objects "
            "that differ from the release that stands, its hooks. Exit code 0 when nothing is to "
            "be done, 1 when something is, 2 for an error.");
  flags.add_to(args);
  if (const auto ended = args.parse(words.argc, words.argv)) return *ended;
  auto preview = look_ahead(flags);
  if (!preview.ok()) return failed(preview.error().message, 2);
  Report report;
  const bool acts = preview->decision.kind == reconcile::DecisionKind::act;
  report.text = "► " + headline(*preview) + "\n";
  report.changed = acts;
  if (!acts) return finish(report);
  preview_objects(*preview, report);
  if (auto done = add_deletions(flags, *preview, report); !done.ok())
    report.errors.push_back(done.error().message);
  preview_hooks(*preview, report);
  return finish(report);
}

}  // namespace weir::cli
