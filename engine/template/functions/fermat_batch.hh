// Fermat's test by 2, of eight numbers at once, on processors that multiply eight numbers of 52
// bits in one instruction (AVX512-IFMA): several times as quick as the library's powers, which is
// what making an RSA key costs. It only sorts composites out: what passes is left to Miller and
// Rabin.
#pragma once

#include <bitset>
#include <cstddef>
#include <span>
#include <string>

namespace weir::tmpl {

inline constexpr std::size_t fermat_batch_max = 8;

// Whether this processor can, and numbers are of 1024 or 2048 bits.
bool has_fermat_batch(int bits);

// For which of 1 to 8 odd numbers (bytes, the highest first) of as many bits, for which
// has_fermat_batch(), 2^(n - 1) = 1 modulo n.
std::bitset<fermat_batch_max> fermat_batch(std::span<const std::string> numbers);

}  // namespace weir::tmpl
