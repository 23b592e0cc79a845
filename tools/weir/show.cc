// weir show: what an object was.
#include "tools/weir/client.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {

int run_show(int argc, char** argv) {
  AuditClient client;
  ObjectName object;
  std::string at, output = "yaml";
  std::string side = "desired";
  bool live = false;
  Args args("show", "The manifest of an object as it was applied, or as it lived, at an instant.");
  object.add_to(args);
  client.add_to(args);
  args.option("--at", at, "A time (RFC 3339, -2h), a sequence number or a revision. Default: now.");
  args.choice("--side", side, {"desired", "rendered", "live", "health"},
              "As applied, as its owner's build made it, as it stood, or its health.");
  args.flag("--live", live, "As it stood in the cluster, others' changes included.");
  args.choice("-o,--output", output, {"yaml", "json"}, "How to print it.");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (const auto read = object.read(); !read.ok()) return failed_request(read.error());
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto answer =
      client.get(object.path() + "/at", {{"at", at}, {"side", live ? "live" : side}});
  if (!answer.ok()) return failed_request(answer.error());
  if (side == "health" && !live) {
    print_document((*answer)["health"], output);
    return 0;
  }
  if (!(*answer)["manifest"].is_object())
    return failed("the log has no manifest of " + object.kind + "/" + object.name);
  print_document((*answer)["manifest"], output);
  return 0;
}

}  // namespace weir::cli
