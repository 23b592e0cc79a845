#include "engine/kustomize/provenance.hh"

#include <algorithm>
#include <set>

#include "engine/kustomize/res_map.hh"
#include "engine/value/strategic_merge.hh"

namespace weir::kustomize {

namespace {

constexpr std::string_view name_keys[] = {"name", "mountPath", "containerPort",
                                          "port", "ip",        "topologyKey"};

// The key by whose values the items of a list tell themselves apart; "" when there is none.
std::string_view identity_of(const Value& list) {
  for (const std::string_view key : name_keys) {
    std::set<std::string> seen;
    const bool distinct =
        std::all_of(list.items().begin(), list.items().end(), [&](const Value& item) {
          const Value* found = item.find(key);
          return found != nullptr && found->is_scalar() && !found->is_null() &&
                 seen.insert(value::scalar_text(*found)).second;
        });
    if (distinct && !list.empty()) return key;
  }
  return {};
}

FieldStep item_step(const Value& list, std::string_view identity, std::size_t index) {
  FieldStep step;
  step.index = index;
  if (!identity.empty()) {
    step.name.append(identity).append("=").append(
        value::scalar_text(list.items()[index][identity]));
  }
  return step;
}

bool is_leaf(const Value& value) { return value.is_scalar() || value.empty(); }

const Value* item_named(const Value& list, const std::string& name) {
  const std::size_t equals = name.find('=');
  const std::string_view key = std::string_view(name).substr(0, equals);
  const std::string_view wanted = std::string_view(name).substr(equals + 1);
  for (const Value& item : list.items()) {
    const Value* found = item.find(key);
    if (found != nullptr && value::scalar_text(*found) == wanted) return &item;
  }
  return nullptr;
}

const Value* step_into(const Value& value, const FieldStep& step) {
  if (!step.member.empty()) return value.find(step.member);
  if (!step.name.empty()) return item_named(value, step.name);
  return step.index < value.items().size() ? &value.items()[step.index] : nullptr;
}

class Comparer {
 public:
  Comparer(const CauseOf& cause, FieldCauses& causes) : cause_(cause), causes_(causes) {}

  void compare(const Value* before, const Value& after) {
    if (before != nullptr && before->same_storage(after)) return;
    if (is_leaf(after)) {
      if (before == nullptr || !is_leaf(*before) || !(*before == after) ||
          before->kind() != after.kind()) {
        causes_[field_text(trail_)] = cause_(trail_);
      }
      return;
    }
    const std::string_view identity = after.is_array() ? identity_of(after) : std::string_view();
    for (std::size_t i = 0; i < after.size(); ++i) {
      FieldStep step;
      if (after.is_object()) {
        step.member = after.members()[i].name();
      } else {
        step = item_step(after, identity, i);
      }
      const Value& below = after.is_object() ? after.members()[i].value : after.items()[i];
      const Value* known = before == nullptr ? nullptr : step_into(*before, step);
      trail_.push_back(std::move(step));
      compare(known, below);
      trail_.pop_back();
    }
  }

 private:
  const CauseOf& cause_;
  FieldCauses& causes_;
  FieldTrail trail_;
};

void escape(std::string& pointer, std::string_view name) {
  pointer += '/';
  for (const char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

void visit_fields(FieldTrail& trail, const Value& value,
                  const std::function<void(const FieldTrail&, const Value&)>& visit) {
  if (is_leaf(value)) {
    visit(trail, value);
    return;
  }
  const std::string_view identity = value.is_array() ? identity_of(value) : std::string_view();
  for (std::size_t i = 0; i < value.size(); ++i) {
    FieldStep step;
    if (value.is_object()) {
      step.member = value.members()[i].name();
    } else {
      step = item_step(value, identity, i);
    }
    trail.push_back(std::move(step));
    visit_fields(trail, value.is_object() ? value.members()[i].value : value.items()[i], visit);
    trail.pop_back();
  }
}

}  // namespace

std::string field_text(const FieldTrail& trail) {
  std::string text;
  for (const FieldStep& step : trail) {
    if (step.member.empty()) {
      text.append("[").append(step.name.empty() ? std::to_string(step.index) : step.name);
      text += ']';
    } else if (step.member.find_first_of("./[]\"") != std::string::npos) {
      text.append("[\"").append(step.member).append("\"]");
    } else {
      text.append(text.empty() ? "" : ".").append(step.member);
    }
  }
  return text;
}

void note_changes(const Value& before, const Value& after, const CauseOf& cause,
                  FieldCauses& causes) {
  Comparer(cause, causes).compare(&before, after);
  std::set<std::string> present;
  for_each_field(after,
                 [&](const FieldTrail& trail, const Value&) { present.insert(field_text(trail)); });
  std::erase_if(causes, [&](const auto& entry) { return !present.contains(entry.first); });
}

void for_each_field(const Value& object,
                    const std::function<void(const FieldTrail&, const Value&)>& visit) {
  FieldTrail trail;
  visit_fields(trail, object, visit);
}

PlacedText::PlacedText(std::string_view text, std::uint32_t first_line) {
  std::vector<value::YamlPlace> places;
  value::YamlOptions options;
  options.dialect = value::YamlDialect::kustomize;
  options.places = &places;
  auto parsed = value::parse_yaml_documents(text, options);
  if (!parsed.ok()) return;
  for (value::YamlDocument& one : *parsed) {
    Document& document = documents_.emplace_back();
    document.value = std::move(one.value);
    document.line = one.line;
  }
  for (value::YamlPlace& place : places) {
    // The last document that begins at or above the place.
    auto owner = std::find_if(documents_.rbegin(), documents_.rend(),
                              [&](const Document& one) { return one.line <= place.line; });
    if (owner == documents_.rend()) continue;
    owner->lines.emplace(std::move(place.pointer), place.line + first_line - 1);
  }
  for (std::size_t i = 0; i < documents_.size(); ++i) {
    Document& document = documents_[i];
    document.line += first_line - 1;
    const bool list = value::scalar_text(document.value["kind"]).ends_with("List") &&
                      document.value["items"].is_array();
    if (!list) objects_.push_back({document.value, i, ""});
    for (std::size_t k = 0; list && k < document.value["items"].size(); ++k)
      objects_.push_back({document.value["items"].items()[k], i, "/items/" + std::to_string(k)});
  }
}

std::uint32_t PlacedText::line_of(std::string_view pointer) const {
  if (documents_.empty()) return 0;
  for (std::string_view at = pointer; !at.empty(); at = at.substr(0, at.rfind('/'))) {
    const auto found = documents_[0].lines.find(at);
    if (found != documents_[0].lines.end()) return found->second;
  }
  return documents_[0].line;
}

// How many steps of the trail the document knows, and the line of the last.
std::pair<std::size_t, std::uint32_t> PlacedText::deepest(const Document& document,
                                                          const Value& root, std::string pointer,
                                                          const FieldTrail& trail) const {
  const Value* node = &root;
  std::uint32_t line = document.line;
  if (const auto found = document.lines.find(pointer); found != document.lines.end())
    line = found->second;
  for (std::size_t depth = 0; depth < trail.size(); ++depth) {
    const Value* below = step_into(*node, trail[depth]);
    if (below == nullptr) return {depth, line};
    if (trail[depth].member.empty()) {
      pointer += "/" + std::to_string(below - node->items().data());
    } else {
      escape(pointer, trail[depth].member);
    }
    const auto found = document.lines.find(pointer);
    if (found != document.lines.end()) line = found->second;
    node = below;
  }
  return {trail.size(), line};
}

std::uint32_t PlacedText::line_of(const FieldTrail& trail) const {
  std::pair<std::size_t, std::uint32_t> best{0, 0};
  for (const Document& document : documents_) {
    const auto found = deepest(document, document.value, "", trail);
    if (best.second == 0 || found.first > best.first) best = found;
  }
  return best.second;
}

std::uint32_t PlacedText::line_of(const Placed& object, const FieldTrail& trail) const {
  return deepest(documents_[object.document], object.object, object.pointer, trail).second;
}

bool begins_block(std::string_view text, std::uint32_t line) {
  for (; line > 1; --line) {
    const std::size_t end = text.find('\n');
    if (end == text.npos) return false;
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  const std::size_t colon = text.find(": ");
  const std::size_t mark = text.find_first_not_of(' ', colon == text.npos ? 0 : colon + 1);
  return mark != text.npos && (text[mark] == '|' || text[mark] == '>');
}

// Prefixes, suffixes and hashes go around a name, and variables are filled in later;
// configurations of plugins tell where they stand.
bool Tracer::wants(const Resource& resource) const {
  if (!only_) return true;
  const std::string_view kind = resource.kind();
  if (kind.ends_with("Transformer") || kind.ends_with("Generator")) return true;
  const std::string name = resource.name();
  return kind == only_->gvk.kind && (only_->name.find(name) != std::string::npos ||
                                     name.find("${") != std::string::npos);
}

void Tracer::before(const ResMap& resources) {
  known_.clear();
  for (std::size_t i = 0; i < resources.size(); ++i)
    if (wants(resources[i])) known_.emplace_back(&resources[i], resources[i].object());
  std::sort(known_.begin(), known_.end(), [](const auto& a, const auto& b) {
    return std::less<const Resource*>()(a.first, b.first);
  });
}

void Tracer::after(ResMap& resources, const CauseOf& cause) {
  static const Value nothing;
  for (std::size_t i = 0; i < resources.size(); ++i) {
    Resource& resource = resources[i];
    const auto known = std::lower_bound(known_.begin(), known_.end(), &resource,
                                        [](const auto& entry, const Resource* wanted) {
                                          return std::less<const Resource*>()(entry.first, wanted);
                                        });
    const bool there = known != known_.end() && known->first == &resource;
    if (!there && !wants(resource)) continue;
    if (there && known->second.same_storage(resource.object())) continue;
    if (resource.causes == nullptr) resource.causes = std::make_shared<FieldCauses>();
    note_changes(there ? known->second : nothing, resource.object(), cause, *resource.causes);
  }
  known_.clear();
}

namespace {

// Calls `visit` with each document of a stream and the line it begins in, until it answers true.
bool any_document(std::string_view text,
                  const std::function<bool(std::string_view, std::uint32_t)>& visit) {
  std::size_t begin = 0, at = 0;
  std::uint32_t first = 1, line = 1;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    if (text.substr(at).starts_with("---") && at > begin) {
      if (visit(text.substr(begin, at - begin), first)) return true;
      begin = at;
      first = line;
    }
    at = end;
    ++line;
  }
  return visit(text.substr(begin), first);
}

const PlacedText::Placed* find_object(const PlacedText& text, const Value& object) {
  const auto found =
      std::find_if(text.objects().begin(), text.objects().end(),
                   [&](const PlacedText::Placed& placed) { return placed.object == object; });
  return found == text.objects().end() ? nullptr : &*found;
}

void note_loaded(Resource& resource, const std::string& file, const PlacedText& text,
                 const PlacedText::Placed* found) {
  resource.causes = std::make_shared<FieldCauses>();
  const auto cause = [&](const FieldTrail& trail) {
    return FieldCause{"resource", file, found == nullptr ? 0 : text.line_of(*found, trail)};
  };
  note_changes(Value(), resource.object(), cause, *resource.causes);
}

}  // namespace

void Tracer::loaded(Resource& resource, std::string_view text, const std::string& file,
                    std::optional<PlacedText>& places) {
  if (!wants(resource)) return;
  const std::string name = resource.name();
  const auto look = [&](std::string_view document, std::uint32_t line) {
    if (document.find(name) == std::string_view::npos) return false;
    const PlacedText part(document, line);
    const PlacedText::Placed* found = find_object(part, resource.object());
    if (found != nullptr) note_loaded(resource, file, part, found);
    return found != nullptr;
  };
  if (only_ && any_document(text, look)) return;
  if (!places) places.emplace(text);
  note_loaded(resource, file, *places, find_object(*places, resource.object()));
}

}  // namespace weir::kustomize
