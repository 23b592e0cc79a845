// weir diff: what changed in an object between two instants; `weir diff ks NAME --path DIR` is
// diff_ks.cc's.
#include <cstring>

#include "tools/weir/client.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

bool has_option(int argc, char** argv, std::string_view name) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == name || (word.starts_with(name) && word.substr(name.size()).starts_with('=')))
      return true;
  }
  return false;
}

}  // namespace

int run_diff(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if ((first == "ks" || first == "kustomization") && !has_option(argc, argv, "--from"))
    return run_diff_kustomization(argc - 1, argv + 1);
  AuditClient client;
  ObjectName object;
  std::string from, to, output = "table";
  bool live = false;
  Args args("diff",
            "What changed in an object between two instants: exit code 0 for nothing, 1 for "
            "changes. 'weir diff ks NAME --path DIR' compares local files with the cluster.");
  object.add_to(args);
  client.add_to(args);
  args.option("--from", from, "A time (RFC 3339, -2h), a sequence number or a revision.");
  args.option("--to", to, "The same. Default: now.");
  args.flag("--live", live, "As it stood in the cluster, others' changes included.");
  args.choice("-o,--output", output, {"table", "json", "yaml"}, "How to print it.");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (from.empty()) return failed("weir diff: --from is needed (see 'weir diff --help')", 2);
  if (const auto read = object.read(); !read.ok()) return failed_request(read.error());
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto answer = client.get(object.path() + "/diff",
                                 {{"from", from}, {"to", to}, {"side", live ? "live" : "desired"}});
  if (!answer.ok()) return failed_request(answer.error());
  const std::string action((*answer)["action"].get_string());
  if (output != "table") {
    print_document(*answer, output);
  } else if (action == "created" || action == "deleted") {
    print("► " + object.kind + "/" + object.name + " " + action + "\n");
  } else {
    print((*answer)["text"].get_string());
  }
  return action == "unchanged" ? 0 : 1;
}

}  // namespace weir::cli
