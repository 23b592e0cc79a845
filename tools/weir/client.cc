#include "tools/weir/client.hh"

#include <strings.h>

#include <algorithm>
#include <cstdio>

#include "engine/model/kinds/field.hh"
#include "engine/model/schema.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"
#include "tools/weir/connection.hh"
#include "tools/weir/host.hh"
#include "tools/weir/output.hh"

namespace weir::cli {
namespace {

constexpr base::Code codes[] = {Code::invalid,  Code::not_found,    Code::already_exists,
                                Code::conflict, Code::unauthorized, Code::forbidden,
                                Code::timeout,  Code::unavailable,  Code::rate_limited,
                                Code::gone,     Code::limit,        Code::corrupt,
                                Code::io,       Code::unsupported,  Code::cancelled};

Result<Value> read_answer(int status, std::string_view body) {
  auto parsed = value::parse_json(body);
  if (status >= 200 && status < 300) return parsed;
  if (parsed.ok() && (*parsed)["message"].is_string()) {
    Error error = make_error(Code::internal, std::string((*parsed)["message"].as_string()),
                             std::string((*parsed)["field"].get_string()));
    for (const Code code : codes)
      if (base::code_name(code) == (*parsed)["code"].get_string()) error.code = code;
    // An answer that carries a state beside (a log found damaged) is no failure of the request.
    return error;
  }
  return make_error(Code::unavailable, "the server answered with status " + std::to_string(status));
}

// The kind of that name ("deploy", "Deployment", "deployments.apps"); nullptr when there is none.
template <typename Kinds>
auto find_named(const Kinds& kinds, std::string_view text) -> decltype(&kinds.front()) {
  const std::size_t dot = std::min(text.find('.'), text.size());
  const std::string_view group = text.substr(std::min(dot + 1, text.size()));
  const std::string name(text.substr(0, dot));
  const auto same = [&](std::string_view known) {
    return ::strcasecmp(std::string(known).c_str(), name.c_str()) == 0;
  };
  for (const auto& kind : kinds) {
    if (!group.empty() && kind.gvk.group != group) continue;
    if (same(kind.gvk.kind) || same(kind.plural) || same(kind.singular) ||
        std::any_of(kind.short_names.begin(), kind.short_names.end(), same))
      return &kind;
  }
  return nullptr;
}

std::string target_of(const std::string& path, const Query& query) {
  std::string target = path;
  char mark = '?';
  for (const auto& [name, text] : query) {
    if (text.empty()) continue;
    target += mark + std::string(name) + "=" + percent_encode(text);
    mark = '&';
  }
  return target;
}

}  // namespace

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
      continue;
    }
    char escaped[4];
    std::snprintf(escaped, sizeof escaped, "%%%02X", static_cast<unsigned char>(c));
    out += escaped;
  }
  return out;
}

void AuditClient::add_to(Args& args) {
  args.option("--server", server_,
              "URL of a weir. Default: the one that runs on the data directory.");
  args.option("--token", token_, "Bearer token for --server.");
  args.option("--certificate-authority", authority_,
              "PEM file of whom to trust for --server. Default: the system's.");
  args.option("--data-dir", data_dir_,
              "The data directory; read directly when no weir runs on it.");
}

Result<void> AuditClient::open() {
  let_signals_end_it();
  const std::string directory = data_dir_.empty() ? default_data_directory() : data_dir_;
  net::HttpClientOptions options;
  if (server_.empty()) {
    const auto serving = read_serving(directory);
    if (!serving.ok()) return open_offline(directory);
    server_ = serving->url;
    if (token_.empty()) token_ = serving->token;
    options.tls.ca_pem = serving->certificate;
  }
  if (!authority_.empty()) {
    WEIR_TRY(options.tls.ca_pem, read_file(authority_));
  }
  while (server_.ends_with('/')) server_.pop_back();
  WEIR_TRY(http_, net::HttpClient::create(options));
  return {};
}

Result<void> AuditClient::open_offline(const std::string& directory) {
  auto kv = store::open_rocks({.directory = directory + "/log", .read_only = true});
  if (!kv.ok())
    return make_error(Code::not_found, "no weir runs on " + directory +
                                           " and its log cannot be read: " + kv.error().message);
  kv_ = std::move(*kv);
  directory_ = directory;
  WEIR_TRY(log_, store::EventLog::open(*kv_, clock_));
  std::optional<store::SealingKey> key;
  if (auto loaded = store::SealingKey::load(directory + "/sealing.key"); loaded.ok())
    key = std::move(*loaded);
  blobs_ = std::make_unique<store::BlobStore>(*kv_, std::move(key));
  api::audit::AuditOptions options;
  options.log = log_.get();
  options.blobs = blobs_.get();
  options.clock = &clock_;
  options.database = directory + "/log";
  history_ = std::make_unique<git::MirrorHistory>(directory + "/git");
  options.git = history_.get();
  offline_ = std::make_unique<api::audit::AuditApi>(std::move(options));
  return {};
}

void AuditClient::close() {
  offline_.reset();
  blobs_.reset();
  log_.reset();
  kv_.reset();
}

Result<Value> AuditClient::send(const std::string& method, const std::string& target,
                                std::string body) {
  if (offline_ != nullptr) {
    const api::kube::Request request{method, target, {}, std::move(body), ""};
    const api::kube::Response response = offline_->call(request, "offline");
    return read_answer(response.status, response.body);
  }
  net::HttpRequest request;
  request.method = method;
  request.url = server_ + target;
  request.headers = {{"Authorization", "Bearer " + token_}};
  if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  request.body = std::move(body);
  request.timeout = std::chrono::minutes(10);  // a verify reads the whole log
  WEIR_TRY(const net::HttpResponse response, http_->send(request));
  return read_answer(response.status, response.body);
}

Result<Value> AuditClient::get(const std::string& path, const Query& query) {
  return send("GET", target_of(path, query), "");
}

Result<Value> AuditClient::post(const std::string& path, const Value& body) {
  return send("POST", path, value::write_json(body));
}

Result<void> AuditClient::follow(const std::string& path, const Query& query,
                                 const std::function<bool(const Value& event)>& take) {
  if (offline_ != nullptr)
    return make_error(Code::unavailable, "no weir is running: there is nothing to follow");
  net::HttpRequest request;
  request.url = server_ + target_of(path, query);
  request.headers = {{"Authorization", "Bearer " + token_}, {"Accept", "text/event-stream"}};
  request.timeout = std::chrono::hours(24 * 365);
  std::string pending;
  bool stopped = false;
  request.sink = [&](std::string_view bytes) -> Result<void> {
    pending += bytes;
    for (std::size_t end; (end = pending.find('\n')) != std::string::npos;
         pending.erase(0, end + 1)) {
      constexpr std::string_view mark = "data: ";
      const std::string_view line = std::string_view(pending).substr(0, end);
      if (!line.starts_with(mark)) continue;
      WEIR_TRY(const Value event, value::parse_json(line.substr(mark.size())));
      stopped = !take(event);
      if (stopped) return make_error(Code::cancelled, "stopped");
    }
    return {};
  };
  const auto response = http_->send(request);
  if (stopped) return {};
  if (!response.ok()) return response.error();
  auto answer = response->status == 200 ? Result<Value>(Value())
                                        : read_answer(response->status, response->body);
  if (!answer.ok()) return std::move(answer).error();
  return {};
}

void ObjectName::add_to(Args& args) {
  args.positional("object", words, "KIND/NAME, KIND.GROUP/NAME or KIND NAME.");
  args.option("-n,--namespace", ns,
              "Its namespace; - for none. Default: flux-system for Flux objects, else default.");
}

Result<void> ObjectName::read() {
  const auto bad = [&](const std::string& text) {
    return make_error(Code::invalid, "\"" + text + "\" is not KIND/NAME");
  };
  if (words.size() == 2) {
    kind = words[0];
    name = words[1];
  } else if (words.size() == 1) {
    const std::size_t slash = words[0].find('/');
    if (slash == std::string::npos) return bad(words[0]);
    kind = words[0].substr(0, slash);
    name = words[0].substr(slash + 1);
  } else {
    return make_error(Code::invalid, "one object is needed: KIND/NAME");
  }
  if (kind.empty() || name.empty() || name.find('/') != std::string::npos) return bad(words[0]);
  if (ns.empty()) ns = is_owner() ? "flux-system" : is_namespaced() ? "default" : "-";
  return {};
}

bool ObjectName::is_owner() const { return find_named(model::declared_kinds(), kind) != nullptr; }

bool ObjectName::is_namespaced() const {
  const auto* known = find_named(model::builtin_resources(), kind);
  return known == nullptr || known->namespaced;
}

std::string ObjectName::path() const {
  return "/weir/v1/objects/" + percent_encode(kind) + "/" +
         (ns.empty() ? "-" : percent_encode(ns)) + "/" + percent_encode(name);
}

int failed_request(const Error& error) {
  return failed(error.message, error.code == Code::invalid ? 2 : 1);
}

void print_document(const Value& document, std::string_view format) {
  if (format == "json")
    print(value::write_json(document, {.sort_keys = false, .escape_html = false, .indent = 2}) +
          "\n");
  else
    print(value::write_yaml(document, value::YamlStyle::ordered));
}

std::string short_time(const Value& time) {
  const std::string_view text = time.get_string();
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::string(text);
  return std::string(text.substr(0, dot)) + "Z";
}

}  // namespace weir::cli
