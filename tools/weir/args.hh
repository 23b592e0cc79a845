// The command line of one verb, over CLI11 (only in args.cc). Unknown flags, missing arguments and
// wrong types print one line and end in exit code 2; --help prints the usage and ends in 0.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"

namespace weir::cli {

class Args {
 public:
  // `usage`: what stands behind "weir": "get sources git". `about`: one or two sentences.
  Args(std::string usage, std::string about);
  ~Args();
  Args(const Args&) = delete;
  Args& operator=(const Args&) = delete;

  // Names as in "-n,--namespace". Targets must outlive parse(); their values are the defaults.
  void flag(const std::string& names, bool& target, const std::string& help);
  void option(const std::string& names, std::string& target, const std::string& help);
  void option(const std::string& names, std::vector<std::string>& target, const std::string& help);
  void option(const std::string& names, int& target, const std::string& help);
  // One of a set of words.
  void choice(const std::string& names, std::string& target, std::vector<std::string> words,
              const std::string& help);
  void positional(const std::string& name, std::string& target, const std::string& help,
                  bool required = true);
  void positional(const std::string& name, std::vector<std::string>& target,
                  const std::string& help, bool required = true);

  // Whether the option of that name ("--namespace") stood on the command line; after parse().
  bool given(const std::string& name) const;

  // argv[0] is skipped. An exit code when the program is to end now (help: 0, usage error: 2).
  std::optional<int> parse(int argc, char** argv);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One verb of the program: "get", "rollback". `run` gets the arguments from the verb on.
struct Verb {
  std::string_view name;
  std::string_view about;
  int (*run)(int argc, char** argv);
};

// Looks `name` up; prints the list or the closest name and returns 2 when there is none. For verbs
// with verbs of their own (`weir get sources git`) `prefix` is what stands before.
int dispatch(std::string_view prefix, const std::vector<Verb>& verbs, int argc, char** argv);

// Prints "✗ <message>" on stderr and returns `code`.
int failed(std::string_view message, int code = 1);
// The same; the code is 2 for what the caller wrote wrong (Code::invalid), else 1.
int failed(const Error& error);

}  // namespace weir::cli
