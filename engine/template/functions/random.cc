#include "engine/template/functions/random.hh"

#include "engine/base/digest.hh"
#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"
#include "engine/template/functions/unicode.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

constexpr std::string_view digits = "0123456789";
constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view alphanumeric =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
// Every printable character of ASCII.
constexpr std::string_view printable =
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
    "abcdefghijklmnopqrstuvwxyz{|}~";

// `count` characters of a set; none when negative.
Datum random_text(CallContext& context, const Datum& count, std::string_view set) {
  const std::int64_t length = count.as_int();
  if (length <= 0) return Datum::string("");
  context.budget().use_bytes(static_cast<std::uint64_t>(length));
  context.budget().use_steps(static_cast<std::uint64_t>(length));
  std::string out;
  for (std::int64_t i = 0; i < length; ++i)
    out += set[static_cast<std::size_t>(random_below(context, set.size()))];
  return Datum::string(std::move(out));
}

Datum rand_alpha_num(CallContext& context, Arguments a) {
  return random_text(context, a[0], alphanumeric);
}
Datum rand_alpha(CallContext& context, Arguments a) { return random_text(context, a[0], letters); }
Datum rand_ascii(CallContext& context, Arguments a) {
  return random_text(context, a[0], printable);
}
Datum rand_numeric(CallContext& context, Arguments a) { return random_text(context, a[0], digits); }

Datum rand_bytes(CallContext& context, Arguments a) {
  const std::int64_t count = a[0].as_int();
  if (count < 0) fail("runtime error: makeslice: len out of range");
  context.budget().use_bytes(static_cast<std::uint64_t>(count));
  return give(context, base::base64_encode(random_bytes(context, static_cast<std::size_t>(count))));
}

Datum rand_int(CallContext& context, Arguments a) {
  const auto low = static_cast<std::uint64_t>(a[0].as_int());
  const std::uint64_t range = static_cast<std::uint64_t>(a[1].as_int()) - low;
  if (static_cast<std::int64_t>(range) <= 0) fail("invalid argument to Intn");
  return Datum::integer(static_cast<std::int64_t>(low + random_below(context, range)));
}

Datum uuid(CallContext& context, Arguments) {
  std::string bytes = random_bytes(context, 16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  std::string text = base::hex_encode(bytes);
  for (const std::size_t at : {8u, 13u, 18u, 23u}) text.insert(at, 1, '-');
  return give(context, std::move(text));
}

Datum shuffle(CallContext& context, Arguments a) {
  auto runes = unicode::runes_of(a[0].as_string());
  context.budget().use_steps(runes.size());
  for (std::size_t i = runes.size(); i > 1; --i)
    std::swap(runes[i - 1], runes[static_cast<std::size_t>(random_below(context, i))]);
  return give(context, unicode::text_of_runes(runes));
}

constexpr Function table[] = {
    {"randAlphaNum", rand_alpha_num, {&types::int_}},
    {"randAlpha", rand_alpha, {&types::int_}},
    {"randAscii", rand_ascii, {&types::int_}},
    {"randNumeric", rand_numeric, {&types::int_}},
    {"randBytes", rand_bytes, {&types::int_}},
    {"randInt", rand_int, {&types::int_, &types::int_}},
    {"uuidv4", uuid, {}},
    {"shuffle", shuffle, {&types::string}},
};

}  // namespace

std::string random_bytes(CallContext& context, std::size_t count) {
  if (context.ports().random == nullptr) fail("there is no randomness here");
  std::string bytes(count, '\0');
  context.ports().random->fill({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  return bytes;
}

std::uint64_t random_below(CallContext& context, std::uint64_t bound) {
  WEIR_ASSERT(bound != 0);
  const std::uint64_t even = bound * (UINT64_MAX / bound);
  while (true) {
    std::uint64_t number = 0;
    for (const char c : random_bytes(context, 8))
      number = (number << 8) | static_cast<unsigned char>(c);
    if (number < even) return number % bound;
  }
}

std::span<const Function> random_functions() { return table; }

}  // namespace weir::tmpl
