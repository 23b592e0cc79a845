// serve(), from a library that is part of the program. cpprestsdk takes longer to load than a short
// command takes altogether, so that is left until there is something to serve.
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "api/http_server.hh"

#ifdef WEIR_HTTP_LINKED

namespace weir::api {

Result<std::unique_ptr<HttpServer>> serve(const ServerOptions& options, kube::Handler handler) {
  return weir_http_serve()(options, std::move(handler));
}

}  // namespace weir::api

#else

asm(".section .rodata\n"
    "weir_http_begin:\n"
    ".incbin \"" WEIR_HTTP_LIBRARY "\"\n"
    "weir_http_end:\n"
    ".byte 0\n"
    ".global weir_http_begin\n"
    ".global weir_http_end\n"
    ".text\n");

extern "C" const char weir_http_begin[];
extern "C" const char weir_http_end[];

namespace weir::api {
namespace {

// A file without a name that holds the library. Error: io.
Result<int> library_file() {
  const int file = ::memfd_create("weir_http", MFD_CLOEXEC);
  const char* at = weir_http_begin;
  while (file >= 0 && at < weir_http_end) {
    const ssize_t written = ::write(file, at, static_cast<std::size_t>(weir_http_end - at));
    if (written <= 0) break;
    at += written;
  }
  if (at == weir_http_end) return file;
  const std::string problem = std::strerror(errno);
  if (file >= 0) ::close(file);
  return make_error(Code::io, "cannot hold the HTTP library in memory: " + problem);
}

struct Library {
  Serve serve;
};

// Loaded once, for good.
Result<Library> load_library() {
  WEIR_TRY(const int file, library_file());
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  const char* problem = library == nullptr ? ::dlerror() : nullptr;
  ::close(file);
  if (library == nullptr)
    return make_error(Code::io, std::string("cannot load the HTTP library: ") + problem);
  auto* const entry = reinterpret_cast<Serve (*)()>(::dlsym(library, "weir_http_serve"));
  if (entry == nullptr) return make_error(Code::internal, "the HTTP library has no entry");
  return Library{entry()};
}

}  // namespace

Result<std::unique_ptr<HttpServer>> serve(const ServerOptions& options, kube::Handler handler) {
  static const Result<Library> library = load_library();
  if (!library.ok()) return library.error();
  return library->serve(options, std::move(handler));
}

}  // namespace weir::api

#endif
