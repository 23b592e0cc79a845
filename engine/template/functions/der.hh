// DER, as far as keys and certificates need it: values written inside out, each a string of bytes.
// Pure functions.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace weir::tmpl::der {

enum Tag : unsigned char {
  boolean = 0x01,
  integer_tag = 0x02,
  bit_string_tag = 0x03,
  octet_string = 0x04,
  object_id_tag = 0x06,
  utf8_string = 0x0C,
  printable_string = 0x13,
  utc_time = 0x17,
  generalized_time = 0x18,
  sequence_tag = 0x30,
  set_tag = 0x31,
};
// [number] of a constructed or a primitive value.
constexpr unsigned char context(unsigned number, bool constructed) {
  return static_cast<unsigned char>((constructed ? 0xA0 : 0x80) | number);
}

std::string value(unsigned char tag, std::string_view contents);
std::string sequence(std::initializer_list<std::string_view> parts);
// An unsigned number, its bytes big-endian.
std::string integer(std::string_view magnitude);
std::string integer(std::uint64_t number);
std::string object_id(std::initializer_list<std::uint32_t> parts);
// Whole bytes, or with some bits of the last one unused.
std::string bit_string(std::string_view bytes, unsigned unused_bits = 0);

}  // namespace weir::tmpl::der
