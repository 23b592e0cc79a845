#include <algorithm>
#include <catch2/catch.hpp>

#include "engine/reconcile/bucket_index.hh"
#include "tests/support/source_bench.hh"

namespace weir::test {
namespace {

constexpr const char* config_map =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, namespace: default}\n";

class BucketBench : public SourceBench {
 public:
  BenchBuckets::Objects& objects() { return buckets.there["files"]; }
  void bucket(const std::string& more = "") {
    source("Bucket", "app", "bucketName: files, endpoint: \"s3.example.com:9000\"" + more);
  }
  std::string ready(std::string_view type = "Ready") { return state("Bucket", "app", type); }
  std::string revision() { return SourceBench::revision("Bucket", "app"); }
  void secret(const std::string& name, const std::map<std::string, std::string>& data) {
    std::string text = "apiVersion: v1\nkind: Secret\nmetadata: {name: " + name +
                       ", namespace: flux-system}\ndata:\n";
    for (const auto& [key, value] : data)
      text += "  " + key + ": " + base::base64_encode(value) + "\n";
    create(text);
  }
  Value artifact() { return status("Bucket", "app")["artifact"]; }
  std::vector<std::string> files() { return files_of(artifact()); }
  // The paths of an artifact's files; what is wrong with it in their place.
  std::vector<std::string> files_of(const Value& of) {
    const auto tree = artifacts().open(of["path"].get_string(), of["digest"].get_string());
    if (!tree.ok()) return {tree.error().message};
    std::vector<std::string> out;
    add_files(**tree, "", out);
    return out;
  }
  int gets(const std::string& key) {
    return static_cast<int>(std::count(buckets.calls.begin(), buckets.calls.end(), "get " + key));
  }

 private:
  static void add_files(const base::FileTree& tree, const std::string& folder,
                        std::vector<std::string>& out) {
    const auto entries = tree.list(folder).value();
    for (const base::DirectoryEntry& entry : entries) {
      const std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
      if (entry.type == base::EntryType::directory) add_files(tree, path, out);
      if (entry.type == base::EntryType::file) out.push_back(path);
    }
  }
};

std::string revision_of(const std::map<std::string, std::string>& objects) {
  std::string lines;
  for (const auto& [key, text] : objects) lines += key + " " + BenchBuckets::etag(text) + "\n";
  return base::sha256(lines).to_string();
}

}  // namespace

TEST_CASE("a bucket's objects become an artifact, its revision that of keys and ETags") {
  BucketBench bench;
  bench.objects() = {{"deploy/cm.yaml", config_map}, {"deploy/", ""}, {"logo.png", "png"}};
  bench.bucket();
  bench.run();
  const std::string revision = revision_of({{"deploy/cm.yaml", config_map}, {"logo.png", "png"}});
  CHECK(bench.revision() == revision);
  CHECK(bench.ready() == "True Succeeded stored artifact: revision '" + revision + "'");
  CHECK(bench.ready("ArtifactInStorage") ==
        "True Succeeded stored artifact: revision '" + revision + "'");
  const Value artifact = bench.artifact();
  CHECK(artifact["path"].get_string() ==
        "bucket/flux-system/app/" + revision.substr(7) + ".tar.gz");
  CHECK(bench.files() == std::vector<std::string>{"deploy/cm.yaml", "logo.png"});
  CHECK(bench.events("app") ==
        std::vector<std::string>{
            "Normal NewArtifact stored artifact with 2 fetched files from 'files' bucket"});
  const auto logged = bench.logged(event::Type::source_fetched);
  REQUIRE(logged.size() == 1);
  CHECK(logged[0].data.path("bucket", "name").get_string() == "files");
  CHECK(logged[0].data.path("bucket", "objects").get_int() == 2);
}

TEST_CASE("a bucket that has not changed is listed and not fetched; a changed object is, alone") {
  BucketBench bench;
  bench.objects() = {{"a.yaml", "a"}, {"b.yaml", "b"}};
  bench.bucket();
  bench.run();
  const std::string before = bench.revision();
  bench.run(130);
  CHECK(bench.gets("a.yaml") == 1);
  CHECK(bench.logged(event::Type::source_fetched).size() == 1);
  bench.objects()["b.yaml"] = "bb";
  bench.objects()["c.yaml"] = "c";
  bench.run(70);
  CHECK(bench.revision() == revision_of({{"a.yaml", "a"}, {"b.yaml", "bb"}, {"c.yaml", "c"}}));
  CHECK(bench.revision() != before);
  CHECK(bench.files() == std::vector<std::string>{"a.yaml", "b.yaml", "c.yaml"});
  CHECK(bench.gets("a.yaml") == 1);
  CHECK(bench.gets("b.yaml") == 2);
  bench.objects().erase("a.yaml");
  bench.run(70);
  CHECK(bench.files() == std::vector<std::string>{"b.yaml", "c.yaml"});
  bench.restart();  // what was where is forgotten, so all is fetched for the next change
  bench.objects()["d.yaml"] = "d";
  bench.run(70);
  CHECK(bench.gets("b.yaml") == 3);
  CHECK(bench.files() == std::vector<std::string>{"b.yaml", "c.yaml", "d.yaml"});
}

TEST_CASE("only what the bucket's own file and the spec name is left out, and the spec overrules") {
  BucketBench bench;
  bench.objects() = {{".sourceignore", "*.md\nsecret/\n"},
                     {"a.png", "a"},
                     {"b.md", "b"},
                     {"keep.md", "keep"},
                     {"secret/x", "x"},
                     {".git/config", "g"},
                     {"sub/.sourceignore", "*\n"},
                     {"sub/c.yaml", "c"}};
  bench.bucket(", ignore: \"!keep.md\"");
  bench.run();
  CHECK(bench.files() == std::vector<std::string>{".git/config", ".sourceignore", "a.png",
                                                  "keep.md", "sub/.sourceignore", "sub/c.yaml"});
  CHECK(bench.status("Bucket", "app")["observedIgnore"].get_string() == "!keep.md");
  CHECK(bench.revision() == revision_of({{".git/config", "g"},
                                         {"a.png", "a"},
                                         {"keep.md", "keep"},
                                         {"sub/.sourceignore", "*\n"},
                                         {"sub/c.yaml", "c"}}));
}

TEST_CASE("a prefix is of keys, which keep it; .sourceignore is the root's") {
  BucketBench bench;
  bench.objects() = {{".sourceignore", "*.md"}, {"one/a.md", "a"}, {"one/b", "b"}, {"two", "c"}};
  bench.bucket(", prefix: one/");
  bench.run();
  CHECK(bench.files() == std::vector<std::string>{".sourceignore", "one/b"});
}

TEST_CASE("an object that vanishes or changes between listing and fetching is what it is then") {
  BucketBench bench;
  bench.objects() = {{"a", "a"}, {"b", "b"}, {"c", "c"}};
  bench.buckets.after_list = [&] {
    bench.objects().erase("a");
    bench.objects()["b"] = "later";
  };
  bench.bucket();
  bench.run();
  CHECK(bench.revision() == revision_of({{"b", "later"}, {"c", "c"}}));
  CHECK(bench.events("app") ==
        std::vector<std::string>{
            "Normal NewArtifact stored artifact with 2 fetched files from 'files' bucket"});
}

TEST_CASE("a server that lists objects and has none of them empties no artifact") {
  BucketBench bench;
  bench.objects() = {{"a", "a"}, {"b", "b"}};
  bench.bucket();
  bench.run();
  const std::string before = bench.revision();
  bench.objects() = {{"a", "new"}, {"b", "new"}};
  const Error gone = make_error(Code::not_found, "The specified key does not exist.", "NoSuchKey");
  for (const char* key : {"a", "b"}) bench.buckets.fail_key.emplace(key, gone);
  bench.run(70);
  CHECK(bench.revision() == before);
  CHECK(bench.ready() ==
        "False BucketOperationFailed fetch from bucket 'files' failed: none of the 2 objects that "
        "were listed is there");
}

TEST_CASE("an empty bucket is an empty artifact") {
  BucketBench bench;
  bench.objects();
  bench.bucket();
  bench.run();
  CHECK(bench.revision() == base::sha256("").to_string());
  CHECK(bench.files().empty());
}

TEST_CASE("what goes wrong with a bucket is told by its reason, and the old artifact stays") {
  BucketBench bench;
  bench.objects() = {{"a", "a"}};
  bench.bucket();
  bench.run();
  const std::string before = bench.revision();
  bench.buckets.fail = make_error(Code::forbidden, "Access Denied.", "AccessDenied");
  bench.run(70);
  const std::string denied =
      "BucketOperationFailed failed to confirm existence of 'files' bucket: Access Denied.";
  CHECK(bench.ready() == "False " + denied);
  CHECK(bench.ready("FetchFailed") == "True " + denied);
  CHECK(bench.revision() == before);
  bench.buckets.fail.reset();
  bench.buckets.there.clear();
  bench.run(700);
  CHECK(bench.ready() == "False BucketOperationFailed bucket 'files' not found");
  bench.objects() = {{"a", "a"}};
  bench.run(1000);
  CHECK(bench.ready().starts_with("True Succeeded"));
  CHECK(bench.ready("FetchFailed").empty());
  CHECK(bench.events("app").back() ==
        "Normal Succeeded stored artifact with 1 fetched files from 'files' bucket");
  bench.objects()["b"] = "b";
  bench.buckets.fail_key.emplace("b", make_error(Code::unavailable, "try later"));
  bench.run(70);
  CHECK(bench.ready() ==
        "False BucketOperationFailed fetch from bucket 'files' failed: failed to get 'b' object: "
        "try later");
}

TEST_CASE("keys are hostile: none leaves the artifact, none takes another's place") {
  CHECK(*reconcile::object_path("a/b.yaml") == "a/b.yaml");
  CHECK(*reconcile::object_path("/etc/passwd") == "etc/passwd");
  CHECK(*reconcile::object_path("../../etc/passwd") == "etc/passwd");
  CHECK(*reconcile::object_path("a/../../b") == "b");
  CHECK(*reconcile::object_path("a//./b") == "a/b");
  for (const std::string& key : {std::string(".."), std::string("a\\b"), std::string("a\nb"),
                                 std::string("a\xff"), std::string("a\0b", 3)})
    CHECK(reconcile::object_path(key).error().code == Code::invalid);
  CHECK(reconcile::object_path(std::string(256, 'a')).error().code == Code::limit);
  std::string longest;
  while (longest.size() < 4100) longest += "abcdefg/";
  CHECK(reconcile::object_path(longest + "a").error().message.find("path_bytes_max") !=
        std::string::npos);
  struct Case {
    const char *one, *other, *text;
  };
  for (const Case& c :
       {Case{"a/b", "a//b", "object 'a/b' would be the same file as object 'a//b'"},
        Case{"../x", "x", "object 'x' would be the same file as object '../x'"},
        Case{"a", "a/b/c", "object 'a/b/c' would be in a folder that object 'a' is the file of"}}) {
    BucketBench bench;
    bench.objects() = {{c.one, "1"}, {c.other, "2"}};
    bench.bucket();
    bench.run();
    CHECK(bench.ready() ==
          "False BucketOperationFailed indexation of objects from bucket 'files' failed: " +
              std::string(c.text));
    CHECK(bench.gets(c.one) == 0);
  }
}

TEST_CASE("objects over the caps are refused before they are fetched, by the cap's name") {
  reconcile::BucketIndex index;
  CHECK(index.add({"big", "e", (64ull << 20) + 1}).error().message ==
        "object 'big' is larger than file_bytes_max (67108864)");
  Result<void> added;
  for (int i = 0; added.ok() && i < 100; ++i)
    added = index.add({"part" + std::to_string(i), "e", 64ull << 20});
  CHECK(index.size() == 33);
  CHECK(added.error().code == Code::limit);
  CHECK(added.error().message ==
        "the objects of the bucket are larger than tree_bytes_max (2147483648)");
}

TEST_CASE("keys, certificates and the proxy come from the Secrets, and never show") {
  BucketBench bench;
  bench.objects() = {{"a", "a"}};
  bench.secret("keys", {{"accesskey", "me"}, {"secretkey", "hidden-key"}});
  bench.secret("proxy", {{"address", "http://proxy:3128"}});
  bench.bucket(
      ", region: eu-west-1, insecure: true, secretRef: {name: keys}, proxySecretRef: {name: "
      "proxy}");
  bench.run();
  CHECK(bench.ready().starts_with("True"));
  REQUIRE(!bench.buckets.requests.empty());
  const reconcile::BucketRequest& request = bench.buckets.requests.back();
  CHECK(request.access_key == "me");
  CHECK(request.secret_key == "hidden-key");
  CHECK(request.region == "eu-west-1");
  CHECK(request.endpoint == "s3.example.com:9000");
  CHECK(request.access.plain_http);
  CHECK(request.access.proxy_url == "http://proxy:3128");
  CHECK(!request.ambient);
}

TEST_CASE("a Secret that is not there, or lacks a key, is an authentication failure") {
  BucketBench bench;
  bench.objects() = {{"a", "a"}};
  bench.bucket(", secretRef: {name: keys}");
  bench.run();
  CHECK(bench.ready().starts_with(
      "False AuthenticationFailed failed to get secret 'flux-system/keys': "));
  CHECK(bench.ready("Stalled").empty());
  bench.secret("keys", {{"accesskey", "me"}});
  bench.run(700);
  CHECK(bench.ready() ==
        "False AuthenticationFailed invalid 'keys' secret data: required fields 'accesskey' and "
        "'secretkey'");
  CHECK(bench.buckets.requests.empty());
}

TEST_CASE("a token service gives the keys where no Secret does") {
  BucketBench bench;
  bench.objects() = {{"a", "a"}};
  bench.secret("ldap", {{"username", "alice"}, {"password", "hidden"}});
  bench.bucket(
      ", sts: {provider: ldap, endpoint: \"https://sts.example.com\", secretRef: {name: ldap}}");
  bench.run();
  REQUIRE(!bench.buckets.requests.empty());
  const auto& service = bench.buckets.requests.back().token_service;
  REQUIRE(service);
  CHECK(service->url == "https://sts.example.com");
  CHECK(service->access.username == "alice");
  CHECK(service->access.password == "hidden");
  bench.buckets.fail_open = make_error(Code::forbidden, "no such user", "TokenService");
  bench.run(70);
  CHECK(bench.ready() ==
        "False BucketOperationFailed failed to confirm existence of 'files' bucket: no such user");
}

TEST_CASE("what is not supported is refused by its field") {
  for (const auto& [more, text] : std::vector<std::pair<std::string, std::string>>{
           {", provider: aws, serviceAccountName: x", "spec.serviceAccountName"},
           {", provider: gcp", "spec.provider: gcp"}}) {
    BucketBench bench;
    bench.objects() = {{"a", "a"}};
    bench.bucket(more);
    bench.run();
    CHECK(bench.ready("Stalled") ==
          "True UnsupportedField " + text + " is not supported by this version of weir");
    CHECK(bench.buckets.requests.empty());
  }
}

TEST_CASE("a container of Azure is read with an account's key or a signature, by no other login") {
  BucketBench bench;
  bench.objects() = {{"a", "a"}};
  bench.secret("key", {{"accountKey", "a2V5"}, {"sasKey", "ignored"}});
  bench.secret("signature", {{"sasKey", "?sv=1&sig=x"}});
  bench.secret("client", {{"clientId", "x"}});
  bench.secret("other", {{"accesskey", "x"}, {"secretkey", "y"}});
  bench.bucket(", provider: azure, secretRef: {name: key}");
  bench.run();
  CHECK(bench.ready().starts_with("True"));
  CHECK(bench.buckets.requests.back().azure);
  CHECK(bench.buckets.requests.back().account_key == "a2V5");
  CHECK(bench.buckets.requests.back().access_signature.empty());
  const auto use = [&](const std::string& name) {
    bench.merge(SourceBench::id("Bucket", "app"),
                R"({"spec": {"secretRef": {"name": ")" + name + R"("}}})");
    bench.run();
  };
  use("signature");
  CHECK(bench.buckets.requests.back().account_key.empty());
  CHECK(bench.buckets.requests.back().access_signature == "?sv=1&sig=x");
  const std::size_t asked = bench.buckets.requests.size();
  use("client");
  CHECK(bench.ready() ==
        "False AuthenticationFailed 'client' secret data: 'clientId' is not supported by this "
        "version of weir, which takes 'accountKey' or 'sasKey'");
  use("other");
  CHECK(bench.ready().find("requires a 'clientId' or 'accountKey' field") != std::string::npos);
  CHECK(bench.buckets.requests.size() == asked);
}

TEST_CASE("a Kustomization and a HelmChart are made from a bucket") {
  BucketBench bench;
  bench.objects() = {{"deploy/cm.yaml", config_map},
                     {"charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.2.3\n"},
                     {"charts/web/values.yaml", "a: 1\n"},
                     {"charts/packed-2.0.0.tgz", chart_package("2.0.0")},
                     {"extra.yaml", "b: 2\n"}};
  bench.bucket();
  bench.create(
      "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: "
      "app, namespace: flux-system}\nspec: {interval: 10m, prune: true, path: ./deploy, sourceRef: "
      "{kind: Bucket, name: app}}\n");
  bench.chart("chart: charts/web, reconcileStrategy: Revision, valuesFiles: [extra.yaml]", "Bucket",
              "app");
  bench.run(20);
  CHECK(bench.condition("app", "Ready") ==
        "True ReconciliationSucceeded Applied revision: " + bench.revision());
  CHECK(bench.state("HelmChart", "web") ==
        "True ChartPackageSucceeded packaged 'web' chart with version '1.2.3+" +
            bench.revision().substr(7, 12) + ".1' and merged values files [extra.yaml]");
  CHECK(bench.status("HelmChart", "web")["observedSourceArtifactRevision"].get_string() ==
        bench.revision());
}

TEST_CASE("a suspended bucket is left alone, one that is deleted leaves no artifact") {
  BucketBench bench;
  bench.objects() = {{"a", "a"}};
  bench.bucket();
  bench.run();
  const Value artifact = bench.artifact();
  bench.merge(SourceBench::id("Bucket", "app"), R"({"spec": {"suspend": true}})");
  bench.objects()["b"] = "b";
  bench.run(200);
  CHECK(bench.artifact() == artifact);
  bench.remove(SourceBench::id("Bucket", "app"));
  bench.run();
  CHECK(bench.get(SourceBench::id("Bucket", "app")).is_null());
  CHECK(bench.files_of(artifact).front().ends_with(": no such artifact"));
}

}  // namespace weir::test
