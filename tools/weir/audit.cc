// weir audit: the events of the log.
#include <algorithm>
#include <span>

#include "engine/value/json.hh"
#include "tools/weir/client.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

struct AuditFlags {
  std::string since, until, kind, ns, name, type, actor, owner, limit = "100", output = "table";
  bool watch = false;

  void add_to(Args& args) {
    args.option("--since", since,
                "From a time (RFC 3339, -2h), a sequence number or a revision on.");
    args.option("--until", until, "The same; up to it.");
    args.option("--kind", kind, "Only events about objects of this kind.");
    args.option("-n,--namespace", ns, "Only of this namespace; - for cluster-scoped ones.");
    args.option("--name", name, "Only of this name.");
    args.option("--type", type, "Only of this type: ObjectApplied, ReconcileFinished, ...");
    args.option("--actor", actor, "Only by this actor.");
    args.option("--owner", owner,
                "Only of this owner: KIND/NAMESPACE/NAME, as ks/flux-system/apps.");
    args.option("--limit", limit, "At most so many; without --since the latest.");
    args.flag("-w,--watch", watch, "Goes on printing events as they come.");
    args.choice("-o,--output", output, {"table", "wide", "json", "yaml"},
                "table, wide (with the data), or CloudEvents as json (one a line) or yaml.");
  }
  Query query() const {
    return {{"since", since}, {"until", until}, {"kind", kind},   {"namespace", ns},
            {"name", name},   {"type", type},   {"actor", actor}, {"owner", owner}};
  }
};

std::string detail(const Value& data) {
  for (const std::string_view name : {"message", "action", "status", "revision", "reason"})
    if (!data[name].get_string().empty()) return truncate_hex(data[name].as_string());
  return std::string(data.path("artifact", "revision").get_string());
}

std::vector<std::string> row_of(const Value& event, bool wide) {
  std::string_view type = event["type"].get_string();
  if (type.starts_with("weir.")) type.remove_prefix(5);
  std::string text = wide ? value::write_json(event["data"]) : detail(event["data"]);
  for (char& c : text)
    if (c == '\n') c = ' ';
  return {short_time(event["time"]),
          std::string(event["id"].get_string()),
          std::string(type),
          std::string(event["subject"].get_string()),
          std::string(event["actor"].get_string()),
          std::move(text)};
}

void print_events(std::span<const Value> events, const std::string& output, bool header) {
  if (output == "json" || output == "yaml") {
    for (const Value& event : events) {
      const bool yaml = output == "yaml";
      print(yaml ? "---\n" : value::write_json(event, {.sort_keys = false}) + "\n");
      if (yaml) print_document(event, "yaml");
    }
    return;
  }
  Table table;
  if (header) table.header = {"time", "seq", "type", "subject", "actor", "detail"};
  for (const Value& event : events) table.rows.push_back(row_of(event, output == "wide"));
  print_table(table);
}

}  // namespace

int run_audit(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "export")
    return run_audit_export(argc - 1, argv + 1);
  AuditClient client;
  AuditFlags flags;
  Args args(
      "audit",
      "The events of the log, oldest first. 'weir audit export' writes an archive that proves "
      "itself.");
  flags.add_to(args);
  client.add_to(args);
  if (const auto code = args.parse(argc, argv)) return *code;
  if (flags.limit.empty() || flags.limit.find_first_not_of("0123456789") != std::string::npos)
    return failed("--limit: \"" + flags.limit + "\" is no number", 2);
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const bool latest = flags.since.empty();
  Query query = flags.query();
  query.emplace_back("limit", flags.limit);
  query.emplace_back("order", latest ? "desc" : "asc");
  const auto page = client.get("/weir/v1/events", query);
  if (!page.ok()) return failed_request(page.error());
  std::vector<Value> events((*page)["items"].items().begin(), (*page)["items"].items().end());
  if (latest) std::reverse(events.begin(), events.end());
  print_events(events, flags.output, true);
  if (!flags.watch) {
    if (page->contains("cursor") && !latest)
      say_warning("more events follow: --since " + std::string((*page)["cursor"].get_string()));
    return 0;
  }
  Query rest = flags.query();
  rest.emplace_back("follow", "true");
  if (page->contains("cursor") && !latest)
    rest.emplace_back("cursor", std::string((*page)["cursor"].get_string()));
  else if (!events.empty())
    rest.emplace_back(
        "cursor", std::to_string(std::stoull(std::string(events.back()["id"].get_string())) + 1));
  const auto ended = client.follow("/weir/v1/events", rest, [&](const Value& event) {
    print_events({&event, 1}, flags.output, false);
    return true;
  });
  return ended.ok() ? 0 : failed_request(ended.error());
}

}  // namespace weir::cli
