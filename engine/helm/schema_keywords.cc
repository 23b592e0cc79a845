#include "engine/helm/schema_keywords.hh"

namespace weir::helm::schema {

namespace {

constexpr Keyword keywords[] = {
    {"$ref", Holds::reference},
    {"$recursiveRef", Holds::reference, 2019},
    {"$dynamicRef", Holds::reference, 2020},
    {"allOf", Holds::schemas},
    {"anyOf", Holds::schemas},
    {"oneOf", Holds::schemas},
    {"not", Holds::schema},
    {"if", Holds::schema, 7},
    {"then", Holds::schema, 7},
    {"else", Holds::schema, 7},
    {"items", Holds::schema_or_list},
    {"prefixItems", Holds::schemas, 2020},
    {"additionalItems", Holds::schema},
    {"contains", Holds::schema, 6},
    {"unevaluatedItems", Holds::schema, 2019},
    {"properties", Holds::schema_map},
    {"patternProperties", Holds::pattern_map},
    {"additionalProperties", Holds::schema},
    {"propertyNames", Holds::schema, 6},
    {"unevaluatedProperties", Holds::schema, 2019},
    {"dependencies", Holds::dependency_map},
    {"dependentSchemas", Holds::schema_map, 2019},
    {"definitions", Holds::schema_map},
    {"$defs", Holds::schema_map, 2019},
    {"pattern", Holds::pattern},
    {"contentSchema", Holds::schema, 2019},
};

}  // namespace

const Keyword* keyword_of(std::string_view name, int draft) {
  for (const Keyword& keyword : keywords)
    if (keyword.name == name && keyword.since <= draft) return &keyword;
  return nullptr;
}

}  // namespace weir::helm::schema
