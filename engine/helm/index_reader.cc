#include "engine/helm/index_reader.hh"

#include <algorithm>
#include <cctype>

#include "engine/base/limits.hh"
#include "engine/helm/go_yaml.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"

namespace weir::helm {
namespace {

constexpr std::size_t entry_max = base::limits::helm_index_entry_bytes_max;
constexpr std::size_t head_text_max = 4096;

Error shape(std::string text) { return make_error(Code::invalid, std::move(text), "IndexShape"); }

std::size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

bool is_item(std::string_view text) {
  return text == "-" || text.starts_with("- ") || text.starts_with("-\t");
}

// A one-line `key: value` through the real parser, so that quotes and comments are read as YAML
// has them.
Result<std::pair<std::string, Value>> read_member(std::string_view line) {
  value::YamlOptions options;
  options.dialect = value::YamlDialect::kubernetes;
  auto document = value::parse_yaml(line, options);
  if (!document.ok() || document->members().size() != 1)
    return shape("a member of the index is not written on one line");
  const auto& member = document->members().front();
  return std::pair(std::string(member.name()), member.value);
}

std::string text_of(const Value& value) {
  return std::string(value.get_string().substr(0, head_text_max));
}

Error too_large() {
  return make_error(Code::limit, "an entry of the index is larger than helm_index_entry_bytes_max");
}

}  // namespace

Error IndexReader::failure(std::string_view what) const {
  return make_error(Code::invalid,
                    "index, line " + std::to_string(line_) + ": " + std::string(what));
}

Result<void> IndexReader::feed(std::string_view piece) {
  if (mode_ == Mode::unknown) {
    rest_.append(piece);
    if (std::string_view(rest_).substr(0, 3) == "\xef\xbb\xbf") rest_.erase(0, 3);
    const std::size_t first = rest_.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return {};
    mode_ = rest_[first] == '{' ? Mode::json : Mode::yaml;
    const std::string begun = std::move(rest_);
    rest_.clear();
    return mode_ == Mode::json ? feed_json(begun) : feed_yaml(begun);
  }
  return mode_ == Mode::json ? feed_json(piece) : feed_yaml(piece);
}

// ---- YAML ----

Result<void> IndexReader::feed_yaml(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    if (end == std::string_view::npos) {
      rest_.append(piece);
      return rest_.size() > entry_max ? Result<void>(too_large()) : Result<void>();
    }
    ++line_;
    if (rest_.empty()) {
      WEIR_CHECK(yaml_line(piece.substr(0, end)));
    } else {
      rest_.append(piece.substr(0, end));
      WEIR_CHECK(yaml_line(rest_));
      rest_.clear();
    }
    piece.remove_prefix(end + 1);
  }
  return {};
}

Result<void> IndexReader::yaml_line(std::string_view line) {
  // A carriage return alone ends a line too, for YAML.
  if (line.substr(0, line.size() - !line.empty()).find('\r') != std::string_view::npos)
    return shape("line " + std::to_string(line_) + " holds a carriage return");
  const std::size_t indent = indent_of(line);
  const std::string_view text = line.substr(indent);
  const bool collecting = place_ == Place::versions && !item_.empty();
  if (is_blank(line) || (text.starts_with('#') && (!collecting || indent <= item_indent_))) {
    // Blanks past the indentation of a block scalar are its text, and a comment ends one.
    return collecting ? collect(line) : Result<void>();
  }
  if (indent == 0 && !(collecting && item_indent_ == 0)) return root_line(line);
  if (place_ == Place::skipped) return {};
  if (place_ == Place::root) return shape("the index is no mapping in block style");
  if (place_ == Place::entries && name_indent_ == 0) name_indent_ = indent;
  if (indent == name_indent_ && !is_item(text)) return name_line(text);
  if (place_ == Place::entries) return shape("a chart's versions are not a list in block style");
  const bool begins = is_item(text) && (item_.empty() || indent == item_indent_);
  if (begins) {
    WEIR_CHECK(flush_item());
    item_indent_ = indent;
    item_line_ = line_;
  } else if (item_.empty() || indent <= item_indent_) {
    return shape("the list of a chart's versions is not indented as a list is");
  }
  return collect(line);
}

Result<void> IndexReader::collect(std::string_view line) {
  if (item_.size() + line.size() > entry_max) return too_large();
  item_.append(line).push_back('\n');
  return {};
}

Result<void> IndexReader::root_line(std::string_view line) {
  WEIR_CHECK(flush_item());
  place_ = Place::skipped;
  if (line.starts_with("---") || line.starts_with("...")) {
    if (seen_entries_) return shape("the index holds several documents");
    place_ = Place::root;
    return {};
  }
  if (is_item(line) || line.front() == '{' || line.front() == '[' || line.front() == '%')
    return shape("the index is no mapping in block style");
  // A member whose value stands in the lines below it.
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return shape("the index is no mapping in block style");
  std::string_view key = line.substr(0, colon);
  while (!key.empty() && (key.back() == ' ' || key.back() == '\t')) key.remove_suffix(1);
  const bool plain = !key.empty() && std::isalpha(static_cast<unsigned char>(key.front())) != 0;
  if (plain && key != "entries" && key != "apiVersion" && key != "generated") return {};
  WEIR_TRY(const auto member, read_member(line));
  if (member.first == "apiVersion") head_.api_version = text_of(member.second);
  if (member.first == "generated") head_.generated = text_of(member.second);
  if (member.first != "entries") return {};
  if (seen_entries_) return failure("key \"entries\" is already set");
  seen_entries_ = true;
  if (member.second.is_object() && member.second.empty()) return {};
  if (!member.second.is_null()) return shape("entries are not written in block style");
  place_ = Place::entries;
  name_indent_ = 0;
  return {};
}

Result<void> IndexReader::name_line(std::string_view line) {
  WEIR_CHECK(flush_item());
  WEIR_TRY(auto member, read_member(line));
  WEIR_CHECK(begin_chart(std::move(member.first)));
  place_ = Place::versions;
  item_indent_ = 0;
  if (member.second.is_null() || (member.second.is_array() && member.second.empty())) return {};
  return shape("a chart's versions are not a list in block style");
}

Result<void> IndexReader::begin_chart(std::string name) {
  if (!names_.insert(std::hash<std::string>()(name)).second)
    return failure("key \"" + name + "\" already set in map");
  chart_ = std::move(name);
  return {};
}

Result<void> IndexReader::flush_item() {
  if (item_.empty()) return {};
  value::YamlOptions options;
  options.dialect = value::YamlDialect::kubernetes;
  auto list = value::parse_yaml(item_, options);
  item_.clear();
  // An alias of an anchor in another entry, or text that only looks like the structure: the whole
  // document decides.
  if (!list.ok() || !list->is_array() || list->size() != 1)
    return shape("the entry at line " + std::to_string(item_line_) + " cannot be read alone");
  const Value& entry = list->at(0);
  return entry.is_null() ? Result<void>() : visit_(chart_, entry);
}

// ---- JSON ----

Result<void> IndexReader::feed_json(std::string_view piece) {
  for (std::size_t at = 0; at < piece.size();) {
    // Inside of strings nothing matters but their end.
    if (in_string_ && !escaped_) {
      const std::size_t end = std::min(piece.find_first_of("\"\\", at), piece.size());
      if (capturing_) {
        if (text_.size() + (end - at) > entry_max) return too_large();
        text_.append(piece.substr(at, end - at));
      }
      at = end;
      if (at == piece.size()) break;
    }
    WEIR_CHECK(json_char(piece[at]));
    ++at;
  }
  return {};
}

void IndexReader::begin_capture(char first, bool text) {
  capturing_ = true;
  capturing_text_ = text;
  capture_depth_ = depth_;
  text_.assign(1, first);
}

Result<void> IndexReader::json_open(char c) {
  ++depth_;
  if (capturing_) return {};
  if (depth_ == 1) {
    if (c != '{') return failure("the document must be an object");
    key_expected_ = true;
  } else if (depth_ == 2 && key_ == "entries") {
    if (c != '{') return failure("entries must be an object");
    place_ = Place::entries;
    seen_entries_ = true;
    key_expected_ = true;
  } else if (depth_ == 2) {
    place_ = Place::skipped;
  } else if (place_ == Place::entries && c != (depth_ == 3 ? '[' : '{')) {
    return shape("a chart's versions are not a list of objects");
  } else if (depth_ == 4 && place_ == Place::entries) {
    begin_capture(c, false);
  }
  return {};
}

Result<void> IndexReader::json_close() {
  if (depth_ == 0) return failure("unbalanced brackets");
  const bool entry_ends = capturing_ && depth_ == capture_depth_;
  --depth_;
  if (entry_ends) return json_value_ended();
  if (depth_ == 1) place_ = Place::root;
  if (depth_ == 0) ended_ = true;
  return {};
}

Result<void> IndexReader::json_char(char c) {
  if (c == '\n') ++line_;
  if (capturing_) {
    if (text_.size() >= entry_max) return too_large();
    text_.push_back(c);
  }
  if (in_string_) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
      if (capturing_ && capturing_text_) return json_value_ended();
    }
    return {};
  }
  if (c == '"') {
    in_string_ = true;
    // A key of the document or of the entries, or a plain text of the document.
    const bool wanted = (depth_ == 1 && place_ == Place::root) ||
                        (depth_ == 2 && place_ == Place::entries && key_expected_);
    if (!capturing_ && wanted) begin_capture(c, true);
    if (!capturing_ && place_ == Place::entries)
      return shape("a chart's versions are not a list of objects");
    return {};
  }
  if (c == '{' || c == '[') return json_open(c);
  if (c == '}' || c == ']') return json_close();
  // Neither a list of a chart's versions nor one of them: the whole document decides.
  if (place_ == Place::entries && !capturing_ && (depth_ == 2 || depth_ == 3) &&
      std::string_view(" \t\r\n,:").find(c) == std::string_view::npos)
    return shape("a chart's versions are not a list of objects");
  if (c == ',' && depth_ <= 2) key_expected_ = true;
  if (c == ':' && depth_ <= 2) key_expected_ = false;
  return {};
}

// A key, a plain text of the document, or a version of a chart has been collected.
Result<void> IndexReader::json_value_ended() {
  capturing_ = false;
  auto value = value::parse_json(text_);
  if (!value.ok()) return failure(value.error().message);
  if (value->is_object()) return visit_(chart_, *value);
  std::string text(value->get_string());
  if (place_ == Place::entries && key_expected_) {
    return begin_chart(std::move(text));
  } else if (key_expected_) {
    key_ = std::move(text);
  } else if (key_ == "apiVersion") {
    head_.api_version = std::move(text);
  } else if (key_ == "generated") {
    head_.generated = std::move(text);
  }
  return {};
}

Result<IndexHead> IndexReader::finish() {
  if (mode_ == Mode::yaml) {
    if (!rest_.empty()) {
      const std::string last = std::move(rest_);
      rest_.clear();
      ++line_;
      WEIR_CHECK(yaml_line(last));
      // A block scalar tells a last line with an end from one without.
      if (!item_.empty()) item_.pop_back();
    }
    WEIR_CHECK(flush_item());
  }
  if (mode_ == Mode::json && (depth_ != 0 || in_string_ || !ended_))
    return failure("the document is cut short");
  if (mode_ == Mode::unknown) return make_error(Code::invalid, "empty index.yaml file");
  return head_;
}

namespace {

// What Go says of a document that cannot be read as a whole.
Error unreadable(Error error, std::string_view text) {
  constexpr std::string_view twice = "mapping key ", ends = " already defined", place = "line ";
  const std::size_t key = error.message.find(twice), end = error.message.find(ends);
  if (key != std::string::npos && end != std::string::npos && error.message.starts_with(place)) {
    const std::string line = error.message.substr(0, error.message.find(','));
    const std::size_t begin = key + twice.size();
    return make_error(Code::invalid, "error converting YAML to JSON: yaml: unmarshal errors:\n  " +
                                         line + ": key " +
                                         error.message.substr(begin, end - begin) +
                                         " already set in map");
  }
  const auto document = read_go_yaml(text);
  return document.ok() ? error : document.error();
}

}  // namespace

Result<IndexHead> read_whole_index(std::string_view text, const IndexVisitor& visit) {
  value::YamlOptions options;
  options.dialect = value::YamlDialect::kubernetes;
  auto parsed = value::parse_yaml(text, options);
  if (!parsed.ok()) return unreadable(std::move(parsed).error(), text);
  const Value document = *std::move(parsed);
  std::optional<DecodeFault> fault;
  StructReader reader(document, "IndexFile", "", fault);
  if (!document.is_object() && !document.is_null())
    reader.mismatch("", document, "repo.IndexFile");
  IndexHead head;
  reader.read("apiVersion", head.api_version);
  const Value* entries = reader.find("entries");
  if (entries != nullptr && !entries->is_object())
    reader.mismatch("entries", *entries, "map[string]repo.ChartVersions");
  if (fault) return decode_error(fault->text);
  head.api_version = head.api_version.substr(0, head_text_max);
  head.generated = text_of(document["generated"]);
  if (entries == nullptr) return head;
  for (const auto& chart : entries->members()) {
    if (!chart.value.is_array() && !chart.value.is_null()) {
      reader.mismatch("entries", chart.value, "repo.ChartVersions");
      return decode_error(fault->text);
    }
    for (const Value& entry : chart.value.items())
      if (!entry.is_null()) WEIR_CHECK(visit(chart.name(), entry));
  }
  return head;
}

}  // namespace weir::helm
