// Two JSON texts separated by a NUL byte: a document and a patch. Applying must return; on an
// error the document is unchanged; the merge patch made from before and after must lead from one
// to the other.
#include <cstdint>
#include <string_view>

#include "engine/base/assert.hh"
#include "engine/value/json.hh"
#include "engine/value/pointer.hh"

using namespace weir::value;

namespace {

bool has_null(const weir::Value& value) {
  if (value.is_null()) return true;
  for (const auto& item : value.items())
    if (has_null(item)) return true;
  for (const auto& member : value.members())
    if (has_null(member.value)) return true;
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\0');
  if (cut == text.npos) return 0;
  const auto document = parse_json(text.substr(0, cut));
  const auto patch = parse_json(text.substr(cut + 1));
  if (!document.ok() || !patch.ok()) return 0;
  weir::Value patched = document.value();
  if (!apply_json_patch(patched, patch.value()).ok()) {
    WEIR_ASSERT(patched == document.value());
    return 0;
  }
  weir::Value merged = document.value();
  apply_merge_patch(merged, make_merge_patch(document.value(), patched));
  if (document.value().is_object() && patched.is_object() && !has_null(patched))
    WEIR_ASSERT(merged == patched);
  apply_merge_patch(merged, patch.value());
  return 0;
}
