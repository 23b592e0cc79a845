#include "engine/helm/load.hh"

#include <algorithm>
#include <map>

#include "engine/base/limits.hh"
#include "engine/helm/archive.hh"
#include "engine/helm/go_yaml.hh"
#include "engine/helm/ignore.hh"
#include "engine/helm/text.hh"
#include "engine/template/functions/instant.hh"

namespace weir::helm {

namespace {

namespace limits = base::limits;
using Files = std::vector<ChartFile>;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

Error too_large(std::string_view name) {
  return make_error(Code::limit, "chart file " + std::string(name) +
                                     " is larger than the maximum file size " +
                                     std::to_string(limits::helm_chart_file_bytes_max) +
                                     " (helm_chart_file_bytes_max)");
}

base::FileBytes without_mark(base::FileBytes bytes) {
  if (!bytes->starts_with(byte_order_mark)) return bytes;
  return std::make_shared<const std::string>(bytes->substr(byte_order_mark.size()));
}

// The files of a chart's folder, in the order of a walk that goes into each folder as it meets it.
class DirectoryWalk {
 public:
  DirectoryWalk(const base::FileTree& tree, std::string root)
      : tree_(tree), root_(std::move(root)) {}

  Result<Files> run() {
    std::string text;
    const std::string ignore_file = path_of(".helmignore");
    if (tree_.stat(ignore_file) == base::EntryType::file) {
      WEIR_TRY(const base::FileBytes bytes, tree_.read(ignore_file));
      text = *bytes;
    }
    WEIR_TRY(rules_, ChartIgnore::parse(text).with_context(".helmignore"));
    WEIR_CHECK(walk("", 0));
    return std::move(files_);
  }

 private:
  std::string path_of(const std::string& name) const {
    if (root_.empty()) return name;
    return name.empty() ? root_ : root_ + "/" + name;
  }

  Result<void> walk(const std::string& directory, std::size_t depth) {
    if (depth > limits::helm_chart_depth_max * 4)
      return make_error(
          Code::limit, "chart folders nest too deeply at " + directory + " (helm_chart_depth_max)");
    WEIR_TRY(const auto entries, tree_.list(path_of(directory)));
    for (const base::DirectoryEntry& entry : entries) {
      // Links can lead round in circles, so that depth alone ends no walk.
      if (++entries_ > limits::helm_chart_files_max) return too_many();
      const std::string name = directory.empty() ? entry.name : directory + "/" + entry.name;
      base::EntryType type = entry.type;
      if (type == base::EntryType::symlink) {
        const auto target = tree_.stat(path_of(name));
        if (!target)
          return make_error(Code::invalid, "error evaluating symlink " + name +
                                               ": it leads nowhere, or out of the tree");
        type = *target;
      }
      const bool is_directory = type == base::EntryType::directory;
      if (rules_.ignored(name, is_directory)) continue;
      if (is_directory) {
        WEIR_CHECK(walk(name, depth + 1));
      } else {
        WEIR_CHECK(read(name));
      }
    }
    return {};
  }

  static Error too_many() {
    return make_error(Code::limit, "chart holds more than " +
                                       std::to_string(limits::helm_chart_files_max) +
                                       " files and folders (helm_chart_files_max)");
  }

  Result<void> read(const std::string& name) {
    auto bytes = tree_.read(path_of(name)).with_context("error reading " + name);
    if (!bytes.ok()) return std::move(bytes).error();
    if ((*bytes)->size() > limits::helm_chart_file_bytes_max) return too_large(name);
    bytes_ += (*bytes)->size();
    if (bytes_ > limits::helm_chart_bytes_max)
      return make_error(Code::limit, "chart is larger than the maximum size " +
                                         std::to_string(limits::helm_chart_bytes_max) +
                                         " (helm_chart_bytes_max)");
    files_.push_back({name, without_mark(*std::move(bytes)), 0});
    return {};
  }

  const base::FileTree& tree_;
  const std::string root_;
  ChartIgnore rules_;
  Files files_;
  std::size_t bytes_ = 0;
  std::size_t entries_ = 0;
};

Result<Value> read_lock(std::string_view text, const std::string& types) {
  WEIR_TRY(const Value document, read_go_yaml(text));
  if (document.is_null()) return Value();
  std::optional<DecodeFault> fault;
  StructReader reader(document, "Lock", "", fault);
  if (!document.is_object()) reader.mismatch("", document, types + ".Lock");
  std::string generated = "0001-01-01T00:00:00Z", digest;
  reader.read("generated", generated);
  reader.read("digest", digest);
  Value list;
  if (const Value* dependencies = reader.list("dependencies", "*" + types + ".Dependency")) {
    list = Value::array();
    for (const Value& item : dependencies->items())
      list.push_back(item.is_null() ? Value() : dependency_json(read_dependency(item, fault)));
  }
  const auto time = tmpl::parse_instant("2006-01-02T15:04:05Z07:00", generated, tmpl::Zone::utc());
  if (!fault && !time.ok()) fault = DecodeFault{"generated", time.error().message};
  if (fault) return decode_error(fault->text);
  return Value::object(
      {{"generated", Value(generated)}, {"digest", Value(digest)}, {"dependencies", list}});
}

// Puts a chart, and those below it, together from its files.
class Builder {
 public:
  // `types`: the package of Go's types, "v2" or "v3", which errors name.
  Builder(ChartSet& charts, std::vector<std::string>& warnings, std::string types)
      : charts_(charts), warnings_(warnings), types_(std::move(types)) {}

  Result<Chart*> build(Files files, std::size_t depth) {
    if (depth > limits::helm_chart_depth_max)
      return make_error(Code::limit, "charts nest deeper than " +
                                         std::to_string(limits::helm_chart_depth_max) +
                                         " levels (helm_chart_depth_max)");
    WEIR_TRY(Chart * chart, charts_.add());
    ChartContents contents;
    std::map<std::string, Files> below;
    bool has_metadata = false;
    for (const ChartFile& file : files) {
      if (file.name != "Chart.yaml") continue;
      WEIR_CHECK(read_metadata(file, "Chart.yaml", chart->metadata));
      if (chart->metadata.api_version.empty()) chart->metadata.api_version = "v1";
      contents.modified = file.modified;
      has_metadata = true;
    }
    for (ChartFile& file : files) {
      if (file.name == "Chart.yaml") continue;
      if (file.name.starts_with("requirements.")) has_metadata = true;
      WEIR_CHECK(sort_in(std::move(file), *chart, contents, below));
    }
    if (!has_metadata) return make_error(Code::invalid, "Chart.yaml file is missing");
    WEIR_CHECK(chart->metadata.validate());
    chart->contents = std::make_shared<const ChartContents>(std::move(contents));
    for (auto& [name, its_files] : below) WEIR_CHECK(add_below(*chart, name, its_files, depth));
    return chart;
  }

 private:
  Result<void> read_metadata(const ChartFile& file, std::string_view name,
                             Metadata& metadata) const {
    const std::string context = "cannot load " + std::string(name);
    auto document = read_go_yaml(*file.data).with_context(context);
    if (!document.ok()) return std::move(document).error();
    return metadata.read(*document, types_).with_context(context);
  }

  Result<void> sort_in(ChartFile file, Chart& chart, ChartContents& contents,
                       std::map<std::string, Files>& below) {
    const std::string& name = file.name;
    const bool v1 = chart.metadata.api_version == "v1";
    // The files of old that version 3 knows nothing of.
    const bool old = chart.metadata.api_version != "v3" && name.starts_with("requirements.");
    if (name == "Chart.lock" || (old && name == "requirements.lock")) {
      auto lock = read_lock(*file.data, types_).with_context("cannot load " + name);
      if (!lock.ok()) return std::move(lock).error();
      contents.lock = *std::move(lock);
      if (name == "Chart.lock") return {};
      if (!v1)
        warnings_.push_back(
            "Dependency locking is handled in Chart.lock since apiVersion \"v2\". We recommend "
            "migrating to Chart.lock.");
      if (v1) contents.files.push_back(std::move(file));
    } else if (old && name == "requirements.yaml") {
      if (!v1)
        warnings_.push_back(
            "Dependencies are handled in Chart.yaml since apiVersion \"v2\". We recommend "
            "migrating dependencies to Chart.yaml.");
      WEIR_CHECK(read_metadata(file, name, chart.metadata));
      if (chart.metadata.api_version == "v1") contents.files.push_back(std::move(file));
    } else if (name == "values.yaml") {
      WEIR_TRY(chart.values, load_values(*file.data).with_context("cannot load values.yaml"));
    } else if (name == "values.schema.json") {
      contents.schema = std::move(file.data);
      contents.schema_modified = file.modified;
    } else if (name.starts_with("templates/")) {
      contents.templates.push_back(std::move(file));
    } else if (name.starts_with("charts/") && !name.ends_with(".prov")) {
      file.name = name.substr(7);
      const std::string chart_name = file.name.substr(0, file.name.find('/'));
      below[chart_name].push_back(std::move(file));
    } else {
      contents.files.push_back(std::move(file));
    }
    return {};
  }

  Result<void> add_below(Chart& chart, const std::string& name, Files& files, std::size_t depth) {
    if (name.starts_with('_') || name.starts_with('.')) return {};
    const auto built = [&]() -> Result<Chart*> {
      if (!name.ends_with(".tgz")) {
        Files inner;
        for (ChartFile& file : files) {
          const std::size_t slash = file.name.find('/');
          if (slash == std::string::npos) continue;
          file.name = file.name.substr(slash + 1);
          inner.push_back(std::move(file));
        }
        return build(std::move(inner), depth + 1);
      }
      if (files.front().name != name)
        return make_error(Code::invalid, "expected " + name + ", got " + files.front().name);
      auto inner = read_chart_archive(*files.front().data);
      if (!inner.ok()) return gzip_error(std::move(inner).error(), *files.front().data);
      return build(*std::move(inner), depth + 1);
    }();
    if (!built.ok()) {
      Error error = built.error();
      return std::move(error).with_context("error unpacking subchart " + name + " in " +
                                           chart.name());
    }
    (*built)->parent = &chart;
    chart.dependencies.push_back(*built);
    return {};
  }

  ChartSet& charts_;
  std::vector<std::string>& warnings_;
  const std::string types_;
};

// What the outermost Chart.yaml says of itself decides which reader takes the chart. The coming
// version 3 is read, and its faults told, before a render refuses it. The package of that reader's
// types: "v2" or "v3".
Result<std::string> reader_for(const Files& files) {
  const auto found = std::find_if(files.begin(), files.end(),
                                  [](const ChartFile& file) { return file.name == "Chart.yaml"; });
  if (found == files.end())
    return make_error(Code::invalid, "unable to detect chart version, no Chart.yaml found");
  auto document = read_go_yaml(*found->data).with_context("cannot load Chart.yaml");
  if (!document.ok()) return std::move(document).error();
  std::optional<DecodeFault> fault;
  StructReader reader(*document, "chartBase", "", fault);
  if (!document->is_object() && !document->is_null())
    reader.mismatch("", *document, "loader.chartBase");
  std::string version;
  reader.read("apiVersion", version);
  if (fault) return decode_error(fault->text).with_context("cannot load Chart.yaml");
  if (version == "v3") return version;
  if (version.empty() || version == "v1" || version == "v2") return std::string("v2");
  return make_error(Code::invalid, "unsupported chart version");
}

// The little of Go's http.DetectContentType that tells what was taken for a package.
std::string_view content_type(std::string_view bytes) {
  const std::string_view front = bytes.substr(0, 512);
  if (front.starts_with("PK\x03\x04")) return "application/zip";
  const bool binary = std::any_of(front.begin(), front.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x08 || byte == 0x0B || (byte >= 0x0E && byte <= 0x1A) ||
           (byte >= 0x1C && byte <= 0x1F);
  });
  return binary ? "application/octet-stream" : "text/plain; charset=utf-8";
}

Result<LoadedChart> build_all(Files files, std::string types) {
  LoadedChart loaded;
  Builder builder(loaded.charts, loaded.warnings, std::move(types));
  WEIR_TRY(Chart * root, builder.build(std::move(files), 0));
  loaded.charts.set_root(root);
  return loaded;
}

// The next document of a stream as Kubernetes cuts it: at lines of "---", behind which only a
// comment may stand. Nothing at the end. Error: invalid.
Result<std::optional<std::string_view>> next_document(std::string_view& text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t newline = text.find('\n', at);
    const std::size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with("---")) {
      const std::string_view behind = trim_space(line.substr(3));
      if (!behind.empty() && behind.front() != '#')
        return make_error(Code::invalid,
                          "error reading yaml document: invalid Yaml document "
                          "separator: " +
                              std::string(behind));
      if (at > 0) {
        const std::string_view document = text.substr(0, at);
        text.remove_prefix(end);
        return std::optional(document);
      }
    }
    at = end;
  }
  const std::string_view rest = std::exchange(text, {});
  if (rest.empty()) return std::optional<std::string_view>();
  return std::optional(rest);
}

}  // namespace

Result<TablePtr> load_values(std::string_view text) {
  auto values = std::make_shared<Table>();
  const std::string context = "cannot unmarshal yaml document";
  for (;;) {
    WEIR_TRY(const auto document, next_document(text));
    if (!document) break;
    // It is cut by lines, each of which ends: a block scalar ends in a line break even where the
    // file does not.
    const bool ends = document->ends_with('\n');
    auto parsed =
        (ends ? read_go_yaml(*document) : read_go_yaml(std::string(*document).append("\n")))
            .with_context(context);
    if (!parsed.ok()) return std::move(parsed).error();
    if (parsed->is_null()) continue;
    if (!parsed->is_object()) {
      std::string what = "json: cannot unmarshal ";
      what += parsed->is_array()    ? "array"
              : parsed->is_string() ? "string"
              : parsed->is_bool()   ? "bool"
                                    : "number";
      what += " into Go value of type map[string]interface {}";
      return decode_error(what).with_context(context);
    }
    merge_values(*values, *Table::from_value(with_go_numbers(*std::move(parsed))));
  }
  return values;
}

void merge_values(Table& base, const Table& over) {
  for (const Table::Entry& entry : over.entries()) {
    const TablePtr below = entry.slot.table ? base.find_table(entry.name()) : nullptr;
    if (below) {
      merge_values(*below, *entry.slot.table);
    } else {
      base.set(entry.name(), entry.slot);
    }
  }
}

Result<LoadedChart> load_chart_directory(const base::FileTree& tree, std::string_view directory) {
  const std::string root(directory == "." ? "" : directory);
  const std::string file = root.empty() ? "Chart.yaml" : root + "/Chart.yaml";
  if (!tree.stat(file))
    return make_error(Code::not_found, "unable to detect chart at " + file + ": open " + file +
                                           ": no such file or directory");
  WEIR_TRY(const base::FileBytes metadata, tree.read(file));
  WEIR_TRY(std::string types, reader_for({{"Chart.yaml", metadata, 0}}));
  WEIR_TRY(Files files, DirectoryWalk(tree, root).run());
  return build_all(std::move(files), std::move(types));
}

Result<std::vector<ChartFile>> list_chart_files(const base::FileTree& tree,
                                                std::string_view directory) {
  return DirectoryWalk(tree, std::string(directory == "." ? "" : directory)).run();
}

Result<LoadedChart> load_chart_archive(std::string_view bytes, std::string_view name) {
  if (!bytes.starts_with("\x1F\x8B\x08")) {
    const bool yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    std::string message = "file '" + std::string(name);
    if (yaml) {
      message += "' seems to be a YAML file, but expected a gzipped archive";
    } else {
      message += "' does not appear to be a gzipped archive; got '";
      message.append(content_type(bytes)).append("'");
    }
    return make_error(Code::invalid, std::move(message));
  }
  auto files = read_chart_archive(bytes).with_context("unable to load chart archive");
  if (!files.ok()) return std::move(files).error();
  return load_chart_files(*std::move(files));
}

Result<LoadedChart> load_chart_files(std::vector<ChartFile> files) {
  WEIR_TRY(std::string types, reader_for(files));
  return build_all(std::move(files), std::move(types));
}

Result<LoadedChart> load_chart(const base::FileTree& tree, std::string_view path) {
  const auto type = tree.stat(path);
  if (!type) return make_error(Code::not_found, "path \"" + std::string(path) + "\" not found");
  if (*type == base::EntryType::directory) return load_chart_directory(tree, path);
  WEIR_TRY(const base::FileBytes bytes, tree.read(path));
  return load_chart_archive(*bytes, path);
}

}  // namespace weir::helm
