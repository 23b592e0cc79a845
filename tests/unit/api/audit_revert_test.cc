#include <catch2/catch.hpp>

#include "api/audit/routes.hh"
#include "engine/value/json.hh"
#include "tests/support/log_samples.hh"

namespace weir::api::audit {
namespace {

const std::string good(40, 'a'), bad(40, 'b');

// "apps" is built from apps/ and shared/; other/ is another Kustomization's.
class FakeHistory final : public reconcile::GitHistoryPort {
 public:
  Result<std::shared_ptr<const base::FileTree>> tree(const std::string&,
                                                     const std::string& commit) const override {
    auto files = std::make_shared<base::MemoryFileTree>();
    const bool late = commit == bad;
    files->add("apps/kustomization.yaml", late ? "resources: [new.yaml, ../shared]\n"
                                               : "resources: [old.yaml, ../shared]\n");
    files->add(late ? "apps/new.yaml" : "apps/old.yaml", object("app"));
    files->add("shared/kustomization.yaml", "resources: [s.yaml]\n");
    files->add("shared/s.yaml", object("shared"));
    files->add("other/o.yaml", object("other"));
    return std::shared_ptr<const base::FileTree>(files);
  }
  Result<std::vector<std::string>> changed_files(const std::string&, const std::string& from,
                                                 const std::string& to) const override {
    if (from == to) return std::vector<std::string>{};
    return std::vector<std::string>{"README.md",     "apps/kustomization.yaml", "apps/new.yaml",
                                    "apps/notes.md", "apps/old.yaml",           "other/o.yaml",
                                    "shared/s.yaml"};
  }
  Result<std::map<std::uint32_t, reconcile::GitCommit>> line_commits(
      const std::string&, const std::string&, const std::string&,
      const std::set<std::uint32_t>&) const override {
    return make_error(Code::not_found, "none");
  }

 private:
  static std::string object(const std::string& name) {
    return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n";
  }
};

struct Rig {
  test::HandClock clock;
  std::unique_ptr<store::Kv> kv = store::make_memory_kv();
  std::unique_ptr<store::EventLog> log = store::EventLog::open(*kv, clock).value();
  store::BlobStore blobs{*kv};
  FakeHistory history;
  std::unique_ptr<AuditApi> api;
  model::ObjectId git{{"source.toolkit.fluxcd.io", "v1", "GitRepository"}, "flux-system", "fleet"};

  explicit Rig(const Value& ref = Value::object({{"branch", "main"}})) {
    AuditOptions options;
    options.log = log.get();
    options.blobs = &blobs;
    options.clock = &clock;
    options.git = &history;
    api = std::make_unique<AuditApi>(options);
    observed(git, Value::object({{"url", "https://git.example.com/fleet"}, {"ref", ref}}));
    const Value source = Value::object({{"kind", "GitRepository"}, {"name", "fleet"}});
    observed(test::kustomization("apps"),
             Value::object({{"path", "./apps"}, {"sourceRef", source}}));
    fetched(good);
    reconciled(good, "ReconciliationSucceeded");
    fetched(bad);
    reconciled(bad, "HealthCheckFailed");
  }

  void append(event::Type type, const model::ObjectId& subject, Value data,
              std::vector<base::Digest> named = {}) {
    clock.advance(60'000'000);
    event::Event event = test::make_event(type, subject);
    event.data = std::move(data);
    event.blobs = std::move(named);
    REQUIRE(log->append({std::move(event)}).ok());
  }
  void observed(const model::ObjectId& id, const Value& spec) {
    append(event::Type::spec_observed, id,
           Value::object({{"object", Value::object({{"spec", spec}})}}));
  }
  void fetched(const std::string& commit) {
    append(event::Type::source_fetched, git,
           Value::object({{"artifact", Value::object({{"revision", "main@sha1:" + commit}})}}));
  }
  void reconciled(const std::string& commit, const char* status) {
    const Value revision = Value("main@sha1:" + commit);
    append(event::Type::manifests_rendered, test::kustomization("apps"),
           Value::object({{"revision", revision}}), {blobs.put("[]").value()});
    append(event::Type::reconcile_finished, test::kustomization("apps"),
           Value::object({{"status", status}, {"revision", revision}}));
  }

  Value plan(int status = 200) {
    const auto response = api->call(
        {"POST", "/weir/v1/rollback", {},
         R"({"targets":[{"name":"apps"}],"to":"now","gitRevert":true,"dryRun":true})", ""},
        "alice");
    INFO(response.body);
    REQUIRE(response.status == status);
    return value::parse_json(response.body).value();
  }
};

}  // namespace

TEST_CASE("a revert takes back the files of the target's folder and those its build reads") {
  const Value commits = Rig().plan()["commits"];
  REQUIRE(commits.size() == 1);
  const Value& commit = commits.at(0);
  std::vector<std::string> files;
  for (const Value& file : commit["files"].items()) files.emplace_back(file.get_string());
  CHECK(files == std::vector<std::string>{"apps/kustomization.yaml", "apps/new.yaml",
                                          "apps/notes.md", "apps/old.yaml", "shared/s.yaml"});
  CHECK(commit["branch"].get_string() == "main");
  CHECK(commit["head"].get_string() == bad);
  CHECK(commit["message"].get_string() ==
        "Revert to aaaaaaaa: Kustomization/flux-system/apps\n\nThe files of these are as they were "
        "at now, by order of alice:\nKustomization/flux-system/apps\n");
}

TEST_CASE("of a tag or a fixed commit there is no branch to commit to") {
  for (const char* field : {"tag", "semver", "commit", "name"}) {
    INFO(field);
    CHECK(Rig(Value::object({{field, "x"}})).plan(400)["message"].get_string() ==
          "Kustomization/flux-system/apps is not built from a Git branch, so there is none to "
          "commit to");
  }
}

}  // namespace weir::api::audit
