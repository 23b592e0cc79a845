// Shares the storage of object keys while a text is read: manifests repeat a few hundred keys
// over and over. Lossy (one slot a hash), so it needs no cap. One thread; lives as long as its
// reader.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

#include "engine/value/value.hh"

namespace weir::value {

class KeyCache {
 public:
  // A string value equal to `text`, sharing storage with an earlier one when it can.
  Value get(std::string_view text) {
    if (text.size() <= inline_bytes) return Value(text);
    if (slots_ == nullptr) slots_ = std::make_unique<std::array<Value, slot_count>>();
    Value& slot = (*slots_)[place(text)];
    if (!slot.is_string() || slot.as_string() != text) slot = Value(text);
    return slot;
  }

 private:
  static constexpr std::size_t inline_bytes = 15;  // shorter ones have no storage to share
  static constexpr std::size_t slot_count = 512;

  static std::size_t place(std::string_view text) {
    std::size_t hash = text.size();
    for (const std::size_t at : {std::size_t{0}, text.size() / 2, text.size() - 1, text.size() - 5})
      hash = hash * 31 + static_cast<unsigned char>(text[at]);
    return hash % slot_count;
  }

  std::unique_ptr<std::array<Value, slot_count>> slots_;  // most small texts have no such key
};

}  // namespace weir::value
