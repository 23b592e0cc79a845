#include "api/audit/audit_api.hh"

// The file itself, so that what is served cannot differ from what is in the repository.
asm(".section .rodata\n"
    "weir_openapi_begin:\n"
    ".incbin \"api/audit/openapi.yaml\"\n"
    "weir_openapi_end:\n"
    ".byte 0\n"
    ".global weir_openapi_begin\n"
    ".global weir_openapi_end\n"
    ".text\n");

extern "C" const char weir_openapi_begin[];
extern "C" const char weir_openapi_end[];

namespace weir::api::audit {

std::string_view openapi_document() {
  return {weir_openapi_begin, static_cast<std::size_t>(weir_openapi_end - weir_openapi_begin)};
}

}  // namespace weir::api::audit
