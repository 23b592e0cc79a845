// What a build knows of Kubernetes types: merge keys and scope, from the built-in tables or from
// the schema file a kustomization names in `openapi.path`.
//
// One OpenApi belongs to one build and one thread. The built-in part is parsed once for the process
// and shared.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/value/strategic_merge.hh"
#include "engine/value/value.hh"

namespace weir::kustomize {

class OpenApi final : public value::MergeSchemaSource {
 public:
  const value::MergeSchema* find(std::string_view api_version,
                                 std::string_view kind) const override;

  // True for kinds known to have no namespace (Node, Namespace, ...); unknown kinds count as
  // namespaced.
  bool is_cluster_scoped(std::string_view api_version, std::string_view kind) const;

  // Takes the schema of an `openapi` field: the first one met in a build stays. `version` is a
  // built-in name, `schema` the content of the file (null when there is none). Errors: invalid.
  Result<void> set_schema(std::string_view version, const Value* schema);
  // A custom schema adds to the built-in types instead of taking their place.
  void keep_builtin() { builtin_ = true; }

 private:
  using TypeName = std::string;  // "apiVersion kind"

  const value::MergeSchema* definition(const std::string& name);
  const value::MergeSchema* build(const Value& schema);
  void add_paths(const Value& paths);

  bool set_ = false;              // a schema was chosen
  bool custom_ = false;           // ... from a file: the built-in types are not consulted unless
  mutable bool builtin_ = false;  // they were needed before that
  Value document_;
  std::deque<value::MergeSchema> nodes_;
  std::map<std::string, value::MergeSchema*, std::less<>> definitions_;
  std::map<TypeName, const value::MergeSchema*, std::less<>> kinds_;
  std::map<TypeName, bool, std::less<>> namespaced_;
};

}  // namespace weir::kustomize
