// Montgomery's multiplication with digits of 52 bits, eight to a vector. Sums of digits are left as
// they come (64 bits hold them all) until a square is done; a number may be up to four times the
// modulus, since R is 2^16 times as large and more.
#include "engine/template/functions/fermat_batch.hh"

#include <cpuid.h>
#include <immintrin.h>
#include <openssl/bn.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

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
  std::uint64_t of[fermat_batch_max] = {};
};

// Powers of 2 in Montgomery's form: a digit of all eight numbers stands in one vector. A value may
// be up to four times its modulus, since R is 2^16 times as large and more.
template <int digits>
class Powers {
 public:
  Powers(std::span<const BIGNUM* const> numbers, BN_CTX* context) {
    for (std::size_t lane = 0; lane < fermat_batch_max; ++lane) {
      // What is too few is filled up.
      const BIGNUM* const number = numbers[std::min(lane, numbers.size() - 1)];
      numbers_[lane] = number;
      ones_[lane].reset(BN_new());
      BN_set_bit(ones_[lane].get(), digits * digit_bits);  // R
      BN_nnmod(ones_[lane].get(), ones_[lane].get(), number, context);
      const Number two(BN_new());
      BN_lshift1(two.get(), ones_[lane].get());
      set(modulus_, lane, digits_of<digits>(number));
      set(value_, lane, digits_of<digits>(two.get()));
      factor_.of[lane] = negative_inverse(modulus_[0].of[lane]);
    }
  }

  // Squares all; then doubles those in the mask.
  WEIR_IFMA void square(unsigned doubled);

  bool is_one(std::size_t lane, BN_CTX* context) const {
    const Number rest(BN_new());
    for (int i = digits; i-- > 0;) {
      BN_lshift(rest.get(), rest.get(), digit_bits);
      BN_add_word(rest.get(), value_[i].of[lane]);
    }
    BN_nnmod(rest.get(), rest.get(), numbers_[lane], context);
    return BN_cmp(rest.get(), ones_[lane].get()) == 0;
  }

 private:
  static void set(Lanes* into, std::size_t lane, const Digits<digits>& from) {
    for (std::size_t i = 0; i < digits; ++i) into[i].of[lane] = from[i];
  }

  Lanes modulus_[digits];
  Lanes value_[digits];
  Lanes factor_;  // times a last digit: how often the modulus makes it zero
  std::array<const BIGNUM*, fermat_batch_max> numbers_{};
  std::array<Number, fermat_batch_max> ones_;
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

template <int digits>
WEIR_IFMA void Powers<digits>::square(unsigned doubled) {
  __m512i quotient[digits], results[digits];
  auto* const value = reinterpret_cast<__m512i*>(value_);
  const auto* const modulus = reinterpret_cast<const __m512i*>(modulus_);
  const __m512i factor = _mm512_load_si512(&factor_), zero = _mm512_setzero_si512();
  const __m512i mask = _mm512_set1_epi64(static_cast<long long>(digit_mask));
  __m512i carry = zero, cross_high = zero, reduced_high = zero;
#pragma GCC unroll 40
  for (int k = 0; k < 2 * digits; ++k) {
    const int from = k < digits ? 0 : k - digits + 1;
    // Each product of two digits stands in a square twice.
    Column cross{{zero, zero}, {zero, zero}}, reduced{{zero, zero}, {zero, zero}};
    add_products(cross, value, value, k, from, (k + 1) / 2);
    add_products(reduced, quotient, modulus, k, from, k < digits ? k : digits);
    const __m512i crossed = total(cross, cross_high);
    __m512i sum = _mm512_add_epi64(carry, _mm512_add_epi64(crossed, crossed));
    sum = _mm512_add_epi64(sum, total(reduced, reduced_high));
    const __m512i middle = value[k / 2];
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
std::bitset<fermat_batch_max> test(std::span<const BIGNUM* const> numbers, BN_CTX* context) {
  Powers<digits> powers(numbers, context);
  // The bits of n - 1 are those of n, but for the last.
  for (int bit = BN_num_bits(numbers[0]) - 2; bit >= 0; --bit) {
    unsigned doubled = 0;
    for (std::size_t lane = 0; bit > 0 && lane < numbers.size(); ++lane)
      doubled |= static_cast<unsigned>(BN_is_bit_set(numbers[lane], bit)) << lane;
    powers.square(doubled);
  }
  std::bitset<fermat_batch_max> passed;
  for (std::size_t lane = 0; lane < numbers.size(); ++lane)
    passed[lane] = powers.is_one(lane, context);
  return passed;
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
bool has_fermat_batch(int bits) {
  if (bits != 1024 && bits != 2048) return false;
  static const bool has = has_instructions();
  return has;
}

std::bitset<fermat_batch_max> fermat_batch(std::span<const std::string> numbers) {
  WEIR_ASSERT(!numbers.empty() && numbers.size() <= fermat_batch_max);
  std::array<Number, fermat_batch_max> owned;
  std::array<const BIGNUM*, fermat_batch_max> all{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    owned[i] = number_of(numbers[i]);
    all[i] = owned[i].get();
    WEIR_ASSERT(BN_is_odd(all[i]) && BN_num_bits(all[i]) == BN_num_bits(all[0]));
  }
  const int bits = BN_num_bits(all[0]);
  WEIR_ASSERT(has_fermat_batch(bits));
  const Context context(BN_CTX_new());
  const std::span<const BIGNUM* const> given(all.data(), numbers.size());
  return bits == 1024 ? test<20>(given, context.get()) : test<40>(given, context.get());
}

}  // namespace weir::tmpl
