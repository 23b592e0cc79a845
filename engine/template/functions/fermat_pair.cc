// Montgomery's multiplication with digits of 52 bits, eight to a vector. Sums of digits are left as
// they come (64 bits hold them all) until a square is done; a number may be up to four times the
// modulus, since R is 2^16 times as large and more.
#include "engine/template/functions/fermat_pair.hh"

#include <cpuid.h>
#include <immintrin.h>
#include <openssl/bn.h>

#include <algorithm>
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

template <int digits>
constexpr int vectors = (digits + 7) / 8;

// As many digits as `bits` take, with some bits to spare; zeros behind.
template <int digits>
struct alignas(64) Digits {
  std::uint64_t at[vectors<digits> * 8] = {};

  explicit Digits(const BIGNUM* value) {
    constexpr int bytes = digits * digit_bits / 8;
    unsigned char raw[bytes + 8] = {};
    BN_bn2lebinpad(value, raw, bytes);
    for (int i = 0; i < digits; ++i) {
      const int bit = i * digit_bits;
      std::uint64_t word = 0;
      for (int byte = 7; byte >= 0; --byte) word = word << 8 | raw[bit / 8 + byte];
      at[i] = word >> bit % 8 & digit_mask;
    }
  }

  Number number() const {
    Number value(BN_new());
    for (int i = digits; i-- > 0;) {
      BN_lshift(value.get(), value.get(), digit_bits);
      BN_add_word(value.get(), at[i]);
    }
    return value;
  }
};

// Montgomery's R modulo the number: his form of 1.
template <int digits>
Number form_of_one(const BIGNUM* number, BN_CTX* context) {
  Number one(BN_new());
  BN_set_bit(one.get(), digits * digit_bits);
  BN_nnmod(one.get(), one.get(), number, context);
  return one;
}

Number twice(const BIGNUM* value) {
  Number two(BN_new());
  BN_lshift1(two.get(), value);
  return two;
}

// -1 / digit modulo 2^52, by Newton: each step doubles the bits that are right.
std::uint64_t negative_inverse(std::uint64_t digit) {
  std::uint64_t inverse = digit;
  for (int right = 3; right < digit_bits; right *= 2) inverse *= 2 - digit * inverse;
  return (0 - inverse) & digit_mask;
}

// One of the two: a power of 2 modulo a number, which starts as 2 itself.
template <int digits>
struct Power {
  Power(const BIGNUM* given, BN_CTX* context)
      : number(given),
        one(form_of_one<digits>(given, context)),
        modulus(given),
        value(twice(one.get()).get()),
        factor(negative_inverse(modulus.at[0])) {}

  bool is_one(BN_CTX* context) const {
    const Number rest = value.number();
    BN_nnmod(rest.get(), rest.get(), number, context);
    return BN_cmp(rest.get(), one.get()) == 0;
  }

  const BIGNUM* const number;
  const Number one;
  const Digits<digits> modulus;
  Digits<digits> value;
  const std::uint64_t factor;  // times a last digit: how often the modulus makes it zero
};

template <int count>
struct Sum {
  __m512i at[count];
};

// Adds value * digit and what makes the last digit zero, and drops that. The next row waits for its
// last digit: what need not stand before that is summed up beside it.
template <int digits>
WEIR_IFMA inline __attribute__((always_inline)) void add_row(Sum<vectors<digits>>& sum,
                                                             const Power<digits>& power, int row) {
  constexpr int count = vectors<digits>;
  const auto* const value = reinterpret_cast<const __m512i*>(power.value.at);
  const auto* const modulus = reinterpret_cast<const __m512i*>(power.modulus.at);
  const __m512i digit = _mm512_set1_epi64(static_cast<long long>(power.value.at[row]));
  Sum<count> high;
#pragma GCC unroll 8
  for (int i = 0; i < count; ++i) {
    sum.at[i] = _mm512_madd52lo_epu64(sum.at[i], value[i], digit);
    high.at[i] = _mm512_madd52hi_epu64(_mm512_setzero_si512(), value[i], digit);
  }
  const auto last =
      static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm512_castsi512_si128(sum.at[0])));
  const __m512i times = _mm512_set1_epi64(static_cast<long long>(last * power.factor & digit_mask));
#pragma GCC unroll 8
  for (int i = 0; i < count; ++i) {
    sum.at[i] = _mm512_madd52lo_epu64(sum.at[i], modulus[i], times);
    high.at[i] = _mm512_madd52hi_epu64(high.at[i], modulus[i], times);
  }
  high.at[0] = _mm512_add_epi64(high.at[0], _mm512_maskz_srli_epi64(1, sum.at[0], digit_bits));
#pragma GCC unroll 8
  for (int i = 0; i < count; ++i) {
    const __m512i above = i + 1 < count ? sum.at[i + 1] : _mm512_setzero_si512();
    sum.at[i] = _mm512_add_epi64(_mm512_alignr_epi64(above, sum.at[i], 1), high.at[i]);
  }
}

// The sum, doubled `doublings` times, as digits.
template <int digits>
WEIR_IFMA inline __attribute__((always_inline)) void carry_over(Sum<vectors<digits>>& sum,
                                                                unsigned doublings,
                                                                Digits<digits>& out) {
  constexpr int count = vectors<digits>;
  const __m512i mask = _mm512_set1_epi64(static_cast<long long>(digit_mask));
  const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(doublings));
  __m512i below = _mm512_setzero_si512();
  std::uint64_t over = 0, full = 0;
#pragma GCC unroll 8
  for (int i = 0; i < count; ++i) {
    const __m512i doubled = _mm512_sll_epi64(sum.at[i], shift);
    const __m512i carry = _mm512_srli_epi64(doubled, digit_bits);
    sum.at[i] =
        _mm512_add_epi64(_mm512_and_si512(doubled, mask), _mm512_alignr_epi64(carry, below, 7));
    below = carry;
    over |= std::uint64_t{_mm512_cmpgt_epu64_mask(sum.at[i], mask)} << i * 8;
    full |= std::uint64_t{_mm512_cmpeq_epu64_mask(sum.at[i], mask)} << i * 8;
  }
  // At most one is carried now; a digit that is full hands it on, which an addition does by itself.
  const std::uint64_t carried = ((over << 1) + full) ^ full;
  auto* const digits_out = reinterpret_cast<__m512i*>(out.at);
#pragma GCC unroll 8
  for (int i = 0; i < count; ++i) {
    const __m512i more = _mm512_mask_sub_epi64(sum.at[i], static_cast<__mmask8>(carried >> i * 8),
                                               sum.at[i], _mm512_set1_epi64(-1));
    _mm512_store_si512(digits_out + i, _mm512_and_si512(more, mask));
  }
}

template <int digits>
WEIR_IFMA void square_both(Power<digits>& a, Power<digits>& b, unsigned a_doublings,
                           unsigned b_doublings) {
  Sum<vectors<digits>> a_sum{}, b_sum{};
  for (int row = 0; row < digits; ++row) {
    add_row<digits>(a_sum, a, row);
    add_row<digits>(b_sum, b, row);
  }
  carry_over<digits>(a_sum, a_doublings, a.value);
  carry_over<digits>(b_sum, b_doublings, b.value);
}

template <int digits>
std::array<bool, 2> test(const BIGNUM* a, const BIGNUM* b, BN_CTX* context) {
  Power<digits> first(a, context), second(b, context);
  // The bits of n - 1 are those of n, but for the last.
  for (int bit = BN_num_bits(a) - 2; bit >= 0; --bit)
    square_both(first, second, bit > 0 && BN_is_bit_set(a, bit), bit > 0 && BN_is_bit_set(b, bit));
  return {first.is_one(context), second.is_one(context)};
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
bool has_fermat_pair(int bits) {
  if (bits != 1024 && bits != 2048) return false;
  static const bool has = has_instructions();
  return has;
}

std::array<bool, 2> fermat_pair(std::string_view a, std::string_view b) {
  const Number first = number_of(a), second = number_of(b);
  const int bits = BN_num_bits(first.get());
  WEIR_ASSERT(has_fermat_pair(bits) && BN_num_bits(second.get()) == bits);
  WEIR_ASSERT(BN_is_odd(first.get()) && BN_is_odd(second.get()));
  const Context context(BN_CTX_new());
  return bits == 1024 ? test<20>(first.get(), second.get(), context.get())
                      : test<40>(first.get(), second.get(), context.get());
}

}  // namespace weir::tmpl
