// kubectl's JSONPath: templates ("{range .items[*]}{.metadata.name}{"\n"}{end}") and the plain
// paths of printer columns and custom columns (".status.conditions[?(@.type=="Ready")].status"), as
// client-go's jsonpath package reads and prints them.
//
// A JsonPath is immutable after parse() and may be used from several threads. Evaluation is bounded
// by expression_steps_max and its output by substitution_bytes_max. Members come in document order.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::expr {

struct JsonPathOptions {
  // A missing key gives nothing instead of "x is not found"; so kubectl get and printer columns do
  // it.
  bool allow_missing = true;
};

class JsonPath {
 public:
  // A template: text with paths in braces. Error: invalid, worded as client-go's ("unclosed
  // action", "invalid array index x"), limit.
  static Result<JsonPath> parse(std::string_view text);
  // One path without braces, as CRDs declare their columns: ".spec.replicas". Braces and a leading
  // '$' are accepted too, and a missing leading dot is added, as kubectl's custom columns do.
  static Result<JsonPath> parse_path(std::string_view path);

  // What each action or text of the template selects, in order.
  Result<std::vector<std::vector<Value>>> results(const Value& data,
                                                  const JsonPathOptions& options = {}) const;
  // What a single path selects: the first of results(). Nothing is found in case of an error.
  std::vector<Value> find(const Value& data) const;
  // The template's output, as kubectl -o jsonpath prints it, without a newline at the end.
  Result<std::string> print(const Value& data, const JsonPathOptions& options = {}) const;

 private:
  struct Template;
  explicit JsonPath(std::shared_ptr<const Template> parsed);
  std::shared_ptr<const Template> template_;
};

}  // namespace weir::expr
