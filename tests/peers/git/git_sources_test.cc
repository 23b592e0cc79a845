#include <catch2/catch.hpp>

#include <algorithm>
#include <iostream>
#include <thread>

#include "adapters/git/history.hh"
#include "tests/peers/git/git_servers.hh"

using namespace weir;
using namespace weir::git_peers;

TEST_CASE("each reference has the contract's revision", "[git-peer]") {
  Servers& servers = Servers::get();
  Port port;
  const std::string main = servers.git("rev-parse main"), first = servers.git("rev-parse 1.0.0");
  const std::string tagged = servers.git("rev-parse v1.1.0^{commit}");
  const std::string feature = servers.git("rev-parse feature/x");
  struct Case {
    reconcile::GitReference reference;
    std::string revision;
  };
  // Branch, tag, semver, name, commit.
  const std::vector<Case> cases = {
      {{"main", "", "", "", ""}, "main@sha1:" + main},
      {{"feature/x", "", "", "", ""}, "feature/x@sha1:" + feature},
      {{"", "v1.1.0", "", "", ""}, "v1.1.0@sha1:" + tagged},
      {{"", "", ">=1.0.0", "", ""}, "v1.1.0@sha1:" + tagged},
      {{"", "", ">=1.0.0-0", "", ""}, "1.2.0-rc.1@sha1:" + tagged},
      {{"", "1.0.0", ">=1.1.0", "", ""}, "1.0.0@sha1:" + first},
      {{"", "", "", "refs/heads/main", ""}, "refs/heads/main@sha1:" + main},
      {{"", "", "", "refs/pull/7/head", ""}, "refs/pull/7/head@sha1:" + feature},
      {{"", "", "", "refs/tags/v1.1.0", ""}, "refs/tags/v1.1.0@sha1:" + tagged},
      {{"", "", "", "", first}, "sha1:" + first},
      {{"main", "", "", "", first}, "main@sha1:" + first},
      {{"", "", "", "refs/heads/main", first}, "refs/heads/main@sha1:" + first},
  };
  for (const Case& test : cases) {
    for (const bool shared : {true, false}) {
      Port own;
      GitRequest request = on(servers.http("plain"));
      request.reference = test.reference;
      const auto done = shared ? port(request) : own(request);
      INFO(test.revision << (done.ok() ? "" : done.error().message));
      REQUIRE(done.ok());
      CHECK(done->revision == test.revision);
      CHECK(done->tree != nullptr);
      request.known_revision = test.revision;
      const auto again = shared ? port(request) : own(request);
      REQUIRE(again.ok());
      CHECK(again->unchanged);
      CHECK(again->tree == nullptr);
    }
  }
}

TEST_CASE("a commit's files, links and details are read from the mirror", "[git-peer]") {
  Servers& servers = Servers::get();
  Port port;
  GitRequest request = on(servers.http("plain"));
  request.reference = {"", "1.0.0", "", "", ""};
  const auto done = port(request);
  REQUIRE(done.ok());
  CHECK(done->commit.subject == "First");
  CHECK(done->commit.author == "Ann <ann@example.com>");
  CHECK(done->commit.message == "First\n\nBody\n");
  const base::FileTree& tree = *done->tree;
  CHECK(*tree.read("deploy/a.yaml").value() == "a\n");
  CHECK(tree.read("link.yaml").value() == tree.read("deploy/a.yaml").value());
  CHECK(tree.read("escape").error().code == Code::invalid);
  CHECK(tree.read("../x").error().code == Code::invalid);
  CHECK(tree.read("nope").error().code == Code::not_found);
  CHECK(tree.stat("deploy") == base::EntryType::directory);
  const auto entries = tree.list("").value();
  REQUIRE(entries.size() == 4);
  CHECK(entries[2].name == "link.yaml");
  CHECK(entries[2].type == base::EntryType::symlink);
  CHECK(entries[3].executable);
}

TEST_CASE("a tree stays valid, and shares equal files, across later fetches", "[git-peer]") {
  Servers& servers = Servers::get();
  Port port;
  const auto before = port(on(servers.http("plain")));
  REQUIRE(before.ok());
  const std::string sha = servers.commit("c.yaml", "c");
  const auto after = port(on(servers.http("plain")));
  REQUIRE(after.ok());
  CHECK(after->revision == "main@sha1:" + sha);
  CHECK(*after->tree->read("c.yaml").value() == "c\n");
  CHECK_FALSE(before->tree->stat("c.yaml"));
  CHECK(before->tree->read("deploy/a.yaml").value() == after->tree->read("deploy/a.yaml").value());
}

TEST_CASE("a mirror survives a restart, and one that broke is made anew", "[git-peer]") {
  Servers& servers = Servers::get();
  Port port;
  REQUIRE(port(on(servers.http("plain"))).ok());
  for (const auto& mirror : fs::directory_iterator(port.directory)) {
    CHECK((fs::status(mirror).permissions() & fs::perms::others_all) == fs::perms::none);
    fs::remove(mirror.path() / "HEAD");
  }
  git::GitMirrors again(port.directory);
  CHECK(again.checkout(on(servers.http("plain"))).ok());
}

TEST_CASE("HTTP credentials are sent, and faults are told apart", "[git-peer]") {
  Servers& servers = Servers::get();
  Port port;
  GitRequest basic = on(servers.http("basic"));
  CHECK(port(basic).error().code == Code::unauthorized);
  basic.credentials.username = "alice";
  basic.credentials.password = "wrong";
  const auto refused = port(basic);
  CHECK(refused.error().code == Code::unauthorized);
  CHECK(refused.error().reason == "GitOperationFailed");
  CHECK_THAT(refused.error().message,
             Catch::StartsWith("failed to checkout and determine revision: ") &&
                 Catch::Contains("authentication required"));
  basic.credentials.password = "secret";
  CHECK(port(basic).ok());

  GitRequest embedded = on(servers.http("basic"));
  embedded.url.insert(7, "alice:secret@");
  CHECK(port(embedded).ok());
  embedded.url = "http://alice:hunter2@127.0.0.1:" + servers.ports["http"] + "/basic/app.git";
  CHECK_THAT(port(embedded).error().message, !Catch::Contains("hunter2"));

  GitRequest bearer = on(servers.http("bearer"));
  bearer.credentials.bearer_token = "token123";
  bearer.credentials.username = "alice";
  CHECK(port(bearer).ok());
  bearer.url.insert(7, "bob@");
  CHECK(port(bearer).error().reason == "AuthenticationFailed");

  CHECK(port(on(servers.http("e401"))).error().code == Code::unauthorized);
  CHECK(port(on(servers.http("e403"))).error().code == Code::forbidden);
  CHECK(port(on(servers.http("e500"))).error().code == Code::unavailable);
  GitRequest missing = on(servers.http("plain", "none.git"));
  CHECK(port(missing).error().code == Code::not_found);
  CHECK_THAT(port(missing).error().message, Catch::Contains("unable to clone '"));
  missing.known_revision = "main@sha1:" + std::string(40, '0');
  CHECK_THAT(port(missing).error().message, Catch::Contains("unable to list remote for '"));
  missing.reference.semver = "*";
  CHECK_THAT(port(missing).error().message, Catch::Contains("unable to clone '"));
  CHECK(port(on(servers.http("plain"), "nope")).error().message.find(
            "couldn't find remote ref \"refs/heads/nope\"") != std::string::npos);
  CHECK(port(on(servers.http("plain", "empty.git"))).error().reason == "EmptyGitRepository");
  CHECK(port(on("ftp://host/x")).error().reason == "URLInvalid");
  CHECK(port(on("/tmp/x")).error().reason == "URLInvalid");
}

TEST_CASE("redirects keep credentials on one host", "[git-peer]") {
  Servers& servers = Servers::get();
  Port port;
  CHECK(port(on(servers.http("redirect"))).ok());
  CHECK(port(on(servers.http("offsite"))).ok());
  GitRequest offsite = on(servers.http("offsite"));
  offsite.credentials.username = "alice";
  offsite.credentials.password = "secret";
  CHECK_FALSE(port(offsite).ok());
  const std::string log = slurp(servers.root / "requests.log");
  CHECK(log.find("GET /plain/app.git/info/refs?service=git-upload-pack auth") == std::string::npos);
}

TEST_CASE("no server holds a checkout past its timeout", "[git-peer]") {
  Servers& servers = Servers::get();
  const std::string silent = "127.0.0.1:" + servers.ports["silent"] + "/x";
  for (const std::string& url :
       {servers.http("slow"), servers.http("stall"), "http://" + silent, "https://" + silent,
        "ssh://git@" + silent}) {
    Port port;
    GitRequest request = on(url);
    request.timeout = std::chrono::milliseconds(700);
    if (url.starts_with("ssh")) {
      request.credentials.ssh_identity = slurp(servers.root / "user_ed25519");
      request.credentials.ssh_known_hosts =
          "[127.0.0.1]:" + servers.ports["silent"] + " " + slurp(servers.root / "host_ed25519.pub");
    }
    const double took = seconds([&] {
      const auto done = port(request);
      INFO(url);
      REQUIRE_FALSE(done.ok());
      INFO(done.error().message);
      CHECK(done.error().code == Code::timeout);
    });
    INFO(url);
    CHECK(took < 10);  // the servers here hold on for 60 s, or for ever
  }
}

TEST_CASE("TLS trusts the Secret's CA and shows its client certificate", "[git-peer]") {
  Servers& servers = Servers::get();
  Port port;
  GitRequest request = on("https://127.0.0.1:" + servers.ports["https"] + "/basic/app.git");
  request.credentials.username = "alice";
  request.credentials.password = "secret";
  const auto untrusted = port(request);
  CHECK_THAT(untrusted.error().message, Catch::Contains("failed to verify certificate"));
  request.credentials.ca_file = slurp(servers.root / "ca.crt");
  CHECK(port(request).ok());
  request.url = "https://127.0.0.1:" + servers.ports["mutual"] + "/plain/app.git";
  CHECK_FALSE(port(request).ok());
  request.credentials.client_cert = slurp(servers.root / "client.crt");
  request.credentials.client_key = slurp(servers.root / "client.key");
  CHECK(port(request).ok());
  request.credentials.client_key = slurp(servers.root / "server.key");
  CHECK(port(request).error().reason == "AuthenticationFailed");
  request.credentials.ca_file = "junk";
  CHECK(port(request).error().reason == "AuthenticationFailed");
  request.url = "https://localhost:" + servers.ports["https"] + "/plain/app.git";
  request.credentials = {};
  request.credentials.ca_file = slurp(servers.root / "ca.crt");
  CHECK_THAT(port(request).error().message, Catch::Contains("failed to verify certificate"));
}

TEST_CASE("SSH checks the host key and authenticates from memory", "[git-peer]") {
  Servers& servers = Servers::get();
  if (!servers.ports.contains("ssh")) {
    std::cout << "SKIPPED: no sshd\n";
    return;
  }
  const std::string address = "[127.0.0.1]:" + servers.ports["ssh"] + " ";
  const auto file = [&](const char* name) { return slurp(servers.root / name); };
  Port port;
  GitRequest request = on(servers.ssh());
  CHECK(port(request).error().reason == "AuthenticationFailed");
  request.credentials.ssh_identity = file("user_ed25519");
  CHECK(port(request).error().reason == "AuthenticationFailed");

  for (const char* host_key : {"host_ed25519.pub", "host_ecdsa.pub"}) {
    request.credentials.ssh_known_hosts = address + file(host_key);
    const auto done = port(request);
    INFO(host_key << " " << (done.ok() ? "" : done.error().message));
    REQUIRE(done.ok());
    CHECK(*done->tree->read("deploy/a.yaml").value() == "a\n");
  }
  request.credentials.ssh_identity = file("user_ecdsa");
  CHECK(port(request).ok());
  // Works when the libssh2 at hand can sign with SHA-2; else what is amiss is said.
  request.credentials.ssh_identity = file("user_rsa");
  if (const auto rsa = port(request); !rsa) {
    CHECK(rsa.error().code == Code::unauthorized);
    CHECK_THAT(rsa.error().message, Catch::Contains("use ecdsa or ed25519"));
  }
  request.credentials.ssh_identity = file("user_ecdsa");

  run("cd " + servers.root.string() + " && printf '%s' '" + request.credentials.ssh_known_hosts +
      "' > hashed && ssh-keygen -q -H -f hashed >/dev/null 2>&1");
  request.credentials.ssh_known_hosts = file("hashed");
  CHECK_THAT(request.credentials.ssh_known_hosts, Catch::StartsWith("|1|"));
  CHECK(port(request).ok());

  request.credentials.ssh_identity = file("user_locked");
  CHECK(port(request).error().reason == "AuthenticationFailed");
  request.credentials.ssh_passphrase = "phrase";
  CHECK(port(request).ok());
  request.credentials.ssh_passphrase = "wrong";
  CHECK(port(request).error().reason == "AuthenticationFailed");
  request.credentials.ssh_identity = file("stranger");
  CHECK(port(request).error().code == Code::unauthorized);

  request.credentials.ssh_identity = file("user_ed25519");
  request.credentials.ssh_known_hosts = address + file("stranger.pub");
  CHECK_THAT(port(request).error().message, Catch::Contains("knownhosts: key mismatch"));
  request.credentials.ssh_known_hosts = "otherhost " + file("host_ed25519.pub");
  CHECK_THAT(port(request).error().message, Catch::Contains("knownhosts: key is unknown"));
  request.credentials.ssh_known_hosts = address + file("host_ed25519.pub");
  request.url += "-missing";
  const auto missing = port(request);
  CHECK_THAT(missing.error().message, Catch::Contains("does not appear to be a git repository"));
}

TEST_CASE("local repositories are read only when allowed", "[git-peer]") {
  Servers& servers = Servers::get();
  Port port;
  for (const std::string& prefix : {std::string(), std::string("file://")}) {
    GitRequest request = on(prefix + (servers.root / "work").string());
    CHECK(port(request).error().reason == "URLInvalid");
    request.allow_local = true;
    const auto done = port(request);
    INFO((done.ok() ? "" : done.error().message));
    REQUIRE(done.ok());
    CHECK(*done->tree->read("deploy/a.yaml").value() == "a\n");
  }
}

TEST_CASE("a mirror stays at few packs however often it fetches, and old trees stay readable",
          "[git-peer]") {
  Servers& servers = Servers::get();
  run("cd " + servers.root.string() + " && git init -q -b main busy && cd busy && "
      "git config user.name Ann && git config user.email ann@example.com");
  Port port;
  GitRequest request = on((servers.root / "busy").string());
  request.allow_local = true;
  std::vector<std::shared_ptr<const base::FileTree>> trees;
  for (int i = 0; i < 120; ++i) {
    run("cd " + (servers.root / "busy").string() + " && echo " + std::to_string(i) +
        " > n && git add n && git commit -q -m n");
    const auto done = port(request);
    INFO((done.ok() ? "" : done.error().message));
    REQUIRE(done.ok());
    trees.push_back(done->tree);
  }
  std::size_t packs = 0;
  for (const auto& file : fs::recursive_directory_iterator(port.directory))
    packs += file.path().extension() == ".pack";
  CHECK(packs < 100);
  for (std::size_t i = 70; i < trees.size(); ++i)
    CHECK(*trees[i]->read("n").value() == std::to_string(i) + "\n");
  request.reference = {"", "", "", "", run("git -C " + (servers.root / "busy").string() +
                                           " rev-list --max-parents=0 main")};
  CHECK(*port(request).value().tree->read("n").value() == "0\n");
}

TEST_CASE("many callers of few URLs agree", "[git-peer]") {
  Servers& servers = Servers::get();
  Port port;
  std::vector<std::thread> threads;
  std::vector<int> good(8);
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      const auto done = port(on(servers.http(i % 2 ? "plain" : "redirect")));
      good[static_cast<std::size_t>(i)] =
          done.ok() && *done->tree->read("deploy/a.yaml").value() == "a\n";
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(std::count(good.begin(), good.end(), 1) == 8);
}

TEST_CASE("a repository of 5,000 files costs little when little changed", "[git-peer]") {
  Servers& servers = Servers::get();
  run("cd " + servers.root.string() + " && git init -q -b main big && cd big && "
      "git config user.name Ann && git config user.email ann@example.com && "
      "for d in $(seq 100); do mkdir -p apps/$d; for f in $(seq 50); do "
      "printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: c%s-%s\\n' $d $f "
      "> apps/$d/$f.yaml; done; done && git add . && git commit -q -m Big && "
      "git clone -q --mirror . ../repos/big.git");
  Port port;
  const std::string url = servers.http("plain", "big.git");
  GitRequest request = on(url);
  std::string revision;
  const double full = seconds([&] { revision = port(request).value().revision; });
  request.known_revision = revision;
  double check = 1e9;
  for (int i = 0; i < 5; ++i)
    check = std::min(check, seconds([&] { CHECK(port(request).value().unchanged); }));
  run("cd " + (servers.root / "big").string() +
      " && echo x >> apps/7/7.yaml && git commit -q -a -m One && "
      "git push -q ../repos/big.git main");
  const double incremental = seconds([&] { CHECK_FALSE(port(request).value().unchanged); });
  std::size_t files = 0;
  request.known_revision.clear();
  const auto done = port(request);
  const double reading = seconds([&] {
    const auto apps = done->tree->list("apps").value();
    for (const auto& app : apps) {
      const auto entries = done->tree->list("apps/" + app.name).value();
      for (const auto& file : entries)
        files += done->tree->read("apps/" + app.name + "/" + file.name).ok();
    }
  });
  CHECK(files == 5000);
  std::printf("5,000 files: first fetch %.0f ms, no-change check %.1f ms, "
              "one-commit fetch %.1f ms, reading all files %.0f ms\n",
              full * 1e3, check * 1e3, incremental * 1e3, reading * 1e3);
}
