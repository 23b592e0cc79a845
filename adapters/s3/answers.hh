// What S3 servers answer in XML: pages of a listing, errors, locations, credentials of a token
// service. Hostile input ends in an Error. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/net/http_client.hh"
#include "adapters/s3/signature.hh"
#include "engine/reconcile/bucket_port.hh"

namespace weir::s3 {

struct ListPage {
  std::vector<reconcile::BucketEntry> objects;
  bool truncated = false;
  std::string token;  // of ListObjectsV2, of the next page
  std::string last;   // where a page of the first version ends: its marker, or its last key
};
// One page of ListObjects or ListObjectsV2. Keys are unescaped when the page says that they are
// escaped, ETags lose their quotes. Errors: invalid, limit.
Result<ListPage> parse_list(std::string_view xml);

// The size of an object. Error: invalid.
Result<std::uint64_t> parse_size(std::string_view text);

// "" is us-east-1, "EU" eu-west-1. Error: invalid.
Result<std::string> parse_location(std::string_view xml);

// Of AssumeRoleWithLDAPIdentity and its kin.
struct TemporaryCredentials {
  Credentials keys;
  std::string expiration;  // RFC 3339; "" when there was none
};
Result<TemporaryCredentials> parse_credentials(std::string_view xml);

struct ServerError {
  int status = 0;
  std::string code;     // "NoSuchKey"
  std::string message;  // for people; never empty
  std::string region;   // where the server says that the bucket is
};
// Of an answer that is no success; without a body by its status. `of_object`: the request named
// one.
ServerError read_error(const net::HttpResponse& answer, bool of_object);

}  // namespace weir::s3
