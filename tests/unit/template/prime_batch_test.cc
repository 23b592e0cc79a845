#include "engine/template/functions/prime_batch.hh"

#include <catch2/catch.hpp>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace weir::tmpl {
namespace {

bool cannot(int bits) {
  if (!has_prime_batch(bits)) WARN("this processor has not the instructions: nothing was tested");
  return !has_prime_batch(bits);
}

// 2^bits - below.
std::string number_below(int bits, std::uint32_t below) {
  std::string bytes(static_cast<std::size_t>(bits / 8), '\xff');
  const std::uint32_t last = 0u - below;
  for (std::size_t i = 0; i < 4; ++i)
    bytes[bytes.size() - 1 - i] = static_cast<char>(last >> 8 * i & 0xff);
  return bytes;
}

// 2^(bits - 1) + above.
std::string number_above(int bits, std::uint32_t above) {
  std::string bytes(static_cast<std::size_t>(bits / 8), '\0');
  bytes.front() = '\x80';
  for (std::size_t i = 0; i < 4; ++i)
    bytes[bytes.size() - 1 - i] = static_cast<char>(above >> 8 * i & 0xff);
  return bytes;
}

using Make = std::string (*)(int, std::uint32_t);

// The odd numbers of a range that pass, eight at once, and by less at once.
std::set<std::uint32_t> passing(int bits, Make make, std::uint32_t from, std::uint32_t to) {
  std::set<std::uint32_t> found;
  for (std::uint32_t k = from; k <= to; k += 2 * prime_batch_max) {
    std::vector<std::string> numbers;
    for (std::uint32_t i = 0; i < prime_batch_max; ++i) numbers.push_back(make(bits, k + 2 * i));
    const auto passed = pass_fermat(numbers);
    for (std::size_t i = 0; i < passed.size(); ++i)
      if (passed[i]) found.insert(k + 2 * static_cast<std::uint32_t>(i));
    const std::size_t count = 1 + k / 2 % (prime_batch_max - 1);
    const auto fewer = pass_fermat(std::span(numbers).last(count));
    CHECK(fewer == passed >> (prime_batch_max - count));
  }
  found.erase(found.upper_bound(to), found.end());
  return found;
}

}  // namespace

// What passes was found by another implementation of the power (Python's pow()).
TEST_CASE("of numbers just below a power of 2, those pass that should: every digit is full") {
  if (cannot(1024) || cannot(2048)) return;
  CHECK(passing(1024, number_below, 1, 1600) == std::set<std::uint32_t>{105, 179, 1397});
  CHECK(passing(2048, number_below, 1942089, 1942489) == std::set<std::uint32_t>{1942289});
}

TEST_CASE("of numbers just above a power of 2, those pass that should: most digits are empty") {
  if (cannot(1024) || cannot(2048)) return;
  CHECK(passing(1024, number_above, 1, 2400) ==
        std::set<std::uint32_t>{1155, 1493, 1583, 1685, 1863, 2381});
  CHECK(passing(2048, number_above, 1801, 2201) == std::set<std::uint32_t>{1919, 2111});
}

TEST_CASE("a prime passes by every base, a composite by few") {
  if (cannot(1024) || cannot(2048)) return;
  const auto small = [](char base) { return std::string(1, base); };
  const auto one_less = [](std::string number) {
    --number.back();  // an odd number's last byte is no zero
    return number;
  };
  // Of these some are 3 modulo 4, some 1: -1 comes up at once, or by squaring.
  for (const std::uint32_t above : {1155, 1493, 1583, 1685, 1863, 2381}) {
    const std::string prime = number_above(1024, above), minus_one = one_less(prime);
    const std::vector<std::string> bases = {small(2), small(3), small(5), small(7), minus_one};
    CHECK(passes_miller_rabin(prime, bases));
    CHECK(passes_miller_rabin(prime, std::span(bases).first(1)));
  }
  CHECK(passes_miller_rabin(number_below(2048, 1942289), std::vector{small(2), small(11)}));
  CHECK(passes_miller_rabin(number_above(2048, 2111), std::vector{small(3)}));
  for (const std::uint32_t above : {1157, 1495, 1601}) {
    const std::string composite = number_above(1024, above), minus_one = one_less(composite);
    CHECK(passes_miller_rabin(composite, std::vector{minus_one}));
    CHECK_FALSE(passes_miller_rabin(composite, std::vector{small(3)}));
    CHECK_FALSE(passes_miller_rabin(composite, std::vector{minus_one, small(3)}));
    CHECK_FALSE(passes_miller_rabin(composite, std::vector{small(3), minus_one, minus_one}));
  }
  CHECK_FALSE(passes_miller_rabin(number_above(2048, 2113), std::vector{small(3), small(5)}));
}

TEST_CASE("other lengths are left to the library") {
  CHECK_FALSE(has_prime_batch(512));
  CHECK_FALSE(has_prime_batch(1536));
  CHECK_FALSE(has_prime_batch(4096));
}

}  // namespace weir::tmpl
