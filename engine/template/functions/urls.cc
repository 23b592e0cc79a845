#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"
#include "engine/template/functions/url.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

Datum url_parse(CallContext& context, Arguments a) {
  auto parsed = Url::parse(a[0].as_string());
  if (!parsed.ok()) fail("unable to parse url: " + parsed.error().message);
  const Url& url = *parsed;
  Datum map = Datum::map();
  map.set("scheme", give(context, url.scheme));
  map.set("host", give(context, url.host));
  map.set("hostname", give(context, url.host_name()));
  map.set("path", give(context, url.path));
  map.set("query", give(context, url.raw_query));
  map.set("opaque", give(context, url.opaque));
  map.set("fragment", give(context, url.fragment));
  map.set("userinfo", give(context, url.user ? url.user->to_string() : ""));
  return map;
}

std::string string_at(const Datum& map, std::string_view key) {
  const Datum* found = map.find(key);
  if (found == nullptr) return {};
  if (!found->is_string()) {
    if (found->kind() == Kind::interface) fail_nil_pointer();
    fail(joined({"unable to parse ", key, " key, must be of type string, but ",
                 kind_name(found->kind()), " found"}));
  }
  return std::string(found->as_string());
}

Datum url_join(CallContext& context, Arguments a) {
  Url url;
  url.scheme = string_at(a[0], "scheme");
  url.host = string_at(a[0], "host");
  url.path = string_at(a[0], "path");
  url.raw_query = string_at(a[0], "query");
  url.opaque = string_at(a[0], "opaque");
  url.fragment = string_at(a[0], "fragment");
  const std::string user = string_at(a[0], "userinfo");
  if (!user.empty()) {
    auto parsed = Url::parse(joined({"proto://", user, "@host"}));
    if (!parsed.ok()) fail("unable to parse userinfo in dict: " + parsed.error().message);
    url.user = std::move(parsed->user);
  }
  return give(context, url.to_string());
}

constexpr Function table[] = {
    {"urlParse", url_parse, {&types::string}},
    {"urlJoin", url_join, {&types::any_map}},
};

}  // namespace

std::span<const Function> url_functions() { return table; }

}  // namespace weir::tmpl
