#include "engine/model/schema.hh"

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>

#include "engine/base/assert.hh"
#include "engine/model/schema_data.hh"

namespace weir::model {
namespace {

constexpr std::string_view marks = "!~*=%^";

struct VerbLetter {
  char letter;
  std::string_view verb;
};
constexpr VerbLetter verb_letters[] = {{'c', "create"}, {'d', "delete"}, {'D', "deletecollection"},
                                       {'g', "get"},    {'l', "list"},   {'p', "patch"},
                                       {'u', "update"}, {'w', "watch"}};

std::vector<std::string> verbs_of(std::string_view letters) {
  std::vector<std::string> verbs;
  for (const VerbLetter& entry : verb_letters) {
    if (letters == "*" || letters.find(entry.letter) != std::string_view::npos) {
      verbs.emplace_back(entry.verb);
    }
  }
  return verbs;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// A group/version/Kind triple: "apps/v1/Deployment", "/v1/Pod".
Gvk parse_gvk(std::string_view text) {
  const std::vector<std::string> parts = split(text, '/');
  WEIR_ASSERT(parts.size() == 3);
  return Gvk{parts[0], parts[1], parts[2]};
}

class Words {
 public:
  explicit Words(std::string_view text) : text_(text) { advance(); }
  bool done() const { return word_.empty(); }
  std::string_view peek() const { return word_; }
  std::string_view take() {
    const std::string_view word = word_;
    advance();
    return word;
  }

 private:
  void advance() {
    const std::size_t begin = text_.find_first_not_of(" \n");
    if (begin == std::string_view::npos) {
      word_ = {};
      return;
    }
    text_.remove_prefix(begin);
    const std::size_t end = std::min(text_.find_first_of(" \n"), text_.size());
    word_ = text_.substr(0, end);
    text_.remove_prefix(end);
  }

  std::string_view text_;
  std::string_view word_;
};

class Catalogue {
 public:
  Catalogue() {
    std::string text;
    for (const char* const* part : schema_texts) text += *part;
    Words words(text);
    while (!words.done()) {
      if (words.peek().front() == '=') {
        read_resource(words);
      } else {
        read_type(words);
      }
    }
    for (SchemaResource& resource : resources_) {
      resource.type = &type_named(resource_types_[resource.gvk]);
      WEIR_ASSERT(!resource.type->fields.empty());
      by_gvk_.emplace(resource.gvk, &resource);
    }
    for (SchemaResource& resource : resources_) {
      for (const SchemaSubresource& sub : resource.subresources) add_subresource_type(sub.gvk);
    }
  }

  const SchemaType* find(std::string_view name) const {
    const auto it = types_.find(std::string(name));
    return it == types_.end() ? nullptr : &it->second;
  }
  const SchemaType* find(const Gvk& gvk) const {
    if (const SchemaResource* resource = find_resource_of(gvk)) return resource->type;
    const auto it = other_kinds_.find(gvk);
    return it == other_kinds_.end() ? nullptr : it->second;
  }
  const SchemaResource* find_resource_of(const Gvk& gvk) const {
    const auto it = by_gvk_.find(gvk);
    return it == by_gvk_.end() ? nullptr : it->second;
  }
  const std::vector<SchemaResource>& resources() const { return resources_; }

 private:
  static std::string full_name(std::string_view name) {
    return name.front() == '.' ? "core.v1" + std::string(name) : std::string(name);
  }
  // Found or made empty: types refer to each other in any order and in cycles.
  SchemaType& type_named(std::string_view name) {
    const std::string full = full_name(name);
    const auto [it, inserted] = types_.try_emplace(full);
    if (inserted) it->second.name = full;
    return it->second;
  }

  // Kinds that only subresources speak (Scale, Eviction, TokenRequest): "autoscaling.v1.Scale".
  void add_subresource_type(const Gvk& gvk) {
    const std::string group = gvk.group.empty() ? "core" : gvk.group.substr(0, gvk.group.find('.'));
    if (const SchemaType* type = find(group + "." + gvk.version + "." + gvk.kind)) {
      other_kinds_.emplace(gvk, type);
    }
  }

  void read_resource(Words& words) {
    SchemaResource out;
    out.plural = words.take().substr(1);
    out.singular = words.take();
    const std::string_view group_version = words.take();
    out.gvk = parse_gvk(std::string(group_version) + "/" + std::string(words.take()));
    resource_types_[out.gvk] = full_name(words.take());
    out.verbs = verbs_of(words.take());
    out.namespaced = words.take() == "namespaced";
    while (!words.done() && words.peek().front() != '=' && words.peek().front() != '@') {
      const std::string_view word = words.take();
      if (word.starts_with("s:")) out.short_names = split(word.substr(2), ',');
      if (word.starts_with("c:")) out.categories = split(word.substr(2), ',');
      if (word.front() != '/') continue;
      out.subresources.push_back(read_subresource(word.substr(1), out.gvk));
    }
    resources_.push_back(std::move(out));
  }

  static SchemaSubresource read_subresource(std::string_view word, const Gvk& parent) {
    const std::size_t equals = word.find('=');
    const std::size_t colon = word.rfind(':');
    const std::string_view gvk = word.substr(equals + 1, colon - equals - 1);
    return {std::string(word.substr(0, equals)), gvk.empty() ? parent : parse_gvk(gvk),
            verbs_of(word.substr(colon + 1))};
  }

  void read_type(Words& words) {
    SchemaType& type = type_named(words.take().substr(1));
    if (!words.done() && words.peek() == "atomic") {
      type.atomic = true;
      words.take();
    }
    while (!words.done() && words.peek().front() != '=' && words.peek().front() != '@') {
      type.fields.push_back(read_field(words.take()));
    }
    std::sort(type.fields.begin(), type.fields.end(),
              [](const SchemaField& a, const SchemaField& b) { return a.name < b.name; });
  }

  SchemaField read_field(std::string_view word) {
    SchemaField field;
    const std::size_t colon = word.find(':');
    field.name = word.substr(0, colon);
    word.remove_prefix(colon + 1);
    const std::size_t end = std::min(word.find_first_of(marks), word.size());
    read_shape(field, word.substr(0, end));
    word.remove_prefix(end);
    while (!word.empty()) {
      const char mark = word.front();
      word.remove_prefix(1);
      const std::size_t next = std::min(word.find_first_of(marks), word.size());
      read_mark(field, mark, word.substr(0, next));
      word.remove_prefix(next);
    }
    return field;
  }

  void read_shape(SchemaField& field, std::string_view shape) {
    static constexpr std::pair<char, FieldKind> scalars[] = {
        {'s', FieldKind::string},     {'B', FieldKind::bytes},   {'t', FieldKind::time},
        {'T', FieldKind::micro_time}, {'i', FieldKind::int32},   {'l', FieldKind::int64},
        {'b', FieldKind::boolean},    {'d', FieldKind::number},  {'q', FieldKind::quantity},
        {'x', FieldKind::int_or_string}, {'a', FieldKind::any}};
    if (shape.starts_with("[]") || shape.starts_with("{}")) {
      field.kind = shape.front() == '[' ? FieldKind::list : FieldKind::map;
      SchemaField& element = elements_.emplace_back();
      field.element = &element;
      read_shape(element, shape.substr(2));
      return;
    }
    if (shape.size() > 1) {
      field.kind = FieldKind::object;
      field.type = &type_named(shape);
      return;
    }
    for (const auto& [letter, kind] : scalars) {
      if (shape.front() == letter) field.kind = kind;
    }
  }

  static void read_mark(SchemaField& field, char mark, std::string_view text) {
    const std::size_t open = text.find('(');
    const std::string_view word = text.substr(0, open);
    const std::string_view inside =
        open == std::string_view::npos ? "" : text.substr(open + 1, text.size() - open - 2);
    if (mark == '!') field.required = true;
    if (mark == '~') field.always_written = true;
    if (mark == '*') field.pointer = true;
    if (mark == '=') {
      field.has_default = true;
      field.default_text = text;
    }
    if (mark == '%') {
      field.atomic = word == "atomic" && field.kind != FieldKind::list;
      field.list_type = word == "map"   ? ListType::map
                        : word == "set" ? ListType::set
                                        : ListType::atomic;
      if (!inside.empty()) field.map_keys = split(inside, ',');
    }
    if (mark == '^') {
      field.patch_merge = field.patch_merge || word == "m" || word == "M";
      if (word == "M") field.patch_merge_key = field.map_keys.front();
      field.patch_retain_keys = field.patch_retain_keys || word == "k";
      field.patch_replace = field.patch_replace || word == "r";
      if (!inside.empty()) field.patch_merge_key = inside;
    }
  }

  std::unordered_map<std::string, SchemaType> types_;
  std::deque<SchemaField> elements_;
  std::vector<SchemaResource> resources_;
  std::map<Gvk, std::string> resource_types_;
  std::map<Gvk, const SchemaResource*> by_gvk_;
  std::map<Gvk, const SchemaType*> other_kinds_;
};

const Catalogue& catalogue() {
  static const Catalogue instance;
  return instance;
}

}  // namespace

const SchemaField* SchemaType::find(std::string_view field) const {
  const auto it = std::lower_bound(
      fields.begin(), fields.end(), field,
      [](const SchemaField& a, std::string_view key) { return a.name < key; });
  return it != fields.end() && it->name == field ? &*it : nullptr;
}

const SchemaSubresource* SchemaResource::subresource(std::string_view name) const {
  for (const SchemaSubresource& sub : subresources) {
    if (sub.name == name) return &sub;
  }
  return nullptr;
}

const SchemaType* find_type(const Gvk& gvk) { return catalogue().find(gvk); }

const SchemaType* find_type(std::string_view name) { return catalogue().find(name); }

const SchemaType& object_meta_type() { return *catalogue().find("meta.v1.ObjectMeta"); }

const std::vector<SchemaResource>& builtin_resources() { return catalogue().resources(); }

const SchemaResource* find_resource(const Gvk& gvk) { return catalogue().find_resource_of(gvk); }

std::string_view schema_version() { return schema_server_version; }

}  // namespace weir::model
