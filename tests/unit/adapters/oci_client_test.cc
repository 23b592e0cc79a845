#include <catch2/catch.hpp>

#include "adapters/download/downloads.hh"
#include "adapters/oci/registry_client.hh"
#include "engine/base/digest.hh"
#include "tests/support/temp_directory.hh"
#include "tests/unit/adapters/net_server.hh"

namespace weir::oci {
namespace {

using test::Peer;
using test::SeenRequest;
using test::Server;

const std::string layer = "the layer's bytes";

std::string manifest_text() {
  return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)"
         R"({"mediaType":"application/vnd.cncf.flux.config.v1+json","digest":")" +
         base::sha256("{}").to_string() + R"(","size":2},"layers":[{"mediaType":"x/y","digest":")" +
         base::sha256(layer).to_string() + R"(","size":)" + std::to_string(layer.size()) +
         R"(}],"annotations":{"org.opencontainers.image.revision":"main@sha1:1"}})";
}

// A registry that wants a token for everything, spoken to on loopback.
class Registry {
 public:
  Registry()
      : server_([this](Peer& peer, int) {
          SeenRequest request;
          while (peer.read(request)) answer(peer, request);
        }) {}

  std::string url() const {
    return "oci://127.0.0.1:" + std::to_string(server_.port()) + "/team/app";
  }
  std::vector<std::string> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

  std::string blob = layer;   // what is sent for the layer
  std::string blob_redirect;  // or where it is sent to
  bool wants_token = true;
  std::string user = "you", password = "secret";

 private:
  void answer(Peer& peer, const SeenRequest& request) {
    const std::string line = request.line();
    const std::string path = line.substr(line.find(' ') + 1, line.rfind(' ') - line.find(' ') - 1);
    const std::string header = request.header("Authorization");
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(line.substr(0, line.rfind(' ')) + (header.empty() ? "" : " " + header));
    }
    if (path.starts_with("/token")) return give_token(peer, header);
    if (wants_token && header != "Bearer good")
      return peer.answer("401 Unauthorized",
                         "WWW-Authenticate: Bearer realm=\"" + server_.url() +
                             "/token\",service=\"registry\",scope=\"repository:team/app:pull\"\r\n",
                         "{}");
    serve(peer, path);
  }
  void give_token(Peer& peer, const std::string& header) {
    if (header == net::basic_authorization(user, password))
      return peer.answer("200 OK", "", R"({"token":"good","expires_in":300})");
    peer.answer("401 Unauthorized", "", "{}");
  }
  void serve(Peer& peer, const std::string& path) {
    if (path.find("/manifests/v1") != std::string::npos ||
        path.find("/manifests/" + base::sha256(manifest_text()).to_string()) != std::string::npos)
      return peer.answer("200 OK",
                         "Content-Type: application/vnd.oci.image.manifest.v1+json\r\n"
                         "Docker-Content-Digest: " +
                             base::sha256(manifest_text()).to_string() + "\r\n",
                         manifest_text());
    if (path.find("/blobs/") != std::string::npos && !blob_redirect.empty())
      return peer.answer("307 Temporary Redirect", "Location: " + blob_redirect + "\r\n", "");
    if (path.find("/blobs/") != std::string::npos) return peer.answer("200 OK", "", blob);
    if (path == "/v2/team/app/tags/list?n=1000")
      return peer.answer("200 OK", "Link: </v2/team/app/tags/list?last=b>; rel=\"next\"\r\n",
                         R"({"tags":["a","b"]})");
    if (path == "/v2/team/app/tags/list?last=b")
      return peer.answer("200 OK", "", R"({"tags":["c"]})");
    peer.answer("404 Not Found", "",
                R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown",)"
                R"("detail":{"b":null,"a":[1,"x"]}}]})");
  }

  std::mutex mutex_;
  std::vector<std::string> seen_;
  Server server_;
};

reconcile::RemoteAccess access_as(const std::string& user, const std::string& password) {
  reconcile::RemoteAccess access;
  access.timeout = std::chrono::seconds(10);
  if (!user.empty()) access.logins = {{"127.0.0.1", user, password, "", ""}};
  return access;
}

struct Client {
  test::TempDirectory directory;
  download::HttpClients clients;
  RegistryClient registry{clients, directory.path()};
};

std::size_t count(const std::vector<std::string>& seen, const std::string& text) {
  std::size_t found = 0;
  for (const std::string& line : seen) found += line.find(text) != std::string::npos ? 1 : 0;
  return found;
}

}  // namespace

TEST_CASE("a registry's token is asked for once and used for what follows") {
  Registry server;
  Client client;
  auto access = access_as("you", "secret");
  access.logins.front().registry = server.url().substr(6, server.url().find('/', 6) - 6);
  const auto digest = client.registry.resolve(server.url(), "v1", access);
  REQUIRE(digest.ok());
  CHECK(*digest == base::sha256(manifest_text()).to_string());
  const auto manifest = client.registry.manifest(server.url(), *digest, access);
  REQUIRE(manifest.ok());
  CHECK(manifest->annotations["org.opencontainers.image.revision"].get_string() == "main@sha1:1");
  REQUIRE(manifest->layers.size() == 1);
  const auto blob = client.registry.blob(server.url(), manifest->layers[0], 1 << 20, access);
  REQUIRE(blob.ok());
  CHECK(*(*blob)->bytes(1 << 20) == layer);
  CHECK(count(server.seen(), "/token") == 1);
}

TEST_CASE("tags are listed over all pages") {
  Registry server;
  server.wants_token = false;
  Client client;
  const auto tags = client.registry.tags(server.url(), access_as("", ""));
  REQUIRE(tags.ok());
  CHECK(*tags == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("refused credentials are an authentication error that names no secret") {
  Registry server;
  Client client;
  auto access = access_as("you", "wrong-password");
  access.logins.front().registry = server.url().substr(6, server.url().find('/', 6) - 6);
  const auto digest = client.registry.resolve(server.url(), "v1", access);
  REQUIRE_FALSE(digest.ok());
  CHECK(digest.error().code == Code::unauthorized);
  CHECK(digest.error().message.find("401 Unauthorized") != std::string::npos);
  CHECK(digest.error().message.find("wrong-password") == std::string::npos);
}

TEST_CASE("a registry that cannot be reached is told by its root, in each scheme that was tried") {
  Client client;
  const auto digest =
      client.registry.resolve("oci://127.0.0.1:1/team/app", "v1", access_as("", ""));
  REQUIRE_FALSE(digest.ok());
  CHECK(digest.error().message ==
        "Get \"https://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused; Get "
        "\"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused");
}

TEST_CASE("certificates that are none are told in Go's words, whatever is wrong with them") {
  Client client;
  const auto failure = [&](const std::string& ca, const std::string& cert, const std::string& key) {
    reconcile::RemoteAccess access;
    access.ca_pem = ca;
    access.cert_pem = cert;
    access.key_pem = key;
    const auto digest = client.registry.resolve("oci://127.0.0.1:1/team/app", "v1", access);
    REQUIRE_FALSE(digest.ok());
    CHECK(digest.error().reason == "TLSConfig");
    return digest.error().message;
  };
  const std::string certificate =
      "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n";
  const std::string pair = "failed to parse TLS certificate and key: ";
  CHECK(failure("x", "", "") == "failed to parse CA certificate");
  CHECK(failure("", "x", "y") ==
        pair + "tls: failed to find any PEM data in certificate input");
  CHECK(failure("", certificate, certificate) ==
        pair + "tls: found a certificate rather than a key in the PEM for the private key");
}

TEST_CASE("what a registry does not have is told in its own words") {
  Registry server;
  server.wants_token = false;
  Client client;
  const auto manifest = client.registry.manifest(server.url(), "v9", access_as("", ""));
  REQUIRE_FALSE(manifest.ok());
  CHECK(manifest.error().code == Code::not_found);
  CHECK(manifest.error().message.ends_with(
      "/v2/team/app/manifests/v9: MANIFEST_UNKNOWN: manifest unknown; map[a:[1 x] b:<nil>]"));
}

TEST_CASE("a blob whose bytes are others than its digest says is refused") {
  Registry server;
  server.wants_token = false;
  server.blob = "THE layer's bytes";
  Client client;
  const reconcile::OciDescriptor wanted{"x/y", base::sha256(layer).to_string(), layer.size()};
  const auto blob = client.registry.blob(server.url(), wanted, 1 << 20, access_as("", ""));
  REQUIRE_FALSE(blob.ok());
  CHECK(blob.error().code == Code::corrupt);
}

TEST_CASE("a blob that is larger than its descriptor or the cap is not taken") {
  Registry server;
  server.wants_token = false;
  server.blob = layer + layer;
  Client client;
  const reconcile::OciDescriptor wanted{"x/y", base::sha256(layer).to_string(), layer.size()};
  CHECK(client.registry.blob(server.url(), wanted, 1 << 20, access_as("", "")).error().code ==
        Code::limit);
  CHECK(client.registry.blob(server.url(), wanted, 3, access_as("", "")).error().code ==
        Code::limit);
}

TEST_CASE("a blob store that a registry redirects to gets no credentials") {
  std::mutex mutex;
  std::string elsewhere;
  Server store([&](Peer& peer, int) {
    SeenRequest request;
    while (peer.read(request)) {
      {
        const std::lock_guard lock(mutex);
        elsewhere = request.header("Authorization");
      }
      peer.answer("200 OK", "", layer);
    }
  });
  Registry server;
  server.blob_redirect = store.url("localhost") + "/blob?signature=x";
  Client client;
  auto access = access_as("you", "secret");
  access.logins.front().registry = server.url().substr(6, server.url().find('/', 6) - 6);
  const reconcile::OciDescriptor wanted{"x/y", base::sha256(layer).to_string(), layer.size()};
  const auto blob = client.registry.blob(server.url(), wanted, 1 << 20, access);
  REQUIRE(blob.ok());
  const std::lock_guard lock(mutex);
  CHECK(elsewhere.empty());
  CHECK(count(server.seen(), "Bearer good") >= 1);
}

TEST_CASE("a download sends credentials to the host they are for, unless they may be passed on") {
  std::mutex mutex;
  std::vector<std::string> seen;
  Server server([&](Peer& peer, int) {
    SeenRequest request;
    while (peer.read(request)) {
      {
        const std::lock_guard lock(mutex);
        seen.push_back(request.header("Authorization").empty() ? "anonymous" : "authorized");
      }
      peer.answer("200 OK", "", "bytes");
    }
  });
  test::TempDirectory directory;
  download::HttpClients clients;
  download::Downloads downloads(clients, directory.path());
  reconcile::DownloadRequest request;
  request.base_url = server.url() + "/charts";
  request.url = "web-1.0.0.tgz";
  request.access.username = "you";
  request.access.password = "secret";
  request.bytes_max = 100;
  REQUIRE(downloads.download(request).ok());
  request.url = server.url("localhost") + "/web.tgz";
  REQUIRE(downloads.download(request).ok());
  request.pass_credentials = true;
  REQUIRE(downloads.download(request).ok());
  const std::lock_guard lock(mutex);
  CHECK(seen == std::vector<std::string>{"authorized", "anonymous", "authorized"});
}

TEST_CASE("a large download goes through a file and comes back whole, within its cap") {
  const std::string body(6u << 20, 'x');
  Server server([&](Peer& peer, int) {
    SeenRequest request;
    while (peer.read(request)) peer.answer("200 OK", "", body);
  });
  test::TempDirectory directory;
  download::HttpClients clients;
  download::Downloads downloads(clients, directory.path());
  reconcile::DownloadRequest request;
  request.url = server.url() + "/index.yaml";
  request.bytes_max = body.size();
  const auto payload = downloads.download(request);
  REQUIRE(payload.ok());
  CHECK((*payload)->digest() == base::sha256(body));
  CHECK(*(*payload)->bytes(body.size()) == body);
  request.bytes_max = body.size() - 1;
  CHECK(downloads.download(request).error().code == Code::limit);
}

}  // namespace weir::oci
