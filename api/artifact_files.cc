#include "api/artifact_files.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <optional>

#include "engine/base/limits.hh"

namespace weir::api {
namespace {

using kube::Request;
using kube::Response;

Response plain(int status, std::string text) {
  Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text);
  return response;
}

constexpr const char* http_date = "%a, %d %b %Y %H:%M:%S GMT";

std::string format_date(time_t time) {
  struct tm parts {};
  ::gmtime_r(&time, &parts);
  char text[64];
  return std::string(text, ::strftime(text, sizeof text, http_date, &parts));
}

std::optional<time_t> parse_date(std::string_view text) {
  struct tm parts {};
  const std::string copy(text);
  const char* end = ::strptime(copy.c_str(), http_date, &parts);
  if (end == nullptr || *end != 0) return std::nullopt;
  return ::timegm(&parts);
}

struct Range {
  std::uint64_t begin = 0, size = 0;
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

enum class RangeKind { none, part, beyond };

// One range; several, or a malformed header, are answered with the whole file, which is allowed.
RangeKind read_range(std::string_view header, std::uint64_t size, Range& out) {
  out = {0, size};
  if (!header.starts_with("bytes=")) return RangeKind::none;
  header.remove_prefix(6);
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos)
    return RangeKind::none;
  const auto first = number(header.substr(0, dash));
  const auto last = number(header.substr(dash + 1));
  if (!first && dash == 0 && last) {
    const std::uint64_t tail = std::min(*last, size);
    if (tail == 0) return RangeKind::beyond;
    out = {size - tail, tail};
    return RangeKind::part;
  }
  if (!first || (!last && dash + 1 != header.size()) || (last && *last < *first))
    return RangeKind::none;
  if (*first >= size) return RangeKind::beyond;
  out = {*first, std::min(last.value_or(size - 1), size - 1) - *first + 1};
  return RangeKind::part;
}

Response read_part(int fd, const Range& range, Response response) {
  response.body.resize(range.size);
  std::size_t done = 0;
  while (done < range.size) {
    const ssize_t n = ::pread(fd, response.body.data() + done, range.size - done,
                              static_cast<off_t>(range.begin + done));
    if (n <= 0) return plain(500, "the artifact cannot be read\n");
    done += static_cast<std::size_t>(n);
  }
  return response;
}

Response answer_file(int fd, std::string_view name, const Request& request) {
  struct ::stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
    return plain(404, "404 page not found\n");
  Response response;
  response.content_type = name.ends_with(".tar.gz") || name.ends_with(".tgz")
                              ? "application/gzip"
                              : "application/octet-stream";
  response.headers = {{"Last-Modified", format_date(status.st_mtime)}, {"Accept-Ranges", "bytes"}};
  const auto since = parse_date(request.header("If-Modified-Since"));
  if (since && status.st_mtime <= *since) {
    response.status = 304;
    return response;
  }
  Range range;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const RangeKind kind = read_range(request.header("Range"), size, range);
  const std::string total = "/" + std::to_string(size);
  if (kind == RangeKind::beyond) {
    Response refused = plain(416, "invalid range: failed to overlap\n");
    refused.headers = {{"Content-Range", "bytes *" + total}};
    return refused;
  }
  if (range.size > base::limits::file_bytes_max)
    return plain(413, "the artifact is larger than one answer may be; ask for ranges\n");
  if (kind == RangeKind::part) {
    response.status = 206;
    response.headers.emplace_back("Content-Range",
                                  "bytes " + std::to_string(range.begin) + "-" +
                                      std::to_string(range.begin + range.size - 1) + total);
  }
  return read_part(fd, range, std::move(response));
}

}  // namespace

Response serve_artifact(const store::DiskArtifacts& artifacts, const Request& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    Response refused = plain(405, "method not allowed\n");
    refused.headers = {{"Allow", "GET, HEAD"}};
    return refused;
  }
  const std::string path = request.path();
  if (path == "/") return plain(200, "");
  const auto found = artifacts.resolve(path);
  if (!found.ok() || found->directory) return plain(404, "404 page not found\n");
  const int fd = ::open(found->file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return plain(404, "404 page not found\n");
  Response response = answer_file(fd, path, request);
  ::close(fd);
  return response;
}

}  // namespace weir::api
