#include "engine/template/functions/toml_document.hh"

#include "engine/template/functions/support.hh"
#include "engine/template/functions/toml_keys.hh"

namespace weir::tmpl {

// A value, a table or a list of tables.
struct TomlDocument::Node {
  enum class Kind : std::uint8_t { value, table, tables } kind = Kind::table;
  Datum value;
  std::map<std::string, std::unique_ptr<Node>> members;
  std::vector<std::unique_ptr<Node>> items;

  // The table that members go to; nullptr for a value.
  Node* table() {
    if (kind == Kind::table) return this;
    return kind == Kind::tables ? items.back().get() : nullptr;
  }

  Datum to_datum() {
    if (kind == Kind::value) return std::move(value);
    if (kind == Kind::table) {
      Datum map = Datum::map();
      for (auto& [key, node] : members) map.set(key, node->to_datum());
      return map;
    }
    std::vector<Datum> tables;
    tables.reserve(items.size());
    for (auto& item : items) tables.push_back(item->to_datum());
    return Datum::slice(std::move(tables), types::any_map_slice);
  }
};

TomlDocument::TomlDocument() : root_(std::make_unique<Node>()) {}
TomlDocument::~TomlDocument() = default;

std::string TomlDocument::enter(const TomlPath& path, bool list) {
  Node* table = root_.get();
  TomlPath at;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    at.push_back(path[i]);
    auto& node = table->members[path[i]];
    if (!node) {
      node = std::make_unique<Node>();
      implied_.insert(at);
    }
    table = node->table();
    if (table == nullptr)
      return joined({"Key '", toml_path(at), "' was already created as a hash."});
  }
  place_ = std::move(at);
  const std::string& last = path.back();
  if (list) {
    auto& node = table->members[last];
    if (!node) {
      node = std::make_unique<Node>();
      node->kind = Node::Kind::tables;
    }
    if (node->kind != Node::Kind::tables)
      return joined(
          {"Key '", toml_path(path), "' was already created and cannot be used as an array."});
    node->items.push_back(std::make_unique<Node>());
  } else if (std::string problem = define(last, std::make_unique<Node>()); !problem.empty()) {
    return problem;
  }
  place_.push_back(last);
  return {};
}

std::string TomlDocument::enter_implied(const TomlPath& path) {
  implied_.insert(path);
  return enter(path, false);
}

std::string TomlDocument::set(const std::string& key, Datum value) {
  auto node = std::make_unique<Node>();
  node->kind = Node::Kind::value;
  node->value = std::move(value);
  return define(key, std::move(node));
}

// What an implied table is defined as later does not replace it.
std::string TomlDocument::define(const std::string& key, std::unique_ptr<Node> node) {
  Node* table = root_.get();
  TomlPath at;
  for (const std::string& part : place_) {
    at.push_back(part);
    const auto found = table->members.find(part);
    table = found == table->members.end() ? nullptr : found->second->table();
    if (table == nullptr) return joined({"Key '", toml_path(at), "' has already been defined."});
  }
  at.push_back(key);
  auto& slot = table->members[key];
  if (!slot) {
    slot = std::move(node);
    return {};
  }
  if (implied_.erase(at) == 0)
    return joined({"Key '", toml_path(at), "' has already been defined."});
  if (lists_.contains(at)) slot = std::move(node);
  return {};
}

Datum TomlDocument::take() { return root_->to_datum(); }

}  // namespace weir::tmpl
