// Which objects a rule is for: the target of spec.ignore. Names are regular expressions that must
// match as a whole, labels and annotations are selected by Kubernetes' label expressions. Compile
// once; matching is pure and may run in several threads. Contract K7.12.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::apply {

// One requirement of a label expression: "a=b", "a!=b", "a in (b,c)", "a notin (b,c)", "a", "!a".
struct LabelRequirement {
  std::string key;
  std::vector<std::string> values;  // empty: only presence counts
  bool negated = false;
};

// Comma-separated requirements, all of which must hold. Error: invalid, quoting the expression.
Result<std::vector<LabelRequirement>> parse_label_selector(std::string_view text);
bool labels_match(const std::vector<LabelRequirement>& requirements, const Value& labels);

class Target {
 public:
  // From {group, version, kind, name, namespace, labelSelector, annotationSelector}; what is absent
  // matches everything, and so does null. Error: invalid, naming the field.
  static Result<Target> compile(const Value& target);
  bool matches(const Value& object) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace weir::apply
