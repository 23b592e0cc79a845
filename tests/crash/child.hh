// Runs a hidden test of this same program in a process of its own, so that it can be killed or
// starved without taking the tests along. (A plain fork would copy RocksDB's locks without its
// threads.)
#pragma once

#include <sys/types.h>

#include <string>

namespace weir::test {

// What the hidden test finds in the environment.
inline constexpr const char* child_directory = "WEIR_CRASH_DIRECTORY";
inline constexpr const char* child_pipe = "WEIR_CRASH_PIPE";  // descriptor to report on

class Child {
 public:
  // Starts the hidden test `name` on `directory`.
  Child(const std::string& name, const std::string& directory);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Everything reported until now without waiting, or until the child ends.
  std::string reports(bool until_end);
  // Waits until at least `bytes` were reported, or the child ends.
  std::string reports_of(std::size_t bytes);
  void kill();
  // The exit code; negative: the signal that ended it.
  int wait();

 private:
  pid_t process_ = -1;
  int pipe_ = -1;
};

}  // namespace weir::test
