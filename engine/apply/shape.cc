#include "engine/apply/shape.hh"

#include <algorithm>
#include <string_view>

#include "engine/model/schema.hh"

namespace weir::apply {
namespace {

using value::Kind;
using value::Member;

constexpr std::size_t shapes_max = 20'000;
constexpr std::size_t name_bytes_max = 52;  // a CronJob's, the shortest of all

bool is_plain_name(std::string_view name) {
  if (name.empty() || name.size() > name_bytes_max) return false;
  if (name.front() < 'a' || name.front() > 'z' || name.back() == '-') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// Canonical text of a manifest with names left out, into one hash.
class ShapeWriter {
 public:
  ShapeWriter(const Value& manifest, const NameSet& names)
      : ns_(manifest.path("metadata", "namespace").get_string()),
        names_(names),
        config_map_(manifest["kind"].get_string() == "ConfigMap") {}

  // `parent` is the key that holds the value, also of an array's items.
  void write(const Value& value, std::string_view parent) {
    switch (value.kind()) {
      case Kind::object: return write_object(value, parent);
      case Kind::array:
        text_ += '[';
        for (const Value& item : value.items()) write(item, parent);
        text_ += ']';
        return;
      case Kind::string: return write_string(value.as_string());
      case Kind::boolean: text_ += value.as_bool() ? 't' : 'f'; return;
      case Kind::null: text_ += 'n'; return;
      case Kind::floating: text_ += "d" + std::to_string(value.as_double()); return;
      case Kind::integer: text_ += "i" + std::to_string(value.as_int()); return;
      case Kind::unsigned_integer: text_ += "u" + std::to_string(value.as_uint()); return;
    }
  }

  base::Digest finish() const { return base::sha256(text_); }

 private:
  void write_object(const Value& object, std::string_view parent) {
    text_ += '{';
    for (const Member& member : object.members()) {
      write_text(member.name());
      if (is_free(parent, member)) {
        text_ += "s*";
      } else if (is_free_map(parent, member)) {
        write_keys(member.value);
      } else {
        write(member.value, member.name());
      }
    }
    text_ += '}';
  }

  // Texts that the server takes whatever they say.
  static bool is_free(std::string_view parent, const Member& member) {
    if (member.value.get_string().empty()) return false;
    if (member.name() == "image") return parent == "containers" || parent == "initContainers";
    return parent == "env" && member.name() == "value";
  }
  bool is_free_map(std::string_view parent, const Member& member) const {
    if (!member.value.is_object()) return false;
    if (member.name() == "annotations") return parent == "metadata";
    return member.name() == "data" && parent.empty() && config_map_;
  }

  void write_keys(const Value& object) {
    text_ += '<';
    for (const Member& member : object.members()) {
      write_text(member.name());
      text_ += member.value.is_string() ? 's' : 'x';
      if (!member.value.is_string()) write(member.value, "");
    }
    text_ += '>';
  }

  void write_string(std::string_view text) {
    if (!ns_.empty() && text == ns_ && is_plain_name(text)) {
      text_ += "N";
    } else if (is_plain_name(text) && names_.contains(std::string(text))) {
      text_ += "M";
    } else {
      write_text(text);
    }
  }

  void write_text(std::string_view text) {
    text_ += std::to_string(text.size());
    text_ += ':';
    text_ += text;
  }

  std::string_view ns_;
  const NameSet& names_;
  bool config_map_;
  std::string text_;
};

std::string key_of(const base::Digest& shape) { return shape.hex(); }

}  // namespace

std::optional<base::Digest> shape_of(const Value& manifest, const NameSet& names) {
  const Value& metadata = manifest["metadata"];
  if (!is_plain_name(metadata["name"].get_string())) return std::nullopt;
  if (model::find_type(model::Gvk::of(manifest)) == nullptr) return std::nullopt;
  ShapeWriter writer(manifest, names);
  writer.write(manifest, "");
  return writer.finish();
}

void ShapeMemory::accept(const base::Digest& shape, base::TimeUs now) {
  const std::lock_guard lock(mutex_);
  if (accepted_.size() >= shapes_max) accepted_.clear();
  accepted_[key_of(shape)] = now + lifetime_;
}

void ShapeMemory::forget(const base::Digest& shape) {
  const std::lock_guard lock(mutex_);
  accepted_.erase(key_of(shape));
}

bool ShapeMemory::knows(const base::Digest& shape, base::TimeUs now) const {
  const std::lock_guard lock(mutex_);
  const auto found = accepted_.find(key_of(shape));
  return found != accepted_.end() && now < found->second;
}

}  // namespace weir::apply
