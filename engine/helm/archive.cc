#include "engine/helm/archive.hh"

#include <algorithm>

#include "engine/base/limits.hh"
#include "engine/base/targz.hh"
#include "engine/helm/text.hh"
#include "engine/template/format.hh"

namespace weir::helm {

namespace {

namespace limits = base::limits;

Error invalid(std::string message) { return make_error(Code::invalid, std::move(message)); }

bool is_drive_path(std::string_view path) {
  if (path.size() < 3 || path[1] != ':' || path[2] != '/') return false;
  return (path[0] >= 'a' && path[0] <= 'z') || (path[0] >= 'A' && path[0] <= 'Z');
}

// Go's path.Clean of a relative path: it may climb.
std::string clean(std::string_view path) {
  std::vector<std::string_view> parts;
  std::size_t climbs = 0;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.empty()) {
      ++climbs;
    } else {
      parts.pop_back();
    }
  }
  std::string out;
  for (std::size_t i = 0; i < climbs; ++i) out += out.empty() ? ".." : "/..";
  for (const std::string_view part : parts) {
    if (!out.empty()) out += '/';
    out += part;
  }
  return out.empty() ? "." : out;
}

// The file's name below the chart's folder.
Result<std::string> name_in_chart(std::string_view name) {
  const char delimiter = name.find('\\') != std::string_view::npos ? '\\' : '/';
  const std::size_t cut = name.find(delimiter);
  const std::string_view first = name.substr(0, cut);
  std::string below(cut == std::string_view::npos ? std::string_view() : name.substr(cut + 1));
  std::replace(below.begin(), below.end(), delimiter, '/');
  if (below.starts_with('/')) return invalid("chart illegally contains absolute paths");
  below = clean(below);
  if (below == ".")
    return invalid("chart illegally contains content outside the base directory: " +
                   tmpl::quoted(name));
  if (below.starts_with("..")) return invalid("chart illegally references parent directory");
  if (is_drive_path(below)) return invalid("chart contains illegally named files");
  if (first == "Chart.yaml") return invalid("chart yaml not in base directory");
  return below;
}

Error too_large() {
  return make_error(Code::limit, "decompressed chart is larger than the maximum size " +
                                     std::to_string(limits::helm_chart_bytes_max) +
                                     " (helm_chart_bytes_max)");
}

}  // namespace

Result<std::vector<ChartFile>> read_chart_archive(std::string_view bytes) {
  std::vector<ChartFile> files;
  std::size_t left = limits::helm_chart_bytes_max, entries = 0;
  base::UnpackLimits caps;
  caps.files_max = limits::helm_chart_files_max + 1;  // the one too many is refused here
  // Headers and padding take up to a block each beside the contents.
  caps.bytes_max = limits::helm_chart_bytes_max + limits::helm_chart_files_max * 1024;
  caps.file_bytes_max = limits::helm_chart_file_bytes_max;
  const auto visit = [&](const base::ArchiveEntry& entry,
                         const base::EntryReader& read) -> Result<void> {
    if (++entries > limits::helm_chart_files_max)
      return make_error(Code::limit, "archive holds more than " +
                                         std::to_string(limits::helm_chart_files_max) +
                                         " entries (helm_chart_files_max)");
    if (entry.directory) return {};
    WEIR_TRY(std::string name, name_in_chart(entry.name));
    if (entry.size > left) return too_large();
    if (entry.size > limits::helm_chart_file_bytes_max)
      return make_error(Code::limit, "decompressed chart file " + tmpl::quoted(entry.name) +
                                         " is larger than the maximum file size " +
                                         std::to_string(limits::helm_chart_file_bytes_max) +
                                         " (helm_chart_file_bytes_max)");
    WEIR_TRY(std::string content, read());
    left -= content.size();
    if (left == 0) return too_large();
    if (content.starts_with("\xEF\xBB\xBF")) content.erase(0, 3);
    files.push_back(
        {std::move(name), std::make_shared<const std::string>(std::move(content)), entry.modified});
    return {};
  };
  WEIR_CHECK(base::visit_targz(bytes, caps, visit));
  if (files.empty()) return invalid("no files in chart archive");
  return files;
}

Error gzip_error(Error error, std::string_view bytes) {
  constexpr std::size_t header_bytes = 10;
  if (bytes.empty()) {
    error.message = "EOF";
  } else if (bytes.size() < header_bytes) {
    error.message = "unexpected EOF";
  } else if (!bytes.starts_with("\x1f\x8b")) {
    error.message = "gzip: invalid header";
  }
  return error;
}

}  // namespace weir::helm
