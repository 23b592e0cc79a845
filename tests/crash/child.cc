#include "tests/crash/child.hh"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/assert.hh"

namespace weir::test {

Child::Child(const std::string& name, const std::string& directory) {
  int ends[2];
  WEIR_ASSERT(::pipe(ends) == 0);
  WEIR_ASSERT(::fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0);
  const std::string report = std::to_string(ends[1]);
  process_ = ::fork();
  WEIR_ASSERT(process_ >= 0);
  if (process_ == 0) {
    ::setenv(child_directory, directory.c_str(), 1);
    ::setenv(child_pipe, report.c_str(), 1);
    ::execl("/proc/self/exe", "crash", name.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::close(ends[1]);
  pipe_ = ends[0];
}

Child::~Child() {
  kill();
  wait();
  ::close(pipe_);
}

std::string Child::reports(bool until_end) {
  std::string text;
  for (;;) {
    pollfd ready{pipe_, POLLIN, 0};
    if (::poll(&ready, 1, until_end ? -1 : 0) <= 0) return text;
    char buffer[4096];
    const ssize_t got = ::read(pipe_, buffer, sizeof buffer);
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

std::string Child::reports_of(std::size_t bytes) {
  std::string text;
  char buffer[4096];
  while (text.size() < bytes) {
    const ssize_t got = ::read(pipe_, buffer, sizeof buffer);
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

void Child::kill() {
  if (process_ > 0) ::kill(process_, SIGKILL);
}

int Child::wait() {
  if (process_ <= 0) return 0;
  int status = 0;
  WEIR_ASSERT(::waitpid(process_, &status, 0) == process_);
  process_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace weir::test
