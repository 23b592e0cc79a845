#include "adapters/git/operation.hh"

#include <git2.h>

#include <algorithm>
#include <iterator>

namespace weir::git {
namespace {

thread_local Operation* current = nullptr;

Error url_error(std::string message) {
  return make_error(Code::invalid, std::move(message), "URLInvalid");
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return url_error("URL has a broken escape in its userinfo");
    auto byte = base::hex_decode(text.substr(i + 1, 2));
    if (!byte) return url_error("URL has a broken escape in its userinfo");
    out += *byte;
    i += 2;
  }
  return out;
}

bool valid_port(std::string_view port) {
  return !port.empty() && port.size() <= 5 &&
         std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "host", "host:port", "[v6]:port" into the address.
Result<void> read_host(std::string_view text, RemoteUrl& out) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return url_error("URL has an unclosed '[' in its host");
    out.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (text.empty()) return {};
    if (text[0] != ':') return url_error("URL has text behind its host");
    port = text.substr(1);
  } else {
    const std::size_t colon = text.find(':');
    out.host = text.substr(0, colon);
    if (colon == std::string_view::npos) return {};
    port = text.substr(colon + 1);
  }
  if (port.empty()) return {};
  if (!valid_port(port)) return url_error("URL has an invalid port");
  out.port = port;
  return {};
}

RemoteUrl local(std::string_view path) {
  RemoteUrl out;
  out.scheme = "file";
  out.path = path;
  out.clean = path;
  return out;
}

}  // namespace

Result<RemoteUrl> RemoteUrl::parse(std::string_view text, bool allow_local) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; };
  const std::size_t mark = text.find("://");
  const std::string_view scheme = text.substr(0, mark == std::string_view::npos ? 0 : mark);
  if (allow_local && (mark == std::string_view::npos || scheme == "file")) {
    const std::string_view path = scheme == "file" ? text.substr(7) : text;
    if (path.empty()) return url_error("URL is empty");
    return local(path);
  }
  if (std::any_of(text.begin(), text.end(), control))
    return url_error("URL holds a space or control character");
  struct Scheme {
    std::string_view name, port;
  };
  static constexpr Scheme schemes[] = {{"http", "80"}, {"https", "443"}, {"ssh", "22"}};
  const auto* known = std::find_if(std::begin(schemes), std::end(schemes),
                                   [&](const Scheme& one) { return one.name == scheme; });
  if (known == std::end(schemes))
    return url_error("URL must begin with http://, https:// or ssh://");
  std::string_view rest = text.substr(mark + 3);
  const std::size_t slash = rest.find_first_of("/?#");
  std::string_view authority = rest.substr(0, slash);
  RemoteUrl out;
  out.scheme = scheme;
  out.path = slash == std::string_view::npos ? "/" : rest.substr(slash);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view userinfo = authority.substr(0, at);
    const std::size_t colon = userinfo.find(':');
    WEIR_TRY(out.user, percent_decode(userinfo.substr(0, colon)));
    if (colon != std::string_view::npos) {
      WEIR_TRY(out.password, percent_decode(userinfo.substr(colon + 1)));
    }
    authority.remove_prefix(at + 1);
  }
  WEIR_CHECK(read_host(authority, out));
  if (out.host.empty()) return url_error("URL has no host");
  if (out.port.empty()) out.port = known->port;
  out.clean.append(scheme).append("://").append(authority).append(
      slash == std::string_view::npos ? "" : rest.substr(slash));
  return out;
}

int Operation::fail(Error error) {
  git_error_set_str(GIT_ERROR_NET, error.message.c_str());
  if (!failure) failure = std::move(error);
  return -1;
}

CurrentOperation::CurrentOperation(Operation& operation) { current = &operation; }
CurrentOperation::~CurrentOperation() { current = nullptr; }
Operation* CurrentOperation::get() { return current; }

}  // namespace weir::git
