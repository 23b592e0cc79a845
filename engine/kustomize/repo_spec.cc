#include "engine/kustomize/repo_spec.hh"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "engine/base/duration.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

constexpr std::array schemes = {std::string_view("ssh://"), std::string_view("https://"),
                                std::string_view("http://"), std::string_view("file://")};

bool starts_with_folded(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    const char c =
        text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != prefix[i]) return false;
  }
  return true;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "user@" at the front, or "".
std::string_view leading_user(std::string_view text) {
  if (text.empty() || !is_letter(text[0])) return {};
  std::size_t i = 1;
  while (i < text.size() && (is_letter(text[i]) || is_digit(text[i]) || text[i] == '-')) ++i;
  return i < text.size() && text[i] == '@' ? text.substr(0, i + 1) : std::string_view();
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      result += ' ';
    } else if (text[i] != '%') {
      result += text[i];
    } else {
      unsigned byte = 0;
      if (i + 2 >= text.size()) return std::nullopt;
      const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
      if (error != std::errc() || end != text.data() + i + 3) return std::nullopt;
      result += static_cast<char>(byte);
      i += 2;
    }
  }
  return result;
}

void set_timeout(RepoSpec& spec, const std::string& text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size()) {
    if (seconds > 0) spec.timeout_s = seconds;
    return;
  }
  const auto duration = base::parse_duration(text);
  if (duration.ok() && duration->count() > 0) {
    spec.timeout_s = std::max<std::int64_t>(1, duration->count() / 1'000'000'000);
  }
}

void set_query(RepoSpec& spec, std::string_view query) {
  std::string version;
  std::string ref;
  std::string timeout;
  std::string submodules;
  std::size_t begin = 0;
  while (begin < query.size()) {
    std::size_t end = query.find('&', begin);
    if (end == query.npos) end = query.size();
    const std::string_view pair = query.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t equals = pair.find('=');
    const auto key = percent_decode(pair.substr(0, equals));
    const auto text =
        percent_decode(equals == pair.npos ? std::string_view() : pair.substr(equals + 1));
    if (!key || !text || pair.find(';') != pair.npos)
      return;  // a query that does not parse counts as absent
    std::string* target = *key == "version"      ? &version
                          : *key == "ref"        ? &ref
                          : *key == "timeout"    ? &timeout
                          : *key == "submodules" ? &submodules
                                                 : nullptr;
    if (target != nullptr && target->empty()) *target = *text;
  }
  spec.ref = ref.empty() ? version : ref;
  if (!timeout.empty()) set_timeout(spec, timeout);
  constexpr std::array no = {"0", "f", "F", "false", "FALSE", "False"};
  if (std::find(no.begin(), no.end(), submodules) != no.end()) spec.submodules = false;
}

struct Split {
  std::string repo;
  std::string path;
};

// What is before and behind the character at `at`; all of it before when there is none.
Split split_at(std::string_view text, std::size_t at) {
  if (at == text.npos) return {std::string(text), ""};
  return {std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

std::optional<Split> split_at_marker(std::string_view text) {
  constexpr std::string_view azure = "_git/";
  if (const std::size_t at = text.find(azure); at != text.npos) {
    return split_at(text, text.find('/', at + azure.size()));
  }
  if (const std::size_t at = text.find("//"); at != text.npos) {
    return Split{std::string(text.substr(0, at)), std::string(text.substr(at + 2))};
  }
  if (const std::size_t at = text.find(".git"); at != text.npos) {
    return Split{std::string(text.substr(0, at + 4)), std::string(text.substr(at + 4))};
  }
  return std::nullopt;
}

// "org/repo/rest": the repository is the first two segments.
std::optional<Split> split_at_length(std::string_view text) {
  const std::size_t first = text.find('/');
  if (first == text.npos) return std::nullopt;
  return split_at(text, text.find('/', first + 1));
}

bool leaves_repository(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return !base::clean_path(path).has_value();
}

}  // namespace

bool is_remote_file(std::string_view path) {
  return starts_with_folded(path, "http://") || starts_with_folded(path, "https://");
}

std::string mask_userinfo(std::string_view text) {
  const std::size_t mark = text.find("://");
  if (mark == text.npos) return std::string(text);
  const std::string_view authority = text.substr(mark + 3, text.find('/', mark + 3) - mark - 3);
  const std::size_t at = authority.rfind('@');
  const bool plain_user = starts_with_folded(text.substr(0, mark), "ssh") &&
                          authority.substr(0, at).find(':') == authority.npos;
  if (at == authority.npos || plain_user) return std::string(text);
  return std::string(text.substr(0, mark + 3)) + std::string(text.substr(mark + 3 + at + 1));
}

bool is_repo_url(std::string_view text) { return parse_repo_url(text).ok(); }

Result<RepoSpec> parse_repo_url(std::string_view url) {
  RepoSpec spec;
  spec.raw = url;
  if (url.starts_with('/'))
    return make_error(Code::invalid, "uri looks like abs path: " + spec.raw);
  const std::size_t question = url.find('?');
  if (question != url.npos) set_query(spec, url.substr(question + 1));
  std::string_view rest = url.substr(0, question);
  if (starts_with_folded(rest, "git::")) rest.remove_prefix(5);
  std::string_view scheme;
  for (const std::string_view known : schemes) {
    if (!starts_with_folded(rest, known)) continue;
    scheme = known;
    rest.remove_prefix(known.size());
    break;
  }
  const std::string_view user = leading_user(rest);
  rest.remove_prefix(user.size());
  const bool github =
      starts_with_folded(rest, "github.com/") || starts_with_folded(rest, "github.com:");
  const bool scp = scheme.empty() && (!user.empty() || github);
  if (scheme.empty() && !scp) return make_error(Code::invalid, "failed to parse scheme");
  std::string host;
  if (scheme == "file://") {
    host = scheme;
  } else {
    std::size_t end = rest.find('/');
    if (scp) {
      const std::size_t colon = rest.find(':');
      if (end == rest.npos || (colon != rest.npos && colon > 0 && colon < end)) end = colon;
    }
    const std::string_view name = end == rest.npos ? rest : rest.substr(0, end + 1);
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
    if (name.empty()) return make_error(Code::invalid, "failed to parse host segment");
    if (github) {
      // Over ssh the scheme is dropped: "user@github.com:org/repo".
      host = scheme == "ssh://" || !user.empty() ? std::string(user) + "github.com:"
                                                 : "https://github.com/";
    } else {
      host = std::string(scheme) + std::string(user) + std::string(name);
    }
  }
  const std::string path_text =
      scheme == "file://" ? std::string(user) + std::string(rest) : std::string(rest);
  std::optional<Split> split = split_at_marker(path_text);
  if (!split) split = scheme == "file://" ? Split{path_text, ""} : split_at_length(path_text);
  if (!split || split->repo.empty()) {
    return make_error(Code::invalid, "failed to parse repo path segment");
  }
  if (leaves_repository(split->path)) {
    return make_error(Code::invalid, "url path exits repo: " + path_text);
  }
  spec.clone_url = host + split->repo;
  spec.path = split->path.starts_with('/') ? split->path.substr(1) : split->path;
  return spec;
}

}  // namespace weir::kustomize
