#include "adapters/azure/shared_key.hh"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <time.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "adapters/net/url.hh"
#include "engine/base/digest.hh"

namespace weir::azure {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// "Sun, 29 Nov 2026 21:45:00 GMT"
std::string http_date(base::TimeUs now) {
  const auto seconds = static_cast<time_t>(now / 1'000'000);
  struct tm parts {};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  const std::size_t size = ::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, size};
}

// "\nname:value" of each parameter, in the order of their names.
std::string canonical_query(std::string_view query) {
  std::map<std::string, std::string> parameters;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string value = net::unescape(part.substr(std::min(equals + 1, part.size())));
    std::string& known = parameters[lower(net::unescape(part.substr(0, equals)))];
    known += (known.empty() ? "" : ",") + value;
    query.remove_prefix(std::min(part.size() + 1, query.size()));
  }
  std::string out;
  for (const auto& [name, value] : parameters) out.append("\n" + name + ":" + value);
  return out;
}

}  // namespace

Result<Account> account_of(std::string_view endpoint, std::string_view key) {
  WEIR_TRY(const net::Url url, net::parse_url(endpoint));
  const std::size_t dot = url.host.find('.');
  if (dot == std::string::npos || dot == 0)
    return make_error(Code::invalid, "expected '" + url.host +
                                         "' to consist of at least two parts: an account and a "
                                         "domain");
  auto decoded = base::base64_decode(key);
  // The decoder's text could quote the key.
  if (!decoded.ok() || decoded->empty())
    return make_error(Code::invalid, "'accountKey' is not base64");
  return Account{url.host.substr(0, dot), *std::move(decoded)};
}

Result<void> sign(net::HttpRequest& request, const Account& account, base::TimeUs now) {
  WEIR_TRY(const net::Url url, net::parse_url(request.url));
  request.headers.push_back({"x-ms-date", http_date(now)});
  std::map<std::string, std::string> own;
  for (const net::Header& header : request.headers)
    if (const std::string name = lower(header.name); name.starts_with("x-ms-"))
      own[name] = header.value;
  // The eleven headers that are signed by their place are not sent.
  std::string text = request.method + std::string(12, '\n');
  for (const auto& [name, value] : own) text.append(name + ":" + value + "\n");
  text.append("/" + account.name + url.path + canonical_query(url.query));
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), account.key.data(), static_cast<int>(account.key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size);
  const std::string signature(reinterpret_cast<const char*>(mac), size);
  request.headers.push_back(
      {"Authorization", "SharedKey " + account.name + ":" + base::base64_encode(signature)});
  return {};
}

}  // namespace weir::azure
