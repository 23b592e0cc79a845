// Which proxy a request goes through, by the rules that Go programs follow: HTTP_PROXY, HTTPS_PROXY
// and NO_PROXY (upper case first, then lower). Pure after from_environment(); any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/net/url.hh"
#include "engine/base/result.hh"

namespace weir::net {

class ProxyRules {
 public:
  static ProxyRules none() { return {}; }
  // The process's environment, now. An unusable proxy URL is reported by pick(), not here.
  static ProxyRules from_environment();
  // One proxy for every URL. Errors: invalid; unsupported (only http:// proxies).
  static Result<ProxyRules> fixed(std::string_view proxy_url);
  // From the values of the three variables.
  static ProxyRules from_values(std::string_view http, std::string_view https,
                                std::string_view none);

  // The proxy for `url`; nothing = go direct. Hosts named localhost and loopback addresses go
  // direct unless the proxy is fixed. Errors as fixed().
  Result<std::optional<Url>> pick(const Url& url) const;

 private:
  bool exempt(const Url& url) const;
  std::string http_;
  std::string https_;
  std::vector<std::string> no_proxy_;
  bool always_ = false;
};

}  // namespace weir::net
