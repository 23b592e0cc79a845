// The vectors are those of Amazon's documentation of Signature Version 4 for S3.
#include "adapters/s3/signature.hh"

#include <catch2/catch.hpp>

#include "adapters/s3/bucket.hh"

using namespace weir;

namespace {

const s3::Credentials example{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                              ""};
constexpr base::TimeUs may_24_2013 = 1'369'353'600'000'000;

std::string signature(net::HttpRequest request) {
  REQUIRE(s3::sign(request, example, "us-east-1", may_24_2013).ok());
  const std::string& header = *net::find_header(request.headers, "Authorization");
  return header.substr(header.rfind("Signature=") + 10);
}

}  // namespace

TEST_CASE("a signed GET with a range is Amazon's") {
  net::HttpRequest request;
  request.url = "https://examplebucket.s3.amazonaws.com/test.txt";
  request.headers = {{"Range", "bytes=0-9"}};
  CHECK(signature(request) == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST_CASE("a signed PUT with a body and an escaped name is Amazon's") {
  net::HttpRequest request;
  request.method = "PUT";
  request.url = "https://examplebucket.s3.amazonaws.com/test%24file.text";
  request.headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                     {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  request.body = "Welcome to Amazon S3.";
  CHECK(signature(request) == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST_CASE("signed GETs with queries are Amazon's: a name alone, and names out of order") {
  net::HttpRequest request;
  request.url = "https://examplebucket.s3.amazonaws.com/?lifecycle";
  CHECK(signature(request) == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  request.url = "https://examplebucket.s3.amazonaws.com/?prefix=J&max-keys=2";
  CHECK(signature(request) == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST_CASE("a bucket's URL is taken apart, or refused") {
  const auto place = s3::parse_place("s3://backups/weir/today/").value();
  CHECK(place.bucket == "backups");
  CHECK(place.key("log/CURRENT") == "weir/today/log/CURRENT");
  CHECK(s3::parse_place("s3://backups").value().key("a") == "a");
  for (const char* bad : {"s3://", "s3:///x", "https://x/y", "s3://b/a/../c", "s3://b/a//c"})
    CHECK(s3::parse_place(bad).error().code == Code::invalid);
}
