#include <catch2/catch.hpp>

#include <algorithm>

#include "adapters/git/history.hh"
#include "tests/peers/git/git_servers.hh"

using namespace weir;
using namespace weir::git_peers;

namespace {

// An order that puts `file` back to what it was in `to`.
reconcile::GitRevert revert_of(const std::string& url, const std::string& head,
                               const std::string& file, const std::string& to) {
  reconcile::GitRevert revert;
  revert.remote = on(url);
  revert.branch = "main";
  revert.head = head;
  revert.files = {{file, to}};
  revert.author_name = "Weir";
  revert.author_email = "weir@example.com";
  revert.message = "Revert\n\nBy alice\n";
  revert.time = 1'800'000'000'000'000;
  return revert;
}

}  // namespace

TEST_CASE("a revert commit reaches the branch over HTTP and SSH, with its author and files",
          "[git-peer]") {
  Servers& servers = Servers::get();
  for (const bool over_ssh : {false, true}) {
    if (over_ssh && !servers.ports.contains("ssh")) continue;
    Port port;
    const std::string url = over_ssh ? servers.ssh() : servers.http("basic");
    GitRequest request = on(url);
    if (over_ssh) {
      request.credentials.ssh_identity = slurp(servers.root / "user_ed25519");
      request.credentials.ssh_known_hosts =
          "[127.0.0.1]:" + servers.ports["ssh"] + " " + slurp(servers.root / "host_ed25519.pub");
    } else {
      request.credentials.username = "alice";
      request.credentials.password = "secret";
    }
    const std::string content = over_ssh ? "good over SSH" : "good";
    const std::string good = servers.commit("deploy/r.yaml", content);
    const std::string head = servers.commit("deploy/r.yaml", "bad");
    INFO(url);
    const auto seen = port(request);
    REQUIRE(seen);
    auto order = revert_of(url, head, "deploy/r.yaml", good);
    order.remote.credentials = request.credentials;
    const auto made = port.mirrors.revert(order);
    INFO((made.ok() ? "" : made.error().message));
    REQUIRE(made);
    CHECK(servers.git("rev-parse main") == made->sha);
    CHECK(servers.git("rev-parse main^") == head);
    CHECK(servers.git("show main:deploy/r.yaml") == content);
    CHECK(servers.git("log -1 --format='%an <%ae> %s' main") == "Weir <weir@example.com> Revert");
    const auto after = port(request);
    REQUIRE(after);
    CHECK(after->revision == "main@sha1:" + made->sha);
    run("cd " + (servers.root / "work").string() + " && git pull -q ../repos/app.git main");
  }
}

TEST_CASE("a revert upon a branch that has moved, or that changes nothing, is refused",
          "[git-peer]") {
  Servers& servers = Servers::get();
  Port port;
  const std::string url = servers.http("plain");
  const std::string first = servers.commit("deploy/s.yaml", "one");
  REQUIRE(port(on(url)));
  const auto nothing = port.mirrors.revert(revert_of(url, first, "deploy/s.yaml", first));
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().code == Code::invalid);
  const std::string second = servers.commit("deploy/s.yaml", "two");
  const auto moved = port.mirrors.revert(revert_of(url, first, "deploy/s.yaml", first));
  REQUIRE_FALSE(moved);
  CHECK(moved.error().code == Code::conflict);
  CHECK(moved.error().message == "failed to push the commit: branch main stands at " + second +
                                     ", which is not reconciled yet; it was at " + first);
  CHECK(servers.git("rev-parse main") == second);
}

TEST_CASE("a mirror tells files of old commits, what changed, and who wrote a line",
          "[git-peer]") {
  Servers& servers = Servers::get();
  Port port;
  const std::string url = servers.http("plain");
  const std::string first = servers.commit("deploy/l.yaml", "a: 1\nb: 1\nc: 1");
  const std::string second = servers.commit("deploy/l.yaml", "a: 1\nb: 2\nc: 1");
  REQUIRE(port(on(url)));
  const git::MirrorHistory history(port.directory);
  const auto tree = history.tree(url, first);
  REQUIRE(tree);
  CHECK(**(*tree)->read("deploy/l.yaml") == "a: 1\nb: 1\nc: 1\n");
  const auto changed = history.changed_files(url, first, second);
  REQUIRE(changed);
  CHECK(*changed == std::vector<std::string>{"deploy/l.yaml"});
  const auto lines = history.line_commits(url, second, "deploy/l.yaml", {1, 2, 9});
  REQUIRE(lines);
  REQUIRE(lines->size() == 2);
  CHECK(lines->at(1).sha == first);
  CHECK(lines->at(2).sha == second);
  CHECK(lines->at(2).author == "Ann <ann@example.com>");
  CHECK(history.tree(url, std::string(40, '1')).error().code == Code::not_found);
  CHECK(history.tree("http://nowhere/x.git", first).error().code == Code::not_found);
}
