// weir audit export: events as JSON Lines that prove themselves; `weir verify --archive` reads
// them.
#include "store/archive.hh"
#include "tools/weir/client.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

Result<void> write_archive(AuditClient& client, Query query) {
  query.emplace_back("limit", "1000");
  std::uint64_t events = 0;
  std::string size, cursor;
  do {
    Query page_query = query;
    page_query.emplace_back("size", size);
    page_query.emplace_back("cursor", cursor);
    WEIR_TRY(const Value page, client.get("/weir/v1/archive", page_query));
    if (page.contains("begin")) print(store::archive_text(page["begin"]) + "\n");
    std::string lines;
    for (const Value& item : page["items"].items()) lines += store::archive_text(item) + "\n";
    print(lines);
    events += page["items"].size();
    size = std::to_string(page["size"].get_int());
    cursor = page["cursor"].get_string();
  } while (!cursor.empty());
  print(store::archive_text(store::archive_end(events)) + "\n");
  return {};
}

}  // namespace

int run_audit_export(int argc, char** argv) {
  AuditClient client;
  std::string since, until, kind, ns, name, type, actor, owner;
  Args args("audit export",
            "Writes events as JSON Lines of CloudEvents with proofs, for 'weir verify --archive'.");
  client.add_to(args);
  args.option("--since", since, "From a time (RFC 3339, -2h), a sequence number or a revision on.");
  args.option("--until", until, "The same; up to it.");
  args.option("--kind", kind, "Only events about objects of this kind.");
  args.option("-n,--namespace", ns, "Only of this namespace; - for cluster-scoped ones.");
  args.option("--name", name, "Only of this name.");
  args.option("--type", type, "Only of this type: ObjectApplied, ReconcileFinished, ...");
  args.option("--actor", actor, "Only by this actor.");
  args.option("--owner", owner, "Only of this owner: KIND/NAMESPACE/NAME.");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto written = write_archive(client, {{"since", since},
                                              {"until", until},
                                              {"kind", kind},
                                              {"namespace", ns},
                                              {"name", name},
                                              {"type", type},
                                              {"actor", actor},
                                              {"owner", owner}});
  return written.ok() ? 0 : failed_request(written.error());
}

}  // namespace weir::cli
