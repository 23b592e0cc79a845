#include <catch2/catch.hpp>

#include "api/audit/routes.hh"
#include "engine/helm/release.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"
#include "tests/support/log_samples.hh"

namespace weir::api::audit {
namespace {

const std::string first(40, 'a'), second(40, 'b');

// A history of one file: line 6 was written by `second`, the others by `first`.
class FakeHistory final : public reconcile::GitHistoryPort {
 public:
  std::shared_ptr<base::MemoryFileTree> files = std::make_shared<base::MemoryFileTree>();

  Result<std::shared_ptr<const base::FileTree>> tree(const std::string& url,
                                                     const std::string& commit) const override {
    if (url != "https://git.example.com/fleet" || commit != second)
      return make_error(Code::not_found, "no such commit");
    return std::shared_ptr<const base::FileTree>(files);
  }
  Result<std::vector<std::string>> changed_files(const std::string&, const std::string&,
                                                 const std::string&) const override {
    return std::vector<std::string>{};
  }
  Result<std::map<std::uint32_t, reconcile::GitCommit>> line_commits(
      const std::string&, const std::string&, const std::string& path,
      const std::set<std::uint32_t>& lines) const override {
    std::map<std::uint32_t, reconcile::GitCommit> out;
    for (const std::uint32_t line : lines) {
      const bool late = path == "apps/deploy.yaml" && line == 6;
      out[line].sha = late ? second : first;
      out[line].author = late ? "Bob <bob@example.com>" : "Ann <ann@example.com>";
    }
    return out;
  }
};

struct Rig {
  test::HandClock clock;
  std::unique_ptr<store::Kv> kv = store::make_memory_kv();
  std::unique_ptr<store::EventLog> log = store::EventLog::open(*kv, clock).value();
  store::BlobStore blobs{*kv};
  FakeHistory history;
  AuditOptions options;
  std::unique_ptr<AuditApi> api;
  model::ObjectId apps = test::kustomization("apps");
  model::ObjectId git{{"source.toolkit.fluxcd.io", "v1", "GitRepository"}, "flux-system", "fleet"};

  Rig() {
    history.files->add("apps/kustomization.yaml",
                       "resources: [deploy.yaml]\npatches: [{path: patch.yaml}]\n");
    history.files->add("apps/deploy.yaml",
                       "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n"
                       "spec:\n  replicas: 3\n  minReadySeconds: ${wait}\n");
    history.files->add("apps/patch.yaml",
                       "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
                       "spec:\n  paused: true\n");
    options.log = log.get();
    options.blobs = &blobs;
    options.clock = &clock;
    options.git = &history;
    api = std::make_unique<AuditApi>(options);
    live();
  }

  void append(event::Type type, const model::ObjectId& subject, Value data,
              std::vector<base::Digest> named = {}, const model::ObjectId& owner = {}) {
    clock.advance(60'000'000);
    event::Event event = test::make_event(type, subject);
    event.data = std::move(data);
    event.blobs = std::move(named);
    event.owner = owner;
    if (owner.empty() && subject.gvk.kind == "Deployment") event.owner = apps;
    REQUIRE(log->append({std::move(event)}).ok());
  }

  void applied(int replicas, const std::string& commit) {
    const Value spec =
        Value::object({{"replicas", replicas}, {"minReadySeconds", 5}, {"paused", true}});
    const Value metadata = Value::object({{"name", "web"}, {"namespace", "default"}});
    const Value manifest = Value::object({{"apiVersion", "apps/v1"},
                                          {"kind", "Deployment"},
                                          {"metadata", metadata},
                                          {"spec", spec}});
    append(event::Type::object_applied, test::deployment("web"),
           Value::object({{"action", "configured"}, {"revision", "main@sha1:" + commit}}),
           {blobs.put(value::write_json(manifest)).value()});
  }

  void fetched(const std::string& commit) {
    append(event::Type::source_fetched, git,
           Value::object({{"artifact", Value::object({{"revision", "main@sha1:" + commit}})}}));
  }

  void live() {
    const Value ref = Value::object({{"kind", "GitRepository"}, {"name", "fleet"}});
    const Value substitute = Value::object({{"wait", "5"}});
    const Value spec =
        Value::object({{"interval", "1m"},
                       {"prune", true},
                       {"path", "./apps"},
                       {"targetNamespace", "default"},
                       {"sourceRef", ref},
                       {"postBuild", Value::object({{"substitute", substitute}})}});
    const Value metadata = Value::object({{"name", "apps"}, {"namespace", "flux-system"}});
    append(event::Type::spec_observed, apps,
           Value::object({{"object",
                           Value::object({{"apiVersion", "kustomize.toolkit.fluxcd.io/v1"},
                                          {"kind", "Kustomization"},
                                          {"metadata", metadata},
                                          {"spec", spec}})}}));  // 1
    append(event::Type::spec_observed, git,
           Value::object(
               {{"object", Value::object({{"spec", Value::object({{"url",
                                                                   "https://git.example.com/"
                                                                   "fleet"}})}})}}));  // 2
    fetched(first);       // 3
    applied(1, first);    // 4
    fetched(second);      // 5
    applied(3, second);   // 6
  }

  // A HelmRelease from the same folder, and what it made of its chart.
  void release() {
    history.files->add("apps/kustomization.yaml", "resources: [release.yaml]\n");
    const std::string yaml =
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: shop}\n"
        "spec:\n  values:\n    replicas: 4\n  interval: 1m\n"
        "  chart: {spec: {chart: shop, sourceRef: {kind: HelmRepository, name: r}}}\n";
    history.files->add("apps/release.yaml", yaml);
    Value object = value::parse_yaml(yaml).value();
    object.entry("metadata").set("namespace", "default");
    const model::ObjectId id = model::ObjectId::of(object);
    const base::Digest declared = blobs.put(value::write_json(object)).value();
    append(event::Type::object_applied, id, Value::object({{"revision", "main@sha1:" + second}}),
           {declared}, apps);
    append(event::Type::spec_observed, id, Value::object({{"object", object}}));
    helm::Release made;
    made.name = "shop";
    made.manifest =
        "---\n# Source: shop/templates/web.yaml\napiVersion: apps/v1\nkind: Deployment\n"
        "metadata: {name: shop}\nspec: {replicas: 4, minReadySeconds: 9}\n";
    const std::string text =
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\nspec:\n"
        "  replicas: {{ .Values.replicas }}\n  minReadySeconds: {{ .Values.wait }}\n";
    Value templates = Value::array();
    templates.push_back(Value::object(
        {{"name", "templates/web.yaml"}, {"data", base::base64_encode(text)}}));
    made.chart =
        Value::object({{"metadata", Value::object({{"name", "shop"}, {"version", "1.2.0"}})},
                       {"templates", std::move(templates)},
                       {"values", Value::object({{"replicas", 1}, {"wait", 9}})}});
    made.config = Value::object({{"replicas", 4}});
    const Value kept = Value::object({{"release", helm::encode_release(made).value()}});
    append(event::Type::manifests_rendered, id, Value::object({{"revision", "1.2.0"}}),
           {declared, blobs.put(value::write_json(kept)).value()});
    const Value metadata = Value::object({{"name", "shop"}, {"namespace", "default"}});
    const Value manifest =
        Value::object({{"apiVersion", "apps/v1"},
                       {"kind", "Deployment"},
                       {"metadata", metadata},
                       {"spec", Value::object({{"replicas", 4}, {"minReadySeconds", 9}})}});
    append(event::Type::object_applied, test::deployment("shop"),
           Value::object({{"action", "created"}, {"revision", "1.2.0"}}),
           {blobs.put(value::write_json(manifest)).value()}, id);
  }

  Value blame(const std::string& field, int status = 200, const std::string& name = "web") {
    const auto response = api->call({"GET",
                                     "/weir/v1/objects/deploy/default/" + name +
                                         "/blame?field=" + field,
                                     {},
                                     "",
                                     ""},
                                    "tester");
    INFO(response.body);
    REQUIRE(response.status == status);
    return value::parse_json(response.body).value();
  }
};

}  // namespace

TEST_CASE("a field is laid to its file, line, commit and author, and to the event it came with") {
  Rig rig;
  const Value body = rig.blame(".spec.replicas");
  CHECK(body["owner"]["name"].get_string() == "apps");
  CHECK(body["source"]["name"].get_string() == "fleet");
  REQUIRE(body["fields"].size() == 1);
  const Value& row = body["fields"].at(0);
  CHECK(row["setBy"].get_string() == "resource");
  CHECK(row["file"].get_string() == "apps/deploy.yaml");
  CHECK(row["line"].get_int() == 6);
  CHECK(row.path("commit", "sha").get_string() == second);
  CHECK(row.path("commit", "author").get_string() == "Bob <bob@example.com>");
  CHECK(row.path("since", "seq").get_int() == 6);
  CHECK(row.path("since", "revision").get_string() == "main@sha1:" + second);
}

TEST_CASE("patches, substitutions and the object's own spec are told apart") {
  Rig rig;
  const Value fields = rig.blame("")["fields"];
  const auto row = [&](const std::string& name) -> Value {
    for (const Value& item : fields.items())
      if (item["field"].get_string() == name) return item;
    return Value();
  };
  CHECK(row("spec.paused")["setBy"].get_string() == "PatchTransformer");
  CHECK(row("spec.paused")["file"].get_string() == "apps/patch.yaml");
  CHECK(row("spec.minReadySeconds")["setBy"].get_string() ==
        "substitution ${wait} of Kustomization/flux-system/apps spec.postBuild.substitute");
  CHECK(row("spec.minReadySeconds")["line"].get_int() == 7);
  CHECK(row("spec.minReadySeconds").path("since", "seq").get_int() == 4);
  CHECK(row("metadata.namespace")["file"].get_string() == "Kustomization/flux-system/apps spec");
  CHECK(row("metadata.name")["file"].get_string() == "apps/deploy.yaml");
}

TEST_CASE("a chart's object is laid to template and value, and a value of the spec to its line") {
  Rig rig;
  rig.release();
  const Value body = rig.blame("", 200, "shop");
  INFO(value::write_json(body));
  CHECK(body["chart"].get_string() == "shop 1.2.0");
  CHECK(body["owner"]["kind"].get_string() == "HelmRelease");
  const auto row = [&](const std::string& name) -> Value {
    for (const Value& item : body["fields"].items())
      if (item["field"].get_string() == name) return item;
    return Value();
  };
  const Value replicas = row("spec.replicas");
  CHECK(replicas["setBy"].get_string() == "chart value replicas");
  CHECK(replicas["file"].get_string() == "shop/templates/web.yaml");
  CHECK(replicas["line"].get_int() == 6);
  CHECK(replicas["givenBy"].get_string() == "HelmRelease/default/shop spec.values.replicas");
  CHECK(replicas.path("given", "file").get_string() == "apps/release.yaml");
  CHECK(replicas.path("given", "line").get_int() == 6);
  CHECK(replicas.path("commit", "author").get_string() == "Ann <ann@example.com>");
  const Value wait = row("spec.minReadySeconds");
  CHECK(wait["givenBy"].get_string() == "chart default");
  CHECK(wait["line"].get_int() == 7);
  CHECK_FALSE(wait.contains("commit"));
  CHECK(row("metadata.name")["setBy"].get_string() == "chart template");
}

TEST_CASE("an old instant, a missing field and a lost commit are told as such") {
  Rig rig;
  CHECK(rig.blame("spec.nothing", 404)["message"].get_string() ==
        "Deployment/default/web has no field spec.nothing");
  const Value old = rig.blame(".spec.replicas&at=4");
  CHECK(old["note"].get_string() == "no such commit");
  CHECK(old["fields"].at(0)["value"].get_int() == 1);
  CHECK(old["fields"].at(0).path("since", "seq").get_int() == 4);
}

}  // namespace weir::api::audit
