// Flags as Go's command lines take them (pflag): "--name value", "--name=value", "-n value",
// "-nvalue", grouped short switches, "--" before words. For the verbs that stand in for a Go tool,
// flag by flag and error by error.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace weir::cli {

enum class GoFlagKind : unsigned char {
  boolean,  // a switch; "--name=false" turns it off
  text,     // a value, the last one counts
  texts,    // a value each time
  list,     // comma-separated values, each time more
  word,     // as text, but the value may be left out
  ignored,  // a value that changes nothing here
  ignored_switch,
  ignored_duration,  // these must be what they are called
  ignored_integer,
  ignored_number,
};

struct GoFlag {
  std::string_view name;
  GoFlagKind kind;
  char shorthand = '\0';
  bool* boolean = nullptr;
  std::string* text = nullptr;
  std::vector<std::string>* texts = nullptr;
  std::string_view without_value = {};  // of a word
};

// Sets the targets and gives the words that are no flags. An error is the text pflag gives.
struct GoArguments {
  std::vector<std::string> words;
  std::set<std::string> given;  // names of the flags that were set
  std::string error;
};
GoArguments parse_go_flags(int argc, char** argv, const std::vector<GoFlag>& flags);

}  // namespace weir::cli
