// libgit2 would log in by Kerberos where a server offers it. weir never hands such credentials out,
// and the libraries for it take a millisecond of every start: here is what libgit2 needs of them,
// all of which fails.
#include <cstdint>

namespace {
constexpr std::uint32_t failure = 13u << 16;  // GSS_S_FAILURE
}

extern "C" {
void* GSS_C_NT_HOSTBASED_SERVICE = nullptr;
std::uint32_t gss_delete_sec_context(std::uint32_t*, void**, void*) { return failure; }
std::uint32_t gss_display_status(std::uint32_t*, std::uint32_t, int, void*, std::uint32_t*, void*) {
  return failure;
}
std::uint32_t gss_import_name(std::uint32_t*, void*, void*, void**) { return failure; }
std::uint32_t gss_indicate_mechs(std::uint32_t*, void**) { return failure; }
std::uint32_t gss_init_sec_context(std::uint32_t*, void*, void**, void*, void*, std::uint32_t,
                                   std::uint32_t, void*, void*, void**, void*, std::uint32_t*,
                                   std::uint32_t*) {
  return failure;
}
std::uint32_t gss_release_buffer(std::uint32_t*, void*) { return failure; }
std::uint32_t gss_release_name(std::uint32_t*, void**) { return failure; }
std::uint32_t gss_release_oid_set(std::uint32_t*, void**) { return failure; }
}
