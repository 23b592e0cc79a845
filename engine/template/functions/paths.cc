#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

std::string_view text(const Datum& datum) { return datum.as_string(); }

// path.Clean: the shortest path to the same place, by its text alone.
std::string clean_path(std::string_view path) {
  const bool rooted = path.starts_with('/');
  std::vector<std::string_view> parts;
  std::size_t climbing = 0;  // leading ".." that stay
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.size() > climbing) {
      parts.pop_back();
    } else if (!rooted) {
      parts.push_back(part);
      ++climbing;
    }
  }
  std::string out = rooted ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += '/';
    out += parts[i];
  }
  if (out.empty()) out = ".";
  return out;
}

Datum clean(CallContext& context, Arguments a) { return give(context, clean_path(text(a[0]))); }

Datum base_name(CallContext& context, Arguments a) {
  std::string_view path = text(a[0]);
  if (path.empty()) return Datum::string(".");
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return Datum::string("/");
  const std::size_t slash = path.rfind('/');
  return give_part(context, a[0], slash == std::string_view::npos ? path : path.substr(slash + 1));
}

Datum directory(CallContext& context, Arguments a) {
  const std::string_view path = text(a[0]);
  const std::size_t slash = path.rfind('/');
  return give(context,
              clean_path(slash == std::string_view::npos ? "" : path.substr(0, slash + 1)));
}

Datum extension(CallContext& context, Arguments a) {
  const std::string_view path = text(a[0]);
  const std::size_t at = path.find_last_of("./");
  if (at == std::string_view::npos || path[at] == '/') return Datum::string("");
  return give_part(context, a[0], path.substr(at));
}

Datum is_absolute(CallContext&, Arguments a) { return Datum::boolean(text(a[0]).starts_with('/')); }

// The system's paths are the same as those of URLs.
constexpr Function table[] = {
    {"base", base_name, {&types::string}},    {"osBase", base_name, {&types::string}},
    {"dir", directory, {&types::string}},     {"osDir", directory, {&types::string}},
    {"clean", clean, {&types::string}},       {"osClean", clean, {&types::string}},
    {"ext", extension, {&types::string}},     {"osExt", extension, {&types::string}},
    {"isAbs", is_absolute, {&types::string}}, {"osIsAbs", is_absolute, {&types::string}},
};

}  // namespace

std::span<const Function> path_functions() { return table; }

}  // namespace weir::tmpl
