#include "engine/helm/schema_check.hh"

#include <algorithm>
#include <functional>
#include <set>

#include "engine/base/limits.hh"
#include "engine/helm/schema_metaschemas.hh"
#include "engine/helm/schema_url.hh"
#include "engine/helm/schema_values.hh"
#include "engine/helm/text.hh"
#include "engine/template/format.hh"
#include "engine/value/utf8.hh"

namespace weir::helm::schema {

namespace {

namespace limits = base::limits;

// Which members and items no keyword has looked at yet; only kept where one asks.
struct Unseen {
  bool tracked = false;
  std::set<std::string_view> names;
  std::set<std::size_t> items;

  bool empty() const { return names.empty() && items.empty(); }
  // What a schema for the same value left unseen stays so.
  void keep_common(const Unseen& other) {
    if (!tracked) return;
    std::erase_if(names, [&](std::string_view name) { return other.names.count(name) == 0; });
    std::erase_if(items, [&](std::size_t item) { return other.items.count(item) == 0; });
  }
};

// One schema being applied to one value; the chain of them is the dynamic scope.
struct Frame {
  const Frame* outer;
  const Value& schema;
  const Resource& resource;
  const Value& value;
  const Path& path;
  bool quiet;  // only whether it holds is asked for
  std::string_view reference;  // the keyword that led here from elsewhere: "$ref"
  Unseen unseen;
  std::vector<Problem> problems;
};

using Outcome = std::optional<Problem>;

class Checker {
 public:
  explicit Checker(const Document& document) : document_(document) {}
  // Holds the schemas of `subject` against metaschemas.
  Checker(const Document& metaschemas, const Document& subject)
      : document_(metaschemas), subject_(&subject) {}

  Result<Outcome> run(const Target& schema, const Value& value) {
    const Path root;
    Unseen unseen;
    Outcome outcome =
        apply(nullptr, *schema.schema, *schema.resource, value, root, false, unseen);
    if (!exhausted_.empty())
      return make_error(Code::limit, "the schema takes too long to check (" + exhausted_ + ")");
    return outcome;
  }

 private:
  static Problem problem(const Frame& frame, std::string message,
                         ProblemKind kind = ProblemKind::plain) {
    if (frame.quiet) return {};
    return {kind, pointer_of(frame.path), std::move(message), {}};
  }
  static void add(Frame& frame, std::string message, std::vector<Problem> causes = {}) {
    Problem made = problem(frame, std::move(message));
    made.causes = std::move(causes);
    frame.problems.push_back(std::move(made));
  }
  static void add(Frame& frame, Outcome outcome) {
    if (outcome) frame.problems.push_back(*std::move(outcome));
  }

  // The same value, another schema.
  Outcome self(Frame& frame, const Value& schema, bool quiet = false) {
    return self(frame, schema, frame.resource, quiet);
  }
  Outcome self(Frame& frame, const Value& schema, const Resource& resource, bool quiet) {
    Unseen unseen = frame.unseen;
    Outcome outcome = apply(&frame, schema, document_.resource_of(schema, resource), frame.value,
                            frame.path, frame.quiet || quiet, unseen);
    if (!outcome) frame.unseen.keep_common(unseen);
    return outcome;
  }
  // A member or an item.
  Outcome below(Frame& frame, const Value& schema, const Value& value, std::string_view token) {
    const Path path{&frame.path, token};
    Unseen unseen;
    return apply(&frame, schema, document_.resource_of(schema, frame.resource), value, path,
                 frame.quiet, unseen);
  }

  Outcome apply(const Frame* outer, const Value& wanted, const Resource& found,
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
  Target for_draft_of(const Value& value, const Target& target) const {
    if (!subject_ || !target.resource->is_metaschema || target.schema != target.resource->root)
      return target;
    const int draft = subject_->own_draft(value);
    return draft == 0 || draft == target.resource->draft ? target : document_.metaschema(draft);
  }

  // False once the caps are used up.
  bool use_steps(std::size_t count) {
    steps_ += count;
    if (steps_ > limits::helm_schema_steps_max) exhausted_ = "helm_schema_steps_max";
    return exhausted_.empty();
  }

  Outcome check_cycle(const Frame& frame) const {
    for (const Frame* outer = frame.outer; outer && &outer->value == &frame.value;
         outer = outer->outer)
      if (&outer->schema == &frame.schema && &outer->path == &frame.path)
        return problem(frame, "both " + way_to(frame) + " and " + way_to(*outer) + " resolve to " +
                                  tmpl::quoted(document_.location(frame.schema, frame.resource)) +
                                  " causing reference cycle");
    return std::nullopt;
  }

  // The keywords that led to a schema, from the first one on.
  static std::string way_to(const Frame& frame) {
    if (!frame.outer) return "";
    std::string step;
    if (!frame.reference.empty())
      step = std::string("/").append(frame.reference);
    else
      step = escaped_fragment(place_within(frame.outer->schema, frame.schema).value_or(""));
    return way_to(*frame.outer) + step;
  }

  // The items that `prefixItems` and `items` cover are seen from the start.
  static void start_unseen(Frame& frame) {
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

  Outcome check_schema(Frame& frame) {
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

  // type, const, enum, format: the first that fails is the only fault.
  Outcome check_any(const Frame& frame) {
    const Value& schema = frame.schema;
    const Value& value = frame.value;
    if (const Value* type = schema.find("type"))
      if (Outcome outcome = check_type(frame, *type)) return outcome;
    if (Outcome outcome = check_const(frame)) return outcome;
    if (const Value* wanted = schema.find("enum")) {
      const auto values = wanted->items();
      if (std::none_of(values.begin(), values.end(),
                       [&](const Value& one) {
                         return one.is_string() == value.is_string() && equal(one, value);
                       }))
        return problem(frame, enum_message(frame, *wanted));
    }
    const Value& format = schema["format"];
    if (format.is_string() && value.is_string() && (subject_ || frame.resource.draft < 2019))
      if (const auto why = check_format(format.as_string(), value.as_string()))
        return problem(frame, displayed(value) + " is not valid " +
                                  std::string(format.as_string()) + ": " + *why);
    return std::nullopt;
  }

  Outcome check_const(const Frame& frame) {
    const Value* wanted = frame.schema.find("const");
    if (!wanted || frame.resource.draft < 6 || equal(*wanted, frame.value)) return std::nullopt;
    return problem(
        frame, wanted->is_scalar() ? "value must be " + shown(frame, *wanted) : "'const' failed");
  }

  static Outcome check_type(const Frame& frame, const Value& type) {
    const std::string_view is = type_name(frame.value);
    const auto fits = [&](const Value& name) {
      return name.get_string() == is ||
             (name.get_string() == "integer" && is == "number" && is_whole(frame.value));
    };
    if (type.is_string() ? fits(type) : std::any_of(type.items().begin(), type.items().end(), fits))
      return std::nullopt;
    // In the order in which they are always named.
    static constexpr std::string_view names[] = {"null",   "boolean", "number", "integer",
                                                 "string", "array",   "object"};
    std::string wanted;
    for (const std::string_view name : names) {
      const auto is_name = [&](const Value& one) { return one.get_string() == name; };
      if (type.is_string() ? !is_name(type)
                           : std::none_of(type.items().begin(), type.items().end(), is_name))
        continue;
      if (!wanted.empty()) wanted += " or ";
      wanted += name;
    }
    return problem(frame, std::string("got ").append(is).append(", want ").append(wanted));
  }

  // A value of an enum or const: numbers as they were written.
  std::string shown(const Frame& frame, const Value& wanted) {
    constexpr std::size_t bytes_a_step = 100;
    if (!wanted.is_number() || wanted.is_integer() || frame.quiet) return displayed(wanted);
    if (!use_steps(document_.text_size() / bytes_a_step)) return displayed(wanted);
    const std::string text = document_.number_text(wanted, frame.resource);
    return text.empty() ? displayed(wanted) : text;
  }

  std::string enum_message(const Frame& frame, const Value& wanted) {
    if (std::any_of(wanted.items().begin(), wanted.items().end(),
                    [](const Value& one) { return !one.is_scalar(); }))
      return "'enum' failed";
    std::string values;
    for (const Value& one : wanted.items()) {
      if (!values.empty()) values += ", ";
      values += shown(frame, one);
    }
    return (wanted.size() == 1 ? "value must be " : "value must be one of ") + values;
  }

  // `dynamic`: the schema that the keyword's reference means after all.
  Outcome reference(Frame& frame, std::string_view keyword, std::optional<Target> dynamic = {}) {
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

  void check_dynamic(Frame& frame) {
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

  static std::vector<std::string> missing(const Value& object, const Value& names) {
    std::vector<std::string> out;
    for (const Value& name : names.items())
      if (name.is_string() && !object.contains(name.as_string()))
        out.emplace_back(name.as_string());
    return out;
  }

  static void check_size(Frame& frame, std::string_view least, std::string_view most,
                         std::size_t size) {
    for (const bool is_least : {true, false}) {
      const std::string_view keyword = is_least ? least : most;
      const Value* limit = frame.schema.find(keyword);
      if (!limit || !limit->is_number()) continue;
      const double want = limit->as_double();
      const auto got = static_cast<double>(size);
      if (is_least ? got >= want : got <= want) continue;
      add(frame, std::string(keyword) + ": got " + grouped(size) + ", want " +
                     grouped(static_cast<std::size_t>(std::max(0.0, want))));
    }
  }

  void check_object(Frame& frame) {
    const Value& schema = frame.schema;
    const Value& object = frame.value;
    check_size(frame, "minProperties", "maxProperties", object.size());
    if (const auto names = missing(object, schema["required"]); !names.empty())
      add(frame,
          (names.size() == 1 ? "missing property " : "missing properties ") + quoted_list(names));
    for (const value::Member& dependency : schema["dependencies"].members()) {
      if (!object.contains(dependency.name())) continue;
      if (dependency.value.is_array()) {
        check_dependency(frame, dependency);
      } else {
        add(frame, self(frame, dependency.value));
      }
    }
    check_members(frame);
    if (frame.resource.draft == 4) return;
    if (const Value* names = schema.find("propertyNames")) check_names(frame, *names);
    if (frame.resource.draft < 2019) return;
    for (const value::Member& dependency : schema["dependentSchemas"].members())
      if (object.contains(dependency.name())) add(frame, self(frame, dependency.value));
    for (const value::Member& dependency : schema["dependentRequired"].members())
      if (object.contains(dependency.name())) check_dependency(frame, dependency);
  }

  static void check_dependency(Frame& frame, const value::Member& dependency) {
    const auto names = missing(frame.value, dependency.value);
    if (names.empty()) return;
    add(frame, "properties " + quoted_list(names) + " required, if " + quoted(dependency.name()) +
                   " exists");
  }

  void check_members(Frame& frame) {
    const Value& properties = frame.schema["properties"];
    const Value& patterns = frame.schema["patternProperties"];
    const Value* additional = frame.schema.find("additionalProperties");
    std::vector<std::string> unwanted;
    for (const value::Member& member : frame.value.members()) {
      if (frame.quiet && !frame.problems.empty()) return;
      bool seen = false;
      if (const Value* property = properties.find(member.name())) {
        seen = true;
        add(frame, below(frame, *property, member.value, member.name()));
      }
      for (const value::Member& pattern : patterns.members()) {
        if (!document_.matches(pattern.name(), member.name())) continue;
        seen = true;
        add(frame, below(frame, pattern.value, member.value, member.name()));
      }
      if (!seen && additional) {
        seen = true;
        if (!additional->is_bool()) {
          add(frame, below(frame, *additional, member.value, member.name()));
        } else if (!additional->as_bool()) {
          unwanted.emplace_back(member.name());
        }
      }
      if (seen) frame.unseen.names.erase(member.name());
    }
    if (!unwanted.empty())
      add(frame, "additional properties " + quoted_list(unwanted) + " not allowed");
  }

  // A fault of a name is shown as one of the whole document, as the reference does.
  void check_names(Frame& frame, const Value& names) {
    const Path root;
    for (const value::Member& member : frame.value.members()) {
      Unseen unseen;
      const Value name(member.name());
      Outcome outcome = apply(&frame, names, document_.resource_of(names, frame.resource), name,
                              root, frame.quiet, unseen);
      if (!outcome) continue;
      Problem made{ProblemKind::plain, "", "invalid propertyName " + quoted(member.name()), {}};
      if (outcome->kind == ProblemKind::group) {
        made.causes = std::move(outcome->causes);
      } else {
        made.causes.push_back(*std::move(outcome));
      }
      frame.problems.push_back(std::move(made));
    }
  }

  void check_array(Frame& frame) {
    const Value& schema = frame.schema;
    const auto items = frame.value.items();
    check_size(frame, "minItems", "maxItems", items.size());
    if (schema["uniqueItems"].get_bool()) check_unique(frame);
    const bool modern = frame.resource.draft >= 2020;
    const Value& rest = schema["items"];
    const Value& tuple = modern ? schema["prefixItems"] : rest;
    const std::size_t fixed = std::min(tuple.items().size(), items.size());
    for (std::size_t i = 0; i < fixed; ++i)
      add(frame, below(frame, tuple.at(i), items[i], std::to_string(i)));
    const Value* further = rest.is_array() || (modern && rest.is_null()) ? nullptr : &rest;
    if (!modern && rest.is_array()) further = schema.find("additionalItems");
    if (further && !further->is_null() && fixed < items.size()) {
      if (further != &rest && further->is_bool()) {
        if (!further->as_bool())
          add(frame, "last " + grouped(items.size() - fixed) + " additionalItem(s) not allowed");
      } else {
        // The reference counts from the first item that is left.
        for (std::size_t i = fixed; i < items.size(); ++i)
          add(frame, below(frame, *further, items[i], std::to_string(i - fixed)));
      }
    }
    if (const Value* wanted = schema.find("contains"); wanted && frame.resource.draft >= 6)
      check_contains(frame, *wanted);
  }

  void check_unique(Frame& frame) {
    const auto items = frame.value.items();
    for (std::size_t i = 1; i < items.size() && use_steps(i); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (equal(items[j], items[i]))
          return add(frame, "items at " + grouped(j) + " and " + grouped(i) + " are equal");
  }

  void check_contains(Frame& frame, const Value& wanted) {
    std::vector<Problem> problems;
    std::string matched;
    std::size_t count = 0;
    const auto items = frame.value.items();
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (Outcome outcome = below(frame, wanted, items[i], std::to_string(i))) {
        problems.push_back(*std::move(outcome));
        continue;
      }
      if (count++ > 0) matched += ' ';
      matched += std::to_string(i);
      if (frame.resource.draft >= 2020) frame.unseen.items.erase(i);
    }
    const bool counts = frame.resource.draft >= 2019;
    const Value* least = counts ? frame.schema.find("minContains") : nullptr;
    const Value* most = counts ? frame.schema.find("maxContains") : nullptr;
    const auto got = static_cast<double>(count);
    const std::string behind = " items required to match contains schema, but matched " +
                               grouped(count) + " items at " + matched;
    if (least && got < least->as_double()) {
      const std::string want = "min " + grouped(static_cast<std::size_t>(least->as_double()));
      add(frame,
          count == 0 ? want + " items required to match contains schema, but none matched"
                     : want + behind,
          std::move(problems));
    } else if (!least && count == 0) {
      add(frame, "no items match contains schema", std::move(problems));
    }
    if (most && got > most->as_double())
      add(frame, "max " + grouped(static_cast<std::size_t>(most->as_double())) + behind);
  }

  void check_string(Frame& frame) {
    const std::string_view text = frame.value.as_string();
    const Value& schema = frame.schema;
    if (schema.contains("minLength") || schema.contains("maxLength")) {
      std::size_t length = 0;
      for (std::size_t at = 0; at < text.size(); ++length) at += value::decode_rune(text, at).width;
      check_size(frame, "minLength", "maxLength", length);
    }
    const Value& pattern = schema["pattern"];
    if (pattern.is_string() && !document_.matches(pattern.as_string(), text))
      add(frame, quoted(text) + " does not match pattern " + quoted(pattern.as_string()));
  }

  struct Bound {
    std::string_view keyword;
    bool (*holds)(double number, double bound);
    std::string_view exclusive;  // draft 4: a flag beside the bound
  };

  static void check_number(Frame& frame) {
    static constexpr Bound bounds[] = {
        {"minimum", [](double n, double b) { return n >= b; }, "exclusiveMinimum"},
        {"maximum", [](double n, double b) { return n <= b; }, "exclusiveMaximum"},
        {"exclusiveMinimum", [](double n, double b) { return n > b; }, ""},
        {"exclusiveMaximum", [](double n, double b) { return n < b; }, ""},
        {"multipleOf", is_multiple, ""},
    };
    const double number = frame.value.as_double();
    for (const Bound& bound : bounds) {
      const Value* found = frame.schema.find(bound.keyword);
      if (!found || !found->is_number()) continue;
      std::string_view keyword = bound.keyword;
      bool holds = bound.holds(number, found->as_double());
      if (!bound.exclusive.empty() && frame.schema[bound.exclusive].get_bool()) {
        keyword = bound.exclusive;
        holds = holds && number != found->as_double();
      }
      if (!holds)
        add(frame, std::string(keyword) + ": got " + shown_number(number) + ", want " +
                       shown_number(found->as_double()));
    }
  }

  void check_combined(Frame& frame) {
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

  void check_all_of(Frame& frame) {
    std::vector<Problem> problems;
    for (const Value& one : frame.schema["allOf"].items()) {
      Outcome outcome = self(frame, one);
      if (outcome) problems.push_back(*std::move(outcome));
      if (!problems.empty() && frame.quiet) break;
    }
    if (!problems.empty()) add(frame, "'allOf' failed", std::move(problems));
  }

  void check_any_of(Frame& frame) {
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

  void check_one_of(Frame& frame) {
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

  void check_unseen(Frame& frame) {
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

  const Document& document_;
  const Document* subject_ = nullptr;
  std::string_view entering_;  // what the next frame is reached by
  std::size_t steps_ = 0;
  std::size_t depth_ = 0;
  std::string exhausted_;
};

}  // namespace

Result<std::optional<Problem>> check(const Document& schema, const Value& document) {
  return Checker(schema).run({&schema.root(), &schema.root_resource()}, document);
}

Result<std::optional<Problem>> check_schema_itself(const Document& document, const Value& part,
                                                   int draft) {
  const Document& metaschemas = Document::metaschemas();
  return Checker(metaschemas, document).run(metaschemas.metaschema(draft), part);
}

}  // namespace weir::helm::schema
