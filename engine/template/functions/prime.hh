// Random primes for keys, out of a CallContext's source: the same source gives the same primes.
// Candidates are taken from a random start upwards and sieved by small primes, so that few of them
// cost a Miller-Rabin test; what is returned passed as many rounds as FIPS 186-5 asks for. Numbers
// are bytes, big-endian. Pure of state; throws FunctionError (no source, a cap was hit).
#pragma once

#include <string>
#include <string_view>

#include "engine/template/function.hh"

namespace weir::tmpl {

// A prime of exactly `bits` bits (at least 64, asserted), its two highest bits set when `high`.
std::string random_prime(CallContext& context, int bits, bool high);
// A prime of exactly `bits` bits that is 1 above a multiple of twice `divisor`.
std::string random_prime_above(CallContext& context, int bits, std::string_view divisor);

}  // namespace weir::tmpl
