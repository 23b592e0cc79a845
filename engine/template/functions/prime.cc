#include "engine/template/functions/prime.hh"

#include <openssl/bn.h>

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/assert.hh"
#include "engine/base/freed.hh"
#include "engine/template/functions/prime_batch.hh"
#include "engine/template/functions/random.hh"

namespace weir::tmpl {

namespace {

using Number = std::unique_ptr<BIGNUM, base::Freed<BN_clear_free>>;
using Context = std::unique_ptr<BN_CTX, base::Freed<BN_CTX_free>>;
using Montgomery = std::unique_ptr<BN_MONT_CTX, base::Freed<BN_MONT_CTX_free>>;

// Steps of a render that a round of Miller-Rabin costs; a step is some 50 ns.
constexpr std::uint64_t steps_of_round = 2000;
// Candidates looked at from one start.
constexpr std::size_t window = 4096;

Number number() { return Number(BN_new()); }

Number number_of(std::string_view bytes) {
  return Number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                          static_cast<int>(bytes.size()), nullptr));
}

std::string bytes_of(const Number& value) {
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(value.get())), '\0');
  BN_bn2bin(value.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes;
}

std::vector<std::string> all_bytes_of(const std::vector<Number>& values) {
  std::vector<std::string> all;
  for (const Number& value : values) all.push_back(bytes_of(value));
  return all;
}

// The odd ones.
std::vector<std::uint32_t> small_primes(std::uint32_t below) {
  std::vector<bool> composite(below);
  std::vector<std::uint32_t> found;
  for (std::uint32_t n = 3; n < below; n += 2) {
    if (composite[n]) continue;
    found.push_back(n);
    for (std::uint64_t k = std::uint64_t(n) * n; k < below; k += 2 * n)
      composite[static_cast<std::size_t>(k)] = true;
  }
  return found;
}

// As many as pay: a larger number costs more to test than to sieve.
const std::vector<std::uint32_t>& small_primes_for(int bits) {
  static const std::vector<std::uint32_t> few = small_primes(1u << 14);
  if (bits < 2048) return few;
  static const std::vector<std::uint32_t> many = small_primes(1u << 17);
  return many;
}

Number random_odd(CallContext& context, int bits, bool high) {
  Number candidate = number_of(random_bytes(context, static_cast<std::size_t>(bits + 7) / 8));
  BN_mask_bits(candidate.get(), bits);
  BN_set_bit(candidate.get(), bits - 1);
  if (high) BN_set_bit(candidate.get(), bits - 2);
  BN_set_bit(candidate.get(), 0);
  return candidate;
}

// Of `value` modulo a prime that does not divide it.
std::int64_t inverse(std::int64_t value, std::int64_t prime) {
  std::int64_t rest = prime, next = value, factor = 0, next_factor = 1;
  while (next != 0) {
    const std::int64_t quotient = rest / next;
    rest -= quotient * next;
    std::swap(rest, next);
    factor -= quotient * next_factor;
    std::swap(factor, next_factor);
  }
  return factor < 0 ? factor + prime : factor;
}

// Which of start, start + step, ... have a small factor. `start` is odd, `step` even.
std::bitset<window> sieve(const Number& start, const Number& step) {
  std::bitset<window> composite;
  for (const std::int64_t prime : small_primes_for(BN_num_bits(start.get()))) {
    const auto divisor = static_cast<BN_ULONG>(prime);
    const auto rest = static_cast<std::int64_t>(BN_mod_word(start.get(), divisor));
    const auto stride = static_cast<std::int64_t>(BN_mod_word(step.get(), divisor));
    if (stride == 0) {
      if (rest == 0) composite.set();
      continue;
    }
    // The first i with rest + i * stride = 0 modulo the prime, and each that follows.
    const std::int64_t first = (prime - rest) % prime * inverse(stride, prime) % prime;
    for (auto i = static_cast<std::size_t>(first); i < window; i += divisor) composite.set(i);
  }
  return composite;
}

// Miller-Rabin for one odd number.
class Witness {
 public:
  Witness(const Number& candidate, const Context& context)
      : candidate_(candidate), context_(context), below_(BN_dup(candidate_.get())) {
    BN_sub_word(below_.get(), 1);
    while (!BN_is_bit_set(below_.get(), twos_)) ++twos_;
    BN_rshift(odd_.get(), below_.get(), twos_);
    BN_MONT_CTX_set(montgomery_.get(), candidate_.get(), context.get());
  }

  // By 2, which nearly every composite fails, and cheaply.
  bool passes_two() {
    BN_mod_exp_mont_word(power_.get(), 2, odd_.get(), candidate_.get(), context_.get(),
                         montgomery_.get());
    return power_fits();
  }

  bool passes(const Number& base) {
    BN_mod_exp_mont_consttime(power_.get(), base.get(), odd_.get(), candidate_.get(),
                              context_.get(), montgomery_.get());
    return power_fits();
  }

 private:
  bool power_fits() {
    if (BN_is_one(power_.get()) || BN_cmp(power_.get(), below_.get()) == 0) return true;
    for (int i = 1; i < twos_; ++i) {
      BN_mod_sqr(power_.get(), power_.get(), candidate_.get(), context_.get());
      if (BN_cmp(power_.get(), below_.get()) == 0) return true;
    }
    return false;
  }

  const Number& candidate_;
  const Context& context_;
  const Number below_;  // candidate - 1
  const Number odd_ = number();
  const Number power_ = number();
  const Montgomery montgomery_{BN_MONT_CTX_new()};
  int twos_ = 0;
};

// FIPS 186-5, table B.1: as many as leave a chance of 2^-100 and less for a number drawn at random.
int rounds_for(int bits) { return bits >= 1024 ? 5 : bits >= 512 ? 8 : 32; }

// Miller and Rabin's test by numbers drawn at random; 2 has been tried.
bool passes_rounds(CallContext& call, const Number& candidate, int bits, const Context& context) {
  const int rounds = rounds_for(bits);
  call.budget().use_steps(steps_of_round * static_cast<std::uint64_t>(rounds));
  std::vector<Number> bases;
  // Shorter than the candidate, so below it.
  for (int i = 0; i < rounds; ++i) bases.push_back(random_odd(call, bits - 2, false));
  if (has_prime_batch(bits)) return passes_miller_rabin(bytes_of(candidate), all_bytes_of(bases));
  Witness witness(candidate, context);
  return std::all_of(bases.begin(), bases.end(),
                     [&](const Number& base) { return witness.passes(base); });
}

// The numbers start, start + step, ... that the sieve leaves, as long as they have as many bits.
class Candidates {
 public:
  Candidates(Number start, const Number& step, int bits)
      : composite_(sieve(start, step)), at_(std::move(start)), step_(step), bits_(bits) {}

  // Null at the end of the window.
  Number next() {
    while (i_ < window && BN_num_bits(at_.get()) == bits_) {
      Number found(composite_[i_] ? nullptr : BN_dup(at_.get()));
      ++i_;
      BN_add(at_.get(), at_.get(), step_.get());
      if (found) return found;
    }
    return nullptr;
  }

 private:
  const std::bitset<window> composite_;
  Number at_;
  const Number& step_;
  const int bits_;
  std::size_t i_ = 0;
};

// The next of the candidates, as many as are tried at once; none at the end of the window.
std::vector<Number> next_batch(Candidates& candidates, int bits) {
  std::vector<Number> batch;
  const std::size_t most = has_prime_batch(bits) ? prime_batch_max : 1;
  while (batch.size() < most) {
    Number candidate = candidates.next();
    if (!candidate) break;
    batch.push_back(std::move(candidate));
  }
  return batch;
}

// Those that 2 does not tell to be composite.
std::bitset<prime_batch_max> pass_two(const std::vector<Number>& batch, int bits,
                                      const Context& context) {
  if (has_prime_batch(bits)) return pass_fermat(all_bytes_of(batch));
  return Witness(batch.front(), context).passes_two() ? 1 : 0;
}

// The first prime of start, start + step, ... in the window that has as many bits.
Number first_prime(CallContext& call, Number start, const Number& step, int bits,
                   const Context& context) {
  Candidates candidates(std::move(start), step, bits);
  for (auto batch = next_batch(candidates, bits); !batch.empty();
       batch = next_batch(candidates, bits)) {
    call.budget().use_steps(steps_of_round * batch.size());
    const auto passed = pass_two(batch, bits, context);
    for (std::size_t i = 0; i < batch.size(); ++i)
      if (passed[i] && passes_rounds(call, batch[i], bits, context)) return std::move(batch[i]);
  }
  return nullptr;
}

}  // namespace

std::string random_prime(CallContext& context, int bits, bool high) {
  WEIR_ASSERT(bits >= 64);
  const Context numbers(BN_CTX_new());
  const Number step = number();
  BN_set_word(step.get(), 2);
  while (true) {
    const Number found = first_prime(context, random_odd(context, bits, high), step, bits, numbers);
    if (found) return bytes_of(found);
  }
}

std::string random_prime_above(CallContext& context, int bits, std::string_view divisor) {
  WEIR_ASSERT(bits >= 64);
  const Context numbers(BN_CTX_new());
  const Number step = number_of(divisor), rest = number();
  BN_lshift1(step.get(), step.get());
  while (true) {
    // The number below that leaves 1 when divided by the step.
    Number start = random_odd(context, bits, false);
    BN_mod(rest.get(), start.get(), step.get(), numbers.get());
    BN_sub(start.get(), start.get(), rest.get());
    BN_add_word(start.get(), 1);
    const Number found = first_prime(context, std::move(start), step, bits, numbers);
    if (found) return bytes_of(found);
  }
}

}  // namespace weir::tmpl
