// weir template [NAME] CHART: what `helm template` prints.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
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
#include "engine/base/glob.hh"
#include "engine/base/limits.hh"
#include "engine/helm/load.hh"
#include "engine/helm/render.hh"
#include "engine/helm/values.hh"
#include "engine/template/format.hh"
#include "engine/value/yaml.hh"
#include "tools/weir/chart_pull.hh"
#include "tools/weir/chart_text.hh"
#include "tools/weir/go_flags.hh"
#include "tools/weir/local_schemas.hh"
#include "tools/weir/output.hh"
#include "tools/weir/template_cluster.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view usage =
    R"(Render chart templates locally and display the output, as helm template does.

Usage:
  weir template [NAME] CHART [flags]

CHART is a chart's folder, a packaged chart (.tgz), its URL, oci://HOST/PATH/CHART, NAME/CHART of a
repository in repositories.yaml, or a chart's name with --repo.

Flags:
  -a, --api-versions strings       API versions besides the known ones for Capabilities.APIVersions
      --compat string              'helm-4.2' (default) or 'helm-4.1': whose behaviour to follow
      --description string         accepted and not used
      --dry-run string             'client' (default), or 'server': ask the cluster for its version
                                   and kinds, let lookup find its objects, refuse kinds it does
                                   not serve and objects of other releases (nothing is written)
      --enable-dns                 let getHostByName look names up
  -g, --generate-name              generate the name (and leave NAME out)
      --include-crds               put the CRDs of crds/ into the output
      --is-upgrade                 set .Release.IsUpgrade instead of .Release.IsInstall
      --kube-context, --kubeconfig string   the cluster of --dry-run=server
      --kube-version string        Kubernetes version for Capabilities.KubeVersion
      --name-template string       template for the release's name
  -n, --namespace string           namespace of the release
      --no-hooks                   leave hooks out
      --output-dir string          write files into this folder instead of stdout
      --release-name               use the release's name in the paths below --output-dir
      --set stringArray            set values (key1=val1,key2=val2)
      --set-file stringArray       set values from files (key1=path1,key2=path2)
      --set-json stringArray       set JSON values (key1=jsonval1 or '{"key1": jsonvalue1}')
      --set-literal stringArray    set a literal string value
      --set-string stringArray     set string values
  -s, --show-only stringArray      only show manifests rendered from these templates
      --skip-schema-validation     do not check values against values.schema.json
      --skip-tests                 leave tests out
      --validate                   the same as --dry-run=server
  -f, --values strings             values files (or - for stdin); may be repeated

Of charts that are fetched:
      --ca-file string             authority that the server's certificate is checked with
      --cert-file, --key-file string   client certificate and its key
      --devel                      prereleases too (when --version is not given)
      --insecure-skip-tls-verify   do not check the server's certificate
      --pass-credentials           send credentials to other hosts that an index names
      --password, --username string    credentials of the repository or registry
      --plain-http                 reach the registry without TLS
      --repo string                URL of the repository the chart is in
      --registry-config string     file with logins of registries (docker's are read too)
      --repository-config string   file with the names of repositories
      --version string             version, or range of versions, of the chart

The other flags of helm template are accepted. Refused are --dependency-update, which would write
into the chart's folder, --post-renderer, which would run another program, and --verify.
)";

struct Options {
  std::string name, chart;
  std::string ns, compat = "helm-4.2", kube_version, name_template, output_dir;
  std::string dry_run = "client", kube_context, kubeconfig, post_renderer, wait;
  PullOptions pull;
  std::vector<std::string> api_versions, show_only;
  helm::ValueSources values;
  bool help = false, include_crds = false, is_upgrade = false, no_hooks = false;
  bool generate_name = false, use_release_name = false, skip_schema = false, skip_tests = false;
  bool validate = false, dependency_update = false, enable_dns = false, verify = false;

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
                                              "hide-notes",
                                              "take-ownership",
                                              "debug",
                                              "kube-insecure-skip-tls-verify",
                                              "hide-secret"};
constexpr std::string_view idle_values[] = {"timeout",
                                            "description",
                                            "keyring",
                                            "post-renderer-args",
                                            "kube-apiserver",
                                            "kube-as-group",
                                            "kube-as-user",
                                            "kube-ca-file",
                                            "kube-tls-server-name",
                                            "kube-token",
                                            "repository-cache",
                                            "content-cache",
                                            "burst-limit",
                                            "qps",
                                            "color",
                                            "colour"};

std::vector<GoFlag> flags_of(Options& options) {
  using enum GoFlagKind;
  const auto on = [](std::string_view name, bool& target, char shorthand = '\0') {
    return GoFlag{name, boolean, shorthand, &target};
  };
  const auto value = [](std::string_view name, std::string& target, char shorthand = '\0') {
    return GoFlag{name, text, shorthand, nullptr, &target};
  };
  const auto many = [](std::string_view name, std::vector<std::string>& target,
                       GoFlagKind kind = texts, char shorthand = '\0') {
    return GoFlag{name, kind, shorthand, nullptr, nullptr, &target};
  };
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
      value("namespace", options.ns, 'n'),
      value("compat", options.compat),
      value("kube-version", options.kube_version),
      value("name-template", options.name_template),
      value("output-dir", options.output_dir),
      value("kube-context", options.kube_context),
      value("kubeconfig", options.kubeconfig),
      value("repo", options.pull.repo),
      value("username", options.pull.username),
      value("password", options.pull.password),
      value("ca-file", options.pull.ca_file),
      value("cert-file", options.pull.cert_file),
      value("key-file", options.pull.key_file),
      value("repository-config", options.pull.repository_config),
      value("registry-config", options.pull.registry_config),
      on("devel", options.pull.devel),
      on("insecure-skip-tls-verify", options.pull.insecure_skip_tls_verify),
      on("pass-credentials", options.pull.pass_credentials),
      on("plain-http", options.pull.plain_http),
      value("post-renderer", options.post_renderer),
      value("version", options.pull.version),
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
      GoFlag{"labels", ignored, 'l'},
  };
  for (const std::string_view name : idle_switches)
    flags.push_back({name, GoFlagKind::ignored_switch});
  for (const std::string_view name : idle_values) flags.push_back({name, GoFlagKind::ignored});
  return flags;
}

Error refuse(std::string message) { return make_error(Code::unsupported, std::move(message)); }

Result<std::string> read_file(const std::string& name) {
  if (name == "-") {
    std::string text;
    char chunk[1 << 16];
    for (std::size_t got; (got = std::fread(chunk, 1, sizeof chunk, stdin)) > 0;) {
      text.append(chunk, got);
      if (text.size() > base::limits::yaml_bytes_max)
        return make_error(Code::limit, "standard input is too long (yaml_bytes_max)");
    }
    return text;
  }
  if (name.find("://") != std::string::npos)
    return refuse("values are not fetched from " + name.substr(0, name.find("://")) +
                  ":// addresses: give a file");
  WEIR_TRY(const auto tree, archive::DiskFileTree::open_unconfined("."));
  auto bytes = tree->read(name);
  if (!bytes.ok() && !tree->stat(name))
    return make_error(Code::not_found, "open " + name + ": no such file or directory");
  if (!bytes.ok()) return std::move(bytes).error();
  return std::string(**bytes);
}

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
    WEIR_TRY(options.name, helm::render_name(options.name_template, engine));
  } else if (options.generate_name) {
    options.name = generated_release_name(options.chart);
  }
  return {};
}

Result<void> refuse_what_needs_more(const Options& options) {
  if (!options.asks_cluster() && options.dry_run != "client" && options.dry_run != "true" &&
      options.dry_run != "1")
    return make_error(Code::invalid, "invalid dry-run value (" + tmpl::quoted(options.dry_run) +
                                         "). Must be \"server\" or \"client\"");
  if (options.dependency_update)
    return refuse(
        "--dependency-update would write fetched charts into the chart's folder: run 'helm "
        "dependency build' first");
  if (!options.post_renderer.empty())
    return refuse("--post-renderer would run another program, which weir never does");
  if (options.verify)
    return refuse("--verify: provenance files (OpenPGP) are not checked; nothing was rendered");
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
                                           : context_namespace(options.kubeconfig,
                                                               options.kube_context);
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

// Writes one manifest below --output-dir, behind those of the same template.
Result<void> write_file(const fs::path& directory, const std::string& path,
                        std::string_view content, std::set<std::string>& written) {
  if (!base::clean_path(path) || path.starts_with('/'))
    return make_error(Code::invalid, "template " + path + " would be written elsewhere");
  const fs::path file = directory / path;
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  const bool again = !written.insert(path).second;
  std::ofstream out(file, again ? std::ios::binary | std::ios::app : std::ios::binary);
  std::string text;
  helm::append_source(text, path, content);
  if (!out.write(text.data(), static_cast<std::streamsize>(text.size())).flush())
    return make_error(Code::io, "cannot write " + file.string());
  std::printf("wrote %s\n", file.c_str());
  return {};
}

Result<void> write_files(const helm::RenderedChart& rendered, const Options& options) {
  const fs::path directory(options.output_dir);
  const fs::path named = options.use_release_name ? directory / options.name : directory;
  std::set<std::string> crds, manifests;
  if (options.include_crds)
    for (const helm::CrdFile& crd : helm::crd_files(rendered.charts.root()))
      WEIR_CHECK(write_file(directory, crd.path, *crd.file->data, crds));
  for (const helm::Manifest& manifest : rendered.manifests)
    WEIR_CHECK(write_file(named, manifest.path, manifest.content, manifests));
  for (const helm::Hook& hook : rendered.hooks)
    if (!options.no_hooks && !(options.skip_tests && hook.is_test()))
      WEIR_CHECK(write_file(named, hook.path, hook.content, manifests));
  return {};
}

// The template a manifest's "# Source:" names, without the chart in front.
std::string_view source_of(std::string_view manifest) {
  static constexpr std::string_view mark = "# Source: ";
  for (std::size_t at = manifest.find(mark); at != std::string_view::npos;
       at = manifest.find(mark, at + 1)) {
    const std::string_view line =
        manifest.substr(at + mark.size(), manifest.find('\n', at) - at - mark.size());
    const std::size_t slash = line.find('/');
    if (slash != std::string_view::npos && slash > 0 && slash + 1 < line.size())
      return line.substr(slash + 1);
  }
  return {};
}

Result<std::string> only(std::string_view text, const Options& options, helm::Compat compat) {
  const auto manifests = helm::split_manifests(text, compat);
  std::string out;
  for (const std::string& pattern : options.show_only) {
    bool found = false;
    for (const std::string& manifest : manifests) {
      const std::string_view source = source_of(manifest);
      const auto matched = base::glob_match(pattern, source);
      if (source.empty() || !matched.ok() || !*matched) continue;
      out.append("---\n").append(manifest).append("\n");
      found = true;
    }
    if (!found)
      return make_error(Code::not_found, "could not find template " + pattern + " in chart");
  }
  return out;
}

// The chart in the folder or file of that name, or else the one that was fetched.
Result<helm::LoadedChart> load(const Options& options) {
  WEIR_TRY(const auto tree, archive::DiskFileTree::open_unconfined("."));
  const bool here = options.pull.repo.empty() && tree->stat(options.chart);
  if (here) return helm::load_chart(*tree, options.chart);
  if (!is_remote_chart(options.chart, options.pull))
    return make_error(Code::not_found, "path " + tmpl::quoted(options.chart) + " not found");
  WEIR_TRY(const std::string bytes, pull_chart(options.chart, options.pull));
  return helm::load_chart_archive(bytes, options.chart);
}

Result<std::unique_ptr<TemplateCluster>> cluster_of(const Options& options,
                                                    helm::RenderRequest& request) {
  if (!options.asks_cluster()) return std::unique_ptr<TemplateCluster>();
  WEIR_TRY(auto cluster, TemplateCluster::open(options.kubeconfig, options.kube_context));
  WEIR_CHECK(cluster->prepare(request));
  return cluster;
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
  WEIR_TRY(const helm::TablePtr values, helm::merge_value_sources(options.values, read_file));
  WEIR_TRY(const helm::LoadedChart loaded, load(options));
  const helm::Chart& root = loaded.charts.root();
  for (const std::string& warning : loaded.warnings) std::fprintf(stderr, "%s\n", warning.c_str());
  if (!root.metadata.type.empty() && root.metadata.type != "application")
    return make_error(Code::invalid, root.metadata.type + " charts are not installable");
  if (root.metadata.deprecated) std::fputs("this chart is deprecated\n", stderr);
  WEIR_CHECK(helm::check_dependencies(root, request.compat == helm::Compat::helm_4_1));
  WEIR_CHECK(helm::check_release_name(options.name));
  auto rendered = helm::render_chart(loaded.charts, *values, request);
  if (!rendered.ok()) {
    Error error = std::move(rendered).error();
    if (error.reason == helm::render_failed)
      error.message += "\n\nUse --debug flag to render out invalid YAML";
    return error;
  }
  for (const std::string& warning : rendered->warnings)
    std::fprintf(stderr, "%s\n", warning.c_str());
  if (cluster) WEIR_CHECK(cluster->check(*rendered, request.release));
  const bool to_files = !options.output_dir.empty();
  if (to_files) WEIR_CHECK(write_files(*rendered, options));
  std::string text = "\n";
  if (!to_files)
    text = chart_text(*rendered, {options.include_crds, options.no_hooks, options.skip_tests});
  if (!options.show_only.empty()) {
    WEIR_TRY(text, only(text, options, request.compat));
  }
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
    return make_error(Code::io, "cannot write to standard output");
  leave(0);
}

int failed_as_helm(const std::string& message) {
  std::fprintf(stderr, "Error: %s\n", message.c_str());
  return 1;
}

}  // namespace

int run_template(int argc, char** argv) {
  Options options;
  const GoArguments arguments = parse_go_flags(argc, argv, flags_of(options));
  if (options.help) {
    std::fwrite(usage.data(), 1, usage.size(), stdout);
    return 0;
  }
  if (!arguments.error.empty()) return failed_as_helm(arguments.error);
  const auto named = read_words(arguments.words, options);
  if (!named.ok()) return failed_as_helm(named.error().message);
  const auto done = run(options);
  return done.ok() ? 0 : failed_as_helm(done.error().message);
}

}  // namespace weir::cli
