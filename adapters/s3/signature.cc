#include "adapters/s3/signature.hh"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "adapters/net/url.hh"
#include "engine/base/digest.hh"


namespace weir::s3 {
namespace {

std::string hmac(std::string_view key, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
  return {reinterpret_cast<const char*>(out), size};
}

// "20130524T000000Z"
std::string compact_time(base::TimeUs now) {
  std::string out;
  for (const char c : base::format_rfc3339(now - now % 1'000'000))
    if (c != '-' && c != ':') out.push_back(c);
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// "a=1&b" sorted, each with its '='.
std::string canonical_query(std::string_view query) {
  std::vector<std::string> parts;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    std::string part(query.substr(0, end));
    if (part.find('=') == std::string::npos) part += "=";
    parts.push_back(std::move(part));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::sort(parts.begin(), parts.end());
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : "&") + part;
  return out;
}

}  // namespace

Result<void> sign(net::HttpRequest& request, const Credentials& credentials,
                  std::string_view region, base::TimeUs now) {
  WEIR_TRY(const net::Url url, net::parse_url(request.url));
  const std::string time = compact_time(now);
  const std::string day = time.substr(0, 8);
  const std::string payload = base::sha256(request.body).hex();
  request.headers.push_back({"x-amz-content-sha256", payload});
  request.headers.push_back({"x-amz-date", time});
  if (!credentials.session_token.empty())
    request.headers.push_back({"x-amz-security-token", credentials.session_token});
  std::map<std::string, std::string> signed_headers{{"host", url.authority()}};
  for (const net::Header& header : request.headers)
    signed_headers[lower(header.name)] = header.value;
  std::string names, lines;
  for (const auto& [name, value] : signed_headers) {
    names += (names.empty() ? "" : ";") + name;
    lines += name + ":" + value + "\n";
  }
  const std::string canonical = request.method + "\n" + url.path + "\n" +
                                canonical_query(url.query) + "\n" + lines + "\n" + names + "\n" +
                                payload;
  const std::string scope = day + "/" + std::string(region) + "/s3/aws4_request";
  const std::string to_sign =
      "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + base::sha256(canonical).hex();
  const std::string key =
      hmac(hmac(hmac(hmac("AWS4" + credentials.secret_key, day), region), "s3"), "aws4_request");
  request.headers.push_back(
      {"Authorization", "AWS4-HMAC-SHA256 Credential=" + credentials.access_key + "/" + scope +
                            ",SignedHeaders=" + names +
                            ",Signature=" + base::hex_encode(hmac(key, to_sign))});
  return {};
}

}  // namespace weir::s3
