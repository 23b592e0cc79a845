#include "api/audit/audit_api.hh"

#include <optional>

#include "api/audit/auth.hh"
#include "api/audit/routes.hh"
#include "engine/base/closest.hh"

namespace weir::api::audit {
namespace {

using PathValues = std::map<std::string, std::string, std::less<>>;

// The next part of a path that begins behind a '/'; takes it off.
std::string_view take_part(std::string_view& path) {
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view part = path.substr(0, end);
  path.remove_prefix(std::min(end + 1, path.size()));
  return part;
}

// The values of the pattern's names. Parts are decoded after the path is taken apart, so that an
// escaped '/' (of a name such as "system:a/b") stays in its part.
std::optional<PathValues> match(std::string_view pattern, std::string_view path) {
  PathValues values;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view want = take_part(pattern);
    if (want.ends_with("...}")) {
      values.emplace(want.substr(1, want.size() - 5), kube::percent_decode(path, false));
      return values;
    }
    const std::string have = kube::percent_decode(take_part(path), false);
    if (want.starts_with('{')) {
      if (have.empty()) return std::nullopt;
      values.emplace(want.substr(1, want.size() - 2), have);
    } else if (want != have) {
      return std::nullopt;
    }
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return values;
}

struct Found {
  const Route* route = nullptr;
  PathValues values;
};

Result<Found> find_route(const kube::Request& request) {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  const std::string_view asked = request.method;
  const std::string_view method = asked == "HEAD" ? std::string_view("GET") : asked;
  std::string methods;
  for (const Route& route : routes()) {
    auto values = match(route.pattern, path);
    if (!values) continue;
    if (route.method == method) return Found{&route, std::move(*values)};
    methods += (methods.empty() ? "" : ", ") + std::string(route.method);
  }
  if (!methods.empty())
    return make_error(Code::invalid,
                      "method " + request.method + " is not allowed here, only " + methods,
                      "method");
  return make_error(Code::not_found, "nothing is served at " + kube::percent_decode(path, false) +
                                         "; see /weir/v1/openapi.yaml");
}

Result<void> read_query(const Route& route, Call& call) {
  const std::size_t mark = call.request.target.find('?');
  if (mark == std::string::npos) return {};
  for (auto& [name, value] : kube::parse_query(call.request.target.substr(mark + 1))) {
    bool known = false;
    for (const std::string_view parameter : route.parameters) known = known || parameter == name;
    if (!known) {
      const std::string close(base::closest_name(name, route.parameters));
      return bad_field(name, "unknown query parameter" +
                                 (close.empty() ? "" : ", did you mean \"" + close + "\"?"));
    }
    if (!call.query.emplace(name, std::move(value)).second)
      return bad_field(name, "given more than once");
  }
  return {};
}

constexpr std::size_t body_bytes_max = 1u << 20;  // a rollback of 10,000 targets

Result<kube::Response> run(AuditApi& api, const kube::Request& request, const std::string* actor) {
  auto found = find_route(request);
  // Who may not ask is not told what exists.
  if (!found.ok()) {
    if (actor == nullptr) {
      auto known = authorize(api.options(), request, request.path(), "get");
      if (!known.ok()) return std::move(known).error();
    }
    return std::move(found).error();
  }
  const Route& route = *found->route;
  Call call{.api = api, .request = request, .actor = actor != nullptr ? *actor : ""};
  if (actor == nullptr && route.access != Access::open) {
    const std::string_view verb = route.access == Access::write ? "post" : "get";
    WEIR_TRY(call.actor, authorize(api.options(), request, request.path(), verb));
  }
  if (request.body.size() > body_bytes_max)
    return make_error(Code::limit,
                      "the body is longer than " + std::to_string(body_bytes_max) + " bytes");
  call.path = std::move(found->values);
  WEIR_CHECK(read_query(route, call));
  return route.run(call);
}

kube::Response answer(AuditApi& api, const kube::Request& request, const std::string* actor) {
  auto response = run(api, request, actor);
  if (response.ok()) return std::move(response).value();
  kube::Response error = error_response(response.error());
  if (response.error().reason == "method") error.status = 405;
  return error;
}

}  // namespace

AuditApi::AuditApi(AuditOptions options) : options_(std::move(options)) {}

kube::Response AuditApi::handle(const kube::Request& request) {
  return answer(*this, request, nullptr);
}

kube::Response AuditApi::call(const kube::Request& request, const std::string& actor) {
  return answer(*this, request, &actor);
}

}  // namespace weir::api::audit
