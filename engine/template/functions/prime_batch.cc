// Montgomery's multiplication with digits of 52 bits, eight to a vector. Sums of digits are left as
// they come (64 bits hold them all) until a square is done; a number may be up to four times the
// modulus, since R is 2^16 times as large and more.
#include "engine/template/functions/prime_batch.hh"

#include <cpuid.h>
#include <immintrin.h>
#include <openssl/bn.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/assert.hh"
#include "engine/base/freed.hh"

// The functions below are never called on a processor that has not the instructions.
#define WEIR_IFMA __attribute__((target("avx512f,avx512dq,avx512vl,avx512ifma")))

namespace weir::tmpl {

namespace {

using Number = std::unique_ptr<BIGNUM, base::Freed<BN_clear_free>>;
using Context = std::unique_ptr<BN_CTX, base::Freed<BN_CTX_free>>;

Number number_of(std::string_view bytes) {
  return Number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                          static_cast<int>(bytes.size()), nullptr));
}

constexpr int digit_bits = 52;
constexpr std::uint64_t digit_mask = (std::uint64_t{1} << digit_bits) - 1;

// A number of 52-bit digits, the lowest first.
template <int digits>
using Digits = std::array<std::uint64_t, digits>;

template <int digits>
Digits<digits> digits_of(const BIGNUM* value) {
  constexpr int bytes = digits * digit_bits / 8;
  unsigned char raw[bytes + 8] = {};
  BN_bn2lebinpad(value, raw, bytes);
  Digits<digits> out{};
  for (int i = 0; i < digits; ++i) {
    const int bit = i * digit_bits;
    std::uint64_t word = 0;
    for (int byte = 7; byte >= 0; --byte) word = word << 8 | raw[bit / 8 + byte];
    out[static_cast<std::size_t>(i)] = word >> bit % 8 & digit_mask;
  }
  return out;
}

// -1 / digit modulo 2^52, by Newton: each step doubles the bits that are right.
std::uint64_t negative_inverse(std::uint64_t digit) {
  std::uint64_t inverse = digit;
  for (int right = 3; right < digit_bits; right *= 2) inverse *= 2 - digit * inverse;
  return (0 - inverse) & digit_mask;
}

// One digit of each of the eight.
struct alignas(64) Lanes {
  std::uint64_t of[prime_batch_max] = {};
};

// Values in Montgomery's form: a digit of all eight stands in one vector. A value may be up to four
// times its modulus, since R is 2^16 times as large and more.
template <int digits>
struct Form {
  Lanes at[digits];

  void set(std::size_t lane, const Digits<digits>& from) {
    for (std::size_t i = 0; i < digits; ++i) at[i].of[lane] = from[i];
  }

  Number number(std::size_t lane) const {
    Number value(BN_new());
    for (int i = digits; i-- > 0;) {
      BN_lshift(value.get(), value.get(), digit_bits);
      BN_add_word(value.get(), at[i].of[lane]);
    }
    return value;
  }
};

// The moduli of eight values, and Montgomery's R modulo each: his form of 1.
template <int digits>
struct Moduli {
  Moduli(std::span<const BIGNUM* const> numbers, BN_CTX* context) {
    for (std::size_t lane = 0; lane < prime_batch_max; ++lane) {
      // What is too few is filled up.
      number[lane] = numbers[std::min(lane, numbers.size() - 1)];
      if (lane < numbers.size()) {
        one[lane].reset(BN_new());
        BN_set_bit(one[lane].get(), digits * digit_bits);
        BN_nnmod(one[lane].get(), one[lane].get(), number[lane], context);
      } else {
        one[lane].reset(BN_dup(one[lane - 1].get()));
      }
      form.set(lane, digits_of<digits>(number[lane]));
      factor.of[lane] = negative_inverse(form.at[0].of[lane]);
    }
  }

  bool is(const Form<digits>& value, std::size_t lane, const BIGNUM* wanted,
          BN_CTX* context) const {
    const Number rest = value.number(lane);
    BN_nnmod(rest.get(), rest.get(), number[lane], context);
    return BN_cmp(rest.get(), wanted) == 0;
  }

  Form<digits> form;
  Lanes factor;  // times a last digit: how often the modulus makes it zero
  std::array<const BIGNUM*, prime_batch_max> number{};
  std::array<Number, prime_batch_max> one;
};

// A column of a product as it is summed up: the low halves of its digits' products, and the high
// ones, which belong to the next column. Two of each, since a sum waits for the one before it.
struct Column {
  __m512i low[2], high[2];
};

// In a register: the compiler would load it once more for each instruction that takes it.
WEIR_IFMA inline __attribute__((always_inline)) __m512i held(__m512i value) {
  __asm__("" : "+v"(value));
  return value;
}

// Adds a[i] * b[sum - i] for i from `from` up to and without `to`.
WEIR_IFMA inline __attribute__((always_inline)) void add_products(Column& column,
                                                                  const __m512i* a,
                                                                  const __m512i* b, int sum,
                                                                  int from, int to) {
  int i = from;
#pragma GCC unroll 16
  for (; i + 1 < to; i += 2) {
    const __m512i first = held(a[i]), second = held(a[i + 1]);
    const __m512i its = held(b[sum - i]), other = held(b[sum - i - 1]);
    column.low[0] = _mm512_madd52lo_epu64(column.low[0], first, its);
    column.low[1] = _mm512_madd52lo_epu64(column.low[1], second, other);
    column.high[0] = _mm512_madd52hi_epu64(column.high[0], first, its);
    column.high[1] = _mm512_madd52hi_epu64(column.high[1], second, other);
  }
  if (i < to) {
    column.low[0] = _mm512_madd52lo_epu64(column.low[0], a[i], b[sum - i]);
    column.high[0] = _mm512_madd52hi_epu64(column.high[0], a[i], b[sum - i]);
  }
}

// What a column comes to, with the high halves of the one before; those of this one are kept.
WEIR_IFMA inline __attribute__((always_inline)) __m512i total(const Column& column,
                                                              __m512i& high_before) {
  const __m512i sum =
      _mm512_add_epi64(_mm512_add_epi64(column.low[0], column.low[1]), high_before);
  high_before = _mm512_add_epi64(column.high[0], column.high[1]);
  return sum;
}

// value * other / R; then twice that in the lanes of the mask. A square takes half the products.
template <int digits, bool square>
WEIR_IFMA void multiply(const Moduli<digits>& moduli, Form<digits>& into, const Form<digits>& by,
                        unsigned doubled) {
  __m512i quotient[digits], results[digits];
  auto* const value = reinterpret_cast<__m512i*>(into.at);
  const auto* const other = reinterpret_cast<const __m512i*>(by.at);
  const auto* const modulus = reinterpret_cast<const __m512i*>(moduli.form.at);
  const __m512i factor = _mm512_load_si512(&moduli.factor), zero = _mm512_setzero_si512();
  const __m512i mask = _mm512_set1_epi64(static_cast<long long>(digit_mask));
  __m512i carry = zero, cross_high = zero, reduced_high = zero;
#pragma GCC unroll 40
  for (int k = 0; k < 2 * digits; ++k) {
    const int from = k < digits ? 0 : k - digits + 1, last = k < digits ? k : digits - 1;
    Column cross{{zero, zero}, {zero, zero}}, reduced{{zero, zero}, {zero, zero}};
    // Each product of two digits stands in a square twice.
    add_products(cross, value, other, k, from, square ? (k + 1) / 2 : last + 1);
    add_products(reduced, quotient, modulus, k, from, k < digits ? k : digits);
    const __m512i crossed = total(cross, cross_high);
    __m512i sum = _mm512_add_epi64(carry, crossed);
    if (square) sum = _mm512_add_epi64(sum, crossed);
    sum = _mm512_add_epi64(sum, total(reduced, reduced_high));
    const __m512i middle = value[k / 2];
    if (square)
      sum = k % 2 == 0 ? _mm512_madd52lo_epu64(sum, middle, middle)
                       : _mm512_madd52hi_epu64(sum, middle, middle);
    if (k < digits) {
      quotient[k] = _mm512_madd52lo_epu64(zero, sum, factor);
      sum = _mm512_madd52lo_epu64(sum, quotient[k], modulus[0]);
      reduced_high = _mm512_madd52hi_epu64(reduced_high, quotient[k], modulus[0]);
    } else {
      results[k - digits] = _mm512_and_si512(sum, mask);
    }
    carry = _mm512_srli_epi64(sum, digit_bits);
  }
  carry = zero;
  for (int i = 0; i < digits; ++i) {
    const __m512i twice = _mm512_mask_add_epi64(results[i], static_cast<__mmask8>(doubled),
                                                results[i], results[i]);
    value[i] = _mm512_add_epi64(_mm512_and_si512(twice, mask), carry);
    carry = _mm512_srli_epi64(twice, digit_bits);
  }
}

template <int digits>
std::bitset<prime_batch_max> test(std::span<const BIGNUM* const> numbers, BN_CTX* context) {
  const Moduli<digits> moduli(numbers, context);
  Form<digits> power;
  for (std::size_t lane = 0; lane < prime_batch_max; ++lane) {
    const Number two(BN_new());
    BN_lshift1(two.get(), moduli.one[lane].get());
    power.set(lane, digits_of<digits>(two.get()));
  }
  // The bits of n - 1 are those of n, but for the last.
  for (int bit = BN_num_bits(numbers[0]) - 2; bit >= 0; --bit) {
    unsigned doubled = 0;
    for (std::size_t lane = 0; bit > 0 && lane < numbers.size(); ++lane)
      doubled |= static_cast<unsigned>(BN_is_bit_set(numbers[lane], bit)) << lane;
    multiply<digits, true>(moduli, power, power, doubled);
  }
  std::bitset<prime_batch_max> passed;
  for (std::size_t lane = 0; lane < numbers.size(); ++lane)
    passed[lane] = moduli.is(power, lane, moduli.one[lane].get(), context);
  return passed;
}

constexpr int window_bits = 4;

int window_of(const BIGNUM* exponent, int at) {
  int window = 0;
  for (int bit = window_bits; bit-- > 0;) window = 2 * window + BN_is_bit_set(exponent, at + bit);
  return window;
}

// bases^exponent, all modulo one number.
template <int digits>
Form<digits> powers_of(const Moduli<digits>& moduli, const Form<digits>& bases,
                       const BIGNUM* exponent) {
  std::array<Form<digits>, 1 << window_bits> table;
  for (std::size_t lane = 0; lane < prime_batch_max; ++lane)
    table[0].set(lane, digits_of<digits>(moduli.one[lane].get()));
  for (std::size_t i = 1; i < table.size(); ++i) {
    table[i] = table[i - 1];
    multiply<digits, false>(moduli, table[i], bases, 0);
  }
  int at = (BN_num_bits(exponent) - 1) / window_bits * window_bits;
  Form<digits> power = table[static_cast<std::size_t>(window_of(exponent, at))];
  while ((at -= window_bits) >= 0) {
    for (int i = 0; i < window_bits; ++i) multiply<digits, true>(moduli, power, power, 0);
    multiply<digits, false>(moduli, power, table[static_cast<std::size_t>(window_of(exponent, at))],
                            0);
  }
  return power;
}

template <int digits>
bool witnesses(const BIGNUM* number, std::span<const Number> bases, BN_CTX* context) {
  const Moduli<digits> moduli(std::span(&number, 1), context);
  const BIGNUM* const one = moduli.one[0].get();
  const Number minus_one(BN_new()), odd(BN_new()), form(BN_new());
  BN_sub(minus_one.get(), number, one);
  BN_sub(odd.get(), number, BN_value_one());
  int twos = 0;
  while (!BN_is_bit_set(odd.get(), twos)) ++twos;
  BN_rshift(odd.get(), odd.get(), twos);
  Form<digits> all;
  for (std::size_t lane = 0; lane < prime_batch_max; ++lane) {
    const BIGNUM* const base = bases[std::min(lane, bases.size() - 1)].get();
    BN_mod_mul(form.get(), base, one, number, context);
    all.set(lane, digits_of<digits>(form.get()));
  }
  Form<digits> power = powers_of(moduli, all, odd.get());
  std::bitset<prime_batch_max> passed;
  for (int i = 0; i < twos; ++i) {
    if (i > 0) multiply<digits, true>(moduli, power, power, 0);
    for (std::size_t lane = 0; lane < bases.size(); ++lane)
      if (moduli.is(power, lane, minus_one.get(), context) ||
          (i == 0 && moduli.is(power, lane, one, context)))
        passed.set(lane);
  }
  return passed.count() == bases.size();
}

bool has_instructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned wanted = bit_AVX512F | bit_AVX512DQ | bit_AVX512VL | bit_AVX512IFMA;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (b & wanted) != wanted) return false;
  // And the system keeps the registers.
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_OSXSAVE) == 0) return false;
  std::uint32_t low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & 0xe6) == 0xe6;
}

}  // namespace

// Not __builtin_cpu_supports(): it would list the processor's features at each start, and virtual
// machines are slow to tell them.
bool has_prime_batch(int bits) {
  if (bits != 1024 && bits != 2048) return false;
  static const bool has = has_instructions();
  return has;
}

std::bitset<prime_batch_max> pass_fermat(std::span<const std::string> numbers) {
  WEIR_ASSERT(!numbers.empty() && numbers.size() <= prime_batch_max);
  std::array<Number, prime_batch_max> owned;
  std::array<const BIGNUM*, prime_batch_max> all{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    owned[i] = number_of(numbers[i]);
    all[i] = owned[i].get();
    WEIR_ASSERT(BN_is_odd(all[i]) && BN_num_bits(all[i]) == BN_num_bits(all[0]));
  }
  const int bits = BN_num_bits(all[0]);
  WEIR_ASSERT(has_prime_batch(bits));
  const Context context(BN_CTX_new());
  const std::span<const BIGNUM* const> given(all.data(), numbers.size());
  return bits == 1024 ? test<20>(given, context.get()) : test<40>(given, context.get());
}

bool passes_miller_rabin(std::string_view number, std::span<const std::string> bases) {
  WEIR_ASSERT(!bases.empty() && bases.size() <= prime_batch_max);
  const Number candidate = number_of(number);
  const int bits = BN_num_bits(candidate.get());
  WEIR_ASSERT(has_prime_batch(bits) && BN_is_odd(candidate.get()));
  std::vector<Number> owned;
  for (const std::string& base : bases) owned.push_back(number_of(base));
  const Context context(BN_CTX_new());
  return bits == 1024 ? witnesses<20>(candidate.get(), owned, context.get())
                      : witnesses<40>(candidate.get(), owned, context.get());
}

}  // namespace weir::tmpl
