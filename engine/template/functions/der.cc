#include "engine/template/functions/der.hh"

namespace weir::tmpl::der {

std::string value(unsigned char tag, std::string_view contents) {
  std::string out(1, static_cast<char>(tag));
  if (contents.size() < 0x80) {
    out += static_cast<char>(contents.size());
  } else {
    std::string length;
    for (std::size_t left = contents.size(); left > 0; left >>= 8)
      length.insert(length.begin(), static_cast<char>(left & 0xFF));
    out += static_cast<char>(0x80 | length.size());
    out += length;
  }
  out += contents;
  return out;
}

std::string sequence(std::initializer_list<std::string_view> parts) {
  std::string contents;
  for (const std::string_view part : parts) contents += part;
  return value(sequence_tag, contents);
}

std::string integer(std::string_view magnitude) {
  while (magnitude.size() > 1 && magnitude[0] == '\0') magnitude.remove_prefix(1);
  std::string contents;
  // A set first bit would make it negative.
  if (magnitude.empty() || (static_cast<unsigned char>(magnitude[0]) & 0x80) != 0) contents += '\0';
  contents += magnitude;
  return value(integer_tag, contents);
}

std::string integer(std::uint64_t number) {
  std::string magnitude;
  for (int shift = 56; shift >= 0; shift -= 8)
    magnitude += static_cast<char>((number >> shift) & 0xFF);
  return integer(magnitude);
}

std::string object_id(std::initializer_list<std::uint32_t> parts) {
  std::string contents;
  std::uint32_t first = 0;
  std::size_t at = 0;
  for (std::uint32_t part : parts) {
    if (at++ == 0) {
      first = part;
      continue;
    }
    if (at == 2) part += first * 40;
    std::string digits(1, static_cast<char>(part & 0x7F));
    for (part >>= 7; part > 0; part >>= 7)
      digits.insert(digits.begin(), static_cast<char>(0x80 | (part & 0x7F)));
    contents += digits;
  }
  return value(object_id_tag, contents);
}

std::string bit_string(std::string_view bytes, unsigned unused_bits) {
  std::string contents(1, static_cast<char>(unused_bits));
  contents += bytes;
  return value(bit_string_tag, contents);
}

}  // namespace weir::tmpl::der
