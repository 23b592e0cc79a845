// weir tag artifact: more names for an OCI artifact.
#include "tools/weir/artifact.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

Result<void> run(RegistryFlags& flags, const std::string& url,
                 const std::vector<std::string>& tags) {
  WEIR_TRY(const oci::Reference reference, parse_artifact_url(url));
  if (tags.empty()) return make_error(Code::invalid, "--tag is required");
  WEIR_CHECK(flags.open());
  say_action("tagging artifact");
  WEIR_TRY(
      const oci::RawManifest manifest,
      flags.registry()
          .raw_manifest(reference.repository,
                        reference.digest.empty() ? reference.tag : reference.digest, flags.access())
          .with_context("tagging artifact failed"));
  for (const std::string& tag : tags) {
    const std::string name = repository_text(reference.repository) + ":" + tag;
    WEIR_CHECK(parse_artifact_url("oci://" + name).ok()
                   ? Result<void>()
                   : make_error(Code::invalid, "tagging artifact failed: not a tag: " + tag));
    auto pushed =
        flags.registry().push_manifest(reference.repository, tag, manifest, flags.access());
    if (!pushed.ok()) return std::move(pushed).error().with_context("tagging artifact failed");
    say_success("artifact tagged as " + name);
  }
  return {};
}

int tag_artifact(int argc, char** argv) {
  RegistryFlags flags;
  std::string url;
  std::vector<std::string> tags;
  Args args("tag artifact", "Gives an OCI artifact more tags.");
  flags.add_to(args);
  args.positional("url", url, "The artifact: oci://HOST/REPOSITORY:TAG.");
  args.option("--tag", tags, "Name of a tag; may be given several times.");
  if (const auto code = args.parse(argc, argv)) return *code;
  const auto done = run(flags, url, tags);
  return done.ok() ? 0 : failed(done.error().message);
}

}  // namespace

int run_tag(int argc, char** argv) {
  static const std::vector<Verb> verbs = {{"artifact", "Tags an OCI artifact.", tag_artifact}};
  return dispatch("tag", verbs, argc, argv);
}

}  // namespace weir::cli
