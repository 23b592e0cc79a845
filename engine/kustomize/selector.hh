// Selectors of patches and replacements: regular expressions on the id, label expressions on the
// metadata.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/kustomize/res_map.hh"
#include "engine/kustomize/resource.hh"
#include "engine/value/value.hh"

namespace weir::kustomize {

// Kubernetes' label selector grammar: "a=b, c!=d, e in (f, g), h notin (i), j, !k, l > 1".
class LabelSelector {
 public:
  // Error: invalid.
  static Result<LabelSelector> parse(std::string_view text);
  bool matches(const StringMap& labels) const;
  bool empty() const { return requirements_.empty(); }

 private:
  enum class Op : std::uint8_t { in, not_in, exists, not_exists, greater, less };
  struct Requirement {
    std::string key;
    Op op = Op::exists;
    std::vector<std::string> values;
  };
  friend class LabelParser;
  std::vector<Requirement> requirements_;
};

// A {group, version, kind, name, namespace, labelSelector, annotationSelector} with anchored
// regular expressions; empty parts match anything. A resource matches by its original or by its
// current id.
class Selector {
 public:
  // Error: invalid (a pattern that does not parse).
  static Result<Selector> make(const Value& fields);
  // Error: invalid: a label or annotation selector that does not parse, which is found out, as in
  // the reference, at the first resource that all the patterns match.
  Result<std::vector<std::size_t>> select(const ResMap& resources) const;
  ~Selector();
  Selector(Selector&&) noexcept;
  Selector& operator=(Selector&&) noexcept;

 private:
  struct Patterns;
  Result<bool> matches(const Resource& resource) const;
  explicit Selector(std::unique_ptr<Patterns> patterns);
  std::unique_ptr<Patterns> patterns_;
};

}  // namespace weir::kustomize
