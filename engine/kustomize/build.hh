// Kustomize, natively: a directory of a FileTree with a kustomization file becomes the ordered list
// of objects that `kubectl kustomize` prints. This header is the whole seam; the passes are in
// build.cc.
//
// Pure functions of their arguments: no clock, no disk, no network of their own (remote bases go
// through the RemoteLoader port). Any number of builds may run at once. Every failure is an Error
// whose text names the directory, file and field and keeps the wording of the reference tool where
// people know it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file_tree.hh"
#include "engine/base/result.hh"
#include "engine/kustomize/provenance.hh"
#include "engine/model/object_id.hh"
#include "engine/value/value.hh"

namespace weir::kustomize {

// What a remote `resources:` entry turned out to be.
struct RemoteTree {
  std::shared_ptr<const base::FileTree> tree;
  std::string directory;  // the kustomization's folder inside `tree`
  std::string repo;       // clone URL and ref, as origin annotations print them
  std::string ref;
};

// A Git URL taken apart: every spelling kustomize accepts ends here.
struct RepoSpec {
  std::string raw;        // as written
  std::string clone_url;  // what to fetch
  std::string path;       // folder inside the repository, "" = root
  std::string ref;        // branch, tag or commit; "" = the remote's HEAD
  bool submodules = true;
  std::int64_t timeout_s = 27;
  bool operator==(const RepoSpec&) const = default;
};

// The reason of an Error that stands for an HTTP answer other than success.
inline constexpr std::string_view http_status_reason = "HTTPStatus";

// Fetches what lies outside the tree. Called from the building thread; may block.
class RemoteLoader {
 public:
  virtual ~RemoteLoader() = default;
  // The body at an http(s) URL. Errors: http_status_reason when the server answered but refused
  // ("HTTP Error: status code 404 (Not Found)"), anything else when it did not answer.
  virtual Result<std::string> fetch_file(const std::string& url) = 0;
  // The repository at spec.ref.
  virtual Result<RemoteTree> fetch_repository(const RepoSpec& spec) = 0;
};

// A chart that is not below chartHome: where it is to be pulled from.
struct ChartSource {
  std::string name, version;  // a range or "" = the latest
  std::string repo;           // "https://..." or "oci://..."
  bool devel = false;         // prereleases count
};

// One helmCharts entry, with its files read and its values worked out.
struct ChartRequest {
  std::string directory;     // the chart's folder in the tree that goes with the request
  std::string release_name;  // "" = one is generated
  std::string name_template, ns, kube_version;
  std::vector<std::string> api_versions;
  std::vector<std::string> values;  // texts of values files, each over the one before
  bool include_crds = false, skip_hooks = false, skip_tests = false;
};

// Renders charts; implemented over engine/helm by the caller. Called from the building thread; may
// block.
class ChartInflator {
 public:
  virtual ~ChartInflator() = default;
  // A tree that holds the chart in the folder "<name>". Errors: not_found, and the transport's.
  virtual Result<std::shared_ptr<const base::FileTree>> pull(const ChartSource& source) = 0;
  // What `helm template` prints for it: multi-document YAML.
  virtual Result<std::string> inflate(const base::FileTree& tree, const ChartRequest& request) = 0;
};

enum class LoadRestrictor : std::uint8_t {
  root_only,  // files must lie below the kustomization that names them
  none,       // files may lie anywhere (in `confine_root`, when that is set)
};

struct BuildOptions {
  LoadRestrictor load_restrictor = LoadRestrictor::root_only;
  // When set, every file and directory must lie in this folder of the tree, else the build fails
  // with an "fs-security-constraint ..." error. "." confines to the root of the tree.
  std::string confine_root;
  bool allow_remote = true;           // false: a remote resource is an error, whatever `remote` is
  RemoteLoader* remote = nullptr;     // not owned; null: remote resources are refused
  bool enable_helm = false;           // --enable-helm
  ChartInflator* charts = nullptr;    // not owned; needed when enable_helm is set
  std::string helm_kube_version;      // for entries that name none
  std::vector<std::string> helm_api_versions;  // the same
  bool add_managed_by_label = false;  // label app.kubernetes.io/managed-by
  // Without sortOptions: true sorts as the command line does (legacy), false keeps the order of the
  // kustomizations (as Flux's controllers do).
  bool legacy_order = false;
  // A schema of the `openapi` field adds to the built-in types, as in Flux's controllers; on the
  // command line it takes their place.
  bool keep_builtin_types = false;
  bool trace = false;  // tell where each field came from (BuildResult::causes)
  // With trace: of this object alone, by the kind and the name that it comes to have; what is
  // spent on others is next to nothing.
  std::optional<model::ObjectId> trace_only{};
  // How directories print in error texts: this is put before the tree's paths ("/tmp/x" ->
  // "/tmp/x/base").
  std::string display_root;
};

struct BuildResult {
  std::vector<Value> resources;       // in output order
  std::vector<std::string> warnings;  // lines for stderr: deprecated fields, unused vars
  std::vector<FieldCauses> causes;    // of resources[i]; empty unless asked for
};

// Builds the kustomization in `directory` ("" or "." = the tree's root).
// Errors: invalid (anything wrong in the tree), not_found, limit, unsupported (plugins, helm when
// off), and whatever the ports return.
Result<BuildResult> build(const base::FileTree& tree, std::string_view directory,
                          const BuildOptions& options);

// The same for a kustomization in a Git repository, named by any spelling that is_repo_url() knows.
Result<BuildResult> build_url(std::string_view url, const BuildOptions& options);
bool is_repo_url(std::string_view text);

// Whether the built-in types know the kind to have no namespace.
bool is_cluster_scoped(const Gvk& gvk);

// What a resource file of these documents holds: lists are taken apart. Errors: invalid ("missing
// metadata.name in object ...", "missing kind in object ...").
Result<std::vector<Value>> take_resources(std::vector<Value> documents);

// The objects as one multi-document stream, byte for byte as the reference tool prints them.
std::string write_resources(const std::vector<Value>& resources);

}  // namespace weir::kustomize
