#include "engine/kustomize/resource_reader.hh"

#include <deque>
#include <mutex>
#include <unordered_map>

#include "engine/value/strategic_merge.hh"
#include "engine/value/yaml.hh"

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

// "line 3, column 5: what: hint" -> "MalformedYAMLError: yaml: line 3: what in File: f.yaml
// (f.yaml:3:5: hint)": the reference's words, and behind them the place and the help.
Error malformed(Error error, std::string_view path) {
  std::string text = error.message;
  std::string place;
  const std::size_t comma = text.find(", column ");
  const std::size_t colon = text.find(": ", comma == text.npos ? 0 : comma);
  if (text.starts_with("line ") && comma != text.npos && colon != text.npos) {
    constexpr std::size_t column = std::string_view(", column ").size();
    place = path.empty() ? text.substr(0, colon)
                         : std::string(path) + ":" + text.substr(5, comma - 5) + ":" +
                               text.substr(comma + column, colon - comma - column);
    text.erase(comma, colon - comma);
  }
  const std::size_t hint = text.find(" find expected ") == text.npos
                               ? text.npos
                               : text.find(": ", text.find(" find expected "));
  if (hint != text.npos) {
    place.append(text.substr(hint));
    text.resize(hint);
  }
  text.insert(0, "MalformedYAMLError: yaml: ");
  if (!path.empty()) text.append(" in File: ").append(path);
  if (!place.empty()) text.append(" (").append(place).append(")");
  return make_error(error.code, std::move(text), "MalformedYAMLError");
}

// The reader of the reference takes a lone "List" apart itself, before anything is checked.
bool unwraps(const Value& object, std::size_t documents) {
  const std::string_view kind = object["kind"].get_string();
  return documents == 1 && (kind == "List" || kind == "ResourceList") &&
         (object.contains("items") || object.contains("functionConfig"));
}

Result<void> add_checked(std::deque<Value>& objects, const Value& object) {
  if (nothing(object)) return {};
  WEIR_CHECK(check_object(object));
  objects.push_back(object);
  return {};
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

bool is_malformed_yaml(const Error& error) {
  return error.message.find("MalformedYAMLError") != std::string::npos;
}

Result<std::vector<Value>> read_objects(std::string_view text, std::string_view path) {
  std::string rewritten;
  if (text.find("\r\r\n") != text.npos) text = rewritten = unix_breaks(text);
  value::YamlOptions options;
  options.dialect = value::YamlDialect::kustomize;
  Result<std::vector<value::YamlDocument>> documents = value::parse_yaml_documents(text, options);
  if (!documents.ok()) return malformed(std::move(documents).error(), path);
  std::deque<Value> queue;
  for (const value::YamlDocument& document : *documents) {
    if (unwraps(document.value, documents->size())) {
      for (const Value& item : document.value["items"].items())
        WEIR_CHECK(add_checked(queue, item));
    } else {
      WEIR_CHECK(add_checked(queue, document.value));
    }
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

Result<Objects> read_object_file(const base::FileBytes& bytes, std::string_view path) {
  if (Objects known = cache().find(bytes)) return known;
  Result<std::vector<Value>> objects = read_objects(*bytes, path);
  if (!objects.ok()) return std::move(objects).error();
  auto result = std::make_shared<const std::vector<Value>>(*std::move(objects));
  cache().add(bytes, result);
  return Objects(result);
}

}  // namespace weir::kustomize
