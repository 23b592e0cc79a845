// Any bytes: the JSON reader must return. It takes what simdjson takes, alike; what it takes beyond
// is what Go reads otherwise: lone surrogates, bytes that are no UTF-8, and numbers that need a
// double. What it accepts must be written and read back; from then on nothing changes any more (the
// first time "-0.0" becomes "-0", which is an integer).
#include <simdjson.h>

#include <cstdint>
#include <string_view>

#include "engine/base/assert.hh"
#include "engine/value/json.hh"

using weir::Value;
namespace dom = simdjson::dom;

namespace {

bool equal(const dom::element& theirs, const Value& ours);

bool equal_object(const dom::object& theirs, const Value& ours) {
  if (!ours.is_object()) return false;
  for (const auto& member : ours.members()) {
    dom::element last;
    bool found = false;
    for (const dom::key_value_pair field : theirs)
      if (field.key == member.name()) last = field.value, found = true;
    if (!found || !equal(last, member.value)) return false;
  }
  for (const dom::key_value_pair field : theirs)
    if (!ours.contains(field.key)) return false;
  return true;
}

bool equal_array(const dom::array& theirs, const Value& ours) {
  if (!ours.is_array() || ours.size() != theirs.size()) return false;
  std::size_t at = 0;
  for (const dom::element item : theirs)
    if (!equal(item, ours.at(at++))) return false;
  return true;
}

bool equal(const dom::element& theirs, const Value& ours) {
  switch (theirs.type()) {
    case dom::element_type::OBJECT: return equal_object(dom::object(theirs), ours);
    case dom::element_type::ARRAY: return equal_array(dom::array(theirs), ours);
    case dom::element_type::STRING:
      return ours.is_string() && ours.as_string() == std::string_view(theirs);
    case dom::element_type::BOOL: return ours.is_bool() && ours.as_bool() == bool(theirs);
    case dom::element_type::NULL_VALUE: return ours.is_null();
    default: return ours.is_number() && ours.as_double() == double(theirs);
  }
}

bool go_reads_otherwise(simdjson::error_code code) {
  return code == simdjson::UTF8_ERROR || code == simdjson::STRING_ERROR ||
         code == simdjson::NUMBER_ERROR;
}

void compare(std::string_view text, const weir::Result<Value>& ours) {
  static dom::parser parser;
  const simdjson::padded_string padded(text);
  const auto theirs = parser.parse(padded);
  if (theirs.error() == simdjson::SUCCESS) {
    if (!ours.ok() && ours.error().code == weir::Code::limit) return;
    WEIR_ASSERT(ours.ok());
    WEIR_ASSERT(equal(theirs.value_unsafe(), *ours));
  } else if (ours.ok()) {
    WEIR_ASSERT(go_reads_otherwise(theirs.error()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = weir::value::parse_json(text);
  compare(text, first);
  if (!first.ok()) return 0;
  const std::string written = weir::value::write_json(first.value());
  const auto second = weir::value::parse_json(written);
  WEIR_ASSERT(second.ok());
  const std::string rewritten = weir::value::write_json(second.value());
  const auto third = weir::value::parse_json(rewritten);
  WEIR_ASSERT(third.ok() && weir::value::write_json(third.value()) == rewritten);
  return 0;
}
