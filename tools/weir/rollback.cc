// weir rollback and unpin: pins Kustomizations to an instant, and lets them go.
#include "tools/weir/client.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

Result<Value> read_targets(const std::vector<std::string>& names, const std::string& ns) {
  Value targets = Value::array();
  for (const std::string& text : names) {
    const std::size_t slash = text.find('/');
    if (slash == 0 || slash + 1 == text.size())
      return make_error(Code::invalid, "\"" + text + "\" is not ks/NAME");
    const bool bare = slash == std::string::npos;
    targets.push_back(Value::object({{"kind", bare ? "Kustomization" : text.substr(0, slash)},
                                     {"namespace", ns},
                                     {"name", bare ? text : text.substr(slash + 1)}}));
  }
  return targets;
}

void print_list(std::string_view action, const Value& names) {
  for (const Value& name : names.items())
    print("  " + std::string(name.get_string()) + " " + std::string(action) + "\n");
}

void print_plan(const Value& target, bool dry_run, bool hold) {
  const std::string name = "Kustomization/" + std::string(target["namespace"].get_string()) + "/" +
                           std::string(target["name"].get_string());
  const std::string text = name + (dry_run ? " would be pinned to " : " pinned to ") +
                           truncate_hex(target["revision"].get_string()) + " (event " +
                           std::to_string(target["toSeq"].get_int()) + ")" +
                           (hold ? ", until 'weir unpin'" : ", until a newer revision");
  if (dry_run)
    print(text + "\n");
  else
    say_success(text);
  print_list("created", target["created"]);
  print_list("configured", target["configured"]);
  print_list("deleted", target["deleted"]);
}

}  // namespace

int run_rollback(int argc, char** argv) {
  AuditClient client;
  std::vector<std::string> names;
  std::string to, ns = "flux-system", output = "table";
  bool hold = false, dry_run = false;
  Args args("rollback",
            "Pins Kustomizations to what they last applied successfully at an instant, until "
            "their source has a newer revision.");
  args.positional("name", names, "ks/NAME, one or more.");
  client.add_to(args);
  args.option("-n,--namespace", ns, "Namespace of the Kustomizations.");
  args.option("--to", to, "A time (RFC 3339, -2h), a sequence number or a revision.");
  args.flag("--hold", hold, "Stays pinned until 'weir unpin', whatever the source brings.");
  args.flag("--dry-run", dry_run, "Only prints what would change.");
  args.choice("-o,--output", output, {"table", "json", "yaml"}, "How to print it.");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (to.empty()) return failed("weir rollback: --to is needed (see 'weir rollback --help')", 2);
  const auto targets = read_targets(names, ns);
  if (!targets.ok()) return failed_request(targets.error());
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto answer = client.post(
      "/weir/v1/rollback",
      Value::object({{"targets", *targets}, {"to", to}, {"hold", hold}, {"dryRun", dry_run}}));
  if (!answer.ok()) return failed_request(answer.error());
  if (output != "table")
    print_document(*answer, output);
  else
    for (const Value& target : (*answer)["targets"].items()) print_plan(target, dry_run, hold);
  return 0;
}

int run_unpin(int argc, char** argv) {
  AuditClient client;
  std::vector<std::string> names;
  std::string ns = "flux-system";
  Args args("unpin", "Lets Kustomizations go that a rollback has pinned.");
  args.positional("name", names, "ks/NAME, one or more.");
  client.add_to(args);
  args.option("-n,--namespace", ns, "Namespace of the Kustomizations.");
  if (const auto code = args.parse(argc, argv)) return *code;
  const auto targets = read_targets(names, ns);
  if (!targets.ok()) return failed_request(targets.error());
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto answer = client.post("/weir/v1/unpin", Value::object({{"targets", *targets}}));
  if (!answer.ok()) return failed_request(answer.error());
  for (const Value& target : (*answer)["targets"].items())
    say_success("Kustomization/" + std::string(target["namespace"].get_string()) + "/" +
                std::string(target["name"].get_string()) + " released");
  return 0;
}

}  // namespace weir::cli
