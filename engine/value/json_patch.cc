// Follows evanphx/json-patch v4, which kubectl, kustomize and the API server use, where it is
// laxer than RFC 6902: negative indices count from the end, "replace" of an absent object member
// adds it, a missing "value" is null, and what stands before a path's first '/' is ignored.
#include <algorithm>
#include <charconv>
#include <optional>

#include "engine/base/limits.hh"
#include "engine/value/pointer.hh"

namespace weir::value {

namespace {

namespace limits = base::limits;

using base::Result;

Error invalid(std::string text) { return make_error(Code::invalid, std::move(text)); }

std::string unescaped(std::string_view token) {
  std::string out;
  for (std::size_t at = 0; at < token.size(); ++at) {
    const bool escape = token[at] == '~' && at + 1 < token.size() &&
                        (token[at + 1] == '0' || token[at + 1] == '1');
    if (escape) {
      out += token[++at] == '1' ? '/' : '~';
    } else {
      out += token[at];
    }
  }
  return out;
}

// strconv.Atoi, its error text included.
Result<std::int64_t> parse_index(std::string_view key) {
  std::string_view digits = key;
  if (!digits.empty() && digits[0] == '+') digits.remove_prefix(1);
  std::int64_t index = 0;
  const char* const end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, index);
  const bool signs = digits.size() < key.size() && !digits.empty() && digits[0] == '-';
  if (parsed.ec == std::errc::result_out_of_range)
    return invalid("strconv.Atoi: parsing \"" + std::string(key) + "\": value out of range");
  if (parsed.ec != std::errc() || parsed.ptr != end || signs)
    return invalid("strconv.Atoi: parsing \"" + std::string(key) + "\": invalid syntax");
  return index;
}

Result<std::size_t> place_index(std::int64_t index, std::size_t size) {
  const auto count = static_cast<std::int64_t>(size);
  if (index >= count || index < -count)
    return invalid("Unable to access invalid index: " + std::to_string(index) +
                   ": invalid index referenced");
  return static_cast<std::size_t>(index < 0 ? index + count : index);
}

// The object or array that holds what a path names, and the last key of that path.
struct Place {
  Value* container = nullptr;
  std::string key;
};

// Editing copies the nodes on the way, so the walk is done once to look and once to edit.
Place find_place(Value& root, std::string_view path) {
  Place place;
  std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return place;
  Value* at = &root;
  for (;;) {
    if (!at->is_object() && !at->is_array()) return place;
    const std::size_t next = path.find('/', slash + 1);
    const bool last = next == std::string_view::npos;
    std::string key = unescaped(path.substr(slash + 1, last ? next : next - slash - 1));
    if (last) {
      place.container = at;
      place.key = std::move(key);
      return place;
    }
    if (at->is_object()) {
      at = at->find_mut(key);
      if (at == nullptr) return place;
    } else {
      const auto number = parse_index(key);
      if (!number) return place;
      const auto index = place_index(*number, at->size());
      if (!index) return place;
      at = &at->item_mut(*index);
    }
    slash = next;
  }
}

// Takes the nodes of `value` from `budget`; false when it is spent or `value` reaches below
// `depth_left`.
bool spend(const Value& value, std::size_t depth_left, std::size_t& budget) {
  if (budget == 0 || depth_left == 0) return false;
  --budget;
  for (const Value& item : value.items())
    if (!spend(item, depth_left - 1, budget)) return false;
  for (const Member& member : value.members())
    if (!spend(member.value, depth_left - 1, budget)) return false;
  return true;
}

// Values share storage, so without a budget a few copies could make a document exponentially large.
Result<void> check_size(const Value& value, std::string_view path, std::size_t& budget) {
  const auto depth = static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
  if (depth < limits::value_depth_max && spend(value, limits::value_depth_max - depth, budget))
    return {};
  return make_error(Code::limit, "the patch makes the document too large or too deep");
}

Result<void> add_at(const Place& place, const Value& value) {
  if (place.container->is_object()) {
    place.container->set(place.key, value);
    return {};
  }
  if (place.key == "-") {
    place.container->push_back(value);
    return {};
  }
  const auto number = parse_index(place.key);
  if (!number)
    return invalid("value was not a proper array index: '" + place.key +
                   "': " + number.error().message);
  WEIR_TRY(const std::size_t index, place_index(*number, place.container->size() + 1));
  place.container->insert(index, value);
  return {};
}

Result<void> remove_at(const Place& place) {
  if (place.container->is_object()) {
    if (!place.container->erase(place.key))
      return invalid("Unable to remove nonexistent key: " + place.key + ": missing value");
    return {};
  }
  WEIR_TRY(const std::int64_t number, parse_index(place.key));
  WEIR_TRY(const std::size_t index, place_index(number, place.container->size()));
  place.container->erase_at(index);
  return {};
}

// An absent member reads as null.
Result<Value> get_at(const Place& place) {
  if (place.container->is_object()) return (*place.container)[place.key];
  WEIR_TRY(const std::int64_t number, parse_index(place.key));
  WEIR_TRY(const std::size_t index, place_index(number, place.container->size()));
  return place.container->at(index);
}

struct Operation {
  std::string_view op, path, from;
  bool has_path = false, has_from = false;
  const Value& value;
  std::size_t& budget;  // nodes that may still be added
};

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

Result<void> add(Value& root, const Operation& operation) {
  if (!operation.has_path) return invalid("add operation failed to decode path: missing value");
  const Place place = find_place(root, operation.path);
  if (place.container == nullptr)
    return invalid("add operation does not apply: doc is missing path: " + quoted(operation.path) +
                   ": missing value");
  WEIR_CHECK(check_size(operation.value, operation.path, operation.budget));
  return add_at(place, operation.value)
      .with_context("error in add for path: '" + std::string(operation.path) + "'");
}

Result<void> remove(Value& root, const Operation& operation) {
  if (!operation.has_path) return invalid("remove operation failed to decode path: missing value");
  const Place place = find_place(root, operation.path);
  if (place.container == nullptr)
    return invalid("remove operation does not apply: doc is missing path: " +
                   quoted(operation.path) + ": missing value");
  return remove_at(place).with_context("error in remove for path: '" +
                                       std::string(operation.path) + "'");
}

Result<void> replace(Value& root, const Operation& operation) {
  const std::string path(operation.path);
  if (!operation.has_path)
    return invalid("replace operation failed to decode path: operation missing path field: "
                   "missing value");
  if (path.empty()) {
    if (!operation.value.is_object() && !operation.value.is_array())
      return invalid("replace operation value must be object or array");
    root = operation.value;
    return {};
  }
  const Place place = find_place(root, path);
  if (place.container == nullptr)
    return invalid("replace operation does not apply: doc is missing path: " + path +
                   ": missing value");
  WEIR_CHECK(check_size(operation.value, path, operation.budget));
  if (place.container->is_object()) {
    place.container->set(place.key, operation.value);
    return {};
  }
  const auto number = parse_index(place.key);
  const auto index = number ? place_index(*number, place.container->size())
                            : Result<std::size_t>(number.error());
  if (!index)
    return invalid("replace operation does not apply: doc is missing key: " + path +
                   ": missing value");
  place.container->item_mut(*index) = operation.value;
  return {};
}

Result<void> move(Value& root, const Operation& operation) {
  const std::string path(operation.path), from(operation.from);
  if (!operation.has_from)
    return invalid("move operation failed to decode from: operation, missing from field: "
                   "missing value");
  const Place source = find_place(root, from);
  if (source.container == nullptr)
    return invalid("move operation does not apply: doc is missing from path: " + from +
                   ": missing value");
  const std::string context = "error in move for path: '" + source.key + "'";
  WEIR_TRY(const Value value, get_at(source).with_context(context));
  WEIR_CHECK(remove_at(source).with_context(context));
  if (!operation.has_path)
    return invalid("move operation failed to decode path: operation missing path field: "
                   "missing value");
  const Place target = find_place(root, path);
  if (target.container == nullptr)
    return invalid("move operation does not apply: doc is missing destination path: " + path +
                   ": missing value");
  WEIR_CHECK(check_size(value, path, operation.budget));
  return add_at(target, value).with_context("error in move for path: '" + path + "'");
}

Result<void> copy(Value& root, const Operation& operation) {
  const std::string path(operation.path), from(operation.from);
  if (!operation.has_from)
    return invalid("copy operation failed to decode from: operation, missing from field: "
                   "missing value");
  const Place source = find_place(root, from);
  if (source.container == nullptr)
    return invalid("copy operation does not apply: doc is missing from path: " + from +
                   ": missing value");
  WEIR_TRY(const Value value,
           get_at(source).with_context("error in copy for from: '" + from + "'"));
  if (!operation.has_path) return invalid("copy operation failed to decode path: missing value");
  const Place target = find_place(root, path);
  if (target.container == nullptr)
    return invalid("copy operation does not apply: doc is missing destination path: " + path +
                   ": missing value");
  WEIR_CHECK(check_size(value, path, operation.budget));
  return add_at(target, value).with_context("error while adding value during copy");
}

Result<void> test(Value& root, const Operation& operation) {
  const std::string path(operation.path);
  if (!operation.has_path)
    return invalid("test operation failed to decode path: operation missing path field: "
                   "missing value");
  Value value = root;
  if (!path.empty()) {
    const Place place = find_place(root, path);
    if (place.container == nullptr)
      return invalid("test operation does not apply: is missing path: " + path + ": missing value");
    WEIR_TRY(value, get_at(place).with_context("error in test for path: '" + path + "'"));
  }
  if (value == operation.value) return {};
  return invalid("testing value " + path + " failed: test failed");
}

struct Verb {
  std::string_view name;
  Result<void> (*apply)(Value& root, const Operation& operation);
};

constexpr Verb verbs[] = {{"add", add},   {"remove", remove}, {"replace", replace},
                          {"move", move}, {"copy", copy},     {"test", test}};

Result<void> apply_one(Value& root, const Value& item, std::size_t& budget) {
  Operation operation{item["op"].get_string("unknown"),
                      item["path"].get_string(),
                      item["from"].get_string(),
                      item["path"].is_string(),
                      item["from"].is_string(),
                      item["value"],
                      budget};
  for (const Verb& verb : verbs)
    if (verb.name == operation.op) return verb.apply(root, operation);
  return invalid("Unexpected kind: " + std::string(operation.op));
}

}  // namespace

Result<void> apply_json_patch(Value& target, const Value& operations) {
  if (!operations.is_array()) return invalid("a JSON patch must be a list of operations");
  for (const Value& item : operations.items())
    if (!item.is_object()) return invalid("a JSON patch operation must be an object");
  Value result = target;
  std::size_t budget = limits::value_nodes_max;
  for (const Value& item : operations.items()) WEIR_CHECK(apply_one(result, item, budget));
  target = std::move(result);
  return {};
}

}  // namespace weir::value
