#include "tests/peers/git/git_servers.hh"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace weir::git_peers {

std::string run(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe);
  std::string out;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe))
    out.append(buffer, got);
  INFO(command);
  REQUIRE(::pclose(pipe) == 0);
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

std::string slurp(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

Servers::Servers() {
  char name[] = "/tmp/weir-git-XXXXXX";
  root = ::mkdtemp(name);
  fs::create_directories(root / "repos");
  run("cd " + root.string() + " && git init -q -b main work && cd work && "
      "git config user.name Ann && git config user.email ann@example.com && "
      "mkdir -p deploy && echo a > deploy/a.yaml && echo s > run.sh && chmod +x run.sh && "
      "ln -s deploy/a.yaml link.yaml && ln -s ../outside escape && "
      "git add . && git commit -q -m 'First\n\nBody' && git tag 1.0.0 && "
      "echo b > deploy/b.yaml && git add . && git commit -q -m Second && "
      "git tag -a v1.1.0 -m t && "
      "git tag 1.2.0-rc.1 && git tag latest && git checkout -q -b feature/x && "
      "git commit -q --allow-empty -m Third && git checkout -q main && "
      "git update-ref refs/pull/7/head feature/x && "
      "git clone -q --mirror . ../repos/app.git && git init -q --bare ../repos/empty.git");
  int in[2], out[2];
  REQUIRE((::pipe(in) == 0 && ::pipe(out) == 0));
  child = ::fork();
  if (child == 0) {
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    for (const int fd : {in[0], in[1], out[0], out[1]}) ::close(fd);
    const std::string script = WEIR_SOURCE_DIR "/tests/support/git_http_server.py";
    ::execlp("python3", "python3", script.c_str(), root.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  input = in[1];
  FILE* lines = ::fdopen(out[0], "r");
  char key[32], value[32];
  while (std::fscanf(lines, "%31s", key) == 1 && std::string(key) != "ready")
    if (std::fscanf(lines, "%31s", value) == 1) ports[key] = value;
  REQUIRE(ports.contains("http"));
}

Servers::~Servers() {
  ::close(input);
  int status = 0;
  ::waitpid(child, &status, 0);
  std::error_code ignored;
  fs::remove_all(root, ignored);
}

GitRequest on(std::string url, std::string branch) {
  GitRequest request;
  request.url = std::move(url);
  request.reference.branch = std::move(branch);
  request.timeout = std::chrono::seconds(20);
  return request;
}

double seconds(const std::function<void()>& what) {
  const auto begin = std::chrono::steady_clock::now();
  what();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace weir::git_peers
