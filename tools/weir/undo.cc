// weir undo: makes again what a prune has deleted.
#include <charconv>

#include "engine/base/duration.hh"
#include "tools/weir/client.hh"
#include "tools/weir/order_wait.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

std::string name_of(const Value& object) {
  std::string name(object["kind"].get_string());
  for (const std::string_view part : {"namespace", "name"})
    if (object.contains(part)) name += "/" + std::string(object[part].get_string());
  return name;
}

// One line an object; false when it was not made.
bool say_effect(const Value& event) {
  const std::string subject(event["subject"].get_string());
  const std::string_view type = event["type"].get_string();
  if (type == "weir.StepFailed") {
    say_failure(event.path("data", "message").get_string());
    return false;
  }
  if (type == "weir.ObjectSkipped")
    say_warning(subject + " left alone: " + std::string(event.path("data", "reason").get_string()));
  else
    say_success(subject + " restored");
  return true;
}

int report(AuditClient& client, const Value& answer, base::Duration timeout) {
  const auto effects = wait_for_effects(client, answer["seq"].get_int(),
                                        answer["objects"].size(), timeout);
  if (!effects.ok()) return failed_request(effects.error());
  bool good = true;
  for (const Value& event : *effects) good = say_effect(event) && good;
  return good ? 0 : 1;
}

}  // namespace

int run_undo(int argc, char** argv) {
  AuditClient client;
  std::string seq_text, output = "table", timeout_text = "1m";
  bool only = false, dry_run = false, no_wait = false;
  Args args("undo",
            "Makes again what a prune has deleted, from the manifests that the log keeps. Nobody "
            "owns them then: they stay until somebody deletes them or a Kustomization builds "
            "them.");
  args.positional("seq", seq_text,
                  "An event of the reconcile that pruned, as 'weir history' and 'weir audit --type "
                  "ObjectPruned' show.");
  client.add_to(args);
  args.flag("--only", only, "The one object that the event is about, not all of its prune.");
  args.flag("--dry-run", dry_run, "Only prints what would be made.");
  args.flag("--no-wait", no_wait, "Does not wait until it is done.");
  args.option("--timeout", timeout_text, "How long to wait.");
  args.choice("-o,--output", output, {"table", "json", "yaml"}, "How to print it.");
  if (const auto code = args.parse(argc, argv)) return *code;
  std::int64_t seq = 0;
  const auto [end, error] =
      std::from_chars(seq_text.data(), seq_text.data() + seq_text.size(), seq);
  if (error != std::errc() || end != seq_text.data() + seq_text.size() || seq < 1)
    return failed("weir undo: \"" + seq_text + "\" is no number of an event", 2);
  const auto timeout = base::parse_duration(timeout_text);
  if (!timeout.ok()) return failed("weir undo: --timeout: " + timeout.error().message, 2);
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto answer = client.post(
      "/weir/v1/undo", Value::object({{"seq", seq}, {"only", only}, {"dryRun", dry_run}}));
  if (!answer.ok()) return failed_request(answer.error());
  if (output != "table") print_document(*answer, output);
  if (dry_run && output == "table")
    for (const Value& object : (*answer)["objects"].items())
      print(name_of(object) + " would be restored (deleted by event " +
            std::to_string(object["pruned"].get_int()) + ")\n");
  return dry_run || no_wait ? 0 : report(client, *answer, *timeout);
}

}  // namespace weir::cli
