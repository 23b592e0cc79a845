#include <catch2/catch.hpp>

#include "adapters/git/known_hosts.hh"
#include "adapters/git/operation.hh"
#include "adapters/git/select.hh"

using namespace weir;
using git::KnownHosts;
using git::RemoteUrl;

TEST_CASE("a remote's address is taken apart, its userinfo kept out of texts") {
  const auto url = RemoteUrl::parse("https://ann:p%40ss@git.example.com:8443/a/b.git", false).value();
  CHECK(url.user == "ann");
  CHECK(url.password == "p@ss");
  CHECK(url.host == "git.example.com");
  CHECK(url.port == "8443");
  CHECK(url.path == "/a/b.git");
  CHECK(url.clean == "https://git.example.com:8443/a/b.git");
  CHECK(RemoteUrl::parse("ssh://git@h/x", false).value().port == "22");
  CHECK(RemoteUrl::parse("https://h", false).value().path == "/");
  const auto v6 = RemoteUrl::parse("http://[::1]:80/x", false).value();
  CHECK(v6.host == "::1");
  CHECK(v6.port == "80");
}

TEST_CASE("addresses that are none are refused without being repeated") {
  for (const char* bad : {"", "git@host:x.git", "ftp://h/x", "https://", "https://:secret@/x",
                          "https://h:port/x", "https://u:%zz@h/x", "https://h/a b", "https://[::1/x",
                          "file:///x", "/x", "https://h/\n"}) {
    INFO(bad);
    const auto url = RemoteUrl::parse(bad, false);
    REQUIRE_FALSE(url.ok());
    CHECK(url.error().reason == "URLInvalid");
    CHECK(url.error().message.find("secret") == std::string::npos);
  }
  CHECK(RemoteUrl::parse("file:///x", true).value().clean == "/x");
  CHECK(RemoteUrl::parse("./x", true).value().scheme == "file");
}

TEST_CASE("known hosts decide by name, port and key") {
  // "AAAA" is the key "\0\0\0", "AAAB" another.
  const std::string key("\0\0\0", 3), other("\0\0\1", 3);
  const auto hosts = KnownHosts::parse(
                         "# comment\n\n"
                         "github.com,1.2.3.4 ssh-ed25519 AAAA comment here\n"
                         "[git.example.com]:2222 ecdsa-sha2-nistp256 AAAA\r\n"
                         "*.corp,!bad.corp ssh-rsa AAAA\n"
                         "@revoked * ssh-ed25519 AAAB\n"
                         "@cert-authority * ssh-ed25519 AAAB\n"
                         "|1|AAECAwQFBgcICQoLDA0ODxAREhM=|tfTk2zfUwEOJq8/nQE8s/gLfc58= "
                         "ssh-rsa AAAA\n")
                         .value();
  CHECK(hosts.check("github.com", "22", key).ok());
  CHECK(hosts.check("GitHub.com", "22", key).ok());
  CHECK(hosts.check("1.2.3.4", "22", key).ok());
  CHECK(hosts.check("git.example.com", "2222", key).ok());
  CHECK(hosts.check("a.b.corp", "22", key).ok());
  CHECK(hosts.check("hashed.example.com", "22", key).ok());
  CHECK(hosts.check("github.com", "2222", key).error().message ==
        "ssh: handshake failed: knownhosts: key is unknown");
  CHECK(hosts.check("bad.corp", "22", key).error().message ==
        "ssh: handshake failed: knownhosts: key is unknown");
  CHECK(hosts.check("a.corp", "22", std::string("\1\1\1", 3)).error().message ==
        "ssh: handshake failed: knownhosts: key mismatch");
  CHECK(hosts.check("github.com", "22", other).error().message ==
        "ssh: handshake failed: knownhosts: key is revoked");
  CHECK(hosts.key_types("github.com", "22") == std::vector<std::string>{"ssh-ed25519"});
  CHECK(hosts.key_types("nowhere", "22").empty());
  CHECK_THAT(KnownHosts::parse("a ssh-rsa AAAA\nbroken\n").error().message,
             Catch::Contains("line 2"));
}

TEST_CASE("a reference of spec.ref is found among the remote's by the shipped precedence") {
  const std::string a(40, 'a'), b(40, 'b'), c(40, 'c'), d(40, 'd');
  const std::vector<git::RemoteReference> remote = {
      {"HEAD", a},           {"refs/heads/main", a},  {"refs/heads/dev", b},
      {"refs/tags/1.0.0", b}, {"refs/tags/v1.1", d},  {"refs/tags/v2.0.0", c},
      {"refs/tags/v2.0.0^{}", d}, {"refs/tags/2.0.0+b1", b}, {"refs/tags/3.0.0-rc.1", c},
  };
  struct Case {
    reconcile::GitReference reference;  // branch, tag, semver, name, commit
    std::vector<std::string> labels, commits;
    std::string wanted;
  };
  const std::vector<Case> cases = {
      {{"main", "1.0.0", ">=1", "refs/heads/dev", c}, {"refs/heads/dev"}, {c}, "refs/heads/dev"},
      {{"main", "1.0.0", ">=1", "refs/heads/dev", ""}, {"refs/heads/dev"}, {b}, "refs/heads/dev"},
      {{"main", "1.0.0", ">=2", "", ""}, {"1.0.0"}, {b}, "refs/tags/1.0.0"},
      {{"main", "", ">=1.0.0", "", ""}, {"v2.0.0", "2.0.0+b1"}, {d, b}, "refs/tags/v2.0.0"},
      {{"", "", ">=1.0.0-0", "", ""}, {"3.0.0-rc.1"}, {c}, "refs/tags/3.0.0-rc.1"},
      {{"", "", "1.x", "", ""}, {"1.0.0"}, {b}, "refs/tags/1.0.0"},
      {{"dev", "", "", "", ""}, {"dev"}, {b}, "refs/heads/dev"},
      {{"dev", "", "", "", c}, {"dev"}, {c}, "refs/heads/dev"},
      {{"", "", "", "", c}, {""}, {c}, "refs/heads/main"},
      {{"", "", "", "HEAD", ""}, {"HEAD"}, {a}, "HEAD"},
      {{"", "v2.0.0", "", "", ""}, {"v2.0.0"}, {d}, "refs/tags/v2.0.0"},
      {{"", "", "", "", "", "HEAD"}, {"HEAD"}, {a}, "HEAD"},
      {{"", "", "", "", "", "v2.0.0"}, {"v2.0.0"}, {d}, "refs/tags/v2.0.0"},
      {{"", "", "", "", "", "dev"}, {"dev"}, {b}, "refs/heads/dev"},
      {{"", "", "", "", "", "heads/main"}, {"heads/main"}, {a}, "refs/heads/main"},
      {{"", "", "", "", "", c}, {""}, {c}, "refs/heads/main"},
  };
  for (const Case& test : cases) {
    const auto selection = git::select(remote, test.reference).value();
    std::vector<std::string> labels, commits;
    for (const git::Candidate& one : selection.candidates) {
      labels.push_back(one.label);
      commits.push_back(one.commit);
    }
    CHECK(labels == test.labels);
    CHECK(commits == test.commits);
    CHECK(selection.wanted.front() == test.wanted);
  }
  CHECK(git::select(remote, {}).error().message ==
        "couldn't find remote ref \"refs/heads/master\"");
  CHECK(git::select(remote, {"", "", ">=9", "", ""}).error().message ==
        "no match found for semver: >=9");
  CHECK(git::select(remote, {"", "", "wat", "", ""}).error().code == Code::invalid);
  CHECK(git::select(remote, {"", "", "", "", "abc"}).error().code == Code::invalid);
}
