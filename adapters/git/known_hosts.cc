#include "adapters/git/known_hosts.hh"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cctype>

#include "engine/base/digest.hh"

namespace weir::git {
namespace {

std::string_view take_field(std::string_view& line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return line = {};
  line.remove_prefix(begin);
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(end);
  return field;
}

// '*' and '?' over any characters; linear space, no recursion.
bool wildcard(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// "|1|salt|hash": HMAC-SHA1 of the address under the salt.
bool hashed_match(std::string_view field, const std::string& address) {
  const std::size_t bar = field.find('|', 3);
  if (bar == std::string_view::npos) return false;
  const auto salt = base::base64_decode(field.substr(3, bar - 3));
  const auto hash = base::base64_decode(field.substr(bar + 1));
  if (!salt || !hash) return false;
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!HMAC(EVP_sha1(), salt->data(), static_cast<int>(salt->size()),
            reinterpret_cast<const unsigned char*>(address.data()), address.size(), out, &size))
    return false;
  return *hash == std::string_view(reinterpret_cast<char*>(out), size);
}

std::string address_of(std::string_view host, std::string_view port) {
  std::string name(host);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return port == "22" ? name : "[" + name + "]:" + std::string(port);
}

}  // namespace

Result<KnownHosts> KnownHosts::parse(std::string_view text) {
  KnownHosts out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::string_view first = take_field(line);
    if (first.empty() || first[0] == '#') continue;
    const std::string_view marker = first[0] == '@' ? first : std::string_view();
    if (!marker.empty()) first = take_field(line);
    const std::string_view type = take_field(line), encoded = take_field(line);
    auto key = base::base64_decode(encoded);
    if (encoded.empty() || !key || key->empty())
      return make_error(Code::invalid,
                        "knownhosts: line " + std::to_string(number) + " is not a host key");
    // Host certificates are not spoken here, so a line that trusts an authority trusts nothing.
    if (marker == "@cert-authority") continue;
    out.lines_.push_back(
        {std::string(first), std::string(type), std::move(*key), marker == "@revoked"});
  }
  return out;
}

bool KnownHosts::names(const Line& line, const std::string& address) {
  if (line.hosts.starts_with("|1|")) return hashed_match(line.hosts, address);
  bool found = false;
  std::string_view rest = line.hosts;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    std::string pattern(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    std::transform(pattern.begin(), pattern.end(), pattern.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (pattern.starts_with('[') && pattern.ends_with("]:22"))
      pattern = pattern.substr(1, pattern.size() - 5);
    const bool negated = pattern.starts_with('!');
    if (!wildcard(negated ? std::string_view(pattern).substr(1) : pattern, address)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

Result<void> KnownHosts::check(std::string_view host, std::string_view port,
                               std::string_view key) const {
  const std::string address = address_of(host, port);
  bool known = false, trusted = false;
  for (const Line& line : lines_) {
    if (line.revoked && line.key == key && names(line, address))
      return make_error(Code::forbidden, "ssh: handshake failed: knownhosts: key is revoked");
    if (line.revoked || !names(line, address)) continue;
    known = true;
    trusted = trusted || line.key == key;
  }
  if (trusted) return {};
  return make_error(Code::forbidden, known ? "ssh: handshake failed: knownhosts: key mismatch"
                                           : "ssh: handshake failed: knownhosts: key is unknown");
}

std::vector<std::string> KnownHosts::key_types(std::string_view host,
                                               std::string_view port) const {
  const std::string address = address_of(host, port);
  std::vector<std::string> types;
  for (const Line& line : lines_)
    if (!line.revoked && names(line, address) &&
        std::find(types.begin(), types.end(), line.type) == types.end())
      types.push_back(line.type);
  return types;
}

}  // namespace weir::git
