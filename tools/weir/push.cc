// weir push artifact: a directory or a file becomes an OCI artifact that an OCIRepository reads.
#include "adapters/clock/system_clock.hh"
#include "engine/base/digest.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"
#include "tools/weir/artifact.hh"
#include "tools/weir/artifact_files.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

struct PushFlags {
  RegistryFlags registry;
  ArtifactFiles files;
  std::string url, source, revision, output;
  std::vector<std::string> annotations;
  bool reproducible = false, debug = false;

  void add_to(Args& args) {
    registry.add_to(args);
    args.positional("url", url, "Where to push: oci://HOST/REPOSITORY:TAG.");
    args.option("-f,--path", files.path, "Directory or file; - reads manifests from stdin.");
    args.option("--source", source, "Address of the source, such as the URL of its repository.");
    args.option("--revision", revision, "Revision of the source: <branch|tag>@sha1:<commit>.");
    args.option("-a,--annotations", annotations, "Annotation of the artifact, <key>=<value>.");
    files.add_ignored_to(args);
    args.option("-o,--output", output, "json or yaml: the artifact's digest, for scripts.");
    args.flag("--reproducible", reproducible, "Leaves the time of the push out of the artifact.");
    files.add_symlinks_to(args);
    args.flag("--debug", debug, "Accepted for scripts written for flux; has no effect.");
  }
};

Result<Value> make_annotations(const PushFlags& flags) {
  Value out = Value::object();
  for (const std::string& annotation : flags.annotations) {
    const std::size_t equals = annotation.find('=');
    if (equals == std::string::npos || annotation.find('=', equals + 1) != std::string::npos)
      return make_error(Code::invalid,
                        "invalid annotation " + annotation + ", must be in the format key=value");
    out.set(annotation.substr(0, equals), annotation.substr(equals + 1));
  }
  const base::TimeUs now = flags.reproducible ? 0 : clock::SystemClock().now();
  out.set(created_annotation, base::format_rfc3339(now));
  out.set(revision_annotation, flags.revision);
  out.set(source_annotation, flags.source);
  out.sort_members();
  return out;
}

Value descriptor(std::string_view type, const std::string& bytes) {
  return Value::object({{"mediaType", type},
                        {"size", static_cast<std::int64_t>(bytes.size())},
                        {"digest", base::sha256(bytes).to_string()}});
}

// Uploads both blobs and the manifest; the manifest's digest.
Result<std::string> push(const PushFlags& flags, const oci::Reference& reference) {
  WEIR_TRY(const std::string layer, flags.files.pack());
  WEIR_TRY(const Value annotations, make_annotations(flags));
  const std::string config =
      R"({"architecture":"","created":"0001-01-01T00:00:00Z","os":"","rootfs":{"type":"layers",)"
      R"("diff_ids":null},"config":{}})";
  const Value manifest =
      Value::object({{"schemaVersion", 2},
                     {"mediaType", artifact_manifest_type},
                     {"config", descriptor(artifact_config_type, config)},
                     {"layers", Value::array({descriptor(artifact_layer_type, layer)})},
                     {"annotations", annotations}});
  oci::RawManifest raw;
  raw.media_type = artifact_manifest_type;
  raw.bytes = value::write_json(manifest, {.sort_keys = false});
  oci::RegistryClient& registry = flags.registry.registry();
  WEIR_CHECK(registry.push_blob(reference.repository, layer, flags.registry.access()));
  WEIR_CHECK(registry.push_blob(reference.repository, config, flags.registry.access()));
  return registry.push_manifest(reference.repository, reference.tag, raw, flags.registry.access());
}

Result<void> check(const PushFlags& flags) {
  if (flags.source.empty()) return make_error(Code::invalid, "--source is required");
  if (flags.revision.empty()) return make_error(Code::invalid, "--revision is required");
  if (auto checked = flags.files.check(); !checked.ok()) {
    Error error = std::move(checked).error();
    if (error.code == Code::not_found)
      error.message += ": stat " + flags.files.path + ": no such file or directory";
    return error;
  }
  if (!flags.output.empty() && flags.output != "json" && flags.output != "yaml")
    return make_error(Code::invalid, "--output must be json or yaml");
  return {};
}

Result<void> run(PushFlags& flags) {
  WEIR_CHECK(check(flags));
  WEIR_TRY(const oci::Reference reference, parse_artifact_url(flags.url));
  if (!reference.digest.empty())
    return make_error(Code::invalid, "an artifact is pushed under a tag, not a digest");
  WEIR_CHECK(flags.registry.open());
  if (flags.output.empty()) say_action("pushing artifact to " + reference_text(reference));
  WEIR_TRY(const std::string digest,
           push(flags, reference).with_context("pushing artifact failed"));
  const std::string repository = repository_text(reference.repository);
  if (flags.output.empty()) {
    say_success("artifact successfully pushed to " + repository + "@" + digest);
    return {};
  }
  const Value info = Value::object({{"url", "oci://" + repository + "@" + digest},
                                    {"repository", repository},
                                    {"tag", reference.tag},
                                    {"digest", digest}});
  print(flags.output == "json" ? value::write_json(info, {.sort_keys = false, .indent = 2}) + "\n"
                               : value::write_yaml(info));
  return {};
}

int push_artifact(int argc, char** argv) {
  PushFlags flags;
  Args args("push artifact", "Packs a directory or a file and uploads it to an OCI repository.");
  flags.add_to(args);
  if (const auto code = args.parse(argc, argv)) return *code;
  const auto done = run(flags);
  return done.ok() ? 0 : failed(done.error().message);
}

}  // namespace

int run_push(int argc, char** argv) {
  static const std::vector<Verb> verbs = {
      {"artifact", "Uploads files as an OCI artifact.", push_artifact}};
  return dispatch("push", verbs, argc, argv);
}

}  // namespace weir::cli
