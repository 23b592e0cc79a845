// weir why: the chain of events that led to what an object is, up to its root.
#include "tools/weir/client.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {

int run_why(int argc, char** argv) {
  AuditClient client;
  ObjectName object;
  std::string at, output = "table";
  Args args("why",
            "Why an object is as it is: the last thing that befell it, and what led to that, up "
            "to the root: a commit, a failed source, a dependency, a drift, an operator.");
  object.add_to(args);
  client.add_to(args);
  args.option("--at", at, "A time (RFC 3339, -2h), a sequence number or a revision. Default: now.");
  args.choice("-o,--output", output, {"table", "json", "yaml"}, "How to print it.");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (const auto read = object.read(); !read.ok()) return failed_request(read.error());
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto answer = client.get(object.path() + "/why", {{"at", at}});
  if (!answer.ok()) return failed_request(answer.error());
  if (output != "table") {
    print_document(*answer, output);
    return 0;
  }
  Table table{{"time", "seq", "relation", "subject", "what"}, {}};
  for (const Value& link : (*answer)["chain"].items()) {
    std::string what = truncate_hex(link["summary"].get_string());
    for (char& c : what)
      if (c == '\n') c = ' ';
    table.rows.push_back({short_time(link["time"]), std::to_string(link["seq"].get_int()),
                          std::string(link["relation"].get_string()),
                          std::string(link["subject"].get_string()), std::move(what)});
  }
  print_table(table);
  return 0;
}

}  // namespace weir::cli
