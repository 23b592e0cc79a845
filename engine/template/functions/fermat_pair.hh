// Fermat's test by 2, of two numbers at once, on processors that multiply eight numbers of 52 bits
// in one instruction (AVX512-IFMA): 2 to 5 times as quick as the library's powers, which is what
// making an RSA key costs. It only sorts composites out: what passes is left to Miller and Rabin.
#pragma once

#include <array>
#include <string_view>

namespace weir::tmpl {

// Whether this processor can, and numbers are of 1024 or 2048 bits.
bool has_fermat_pair(int bits);

// Whether 2^(n - 1) = 1 modulo n, of two odd numbers (bytes, the highest first) of as many bits,
// for which has_fermat_pair().
std::array<bool, 2> fermat_pair(std::string_view a, std::string_view b);

}  // namespace weir::tmpl
