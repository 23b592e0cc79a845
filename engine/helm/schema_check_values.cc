#include <algorithm>
#include <utility>

#include "engine/helm/schema_checker.hh"
#include "engine/helm/schema_values.hh"
#include "engine/helm/text.hh"
#include "engine/value/utf8.hh"

namespace weir::helm::schema {

namespace {

struct Bound {
  std::string_view keyword;
  bool (*holds)(double number, double bound);
  std::string_view exclusive;  // draft 4: a flag beside the bound
};

}  // namespace

// type, const, enum, format: the first that fails is the only fault.
Outcome Checker::check_any(const Frame& frame) {
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

Outcome Checker::check_const(const Frame& frame) {
  const Value* wanted = frame.schema.find("const");
  if (!wanted || frame.resource.draft < 6 || equal(*wanted, frame.value)) return std::nullopt;
  return problem(
      frame, wanted->is_scalar() ? "value must be " + shown(frame, *wanted) : "'const' failed");
}

Outcome Checker::check_type(const Frame& frame, const Value& type) {
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
std::string Checker::shown(const Frame& frame, const Value& wanted) {
  constexpr std::size_t bytes_a_step = 100;
  if (!wanted.is_number() || wanted.is_integer() || frame.quiet) return displayed(wanted);
  if (!use_steps(document_.text_size() / bytes_a_step)) return displayed(wanted);
  const std::string text = document_.number_text(wanted, frame.resource);
  return text.empty() ? displayed(wanted) : text;
}

std::string Checker::enum_message(const Frame& frame, const Value& wanted) {
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

std::vector<std::string> Checker::missing(const Value& object, const Value& names) {
  std::vector<std::string> out;
  for (const Value& name : names.items())
    if (name.is_string() && !object.contains(name.as_string()))
      out.emplace_back(name.as_string());
  return out;
}

void Checker::check_size(Frame& frame, std::string_view least, std::string_view most,
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

void Checker::check_object(Frame& frame) {
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

void Checker::check_dependency(Frame& frame, const value::Member& dependency) {
  const auto names = missing(frame.value, dependency.value);
  if (names.empty()) return;
  add(frame, "properties " + quoted_list(names) + " required, if " + quoted(dependency.name()) +
                 " exists");
}

void Checker::check_members(Frame& frame) {
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
void Checker::check_names(Frame& frame, const Value& names) {
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

void Checker::check_array(Frame& frame) {
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

void Checker::check_unique(Frame& frame) {
  const auto items = frame.value.items();
  for (std::size_t i = 1; i < items.size() && use_steps(i); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (equal(items[j], items[i]))
        return add(frame, "items at " + grouped(j) + " and " + grouped(i) + " are equal");
}

void Checker::check_contains(Frame& frame, const Value& wanted) {
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

void Checker::check_string(Frame& frame) {
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

void Checker::check_number(Frame& frame) {
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

}  // namespace weir::helm::schema
