// A JSON document, a NUL byte and a JSON Schema. Checking must return, alike each time. In every
// draft, what a plain schema refuses is what its "not" takes: one is checked until the first fault,
// the other for all of them. A document a schema takes, two of it take as well.
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/assert.hh"
#include "engine/helm/schema.hh"
#include "engine/value/json.hh"

using namespace weir;

namespace {

enum class Verdict { taken, refused, no_schema };

Verdict verdict(const Value& document, const std::string& schema) {
  const auto checked = helm::check_schema(document, schema);
  if (checked.ok()) return Verdict::taken;
  const std::string& message = checked.error().message;
  WEIR_ASSERT(!message.empty());
  const bool refused = checked.error().code == Code::invalid && message.starts_with("- at '");
  WEIR_ASSERT(!refused || message.ends_with('\n'));
  return refused ? Verdict::refused : Verdict::no_schema;
}

// Without addresses and references a schema means the same wherever it stands.
bool is_plain(std::string_view schema) {
  return schema.find('$') == schema.npos && schema.find('\\') == schema.npos &&
         schema.find("\"id\"") == schema.npos;
}

void check_in_draft(const Value& document, std::string_view draft, const std::string& schema) {
  const std::string head = "{\"$schema\":\"" + std::string(draft) + "\",";
  const Verdict all = verdict(document, head + "\"allOf\":[" + schema + "]}");
  const Verdict none = verdict(document, head + "\"not\":" + schema + "}");
  const Verdict two = verdict(document, head + "\"allOf\":[" + schema + "," + schema + "]}");
  if (all == Verdict::no_schema || none == Verdict::no_schema || two == Verdict::no_schema) return;
  WEIR_ASSERT((all == Verdict::taken) == (none == Verdict::refused));
  WEIR_ASSERT(all == two);
}

constexpr std::string_view drafts[] = {"http://json-schema.org/draft-04/schema#",
                                       "http://json-schema.org/draft-06/schema#",
                                       "http://json-schema.org/draft-07/schema#",
                                       "https://json-schema.org/draft/2019-09/schema",
                                       "https://json-schema.org/draft/2020-12/schema"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\0');
  if (cut == text.npos) return 0;
  const auto document = value::parse_json(text.substr(0, cut));
  if (!document.ok()) return 0;
  const std::string schema(text.substr(cut + 1));
  const auto first = helm::check_schema(*document, schema);
  const auto second = helm::check_schema(*document, schema);
  WEIR_ASSERT(first.ok() == second.ok());
  if (!first.ok()) WEIR_ASSERT(first.error().message == second.error().message);
  if (!value::parse_json(schema).ok() || !is_plain(schema)) return 0;
  for (const std::string_view draft : drafts) check_in_draft(*document, draft, schema);
  return 0;
}
