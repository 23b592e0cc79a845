// serve(), from a library that is part of the program. cpprestsdk takes longer to load than a short
// command takes altogether, so that is left until there is something to serve.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
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

// A file without a name in memory, or, where the kernel's policy forbids to run such, in the folder
// for temporary files. -1 and errno when it cannot be made or written.
int library_file(bool in_memory) {
  const char* folder = std::getenv("TMPDIR");
  const int file = in_memory ? ::memfd_create("weir_http", MFD_CLOEXEC)
                             : ::open(folder != nullptr && *folder != 0 ? folder : "/tmp",
                                      O_TMPFILE | O_RDWR | O_CLOEXEC, 0700);
  const char* at = weir_http_begin;
  while (file >= 0 && at < weir_http_end) {
    const ssize_t written = ::write(file, at, static_cast<std::size_t>(weir_http_end - at));
    if (written <= 0) break;
    at += written;
  }
  if (at == weir_http_end) return file;
  if (file >= 0) ::close(file);
  return -1;
}

// The loaded library, or null and why not.
void* open_library(bool in_memory, std::string& problem) {
  const int file = library_file(in_memory);
  if (file < 0) {
    problem = std::strerror(errno);
    return nullptr;
  }
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) problem = ::dlerror();
  ::close(file);
  return library;
}

struct Library {
  Serve serve;
};

// Loaded once, for good. Error: io.
Result<Library> load_library() {
  std::string problem;
  void* library = open_library(true, problem);
  if (library == nullptr) library = open_library(false, problem);
  if (library == nullptr) return make_error(Code::io, "cannot load the HTTP library: " + problem);
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
