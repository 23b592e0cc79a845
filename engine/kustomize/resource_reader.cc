#include "engine/kustomize/resource_reader.hh"

#include <algorithm>
#include <charconv>
#include <deque>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "engine/kustomize/build.hh"
#include "engine/value/strategic_merge.hh"
#include "engine/value/yaml.hh"
#include "engine/value/yaml_diagnosis.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::Error;
using base::make_error;
using value::scalar_text;

bool nothing(const Value& value) {
  return value.is_null() || ((value.is_object() || value.is_array()) && value.empty());
}

// Go's %v of a map of strings.
std::string map_text(const Value& map) {
  Value sorted = map;
  if (sorted.is_object()) sorted.sort_members();
  std::string text = "map[";
  for (const value::Member& member : sorted.members()) {
    if (!text.ends_with('[')) text += ' ';
    text += std::string(member.name()) + ":" + scalar_text(member.value);
  }
  return text + "]";
}

std::string meta_text(const Value& object) {
  const Value& metadata = object["metadata"];
  return "{{" + scalar_text(object["apiVersion"]) + " " + scalar_text(object["kind"]) + "} {{" +
         scalar_text(metadata["name"]) + " " + scalar_text(metadata["namespace"]) + "} " +
         map_text(metadata["labels"]) + " " + map_text(metadata["annotations"]) + "}}";
}

Result<void> check_object(const Value& object) {
  const Value& metadata = object["metadata"];
  const bool bare = nothing(object["apiVersion"]) && nothing(object["kind"]) &&
                    nothing(metadata["name"]) && nothing(metadata["namespace"]) &&
                    nothing(metadata["labels"]) && nothing(metadata["annotations"]);
  if (bare) return make_error(Code::invalid, "missing Resource metadata");
  const std::string kind = scalar_text(object["kind"]);
  if (kind.empty()) return make_error(Code::invalid, "missing kind in object " + meta_text(object));
  if (kind.ends_with("List")) return {};
  if (scalar_text(metadata["name"]).empty()) {
    return make_error(Code::invalid, "missing metadata.name in object " + meta_text(object));
  }
  return {};
}

Result<void> add_checked(std::deque<Value>& objects, Value object) {
  if (nothing(object)) return {};
  WEIR_CHECK(check_object(object));
  objects.push_back(std::move(object));
  return {};
}

constexpr std::string_view marked_line = "\n\xEF\xBB\xBF";

// A byte order mark may begin each document, as files that were put together have it.
std::string without_marks(std::string_view text) {
  std::string result(text);
  for (std::size_t at = result.find(marked_line); at != result.npos;
       at = result.find(marked_line, at + 1)) {
    const std::size_t before = at == 0 ? result.npos : result.rfind('\n', at - 1);
    const std::size_t line = before == result.npos ? 0 : before + 1;
    if (std::string_view(result).substr(line).starts_with("---"))
      result.erase(at + 1, marked_line.size() - 1);
  }
  return result;
}

// The reference makes "\n" of "\r\n" before it reads: of "\r\r\n", which YAML knows as two breaks,
// one is left.
std::string unix_breaks(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!text.substr(i).starts_with("\r\n")) result += text[i];
  }
  return result;
}

// A line "---" ends a document; of what else may stand in it only a comment is allowed.
Result<void> check_separators(std::string_view text) {
  for (std::size_t at = text.find("\n---"); at != text.npos; at = text.find("\n---", at + 1)) {
    const std::size_t end = text.find('\n', at + 1);
    if (end == text.npos) break;
    std::string_view rest = text.substr(at + 4, end - at - 4);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\v\f\r"), rest.size()));
    if (rest.empty() || rest.starts_with('#')) continue;
    std::string line(text.substr(at + 1, end - at - 1));
    while (line.ends_with('\r') || line.ends_with(' ') || line.ends_with('\t')) line.pop_back();
    return make_error(Code::invalid, "invalid document separator: " + line);
  }
  return {};
}

// Takes "; its collection begins in line 4" off the text; 0 without it.
std::size_t take_line(std::string& text, std::string_view words) {
  const std::size_t at = text.rfind(words);
  if (at == text.npos) return 0;
  std::size_t line = 0;
  const char* const end = text.data() + text.size();
  std::from_chars(text.data() + at + words.size(), end, line);
  text.resize(at);
  return line;
}

// The reference reads each document by itself and counts lines in it.
std::size_t lines_before_document(std::string_view text, std::string_view error) {
  std::size_t line = 0;
  if (!error.starts_with("line ")) return 0;
  std::from_chars(error.data() + 5, error.data() + error.size(), line);
  std::size_t before = 0, at = 0;
  for (std::size_t number = 1; number < line && at != text.npos; ++number) {
    if (number > 1 && text.substr(at).starts_with("---")) before = number;
    at = text.find('\n', at);
    if (at != text.npos) ++at;
  }
  return before;
}

Error told_with(Error error, std::string_view words, std::string_view path,
                std::size_t lines_before, const std::optional<value::YamlDiagnosis>& diagnosis);

// The document that begins behind so many lines.
std::string_view document_behind(std::string_view text, std::size_t lines) {
  for (; lines > 0; --lines) {
    const std::size_t end = text.find('\n');
    if (end == text.npos) return {};
    text.remove_prefix(end + 1);
  }
  const std::size_t end = text.starts_with("---") ? text.npos : text.find("\n---");
  return end == text.npos ? text : text.substr(0, end + 1);
}

Error not_read(Error error, std::string_view text, std::string_view path) {
  const std::size_t duplicate = error.message.find("mapping key ");
  if (duplicate != std::string::npos && error.message.ends_with(" already defined")) {
    std::string place(path);
    if (!place.empty()) place += ": ";
    place += error.message.substr(0, error.message.find(": "));
    return make_error(error.code,
                      std::string(duplicate_key_words) + error.message.substr(duplicate) + " (" +
                          place + ")",
                      std::string(duplicate_key_reason));
  }
  const std::size_t before = lines_before_document(text, error.message);
  const auto diagnosis = value::diagnose_yaml(document_behind(text, before), value::GoYaml::v3);
  return told_with(std::move(error), "MalformedYAMLError: yaml: ", path, before, diagnosis);
}

class Cache {
 public:
  Objects find(const base::FileBytes& bytes) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(bytes.get());
    if (found == entries_.end()) return nullptr;
    return found->second.bytes.lock() == bytes ? found->second.objects : nullptr;
  }

  void add(const base::FileBytes& bytes, const Objects& objects) {
    const std::lock_guard lock(mutex_);
    if (entries_.size() >= entries_until_sweep_) {
      std::erase_if(entries_, [](const auto& entry) { return entry.second.bytes.expired(); });
      entries_until_sweep_ = std::max<std::size_t>(1024, 2 * entries_.size());
    }
    entries_[bytes.get()] = {bytes, objects};
  }

 private:
  struct Entry {
    std::weak_ptr<const std::string> bytes;
    Objects objects;
  };
  std::mutex mutex_;
  std::size_t entries_until_sweep_ = 1024;
  std::unordered_map<const std::string*, Entry> entries_;
};

Cache& cache() {
  static Cache instance;
  return instance;
}

}  // namespace

Error malformed_yaml(Error error, std::string_view words, std::string_view text) {
  return told_with(std::move(error), words, {}, 0, value::diagnose_yaml(text, value::GoYaml::v2));
}

namespace {

Error told_with(Error error, std::string_view words, std::string_view path,
                std::size_t lines_before, const std::optional<value::YamlDiagnosis>& diagnosis) {
  constexpr std::string_view column_word = ", column ";
  std::string text = error.message;
  const std::size_t context = take_line(text, value::yaml_context);
  const std::size_t noticed = take_line(text, value::yaml_noticed);
  const std::size_t comma = text.find(column_word);
  const std::size_t colon = text.find(": ", comma == text.npos ? 0 : comma);
  std::string shown(words), place;
  if (text.starts_with("line ") && comma != text.npos && colon != text.npos) {
    std::size_t line = 0;
    std::from_chars(text.data() + 5, text.data() + comma, line);
    const std::size_t column = comma + column_word.size();
    place = path.empty() ? text.substr(0, colon)
                         : std::string(path) + ":" + std::to_string(line) + ":" +
                               text.substr(column, colon - column);
    text.erase(0, colon + 2);
    // Of what it did not expect go-yaml gives the line before the collection's, or the one before
    // the place when there is none.
    if (noticed != 0) line = noticed;
    line -= std::min(line, lines_before);
    if (text.starts_with("unknown anchor ") || text.starts_with("invalid map key: ")) line = 0;
    if (text.starts_with("did not find expected ")) {
      const bool within = context > lines_before + 1;
      line = within ? context - lines_before - 1 : line - 1;
    }
    if (diagnosis) line = diagnosis->line;
    if (line > 0) shown += "line " + std::to_string(line) + ": ";
  }
  for (const std::string_view phrase :
       {" find expected ", " start any token", " end of stream", " in this context"}) {
    const std::size_t said = text.find(phrase);
    const std::size_t hint = said == text.npos ? text.npos : text.find(": ", said);
    if (hint == text.npos) continue;
    place.append(text.substr(hint));
    text.resize(hint);
  }
  if (diagnosis && diagnosis->problem != text) {
    place += (place.empty() ? "" : ": ") + text;
    text = diagnosis->problem;
  }
  shown += text;
  if (!path.empty()) shown.append(" in File: ").append(path);
  if (!place.empty()) shown.append(" (").append(place).append(")");
  return make_error(error.code, std::move(shown), "MalformedYAMLError");
}

}  // namespace

bool is_malformed_yaml(const Error& error) {
  return error.message.find("MalformedYAMLError") != std::string::npos;
}

Result<std::vector<Value>> take_resources(std::vector<Value> documents) {
  std::deque<Value> queue;
  if (documents.size() == 1 && model::is_wrapping_list(documents.front())) {
    // Before anything is checked.
    for (const Value& item : documents.front()["items"].items())
      WEIR_CHECK(add_checked(queue, item));
  } else {
    for (Value& document : documents) WEIR_CHECK(add_checked(queue, std::move(document)));
  }
  std::vector<Value> result;
  while (!queue.empty()) {
    Value object = std::move(queue.front());
    queue.pop_front();
    const std::string kind = scalar_text(object["kind"]);
    const Value* items = kind.ends_with("List") ? object.find("items") : nullptr;
    if (items == nullptr) {
      result.push_back(std::move(object));
      continue;
    }
    if (items->is_null()) continue;
    if (!items->is_array()) {
      return make_error(Code::invalid, "expected array in " + kind + "/items, but found " +
                                           std::string(value::kind_name(items->kind())));
    }
    for (const Value& item : items->items()) WEIR_CHECK(add_checked(queue, item));
  }
  return result;
}

Result<ObjectList> read_objects(std::string_view text, std::string_view path) {
  std::string rewritten;
  if (text.find("\r\r\n") != text.npos) text = rewritten = unix_breaks(text);
  if (text.find(marked_line) != text.npos) text = rewritten = without_marks(text);
  WEIR_CHECK(check_separators(text));
  value::YamlOptions options;
  options.dialect = value::YamlDialect::kustomize;
  Result<std::vector<value::YamlDocument>> documents = value::parse_yaml_documents(text, options);
  if (!documents.ok()) return not_read(std::move(documents).error(), text, path);
  ObjectList result;
  std::vector<Value> values;
  values.reserve(documents->size());
  for (value::YamlDocument& document : *documents) {
    if (result.unread_line == 0) result.unread_line = document.unread_line;
    values.push_back(std::move(document.value));
  }
  WEIR_TRY(values, take_resources(std::move(values)));
  static_cast<std::vector<Value>&>(result) = std::move(values);
  return result;
}

Result<Objects> read_object_file(const base::FileBytes& bytes, std::string_view path) {
  if (Objects known = cache().find(bytes)) return known;
  Result<ObjectList> objects = read_objects(*bytes, path);
  if (!objects.ok()) return std::move(objects).error();
  auto result = std::make_shared<const ObjectList>(*std::move(objects));
  cache().add(bytes, result);
  return Objects(result);
}

}  // namespace weir::kustomize
