#include "adapters/git/submodules.hh"

#include <optional>

#include "engine/base/limits.hh"

namespace weir::git {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\r\f\v";
  const std::size_t begin = text.find_first_not_of(space);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

// A value of Git's configuration format: quotes and escapes removed, a comment behind it dropped.
std::string read_value(std::string_view text) {
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '\\' && i + 1 < text.size()) {
      out += text[++i];
    } else if (!quoted && (c == '#' || c == ';')) {
      break;
    } else {
      out += c;
    }
  }
  return quoted ? out : std::string(trim(out));
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = trim(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

bool usable(Submodule& one) {
  const auto clean = base::clean_path(one.path);
  if (!clean || clean->empty() || *clean == "." || clean->starts_with('/') || one.url.empty())
    return false;
  one.path = *clean;
  return true;
}

// "https://host/a/b" -> "https://host/a"; "git@host:a" -> "git@host:".
bool drop_last_part(std::string& address) {
  const std::size_t mark = address.find("://");
  const std::size_t least = mark == std::string::npos ? 0 : mark + 3;
  const std::size_t slash = address.rfind('/');
  if (slash != std::string::npos && slash > least) {
    address.resize(slash);
    return true;
  }
  const std::size_t colon = address.rfind(':');
  if (mark != std::string::npos || colon == std::string::npos || colon + 1 == address.size())
    return false;
  address.resize(colon + 1);
  return true;
}

}  // namespace

Result<std::vector<Submodule>> parse_submodules(std::string_view text) {
  std::vector<Submodule> out;
  bool inside = false;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.starts_with('[')) {
      inside = line.starts_with("[submodule");
      if (inside) out.emplace_back();
      if (out.size() > base::limits::git_submodules_max)
        return make_error(Code::limit, ".gitmodules: more than git_submodules_max submodules");
      continue;
    }
    const std::size_t equals = line.find('=');
    if (!inside || equals == line.npos) continue;
    const std::string_view key = trim(line.substr(0, equals));
    const std::string value = read_value(trim(line.substr(equals + 1)));
    if (key == "path") out.back().path = value;
    if (key == "url") out.back().url = value;
  }
  std::erase_if(out, [](Submodule& one) { return !usable(one); });
  return out;
}

std::string submodule_address(std::string_view base, std::string_view url) {
  if (!url.starts_with("./") && !url.starts_with("../")) return std::string(url);
  std::string address(base);
  while (address.ends_with('/')) address.pop_back();
  for (;;) {
    if (url.starts_with("./")) {
      url.remove_prefix(2);
    } else if (url.starts_with("../") && drop_last_part(address)) {
      url.remove_prefix(3);
    } else {
      break;
    }
  }
  if (!address.ends_with(':')) address += '/';
  return address.append(url);
}

MountedTree::Place MountedTree::find(std::string_view path) const {
  const auto clean = base::clean_path(path);
  if (!clean) return {tree_.get(), "", std::string(path)};
  // The longest mount that the path is in or below.
  for (std::string_view prefix = *clean; !prefix.empty() && prefix != "/";
       prefix = base::parent_path(prefix)) {
    const auto mount = mounts_.find(prefix);
    if (mount == mounts_.end()) continue;
    std::string_view below = std::string_view(*clean).substr(prefix.size());
    if (below.starts_with('/')) below.remove_prefix(1);
    return {mount->second.get(), mount->first, std::string(below)};
  }
  return {tree_.get(), "", *clean};
}

std::optional<base::EntryType> MountedTree::stat(std::string_view path) const {
  const Place place = find(path);
  return place.tree->stat(place.path);
}

std::optional<std::string> MountedTree::canonical(std::string_view path) const {
  const Place place = find(path);
  auto real = place.tree->canonical(place.path);
  if (!real || place.mount.empty()) return real;
  return real->empty() ? place.mount : place.mount + "/" + *real;
}

Result<base::FileBytes> MountedTree::read(std::string_view path) const {
  const Place place = find(path);
  return place.tree->read(place.path);
}

Result<std::vector<base::DirectoryEntry>> MountedTree::list(std::string_view path) const {
  const Place place = find(path);
  return place.tree->list(place.path);
}

}  // namespace weir::git
