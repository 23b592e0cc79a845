#include "tools/weir/value_files.hh"

#include <cstdio>

#include "adapters/archive/disk_file_tree.hh"
#include "adapters/net/http_client.hh"
#include "adapters/net/status.hh"
#include "adapters/net/url.hh"
#include "engine/base/limits.hh"
#include "engine/helm/text.hh"

namespace weir::cli {

namespace {

namespace limits = base::limits;

// What Helm waits for one of its downloads.
constexpr std::chrono::seconds fetch_timeout{120};

Result<std::string> read_input() {
  std::string text;
  char chunk[1 << 16];
  for (std::size_t got; (got = std::fread(chunk, 1, sizeof chunk, stdin)) > 0;) {
    text.append(chunk, got);
    if (text.size() > limits::yaml_bytes_max)
      return make_error(Code::limit, "standard input is too long (yaml_bytes_max)");
  }
  return text;
}

Result<std::string> fetch(const std::string& url) {
  WEIR_TRY(const net::Url target, net::parse_url(url));
  WEIR_TRY(const auto client, net::HttpClient::create({}));
  net::HttpRequest request;
  if (!target.userinfo.empty()) {
    const auto [user, password] = target.login();
    request.headers.push_back({"Authorization", net::basic_authorization(user, password)});
  }
  request.url = target.to_string();
  request.timeout = fetch_timeout;
  request.body_bytes_max = limits::yaml_bytes_max;
  auto answer = client->send(request);
  if (!answer.ok()) return std::move(answer).error();
  if (answer->status != 200)
    return make_error(
        net::code_of_status(answer->status),
        "failed to fetch " + net::redact_url(url) + " : " + net::status_text(answer->status));
  return std::move(answer->body);
}

bool is_fetched(std::string_view name) {
  const std::size_t end = name.find("://");
  if (end == std::string_view::npos) return false;
  std::string scheme(name.substr(0, end));
  for (char& c : scheme) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return scheme == "http" || scheme == "https";
}

}  // namespace

Result<std::string> read_value_file(const std::string& name) {
  if (helm::trim_space(name) == "-") return read_input();
  if (is_fetched(name)) return fetch(name);
  WEIR_TRY(const auto tree, archive::DiskFileTree::open_unconfined("."));
  const auto type = tree->stat(name);
  if (!type) return make_error(Code::not_found, "open " + name + ": no such file or directory");
  if (*type == base::EntryType::directory)
    return make_error(Code::invalid, "read " + name + ": is a directory");
  WEIR_TRY(const auto bytes, tree->read(name));
  return std::string(*bytes);
}

}  // namespace weir::cli
