// weir verify: checks the log from its first byte to its last, or an archive of it.
#include <fstream>
#include <iostream>

#include "store/archive.hh"
#include "tools/weir/client.hh"
#include "tools/weir/host.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

// A key as text, or "@FILE".
Result<std::string> read_key(const std::string& text) {
  if (!text.starts_with('@')) return text;
  return read_file(text.substr(1));
}

std::string where(std::uint64_t line, std::uint64_t seq) {
  std::string text = " at line " + std::to_string(line);
  if (seq > 0) text += ", event " + std::to_string(seq);
  return text;
}

int print_archive(const store::ArchiveReport& report, const std::string& output) {
  if (output != "table") {
    Value view = Value::object({{"ok", !report.first.has_value()},
                                {"events", report.events},
                                {"proofs", report.proofs},
                                {"size", report.size},
                                {"publicKey", report.public_key},
                                {"keyTrusted", report.key_trusted}});
    if (report.first)
      view.set("first", Value::object({{"line", report.first->line},
                                       {"seq", report.first->seq},
                                       {"what", report.first->what}}));
    print_document(view, output);
  } else if (report.first) {
    return failed("the archive is not genuine" + where(report.first->line, report.first->seq) +
                  ": " + report.first->what);
  } else {
    print("✔ " + std::to_string(report.events) + " events verified under " +
          std::to_string(report.proofs) + " proofs, signed by " + report.public_key + "\n");
    if (!report.key_trusted)
      say_warning("that key is the archive's own word: name the one you know with --public-key");
  }
  return report.first ? 1 : 0;
}

int verify_archive(const std::string& path, const std::string& key, const std::string& output) {
  std::optional<store::VerifierKey> trusted;
  if (!key.empty()) {
    auto parsed = store::VerifierKey::parse(key);
    if (!parsed.ok()) return failed(parsed.error().message, 2);
    trusted = std::move(*parsed);
  }
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return failed("cannot read " + path);
  }
  std::istream& lines = path == "-" ? std::cin : file;
  const auto report = store::verify_archive(
      [&]() -> Result<std::optional<std::string>> {
        std::string line;
        if (std::getline(lines, line)) return std::optional(std::move(line));
        if (lines.bad()) return make_error(Code::io, "cannot read " + path);
        return std::optional<std::string>();
      },
      trusted);
  return report.ok() ? print_archive(*report, output) : failed(report.error().message);
}

std::string ledger_line(const Value& ledger) {
  if (!ledger.contains("publicKey")) return "✔ no checkpoint is signed yet\n";
  return "✔ " + std::to_string(ledger["checkpoints"].get_int()) +
         " checkpoints verified, the last "
         "one over " +
         std::to_string(ledger["signedEvents"].get_int()) + " events, signed by " +
         std::string(ledger["publicKey"].get_string()) + "\n";
}

int print_report(const Value& report, const std::string& output) {
  const bool ok = report["ok"].get_bool();
  if (output != "table") {
    print_document(report, output);
    return ok ? 0 : 1;
  }
  for (const Value& cut : report["cuts"].items()) {
    const std::int64_t seq = cut["seq"].get_int();
    say_warning("events may be missing between " + std::to_string(seq - 1) + " and " +
                std::to_string(seq) + ", where the write-ahead log could not be read to its end (" +
                std::string(cut["what"].get_string()) +
                "): damage, or a write that a crash cut short; --checkpoint with a checkpoint "
                "that was copied out tells");
  }
  if (!ok) {
    const Value& first = report["first"];
    const std::int64_t seq = first["seq"].get_int();
    return failed("the log is damaged" + (seq > 0 ? " at event " + std::to_string(seq) : "") +
                  ": " + std::string(first["what"].get_string()));
  }
  print("✔ " + std::to_string(report["events"].get_int()) + " events and " +
        std::to_string(report["blobs"].get_int()) + " blobs verified, root " +
        std::string(report["root"].get_string()) + "\n" + ledger_line(report["ledger"]));
  return 0;
}

}  // namespace

int run_verify(int argc, char** argv) {
  AuditClient client;
  std::string output = "table", archive, key_text, checkpoint_file;
  Args args("verify",
            "Checks that every event, index, blob and projection of the log is what was "
            "written, and its signed checkpoints: exit code 1 when one is not.");
  client.add_to(args);
  args.option("--archive", archive,
              "Checks a file of 'weir audit export' instead (- for stdin); needs no weir.");
  args.option("--public-key", key_text,
              "A key of the ledger that is trusted, or @FILE: 'weir ledger key' prints it.");
  args.option("--checkpoint", checkpoint_file,
              "A file with a checkpoint that was copied out: the log must begin with it.");
  args.choice("-o,--output", output, {"table", "json", "yaml"}, "How to print it.");
  if (const auto code = args.parse(argc, argv)) return *code;
  const auto key = read_key(key_text);
  if (!key.ok()) return failed_request(key.error());
  if (!archive.empty()) return verify_archive(archive, *key, output);
  Result<std::string> checkpoint = std::string();
  if (!checkpoint_file.empty()) checkpoint = read_file(checkpoint_file);
  if (!checkpoint.ok()) return failed_request(checkpoint.error());
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto answer =
      client.get("/weir/v1/verify", {{"publicKey", *key}, {"checkpoint", *checkpoint}});
  if (!answer.ok()) return failed_request(answer.error());
  return print_report(*answer, output);
}

}  // namespace weir::cli
