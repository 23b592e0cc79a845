#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "adapters/kube/credentials.hh"
#include "engine/base/digest.hh"
#include "engine/value/json.hh"

extern char** environ;

namespace weir::kube {

namespace {

constexpr std::size_t output_bytes_max =
    1u << 20;  // a token and a certificate chain are below 100 KiB
constexpr auto run_time_max = std::chrono::minutes(5);  // a person may have to log in

std::string exec_info(const ClusterAccess& access, bool interactive) {
  Value spec = Value::object({{"interactive", interactive}});
  if (access.exec->provide_cluster_info) {
    Value cluster = Value::object({{"server", access.server}});
    if (!access.tls.ca_pem.empty()) {
      cluster.set("certificate-authority-data", base::base64_encode(access.tls.ca_pem));
    }
    if (access.tls.insecure) cluster.set("insecure-skip-tls-verify", true);
    if (!access.tls.server_name.empty()) cluster.set("tls-server-name", access.tls.server_name);
    if (!access.proxy_url.empty()) cluster.set("proxy-url", access.proxy_url);
    spec.set("cluster", std::move(cluster));
  }
  return value::write_json(Value::object({{"apiVersion", access.exec->api_version},
                                          {"kind", "ExecCredential"},
                                          {"spec", std::move(spec)}}));
}

std::vector<std::string> plugin_environment(const ClusterAccess& access, bool interactive) {
  std::vector<std::string> out;
  auto overridden = [&](std::string_view variable) {
    std::string_view name = variable.substr(0, variable.find('='));
    if (name == "KUBERNETES_EXEC_INFO") return true;
    for (const auto& entry : access.exec->env) {
      if (entry.first == name) return true;
    }
    return false;
  };
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!overridden(*variable)) out.emplace_back(*variable);
  }
  for (const auto& [name, text] : access.exec->env) out.push_back(name + "=" + text);
  out.push_back("KUBERNETES_EXEC_INFO=" + exec_info(access, interactive));
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

Result<std::string> drain(int fd) {
  std::string out;
  auto deadline = std::chrono::steady_clock::now() + run_time_max;
  while (true) {
    auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd entry{fd, POLLIN, 0};
    if (left.count() <= 0) return make_error(Code::timeout, "it did not finish in five minutes");
    if (::poll(&entry, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) {
      return make_error(Code::io, std::strerror(errno));
    }
    if (entry.revents == 0) continue;
    char buffer[4096];
    auto got = ::read(fd, buffer, sizeof buffer);
    if (got == 0) return out;
    if (got < 0 && errno != EINTR) return make_error(Code::io, std::strerror(errno));
    if (got > 0) out.append(buffer, static_cast<std::size_t>(got));
    if (out.size() > output_bytes_max) return make_error(Code::limit, "it printed more than 1 MiB");
  }
}

Result<std::string> run(const ExecPlugin& plugin, std::vector<std::string> environment) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return make_error(Code::io, std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<std::string> arguments{plugin.command};
  arguments.insert(arguments.end(), plugin.args.begin(), plugin.args.end());
  pid_t child = 0;
  int failure = ::posix_spawnp(&child, plugin.command.c_str(), &actions, nullptr,
                               pointers(arguments).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failure != 0) {
    ::close(ends[0]);
    std::string hint = plugin.install_hint.empty() ? "" : "\n" + plugin.install_hint;
    return make_error(Code::unavailable, std::strerror(failure) + hint);
  }
  auto output = drain(ends[0]);
  ::close(ends[0]);
  if (!output.ok()) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (output.ok() && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return make_error(Code::unavailable, "failed with exit code " + std::to_string(code));
  }
  return output;
}

}  // namespace

Result<ExecCredential> parse_exec_credential(std::string_view json, const ExecPlugin& plugin) {
  auto parsed = value::parse_json(json);
  if (!parsed.ok()) return make_error(Code::invalid, "it did not print JSON");
  if ((*parsed)["kind"].get_string() != "ExecCredential" ||
      (*parsed)["apiVersion"].get_string() != plugin.api_version) {
    return make_error(Code::invalid, "it did not print an ExecCredential of " + plugin.api_version);
  }
  const Value& status = (*parsed)["status"];
  ExecCredential out;
  out.token = status["token"].get_string();
  out.cert_pem = status["clientCertificateData"].get_string();
  out.key_pem = status["clientKeyData"].get_string();
  out.expiration = status["expirationTimestamp"].get_string();
  if (out.token.empty() && out.cert_pem.empty()) {
    return make_error(Code::invalid, "it returned neither a token nor a client certificate");
  }
  if (out.cert_pem.empty() != out.key_pem.empty()) {
    return make_error(Code::invalid, "it returned a client certificate without key or the reverse");
  }
  return out;
}

Result<ExecCredential> run_exec_plugin(const ClusterAccess& access) {
  const ExecPlugin& plugin = *access.exec;
  std::string context = "exec: executable " + plugin.command;
  bool interactive = plugin.interactive_mode != "Never" && ::isatty(STDIN_FILENO) == 1;
  if (plugin.interactive_mode == "Always" && !interactive) {
    return make_error(Code::unavailable, context + ": standard input is not a terminal");
  }
  auto output = run(plugin, plugin_environment(access, interactive));
  if (!output.ok()) return std::move(output).error().with_context(context);
  return parse_exec_credential(*output, plugin).with_context(context);
}

}  // namespace weir::kube
