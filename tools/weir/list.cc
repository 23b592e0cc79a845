// weir list artifacts: the OCI artifacts of a repository.
#include <algorithm>

#include "engine/base/semver.hh"
#include "engine/reconcile/oci_tags.hh"
#include "tools/weir/artifact.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

struct ListFlags {
  RegistryFlags registry;
  std::string url, regex, semver;
};

Result<std::vector<std::string>> choose(std::vector<std::string> tags, const ListFlags& flags) {
  std::erase_if(tags, [](const std::string& tag) { return tag.ends_with(".sig"); });
  WEIR_TRY(tags,
           reconcile::filter_tags(std::move(tags), flags.regex).with_context("--filter-regex"));
  if (!flags.semver.empty()) {
    WEIR_TRY(const auto range,
             base::VersionConstraint::parse(flags.semver).with_context("--filter-semver"));
    std::erase_if(tags, [&](const std::string& tag) {
      const auto version = base::Version::parse(tag);
      return !base::is_version_candidate(tag) || !version.ok() || !range.matches(*version);
    });
  }
  std::sort(tags.begin(), tags.end(), std::greater<>());
  return tags;
}

Result<void> run(ListFlags& flags) {
  WEIR_TRY(const oci::Reference reference, parse_artifact_url(flags.url));
  WEIR_CHECK(flags.registry.open());
  oci::RegistryClient& registry = flags.registry.registry();
  const std::string name = repository_text(reference.repository);
  WEIR_TRY(
      auto tags,
      registry.tags("oci://" + name, flags.registry.access()).with_context("listing tags failed"));
  WEIR_TRY(tags, choose(std::move(tags), flags));
  Table table;
  table.header = {"Artifact", "Digest", "Source", "Revision"};
  for (const std::string& tag : tags) {
    WEIR_TRY(const auto manifest, registry.manifest("oci://" + name, tag, flags.registry.access()));
    table.rows.push_back({name + ":" + tag, manifest.digest,
                          std::string(manifest.annotations[source_annotation].get_string()),
                          std::string(manifest.annotations[revision_annotation].get_string())});
  }
  print_table(table);
  return {};
}

int list_artifacts(int argc, char** argv) {
  ListFlags flags;
  Args args("list artifacts", "Lists the artifacts of an OCI repository.");
  flags.registry.add_to(args);
  args.positional("url", flags.url, "The repository: oci://HOST/REPOSITORY.");
  args.option("--filter-regex", flags.regex, "Only tags that this expression matches.");
  args.option("--filter-semver", flags.semver, "Only tags that are versions in this range.");
  if (const auto code = args.parse(argc, argv)) return *code;
  const auto done = run(flags);
  return done.ok() ? 0 : failed(done.error().message);
}

}  // namespace

int run_list(int argc, char** argv) {
  static const std::vector<Verb> verbs = {
      {"artifacts", "The OCI artifacts of a repository.", list_artifacts},
      {"artifact", "The same.", list_artifacts}};
  return dispatch("list", verbs, argc, argv);
}

}  // namespace weir::cli
