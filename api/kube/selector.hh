// Label and field selectors, in their query-string form.
//
// Owner: api/kube. Values; no threads. Failure: parsing answers BadRequest with the API server's
// wording.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::api::kube {

struct KindInfo;

class Selector {
 public:
  // "app=web,tier in (a,b),!old"; "" selects everything.
  static Result<Selector> labels(std::string_view text);
  // "metadata.name=x,status.phase!=Running". Error: a field the kind cannot be selected by.
  static Result<Selector> fields(std::string_view text, const KindInfo& kind);
  // A LabelSelector ({matchLabels, matchExpressions}); an absent or empty one selects everything.
  static Selector of(const Value& label_selector);

  bool everything() const { return terms_.empty(); }
  bool matches_labels(const Value& labels) const;
  bool matches_fields(const Value& object) const;
  // The name that metadata.name must equal; "" when it is free.
  std::string exact_name() const;
  // "app=web,tier in (a,b)".
  std::string text() const;

 private:
  enum class Operator : std::uint8_t { equals, differs, in, not_in, exists, absent, greater, less };
  struct Term {
    std::string key;
    Operator op = Operator::equals;
    std::set<std::string, std::less<>> values;
  };
  static bool holds(const Term& term, const std::string* value);
  static Result<Term> parse_term(std::string_view text);
  std::vector<Term> terms_;
};

}  // namespace weir::api::kube
