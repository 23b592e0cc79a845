// Any bytes: the reader of indexes must return, alike however the bytes are cut. Where the reader
// of whole documents takes them too, both find the same versions; what is found is stored and found
// again.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/assert.hh"
#include "engine/helm/index_reader.hh"
#include "engine/helm/stored_index.hh"
#include "engine/value/json.hh"

using namespace weir;
using namespace weir::helm;

namespace {

struct Found {
  bool ok = false;
  std::vector<std::string> entries;

  IndexVisitor visitor() {
    return [this](std::string_view chart, const Value& entry) {
      entries.push_back(std::string(chart) + " " + value::write_json(entry));
      return Result<void>();
    };
  }
};

Found read_cut(std::string_view text, std::size_t piece) {
  Found out;
  IndexReader reader(out.visitor());
  for (std::size_t at = 0; at < text.size(); at += piece)
    if (!reader.feed(text.substr(at, piece)).ok()) return out;
  out.ok = reader.finish().ok();
  return out;
}

void check_stored(std::string_view text) {
  std::string stored;
  IndexWriter writer([&](std::string_view bytes) -> Result<void> {
    stored.append(bytes);
    return {};
  });
  IndexReader reader(
      [&](std::string_view chart, const Value& entry) { return writer.add(chart, entry); });
  if (!reader.feed(text).ok()) return;
  const auto head = reader.finish();
  if (!head.ok() || !writer.finish(*head).ok()) return;
  IndexTable table;
  table.feed(stored);
  WEIR_ASSERT(table.finish().ok());
  WEIR_ASSERT(read_cut(stored, 13).ok);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Found whole_piece = read_cut(text, size == 0 ? 1 : size);
  const Found cut = read_cut(text, 3);
  WEIR_ASSERT(whole_piece.ok == cut.ok);
  WEIR_ASSERT(!cut.ok || whole_piece.entries == cut.entries);
  Found document;
  document.ok = read_whole_index(text, document.visitor()).ok();
  if (cut.ok && document.ok) WEIR_ASSERT(cut.entries == document.entries);
  if (cut.ok) check_stored(text);
  return 0;
}
