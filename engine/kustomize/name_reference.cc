#include "engine/kustomize/name_reference.hh"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "engine/value/strategic_merge.hh"
#include "engine/value/yaml.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;
using value::scalar_text;

using Candidates = std::vector<const Resource*>;

// True when the shorter list is the end of the longer one; an empty one only equals an empty one.
bool same_ending(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const auto& shorter = a.size() <= b.size() ? a : b;
  const auto& longer = a.size() <= b.size() ? b : a;
  if (shorter.empty()) return longer.empty();
  return std::equal(shorter.rbegin(), shorter.rend(), longer.rbegin());
}

bool same_context(const Resource& a, const Resource& b, bool empty_matches) {
  const auto agree = [&](const std::vector<std::string>& x, const std::vector<std::string>& y) {
    return (empty_matches && (x.empty() || y.empty())) || same_ending(x, y);
  };
  return agree(a.prefixes, b.prefixes) && agree(a.suffixes, b.suffixes);
}

// Resources by every name they had before.
class NameIndex {
 public:
  explicit NameIndex(const ResMap& resources) {
    for (std::size_t i = 0; i < resources.size(); ++i) {
      const Resource& resource = resources[i];
      if (!resource.id().cluster_scoped) {
        first_namespaces_[std::string(resource.original_id().effective_namespace())].push_back(
            &resource);
      }
      for (const PreviousId& previous : resource.previous()) {
        Candidates& known = by_name_[previous.name];
        if (known.empty() || known.back() != &resource) known.push_back(&resource);
      }
    }
  }

  const Candidates& named(const std::string& name) const { return find(by_name_, name); }
  // Resources whose first namespace this was.
  const Candidates& first_in(const std::string& ns) const { return find(first_namespaces_, ns); }

 private:
  using Map = std::unordered_map<std::string, Candidates>;
  static const Candidates& find(const Map& map, const std::string& key) {
    static const Candidates none;
    const auto found = map.find(key);
    return found == map.end() ? none : found->second;
  }
  Map by_name_;
  Map first_namespaces_;
};

// The references of one resource.
class Referrer {
 public:
  Referrer(Resource& resource, const NameIndex& index)
      : resource_(resource), index_(index), id_(resource.id()) {}

  Result<void> prepare() {
    if (id_.gvk.kind != "RoleBinding") return {};
    for (const Value& subject : resource_.object()["subjects"].items()) {
      const Value* ns = subject.find("namespace");
      if (ns == nullptr || subject["kind"].get_string() != "ServiceAccount") continue;
      if (!ns->is_string()) {
        return make_error(Code::invalid, "Invalid Input: namespace is blank for resource \"" +
                                             id_.to_string() + "\"\n");
      }
      subject_namespaces_.emplace(ns->as_string());
    }
    return {};
  }

  Result<void> fix(const FieldSpec& spec, const Gvk& target) {
    const SetField set = [&](Value& field) { return fix_field(field, spec, target); };
    return apply_path(resource_.edit(), spec, CreateKind::nothing, set)
        .with_context("updating name reference in '" + spec.path + "' field of '" +
                      id_.to_string() + "'");
  }

 private:
  Result<void> fix_field(Value& field, const FieldSpec& spec, const Gvk& target) {
    if (field.is_null()) return {};
    if (field.is_array()) {
      for (std::size_t i = 0; i < field.size(); ++i) {
        Value& item = field.item_mut(i);
        if (item.is_array())
          return make_error(Code::invalid, "node must be a scalar, sequence or map");
        WEIR_CHECK(item.is_object() ? fix_map(item, spec, target) : fix_scalar(item, spec, target));
      }
      return {};
    }
    return field.is_object() ? fix_map(field, spec, target) : fix_scalar(field, spec, target);
  }

  Result<void> fix_scalar(Value& field, const FieldSpec& spec, const Gvk& target) {
    const std::string old_name = scalar_text(field);
    WEIR_TRY(const Resource* found, choose(index_.named(old_name), spec, target, false));
    if (found == nullptr) return {};
    const std::string name = found->name();
    if (name != old_name) field = Value(name);
    return {};
  }

  // A map with a name and perhaps a namespace (a subject, a webhook's service).
  Result<void> fix_map(Value& field, const FieldSpec& spec, const Gvk& target) {
    const Value* name_field = field.find("name");
    if (name_field == nullptr) {
      return make_error(Code::invalid, "path config error; no 'name' field in node");
    }
    const std::string old_name = scalar_text(*name_field);
    Candidates candidates = index_.named(old_name);
    if (const Value* ns = field.find("namespace")) keep_namespace(candidates, scalar_text(*ns));
    WEIR_TRY(const Resource* found, choose(candidates, spec, target, true));
    if (found == nullptr) return {};
    const std::string name = found->name();
    const std::string ns = found->namespace_name();
    if (name == old_name && ns.empty()) return {};
    field.set("name", Value(name));
    if (!ns.empty()) field.set("namespace", Value(ns));
    return {};
  }

  // By the namespace they were first in; when nothing at all was first in it, by the one they are
  // in now.
  void keep_namespace(Candidates& candidates, const std::string& ns) const {
    const Candidates& first = index_.first_in(ns);
    const bool known =
        std::any_of(first.begin(), first.end(), [&](const Resource* r) { return reachable(*r); });
    std::erase_if(candidates, [&](const Resource* resource) {
      if (known) return resource->original_id().effective_namespace() != ns;
      return resource->id().effective_namespace() != ns;
    });
  }

  // Could this resource refer to that one at all?
  bool reachable(const Resource& other) const {
    if (id_.cluster_scoped) return true;
    const ResId& id = other.id();
    return id.cluster_scoped || id.effective_namespace() == id_.effective_namespace() ||
           subject_namespaces_.contains(other.namespace_name());
  }

  bool same_namespace(const Resource& other) const {
    if (id_.cluster_scoped || other.id().cluster_scoped || other.kind() == "ServiceAccount")
      return true;
    return other.id().effective_namespace() == id_.effective_namespace();
  }

  static bool was(const Resource& resource, const Gvk& gvk) {
    for (std::size_t i = 0; i < resource.previous().size(); ++i) {
      if (gvk_selected(resource.previous_id(i).gvk, gvk)) return true;
    }
    return false;
  }

  bool role_matches(const Resource& other, const FieldSpec& spec) const {
    if (!spec.path.ends_with("roleRef/name")) return true;
    const Value& role = resource_.object()["roleRef"];
    if (!role.contains("apiGroup") || !role.contains("kind")) return true;
    return was(other, Gvk{scalar_text(role["apiGroup"]), "", scalar_text(role["kind"])});
  }

  Result<const Resource*> choose(const Candidates& named, const FieldSpec& spec, const Gvk& target,
                                 bool with_namespace) const {
    Candidates left;
    for (const Resource* resource : named) {
      if (reachable(*resource) && was(*resource, target) && role_matches(*resource, spec) &&
          same_namespace(*resource)) {
        left.push_back(resource);
      }
    }
    if (left.size() == 1) return left[0];
    std::erase_if(left, [&](const Resource* r) { return !same_context(*r, resource_, true); });
    if (left.size() > 1) {
      std::erase_if(left, [&](const Resource* r) { return !same_context(*r, resource_, false); });
    }
    if (left.empty()) return static_cast<const Resource*>(nullptr);
    const bool same = std::all_of(left.begin(), left.end(), [&](const Resource* r) {
      return r->name() == left[0]->name() &&
             (!with_namespace || r->namespace_name() == left[0]->namespace_name());
    });
    if (left.size() == 1 || same) return left[0];
    return ambiguous(left);
  }

  base::Error ambiguous(const Candidates& left) const {
    std::string ids;
    std::string details = "\n**** Too many possible referral targets to referrer:\n" +
                          value::write_yaml(resource_.object()) + "\n";
    for (std::size_t i = 0; i < left.size(); ++i) {
      ids += (ids.empty() ? "" : ", ") + left[i]->id().to_string();
      details += "--- possible referral " + std::to_string(i) + ":\n";
      // The data of a Secret does not belong into an error text.
      details += left[i]->kind() == "Secret" ? left[i]->id().to_string() + "\n"
                                             : value::write_yaml(left[i]->object()) + "\n";
    }
    return make_error(Code::invalid, "found multiple possible referrals: " + ids + "\n" + details);
  }

  Resource& resource_;
  const NameIndex& index_;
  const ResId id_;
  std::set<std::string, std::less<>> subject_namespaces_;
};

struct Rule {
  const FieldSpec* spec;
  const Gvk* target;
};

// The rules that apply to a type, found once a type.
class Rules {
 public:
  explicit Rules(const TransformerConfig& config) : config_(config) {}

  const std::vector<Rule>& of(const Gvk& gvk) {
    const auto [entry, added] = known_.try_emplace(gvk_string(gvk));
    if (!added) return entry->second;
    for (const NameReference& reference : config_.name_references) {
      for (const FieldSpec& spec : reference.referrers) {
        if (gvk_selected(gvk, spec.gvk)) entry->second.push_back({&spec, &reference.target});
      }
    }
    return entry->second;
  }

 private:
  const TransformerConfig& config_;
  std::unordered_map<std::string, std::vector<Rule>> known_;
};

}  // namespace

Result<void> fix_name_references(ResMap& resources, const TransformerConfig& config) {
  const NameIndex index(resources);
  Rules rules(config);
  for (std::size_t i = 0; i < resources.size(); ++i) {
    Resource& resource = resources[i];
    const std::vector<Rule>& own = rules.of(resource.original_id().gvk);
    if (own.empty()) continue;
    Referrer referrer(resource, index);
    WEIR_CHECK(referrer.prepare());
    for (const Rule& rule : own) WEIR_CHECK(referrer.fix(*rule.spec, *rule.target));
  }
  resources.ids_changed();
  return {};
}

}  // namespace weir::kustomize
