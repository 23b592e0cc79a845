// Tests of prime numbers, eight at once, on processors that multiply eight numbers of 52 bits in
// one instruction (AVX512-IFMA): several times as quick as the library's powers, which is what
// making an RSA key costs. Fermat's by 2 sorts composites out; Miller and Rabin's has the last
// word.
#pragma once

#include <bitset>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace weir::tmpl {

inline constexpr std::size_t prime_batch_max = 8;

// Whether this processor can, and numbers are of 1024 or 2048 bits.
bool has_prime_batch(int bits);

// For which of 1 to 8 odd numbers (bytes, the highest first) of as many bits, for which
// has_prime_batch(), 2^(n - 1) = 1 modulo n.
std::bitset<prime_batch_max> pass_fermat(std::span<const std::string> numbers);

// Whether an odd number of such a length is a strong probable prime to all of 1 to 8 bases above 1
// and below it.
bool passes_miller_rabin(std::string_view number, std::span<const std::string> bases);

}  // namespace weir::tmpl
