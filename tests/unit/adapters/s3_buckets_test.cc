#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>

#include "adapters/clock/system_clock.hh"
#include "adapters/s3/answers.hh"
#include "adapters/s3/buckets.hh"
#include "adapters/s3/client.hh"
#include "adapters/s3/xml.hh"
#include "tests/support/temp_directory.hh"
#include "tests/unit/adapters/net_server.hh"

namespace weir::s3 {
namespace {

using test::Peer;
using test::SeenRequest;
using test::Server;

std::string page(const std::string& objects, const std::string& more = "") {
  return "<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/x\">" + more +
         objects + "</ListBucketResult>";
}

std::string object(const std::string& key, const std::string& etag = "e") {
  return "<Contents><Key>" + key + "</Key><ETag>&quot;" + etag +
         "&quot;</ETag><Size>3</Size></Contents>";
}

// Answers by the request's first line, and remembers what was asked.
class Store {
 public:
  Store()
      : server_([this](Peer& peer, int) {
          SeenRequest request;
          while (peer.read(request)) answer(peer, request);
        }) {}

  // "GET /files/?location=": what is answered, the first of them that was not used yet.
  void on(const std::string& line, const std::string& status, const std::string& body,
          const std::string& headers = "") {
    const std::lock_guard lock(mutex_);
    answers_[line].push_back({status, body, headers});
  }
  std::vector<SeenRequest> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  std::string endpoint() const { return "127.0.0.1:" + std::to_string(server_.port()); }

 private:
  struct Answer {
    std::string status, body, headers;
  };
  void answer(Peer& peer, const SeenRequest& request) {
    std::string line = request.line();
    line = line.substr(0, line.rfind(' '));
    Answer out{"404 Not Found", "", ""};
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(request);
      auto& known = answers_[line];
      if (!known.empty()) out = known.front();
      if (known.size() > 1) known.erase(known.begin());
    }
    peer.answer(out.status, out.headers, out.body);
  }
  std::mutex mutex_;
  std::map<std::string, std::vector<Answer>> answers_;
  std::vector<SeenRequest> seen_;
  Server server_;
};

constexpr const char* first_page =
    "GET /files/?list-type=2&encoding-type=url&prefix=&max-keys=1000";

struct Fixture {
  Store store;
  clock::SystemClock clock;
  download::HttpClients clients;
  Buckets buckets{clients, clock};

  reconcile::BucketRequest request(bool with_keys) {
    reconcile::BucketRequest out;
    out.endpoint = store.endpoint();
    out.bucket = "files";
    out.access.plain_http = true;
    if (with_keys) {
      out.access_key = "me";
      out.secret_key = "hidden-key";
    }
    return out;
  }
  std::unique_ptr<reconcile::BucketReader> open(bool with_keys = false) {
    auto reader = buckets.open(request(with_keys)).value();
    reader->begin(std::chrono::seconds(20));
    return reader;
  }
  Result<std::vector<std::string>> keys(reconcile::BucketReader& reader) {
    std::vector<std::string> out;
    WEIR_CHECK(reader.list("", [&](const reconcile::BucketEntry& entry) -> Result<void> {
      out.push_back(entry.key + " " + entry.etag + " " + std::to_string(entry.size));
      return {};
    }));
    return out;
  }
};

}  // namespace

TEST_CASE("a page of a listing is read, keys unescaped when it says that they are escaped") {
  const auto plain = parse_list(page(object("a+b%20c") + object("&lt;x&gt;"))).value();
  REQUIRE(plain.objects.size() == 2);
  CHECK(plain.objects[0].key == "a+b%20c");
  CHECK(plain.objects[0].etag == "e");
  CHECK(plain.objects[0].size == 3);
  CHECK(plain.objects[1].key == "<x>");
  CHECK(!plain.truncated);
  const auto escaped =
      parse_list(page(object("a+b%20c%2Bd"),
                      "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
                      "<NextContinuationToken>t&amp;1</NextContinuationToken>"))
          .value();
  CHECK(escaped.objects[0].key == "a b c+d");
  CHECK(escaped.truncated);
  CHECK(escaped.token == "t&1");
  CHECK(escaped.last == "a b c+d");
}

TEST_CASE("what is no listing is refused, with the line") {
  for (const auto& [text, words] : std::vector<std::pair<std::string, std::string>>{
           {"", "XML, line 1: no element"},
           {"<html><body>hello</body></html>",
            "expected element type <ListBucketResult> but have <html>"},
           {"<ListBucketResult>\n<Contents></ListBucketResult>",
            "XML, line 2: '</ListBucketResult>' closes nothing that is open"},
           {"<ListBucketResult>", "XML, line 1: '<ListBucketResult>' is not closed"},
           {"<!DOCTYPE x [<!ENTITY a \"b\">]><ListBucketResult/>",
            "XML, line 1: a document type is not taken"},
           {page("<Contents><Key>&a;</Key></Contents>"), "XML, line 2: unknown entity '&a;'"},
           {page("<Contents><Key>&#0;</Key></Contents>"), "XML, line 2: unknown entity '&#0;'"},
           {page("<Contents><ETag>x</ETag></Contents>"), "an object without a key"},
           {page("<Contents><Key>a</Key><Size>many</Size></Contents>"),
            "the size 'many' is no number"}}) {
    const auto parsed = parse_list(text);
    REQUIRE(!parsed.ok());
    CHECK(parsed.error().message == words);
  }
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  CHECK(parse_list(page(deep)).error().code == Code::limit);
  CHECK(parse_list(page(object(std::string(70'000, 'k')))).error().code == Code::limit);
}

TEST_CASE("an error is read from its body, and from its status where there is none") {
  net::HttpResponse answer;
  answer.status = 403;
  CHECK(read_error(answer, true).code == "AccessDenied");
  CHECK(read_error(answer, true).message == "Access Denied.");
  answer.body =
      "<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong</Message>"
      "<Region>eu-west-1</Region></Error>";
  CHECK(read_error(answer, true).message == "wrong");
  CHECK(read_error(answer, true).region == "eu-west-1");
  answer = {};
  answer.status = 404;
  CHECK(read_error(answer, true).code == "NoSuchKey");
  CHECK(read_error(answer, false).code == "NoSuchBucket");
  answer.status = 418;
  answer.body = "a \xff teapot";
  CHECK(read_error(answer, false).message == "a \xef\xbf\xbd teapot");
}

TEST_CASE("an endpoint tells where buckets stand, and one that is none is refused") {
  CHECK(target_of("minio.example.com:9000", "files", "", true)->url ==
        "http://minio.example.com:9000");
  CHECK(!target_of("minio.example.com", "files", "", false)->virtual_host);
  CHECK(target_of("s3.amazonaws.com", "files", "", false)->virtual_host);
  CHECK(!target_of("s3.amazonaws.com", "my.files", "", false)->virtual_host);
  CHECK(target_of("s3.eu-west-1.amazonaws.com", "files", "", false)->region == "eu-west-1");
  CHECK(target_of("s3.eu-west-1.amazonaws.com", "files", "x", false)->region == "x");
  CHECK(target_of("", "files", "", false).error().message == "Endpoint url cannot be empty.");
  CHECK(target_of("a.example.com/b", "files", "", false).error().message ==
        "Endpoint url cannot have fully qualified paths.");
  CHECK(target_of("not a host", "files", "", true).error().message ==
        "parse \"http://not a host\": invalid character \" \" in host name");
  for (const char* bad : {"https://a.example.com", "a b", "me:secret@a.example.com", "a?b=c"})
    CHECK(target_of(bad, "files", "", false).error().code == Code::invalid);
  CHECK(check_bucket_name("my-files.2").ok());
  for (const char* bad : {"", "ab", "a..b", "1.2.3.4", "../files", "a/b", "-ab"})
    CHECK(!check_bucket_name(bad).ok());
}

TEST_CASE("an anonymous bucket is listed page by page, unsigned") {
  Fixture f;
  f.store.on("HEAD /files/", "200 OK", "");
  f.store.on(first_page, "200 OK",
             page(object("a"),
                  "<IsTruncated>true</IsTruncated>"
                  "<NextContinuationToken>n=1</NextContinuationToken>"));
  f.store.on(std::string(first_page) + "&continuation-token=n%3D1", "200 OK", page(object("b")));
  const auto reader = f.open();
  CHECK(reader->exists().value());
  CHECK(f.keys(*reader).value() == std::vector<std::string>{"a e 3", "b e 3"});
  for (const SeenRequest& request : f.store.seen()) CHECK(request.header("Authorization").empty());
}

TEST_CASE("a listing that goes on without end is given up") {
  Fixture f;
  f.store.on(first_page, "200 OK", page(object("a"), "<IsTruncated>true</IsTruncated>"));
  const auto reader = f.open();
  CHECK(f.keys(*reader).error().message.find("is followed by no other") != std::string::npos);
  Fixture same;
  const std::string again =
      page("", "<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>");
  same.store.on(first_page, "200 OK", again);
  same.store.on(std::string(first_page) + "&continuation-token=x", "200 OK", again);
  CHECK(same.keys(*same.open()).error().message.find("is followed by no other") !=
        std::string::npos);
}

TEST_CASE("a bucket's region is asked for once, and signatures name it") {
  Fixture f;
  f.store.on("GET /files/?location=", "200 OK",
             "<LocationConstraint>eu-north-1</LocationConstraint>");
  f.store.on("HEAD /files/", "200 OK", "");
  f.store.on("GET /files/a/b%2Bc", "200 OK", "one", "ETag: \"tag\"\r\n");
  for (int i = 0; i < 2; ++i) {
    const auto reader = f.open(true);
    CHECK(reader->exists().value());
    const auto content = reader->get("a/b+c", 10).value();
    CHECK(*content.bytes == "one");
    CHECK(content.etag == "tag");
  }
  const auto seen = f.store.seen();
  REQUIRE(seen.size() == 5);
  CHECK(seen[0].header("Authorization").find("/us-east-1/s3/") != std::string::npos);
  for (std::size_t i = 1; i < seen.size(); ++i) {
    CHECK(seen[i].line().find("location") == std::string::npos);
    CHECK(seen[i].header("Authorization").find("Credential=me/") != std::string::npos);
    CHECK(seen[i].header("Authorization").find("/eu-north-1/s3/") != std::string::npos);
    CHECK(seen[i].head.find("hidden-key") == std::string::npos);
  }
}

TEST_CASE("a bucket or object that is not there, and keys that are not good, are told apart") {
  Fixture f;
  CHECK(f.open()->exists().value() == false);
  CHECK(f.open()->get("a", 10).error().code == Code::not_found);
  f.store.on("GET /files/?location=", "403 Forbidden",
             "<Error><Code>InvalidAccessKeyId</Code><Message>no such key</Message></Error>");
  const auto refused = f.open(true)->exists();
  CHECK(refused.error().message == "no such key");
  CHECK(refused.error().code == Code::forbidden);
}

TEST_CASE("why a bucket is refused is asked for again where a HEAD does not tell it") {
  Fixture f;
  f.store.on("GET /files/?location=", "200 OK", "<LocationConstraint/>");
  f.store.on("GET /files/?location=", "403 Forbidden",
             "<Error><Code>SignatureDoesNotMatch</Code><Message>look again</Message></Error>");
  f.store.on("HEAD /files/", "200 OK", "");
  f.store.on("HEAD /files/", "403 Forbidden", "");
  CHECK(f.open(true)->exists().value());
  CHECK(f.open(true)->exists().error().message == "look again");
  CHECK(f.store.seen().size() == 4);
}

TEST_CASE("a server that fails is asked again, and an object over its cap is refused") {
  Fixture f;
  f.store.on("GET /files/a", "503 Service Unavailable", "");
  f.store.on("GET /files/a", "200 OK", "body");
  CHECK(*f.open()->get("a", 10)->bytes == "body");
  CHECK(f.open()->get("a", 3).error().code == Code::limit);
}

TEST_CASE("a token service is asked once for its keys, by a form, and they are signed with") {
  Fixture f;
  f.store.on("POST /", "200 OK",
             "<AssumeRoleWithLDAPIdentityResponse><AssumeRoleWithLDAPIdentityResult><Credentials>"
             "<AccessKeyId>temporary</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
             "<SessionToken>token</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>"
             "</Credentials></AssumeRoleWithLDAPIdentityResult>"
             "</AssumeRoleWithLDAPIdentityResponse>");
  f.store.on("HEAD /files/", "200 OK", "");
  reconcile::BucketRequest request = f.request(false);
  request.region = "here";
  request.token_service.emplace();
  request.token_service->url = "http://" + f.store.endpoint() + "/";
  request.token_service->access.username = "alice";
  request.token_service->access.password = "p&q";
  for (int i = 0; i < 2; ++i) {
    const auto reader = f.buckets.open(request).value();
    reader->begin(std::chrono::seconds(10));
    CHECK(reader->exists().value());
  }
  const auto seen = f.store.seen();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].body ==
        "Action=AssumeRoleWithLDAPIdentity&LDAPPassword=p%26q&LDAPUsername=alice&"
        "Version=2011-06-15");
  CHECK(seen[1].header("x-amz-security-token") == "token");
  CHECK(seen[1].header("Authorization").find("Credential=temporary/") != std::string::npos);
}

// Variables of the environment for one test.
class Variables {
 public:
  explicit Variables(std::map<std::string, std::string> values) : values_(std::move(values)) {
    for (const auto& [name, value] : values_) ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~Variables() {
    for (const auto& [name, value] : values_) ::unsetenv(name.c_str());
  }

 private:
  std::map<std::string, std::string> values_;
};

std::string credential_of(const SeenRequest& request) {
  const std::string header = request.header("Authorization");
  const std::size_t at = header.find("Credential=");
  return at == std::string::npos ? "" : header.substr(at + 11, header.find('/', at) - at - 11);
}

TEST_CASE("keys of the provider aws are found where the process runs") {
  Fixture f;
  f.store.on("HEAD /files/", "200 OK", "");
  f.store.on("POST /sts", "200 OK",
             "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
             "<AccessKeyId>of-role</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
             "<SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>"
             "</Credentials></AssumeRoleWithWebIdentityResult>"
             "</AssumeRoleWithWebIdentityResponse>");
  f.store.on("GET /pod", "200 OK",
             R"({"AccessKeyId": "of-pod", "SecretAccessKey": "s", "Token": "t"})");
  reconcile::BucketRequest request = f.request(false);
  request.ambient = true;
  request.region = "here";
  const auto used = [&]() -> std::string {
    auto reader = f.buckets.open(request);
    if (!reader.ok()) return reader.error().message;
    (*reader)->begin(std::chrono::seconds(10));
    CHECK((*reader)->exists().value());
    return credential_of(f.store.seen().back());
  };
  const std::string at = "http://" + f.store.endpoint();
  {
    const Variables own({{"AWS_ACCESS_KEY_ID", "of-environment"}, {"AWS_SECRET_ACCESS_KEY", "s"}});
    CHECK(used() == "of-environment");
  }
  {
    const Variables pod({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", at + "/pod"},
                         {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "pass"}});
    CHECK(used() == "of-pod");
    const auto seen = f.store.seen();
    CHECK(seen[seen.size() - 2].header("Authorization") == "pass");
  }
  const test::TempDirectory folder;
  std::ofstream(folder.path() + "/token") << "web&token\n";
  const Variables web({{"AWS_WEB_IDENTITY_TOKEN_FILE", folder.path() + "/token"},
                       {"AWS_ROLE_ARN", "arn:aws:iam::1:role/reader"},
                       {"AWS_ENDPOINT_URL_STS", at + "/sts"}});
  CHECK(used() == "of-role");
  const auto seen = f.store.seen();
  CHECK(seen[seen.size() - 2].body ==
        "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Freader&"
        "RoleSessionName=weir&Version=2011-06-15&WebIdentityToken=web%26token");
  for (const std::string& bad : {at + "/sts", std::string("https://sts.example.com"),
                                 std::string("http://sts.amazonaws.com"),
                                 std::string("https://sts.execute-api.eu-west-1.amazonaws.com"),
                                 std::string("https://me:secret@sts.amazonaws.com"),
                                 std::string("https://mine.s3.amazonaws.com")}) {
    request.token_url = bad;
    CHECK(used().find("AWS authentication failed: invalid STS endpoint '") == 0);
  }
  CHECK(f.store.seen().size() == seen.size());
}

}  // namespace weir::s3
