// The ledger: signed checkpoints, tiles as C2SP tlog-tiles lays them out, proofs, and archives.
#include "store/ledger.hh"

#include <charconv>

#include "api/audit/event_query.hh"
#include "api/audit/routes.hh"
#include "store/archive.hh"

namespace weir::api::audit {
namespace {

constexpr std::uint64_t tile_width = 256;
constexpr std::size_t entry_bytes_max = 65'535;  // of tlog-tiles' bundles
constexpr std::size_t archive_page_max = 10'000;

// A signed note over the log: made now where there is the key, else the last one that was.
Result<std::string> signed_checkpoint(const Call& call) {
  if (store::Ledger* const ledger = call.api.options().ledger) return ledger->checkpoint();
  WEIR_TRY(auto stored, store::stored_checkpoint(call.log().kv()));
  if (stored) return std::move(*stored);
  return make_error(Code::not_found, "the log has no signed checkpoint yet");
}

Result<store::Checkpoint> read_checkpoint(std::string_view note) {
  WEIR_TRY(const store::SignedNote parsed, store::parse_note(note));
  return store::Checkpoint::parse(parsed.text);
}

Result<std::uint64_t> read_number(std::string_view text, std::string_view field) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return bad_field(field, "\"" + std::string(text) + "\" is no number");
  return number;
}

// "x001/x234/067" = 1234067, in exactly that form.
Result<std::uint64_t> read_tile_index(std::string_view text) {
  const auto bad = [&] { return bad_field("tile", "\"" + std::string(text) + "\" is no index"); };
  std::uint64_t index = 0;
  std::string_view rest = text;
  for (bool last = false; !last;) {
    const std::size_t slash = rest.find('/');
    last = slash == std::string_view::npos;
    std::string_view part = rest.substr(0, slash);
    if (!last) {
      if (!part.starts_with('x')) return bad();
      part.remove_prefix(1);
      rest.remove_prefix(slash + 1);
    }
    const bool digits = part.size() == 3 && part.find_first_not_of("0123456789") == part.npos;
    // Six thousands are beyond any number of events.
    if (!digits || index > 1'000'000'000'000'000u) return bad();
    index = index * 1000 + static_cast<std::uint64_t>((part[0] - '0') * 100 + (part[1] - '0') * 10 +
                                                      (part[2] - '0'));
  }
  if (text.size() > 3 && text.starts_with("x000/")) return bad();
  return index;
}

struct TileName {
  bool entries = false;
  unsigned level = 0;
  std::uint64_t index = 0;
  unsigned width = tile_width;
};

// "0/x001/067", "1/000.p/17", "entries/000".
Result<TileName> read_tile_name(std::string_view path) {
  TileName out;
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return bad_field("tile", "no level and index");
  const std::string_view level = path.substr(0, slash);
  out.entries = level == "entries";
  if (!out.entries) {
    WEIR_TRY(const std::uint64_t number, read_number(level, "tile"));
    if (number > 7 || level.size() != 1) return bad_field("tile", "there is no such level");
    out.level = static_cast<unsigned>(number);
  }
  std::string_view index = path.substr(slash + 1);
  constexpr std::string_view partial = ".p/";
  if (const std::size_t mark = index.find(partial); mark != std::string_view::npos) {
    const std::string_view text = index.substr(mark + partial.size());
    WEIR_TRY(const std::uint64_t width, read_number(text, "tile"));
    if (width == 0 || width >= tile_width || text.front() == '0')
      return bad_field("tile", "a partial tile has 1 to 255 hashes");
    out.width = static_cast<unsigned>(width);
    index = index.substr(0, mark);
  }
  WEIR_TRY(out.index, read_tile_index(index));
  return out;
}

Result<std::string> entry_bundle(const Call& call, const TileName& name) {
  const store::Seq first = name.index * tile_width + 1;
  std::string bundle;
  for (store::Seq seq = first; seq < first + name.width; ++seq) {
    WEIR_TRY(const std::string previous, store::previous_leaf_text(call.log().kv(), seq));
    WEIR_TRY(std::string entry, base::hex_decode(previous));
    WEIR_TRY(const std::string record, call.log().read_record(seq));
    entry += record;
    if (entry.size() > entry_bytes_max)
      return make_error(Code::unsupported, "event " + std::to_string(seq) +
                                               " is larger than an entry of tlog-tiles may be; "
                                               "its proof is at /weir/v1/events/" +
                                               std::to_string(seq) + "/proof");
    bundle.push_back(static_cast<char>(entry.size() >> 8));
    bundle.push_back(static_cast<char>(entry.size() & 0xff));
    bundle += entry;
  }
  return bundle;
}

kube::Response bytes_response(std::string body, std::string type, bool forever) {
  kube::Response response;
  response.content_type = std::move(type);
  response.body = std::move(body);
  response.headers.emplace_back("Cache-Control",
                                forever ? "private, max-age=31536000, immutable" : "no-cache");
  return response;
}

Value hashes_view(const std::vector<base::Digest>& hashes) {
  Value out = Value::array();
  for (const base::Digest& hash : hashes)
    out.push_back(
        base::base64_encode({reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()}));
  return out;
}

}  // namespace

Result<kube::Response> ledger_summary(const Call& call) {
  WEIR_TRY(const std::string note, signed_checkpoint(call));
  WEIR_TRY(const store::Checkpoint checkpoint, read_checkpoint(note));
  WEIR_TRY(const auto key, store::stored_ledger_key(call.log().kv()));
  return json_response(Value::object({{"origin", checkpoint.origin},
                                      {"publicKey", key ? key->text() : ""},
                                      {"size", checkpoint.size},
                                      {"root", checkpoint.root.hex()},
                                      {"head", call.log().head().seq},
                                      {"checkpoint", note}}));
}

Result<kube::Response> ledger_checkpoint(const Call& call) {
  WEIR_TRY(std::string note, signed_checkpoint(call));
  return bytes_response(std::move(note), "text/plain; charset=utf-8", false);
}

Result<kube::Response> ledger_tile(const Call& call) {
  const std::string& path = call.path.find("tile")->second;
  WEIR_TRY(const TileName name, read_tile_name(path));
  const std::uint64_t hashes = call.log().head().seq >> (8 * name.level);
  const std::uint64_t begin = name.index * tile_width;
  if (begin + name.width > hashes)
    return make_error(Code::not_found, "there is no tile " + path + " yet");
  Result<std::string> bytes = name.entries
                                  ? entry_bundle(call, name)
                                  : call.log().tree().tile(name.level, name.index, name.width);
  if (!bytes.ok()) return std::move(bytes).error();
  return bytes_response(std::move(*bytes), "application/octet-stream", true);
}

Result<kube::Response> event_proof(const Call& call) {
  WEIR_TRY(const std::uint64_t seq, read_number(call.path.find("seq")->second, "seq"));
  WEIR_TRY(const std::string note, signed_checkpoint(call));
  WEIR_TRY(const store::Checkpoint checkpoint, read_checkpoint(note));
  if (seq == 0 || seq > checkpoint.size)
    return make_error(Code::not_found, "event " + std::to_string(seq) +
                                           " is not under a signed checkpoint; the last one "
                                           "covers " +
                                           std::to_string(checkpoint.size) + " events");
  WEIR_TRY(const base::Digest leaf, call.log().tree().leaf(seq - 1));
  WEIR_TRY(const auto proof, call.log().tree().inclusion_proof(seq - 1, checkpoint.size));
  WEIR_TRY(std::string previous, store::previous_leaf_text(call.log().kv(), seq));
  Value body = Value::object({{"seq", seq},
                              {"index", seq - 1},
                              {"size", checkpoint.size},
                              {"root", checkpoint.root.hex()},
                              {"leaf", leaf.hex()},
                              {"previousLeaf", std::move(previous)},
                              {"proof", hashes_view(proof)},
                              {"checkpoint", note}});
  // Retention takes records and leaves their proofs.
  const auto record = call.log().read_record(seq);
  if (record.ok()) {
    body.set("record", base::base64_encode(*record));
    WEIR_TRY(const event::Event event, event::decode(*record));
    body.set("event", event::to_cloud_event(event));
  } else if (record.error().code != Code::gone) {
    return record.error();
  }
  return json_response(body);
}

Result<kube::Response> ledger_consistency(const Call& call) {
  const store::Seq head = call.log().head().seq;
  WEIR_TRY(const std::size_t from, call.count("from", 1, head));
  WEIR_TRY(const std::size_t to, call.count("to", head, head));
  if (from > to) return bad_field("from", "is beyond to");
  const store::Tree& tree = call.log().tree();
  WEIR_TRY(const auto proof, tree.consistency_proof(from, to));
  WEIR_TRY(const base::Digest old_root, tree.root(from));
  WEIR_TRY(const base::Digest root, tree.root(to));
  return json_response(Value::object({{"from", from},
                                      {"to", to},
                                      {"fromRoot", old_root.hex()},
                                      {"toRoot", root.hex()},
                                      {"proof", hashes_view(proof)}}));
}

// A page of an archive's lines. The first page has the archive's first line too; later ones name
// its size, so that all prove themselves against one checkpoint.
Result<kube::Response> archive_page(const Call& call) {
  WEIR_TRY(store::ScanRequest scan, read_scan(call));
  if (scan.backward) return bad_field("order", "an archive is in ascending order");
  WEIR_TRY(scan.limit, call.count("limit", 1000, archive_page_max));
  Value body = Value::object();
  std::uint64_t size = 0;
  if (call.parameter("size").empty()) {
    WEIR_TRY(const std::string note, signed_checkpoint(call));
    WEIR_TRY(const store::Checkpoint checkpoint, read_checkpoint(note));
    size = checkpoint.size;
    WEIR_TRY(Value begin, store::archive_begin(call.log().kv(), note));
    body.set("begin", std::move(begin));
  } else {
    WEIR_TRY(size, call.count("size", 1, call.log().head().seq));
  }
  scan.to = std::min(scan.to, size);
  WEIR_TRY(const store::EventPage page, call.log().scan(scan));
  Value items = Value::array();
  for (std::size_t i = 0; i < page.events.size(); ++i) {
    const event::Event& event = page.events[i];
    const bool begins = i == 0 || page.events[i - 1].seq + 1 != event.seq;
    const bool ends = i + 1 == page.events.size() || page.events[i + 1].seq != event.seq + 1;
    WEIR_TRY(Value line, store::archive_line(call.log().kv(), event, size, begins, ends));
    items.push_back(std::move(line));
  }
  body.set("size", size);
  body.set("items", std::move(items));
  if (page.next) body.set("cursor", std::to_string(*page.next));
  return json_response(body);
}

}  // namespace weir::api::audit
