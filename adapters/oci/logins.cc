#include "adapters/oci/logins.hh"

#include <strings.h>

#include <algorithm>

namespace weir::oci {
namespace {

struct Scope {
  std::string_view host, path;
};

// "https://index.docker.io/v1/" -> index.docker.io
Scope scope_of(std::string_view registry) {
  for (const std::string_view prefix : {"https://", "http://"})
    if (registry.starts_with(prefix)) registry.remove_prefix(prefix.size());
  while (registry.ends_with('/')) registry.remove_suffix(1);
  for (const std::string_view suffix : {"/v1", "/v2"})
    if (registry.ends_with(suffix)) registry.remove_suffix(suffix.size());
  const std::size_t slash = std::min(registry.find('/'), registry.size());
  return {registry.substr(0, slash),
          slash < registry.size() ? registry.substr(slash + 1) : std::string_view()};
}

bool is_docker_hub(std::string_view host) {
  return host == "docker.io" || host == "index.docker.io" || host == "registry-1.docker.io";
}

// '*' stands for any run of characters within one label.
bool label_matches(std::string_view pattern, std::string_view label) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == label;
  const std::string_view head = pattern.substr(0, star), rest = pattern.substr(star + 1);
  if (!label.starts_with(head)) return false;
  for (std::size_t at = head.size(); at <= label.size(); ++at)
    if (label_matches(rest, label.substr(at))) return true;
  return false;
}

bool host_matches(std::string_view pattern, std::string_view host) {
  if (pattern == host || (is_docker_hub(pattern) && is_docker_hub(host))) return true;
  if (pattern.find('*') == std::string_view::npos) return false;
  while (true) {
    const std::size_t a = std::min(pattern.find('.'), pattern.size());
    const std::size_t b = std::min(host.find('.'), host.size());
    if (!label_matches(pattern.substr(0, a), host.substr(0, b))) return false;
    if (a == pattern.size() || b == host.size()) return a == pattern.size() && b == host.size();
    pattern.remove_prefix(a + 1);
    host.remove_prefix(b + 1);
  }
}

bool has_prefix(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         ::strncasecmp(text.data(), prefix.data(), prefix.size()) == 0;
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == ',')) text.remove_prefix(1);
}

// Takes `name="value"` or `name=value` off the front; false at the end.
bool take_parameter(std::string_view& text, std::string& name, std::string& value) {
  skip_blanks(text);
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return false;
  name = text.substr(0, equals);
  text.remove_prefix(equals + 1);
  value.clear();
  if (!text.starts_with('"')) {
    const std::size_t end = std::min(text.find(','), text.size());
    value = text.substr(0, end);
    text.remove_prefix(end);
    return true;
  }
  text.remove_prefix(1);
  while (!text.empty() && text.front() != '"') {
    if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
    value.push_back(text.front());
    text.remove_prefix(1);
  }
  if (!text.empty()) text.remove_prefix(1);
  return true;
}

Challenge read_bearer(std::string_view text) {
  Challenge out;
  out.bearer = true;
  std::string name, value;
  while (take_parameter(text, name, value)) {
    if (name == "realm") out.realm = value;
    if (name == "service") out.service = value;
    if (name == "scope") out.scope = value;
  }
  return out;
}

}  // namespace

std::optional<reconcile::RegistryLogin> find_login(const reconcile::RemoteAccess& access,
                                                   const Repository& repository) {
  if (!access.username.empty())
    return reconcile::RegistryLogin{"", access.username, access.password, "", ""};
  const reconcile::RegistryLogin* best = nullptr;
  std::pair<std::size_t, bool> rank;
  for (const reconcile::RegistryLogin& login : access.logins) {
    const Scope scope = scope_of(login.registry);
    if (!host_matches(scope.host, repository.host)) continue;
    if (!repository.path.starts_with(scope.path)) continue;
    const std::pair<std::size_t, bool> found = {scope.path.size(),
                                                scope.host.find('*') == std::string_view::npos};
    if (best != nullptr && found <= rank) continue;
    best = &login;
    rank = found;
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

std::optional<Challenge> read_challenge(const net::Headers& headers) {
  std::optional<Challenge> basic;
  for (const net::Header& header : headers) {
    if (::strcasecmp(header.name.c_str(), "WWW-Authenticate") != 0) continue;
    const std::string_view value = header.value;
    if (has_prefix(value, "bearer ")) return read_bearer(value.substr(7));
    if (has_prefix(value, "basic")) basic = Challenge{};
  }
  return basic;
}

}  // namespace weir::oci
