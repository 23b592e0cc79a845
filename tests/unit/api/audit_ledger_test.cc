#include <catch2/catch.hpp>

#include "api/audit/routes.hh"
#include "engine/value/json.hh"
#include "store/archive.hh"
#include "store/ledger.hh"
#include "tests/support/log_samples.hh"
#include "tests/support/temp_directory.hh"

namespace weir::api::audit {
namespace {

// A log of 301 events under a signed checkpoint.
struct Rig {
  test::TempDirectory directory;
  test::HandClock clock;
  std::unique_ptr<store::Kv> kv = store::make_memory_kv();
  std::unique_ptr<store::EventLog> log = store::EventLog::open(*kv, clock).value();
  store::BlobStore blobs{*kv};
  std::unique_ptr<store::Ledger> ledger =
      store::Ledger::open(*log, {directory.file("ledger.key"), "example.org/log", false}).value();
  std::unique_ptr<AuditApi> api;

  Rig() {
    for (int i = 0; i < 301; ++i)
      REQUIRE(log->append({test::make_event(event::Type::heartbeat, {})}).ok());
    serve(ledger.get());
  }
  void serve(store::Ledger* with) {
    AuditOptions options;
    options.log = log.get();
    options.blobs = &blobs;
    options.clock = &clock;
    options.ledger = with;
    api = std::make_unique<AuditApi>(options);
  }
  kube::Response ask(const std::string& target) {
    return api->call({"GET", target, {}, "", ""}, "tester");
  }
  Value json(const std::string& target) {
    const auto response = ask(target);
    INFO(target << ": " << response.body);
    REQUIRE(response.status == 200);
    return value::parse_json(response.body).value();
  }
  store::Checkpoint checkpoint() {
    const std::string note = ask("/weir/v1/ledger/checkpoint").body;
    const auto parsed = store::parse_note(note).value();
    REQUIRE(parsed.is_signed_by(ledger->public_key()));
    return store::Checkpoint::parse(parsed.text).value();
  }
};

std::vector<base::Digest> hashes(const Value& list) {
  std::vector<base::Digest> out;
  for (const Value& item : list.items()) {
    const std::string bytes = base::base64_decode(item.get_string()).value();
    REQUIRE(bytes.size() == 32);
    std::copy(bytes.begin(), bytes.end(), out.emplace_back().bytes.begin());
  }
  return out;
}

base::Digest digest_of(std::string_view bytes) {
  base::Digest out;
  std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
  return out;
}

}  // namespace

TEST_CASE("the checkpoint over the log as it stands is served signed, in the log's name") {
  Rig rig;
  const auto first = rig.checkpoint();
  CHECK(first.origin == "example.org/log");
  CHECK(first.size == 301);
  CHECK(first.root == rig.log->head().root);
  REQUIRE(rig.log->append({test::make_event(event::Type::heartbeat, {})}).ok());
  CHECK(rig.checkpoint().size == 302);
  const Value summary = rig.json("/weir/v1/ledger");
  CHECK(summary["publicKey"].get_string() == rig.ledger->public_key().text());
  CHECK(summary["size"].get_int() == 302);
}

TEST_CASE("without the key the last stored checkpoint is served, and none where none was signed") {
  Rig rig;
  rig.serve(nullptr);
  CHECK(rig.ask("/weir/v1/ledger/checkpoint").status == 404);
  REQUIRE(rig.ledger->checkpoint().ok());
  REQUIRE(rig.log->append({test::make_event(event::Type::heartbeat, {})}).ok());
  CHECK(rig.checkpoint().size == 301);
  CHECK(rig.ask("/weir/v1/events/302/proof").status == 404);
}

TEST_CASE("tiles hold the leaves and the level above; entries hash to the leaves") {
  Rig rig;
  const std::string full = rig.ask("/weir/v1/ledger/tile/0/000").body;
  const std::string rest = rig.ask("/weir/v1/ledger/tile/0/001.p/45").body;
  const std::string above = rig.ask("/weir/v1/ledger/tile/1/000.p/1").body;
  REQUIRE(full.size() == 256 * 32);
  REQUIRE(rest.size() == 45 * 32);
  REQUIRE(above.size() == 32);
  std::vector<base::Digest> level;
  for (std::size_t i = 0; i < 256; ++i) level.push_back(digest_of(full.substr(32 * i, 32)));
  for (; level.size() > 1; level.resize(level.size() / 2))
    for (std::size_t i = 0; i < level.size() / 2; ++i)
      level[i] = store::hash_node(level[2 * i], level[2 * i + 1]);
  CHECK(level.front() == digest_of(above));
  std::string bundle = rig.ask("/weir/v1/ledger/tile/entries/001.p/45").body;
  for (std::size_t i = 0; i < 45; ++i) {
    const std::size_t size =
        static_cast<std::uint8_t>(bundle[0]) * 256u + static_cast<std::uint8_t>(bundle[1]);
    CHECK(store::hash_leaf(bundle.substr(2, size)) == digest_of(rest.substr(32 * i, 32)));
    bundle.erase(0, 2 + size);
  }
  CHECK(bundle.empty());
}

TEST_CASE("tiles that are not there yet, and names in another form, are refused") {
  Rig rig;
  for (const char* name :
       {"0/001", "0/001.p/46", "0/002.p/1", "1/000", "2/000.p/1", "entries/001", "0/x001/000"})
    CHECK(rig.ask(std::string("/weir/v1/ledger/tile/") + name).status == 404);
  for (const char* name : {"0", "0/", "0/1", "0/0000", "8/000", "00/000", "x/000", "0/000.p/0",
                           "0/000.p/256", "0/000.p/01", "0/x000/000", "0/000/000", "0/-01",
                           "entries", "0/x999/x999/x999/x999/x999/x999/x999/x999/999"})
    CHECK(rig.ask(std::string("/weir/v1/ledger/tile/") + name).status == 400);
}

TEST_CASE("inclusion and consistency proofs check out against the checkpoint, and no other") {
  Rig rig;
  const auto checkpoint = rig.checkpoint();
  for (const int seq : {1, 2, 255, 256, 257, 301}) {
    const Value answer = rig.json("/weir/v1/events/" + std::to_string(seq) + "/proof");
    const std::string record = base::base64_decode(answer["record"].get_string()).value();
    const auto previous = base::Digest::parse(answer["previousLeaf"].get_string()).value();
    const auto leaf = store::hash_entry(previous, record);
    const auto index = static_cast<std::uint64_t>(seq - 1);
    CHECK(store::verify_inclusion(leaf, index, 301, hashes(answer["proof"]), checkpoint.root));
    CHECK_FALSE(
        store::verify_inclusion(leaf, index ^ 1, 301, hashes(answer["proof"]), checkpoint.root));
    CHECK(answer["event"]["id"].get_string() == std::to_string(seq));
  }
  for (const int from : {1, 128, 256, 300, 301}) {
    const Value answer = rig.json("/weir/v1/ledger/consistency?from=" + std::to_string(from));
    const auto size = static_cast<std::uint64_t>(from);
    const auto old_root = rig.log->tree().root(size).value();
    CHECK(store::verify_consistency(size, 301, old_root, checkpoint.root, hashes(answer["proof"])));
  }
  CHECK(rig.ask("/weir/v1/ledger/consistency?from=302").status == 400);
  CHECK(rig.ask("/weir/v1/ledger/consistency?from=3&to=2").status == 400);
  CHECK(rig.ask("/weir/v1/events/0/proof").status == 404);
  CHECK(rig.ask("/weir/v1/events/x/proof").status == 400);
}

TEST_CASE("the pages of an archive put together verify, while the log grows under them") {
  Rig rig;
  std::vector<std::string> lines;
  std::string target = "/weir/v1/archive?limit=100";
  std::uint64_t events = 0;
  while (true) {
    const Value page = rig.json(target);
    if (page.contains("begin")) lines.push_back(store::archive_text(page["begin"]));
    for (const Value& item : page["items"].items()) lines.push_back(store::archive_text(item));
    events += page["items"].size();
    REQUIRE(rig.log->append({test::make_event(event::Type::heartbeat, {})}).ok());
    if (!page.contains("cursor")) break;
    target = "/weir/v1/archive?limit=100&size=" + std::to_string(page["size"].get_int()) +
             "&cursor=" + std::string(page["cursor"].get_string());
  }
  lines.push_back(store::archive_text(store::archive_end(events)));
  std::size_t at = 0;
  const auto report = store::verify_archive(
      [&]() -> Result<std::optional<std::string>> {
        if (at == lines.size()) return std::optional<std::string>();
        return std::optional(lines[at++]);
      },
      rig.ledger->public_key());
  REQUIRE(report.ok());
  INFO((report->first ? report->first->what : ""));
  CHECK_FALSE(report->first);
  CHECK(report->events == 301);
}

TEST_CASE("verify checks signatures from the key that is given, and a checkpoint copied out") {
  Rig rig;
  const std::string note = rig.ledger->checkpoint().value();
  std::string query = "?publicKey=";
  for (const char c : rig.ledger->public_key().text()) {
    const bool escaped = c == '+' || c == '/';
    query += escaped ? (c == '+' ? "%2B" : "%2F") : std::string(1, c);
  }
  CHECK(rig.json("/weir/v1/verify" + query)["ok"].get_bool());
  CHECK(rig.json("/weir/v1/verify")["ledger"]["signedEvents"].get_int() == 301);
  CHECK(rig.ask("/weir/v1/verify?publicKey=x").status == 400);
  CHECK_FALSE(rig.json("/weir/v1/verify?checkpoint=nonsense")["ok"].get_bool());
}

}  // namespace weir::api::audit
