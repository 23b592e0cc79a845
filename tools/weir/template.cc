// weir template [NAME] CHART: what `helm template` prints.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "adapters/archive/disk_file_tree.hh"
#include "adapters/clock/system_clock.hh"
#include "adapters/clock/system_random.hh"
#include "adapters/net/system_hosts.hh"
#include "engine/base/file_tree.hh"
#include "engine/helm/load.hh"
#include "engine/helm/render.hh"
#include "engine/helm/text.hh"
#include "engine/helm/values.hh"
#include "engine/template/format.hh"
#include "tools/weir/chart_dependencies.hh"
#include "tools/weir/chart_pull.hh"
#include "tools/weir/chart_text.hh"
#include "tools/weir/chart_verify.hh"
#include "tools/weir/go_flags.hh"
#include "tools/weir/heap.hh"
#include "tools/weir/local_schemas.hh"
#include "tools/weir/output.hh"
#include "tools/weir/template_cluster.hh"
#include "tools/weir/template_output.hh"
#include "tools/weir/value_files.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {

namespace {

constexpr std::string_view usage =
    R"(Render chart templates locally and display the output, as helm template does.

Usage:
  weir template [NAME] CHART [flags]

CHART is a chart's folder, a packaged chart (.tgz), its URL, oci://HOST/PATH/CHART, NAME/CHART of a
repository in repositories.yaml, or a chart's name with --repo.

Flags:
  -a, --api-versions strings       API versions besides the known ones for Capabilities.APIVersions
      --compat string              'helm-4.2' (default) or 'helm-4.1': whose behaviour to follow
      --debug                      show what could not be read as YAML
      --dependency-update          fetch what charts/ lacks of the dependencies, into the folder
      --description string         accepted and not used
      --dry-run string             'client' (default), or 'server': ask the cluster for its version
                                   and kinds, let lookup find its objects, refuse kinds it does
                                   not serve and objects of other releases (nothing is written)
      --enable-dns                 let getHostByName look names up
  -g, --generate-name              generate the name (and leave NAME out)
      --include-crds               put the CRDs of crds/ into the output
      --is-upgrade                 set .Release.IsUpgrade instead of .Release.IsInstall
      --kube-context, --kubeconfig, --kube-apiserver, --kube-token, --kube-ca-file,
      --kube-tls-server-name, --kube-as-user, --kube-as-group string,
      --kube-insecure-skip-tls-verify   the cluster of --dry-run=server, and as whom
      --kube-version string        Kubernetes version for Capabilities.KubeVersion
      --name-template string       template for the release's name
  -n, --namespace string           namespace of the release
      --no-hooks                   leave hooks out
      --output-dir string          write files into this folder instead of stdout
      --release-name               use the release's name in the paths below --output-dir
      --set stringArray            set values (key1=val1,key2=val2)
      --set-file stringArray       set values from files or URLs (key1=path1,key2=path2)
      --set-json stringArray       set JSON values (key1=jsonval1 or '{"key1": jsonvalue1}')
      --set-literal stringArray    set a literal string value
      --set-string stringArray     set string values
  -s, --show-only stringArray      only show manifests rendered from these templates
      --skip-schema-validation     do not check values against values.schema.json
      --skip-tests                 leave tests out
      --take-ownership             with --dry-run=server: objects of other releases are taken over
      --validate                   the same as --dry-run=server
  -f, --values strings             values files, their URLs, or - for stdin; may be repeated

Of charts that are fetched:
      --ca-file string             authority that the server's certificate is checked with
      --cert-file, --key-file string   client certificate and its key
      --devel                      prereleases too (when --version is not given)
      --insecure-skip-tls-verify   do not check the server's certificate
      --keyring string             public keys for --verify (default ~/.gnupg/pubring.gpg)
      --pass-credentials           send credentials to other hosts that an index names
      --password, --username string    credentials of the repository or registry
      --plain-http                 reach the registry without TLS
      --repo string                URL of the repository the chart is in
      --registry-config string     file with logins of registries (docker's are read too)
      --repository-config string   file with the names of repositories
      --verify                     hold the package, also one on disk, against its provenance file
      --version string             version, or range of versions, of the chart

The other flags of helm template are accepted. Refused is --post-renderer, which would run another
program.
)";

struct Options {
  std::string name, chart;
  std::string ns, compat = "helm-4.2", kube_version, name_template, output_dir;
  std::string dry_run = "client", post_renderer, wait, keyring;
  ClusterFlags cluster;
  PullOptions pull;
  std::vector<std::string> api_versions, show_only;
  helm::ValueSources values;
  bool help = false, include_crds = false, is_upgrade = false, no_hooks = false;
  bool generate_name = false, use_release_name = false, skip_schema = false, skip_tests = false;
  bool validate = false, dependency_update = false, enable_dns = false, verify = false;
  bool debug = false, take_ownership = false;
  std::string color = "auto";
  std::vector<std::string> labels;

  bool asks_cluster() const { return validate || dry_run == "server"; }
};

// What changes nothing about text that no cluster sees.
constexpr std::string_view idle_switches[] = {"create-namespace",
                                              "force",
                                              "force-replace",
                                              "force-conflicts",
                                              "server-side",
                                              "replace",
                                              "wait-for-jobs",
                                              "disable-openapi-validation",
                                              "rollback-on-failure",
                                              "atomic",
                                              "skip-crds",
                                              "render-subchart-notes",
                                              "hide-notes"};
constexpr std::string_view idle_values[] = {"description",
                                            "post-renderer-args",
                                            "repository-cache",
                                            "content-cache"};

GoFlag on(std::string_view name, bool& target, char shorthand = '\0') {
  return {name, GoFlagKind::boolean, shorthand, &target};
}

GoFlag value(std::string_view name, std::string& target, char shorthand = '\0') {
  return {name, GoFlagKind::text, shorthand, nullptr, &target};
}

GoFlag many(std::string_view name, std::vector<std::string>& target,
            GoFlagKind kind = GoFlagKind::texts, char shorthand = '\0') {
  return {name, kind, shorthand, nullptr, nullptr, &target};
}

void add_cluster_flags(std::vector<GoFlag>& flags, ClusterFlags& cluster) {
  const GoFlag more[] = {
      value("kubeconfig", cluster.kubeconfig),
      value("kube-context", cluster.context),
      value("kube-apiserver", cluster.server),
      value("kube-token", cluster.token),
      value("kube-ca-file", cluster.ca_file),
      value("kube-tls-server-name", cluster.tls_server_name),
      value("kube-as-user", cluster.as_user),
      many("kube-as-group", cluster.as_groups),
      on("kube-insecure-skip-tls-verify", cluster.insecure),
  };
  flags.insert(flags.end(), std::begin(more), std::end(more));
}

void add_pull_flags(std::vector<GoFlag>& flags, PullOptions& pull) {
  const GoFlag more[] = {
      value("repo", pull.repo),
      value("username", pull.username),
      value("password", pull.password),
      value("ca-file", pull.ca_file),
      value("cert-file", pull.cert_file),
      value("key-file", pull.key_file),
      value("repository-config", pull.repository_config),
      value("registry-config", pull.registry_config),
      on("devel", pull.devel),
      on("insecure-skip-tls-verify", pull.insecure_skip_tls_verify),
      on("pass-credentials", pull.pass_credentials),
      on("plain-http", pull.plain_http),
      value("version", pull.version),
  };
  flags.insert(flags.end(), std::begin(more), std::end(more));
}

std::vector<GoFlag> flags_of(Options& options) {
  using enum GoFlagKind;
  std::vector<GoFlag> flags = {
      on("help", options.help, 'h'),
      on("include-crds", options.include_crds),
      on("is-upgrade", options.is_upgrade),
      on("no-hooks", options.no_hooks),
      on("generate-name", options.generate_name, 'g'),
      on("release-name", options.use_release_name),
      on("skip-schema-validation", options.skip_schema),
      on("skip-tests", options.skip_tests),
      on("validate", options.validate),
      on("dependency-update", options.dependency_update),
      on("enable-dns", options.enable_dns),
      on("verify", options.verify),
      on("debug", options.debug),
      on("take-ownership", options.take_ownership),
      value("namespace", options.ns, 'n'),
      value("compat", options.compat),
      value("kube-version", options.kube_version),
      value("name-template", options.name_template),
      value("output-dir", options.output_dir),
      value("keyring", options.keyring),
      value("post-renderer", options.post_renderer),
      many("api-versions", options.api_versions, list, 'a'),
      many("show-only", options.show_only, texts, 's'),
      many("values", options.values.files, list, 'f'),
      many("set", options.values.values),
      many("set-string", options.values.string_values),
      many("set-file", options.values.file_values),
      many("set-json", options.values.json_values),
      many("set-literal", options.values.literal_values),
      GoFlag{"dry-run", word, '\0', nullptr, &options.dry_run, nullptr, "client"},
      GoFlag{"wait", word, '\0', nullptr, &options.wait, nullptr, ""},
      many("labels", options.labels, list, 'l'),
      value("color", options.color),
      value("colour", options.color),
      GoFlag{"timeout", ignored_duration},
      GoFlag{"burst-limit", ignored_integer},
      GoFlag{"qps", ignored_number},
  };
  add_cluster_flags(flags, options.cluster);
  add_pull_flags(flags, options.pull);
  for (const std::string_view name : idle_switches)
    flags.push_back({name, GoFlagKind::ignored_switch});
  for (const std::string_view name : idle_values) flags.push_back({name, GoFlagKind::ignored});
  return flags;
}

Error refuse(std::string message) { return make_error(Code::unsupported, std::move(message)); }

// The release's name and the chart, from the words of the command line.
Result<void> read_words(const std::vector<std::string>& words, Options& options) {
  if (words.empty())
    return make_error(Code::invalid,
                      "\"weir template\" requires at least 1 argument\n\nUsage:  weir template "
                      "[NAME] [CHART] [flags]");
  if (words.size() > 2) {
    std::string rest;
    for (std::size_t i = 2; i < words.size(); ++i) rest += (i > 2 ? ", " : "") + words[i];
    return make_error(Code::invalid,
                      "expected at most two arguments, unexpected arguments: " + rest);
  }
  options.chart = words.back();
  if (words.size() == 2) {
    options.name = words.front();
    if (options.generate_name)
      return make_error(Code::invalid, "cannot set --generate-name and also specify a name");
    if (!options.name_template.empty())
      return make_error(Code::invalid, "cannot set --name-template and also specify a name");
    return {};
  }
  options.name = "release-name";
  if (!options.name_template.empty()) {
    const clock::SystemClock clock;
    clock::SystemRandom random;
    const helm::EngineOptions engine{.clock = &clock, .random = &random};
    WEIR_TRY(options.name, templated_release_name(options.name_template, engine));
  } else if (options.generate_name) {
    options.name = generated_release_name(options.chart);
  }
  return {};
}

// Labels of the release, which no text shows: Helm's own names are refused.
Result<void> check_labels(const std::vector<std::string>& labels) {
  static constexpr std::string_view own[] = {"name",    "owner",     "status",
                                             "version", "createdAt", "modifiedAt"};
  for (const std::string& label : labels) {
    const std::string_view key = std::string_view(label).substr(0, label.find('='));
    if (key.size() == label.size())
      return make_error(Code::invalid, "invalid argument " + tmpl::quoted(label) +
                                           " for \"-l, --labels\" flag: " + label +
                                           " must be formatted as key=value");
    if (std::find(std::begin(own), std::end(own), key) != std::end(own))
      return make_error(Code::invalid,
                        "user supplied labels contains system reserved label name. System labels: "
                        "[name owner status version createdAt modifiedAt]");
  }
  return {};
}

Result<void> check_wait(const std::string& wait) {
  static constexpr std::string_view known[] = {"",       "watcher", "hookOnly",
                                               "legacy", "true",    "false"};
  if (std::find(std::begin(known), std::end(known), wait) != std::end(known)) return {};
  return make_error(Code::invalid, "invalid argument " + tmpl::quoted(wait) +
                                       " for \"--wait\" flag: invalid wait input " +
                                       tmpl::quoted(wait) +
                                       ". Valid inputs are watcher, hookOnly, and legacy");
}

// Flags that stand for opposite things, as cobra refuses them.
Result<void> check_exclusive(const std::set<std::string>& given) {
  static constexpr std::array<std::string_view, 2> pairs[] = {
      {"force-replace", "force-conflicts"}, {"force", "force-conflicts"}, {"validate", "dry-run"}};
  for (const auto& [first, second] : pairs) {
    if (!given.contains(std::string(first)) || !given.contains(std::string(second))) continue;
    const auto [low, high] = std::minmax(first, second);
    return make_error(Code::invalid, "if any flags in the group [" + std::string(first) + " " +
                                         std::string(second) +
                                         "] are set none of the others can be; [" +
                                         std::string(low) + " " + std::string(high) +
                                         "] were all set");
  }
  return {};
}

Result<void> check_dry_run(const Options& options) {
  static constexpr std::string_view yes[] = {"client", "server", "1",    "t",
                                             "T",      "TRUE",   "true", "True"};
  static constexpr std::string_view no[] = {"none", "0", "f", "F", "FALSE", "false", "False"};
  const auto is = [&](std::string_view word) { return word == options.dry_run; };
  if (options.validate || std::any_of(std::begin(yes), std::end(yes), is)) return {};
  const bool known = std::any_of(std::begin(no), std::end(no), is);
  return make_error(Code::invalid, "invalid dry-run value (" + tmpl::quoted(options.dry_run) +
                                       "). Must be " + (known ? "" : "\"none\", ") +
                                       "\"server\"" + (known ? " or " : ", or ") + "\"client\"");
}

Result<void> refuse_what_needs_more(const Options& options) {
  if (options.color != "never" && options.color != "auto" && options.color != "always")
    return make_error(Code::invalid, "invalid color mode " + tmpl::quoted(options.color) +
                                         ": must be one of: never, auto, always");
  WEIR_CHECK(check_wait(options.wait));
  WEIR_CHECK(check_labels(options.labels));
  WEIR_CHECK(check_dry_run(options));
  if (!options.post_renderer.empty())
    return refuse("--post-renderer would run another program, which weir never does");
  return {};
}

Result<helm::RenderRequest> request_of(const Options& options) {
  helm::RenderRequest request;
  if (options.compat == "helm-4.1") {
    request.compat = helm::Compat::helm_4_1;
  } else if (options.compat != "helm-4.2") {
    return make_error(Code::invalid,
                      "--compat knows helm-4.1 and helm-4.2, not " + tmpl::quoted(options.compat));
  }
  request.release.name = options.name;
  const char* env_ns = std::getenv("HELM_NAMESPACE");
  request.release.ns = !options.ns.empty() ? options.ns
                       : env_ns && *env_ns ? env_ns
                                           : context_namespace(options.cluster.kubeconfig,
                                                               options.cluster.context);
  request.release.is_upgrade = options.is_upgrade;
  request.capabilities = helm::Capabilities::defaults(request.compat);
  if (!options.kube_version.empty()) {
    auto version = helm::KubeVersion::parse(options.kube_version);
    if (!version.ok())
      return std::move(version)
          .with_context("invalid kube version '" + options.kube_version + "'")
          .error();
    request.capabilities.kube_version = *std::move(version);
  }
  for (const std::string& version : options.api_versions)
    request.capabilities.api_versions.push_back(version);
  request.skip_schema_validation = options.skip_schema;
  return request;
}

// A chart on disk, or the bytes of one that was fetched.
struct Located {
  std::shared_ptr<const archive::DiskFileTree> tree;
  std::string bytes;
};

Result<Located> locate(const Options& options) {
  Located out;
  WEIR_TRY(out.tree, archive::DiskFileTree::open_unconfined("."));
  if (options.pull.repo.empty() && out.tree->stat(options.chart)) {
    if (!options.verify) return out;
    out.tree = nullptr;
    WEIR_TRY(out.bytes, verified_package(options.chart, options.keyring));
    return out;
  }
  out.tree = nullptr;
  if (options.chart.starts_with('/') || options.chart.starts_with('.'))
    return make_error(Code::not_found, "path " + tmpl::quoted(options.chart) + " not found");
  if (!is_remote_chart(options.chart, options.pull))
    return make_error(
        Code::not_found,
        "non-absolute URLs should be in form of repo_name/path_to_chart, got: " + options.chart);
  PullOptions pull = options.pull;
  pull.provenance = options.verify;
  WEIR_TRY(PulledChart pulled, pull_chart(options.chart, pull));
  if (options.verify)
    WEIR_CHECK(
        verify_package(pulled.package, pulled.file_name, pulled.provenance, options.keyring));
  out.bytes = std::move(pulled.package);
  return out;
}

Result<helm::LoadedChart> load(const Located& located, const std::string& name) {
  if (located.tree) return helm::load_chart(*located.tree, name);
  return helm::load_chart_archive(located.bytes, name);
}

// The chart with what it depends on; with --dependency-update what is missing is fetched first.
Result<helm::LoadedChart> load_complete(const Located& located, const Options& options,
                                        bool old_words) {
  WEIR_TRY(helm::LoadedChart loaded, load(located, options.chart));
  const helm::Chart& root = loaded.charts.root();
  for (const std::string& warning : loaded.warnings) std::fprintf(stderr, "%s\n", warning.c_str());
  if (!root.metadata.type.empty() && root.metadata.type != "application")
    return make_error(Code::invalid, root.metadata.type + " charts are not installable");
  if (root.metadata.deprecated) std::fputs("this chart is deprecated\n", stderr);
  const auto complete = helm::check_dependencies(root, old_words);
  if (complete.ok()) return loaded;
  const bool folder =
      located.tree && located.tree->stat(options.chart) == base::EntryType::directory;
  if (!options.dependency_update || !folder) return complete.error();
  WEIR_CHECK(update_dependencies(options.chart, root, options.pull));
  return load(located, options.chart);
}

Result<std::unique_ptr<TemplateCluster>> cluster_of(const Options& options,
                                                    helm::RenderRequest& request) {
  if (!options.asks_cluster()) return std::unique_ptr<TemplateCluster>();
  WEIR_TRY(auto cluster, TemplateCluster::open(options.cluster));
  WEIR_CHECK(cluster->prepare(request));
  return cluster;
}

TemplateOutput output_of(const Options& options, helm::Compat compat) {
  TemplateOutput out;
  out.directory = options.output_dir;
  if (options.use_release_name) out.release_name = options.name;
  out.include_crds = options.include_crds;
  out.no_hooks = options.no_hooks;
  out.skip_tests = options.skip_tests;
  out.show_only = options.show_only;
  out.compat = compat;
  return out;
}

Result<void> print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return {};
  return make_error(Code::io, "cannot write to standard output");
}

// With --debug, templates that gave no valid YAML are shown all the same.
Error not_rendered(Error error, const std::string& unsorted, const TemplateOutput& output,
                   const Options& options) {
  if (error.reason != helm::render_failed) return error;
  if (!options.debug) {
    error.message += "\n\nUse --debug flag to render out invalid YAML";
    return error;
  }
  auto text = shown_of(std::string(helm::trim_space(unsorted)) + "\n", output);
  if (!text.ok()) return std::move(text).error();
  if (auto printed = print(*text); !printed.ok()) return std::move(printed).error();
  return error;
}

Result<void> run(Options& options) {
  WEIR_CHECK(refuse_what_needs_more(options));
  WEIR_TRY(helm::RenderRequest request, request_of(options));
  WEIR_TRY(const auto cluster, cluster_of(options, request));
  net::SystemHosts hosts;
  if (options.enable_dns) request.engine.hosts = &hosts;
  LocalSchemas schemas(LocalSchemas::Files::read);
  request.schemas = &schemas;
  const clock::SystemClock clock;
  clock::SystemRandom random;
  request.engine.clock = &clock;
  request.engine.random = &random;
  WEIR_TRY(const Located located, locate(options));
  WEIR_TRY(const helm::TablePtr values, helm::merge_value_sources(options.values, read_value_file));
  WEIR_TRY(const helm::LoadedChart loaded,
           load_complete(located, options, request.compat == helm::Compat::helm_4_1));
  WEIR_CHECK(helm::check_release_name(options.name));
  const TemplateOutput output = output_of(options, request.compat);
  std::string unsorted;
  if (options.debug) request.unsorted = &unsorted;
  auto rendered = helm::render_chart(loaded.charts, *values, request);
  if (!rendered.ok()) return not_rendered(std::move(rendered).error(), unsorted, output, options);
  for (const std::string& warning : rendered->warnings)
    std::fprintf(stderr, "%s\n", warning.c_str());
  if (cluster) WEIR_CHECK(cluster->check(*rendered, request.release, options.take_ownership));
  WEIR_TRY(const std::string text, show_chart(*rendered, output));
  WEIR_CHECK(print(text));
  leave(0);
}

int failed_as_helm(const std::string& message) {
  std::fprintf(stderr, "Error: %s\n", message.c_str());
  return 1;
}

}  // namespace

int run_template(int argc, char** argv) {
  keep_freed_memory();
  Options options;
  const GoArguments arguments = parse_go_flags(argc, argv, flags_of(options));
  if (options.help) {
    std::fwrite(usage.data(), 1, usage.size(), stdout);
    return 0;
  }
  if (!arguments.error.empty()) return failed_as_helm(arguments.error);
  const auto exclusive = check_exclusive(arguments.given);
  if (!exclusive.ok()) return failed_as_helm(exclusive.error().message);
  const auto named = read_words(arguments.words, options);
  if (!named.ok()) return failed_as_helm(named.error().message);
  const auto done = run(options);
  return done.ok() ? 0 : failed_as_helm(done.error().message);
}

}  // namespace weir::cli
