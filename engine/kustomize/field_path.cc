#include "engine/kustomize/field_path.hh"

#include <algorithm>
#include <charconv>

#include "engine/value/strategic_merge.hh"
#include "engine/value/yaml.hh"

namespace weir::kustomize {

using base::Code;
using base::make_error;
using value::scalar_text;

std::string_view trim_space(std::string_view text) {
  constexpr std::string_view space = " \t\n\v\f\r";
  const std::size_t begin = text.find_first_not_of(space);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

bool is_item_match(std::string_view part) { return part.starts_with('[') && part.ends_with(']'); }

std::optional<std::size_t> list_index(std::string_view part) {
  std::size_t index = 0;
  if (!part.empty() && part[0] == '+') part.remove_prefix(1);
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (part.empty() || error != std::errc() || end != part.data() + part.size()) return std::nullopt;
  return index;
}

base::Error wrong_node_kind(std::string_view expected, const Value& node) {
  const std::string_view actual = node.is_object()  ? "MappingNode"
                                  : node.is_array() ? "SequenceNode"
                                                    : "ScalarNode";
  return make_error(Code::invalid, "wrong node kind: expected " + std::string(expected) +
                                       " but got " + std::string(actual) + ": node contents:\n" +
                                       value::write_yaml(node, value::YamlStyle::ordered));
}

Result<ItemMatch> parse_item_match(std::string_view part) {
  part = part.substr(1, part.size() - 2);
  const std::size_t equals = part.find('=');
  if (equals == part.npos) {
    return make_error(Code::invalid,
                      "list path element must contain fieldName=fieldValue for element to match");
  }
  return ItemMatch{std::string(part.substr(0, equals)), std::string(part.substr(equals + 1))};
}

// Reads along a path; nullptr when something is missing on the way.
Result<const Value*> look_up(const Value& root, FieldPath path) {
  const Value* node = &root;
  for (const std::string& raw : path) {
    const std::string part(trim_space(raw));
    if (part.empty()) continue;
    const std::optional<std::size_t> index = list_index(part);
    if (index || part == "-") {
      if (!node->is_null() && !node->is_array()) return wrong_node_kind("SequenceNode", *node);
      const std::size_t at = index ? *index : node->size() - 1;
      if (at >= node->size()) return static_cast<const Value*>(nullptr);
      node = &node->at(at);
    } else if (part == "*") {
      return make_error(Code::invalid, "wildcard is not supported in PathGetter");
    } else if (is_item_match(part)) {
      WEIR_TRY(const ItemMatch match, parse_item_match(part));
      if (!node->is_null() && !node->is_array()) return wrong_node_kind("SequenceNode", *node);
      const auto items = node->items();
      const auto found = std::find_if(items.begin(), items.end(), [&](const Value& item) {
        if (match.field.empty()) return item.is_scalar() && scalar_text(item) == match.pattern;
        const Value* field = item.find(match.field);
        return field != nullptr && scalar_text(*field) == match.pattern;
      });
      if (found == items.end()) return static_cast<const Value*>(nullptr);
      node = &*found;
    } else {
      if (node->is_null()) return static_cast<const Value*>(nullptr);
      if (!node->is_object()) return wrong_node_kind("MappingNode", *node);
      node = node->find(part);
      if (node == nullptr) return node;
    }
  }
  return node;
}

}  // namespace weir::kustomize
