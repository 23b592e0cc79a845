#include "adapters/remote/remote_bases.hh"

#include <catch2/catch.hpp>

#include "adapters/git/submodules.hh"

using namespace weir;

namespace {

class FakeGit final : public reconcile::GitPort {
 public:
  Result<reconcile::GitCheckout> checkout(const reconcile::GitRequest& request) override {
    asked = request;
    if (fails) return make_error(Code::unavailable, "connection refused");
    reconcile::GitCheckout out;
    out.tree = std::make_shared<base::MemoryFileTree>();
    return out;
  }
  reconcile::GitRequest asked;
  bool fails = false;
};

class FakeHttp final : public net::HttpClient {
 public:
  Result<net::HttpResponse> send(const net::HttpRequest& request) override {
    net::HttpResponse response;
    response.status = status;
    response.body = "body of " + request.url;
    return response;
  }
  Result<std::unique_ptr<net::HttpStream>> open(const net::HttpRequest&) override {
    return make_error(Code::unsupported, "no streams");
  }
  void cancel() override {}
  void close_idle() override {}
  int status = 200;
};

kustomize::RepoSpec spec_of(std::string clone_url, std::string ref) {
  kustomize::RepoSpec spec;
  spec.clone_url = std::move(clone_url);
  spec.ref = std::move(ref);
  spec.timeout_s = 90;
  return spec;
}

}  // namespace

TEST_CASE("a repository is asked for by any name, the head when none is written") {
  FakeGit git;
  FakeHttp http;
  remote::RemoteBases bases(git, http, {false, [] {
                                          reconcile::GitCredentials own;
                                          own.ssh_identity = "key";
                                          return own;
                                        }});
  REQUIRE(bases.fetch_repository(spec_of("https://host/org/repo", "")).ok());
  CHECK(git.asked.reference.any == "HEAD");
  CHECK(git.asked.timeout == std::chrono::seconds(90));
  CHECK(git.asked.recurse_submodules);
  CHECK(git.asked.credentials.ssh_identity.empty());
  REQUIRE(bases.fetch_repository(spec_of("git@host:org/repo.git", "v1")).ok());
  CHECK(git.asked.url == "ssh://git@host/org/repo.git");
  CHECK(git.asked.reference.any == "v1");
  CHECK(git.asked.credentials.ssh_identity == "key");
}

TEST_CASE("local repositories need leave, and failures name the repository without its userinfo") {
  FakeGit git;
  FakeHttp http;
  remote::RemoteBases strict(git, http);
  (void)strict.fetch_repository(spec_of("file:///srv/repo", ""));
  CHECK_FALSE(git.asked.allow_local);
  remote::RemoteBases local(git, http, {true, {}});
  (void)local.fetch_repository(spec_of("file:///srv/repo", ""));
  CHECK(git.asked.allow_local);
  git.fails = true;
  CHECK(strict.fetch_repository(spec_of("https://me:secret@host/org/repo", "v1")).error().message ==
        "failed to fetch 'https://host/org/repo' at 'v1': connection refused");
}

TEST_CASE("an answer other than success is told apart from no answer") {
  FakeGit git;
  FakeHttp http;
  remote::RemoteBases bases(git, http);
  CHECK(bases.fetch_file("https://host/f.yaml").value() == "body of https://host/f.yaml");
  http.status = 404;
  const auto missing = bases.fetch_file("https://host/f.yaml");
  CHECK(missing.error().message == "HTTP Error: status code 404 (Not Found)");
  CHECK(missing.error().reason == kustomize::http_status_reason);
  CHECK(missing.error().code == Code::not_found);
}

TEST_CASE("submodules are read from .gitmodules, those that leave the repository are not") {
  const auto found = git::parse_submodules(
      "# comment\n[core]\n\tpath = no\n[submodule \"a\"]\n\tpath = \"a b\" \n\turl = ../a.git ; x\n"
      "[submodule \"b\"]\n\tpath = ../out\n\turl = https://h/b\n[submodule \"c\"]\n\tpath = c\n");
  REQUIRE(found.ok());
  REQUIRE(found->size() == 1);
  CHECK(found->front().path == "a b");
  CHECK(found->front().url == "../a.git");
}

TEST_CASE("a relative submodule is seen from the repository's own address") {
  CHECK(git::submodule_address("https://h/org/repo.git", "../lib.git") == "https://h/org/lib.git");
  CHECK(git::submodule_address("https://h/org/repo/", "./lib") == "https://h/org/repo/lib");
  CHECK(git::submodule_address("git@h:repo", "../lib") == "git@h:lib");
  CHECK(git::submodule_address("https://h/a", "ssh://g/b") == "ssh://g/b");
}

TEST_CASE("a mounted tree shows the other tree's files in its place") {
  auto outer = std::make_shared<base::MemoryFileTree>();
  outer->add("a/x", "outer");
  outer->add_directory("sub");
  auto inner = std::make_shared<base::MemoryFileTree>();
  inner->add("d/y", "inner");
  const git::MountedTree tree(outer, {{"sub", inner}});
  CHECK(*tree.read("a/x").value() == "outer");
  CHECK(*tree.read("sub/d/../d/y").value() == "inner");
  CHECK(tree.stat("sub") == base::EntryType::directory);
  CHECK(tree.canonical("sub/d") == "sub/d");
  CHECK(tree.list("sub").value().front().name == "d");
  CHECK_FALSE(tree.stat("sub/a/x").has_value());
}
