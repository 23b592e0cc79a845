// What a traced build lays the changes of a pass to: the field of the kustomization, the patch
// file or the plugin that asked for it.
#include <memory>

#include "engine/kustomize/target.hh"
#include "engine/value/strategic_merge.hh"

namespace weir::kustomize {

namespace {

std::string pointer_of(const FieldTrail& trail) {
  std::string pointer;
  for (const FieldStep& step : trail) {
    pointer += '/';
    if (step.member.empty()) {
      pointer += std::to_string(step.index);
      continue;
    }
    for (const char c : step.member) {
      if (c == '~') {
        pointer += "~0";
      } else if (c == '/') {
        pointer += "~1";
      } else {
        pointer += c;
      }
    }
  }
  return pointer;
}

// A patch's text: a merge patch says where by its fields, a JSON patch by its operations' paths.
struct PatchText {
  PlacedText places;
  Value operations;

  PatchText(std::string_view text, std::uint32_t first_line) : places(text, first_line) {
    const auto parsed = value::parse_yaml(text, {value::YamlDialect::kustomize, {}});
    if (parsed.ok() && parsed->is_array()) operations = *parsed;
  }

  std::uint32_t line_of(const FieldTrail& trail) const {
    if (!operations.is_array()) return places.line_of(trail);
    const std::string pointer = pointer_of(trail);
    for (std::size_t i = operations.size(); i-- > 0;) {
      std::string path = value::scalar_text(operations.items()[i]["path"]);
      const bool appends = path.ends_with("/-");
      if (appends) path.resize(path.size() - 1);
      if (pointer == path || pointer.starts_with(appends ? path : path + "/"))
        return places.line_of("/" + std::to_string(i));
    }
    return places.line_of("");
  }
};

// Read only when the patch turns out to have changed something that is traced.
CauseOf lines_of(FieldCause cause, std::string text, std::uint32_t first_line) {
  auto read = std::make_shared<std::optional<PatchText>>();
  return [cause = std::move(cause), text = std::move(text), first_line,
          read](const FieldTrail& trail) {
    if (!*read) read->emplace(text, first_line);
    FieldCause out = cause;
    out.line = (*read)->line_of(trail);
    return out;
  };
}

}  // namespace

void Target::trace_open() {
  if (state_->tracer == nullptr) return;
  const auto bytes = loader_.load(kustomization_.file_name);
  if (!bytes.ok()) return;
  text_ = *bytes;
  places_ = std::make_shared<const PlacedText>(*text_);
}

std::string Target::shown(std::string_view file) const {
  const std::string root = loader_.root();
  const auto joined = base::join_path(root, file);
  return joined.value_or(root + "/" + std::string(file));
}

CauseOf Target::field_cause(std::string_view kind, const std::string& pointer) const {
  if (places_ == nullptr) return {};
  const FieldCause cause{std::string(kind), shown(kustomization_.file_name),
                         places_->line_of(pointer)};
  return [cause](const FieldTrail&) { return cause; };
}

CauseOf Target::patch_cause(std::string_view kind, const std::string& pointer,
                            const Value& config) const {
  if (places_ == nullptr) return {};
  const std::string path(config["path"].get_string());
  FieldCause cause{std::string(kind), shown(path.empty() ? kustomization_.file_name : path), 0};
  if (!path.empty()) {
    const auto bytes = loader_.load(path);
    if (!bytes.ok()) return field_cause(kind, pointer);
    return lines_of(std::move(cause), **bytes, 1);
  }
  const std::uint32_t line = places_->line_of(pointer + "/patch");
  if (!begins_block(*text_, line)) return field_cause(kind, pointer);
  return lines_of(std::move(cause), std::string(config["patch"].get_string()), line + 1);
}

CauseOf Target::plugin_cause(const Resource& plugin) const {
  if (places_ == nullptr) return {};
  FieldCause cause{std::string(plugin.kind()), shown(kustomization_.file_name), 0};
  if (plugin.causes != nullptr && !plugin.causes->empty()) {
    cause.file = plugin.causes->begin()->second.file;
    cause.line = plugin.causes->begin()->second.line;
    for (const auto& [field, source] : *plugin.causes)
      cause.line = std::min(cause.line, source.line);
  }
  return [cause](const FieldTrail&) { return cause; };
}

}  // namespace weir::kustomize
