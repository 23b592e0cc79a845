#include "adapters/kube/kubeconfig.hh"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "adapters/net/url.hh"
#include "engine/base/digest.hh"
#include "engine/base/file_tree.hh"
#include "engine/base/limits.hh"
#include "engine/value/yaml.hh"

namespace weir::kube {

namespace {

Error invalid(const std::string& where, std::string_view what) {
  return make_error(Code::invalid, where + ": " + std::string(what));
}

Result<std::string> read_file(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return make_error(Code::not_found, path + ": no such file");
  if (!S_ISREG(info.st_mode)) return make_error(Code::invalid, path + ": not a regular file");
  if (static_cast<std::size_t>(info.st_size) > base::limits::file_bytes_max) {
    return make_error(Code::limit, path + ": longer than file_bytes_max");
  }
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in) return make_error(Code::io, path + ": cannot read it");
  return text;
}

// One entry of clusters, users or contexts, with the file it came from.
struct Entry {
  Value body;
  std::string file;
  std::string where;  // "FILE: users[\"admin\"].user"
};

struct Section {
  std::string_view list;  // "clusters"
  std::string_view body;  // "cluster"
};
constexpr Section sections[] = {
    {"clusters", "cluster"}, {"users", "user"}, {"contexts", "context"}};

// The merged files.
class Config {
 public:
  Result<void> add(std::string_view text, const std::string& file) {
    value::YamlOptions yaml;
    yaml.file = file;
    WEIR_TRY(Value root, value::parse_yaml(text, yaml));
    if (root.is_null()) return {};
    if (!root.is_object()) return invalid(file, "not a kubeconfig: the document is no mapping");
    if (auto kind = root["kind"].get_string("Config"); kind != "Config") {
      return invalid(file, "not a kubeconfig: kind is \"" + std::string(kind) + "\"");
    }
    if (current_.empty()) current_ = root["current-context"].get_string();
    for (const Section& section : sections) WEIR_CHECK(add_section(root, section, file));
    return {};
  }

  Result<Entry> entry(const Section& section, const std::string& name,
                      const std::string& needed_by) const {
    for (const auto& [key, found] : entries_) {
      if (key.first == section.list && key.second == name) return found;
    }
    return invalid(needed_by, std::string(section.body) + " \"" + name + "\" does not exist");
  }
  const std::string& current_context() const { return current_; }

 private:
  Result<void> add_section(const Value& root, const Section& section, const std::string& file) {
    const Value& list = root[section.list];
    if (!list.is_array() && !list.is_null()) {
      return invalid(file, std::string(section.list) + ": expected a list");
    }
    std::size_t index = 0;
    for (const Value& item : list.items()) {
      std::string at =
          file + ": " + std::string(section.list) + "[" + std::to_string(index++) + "]";
      if (!item["name"].is_string()) return invalid(at + ".name", "expected a string");
      std::string name(item["name"].as_string());
      const Value& body = item[section.body];
      if (!body.is_object() && !body.is_null()) {
        return invalid(at + "." + std::string(section.body), "expected a mapping");
      }
      std::pair<std::string, std::string> key(section.list, name);
      bool known = false;
      for (const auto& other : entries_) known = known || other.first == key;
      std::string where = file + ": " + std::string(section.list) + "[\"" + name + "\"]." +
                          std::string(section.body);
      if (!known) entries_.emplace_back(std::move(key), Entry{body, file, std::move(where)});
    }
    return {};
  }

  std::string current_;
  std::vector<std::pair<std::pair<std::string, std::string>, Entry>> entries_;
};

// Typed reads of one entry's fields.
class Reader {
 public:
  Reader(const Entry& entry, const KubeconfigOptions& options) : entry_(entry), options_(options) {}

  Result<std::string> text(std::string_view field) const {
    const Value& value = entry_.body[field];
    if (value.is_null()) return std::string();
    if (!value.is_string()) return invalid(at(field), "expected a string");
    return std::string(value.as_string());
  }
  Result<bool> flag(std::string_view field) const {
    const Value& value = entry_.body[field];
    if (value.is_null()) return false;
    if (!value.is_bool()) return invalid(at(field), "expected true or false");
    return value.as_bool();
  }
  // "<field>-data" in base64, else the contents of the file that <field> names.
  Result<std::string> pem(const std::string& field) const {
    WEIR_TRY(std::string data, text(field + "-data"));
    if (!data.empty()) {
      auto decoded = base::base64_decode(data);
      if (!decoded.ok()) return invalid(at(field + "-data"), "not valid base64");
      return decoded;
    }
    WEIR_TRY(std::string path, file(field));
    if (path.empty()) return std::string();
    return read_file(path).with_context(at(field));
  }
  // The path in <field>, made absolute against its kubeconfig's folder; "" when unset.
  Result<std::string> file(std::string_view field) const {
    WEIR_TRY(std::string path, text(field));
    if (path.empty()) return path;
    if (!options_.allow_files && options_.drop_refused) {
      dropped_.push_back(at(field));
      return std::string();
    }
    if (!options_.allow_files) {
      return make_error(Code::unsupported, at(field) +
                                               ": paths of files are not allowed here; "
                                               "embed the data instead");
    }
    return beside(path);
  }
  std::string beside(const std::string& path) const {
    std::string folder(base::parent_path(entry_.file));
    if (path.front() == '/' || folder.empty()) return path;
    return folder + "/" + path;
  }
  std::string at(std::string_view field) const { return entry_.where + "." + std::string(field); }
  const Value& body() const { return entry_.body; }
  // Fields left out because they are not allowed.
  std::vector<std::string>& dropped() const { return dropped_; }

 private:
  const Entry& entry_;
  const KubeconfigOptions& options_;
  mutable std::vector<std::string> dropped_;
};

Result<void> read_cluster(const Reader& in, const KubeconfigOptions& options, ClusterAccess& out) {
  WEIR_TRY(out.server, in.text("server"));
  while (out.server.ends_with('/')) out.server.pop_back();
  if (out.server.empty()) return invalid(in.at("server"), "it is required");
  if (out.server.find("://") == std::string::npos) out.server = "http://" + out.server;
  auto url = net::parse_url(out.server);
  if (!url.ok()) return std::move(url).error().with_context(in.at("server"));
  WEIR_TRY(out.tls.ca_pem, in.pem("certificate-authority"));
  WEIR_TRY(out.tls.server_name, in.text("tls-server-name"));
  WEIR_TRY(out.proxy_url, in.text("proxy-url"));
  WEIR_TRY(out.disable_compression, in.flag("disable-compression"));
  WEIR_TRY(bool insecure, in.flag("insecure-skip-tls-verify"));
  if (insecure && !options.allow_insecure) {
    out.notes.push_back(in.at("insecure-skip-tls-verify") +
                        " is ignored: certificates are verified");
  } else if (insecure && !out.tls.ca_pem.empty()) {
    return invalid(in.at("insecure-skip-tls-verify"),
                   "specifying a root certificates file with the insecure flag is not allowed");
  } else {
    out.tls.insecure = insecure;
  }
  return {};
}

Result<void> read_exec(const Reader& in, const KubeconfigOptions& options, ClusterAccess& out) {
  const Value& exec = in.body()["exec"];
  if (exec.is_null()) return {};
  if (!options.allow_exec && options.drop_refused) {
    in.dropped().push_back(in.at("exec"));
    return {};
  }
  if (!options.allow_exec) {
    return make_error(Code::unsupported,
                      in.at("exec") +
                          ": credential plugins are not run here; use a token or a "
                          "client certificate");
  }
  ExecPlugin plugin;
  plugin.command = exec["command"].get_string();
  if (plugin.command.empty()) return invalid(in.at("exec.command"), "it is required");
  if (plugin.command.find('/') != std::string::npos) plugin.command = in.beside(plugin.command);
  plugin.api_version = exec["apiVersion"].get_string();
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1") {
    return invalid(in.at("exec.apiVersion"), "expected client.authentication.k8s.io/v1 or v1beta1");
  }
  for (const Value& arg : exec["args"].items()) plugin.args.emplace_back(arg.get_string());
  for (const Value& variable : exec["env"].items()) {
    plugin.env.emplace_back(variable["name"].get_string(), variable["value"].get_string());
  }
  plugin.install_hint = exec["installHint"].get_string();
  plugin.interactive_mode = exec["interactiveMode"].get_string("IfAvailable");
  plugin.provide_cluster_info = exec["provideClusterInfo"].get_bool();
  out.exec = std::move(plugin);
  return {};
}

Result<void> read_impersonation(const Reader& in, ClusterAccess& out) {
  WEIR_TRY(std::string user, in.text("as"));
  WEIR_TRY(std::string uid, in.text("as-uid"));
  if (!user.empty()) out.impersonate.push_back({"Impersonate-User", user});
  if (!uid.empty()) out.impersonate.push_back({"Impersonate-Uid", uid});
  for (const Value& group : in.body()["as-groups"].items()) {
    out.impersonate.push_back({"Impersonate-Group", std::string(group.get_string())});
  }
  for (const value::Member& extra : in.body()["as-user-extra"].members()) {
    for (const Value& item : extra.value.items()) {
      out.impersonate.push_back(
          {"Impersonate-Extra-" + std::string(extra.name()), std::string(item.get_string())});
    }
  }
  if (user.empty() && !out.impersonate.empty()) {
    return invalid(in.at("as"),
                   "requesting uid, groups or user-extra without impersonating a user");
  }
  return {};
}

Result<void> read_user(const Reader& in, const KubeconfigOptions& options, ClusterAccess& out) {
  if (in.body().contains("username") || in.body().contains("password")) {
    return make_error(Code::unsupported,
                      in.at("username") +
                          ": basic authentication is not supported; use a token or "
                          "a client certificate");
  }
  if (in.body().contains("auth-provider")) {
    return make_error(Code::unsupported, in.at("auth-provider") +
                                             ": auth providers are gone from Kubernetes; use exec "
                                             "or a token");
  }
  WEIR_TRY(out.token, in.text("token"));
  WEIR_TRY(out.token_file, in.file("tokenFile"));
  WEIR_TRY(out.tls.cert_pem, in.pem("client-certificate"));
  WEIR_TRY(out.tls.key_pem, in.pem("client-key"));
  if (out.tls.cert_pem.empty() != out.tls.key_pem.empty()) {
    return invalid(in.at(out.tls.cert_pem.empty() ? "client-certificate" : "client-key"),
                   "certificate and key must be given together");
  }
  WEIR_CHECK(read_exec(in, options, out));
  const bool anonymous = out.token.empty() && out.tls.cert_pem.empty();
  if (anonymous && !in.dropped().empty())
    return make_error(Code::unsupported,
                      in.dropped().front() +
                          ": files and credential plugins are not used here, and nothing else says "
                          "who one is: embed a token or a client certificate");
  for (const std::string& field : in.dropped())
    out.notes.push_back(field + " is ignored: files and credential plugins are not used here");
  if (!options.drop_refused) return read_impersonation(in, out);
  if (!in.body()["as"].is_null())
    out.notes.push_back(in.at("as") + " is ignored: use spec.serviceAccountName");
  return {};
}

Result<ClusterAccess> choose(const Config& config, const std::string& files,
                             const KubeconfigOptions& options) {
  ClusterAccess out;
  out.context = options.context.empty() ? config.current_context() : options.context;
  std::string cluster = options.cluster;
  std::string user = options.user;
  out.ns = "default";
  if (!out.context.empty()) {
    WEIR_TRY(Entry context, config.entry(sections[2], out.context, files));
    Reader in(context, options);
    WEIR_TRY(std::string named_cluster, in.text("cluster"));
    WEIR_TRY(std::string named_user, in.text("user"));
    WEIR_TRY(std::string ns, in.text("namespace"));
    if (cluster.empty()) cluster = named_cluster;
    if (user.empty()) user = named_user;
    if (!ns.empty()) out.ns = ns;
    if (cluster.empty()) return invalid(in.at("cluster"), "it is required");
  } else if (cluster.empty()) {
    return invalid(files, "current-context is not set and no context was asked for");
  }
  WEIR_TRY(Entry cluster_entry, config.entry(sections[0], cluster, files));
  WEIR_CHECK(read_cluster(Reader(cluster_entry, options), options, out));
  if (user.empty()) return out;
  WEIR_TRY(Entry user_entry, config.entry(sections[1], user, files));
  WEIR_CHECK(read_user(Reader(user_entry, options), options, out));
  return out;
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    auto end = std::min(text.find(':', begin), text.size());
    if (end > begin) out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

}  // namespace

Result<ClusterAccess> parse_kubeconfig(std::string_view text, const std::string& file,
                                       const KubeconfigOptions& options) {
  Config config;
  WEIR_CHECK(config.add(text, file));
  return choose(config, file, options);
}

Result<ClusterAccess> load_kubeconfig(const std::vector<std::string>& files,
                                      const KubeconfigOptions& options) {
  Config config;
  std::string names;
  bool any = false;
  for (const std::string& file : files) {
    names += (names.empty() ? "" : ":") + file;
    auto text = read_file(file);
    if (!text.ok() && text.error().code == Code::not_found) continue;
    WEIR_TRY(std::string bytes, std::move(text));
    WEIR_CHECK(config.add(bytes, file));
    any = true;
  }
  if (!any) return make_error(Code::not_found, names + ": no such file");
  return choose(config, names, options);
}

Result<ClusterAccess> in_cluster_access(const std::string& directory) {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || port == nullptr || *host == '\0' || *port == '\0') {
    return make_error(Code::not_found,
                      "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and "
                      "KUBERNETES_SERVICE_PORT must be defined");
  }
  ClusterAccess out;
  std::string name = host;
  if (name.find(':') != std::string::npos) name = "[" + name + "]";
  out.server = "https://" + name + ":" + port;
  out.token_file = directory + "/token";
  WEIR_TRY(out.token, read_file(out.token_file));
  WEIR_TRY(out.tls.ca_pem, read_file(directory + "/ca.crt"));
  auto ns = read_file(directory + "/namespace");
  out.ns = ns.ok() && !ns->empty() ? *ns : "default";
  return out;
}

Result<ClusterAccess> find_access(const std::string& path, const KubeconfigOptions& options) {
  if (!path.empty()) return load_kubeconfig({path}, options);
  if (const char* list = std::getenv("KUBECONFIG"); list != nullptr && *list != '\0') {
    return load_kubeconfig(split_list(list), options);
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    std::string file = std::string(home) + "/.kube/config";
    struct stat info{};
    if (::stat(file.c_str(), &info) == 0) return load_kubeconfig({file}, options);
  }
  auto in_cluster = in_cluster_access();
  if (!in_cluster.ok() && in_cluster.error().code == Code::not_found) {
    return make_error(
        Code::not_found,
        "no configuration has been provided: set --kubeconfig or KUBECONFIG, or run in "
        "a cluster");
  }
  return in_cluster;
}

}  // namespace weir::kube
