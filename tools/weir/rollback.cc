// weir rollback, unpin and release: pins Kustomizations to an instant and lets them go; lets a held
// prune go.
#include <chrono>
#include <thread>

#include "engine/base/duration.hh"
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

// Every Kustomization that the running engine knows; of one namespace when it is named.
Result<Value> all_targets(AuditClient& client, const std::string& ns) {
  WEIR_TRY(const Value summary, client.get("/weir/v1/summary"));
  Value targets = Value::array();
  for (const Value& item : summary["items"].items()) {
    if (item["kind"].get_string() != "Kustomization") continue;
    if (!ns.empty() && item["namespace"].get_string() != ns) continue;
    targets.push_back(Value::object(
        {{"kind", "Kustomization"}, {"namespace", item["namespace"]}, {"name", item["name"]}}));
  }
  if (targets.empty())
    return make_error(Code::not_found,
                      "no Kustomizations found" + (ns.empty() ? "" : " in namespace " + ns));
  return targets;
}

// What is left to do for a target: "" when it is pinned and ready, its failure, or "...".
std::string progress_of(const Value& summary, const Value& target) {
  for (const Value& item : summary["items"].items()) {
    if (item["kind"].get_string() != "Kustomization" || item["name"] != target["name"] ||
        item["namespace"] != target["namespace"])
      continue;
    const std::string_view message = item["message"].get_string();
    const std::string pin = "to event " + std::to_string(target["toSeq"].get_int());
    if (item["running"].get_bool()) return "...";
    if (item["ready"].get_string() == "True")
      return message.find(pin) == std::string_view::npos ? "..." : "";
    if (item["ready"].get_string() == "False" &&
        item["reason"].get_string() != "DependencyNotReady")
      return std::string(message);
  }
  return "...";
}

Result<void> wait_until_pinned(AuditClient& client, const Value& targets, base::Duration timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    WEIR_TRY(const Value summary, client.get("/weir/v1/summary"));
    std::size_t ready = 0;
    std::string failure;
    for (const Value& target : targets.items()) {
      const std::string left = progress_of(summary, target);
      if (left.empty()) ++ready;
      if (!left.empty() && left != "...")
        failure = "Kustomization/" + std::string(target["namespace"].get_string()) + "/" +
                  std::string(target["name"].get_string()) + ": " + left;
    }
    if (ready == targets.size()) return {};
    if (std::chrono::steady_clock::now() > deadline)
      return make_error(Code::timeout, failure.empty() ? std::to_string(targets.size() - ready) +
                                                             " Kustomizations are not ready yet"
                                                       : failure);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace

int run_rollback(int argc, char** argv) {
  AuditClient client;
  std::vector<std::string> names;
  std::string to, ns, output = "table", timeout_text = "5m";
  bool hold = false, dry_run = false, all = false, no_wait = false;
  Args args("rollback",
            "Pins Kustomizations to what they last applied successfully at an instant, until "
            "their source has a newer revision.");
  args.positional("name", names, "ks/NAME, one or more.", false);
  client.add_to(args);
  args.option("-n,--namespace", ns, "Namespace of the Kustomizations. Default: flux-system.");
  args.flag("--all", all, "Every Kustomization; with --namespace those of that namespace.");
  args.flag("--no-wait", no_wait, "Does not wait until all of them are ready.");
  args.option("--timeout", timeout_text, "How long to wait.");
  args.option("--to", to, "A time (RFC 3339, -2h), a sequence number or a revision.");
  args.flag("--hold", hold, "Stays pinned until 'weir unpin', whatever the source brings.");
  args.flag("--dry-run", dry_run, "Only prints what would change.");
  args.choice("-o,--output", output, {"table", "json", "yaml"}, "How to print it.");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (to.empty()) return failed("weir rollback: --to is needed (see 'weir rollback --help')", 2);
  if (all != names.empty())
    return failed("weir rollback: name Kustomizations or give --all (see 'weir rollback --help')",
                  2);
  const auto timeout = base::parse_duration(timeout_text);
  if (!timeout.ok()) return failed("weir rollback: --timeout: " + timeout.error().message, 2);
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto targets =
      all ? all_targets(client, ns) : read_targets(names, ns.empty() ? "flux-system" : ns);
  if (!targets.ok()) return failed_request(targets.error());
  const auto answer = client.post(
      "/weir/v1/rollback",
      Value::object({{"targets", *targets}, {"to", to}, {"hold", hold}, {"dryRun", dry_run}}));
  if (!answer.ok()) return failed_request(answer.error());
  if (output != "table")
    print_document(*answer, output);
  else
    for (const Value& target : (*answer)["targets"].items()) print_plan(target, dry_run, hold);
  if (dry_run || no_wait) return 0;
  const auto pinned = wait_until_pinned(client, (*answer)["targets"], *timeout);
  return pinned.ok() ? 0 : failed_request(pinned.error());
}

namespace {

// A verb that needs nothing but its targets.
int run_order(const std::string& verb, const std::string& about, int argc, char** argv) {
  AuditClient client;
  std::vector<std::string> names;
  std::string ns = "flux-system";
  Args args(verb, about);
  args.positional("name", names, "ks/NAME, one or more.");
  client.add_to(args);
  args.option("-n,--namespace", ns, "Namespace of the Kustomizations.");
  if (const auto code = args.parse(argc, argv)) return *code;
  const auto targets = read_targets(names, ns);
  if (!targets.ok()) return failed_request(targets.error());
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto answer = client.post("/weir/v1/" + verb, Value::object({{"targets", *targets}}));
  if (!answer.ok()) return failed_request(answer.error());
  for (const Value& target : (*answer)["targets"].items())
    say_success("Kustomization/" + std::string(target["namespace"].get_string()) + "/" +
                std::string(target["name"].get_string()) + " released");
  return 0;
}

}  // namespace

int run_unpin(int argc, char** argv) {
  return run_order("unpin", "Lets Kustomizations go that a rollback has pinned.", argc, argv);
}

int run_release(int argc, char** argv) {
  return run_order("release", "Lets held prunes of Kustomizations go on, for the revision at hand.",
                   argc, argv);
}

}  // namespace weir::cli
