// weir verify: checks the log from its first byte to its last.
#include "tools/weir/client.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {

int run_verify(int argc, char** argv) {
  AuditClient client;
  std::string output = "table";
  Args args("verify",
            "Checks that every event, index, blob and projection of the log is what was "
            "written: exit code 1 when one is not.");
  client.add_to(args);
  args.choice("-o,--output", output, {"table", "json", "yaml"}, "How to print it.");
  if (const auto code = args.parse(argc, argv)) return *code;
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto answer = client.get("/weir/v1/verify");
  if (!answer.ok()) return failed_request(answer.error());
  const Value& report = *answer;
  const bool ok = report["ok"].get_bool();
  if (output != "table") {
    print_document(report, output);
    return ok ? 0 : 1;
  }
  if (!ok) {
    const Value& first = report["first"];
    const std::int64_t seq = first["seq"].get_int();
    return failed("the log is damaged" + (seq > 0 ? " at event " + std::to_string(seq) : "") +
                  ": " + std::string(first["what"].get_string()));
  }
  print("✔ " + std::to_string(report["events"].get_int()) + " events and " +
        std::to_string(report["blobs"].get_int()) + " blobs verified, root " +
        std::string(report["root"].get_string()) + "\n");
  return 0;
}

}  // namespace weir::cli
