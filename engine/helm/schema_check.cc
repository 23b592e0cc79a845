#include "engine/helm/schema_check.hh"

#include <algorithm>
#include <utility>

#include "engine/base/limits.hh"
#include "engine/helm/schema_checker.hh"
#include "engine/helm/schema_url.hh"
#include "engine/helm/schema_values.hh"
#include "engine/template/format.hh"

namespace weir::helm::schema {

namespace limits = base::limits;

Result<Outcome> Checker::run(const Target& schema, const Value& value) {
  const Path root;
  Unseen unseen;
  Outcome outcome =
      apply(nullptr, *schema.schema, *schema.resource, value, root, false, unseen);
  if (!exhausted_.empty())
    return make_error(Code::limit, "the schema takes too long to check (" + exhausted_ + ")");
  return outcome;
}

Problem Checker::problem(const Frame& frame, std::string message, ProblemKind kind) {
  if (frame.quiet) return {};
  return {kind, pointer_of(frame.path), std::move(message), {}};
}

void Checker::add(Frame& frame, std::string message, std::vector<Problem> causes) {
  Problem made = problem(frame, std::move(message));
  made.causes = std::move(causes);
  frame.problems.push_back(std::move(made));
}

void Checker::add(Frame& frame, Outcome outcome) {
  if (outcome) frame.problems.push_back(*std::move(outcome));
}

// The same value, another schema.
Outcome Checker::self(Frame& frame, const Value& schema, bool quiet) {
  return self(frame, schema, frame.resource, quiet);
}

Outcome Checker::self(Frame& frame, const Value& schema, const Resource& resource, bool quiet) {
  Unseen unseen = frame.unseen;
  Outcome outcome = apply(&frame, schema, document_.resource_of(schema, resource), frame.value,
                          frame.path, frame.quiet || quiet, unseen);
  if (!outcome) frame.unseen.keep_common(unseen);
  return outcome;
}

// A member or an item.
Outcome Checker::below(Frame& frame, const Value& schema, const Value& value,
                       std::string_view token) {
  const Path path{&frame.path, token};
  Unseen unseen;
  return apply(&frame, schema, document_.resource_of(schema, frame.resource), value, path,
               frame.quiet, unseen);
}

Outcome Checker::apply(const Frame* outer, const Value& wanted, const Resource& found,
                       const Value& value, const Path& path, bool quiet, Unseen& unseen) {
  const Target target = for_draft_of(value, {&wanted, &found});
  const Value& schema = *target.schema;
  Frame frame{outer, schema, *target.resource, value, path, quiet, std::exchange(entering_, {}),
              std::move(unseen), {}};
  if (depth_ >= limits::value_depth_max) exhausted_ = "value_depth_max";
  if (!use_steps(1)) return problem(frame, "validation given up");
  if (schema.is_bool()) {
    unseen = std::move(frame.unseen);
    return schema.as_bool() ? Outcome() : problem(frame, "false schema");
  }
  if (Outcome cycle = check_cycle(frame)) return cycle;
  ++depth_;
  start_unseen(frame);
  Outcome outcome = check_schema(frame);
  --depth_;
  unseen = std::move(frame.unseen);
  return outcome;
}

// Where a metaschema comes to a part of another draft, that draft's takes over.
Target Checker::for_draft_of(const Value& value, const Target& target) const {
  if (!subject_ || !target.resource->is_metaschema || target.schema != target.resource->root)
    return target;
  const int draft = subject_->own_draft(value);
  return draft == 0 || draft == target.resource->draft ? target : document_.metaschema(draft);
}

// False once the caps are used up.
bool Checker::use_steps(std::size_t count) {
  steps_ += count;
  if (steps_ > limits::helm_schema_steps_max) exhausted_ = "helm_schema_steps_max";
  return exhausted_.empty();
}

Outcome Checker::check_cycle(const Frame& frame) const {
  for (const Frame* outer = frame.outer; outer && &outer->value == &frame.value;
       outer = outer->outer)
    if (&outer->schema == &frame.schema && &outer->path == &frame.path)
      return problem(frame, "both " + way_to(frame) + " and " + way_to(*outer) + " resolve to " +
                                tmpl::quoted(document_.location(frame.schema, frame.resource)) +
                                " causing reference cycle");
  return std::nullopt;
}

// The keywords that led to a schema, from the first one on.
std::string Checker::way_to(const Frame& frame) {
  if (!frame.outer) return "";
  std::string step;
  if (!frame.reference.empty())
    step = std::string("/").append(frame.reference);
  else
    step = escaped_fragment(place_within(frame.outer->schema, frame.schema).value_or(""));
  return way_to(*frame.outer) + step;
}

// The items that `prefixItems` and `items` cover are seen from the start.
void Checker::start_unseen(Frame& frame) {
  const Value& schema = frame.schema;
  if (frame.resource.draft < 2019) return;
  const bool asked = schema.contains("unevaluatedProperties") && frame.value.is_object();
  const bool asked_items = schema.contains("unevaluatedItems") && frame.value.is_array();
  if (!frame.unseen.tracked && (asked || asked_items)) {
    frame.unseen.tracked = true;
    for (const value::Member& member : frame.value.members())
      frame.unseen.names.insert(member.name());
    for (std::size_t i = 0; i < frame.value.items().size(); ++i) frame.unseen.items.insert(i);
  }
  if (!frame.unseen.tracked) return;
  std::size_t covered = 0;
  const bool tuple = frame.resource.draft == 2019 && schema["items"].is_array();
  if (tuple) covered = schema["items"].size();
  if (frame.resource.draft >= 2020) covered = schema["prefixItems"].size();
  if ((schema.contains("items") && !tuple) || (tuple && schema.contains("additionalItems")))
    covered = frame.value.size();
  std::erase_if(frame.unseen.items, [covered](std::size_t item) { return item < covered; });
}

Outcome Checker::check_schema(Frame& frame) {
  const Value& schema = frame.schema;
  const int draft = frame.resource.draft;
  if (draft < 2019 && schema.contains("$ref")) {
    // All beside it means nothing, but for this one, as the reference has it.
    if (Outcome first = check_const(frame)) return first;
    return reference(frame, "$ref");
  }
  if (Outcome first = check_any(frame)) return first;
  if (schema.contains("$ref")) add(frame, reference(frame, "$ref"));
  if (frame.value.is_object()) check_object(frame);
  if (frame.value.is_array()) check_array(frame);
  if (frame.value.is_string()) check_string(frame);
  if (frame.value.is_number()) check_number(frame);
  if (frame.problems.empty() || !frame.quiet) {
    if (draft >= 2019) check_dynamic(frame);
    check_combined(frame);
    if (draft >= 2019) check_unseen(frame);
  }
  if (frame.problems.empty()) return std::nullopt;
  if (frame.problems.size() == 1) return std::move(frame.problems.front());
  Problem group = problem(frame, "validation failed", ProblemKind::group);
  group.causes = std::move(frame.problems);
  return group;
}

// `dynamic`: the schema that the keyword's reference means after all.
Outcome Checker::reference(Frame& frame, std::string_view keyword, std::optional<Target> dynamic) {
  const Target target =
      dynamic ? *dynamic : document_.resolve(frame.schema[keyword].get_string(), frame.resource);
  if (!target.schema) return std::nullopt;
  entering_ = keyword;
  Outcome outcome = self(frame, *target.schema, *target.resource, false);
  if (!outcome) return std::nullopt;
  Problem made = problem(frame, "validation failed", ProblemKind::reference);
  if (outcome->kind == ProblemKind::group) {
    made.causes = std::move(outcome->causes);
  } else {
    made.causes.push_back(*std::move(outcome));
  }
  return made;
}

void Checker::check_dynamic(Frame& frame) {
  const Value& schema = frame.schema;
  if (const Value* ref = schema.find("$recursiveRef")) {
    Target target = document_.resolve(ref->get_string(), frame.resource);
    if (target.schema && (*target.schema)["$recursiveAnchor"].get_bool())
      for (const Frame* outer = &frame; outer; outer = outer->outer)
        if (outer->resource.recursive_anchor) target = {&outer->schema, &outer->resource};
    add(frame, reference(frame, "$recursiveRef", target));
  }
  if (const Value* ref = schema.find("$dynamicRef"); ref && frame.resource.draft >= 2020) {
    const std::string_view text = ref->get_string();
    Target target = document_.resolve(text, frame.resource);
    const std::size_t hash = text.find('#');
    const std::string_view anchor =
        hash == std::string_view::npos ? std::string_view() : text.substr(hash + 1);
    if (target.schema && !anchor.empty() &&
        target.resource->dynamic_anchors.count(std::string(anchor)) > 0)
      for (const Frame* outer = &frame; outer; outer = outer->outer) {
        const auto found = outer->resource.dynamic_anchors.find(anchor);
        if (found != outer->resource.dynamic_anchors.end())
          target = {found->second, &outer->resource};
      }
    add(frame, reference(frame, "$dynamicRef", target));
  }
}

void Checker::check_combined(Frame& frame) {
  const Value& schema = frame.schema;
  if (const Value* unwanted = schema.find("not"))
    if (!self(frame, *unwanted, true)) add(frame, "'not' failed");
  check_all_of(frame);
  check_any_of(frame);
  check_one_of(frame);
  const Value* condition = frame.resource.draft >= 7 ? schema.find("if") : nullptr;
  if (!condition) return;
  const Value* next = schema.find(self(frame, *condition, true) ? "else" : "then");
  if (next) add(frame, self(frame, *next));
}

void Checker::check_all_of(Frame& frame) {
  std::vector<Problem> problems;
  for (const Value& one : frame.schema["allOf"].items()) {
    Outcome outcome = self(frame, one);
    if (outcome) problems.push_back(*std::move(outcome));
    if (!problems.empty() && frame.quiet) break;
  }
  if (!problems.empty()) add(frame, "'allOf' failed", std::move(problems));
}

void Checker::check_any_of(Frame& frame) {
  const Value& choices = frame.schema["anyOf"];
  if (choices.empty()) return;
  std::vector<Problem> problems;
  bool matched = false;
  for (const Value& one : choices.items()) {
    if (Outcome outcome = self(frame, one)) {
      problems.push_back(*std::move(outcome));
      continue;
    }
    matched = true;
    // All of them must look while something is unseen.
    if (frame.unseen.empty()) break;
  }
  if (!matched) add(frame, "'anyOf' failed", std::move(problems));
}

void Checker::check_one_of(Frame& frame) {
  const Value& choices = frame.schema["oneOf"];
  if (choices.empty()) return;
  std::vector<Problem> problems;
  std::optional<std::size_t> matched;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (Outcome outcome = self(frame, choices.at(i), matched.has_value())) {
      if (!matched) problems.push_back(*std::move(outcome));
      continue;
    }
    if (matched)
      return add(frame, "'oneOf' failed, subschemas " + grouped(*matched) + ", " + grouped(i) +
                            " matched");
    matched = i;
  }
  if (!matched) add(frame, "'oneOf' failed, none matched", std::move(problems));
}

void Checker::check_unseen(Frame& frame) {
  const Value* members = frame.schema.find("unevaluatedProperties");
  if (members && frame.value.is_object()) {
    const auto names = std::exchange(frame.unseen.names, {});
    for (const std::string_view name : names)
      add(frame, below(frame, *members, frame.value[name], name));
  }
  const Value* items = frame.schema.find("unevaluatedItems");
  if (items && frame.value.is_array()) {
    const auto indexes = std::exchange(frame.unseen.items, {});
    for (const std::size_t index : indexes)
      add(frame, below(frame, *items, frame.value.at(index), std::to_string(index)));
  }
}

Result<std::optional<Problem>> check(const Document& schema, const Value& document) {
  return Checker(schema).run({&schema.root(), &schema.root_resource()}, document);
}

Result<std::optional<Problem>> check_schema_itself(const Document& document, const Value& part,
                                                   int draft) {
  const Document& metaschemas = Document::metaschemas();
  return Checker(metaschemas, document).run(metaschemas.metaschema(draft), part);
}

}  // namespace weir::helm::schema
