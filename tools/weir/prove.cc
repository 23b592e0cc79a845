// weir prove: that an event is in the log, or that the log of one size begins with a smaller one.
#include <charconv>

#include "tools/weir/client.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

// The text form of C2SP's tlog-proof.
std::string as_tlog_proof(const Value& proof) {
  std::string text = "c2sp.org/tlog-proof@v1\n";
  text += "index " + std::to_string(proof["index"].get_int()) + "\n";
  for (const Value& hash : proof["proof"].items()) text += std::string(hash.get_string()) + "\n";
  return text + "\n" + std::string(proof["checkpoint"].get_string());
}

int print_proof(const Value& proof, const std::string& output) {
  if (output == "tlog-proof") {
    print(as_tlog_proof(proof));
  } else if (output != "table") {
    print_document(proof, output);
  } else {
    print("event      " + std::to_string(proof["seq"].get_int()) + "\nleaf       " +
          std::string(proof["leaf"].get_string()) + "\n");
    for (const Value& hash : proof["proof"].items())
      print("           " + std::string(hash.get_string()) + "\n");
    print("root       " + std::string(proof["root"].get_string()) + " over " +
          std::to_string(proof["size"].get_int()) + " events\n\n" +
          std::string(proof["checkpoint"].get_string()));
  }
  return 0;
}

}  // namespace

int run_prove(int argc, char** argv) {
  AuditClient client;
  std::string seq, from, output = "table";
  Args args("prove",
            "A proof that event SEQ is in the log, against a signed checkpoint; with --from, that "
            "the log of SEQ events begins with that of so many.");
  args.positional("seq", seq, "Sequence number of the event.");
  client.add_to(args);
  args.option("--from", from, "Proves consistency of the log of so many events with that of SEQ.");
  args.choice("-o,--output", output, {"table", "json", "yaml", "tlog-proof"},
              "How to print it; tlog-proof is C2SP's text form.");
  if (const auto code = args.parse(argc, argv)) return *code;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(seq.data(), seq.data() + seq.size(), number);
  if (error != std::errc() || end != seq.data() + seq.size() || number == 0)
    return failed("\"" + seq + "\" is no sequence number", 2);
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  if (!from.empty()) {
    const auto answer = client.get("/weir/v1/ledger/consistency", {{"from", from}, {"to", seq}});
    if (!answer.ok()) return failed_request(answer.error());
    print_document(*answer, output == "yaml" ? "yaml" : "json");
    return 0;
  }
  const auto answer = client.get("/weir/v1/events/" + std::to_string(number) + "/proof");
  if (!answer.ok()) return failed_request(answer.error());
  return print_proof(*answer, output);
}

}  // namespace weir::cli
