// AWS Signature Version 4 of a request, in its headers. Pure.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
#pragma once

#include <string>
#include <string_view>

#include "adapters/net/http_client.hh"
#include "engine/base/clock.hh"

namespace weir::s3 {

struct Credentials {
  std::string access_key, secret_key;
  std::string session_token;  // of temporary ones; "" = none
};

// Adds x-amz-date, x-amz-content-sha256, the token and Authorization to the request's headers. All
// headers that stand are signed, and Host. Error: invalid (the URL).
Result<void> sign(net::HttpRequest& request, const Credentials& credentials,
                  std::string_view region, base::TimeUs now);

}  // namespace weir::s3
