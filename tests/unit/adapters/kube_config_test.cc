#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "adapters/kube/credentials.hh"
#include "adapters/kube/kubeconfig.hh"

using namespace weir;
using namespace weir::kube;

namespace {

// A folder of kubeconfig files: files are what this reads.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-kubeconfig-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
    return path_ + "/" + name;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

constexpr const char* basic = R"(
apiVersion: v1
kind: Config
current-context: one
contexts:
- {name: one, context: {cluster: c1, user: u1, namespace: apps}}
- {name: two, context: {cluster: c2, user: u2}}
clusters:
- name: c1
  cluster:
    server: "https://one.example.com:6443/"
    certificate-authority-data: Q0EgUEVN
    tls-server-name: api.one
- name: c2
  cluster:
    server: "https://two.example.com"
    insecure-skip-tls-verify: true
    proxy-url: "http://proxy:3128"
users:
- {name: u1, user: {token: token-one}}
- name: u2
  user:
    token: token-two
    as: jane
    as-uid: "7"
    as-groups: [devs, ops]
    as-user-extra: {reason: [a, b]}
)";

Error refused(std::string_view text, KubeconfigOptions options = {}) {
  auto access = parse_kubeconfig(text, "/k/config", options);
  REQUIRE_FALSE(access.ok());
  return std::move(access).error();
}

std::string with_user(const std::string& user) {
  return "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
         "clusters: [{name: c, cluster: {server: 'https://h'}}]\nusers: [{name: u, user: " +
         user + "}]\n";
}

std::string with_cluster(const std::string& cluster) {
  return "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"
         "clusters: [{name: c, cluster: " +
         cluster + "}]\n";
}

}  // namespace

TEST_CASE("the current context decides cluster, user and namespace") {
  auto access = parse_kubeconfig(basic, "/k/config", {});
  REQUIRE(access.ok());
  CHECK(access->server == "https://one.example.com:6443");
  CHECK(access->tls.ca_pem == "CA PEM");
  CHECK(access->tls.server_name == "api.one");
  CHECK(access->token == "token-one");
  CHECK(access->ns == "apps");
  CHECK(access->context == "one");
}

TEST_CASE("context, cluster and user can be chosen over what the file says") {
  KubeconfigOptions options;
  options.context = "two";
  auto access = parse_kubeconfig(basic, "/k/config", options);
  REQUIRE(access.ok());
  CHECK(access->tls.insecure);
  CHECK(access->proxy_url == "http://proxy:3128");
  CHECK(access->ns == "default");
  REQUIRE(access->impersonate.size() == 6);
  CHECK(access->impersonate[0].name == "Impersonate-User");
  CHECK(access->impersonate[0].value == "jane");
  CHECK(access->impersonate[5].name == "Impersonate-Extra-reason");
  options.cluster = "c1";
  options.user = "u1";
  access = parse_kubeconfig(basic, "/k/config", options);
  REQUIRE(access.ok());
  CHECK(access->server == "https://one.example.com:6443");
  CHECK(access->token == "token-one");
}

TEST_CASE("of several files the first to name an entry wins, and absent files are skipped") {
  Folder folder;
  std::string first =
      folder.write("a", "current-context: one\nusers: [{name: u1, user: {token: mine}}]\n");
  std::string second = folder.write("b", basic);
  auto access = load_kubeconfig({folder.path() + "/absent", first, second}, {});
  REQUIRE(access.ok());
  CHECK(access->token == "mine");
  CHECK(access->server == "https://one.example.com:6443");
  auto none = load_kubeconfig({folder.path() + "/absent"}, {});
  REQUIRE_FALSE(none.ok());
  CHECK(none.error().code == Code::not_found);
}

TEST_CASE("paths are relative to the file they stand in") {
  Folder folder;
  folder.write("ca.crt", "the CA");
  folder.write("cert", "the cert");
  folder.write("key", "the key");
  std::string file = folder.write(
      "config",
      "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
      "clusters: [{name: c, cluster: {server: 'https://h', certificate-authority: ca.crt}}]\n"
      "users: [{name: u, user: {client-certificate: ./cert, client-key: " +
          folder.path() + "/key, tokenFile: token}}]\n");
  auto access = load_kubeconfig({file}, {});
  REQUIRE(access.ok());
  CHECK(access->tls.ca_pem == "the CA");
  CHECK(access->tls.cert_pem == "the cert");
  CHECK(access->tls.key_pem == "the key");
  CHECK(access->token_file == folder.path() + "/token");
  KubeconfigOptions strict;
  strict.allow_files = false;
  auto refused_files = load_kubeconfig({file}, strict);
  REQUIRE_FALSE(refused_files.ok());
  CHECK(refused_files.error().code == Code::unsupported);
}

TEST_CASE("errors name file and field") {
  CHECK(refused("a: [").message.find("/k/config") != std::string::npos);
  CHECK(refused("[1]").message == "/k/config: not a kubeconfig: the document is no mapping");
  CHECK(refused("kind: Pod").message == "/k/config: not a kubeconfig: kind is \"Pod\"");
  CHECK(refused("clusters: {}").message == "/k/config: clusters: expected a list");
  CHECK(refused("clusters: [{}]").message == "/k/config: clusters[0].name: expected a string");
  CHECK(refused("{}").message ==
        "/k/config: current-context is not set and no context was asked for");
  CHECK(refused("current-context: x").message == "/k/config: context \"x\" does not exist");
  CHECK(refused("current-context: x\ncontexts: [{name: x, context: {cluster: c}}]").message ==
        "/k/config: cluster \"c\" does not exist");
  CHECK(refused(with_cluster("{}")).message ==
        "/k/config: clusters[\"c\"].cluster.server: it is required");
  CHECK(refused(with_cluster("{server: 'https://a b'}"))
            .message.find("/k/config: clusters[\"c\"].cluster.server: invalid URL") == 0);
  CHECK(refused(with_cluster("{server: 'https://a', certificate-authority-data: '*'}")).message ==
        "/k/config: clusters[\"c\"].cluster.certificate-authority-data: not valid base64");
  CHECK(
      refused(with_cluster("{server: 'https://a', certificate-authority: /nowhere/ca}")).message ==
      "/k/config: clusters[\"c\"].cluster.certificate-authority: /nowhere/ca: no such file");
  CHECK(refused(with_cluster("{server: 'https://a', certificate-authority-data: QQ==, "
                             "insecure-skip-tls-verify: true}"))
            .message.find("root certificates file with the insecure flag") != std::string::npos);
  CHECK(refused(with_user("{token: 5}")).message ==
        "/k/config: users[\"u\"].user.token: expected a string");
  CHECK(refused(with_user("{client-certificate-data: QQ==}")).message ==
        "/k/config: users[\"u\"].user.client-key: certificate and key must be given together");
}

TEST_CASE("what is not supported is refused, without the password") {
  Error password = refused(with_user("{username: jane, password: hunter2}"));
  CHECK(password.code == Code::unsupported);
  CHECK(password.message.find("hunter2") == std::string::npos);
  CHECK(refused(with_user("{auth-provider: {name: gcp}}")).code == Code::unsupported);
}

TEST_CASE("a credential plugin runs only where the caller allows it") {
  std::string text = with_user(
      "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, args: [a], "
      "env: [{name: N, value: V}]}}");
  CHECK(refused(text).code == Code::unsupported);
  KubeconfigOptions options;
  options.allow_exec = true;
  auto access = parse_kubeconfig(text, "/k/config", options);
  REQUIRE(access.ok());
  REQUIRE(access->exec.has_value());
  CHECK(access->exec->command == "/k/./plugin");
  CHECK(access->exec->args == std::vector<std::string>{"a"});
  CHECK(
      refused(with_user("{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}}"),
              options)
          .code == Code::invalid);
}

TEST_CASE("insecure TLS is ignored, with a note, where it is not allowed") {
  KubeconfigOptions options;
  options.allow_insecure = false;
  auto access = parse_kubeconfig(
      with_cluster("{server: 'https://a', insecure-skip-tls-verify: true}"), "/k/config", options);
  REQUIRE(access.ok());
  CHECK_FALSE(access->tls.insecure);
  CHECK(access->notes.size() == 1);
}

TEST_CASE("a token file is read again when it was replaced") {
  Folder folder;
  ClusterAccess access;
  access.token_file = folder.write("token", "first\n");
  auto credentials = make_credentials(access);
  REQUIRE(credentials.ok());
  CHECK(*(*credentials)->authorization() == "Bearer first");
  CHECK_FALSE((*credentials)->refresh());
  folder.write("next", "second");
  std::filesystem::rename(folder.path() + "/next", folder.path() + "/token");
  CHECK((*credentials)->refresh());
  CHECK(*(*credentials)->authorization() == "Bearer second");
  std::filesystem::remove(folder.path() + "/token");
  CHECK_FALSE((*credentials)->refresh());
  CHECK(*(*credentials)->authorization() == "Bearer second");
}

TEST_CASE("a plugin's answer is checked and never quoted") {
  ExecPlugin plugin;
  plugin.api_version = "client.authentication.k8s.io/v1";
  auto good = parse_exec_credential(
      R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
          "status":{"token":"t","expirationTimestamp":"2030-01-01T00:00:00Z"}})",
      plugin);
  REQUIRE(good.ok());
  CHECK(good->token == "t");
  for (const char* text :
       {"secret", R"({"kind":"ExecCredential","apiVersion":"v2","status":{"token":"secret"}})",
        R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{}})",
        R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",
            "status":{"clientCertificateData":"secret"}})"}) {
    auto bad = parse_exec_credential(text, plugin);
    REQUIRE_FALSE(bad.ok());
    CHECK(bad.error().message.find("secret") == std::string::npos);
  }
}

TEST_CASE("a plugin is started with its arguments, its environment and what it must know") {
  Folder folder;
  std::string program = folder.write("plugin", R"(#!/bin/sh
case "$KUBERNETES_EXEC_INFO" in *'"kind":"ExecCredential"'*) ;; *) exit 3 ;; esac
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",'
printf '"status":{"token":"%s"}}' "$N-$1"
)");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  ClusterAccess access;
  access.exec.emplace();
  access.exec->command = program;
  access.exec->args = {"arg"};
  access.exec->env = {{"N", "env"}};
  access.exec->api_version = "client.authentication.k8s.io/v1";
  auto credentials = make_credentials(access);
  REQUIRE(credentials.ok());
  CHECK(*(*credentials)->authorization() == "Bearer env-arg");
  access.exec->command = folder.path() + "/absent";
  access.exec->install_hint = "install it";
  auto absent = make_credentials(access);
  REQUIRE_FALSE(absent.ok());
  CHECK(absent.error().message ==
        "exec: executable " + folder.path() + "/absent: No such file or directory\ninstall it");
}
