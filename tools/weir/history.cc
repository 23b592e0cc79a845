// weir history: what happened to an object.
#include "tools/weir/client.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

Table changes_table(const Value& items, bool wide) {
  Table table{{"time", "seq", "action", "revision", "owner", "actor", "result", "duration"}, {}};
  if (wide) table.header.insert(table.header.end(), {"fields", "manifest"});
  for (const Value& item : items.items()) {
    // Of a drift the actor is whoever made it.
    const bool drift = item.contains("manager");
    const std::string_view why =
        item[item.contains("health") ? "health" : "reason"].get_string();
    std::vector<std::string> row = {
        short_time(item["time"]),
        std::to_string(item["seq"].get_int()),
        std::string(item["action"].get_string()) + (why.empty() ? "" : ": " + std::string(why)),
        truncate_hex(item["revision"].get_string()),
        std::string(item["owner"].get_string()),
        std::string(item[drift ? "manager" : "actor"].get_string()),
        std::string(item["result"].get_string()),
        item.contains("durationMs") ? std::to_string(item["durationMs"].get_int()) + "ms" : ""};
    if (wide) {
      row.emplace_back(item["fields"].get_string());
      row.emplace_back(item["manifest"].get_string());
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table reconciles_table(const Value& items) {
  Table table{{"time", "seq", "status", "revision", "duration", "message"}, {}};
  for (const Value& item : items.items()) {
    const bool done = item.contains("finished");
    table.rows.push_back({short_time(item[done ? "finished" : "started"]),
                          std::to_string(item[done ? "finishedSeq" : "startedSeq"].get_int()),
                          done ? std::string(item["status"].get_string()) : "running",
                          truncate_hex(item["revision"].get_string()),
                          done ? std::to_string(item["durationMs"].get_int()) + "ms" : "",
                          truncate_hex(item["message"].get_string())});
  }
  return table;
}

}  // namespace

int run_history(int argc, char** argv) {
  AuditClient client;
  ObjectName object;
  std::string output = "table", limit = "50";
  Args args("history",
            "What happened to an object, the latest first; of a Kustomization or a source "
            "its reconciles.");
  object.add_to(args);
  client.add_to(args);
  args.option("--limit", limit, "At most so many lines.");
  args.choice("-o,--output", output, {"table", "wide", "json", "yaml"}, "How to print it.");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (const auto read = object.read(); !read.ok()) return failed_request(read.error());
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const bool owner = object.is_owner();
  auto answer = owner ? client.get("/weir/v1/reconciles", {{"kind", object.kind},
                                                           {"namespace", object.ns},
                                                           {"name", object.name},
                                                           {"limit", limit}})
                      : client.get(object.path() + "/history", {{"limit", limit}});
  if (!answer.ok()) return failed_request(answer.error());
  const Value& items = (*answer)["items"];
  if (items.empty())
    return failed("no reconcile of " + object.kind + "/" + object.name + " in namespace " +
                  object.ns + " is in the log");
  if (output == "json" || output == "yaml") {
    print_document(*answer, output);
    return 0;
  }
  print_table(owner ? reconciles_table(items) : changes_table(items, output == "wide"));
  return 0;
}

}  // namespace weir::cli
