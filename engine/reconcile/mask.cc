#include <algorithm>

#include "engine/base/digest.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/sensitive.hh"
#include "engine/value/json.hh"

namespace weir::reconcile {
namespace {

constexpr std::string_view mask_text = "***";

void mask_values(Value& object, std::string_view name) {
  Value* data = object.find_mut(name);
  if (data == nullptr || !data->is_object()) return;
  for (std::size_t i = 0; i < data->size(); ++i) data->member_mut(i).value = Value(mask_text);
}

constexpr std::string_view last_applied = "kubectl.kubernetes.io/last-applied-configuration";
constexpr std::string_view hidden_mark = "hidden:";

void hide_values(Value& object, std::string_view name, const std::string& key) {
  Value* data = object.find_mut(name);
  if (data == nullptr || !data->is_object()) return;
  for (std::size_t i = 0; i < data->size(); ++i) {
    Value& value = data->member_mut(i).value;
    const std::string text = value::write_json(value);
    if (value.get_string().starts_with(hidden_mark)) continue;
    value = Value(std::string(hidden_mark) +
                  base::sha256(key + base::sha256(key + text).hex()).hex().substr(0, 32));
  }
}

}  // namespace

void hide_secrets(Value& object, const EngineOptions& options) {
  if (object["kind"].get_string() == "Secret") {
    hide_values(object, "data", options.hiding_key);
    hide_values(object, "stringData", options.hiding_key);
    if (Value* metadata = object.find_mut("metadata"))
      if (Value* annotations = metadata->find_mut("annotations")) annotations->erase(last_applied);
  }
  drop_url_credentials(object);
  if (object["spec"]["url"].is_string())
    object.find_mut("spec")->set("url", mask_url(object["spec"]["url"].as_string()));
}

std::string mask_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const std::size_t begin = scheme + 3;
  const std::size_t path = std::min(url.find('/', begin), url.size());
  const std::size_t at = url.substr(0, path).rfind('@');
  if (at == std::string_view::npos || at < begin) return std::string(url);
  return std::string(url.substr(0, begin)) + std::string(url.substr(at + 1));
}

Value masked(const Value& object) {
  Value copy = object;
  if (Value* metadata = copy.find_mut("metadata")) {
    metadata->erase("managedFields");
    if (Value* annotations = metadata->find_mut("annotations"))
      annotations->erase(last_applied);
  }
  if (copy["kind"].get_string() == "Secret") {
    mask_values(copy, "data");
    mask_values(copy, "stringData");
  }
  drop_url_credentials(copy);
  if (copy["spec"]["url"].is_string())
    copy.find_mut("spec")->set("url", mask_url(copy["spec"]["url"].as_string()));
  return copy;
}

}  // namespace weir::reconcile
