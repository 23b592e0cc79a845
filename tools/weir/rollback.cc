// weir rollback, unpin and release: pins Kustomizations to an instant and lets them go; lets a held
// prune go.
#include <chrono>
#include <optional>
#include <thread>

#include "engine/base/duration.hh"
#include "tools/weir/client.hh"
#include "tools/weir/order_wait.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

Result<Value> read_targets(const std::vector<std::string>& names, const std::string& ns) {
  Value targets = Value::array();
  for (const std::string& text : names) {
    const std::size_t slash = text.find('/');
    if (slash == 0 || slash + 1 == text.size())
      return make_error(Code::invalid, "\"" + text + "\" is not ks/NAME or hr/NAME");
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

std::string name_of(const Value& target) {
  std::string name(target["kind"].get_string());
  name.append("/").append(target["namespace"].get_string());
  return name.append("/").append(target["name"].get_string());
}

void print_plan(const Value& target, bool dry_run, bool hold) {
  const std::string name = name_of(target);
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

void print_skipped(const Value& answer) {
  for (const Value& target : answer["skipped"].items())
    say_warning(name_of(target) +
                " is passed over: " + std::string(target["reason"].get_string()));
}

// What was pushed, or why it was not.
int report_commits(AuditClient& client, const Value& commits, base::Duration timeout) {
  bool good = true;
  for (const Value& commit : commits.items()) {
    const auto effects = wait_for_effects(client, commit["seq"].get_int(), 1, timeout);
    if (!effects.ok()) return failed_request(effects.error());
    const Value& data = effects->front()["data"];
    const bool pushed = effects->front()["type"].get_string() == "weir.CommitPushed";
    good = good && pushed;
    if (pushed)
      say_success("commit " + truncate_hex(data.path("commit", "sha").get_string()) +
                  " pushed to " + std::string(data["branch"].get_string()));
    else
      say_failure(data["message"].get_string());
  }
  return good ? 0 : 1;
}

void print_commits(const Value& commits, bool dry_run) {
  for (const Value& commit : commits.items()) {
    const std::string_view message = commit["message"].get_string();
    print("► " + std::string(commit.path("source", "kind").get_string()) + "/" +
          std::string(commit.path("source", "namespace").get_string()) + "/" +
          std::string(commit.path("source", "name").get_string()) + ", branch " +
          std::string(commit["branch"].get_string()) + ": " +
          truncate_hex(message.substr(0, message.find('\n'))) + "\n");
    for (const Value& file : commit["files"].items())
      print("  " + std::string(file.get_string()) + (dry_run ? " would go back" : " goes back") +
            "\n");
  }
}

// What is left to do for a target: "" when it is pinned and ready, its failure, or "...".
std::string progress_of(const Value& summary, const Value& target) {
  for (const Value& item : summary["items"].items()) {
    if (item["kind"] != target["kind"] || item["name"] != target["name"] ||
        item["namespace"] != target["namespace"])
      continue;
    if (item["suspended"].get_bool()) return "";  // it is applied when it is resumed
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
        failure = name_of(target) + ": " + left;
    }
    if (ready == targets.size()) return {};
    if (std::chrono::steady_clock::now() > deadline)
      return make_error(Code::timeout, failure.empty() ? std::to_string(targets.size() - ready) +
                                                             " of them are not ready yet"
                                                       : failure);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace

namespace {

struct RollbackOptions {
  AuditClient client;
  std::vector<std::string> names;
  std::string to, ns, output = "table", timeout = "5m";
  bool hold = false, until_next = false, dry_run = false, all = false, no_wait = false;
  bool git_revert = false;
};

std::optional<int> parse(RollbackOptions& o, int argc, char** argv) {
  Args args("rollback",
            "Pins Kustomizations and HelmReleases to what they last applied successfully at an "
            "instant, until something newer is asked for.");
  args.positional("name", o.names, "ks/NAME or hr/NAME, one or more.", false);
  o.client.add_to(args);
  args.option("-n,--namespace", o.ns,
              "Namespace of the Kustomizations, default flux-system. Without names: all of it.");
  args.flag("--all", o.all,
            "Every Kustomization, and every HelmRelease that none applies; with --namespace those "
            "there.");
  args.flag("--no-wait", o.no_wait, "Does not wait until all of them are ready.");
  args.option("--timeout", o.timeout, "How long to wait.");
  args.option("--to", o.to, "A time (RFC 3339, -2h), a sequence number or a revision.");
  args.flag("--until-next", o.until_next, "Until the source has a newer revision: the default.");
  args.flag("--hold", o.hold, "Stays pinned until 'weir unpin', whatever the source brings.");
  args.flag("--git-revert", o.git_revert,
            "Pins nothing: commits the files as they were to the source's branch.");
  args.flag("--dry-run", o.dry_run, "Only prints what would change.");
  args.choice("-o,--output", o.output, {"table", "json", "yaml"}, "How to print it.");
  return args.parse(argc, argv);
}

// What is wrong with the combination; "" when nothing is.
std::string wrong_combination(const RollbackOptions& o) {
  if (o.to.empty()) return "--to is needed";
  if (o.hold && o.until_next) return "--hold and --until-next exclude each other";
  if (o.hold && o.git_revert) return "--git-revert pins nothing, so there is nothing to --hold";
  const bool every = o.all || (o.names.empty() && !o.ns.empty());
  if (every != o.names.empty()) return "name Kustomizations or give --all";
  return {};
}

Result<Value> rollback_body(const RollbackOptions& o) {
  Value body = Value::object({{"to", o.to}, {"hold", o.hold}, {"dryRun", o.dry_run}});
  if (o.git_revert) body.set("gitRevert", true);
  if (o.names.empty()) {
    body.set("all", true);
    if (!o.ns.empty()) body.set("namespace", o.ns);
    return body;
  }
  WEIR_TRY(Value targets, read_targets(o.names, o.ns.empty() ? "flux-system" : o.ns));
  body.set("targets", std::move(targets));
  return body;
}

}  // namespace

int run_rollback(int argc, char** argv) {
  RollbackOptions o;
  if (const auto code = parse(o, argc, argv)) return *code;
  if (const std::string wrong = wrong_combination(o); !wrong.empty())
    return failed("weir rollback: " + wrong + " (see 'weir rollback --help')", 2);
  const auto timeout = base::parse_duration(o.timeout);
  if (!timeout.ok()) return failed("weir rollback: --timeout: " + timeout.error().message, 2);
  const auto body = rollback_body(o);
  if (!body.ok()) return failed_request(body.error());
  if (const auto opened = o.client.open(); !opened.ok()) return failed_request(opened.error());
  const auto answer = o.client.post("/weir/v1/rollback", *body);
  if (!answer.ok()) return failed_request(answer.error());
  const Value& targets = (*answer)["targets"];
  if (o.output != "table")
    print_document(*answer, o.output);
  else if (o.git_revert)
    print_commits((*answer)["commits"], o.dry_run);
  else
    for (const Value& target : targets.items()) print_plan(target, o.dry_run, o.hold);
  print_skipped(*answer);
  if (o.dry_run || o.no_wait) return 0;
  if (o.git_revert) return report_commits(o.client, (*answer)["commits"], *timeout);
  const auto pinned = wait_until_pinned(o.client, targets, *timeout);
  return pinned.ok() ? 0 : failed_request(pinned.error());
}

namespace {

// A verb that needs nothing but its targets.
int run_order(const std::string& verb, const std::string& about, int argc, char** argv) {
  AuditClient client;
  std::vector<std::string> names;
  std::string ns = "flux-system";
  Args args(verb, about);
  args.positional("name", names, "ks/NAME or hr/NAME, one or more.");
  client.add_to(args);
  args.option("-n,--namespace", ns, "Namespace of the Kustomizations.");
  if (const auto code = args.parse(argc, argv)) return *code;
  const auto targets = read_targets(names, ns);
  if (!targets.ok()) return failed_request(targets.error());
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto answer = client.post("/weir/v1/" + verb, Value::object({{"targets", *targets}}));
  if (!answer.ok()) return failed_request(answer.error());
  for (const Value& target : (*answer)["targets"].items())
    say_success(name_of(target) + " released");
  return 0;
}

}  // namespace

int run_unpin(int argc, char** argv) {
  return run_order("unpin", "Lets go what a rollback has pinned.", argc, argv);
}

int run_release(int argc, char** argv) {
  return run_order("release", "Lets held prunes of Kustomizations go on, for the revision at hand.",
                   argc, argv);
}

}  // namespace weir::cli
