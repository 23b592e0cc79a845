#include "api/audit/kinds.hh"

#include <algorithm>
#include <cctype>
#include <vector>

#include "api/audit/routes.hh"
#include "engine/base/closest.hh"
#include "engine/model/kinds/field.hh"
#include "engine/model/schema.hh"
#include "store/projections/objects.hh"

namespace weir::api::audit {
namespace {

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

template <typename Kind>
bool is_named(const Kind& kind, std::string_view name) {
  if (same_letters(kind.gvk.kind, name) || same_letters(kind.plural, name) ||
      same_letters(kind.singular, name))
    return true;
  return std::any_of(kind.short_names.begin(), kind.short_names.end(),
                     [&](const auto& known) { return same_letters(known, name); });
}

// An empty `group` is any; `exact` takes it as the core group.
template <typename Kinds>
const model::Gvk* find_kind(const Kinds& kinds, std::string_view name, std::string_view group) {
  for (const auto& kind : kinds)
    if (is_named(kind, name) && (group.empty() || kind.gvk.group == group)) return &kind.gvk;
  return nullptr;
}

// A kind that only a CustomResourceDefinition of the cluster knows.
Result<std::optional<model::Gvk>> find_seen(const store::EventLog& log, std::string_view name,
                                            std::string_view group) {
  WEIR_TRY(const auto states,
           store::projections::state_at(log.kv(), log.head().seq, store::projections::Side::live));
  for (const auto& state : states)
    if (same_letters(state.id.gvk.kind, name) &&
        (group.empty() || state.id.gvk.group == group))
      return std::optional<model::Gvk>(state.id.gvk);
  return std::optional<model::Gvk>();
}

}  // namespace

Result<model::Gvk> resolve_kind(const store::EventLog& log, std::string_view text,
                                std::string_view field) {
  const std::size_t dot = std::min(text.find('.'), text.size());
  const std::string_view name = text.substr(0, dot);
  const std::string_view group = dot < text.size() ? text.substr(dot + 1) : std::string_view();
  if (name.empty()) return bad_field(field, "a kind is needed");
  if (const auto* own = find_kind(model::declared_kinds(), name, group)) return *own;
  if (const auto* built_in = find_kind(model::builtin_resources(), name, group)) return *built_in;
  WEIR_TRY(const auto seen, find_seen(log, name, group));
  if (seen) return *seen;
  // A kind whose objects are all gone is found by its exact name and group.
  if (!group.empty()) return model::Gvk{std::string(group), "", std::string(name)};
  std::vector<std::string_view> names;
  for (const auto& kind : model::declared_kinds()) names.push_back(kind.plural);
  for (const auto& kind : model::builtin_resources()) names.push_back(kind.plural);
  const std::string close(base::closest_name(name, names));
  return make_error(Code::not_found,
                    std::string(field) + ": unknown kind \"" + std::string(text) + "\"" +
                        (close.empty() ? "" : ", did you mean \"" + close + "\"?"),
                    std::string(field));
}

bool is_owner_kind(const model::Gvk& gvk) { return model::find_declaration(gvk) != nullptr; }

Result<model::ObjectId> parse_owner(const store::EventLog& log, std::string_view text,
                                    std::string_view field) {
  const std::size_t first = text.find('/');
  const std::size_t last = text.rfind('/');
  if (first == std::string_view::npos || first == last || last + 1 == text.size())
    return bad_field(field, "\"" + std::string(text) + "\" is not KIND/NAMESPACE/NAME");
  WEIR_TRY(model::Gvk gvk, resolve_kind(log, text.substr(0, first), field));
  return model::ObjectId{std::move(gvk), std::string(text.substr(first + 1, last - first - 1)),
                         std::string(text.substr(last + 1))};
}

}  // namespace weir::api::audit
