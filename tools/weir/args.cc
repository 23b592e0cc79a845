#include "tools/weir/args.hh"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "engine/base/closest.hh"

namespace weir::cli {

struct Args::Impl {
  CLI::App app;
  std::string usage;
};

Args::Args(std::string usage, std::string about) : impl_(std::make_unique<Impl>()) {
  impl_->usage = std::move(usage);
  impl_->app.description(std::move(about));
  impl_->app.name("weir " + impl_->usage);
  impl_->app.set_help_flag("-h,--help", "Shows this help.");
  impl_->app.get_formatter()->column_width(36);
}

Args::~Args() = default;

void Args::flag(const std::string& names, bool& target, const std::string& help) {
  impl_->app.add_flag(names, target, help);
}

void Args::option(const std::string& names, std::string& target, const std::string& help) {
  impl_->app.add_option(names, target, help)->capture_default_str();
}

void Args::option(const std::string& names, std::vector<std::string>& target,
                  const std::string& help) {
  impl_->app.add_option(names, target, help)->expected(1)->take_all()->allow_extra_args(false);
}

void Args::option(const std::string& names, int& target, const std::string& help) {
  impl_->app.add_option(names, target, help)->capture_default_str();
}

void Args::choice(const std::string& names, std::string& target, std::vector<std::string> words,
                  const std::string& help) {
  impl_->app.add_option(names, target, help)->check(CLI::IsMember(std::move(words)));
}

void Args::positional(const std::string& name, std::string& target, const std::string& help,
                      bool required) {
  auto* option = impl_->app.add_option(name, target, help);
  if (required) option->required();
}

void Args::positional(const std::string& name, std::vector<std::string>& target,
                      const std::string& help, bool required) {
  auto* option = impl_->app.add_option(name, target, help);
  if (required) option->required();
}

bool Args::given(const std::string& name) const { return impl_->app.count(name) > 0; }

std::optional<int> Args::parse(int argc, char** argv) {
  try {
    impl_->app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(impl_->app.help().c_str(), stdout);
    return 0;
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "✗ weir %s: %s (see 'weir %s --help')\n", impl_->usage.c_str(),
                 error.what(), impl_->usage.c_str());
    return 2;
  }
  return std::nullopt;
}

int dispatch(std::string_view prefix, const std::vector<Verb>& verbs, int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  for (const Verb& verb : verbs)
    if (verb.name == name) return verb.run(argc - 1, argv + 1);
  const std::string program = prefix.empty() ? "weir" : "weir " + std::string(prefix);
  const bool help = name == "--help" || name == "-h" || name == "help" || name.empty();
  if (!help) {
    std::vector<std::string_view> names;
    for (const Verb& verb : verbs) names.push_back(verb.name);
    const std::string close(base::closest_name(name, names));
    const std::string hint = close.empty() ? "" : ", did you mean '" + close + "'?";
    return failed("unknown command '" + name + "' for '" + program + "'" + hint, 2);
  }
  std::FILE* out = name.empty() ? stderr : stdout;
  std::fprintf(out, "Usage: %s COMMAND [flags]\n\nCommands:\n", program.c_str());
  for (const Verb& verb : verbs)
    std::fprintf(out, "  %-16.*s %.*s\n", static_cast<int>(verb.name.size()), verb.name.data(),
                 static_cast<int>(verb.about.size()), verb.about.data());
  std::fprintf(out, "\nSee '%s COMMAND --help'.\n", program.c_str());
  return name.empty() ? 2 : 0;
}

int failed(std::string_view message, int code) {
  std::fprintf(stderr, "✗ %.*s\n", static_cast<int>(message.size()), message.data());
  return code;
}

int failed(const Error& error) {
  return failed(error.message, error.code == Code::invalid ? 2 : 1);
}

}  // namespace weir::cli
