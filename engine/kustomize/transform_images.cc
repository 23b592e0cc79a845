// Images: new names, tags and digests for the images that match, in every list called containers or
// initContainers and in the fields of the image specs.
#include <re2/re2.h>

#include "engine/kustomize/transformers.hh"
#include "engine/value/strategic_merge.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

struct ImageParts {
  std::string name;
  std::string tag;
  std::string digest;
};

ImageParts split_image(std::string_view image) {
  // A ':' before the first '/' belongs to the registry's port.
  const std::size_t slash = image.find('/');
  const std::size_t start = slash == image.npos || slash == 0 ? 0 : slash;
  const std::size_t at = image.find('@', start);
  const std::size_t colon = image.find(':', start);
  if (at == image.npos && colon == image.npos) return {std::string(image), "", ""};
  if (at != image.npos && (colon == image.npos || at < colon)) {
    return {std::string(image.substr(0, at)), "", std::string(image.substr(at + 1))};
  }
  if (at == image.npos)
    return {std::string(image.substr(0, colon)), std::string(image.substr(colon + 1)), ""};
  return {std::string(image.substr(0, colon)), std::string(image.substr(colon + 1, at - colon - 1)),
          std::string(image.substr(at + 1))};
}

// One entry of `images`, its name compiled: the name is a pattern, as in the reference.
class ImageRule {
 public:
  explicit ImageRule(const Value& image)
      : new_name_(image["newName"].get_string()),
        new_tag_(image["newTag"].get_string()),
        tag_suffix_(image["tagSuffix"].get_string()),
        digest_(image["digest"].get_string()) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    pattern_ = std::make_shared<re2::RE2>("^" + std::string(image["name"].get_string()) +
                                              "(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$",
                                          options);
  }

  bool valid() const { return pattern_->ok(); }
  bool matches(std::string_view image) const {
    return re2::RE2::PartialMatch(re2::StringPiece(image.data(), image.size()), *pattern_);
  }

  std::string rewrite(std::string_view image) const {
    ImageParts parts = split_image(image);
    if (!new_name_.empty()) parts.name = new_name_;
    if (!new_tag_.empty() || !digest_.empty()) {
      parts.tag = new_tag_;
      parts.digest = digest_;
    } else if (!tag_suffix_.empty()) {
      parts.tag += tag_suffix_;
      parts.digest.clear();
    }
    std::string result = parts.name;
    if (!parts.tag.empty()) result += ":" + parts.tag;
    if (!parts.digest.empty()) result += "@" + parts.digest;
    return result;
  }

 private:
  std::string new_name_;
  std::string new_tag_;
  std::string tag_suffix_;
  std::string digest_;
  std::shared_ptr<re2::RE2> pattern_;
};

// Does any rule match an image below? Then, and only then, the tree is copied for editing.
bool any_match(const Value& node, const std::vector<ImageRule>& rules, bool in_containers) {
  if (node.is_array()) {
    for (const Value& item : node.items()) {
      if (in_containers && item.is_object()) {
        const std::string image = value::scalar_text(item["image"]);
        for (const ImageRule& rule : rules) {
          if (rule.matches(image)) return true;
        }
      }
      if (any_match(item, rules, false)) return true;
    }
    return false;
  }
  for (const value::Member& member : node.members()) {
    if (member.value.is_scalar()) continue;
    const bool containers = member.name() == "containers" || member.name() == "initContainers";
    if (any_match(member.value, rules, containers)) return true;
  }
  return false;
}

Result<void> update(Value& image, const ImageRule& rule) {
  if (image.is_null()) return {};
  if (!image.is_scalar())
    return make_error(Code::invalid,
                      "wrong node kind: expected ScalarNode: an image is a map or a list");
  const std::string text = value::scalar_text(image);
  if (rule.matches(text)) image = Value(rule.rewrite(text));
  return {};
}

Result<void> update_containers(Value& containers, const ImageRule& rule) {
  if (!containers.is_array()) return {};
  for (std::size_t i = 0; i < containers.size(); ++i) {
    Value& container = containers.item_mut(i);
    if (container.is_null()) continue;
    if (!container.is_object())
      return make_error(Code::invalid,
                        "wrong node kind: expected MappingNode: a container is no map");
    Value* image = container.find_mut("image");
    if (image != nullptr) WEIR_CHECK(update(*image, rule));
  }
  return {};
}

Result<void> walk(Value& node, const ImageRule& rule) {
  if (node.is_array()) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (!node.items()[i].is_scalar()) WEIR_CHECK(walk(node.item_mut(i), rule));
    }
    return {};
  }
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (node.members()[i].value.is_scalar()) continue;
    value::Member& member = node.member_mut(i);
    WEIR_CHECK(walk(member.value, rule));
    if (member.name() == "containers" || member.name() == "initContainers") {
      WEIR_CHECK(update_containers(member.value, rule));
    }
  }
  return {};
}

Result<void> apply_rules(Resource& resource, const std::vector<ImageRule>& rules,
                         const FieldSpecs& specs) {
  if (resource.kind() == "CustomResourceDefinition") return {};
  const bool deep = any_match(resource.object(), rules, false);
  for (const ImageRule& rule : rules) {
    if (deep) WEIR_CHECK(walk(resource.edit(), rule));
    const SetField set = [&](Value& image) { return update(image, rule); };
    for (const FieldSpec& spec : specs) {
      WEIR_CHECK(apply_field_spec(resource.edit(), spec, CreateKind::nothing, set));
    }
  }
  return {};
}

}  // namespace

Transform images_transform(const Value& images, const FieldSpecs& specs) {
  auto rules = std::make_shared<std::vector<ImageRule>>();
  for (const Value& image : images.items()) {
    ImageRule rule(image);
    if (rule.valid()) rules->push_back(std::move(rule));
  }
  return [rules, specs](ResMap& resources) -> Result<void> {
    if (rules->empty()) return {};
    for (std::size_t i = 0; i < resources.size(); ++i) {
      if (!resources[i].deleted()) WEIR_CHECK(apply_rules(resources[i], *rules, specs));
    }
    return {};
  };
}

Result<Transform> make_image(const Value& config, const FieldSpecs& specs, const PluginContext&) {
  return images_transform(
      Value::array({config["imageTag"]}),
      config.contains("fieldSpecs") ? field_specs_of(config["fieldSpecs"]) : specs);
}

}  // namespace weir::kustomize
