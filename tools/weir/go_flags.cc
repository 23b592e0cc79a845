#include "tools/weir/go_flags.hh"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>

#include "engine/base/duration.hh"
#include "engine/template/format.hh"

namespace weir::cli {

namespace {

std::optional<bool> parse_bool(std::string_view text) {
  static constexpr std::string_view yes[] = {"1", "t", "T", "true", "TRUE", "True"};
  static constexpr std::string_view no[] = {"0", "f", "F", "false", "FALSE", "False"};
  if (std::find(std::begin(yes), std::end(yes), text) != std::end(yes)) return true;
  if (std::find(std::begin(no), std::end(no), text) != std::end(no)) return false;
  return std::nullopt;
}

template <typename Number>
bool is_number(std::string_view text) {
  Number number{};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ec == std::errc() && end.ptr == text.data() + text.size();
}

bool is_switch(GoFlagKind kind) {
  return kind == GoFlagKind::boolean || kind == GoFlagKind::ignored_switch;
}

// One line of CSV, as pflag's slices take it.
std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  if (text.empty()) return out;
  std::string item;
  bool in_quotes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"' && in_quotes && i + 1 < text.size() && text[i + 1] == '"') {
      item += text[++i];
    } else if (text[i] == '"' && (in_quotes || item.empty())) {
      in_quotes = !in_quotes;
    } else if (text[i] == ',' && !in_quotes) {
      out.push_back(std::exchange(item, {}));
    } else {
      item += text[i];
    }
  }
  out.push_back(std::move(item));
  return out;
}

class Parser {
 public:
  explicit Parser(const std::vector<GoFlag>& flags) : flags_(flags) {}

  GoArguments run(int argc, char** argv) {
    for (next_ = 1; next_ < argc && out_.error.empty();) {
      const std::string_view word = argv[next_++];
      if (word == "--") {
        while (next_ < argc) out_.words.emplace_back(argv[next_++]);
      } else if (word.starts_with("--")) {
        long_flag(word.substr(2), argc, argv);
      } else if (word.size() > 1 && word.front() == '-') {
        short_flags(word, argc, argv);
      } else {
        out_.words.emplace_back(word);
      }
    }
    return std::move(out_);
  }

 private:
  void long_flag(std::string_view word, int argc, char** argv) {
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    if (name.empty() || name.front() == '-') {
      out_.error = "bad flag syntax: --" + std::string(word);
      return;
    }
    const auto flag = std::find_if(flags_.begin(), flags_.end(),
                                   [&](const GoFlag& known) { return known.name == name; });
    if (flag == flags_.end()) {
      out_.error = "unknown flag: --" + std::string(name);
    } else if (equals != std::string_view::npos) {
      set(*flag, word.substr(equals + 1));
    } else if (is_switch(flag->kind)) {
      set(*flag, "true");
    } else if (flag->kind == GoFlagKind::word) {
      set(*flag, flag->without_value);
    } else if (next_ < argc) {
      set(*flag, argv[next_++]);
    } else {
      out_.error = "flag needs an argument: --" + std::string(name);
    }
  }

  void short_flags(std::string_view word, int argc, char** argv) {
    for (std::size_t at = 1; at < word.size() && out_.error.empty(); ++at) {
      const char letter = word[at];
      const auto flag = std::find_if(flags_.begin(), flags_.end(), [&](const GoFlag& known) {
        return known.shorthand == letter && letter != '\0';
      });
      if (flag == flags_.end()) {
        out_.error = std::string("unknown shorthand flag: '").append(1, letter) + "' in " +
                     std::string(word);
      } else if (at + 1 < word.size() && word[at + 1] == '=') {
        set(*flag, word.substr(at + 2));
        return;
      } else if (is_switch(flag->kind)) {
        set(*flag, "true");
      } else if (at + 1 < word.size()) {
        set(*flag, word.substr(at + 1));
        return;
      } else if (next_ < argc) {
        set(*flag, argv[next_++]);
      } else {
        out_.error = std::string("flag needs an argument: '").append(1, letter) + "' in " +
                     std::string(word);
      }
    }
  }

  void refuse(const GoFlag& flag, std::string_view value, const std::string& why) {
    out_.error = "invalid argument " + tmpl::quoted(value) + " for " +
                 tmpl::quoted("--" + std::string(flag.name)) + " flag: " + why;
  }

  // What changes nothing must still be of its kind.
  void check(const GoFlag& flag, std::string_view value) {
    const std::string syntax = ": parsing " + tmpl::quoted(value) + ": invalid syntax";
    if (flag.kind == GoFlagKind::ignored_duration) {
      const auto duration = base::parse_duration(value);
      if (!duration.ok()) refuse(flag, value, duration.error().message);
    } else if (flag.kind == GoFlagKind::ignored_integer) {
      if (!is_number<std::int64_t>(value)) refuse(flag, value, "strconv.ParseInt" + syntax);
    } else if (!is_number<double>(value)) {
      refuse(flag, value, "strconv.ParseFloat" + syntax);
    }
  }

  void set(const GoFlag& flag, std::string_view value) {
    out_.given.emplace(flag.name);
    switch (flag.kind) {
      case GoFlagKind::boolean:
      case GoFlagKind::ignored_switch:
        if (const auto truth = parse_bool(value)) {
          if (flag.boolean) *flag.boolean = *truth;
        } else {
          refuse(flag, value,
                 "strconv.ParseBool: parsing " + tmpl::quoted(value) + ": invalid syntax");
        }
        break;
      case GoFlagKind::text:
      case GoFlagKind::word: *flag.text = value; break;
      case GoFlagKind::texts: flag.texts->emplace_back(value); break;
      case GoFlagKind::list:
        for (std::string& item : split_list(value)) flag.texts->push_back(std::move(item));
        break;
      case GoFlagKind::ignored: break;
      case GoFlagKind::ignored_duration:
      case GoFlagKind::ignored_integer:
      case GoFlagKind::ignored_number: check(flag, value); break;
    }
  }

  const std::vector<GoFlag>& flags_;
  int next_ = 1;
  GoArguments out_;
};

}  // namespace

GoArguments parse_go_flags(int argc, char** argv, const std::vector<GoFlag>& flags) {
  return Parser(flags).run(argc, argv);
}

}  // namespace weir::cli
