#include <catch2/catch.hpp>

#include "adapters/oci/logins.hh"
#include "adapters/oci/reference.hh"

namespace weir::oci {
namespace {

std::string repository(const std::string& url) {
  auto parsed = parse_repository(url);
  return parsed.ok() ? parsed->host + " " + parsed->path : parsed.error().message;
}

std::string reference(const std::string& url) {
  auto parsed = parse_reference(url);
  if (!parsed.ok()) return parsed.error().message;
  return parsed->repository.host + " " + parsed->repository.path + " " + parsed->tag + " " +
         parsed->digest;
}

std::string login(const std::vector<std::string>& registries, const std::string& url) {
  reconcile::RemoteAccess access;
  for (const std::string& registry : registries)
    access.logins.push_back({registry, registry, "secret", "", ""});
  const auto found = find_login(access, *parse_repository(url));
  return found ? found->username : "anonymous";
}

}  // namespace

TEST_CASE("repository URLs are split as registries' tools split them") {
  CHECK(repository("oci://ghcr.io/a/b") == "ghcr.io a/b");
  CHECK(repository("oci://localhost:5000/app") == "localhost:5000 app");
  CHECK(repository("oci://Registry.Example.com/a/b/") == "registry.example.com a/b");
  CHECK(repository("oci://docker.io/alpine") == "index.docker.io library/alpine");
  CHECK(repository("oci://team/app") == "index.docker.io team/app");
  const std::string odd =
      "repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: ";
  CHECK(repository("oci://ghcr.io/a/b:v1") == odd + "a/b:v1");
  CHECK(repository("oci://ghcr.io/a/b@sha256:00") == odd + "a/b@sha256:00");
  CHECK(repository("oci://127.0.0.1:5000") == odd + "127.0.0.1:5000");
  CHECK(repository("oci://") == "a repository name must be specified");
  CHECK(repository("https://ghcr.io/a") == "URL must be in format 'oci://<domain>/<org>/<repo>'");
  CHECK(repository("oci://ghcr.io/A/b").find("can only contain the characters") !=
        std::string::npos);
  CHECK(repository("oci://ghcr.io/a//b") == "repository has an empty or dotted part: a//b");
  CHECK(repository("oci://ghcr.io/../b") == "repository has an empty or dotted part: ../b");
  CHECK(repository("oci://exa mple.com/a") == "registry 'exa mple.com' is not a host name");
  CHECK(parse_repository("oci://ghcr.io/a/b:v1").error().reason == "URLInvalid");
}

TEST_CASE("references carry a tag or a digest") {
  const std::string digest = "sha256:" + std::string(64, 'a');
  CHECK(reference("oci://ghcr.io/a/b") == "ghcr.io a/b latest ");
  CHECK(reference("oci://ghcr.io/a/b:v1.0_x") == "ghcr.io a/b v1.0_x ");
  CHECK(reference("oci://ghcr.io:443/a/b@" + digest) == "ghcr.io:443 a/b  " + digest);
  CHECK(reference("oci://ghcr.io/a/b:") == "not a tag: ");
  CHECK(reference("oci://ghcr.io/a/b:a b") == "not a tag: a b");
  CHECK(reference("oci://ghcr.io/a/b@sha256:12") == "not a digest: sha256:12");
}

TEST_CASE("the most specific login of a docker config is taken") {
  CHECK(login({"ghcr.io", "ghcr.io/team", "ghcr.io/team/app"}, "oci://ghcr.io/team/app/x") ==
        "ghcr.io/team/app");
  CHECK(login({"*.io", "ghcr.io"}, "oci://ghcr.io/a/b") == "ghcr.io");
  CHECK(login({"*.io"}, "oci://ghcr.io/a/b") == "*.io");
  CHECK(login({"*.io"}, "oci://a.ghcr.io/a/b") == "anonymous");
  CHECK(login({"https://index.docker.io/v1/"}, "oci://docker.io/team/app") ==
        "https://index.docker.io/v1/");
  CHECK(login({"evil.io", "ghcr.io.evil.io"}, "oci://ghcr.io/a/b") == "anonymous");
}

TEST_CASE("local registries are told by name and by private addresses") {
  for (const char* host : {"localhost", "localhost:5000", "127.0.0.1:80", "[::1]:5000",
                           "a.localhost", "10.1.2.3", "172.16.0.1:5000", "192.168.1.1"})
    CHECK(is_local_host(host));
  for (const char* host :
       {"ghcr.io", "172.32.0.1", "11.0.0.1", "10.1.2", "10.1.2.300", "10.0.0.1.nip.io"})
    CHECK_FALSE(is_local_host(host));
}

TEST_CASE("a challenge is read with its quoted parameters") {
  const auto challenge = read_challenge(
      {{"WWW-Authenticate", "Basic realm=\"x\""},
       {"www-authenticate",
        "Bearer realm=\"https://auth/token\",service=\"a,b\", scope=\"repository:x:pull\""}});
  REQUIRE(challenge);
  CHECK(challenge->bearer);
  CHECK(challenge->realm == "https://auth/token");
  CHECK(challenge->service == "a,b");
  CHECK(challenge->scope == "repository:x:pull");
  CHECK_FALSE(read_challenge({{"WWW-Authenticate", "Basic realm=\"x\""}})->bearer);
  CHECK_FALSE(read_challenge({{"WWW-Authenticate", "Negotiate"}}));
}

}  // namespace weir::oci
