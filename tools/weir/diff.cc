// weir diff: what changed in an object between two instants; `weir diff ks NAME --path DIR` is
// diff_ks.cc's, `weir diff hr NAME` is preview.cc's, `weir diff artifact` is diff_artifact.cc's.
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

// weir diff cluster: every object that became another one.
int run_diff_cluster(int argc, char** argv) {
  AuditClient client;
  std::string from, to, kind, ns, owner, side = "desired", output = "table";
  Args args("diff cluster",
            "What changed in the cluster between two instants: exit code 0 for nothing, 1 for "
            "changes.");
  client.add_to(args);
  args.option("--from", from, "A time (RFC 3339, -2h), a sequence number or a revision.");
  args.option("--to", to, "The same. Default: now.");
  args.option("--kind", kind, "Only objects of this kind.");
  args.option("-n,--namespace", ns, "Only objects of this namespace; - for cluster-scoped ones.");
  args.option("--owner", owner, "Only objects of this KIND/NAMESPACE/NAME.");
  args.choice("--side", side, {"desired", "rendered", "live"},
              "As applied, as built, as it stood.");
  args.choice("-o,--output", output, {"table", "json", "yaml"}, "How to print it.");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (from.empty())
    return failed("weir diff cluster: --from is needed (see 'weir diff cluster --help')", 2);
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto answer = client.get("/weir/v1/diff", {{"from", from},
                                                   {"to", to},
                                                   {"kind", kind},
                                                   {"namespace", ns},
                                                   {"owner", owner},
                                                   {"side", side}});
  if (!answer.ok()) return failed_request(answer.error());
  const Value& items = (*answer)["items"];
  if (output != "table") print_document(*answer, output);
  for (const Value& item : items.items()) {
    if (output != "table") break;
    std::string name(item["kind"].get_string());
    for (const std::string_view part : {"namespace", "name"})
      if (item.contains(part)) name += "/" + std::string(item[part].get_string());
    print("► " + name + " " + std::string(item["action"].get_string()) + "\n" +
          std::string(item["text"].get_string()));
  }
  return items.empty() ? 0 : 1;
}

}  // namespace

int run_diff(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if ((first == "ks" || first == "kustomization") && !has_option(argc, argv, "--from"))
    return run_diff_kustomization(argc - 1, argv + 1);
  if ((first == "hr" || first == "helmrelease") && !has_option(argc, argv, "--from"))
    return run_diff_release(argc - 1, argv + 1);
  if (first == "artifact") return run_diff_artifact(argc - 1, argv + 1);
  if (first == "cluster") return run_diff_cluster(argc - 1, argv + 1);
  AuditClient client;
  ObjectName object;
  std::string from, to, output = "table";
  std::string side = "desired";
  bool live = false;
  Args args("diff",
            "What changed in an object between two instants: exit code 0 for nothing, 1 for "
            "changes. 'weir diff ks NAME --path DIR' compares local files with the cluster, "
            "'weir diff hr NAME' what the HelmRelease asks for.");
  object.add_to(args);
  client.add_to(args);
  args.option("--from", from, "A time (RFC 3339, -2h), a sequence number or a revision.");
  args.option("--to", to, "The same. Default: now.");
  args.choice("--side", side, {"desired", "rendered", "live", "health"},
              "As applied, as its owner's build made it, as it stood, or its health.");
  args.flag("--live", live, "As it stood in the cluster, others' changes included.");
  args.choice("-o,--output", output, {"table", "json", "yaml"}, "How to print it.");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (from.empty()) return failed("weir diff: --from is needed (see 'weir diff --help')", 2);
  if (const auto read = object.read(); !read.ok()) return failed_request(read.error());
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto answer = client.get(object.path() + "/diff",
                                 {{"from", from}, {"to", to}, {"side", live ? "live" : side}});
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
