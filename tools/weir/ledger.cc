// weir ledger: the key that signs the log's checkpoints, and the last checkpoint.
#include "tools/weir/client.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

int print_field(const char* usage, const char* about, const char* field, int argc, char** argv) {
  AuditClient client;
  Args args(usage, about);
  client.add_to(args);
  if (const auto code = args.parse(argc, argv)) return *code;
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto answer = client.get("/weir/v1/ledger");
  if (!answer.ok()) return failed_request(answer.error());
  std::string text((*answer)[field].get_string());
  if (!text.ends_with('\n')) text.push_back('\n');
  print(text);
  return 0;
}

int run_key(int argc, char** argv) {
  return print_field("ledger key",
                     "The public key that the log's checkpoints are signed with now, as "
                     "'weir verify --public-key' and other tools for signed notes take it.",
                     "publicKey", argc, argv);
}

int run_checkpoint(int argc, char** argv) {
  return print_field("ledger checkpoint",
                     "A signed checkpoint over the log; of a weir that does not run the last one.",
                     "checkpoint", argc, argv);
}

}  // namespace

int run_ledger(int argc, char** argv) {
  static const std::vector<Verb> verbs = {
      {"checkpoint", "A signed checkpoint over the log.", run_checkpoint},
      {"key", "The public key that signs it.", run_key},
  };
  return dispatch("ledger", verbs, argc, argv);
}

}  // namespace weir::cli
