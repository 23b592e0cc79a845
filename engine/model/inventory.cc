#include "engine/model/inventory.hh"

#include <set>

namespace weir::model {
namespace {

// RBAC names may hold colons ("system:node"), which the reference writes as "__".
bool colons_are_escaped(std::string_view kind) {
  return kind == "Role" || kind == "ClusterRole" || kind == "RoleBinding" ||
         kind == "ClusterRoleBinding";
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (;;) {
    const std::size_t at = text.find(from);
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    out += to;
    text.remove_prefix(at + from.size());
  }
}

Error malformed(std::string_view text) {
  return make_error(Code::invalid,
                    "unable to parse inventory id \"" + std::string(text) +
                        "\": expected <namespace>_<name>_<group>_<kind>");
}

}  // namespace

std::string inventory_id(const ObjectId& id) {
  const std::string name =
      colons_are_escaped(id.gvk.kind) ? replace_all(id.name, ":", "__") : id.name;
  return id.ns + "_" + name + "_" + id.gvk.group + "_" + id.gvk.kind;
}

Result<ObjectId> parse_inventory_id(std::string_view text, std::string_view version) {
  const std::size_t first = text.find('_');
  const std::size_t last = text.rfind('_');
  if (first == std::string_view::npos || last == first || last + 1 == text.size()) {
    return malformed(text);
  }
  const std::size_t middle = text.rfind('_', last - 1);
  if (middle <= first || middle == std::string_view::npos) return malformed(text);
  ObjectId id;
  id.ns = text.substr(0, first);
  id.gvk = Gvk{std::string(text.substr(middle + 1, last - middle - 1)), std::string(version),
               std::string(text.substr(last + 1))};
  id.name = replace_all(text.substr(first + 1, middle - first - 1), "__", ":");
  if (id.name.empty()) return malformed(text);
  return id;
}

Value make_inventory(const std::vector<ObjectId>& ids) {
  Value entries = Value::array();
  entries.reserve(ids.size());
  for (const ObjectId& id : ids) {
    entries.push_back(Value::object({{"id", inventory_id(id)}, {"v", id.gvk.version}}));
  }
  return Value::object({{"entries", std::move(entries)}});
}

Result<std::vector<ObjectId>> parse_inventory(const Value& inventory) {
  std::vector<ObjectId> ids;
  for (const Value& entry : inventory["entries"].items()) {
    WEIR_TRY(ObjectId id,
             parse_inventory_id(entry["id"].get_string(), entry["v"].get_string()));
    ids.push_back(std::move(id));
  }
  return ids;
}

std::vector<ObjectId> stale_objects(const std::vector<ObjectId>& before,
                                    const std::vector<ObjectId>& after) {
  const std::set<ObjectId, GroupKindOrder> kept(after.begin(), after.end());
  std::vector<ObjectId> stale;
  for (const ObjectId& id : before) {
    if (!kept.contains(id)) stale.push_back(id);
  }
  return stale;
}

}  // namespace weir::model
