// Signatures of requests to Azure's Blob service by an account's key ("Shared Key"). Pure.
// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
#pragma once

#include <string>
#include <string_view>

#include "adapters/net/http_client.hh"
#include "engine/base/clock.hh"

namespace weir::azure {

struct Account {
  std::string name;
  std::string key;  // not base64 any more
};

// The account of an endpoint, which is named by the host: "https://NAME.blob.core.windows.net". The
// key is what the portal shows. Error: invalid.
Result<Account> account_of(std::string_view endpoint, std::string_view key);
// Adds x-ms-date and Authorization to a request without a body. Headers that begin with x-ms- are
// signed. Error: invalid (the URL).
Result<void> sign(net::HttpRequest& request, const Account& account, base::TimeUs now);

}  // namespace weir::azure
