// A values document, a NUL byte, a text for --set, and perhaps another NUL byte and a JSON Schema.
// Everything must return; laying values over themselves must change nothing.
#include <cstdint>
#include <string_view>

#include "engine/base/assert.hh"
#include "engine/helm/load.hh"
#include "engine/helm/schema.hh"
#include "engine/helm/strvals.hh"

using namespace weir;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\0');
  const auto values = helm::load_values(text.substr(0, cut));
  if (!values.ok() || cut == text.npos) return 0;
  const Value before = (*values)->to_value();
  const auto copy = (*values)->deep_copy();
  WEIR_ASSERT(copy.ok());
  helm::merge_values(**values, **copy);
  WEIR_ASSERT((*values)->to_value() == before);
  const std::string_view rest = text.substr(cut + 1);
  const std::size_t second = rest.find('\0');
  const auto file = [](const std::string& name) -> Result<std::string> { return name; };
  for (const helm::SetKind kind : {helm::SetKind::typed, helm::SetKind::string, helm::SetKind::file,
                                   helm::SetKind::json, helm::SetKind::literal}) {
    Value set = before;
    (void)helm::set_values(set, rest.substr(0, second), kind, file);
    WEIR_ASSERT(set.is_object());
  }
  if (second != rest.npos) (void)helm::check_schema(before, rest.substr(second + 1));
  return 0;
}
