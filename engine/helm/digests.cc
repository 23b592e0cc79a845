// Digests of what a HelmRelease asks for, over the very bytes that Flux's controller hashes.
#include <cmath>

#include "engine/helm/release.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"

namespace weir::helm {
namespace {

constexpr double exact_max = 9223372036854775808.0;  // 2^63

// Doubles without a fraction print as integers; members sort bytewise.
Value canonical(const Value& value) {
  if (value.kind() == value::Kind::floating) {
    const double number = value.as_double();
    if (number == std::floor(number) && std::abs(number) < exact_max)
      return Value(static_cast<std::int64_t>(number));
    return value;
  }
  if (value.is_array()) {
    Value list = Value::array();
    for (const Value& item : value.items()) list.push_back(canonical(item));
    return list;
  }
  if (!value.is_object()) return value;
  Value out = Value::object();
  for (const auto& member : value.members()) out.append_member(member.key, canonical(member.value));
  out.sort_members();
  return out;
}

// The members that are set, in the order of Go's struct.
Value in_order(const Value& source, std::initializer_list<std::string_view> names,
               std::string_view always = {}) {
  Value out = Value::object();
  for (const std::string_view name : names) {
    const Value& field = source[name];
    if (name == always) {
      out.append_member(name, field.is_null() ? Value("") : field);
    } else if (field.is_string() ? !field.get_string().empty() : !field.empty()) {
      out.append_member(name, field);
    }
  }
  return out;
}

std::string digest_of(const Value& value) {
  std::string line = value::write_json(value, {.sort_keys = false});
  line.push_back('\n');
  return base::sha256(line).to_string();
}

Value kustomize_renderer(const Value& source) {
  Value out = Value::object();
  for (const Value& patch : source["patches"].items()) {
    Value item = in_order(patch, {"patch"}, "patch");
    if (patch["target"].is_object())
      item.append_member("target",
                         in_order(patch["target"], {"group", "version", "kind", "namespace", "name",
                                                    "annotationSelector", "labelSelector"}));
    out.entry("patches").push_back(std::move(item));
  }
  for (const Value& image : source["images"].items())
    out.entry("images").push_back(in_order(image, {"name", "newName", "newTag", "digest"}, "name"));
  return out;
}

}  // namespace

base::Digest values_digest(const Value& values) {
  if (values.empty()) return base::sha256({});
  return base::sha256(value::write_yaml(canonical(values), value::YamlStyle::ordered));
}

std::string post_renderers_digest(const Value& post_renderers) {
  if (post_renderers.empty()) return {};
  Value list = Value::array();
  for (const Value& item : post_renderers.items()) {
    Value out = Value::object();
    if (item["kustomize"].is_object())
      out.append_member("kustomize", kustomize_renderer(item["kustomize"]));
    list.push_back(std::move(out));
  }
  return digest_of(list);
}

std::string common_metadata_digest(const Value& common_metadata) {
  if (!common_metadata.is_object()) return {};
  Value out = Value::object();
  for (const std::string_view name : {"annotations", "labels"}) {
    Value map = common_metadata[name];
    if (map.empty()) continue;
    map.sort_members();
    out.append_member(name, std::move(map));
  }
  return digest_of(out);
}

}  // namespace weir::helm
