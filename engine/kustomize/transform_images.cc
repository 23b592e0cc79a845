// Images: new names, tags and digests for the images that match, in every list called containers or
// initContainers and in the fields of the image specs.
#include <re2/re2.h>

#include <algorithm>

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

// A name that is a pattern only by its dots.
bool is_plain(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("./-_:@").find(c) != std::string_view::npos;
  });
}

// One entry of `images`: the name is a pattern, as in the reference. Most are plain, and told apart
// from most images without it.
class ImageRule {
 public:
  explicit ImageRule(const Value& image)
      : name_(image["name"].get_string()),
        new_name_(image["newName"].get_string()),
        new_tag_(image["newTag"].get_string()),
        tag_suffix_(image["tagSuffix"].get_string()),
        digest_(image["digest"].get_string()),
        plain_(is_plain(name_)) {}

  bool valid() const { return plain_ || pattern().ok(); }
  bool matches(std::string_view image) const {
    if (plain_ && !begins_like_name(image)) return false;
    return re2::RE2::PartialMatch(re2::StringPiece(image.data(), image.size()), pattern());
  }
  bool matches_any(const std::vector<std::string>& images) const {
    return std::any_of(images.begin(), images.end(),
                       [&](const std::string& image) { return matches(image); });
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
  // A dot stands for any character, which may be of several bytes: such images go to the pattern.
  bool begins_like_name(std::string_view image) const {
    for (std::size_t i = 0; i < name_.size(); ++i) {
      if (i >= image.size()) return false;
      if (static_cast<unsigned char>(image[i]) >= 0x80) return true;
      if (name_[i] != '.' && name_[i] != image[i]) return false;
    }
    return true;
  }

  const re2::RE2& pattern() const {
    if (pattern_ != nullptr) return *pattern_;
    re2::RE2::Options options;
    options.set_log_errors(false);
    pattern_ = std::make_shared<re2::RE2>(
        "^" + name_ + "(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$", options);
    return *pattern_;
  }

  std::string name_;
  std::string new_name_;
  std::string new_tag_;
  std::string tag_suffix_;
  std::string digest_;
  bool plain_;
  mutable std::shared_ptr<re2::RE2> pattern_;  // once it was needed; a build has one thread
};

// A rule on its way through one object, and the images it leaves there.
struct Visit {
  const ImageRule& rule;
  std::vector<std::string> images{};
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

Result<void> update(Value& image, Visit& visit) {
  if (image.is_null()) return {};
  if (!image.is_scalar())
    return make_error(Code::invalid,
                      "wrong node kind: expected ScalarNode: an image is a map or a list");
  std::string text = value::scalar_text(image);
  if (visit.rule.matches(text)) {
    text = visit.rule.rewrite(text);
    image = Value(text);
  }
  visit.images.push_back(std::move(text));
  return {};
}

Result<void> update_containers(Value& containers, Visit& visit) {
  if (!containers.is_array()) return {};
  for (std::size_t i = 0; i < containers.size(); ++i) {
    Value& container = containers.item_mut(i);
    if (container.is_null()) continue;
    if (!container.is_object())
      return make_error(Code::invalid,
                        "wrong node kind: expected MappingNode: a container is no map");
    Value* image = container.find_mut("image");
    if (image != nullptr) WEIR_CHECK(update(*image, visit));
  }
  return {};
}

Result<void> walk(Value& node, Visit& visit) {
  if (node.is_array()) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (!node.items()[i].is_scalar()) WEIR_CHECK(walk(node.item_mut(i), visit));
    }
    return {};
  }
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (node.members()[i].value.is_scalar()) continue;
    value::Member& member = node.member_mut(i);
    WEIR_CHECK(walk(member.value, visit));
    if (member.name() == "containers" || member.name() == "initContainers") {
      WEIR_CHECK(update_containers(member.value, visit));
    }
  }
  return {};
}

// One rule after the other over the whole object. The first sees every image (and every fault); a
// later one that matches none of those the last left there would change nothing.
Result<void> apply_rules(Resource& resource, const std::vector<ImageRule>& rules,
                         const FieldSpecs& specs) {
  if (resource.kind() == "CustomResourceDefinition") return {};
  const bool deep = any_match(resource.object(), rules, false);
  std::vector<std::string> images;
  for (const ImageRule& rule : rules) {
    if (&rule != &rules.front() && !rule.matches_any(images)) continue;
    Visit visit{rule};
    if (deep) WEIR_CHECK(walk(resource.edit(), visit));
    const SetField set = [&](Value& image) { return update(image, visit); };
    for (const FieldSpec& spec : specs) {
      WEIR_CHECK(apply_field_spec(resource.edit(), spec, CreateKind::nothing, set));
    }
    images = std::move(visit.images);
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
