// weir state: every object at an instant.
#include "tools/weir/client.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {

int run_state(int argc, char** argv) {
  AuditClient client;
  std::string at, kind, ns, owner, output = "table";
  std::string side = "desired";
  bool live = false;
  Args args("state", "The objects of the cluster at an instant.");
  client.add_to(args);
  args.option("--at", at, "A time (RFC 3339, -2h), a sequence number or a revision. Default: now.");
  args.option("--kind", kind, "Only objects of this kind.");
  args.option("-n,--namespace", ns, "Only objects of this namespace; - for cluster-scoped ones.");
  args.option("--owner", owner,
              "Only objects of this KIND/NAMESPACE/NAME; ks/apps is one of flux-system.");
  args.choice("--side", side, {"desired", "rendered", "live", "health"},
              "As applied, as built, as they stood, or with their health.");
  args.flag("--live", live, "As they stood in the cluster, others' changes included.");
  args.choice("-o,--output", output, {"table", "wide", "json", "yaml"}, "How to print it.");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  if (const std::size_t slash = owner.find('/'); slash != owner.npos && slash == owner.rfind('/'))
    owner.insert(slash, "/flux-system");
  const auto answer = client.get("/weir/v1/state", {{"at", at},
                                                    {"kind", kind},
                                                    {"namespace", ns},
                                                    {"owner", owner},
                                                    {"side", live ? "live" : side}});
  if (!answer.ok()) return failed_request(answer.error());
  if (output == "json" || output == "yaml") {
    print_document(*answer, output);
    return 0;
  }
  Table table{{"namespace", "kind", "name", "revision", "since", "seq", "owner"}, {}};
  const bool health = side == "health" && !live;
  if (health) table.header.push_back("health");
  if (output == "wide") table.header.push_back("manifest");
  for (const Value& item : (*answer)["items"].items()) {
    std::vector<std::string> row = {std::string(item["namespace"].get_string()),
                                    std::string(item["kind"].get_string()),
                                    std::string(item["name"].get_string()),
                                    truncate_hex(item["revision"].get_string()),
                                    short_time(item["time"]),
                                    std::to_string(item["seq"].get_int()),
                                    std::string(item["owner"].get_string())};
    if (health) row.emplace_back(item.path("health", "status").get_string());
    if (output == "wide") row.emplace_back(item["manifest"].get_string());
    table.rows.push_back(std::move(row));
  }
  print_table(table);
  return 0;
}

}  // namespace weir::cli
