// Real Git servers for the tests of adapters/git: a folder of repositories, and git-http-backend,
// sshd and a few that misbehave over it. Started once for the whole program.
#pragma once

#include <sys/types.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "adapters/git/mirrors.hh"

namespace weir::git_peers {

using reconcile::GitRequest;

namespace fs = std::filesystem;

// What a command of the shell prints; it must succeed.
std::string run(const std::string& command);
std::string slurp(const fs::path& path);

// A folder with repositories and the servers over them, for the whole program.
struct Servers {
  fs::path root;
  std::map<std::string, std::string> ports;
  int input = -1;
  pid_t child = -1;

  static Servers& get() {
    static Servers servers;
    return servers;
  }

  Servers();
  ~Servers();

  std::string http(const std::string& mode, const std::string& repository = "app.git") {
    return "http://127.0.0.1:" + ports["http"] + "/" + mode + "/" + repository;
  }
  std::string ssh() {
    return "ssh://root@127.0.0.1:" + ports["ssh"] + (root / "repos/app.git").string();
  }
  std::string git(const std::string& command) {
    return run("git -C " + (root / "repos/app.git").string() + " " + command);
  }
  // A commit on main of the served repository; its id.
  std::string commit(const std::string& file, const std::string& text) {
    run("cd " + (root / "work").string() + " && echo '" + text + "' > " + file +
        " && git add . && git commit -q -m 'Change' && git push -q ../repos/app.git main");
    return git("rev-parse main");
  }
};

struct Port {
  fs::path directory;
  git::GitMirrors mirrors;

  static fs::path fresh() {
    char name[] = "/tmp/weir-mirror-XXXXXX";
    return fs::path(::mkdtemp(name)) / "mirrors";
  }
  Port() : directory(fresh()), mirrors(directory) {}
  ~Port() {
    std::error_code ignored;
    fs::remove_all(directory.parent_path(), ignored);
  }
  Result<reconcile::GitCheckout> operator()(const GitRequest& request) {
    return mirrors.checkout(request);
  }
};

GitRequest on(std::string url, std::string branch = "main");
double seconds(const std::function<void()>& what);

}  // namespace weir::git_peers
