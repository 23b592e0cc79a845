#include "engine/helm/schema_metaschemas.hh"

#include <map>

#include "engine/base/assert.hh"
#include "engine/value/json.hh"

namespace weir::helm::schema {

namespace {

struct Metaschema {
  std::string_view url;
  int draft;  // 0: a part of one
  std::string_view text;
};

constexpr std::string_view draft_4 = R"(
    {"id": "http://json-schema.org/draft-04/schema#",
    "$schema": "http://json-schema.org/draft-04/schema#",
    "definitions": {
      "schemaArray": {"type": "array", "minItems": 1, "items": {"$ref": "#"}},
      "positiveInteger": {"type": "integer", "minimum": 0},
      "positiveIntegerDefault0": {"allOf": [{"$ref": "#/definitions/positiveInteger"}, {}]},
      "simpleTypes": {
        "enum": ["array", "boolean", "integer", "null", "number", "object", "string"]},
      "stringArray": {
        "type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": true}},
    "type": "object",
    "properties": {
      "id": {"type": "string"},
      "$ref": {"type": "string"},
      "$schema": {"type": "string", "format": "uri"},
      "title": {"type": "string"},
      "description": {"type": "string"},
      "multipleOf": {"type": "number", "minimum": 0, "exclusiveMinimum": true},
      "maximum": {"type": "number"},
      "exclusiveMaximum": {"type": "boolean"},
      "minimum": {"type": "number"},
      "exclusiveMinimum": {"type": "boolean"},
      "maxLength": {"$ref": "#/definitions/positiveInteger"},
      "minLength": {"$ref": "#/definitions/positiveIntegerDefault0"},
      "pattern": {"type": "string", "format": "regex"},
      "additionalItems": {"anyOf": [{"type": "boolean"}, {"$ref": "#"}]},
      "items": {"anyOf": [{"$ref": "#"}, {"$ref": "#/definitions/schemaArray"}]},
      "maxItems": {"$ref": "#/definitions/positiveInteger"},
      "minItems": {"$ref": "#/definitions/positiveIntegerDefault0"},
      "uniqueItems": {"type": "boolean"},
      "maxProperties": {"$ref": "#/definitions/positiveInteger"},
      "minProperties": {"$ref": "#/definitions/positiveIntegerDefault0"},
      "required": {"$ref": "#/definitions/stringArray"},
      "additionalProperties": {"anyOf": [{"type": "boolean"}, {"$ref": "#"}]},
      "definitions": {"type": "object", "additionalProperties": {"$ref": "#"}},
      "properties": {"type": "object", "additionalProperties": {"$ref": "#"}},
      "patternProperties": {"type": "object", "additionalProperties": {"$ref": "#"}},
      "dependencies": {
        "type": "object",
        "additionalProperties": {"anyOf": [{"$ref": "#"}, {"$ref": "#/definitions/stringArray"}]}},
      "enum": {"type": "array", "minItems": 1, "uniqueItems": true},
      "type": {"anyOf": [
        {"$ref": "#/definitions/simpleTypes"},
        {"type": "array", "items": {"$ref": "#/definitions/simpleTypes"}, "minItems": 1,
         "uniqueItems": true}]},
      "format": {"type": "string"},
      "allOf": {"$ref": "#/definitions/schemaArray"},
      "anyOf": {"$ref": "#/definitions/schemaArray"},
      "oneOf": {"$ref": "#/definitions/schemaArray"},
      "not": {"$ref": "#"}},
    "dependencies": {"exclusiveMaximum": ["maximum"], "exclusiveMinimum": ["minimum"]}
})";

constexpr std::string_view draft_6 = R"(
    {"$schema": "http://json-schema.org/draft-06/schema#",
    "$id": "http://json-schema.org/draft-06/schema#",
    "definitions": {
      "schemaArray": {"type": "array", "minItems": 1, "items": {"$ref": "#"}},
      "nonNegativeInteger": {"type": "integer", "minimum": 0},
      "nonNegativeIntegerDefault0": {"allOf": [{"$ref": "#/definitions/nonNegativeInteger"}, {}]},
      "simpleTypes": {
        "enum": ["array", "boolean", "integer", "null", "number", "object", "string"]},
      "stringArray": {"type": "array", "items": {"type": "string"}, "uniqueItems": true}},
    "type": ["object", "boolean"],
    "properties": {
      "$id": {"type": "string", "format": "uri-reference"},
      "$schema": {"type": "string", "format": "uri"},
      "$ref": {"type": "string", "format": "uri-reference"},
      "title": {"type": "string"},
      "description": {"type": "string"},
      "default": {},
      "multipleOf": {"type": "number", "exclusiveMinimum": 0},
      "maximum": {"type": "number"},
      "exclusiveMaximum": {"type": "number"},
      "minimum": {"type": "number"},
      "exclusiveMinimum": {"type": "number"},
      "maxLength": {"$ref": "#/definitions/nonNegativeInteger"},
      "minLength": {"$ref": "#/definitions/nonNegativeIntegerDefault0"},
      "pattern": {"type": "string", "format": "regex"},
      "additionalItems": {"$ref": "#"},
      "items": {"anyOf": [{"$ref": "#"}, {"$ref": "#/definitions/schemaArray"}]},
      "maxItems": {"$ref": "#/definitions/nonNegativeInteger"},
      "minItems": {"$ref": "#/definitions/nonNegativeIntegerDefault0"},
      "uniqueItems": {"type": "boolean"},
      "contains": {"$ref": "#"},
      "maxProperties": {"$ref": "#/definitions/nonNegativeInteger"},
      "minProperties": {"$ref": "#/definitions/nonNegativeIntegerDefault0"},
      "required": {"$ref": "#/definitions/stringArray"},
      "additionalProperties": {"$ref": "#"},
      "definitions": {"type": "object", "additionalProperties": {"$ref": "#"}},
      "properties": {"type": "object", "additionalProperties": {"$ref": "#"}},
      "patternProperties": {"type": "object", "additionalProperties": {"$ref": "#"}},
      "dependencies": {
        "type": "object",
        "additionalProperties": {"anyOf": [{"$ref": "#"}, {"$ref": "#/definitions/stringArray"}]}},
      "propertyNames": {"$ref": "#"},
      "const": {},
      "enum": {"type": "array", "minItems": 1, "uniqueItems": true},
      "type": {"anyOf": [
        {"$ref": "#/definitions/simpleTypes"},
        {"type": "array", "items": {"$ref": "#/definitions/simpleTypes"}, "minItems": 1,
         "uniqueItems": true}]},
      "format": {"type": "string"},
      "allOf": {"$ref": "#/definitions/schemaArray"},
      "anyOf": {"$ref": "#/definitions/schemaArray"},
      "oneOf": {"$ref": "#/definitions/schemaArray"},
      "not": {"$ref": "#"}}
})";

constexpr std::string_view draft_7 = R"(
    {"$schema": "http://json-schema.org/draft-07/schema#",
    "$id": "http://json-schema.org/draft-07/schema#",
    "definitions": {
      "schemaArray": {"type": "array", "minItems": 1, "items": {"$ref": "#"}},
      "nonNegativeInteger": {"type": "integer", "minimum": 0},
      "nonNegativeIntegerDefault0": {"allOf": [{"$ref": "#/definitions/nonNegativeInteger"}, {}]},
      "simpleTypes": {
        "enum": ["array", "boolean", "integer", "null", "number", "object", "string"]},
      "stringArray": {"type": "array", "items": {"type": "string"}, "uniqueItems": true}},
    "type": ["object", "boolean"],
    "properties": {
      "$id": {"type": "string", "format": "uri-reference"},
      "$schema": {"type": "string", "format": "uri"},
      "$ref": {"type": "string", "format": "uri-reference"},
      "$comment": {"type": "string"},
      "title": {"type": "string"},
      "description": {"type": "string"},
      "default": true,
      "readOnly": {"type": "boolean"},
      "writeOnly": {"type": "boolean"},
      "examples": {"type": "array", "items": true},
      "multipleOf": {"type": "number", "exclusiveMinimum": 0},
      "maximum": {"type": "number"},
      "exclusiveMaximum": {"type": "number"},
      "minimum": {"type": "number"},
      "exclusiveMinimum": {"type": "number"},
      "maxLength": {"$ref": "#/definitions/nonNegativeInteger"},
      "minLength": {"$ref": "#/definitions/nonNegativeIntegerDefault0"},
      "pattern": {"type": "string", "format": "regex"},
      "additionalItems": {"$ref": "#"},
      "items": {"anyOf": [{"$ref": "#"}, {"$ref": "#/definitions/schemaArray"}]},
      "maxItems": {"$ref": "#/definitions/nonNegativeInteger"},
      "minItems": {"$ref": "#/definitions/nonNegativeIntegerDefault0"},
      "uniqueItems": {"type": "boolean"},
      "contains": {"$ref": "#"},
      "maxProperties": {"$ref": "#/definitions/nonNegativeInteger"},
      "minProperties": {"$ref": "#/definitions/nonNegativeIntegerDefault0"},
      "required": {"$ref": "#/definitions/stringArray"},
      "additionalProperties": {"$ref": "#"},
      "definitions": {"type": "object", "additionalProperties": {"$ref": "#"}},
      "properties": {"type": "object", "additionalProperties": {"$ref": "#"}},
      "patternProperties": {
        "type": "object", "additionalProperties": {"$ref": "#"},
        "propertyNames": {"format": "regex"}},
      "dependencies": {
        "type": "object",
        "additionalProperties": {"anyOf": [{"$ref": "#"}, {"$ref": "#/definitions/stringArray"}]}},
      "propertyNames": {"$ref": "#"},
      "const": true,
      "enum": {"type": "array", "items": true, "minItems": 1, "uniqueItems": true},
      "type": {"anyOf": [
        {"$ref": "#/definitions/simpleTypes"},
        {"type": "array", "items": {"$ref": "#/definitions/simpleTypes"}, "minItems": 1,
         "uniqueItems": true}]},
      "format": {"type": "string"},
      "contentMediaType": {"type": "string"},
      "contentEncoding": {"type": "string"},
      "if": {"$ref": "#"},
      "then": {"$ref": "#"},
      "else": {"$ref": "#"},
      "allOf": {"$ref": "#/definitions/schemaArray"},
      "anyOf": {"$ref": "#/definitions/schemaArray"},
      "oneOf": {"$ref": "#/definitions/schemaArray"},
      "not": {"$ref": "#"}}
})";

constexpr std::string_view draft_2019 = R"(
    {"$schema": "https://json-schema.org/draft/2019-09/schema",
    "$id": "https://json-schema.org/draft/2019-09/schema",
    "$recursiveAnchor": true,
    "allOf": [
      {"$ref": "meta/core"}, {"$ref": "meta/applicator"}, {"$ref": "meta/validation"},
      {"$ref": "meta/meta-data"}, {"$ref": "meta/format"}, {"$ref": "meta/content"}],
    "type": ["object", "boolean"],
    "properties": {
      "definitions": {"type": "object", "additionalProperties": {"$recursiveRef": "#"}},
      "dependencies": {
        "type": "object",
        "additionalProperties": {
          "anyOf": [{"$recursiveRef": "#"}, {"$ref": "meta/validation#/$defs/stringArray"}]}}}
})";

constexpr std::string_view core_2019 = R"(
    {"$schema": "https://json-schema.org/draft/2019-09/schema",
    "$id": "https://json-schema.org/draft/2019-09/meta/core",
    "$recursiveAnchor": true,
    "type": ["object", "boolean"],
    "properties": {
      "$id": {"type": "string", "format": "uri-reference", "pattern": "^[^#]*#?$"},
      "$schema": {"type": "string", "format": "uri"},
      "$anchor": {"type": "string", "pattern": "^[A-Za-z][-A-Za-z0-9.:_]*$"},
      "$ref": {"type": "string", "format": "uri-reference"},
      "$recursiveRef": {"type": "string", "format": "uri-reference"},
      "$recursiveAnchor": {"type": "boolean"},
      "$vocabulary": {
        "type": "object", "propertyNames": {"type": "string", "format": "uri"},
        "additionalProperties": {"type": "boolean"}},
      "$comment": {"type": "string"},
      "$defs": {"type": "object", "additionalProperties": {"$recursiveRef": "#"}}}
})";

constexpr std::string_view applicator_2019 = R"(
    {"$schema": "https://json-schema.org/draft/2019-09/schema",
    "$id": "https://json-schema.org/draft/2019-09/meta/applicator",
    "$recursiveAnchor": true,
    "type": ["object", "boolean"],
    "properties": {
      "additionalItems": {"$recursiveRef": "#"},
      "unevaluatedItems": {"$recursiveRef": "#"},
      "items": {"anyOf": [{"$recursiveRef": "#"}, {"$ref": "#/$defs/schemaArray"}]},
      "contains": {"$recursiveRef": "#"},
      "additionalProperties": {"$recursiveRef": "#"},
      "unevaluatedProperties": {"$recursiveRef": "#"},
      "properties": {"type": "object", "additionalProperties": {"$recursiveRef": "#"}},
      "patternProperties": {
        "type": "object", "additionalProperties": {"$recursiveRef": "#"},
        "propertyNames": {"format": "regex"}},
      "dependentSchemas": {"type": "object", "additionalProperties": {"$recursiveRef": "#"}},
      "propertyNames": {"$recursiveRef": "#"},
      "if": {"$recursiveRef": "#"},
      "then": {"$recursiveRef": "#"},
      "else": {"$recursiveRef": "#"},
      "allOf": {"$ref": "#/$defs/schemaArray"},
      "anyOf": {"$ref": "#/$defs/schemaArray"},
      "oneOf": {"$ref": "#/$defs/schemaArray"},
      "not": {"$recursiveRef": "#"}},
    "$defs": {"schemaArray": {"type": "array", "minItems": 1, "items": {"$recursiveRef": "#"}}}
})";

constexpr std::string_view validation_2019 = R"(
    {"$schema": "https://json-schema.org/draft/2019-09/schema",
    "$id": "https://json-schema.org/draft/2019-09/meta/validation",
    "$recursiveAnchor": true,
    "type": ["object", "boolean"],
    "properties": {
      "multipleOf": {"type": "number", "exclusiveMinimum": 0},
      "maximum": {"type": "number"},
      "exclusiveMaximum": {"type": "number"},
      "minimum": {"type": "number"},
      "exclusiveMinimum": {"type": "number"},
      "maxLength": {"$ref": "#/$defs/nonNegativeInteger"},
      "minLength": {"$ref": "#/$defs/nonNegativeIntegerDefault0"},
      "pattern": {"type": "string", "format": "regex"},
      "maxItems": {"$ref": "#/$defs/nonNegativeInteger"},
      "minItems": {"$ref": "#/$defs/nonNegativeIntegerDefault0"},
      "uniqueItems": {"type": "boolean"},
      "maxContains": {"$ref": "#/$defs/nonNegativeInteger"},
      "minContains": {"$ref": "#/$defs/nonNegativeInteger"},
      "maxProperties": {"$ref": "#/$defs/nonNegativeInteger"},
      "minProperties": {"$ref": "#/$defs/nonNegativeIntegerDefault0"},
      "required": {"$ref": "#/$defs/stringArray"},
      "dependentRequired": {
        "type": "object", "additionalProperties": {"$ref": "#/$defs/stringArray"}},
      "const": true,
      "enum": {"type": "array", "items": true},
      "type": {"anyOf": [
        {"$ref": "#/$defs/simpleTypes"},
        {"type": "array", "items": {"$ref": "#/$defs/simpleTypes"}, "minItems": 1,
         "uniqueItems": true}]}},
    "$defs": {
      "nonNegativeInteger": {"type": "integer", "minimum": 0},
      "nonNegativeIntegerDefault0": {"$ref": "#/$defs/nonNegativeInteger"},
      "simpleTypes": {
        "enum": ["array", "boolean", "integer", "null", "number", "object", "string"]},
      "stringArray": {"type": "array", "items": {"type": "string"}, "uniqueItems": true}}
})";

constexpr std::string_view metadata_2019 = R"(
    {"$schema": "https://json-schema.org/draft/2019-09/schema",
    "$id": "https://json-schema.org/draft/2019-09/meta/meta-data",
    "$recursiveAnchor": true,
    "type": ["object", "boolean"],
    "properties": {
      "title": {"type": "string"},
      "description": {"type": "string"},
      "default": true,
      "deprecated": {"type": "boolean"},
      "readOnly": {"type": "boolean"},
      "writeOnly": {"type": "boolean"},
      "examples": {"type": "array", "items": true}}
})";

constexpr std::string_view format_2019 = R"(
    {"$schema": "https://json-schema.org/draft/2019-09/schema",
    "$id": "https://json-schema.org/draft/2019-09/meta/format",
    "$recursiveAnchor": true,
    "type": ["object", "boolean"],
    "properties": {"format": {"type": "string"}}
})";

constexpr std::string_view content_2019 = R"(
    {"$schema": "https://json-schema.org/draft/2019-09/schema",
    "$id": "https://json-schema.org/draft/2019-09/meta/content",
    "$recursiveAnchor": true,
    "type": ["object", "boolean"],
    "properties": {
      "contentMediaType": {"type": "string"},
      "contentEncoding": {"type": "string"},
      "contentSchema": {"$recursiveRef": "#"}}
})";

constexpr std::string_view draft_2020 = R"(
    {"$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://json-schema.org/draft/2020-12/schema",
    "$dynamicAnchor": "meta",
    "allOf": [
      {"$ref": "meta/core"}, {"$ref": "meta/applicator"}, {"$ref": "meta/unevaluated"},
      {"$ref": "meta/validation"}, {"$ref": "meta/meta-data"}, {"$ref": "meta/format-annotation"},
      {"$ref": "meta/content"}],
    "type": ["object", "boolean"],
    "properties": {
      "definitions": {"type": "object", "additionalProperties": {"$dynamicRef": "#meta"}},
      "dependencies": {
        "type": "object",
        "additionalProperties": {
          "anyOf": [{"$dynamicRef": "#meta"}, {"$ref": "meta/validation#/$defs/stringArray"}]}},
      "$recursiveAnchor": {"$ref": "meta/core#/$defs/anchorString"},
      "$recursiveRef": {"$ref": "meta/core#/$defs/uriReferenceString"}}
})";

constexpr std::string_view core_2020 = R"(
    {"$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://json-schema.org/draft/2020-12/meta/core",
    "$dynamicAnchor": "meta",
    "type": ["object", "boolean"],
    "properties": {
      "$id": {"$ref": "#/$defs/uriReferenceString", "pattern": "^[^#]*#?$"},
      "$schema": {"$ref": "#/$defs/uriString"},
      "$ref": {"$ref": "#/$defs/uriReferenceString"},
      "$anchor": {"$ref": "#/$defs/anchorString"},
      "$dynamicRef": {"$ref": "#/$defs/uriReferenceString"},
      "$dynamicAnchor": {"$ref": "#/$defs/anchorString"},
      "$vocabulary": {
        "type": "object", "propertyNames": {"$ref": "#/$defs/uriString"},
        "additionalProperties": {"type": "boolean"}},
      "$comment": {"type": "string"},
      "$defs": {"type": "object", "additionalProperties": {"$dynamicRef": "#meta"}}},
    "$defs": {
      "anchorString": {"type": "string", "pattern": "^[A-Za-z_][-A-Za-z0-9._]*$"},
      "uriString": {"type": "string", "format": "uri"},
      "uriReferenceString": {"type": "string", "format": "uri-reference"}}
})";

constexpr std::string_view applicator_2020 = R"(
    {"$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://json-schema.org/draft/2020-12/meta/applicator",
    "$dynamicAnchor": "meta",
    "type": ["object", "boolean"],
    "properties": {
      "prefixItems": {"$ref": "#/$defs/schemaArray"},
      "items": {"$dynamicRef": "#meta"},
      "contains": {"$dynamicRef": "#meta"},
      "additionalProperties": {"$dynamicRef": "#meta"},
      "properties": {"type": "object", "additionalProperties": {"$dynamicRef": "#meta"}},
      "patternProperties": {
        "type": "object", "additionalProperties": {"$dynamicRef": "#meta"},
        "propertyNames": {"format": "regex"}},
      "dependentSchemas": {"type": "object", "additionalProperties": {"$dynamicRef": "#meta"}},
      "propertyNames": {"$dynamicRef": "#meta"},
      "if": {"$dynamicRef": "#meta"},
      "then": {"$dynamicRef": "#meta"},
      "else": {"$dynamicRef": "#meta"},
      "allOf": {"$ref": "#/$defs/schemaArray"},
      "anyOf": {"$ref": "#/$defs/schemaArray"},
      "oneOf": {"$ref": "#/$defs/schemaArray"},
      "not": {"$dynamicRef": "#meta"}},
    "$defs": {"schemaArray": {"type": "array", "minItems": 1, "items": {"$dynamicRef": "#meta"}}}
})";

constexpr std::string_view unevaluated_2020 = R"(
    {"$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://json-schema.org/draft/2020-12/meta/unevaluated",
    "$dynamicAnchor": "meta",
    "type": ["object", "boolean"],
    "properties": {
      "unevaluatedItems": {"$dynamicRef": "#meta"},
      "unevaluatedProperties": {"$dynamicRef": "#meta"}}
})";

constexpr std::string_view validation_2020 = R"(
    {"$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://json-schema.org/draft/2020-12/meta/validation",
    "$dynamicAnchor": "meta",
    "type": ["object", "boolean"],
    "properties": {
      "type": {"anyOf": [
        {"$ref": "#/$defs/simpleTypes"},
        {"type": "array", "items": {"$ref": "#/$defs/simpleTypes"}, "minItems": 1,
         "uniqueItems": true}]},
      "const": true,
      "enum": {"type": "array", "items": true},
      "multipleOf": {"type": "number", "exclusiveMinimum": 0},
      "maximum": {"type": "number"},
      "exclusiveMaximum": {"type": "number"},
      "minimum": {"type": "number"},
      "exclusiveMinimum": {"type": "number"},
      "maxLength": {"$ref": "#/$defs/nonNegativeInteger"},
      "minLength": {"$ref": "#/$defs/nonNegativeIntegerDefault0"},
      "pattern": {"type": "string", "format": "regex"},
      "maxItems": {"$ref": "#/$defs/nonNegativeInteger"},
      "minItems": {"$ref": "#/$defs/nonNegativeIntegerDefault0"},
      "uniqueItems": {"type": "boolean"},
      "maxContains": {"$ref": "#/$defs/nonNegativeInteger"},
      "minContains": {"$ref": "#/$defs/nonNegativeInteger"},
      "maxProperties": {"$ref": "#/$defs/nonNegativeInteger"},
      "minProperties": {"$ref": "#/$defs/nonNegativeIntegerDefault0"},
      "required": {"$ref": "#/$defs/stringArray"},
      "dependentRequired": {
        "type": "object", "additionalProperties": {"$ref": "#/$defs/stringArray"}}},
    "$defs": {
      "nonNegativeInteger": {"type": "integer", "minimum": 0},
      "nonNegativeIntegerDefault0": {"$ref": "#/$defs/nonNegativeInteger"},
      "simpleTypes": {
        "enum": ["array", "boolean", "integer", "null", "number", "object", "string"]},
      "stringArray": {"type": "array", "items": {"type": "string"}, "uniqueItems": true}}
})";

constexpr std::string_view metadata_2020 = R"(
    {"$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://json-schema.org/draft/2020-12/meta/meta-data",
    "$dynamicAnchor": "meta",
    "type": ["object", "boolean"],
    "properties": {
      "title": {"type": "string"},
      "description": {"type": "string"},
      "default": true,
      "deprecated": {"type": "boolean"},
      "readOnly": {"type": "boolean"},
      "writeOnly": {"type": "boolean"},
      "examples": {"type": "array", "items": true}}
})";

constexpr std::string_view format_2020 = R"(
    {"$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://json-schema.org/draft/2020-12/meta/format-annotation",
    "$dynamicAnchor": "meta",
    "type": ["object", "boolean"],
    "properties": {"format": {"type": "string"}}
})";

constexpr std::string_view content_2020 = R"(
    {"$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://json-schema.org/draft/2020-12/meta/content",
    "$dynamicAnchor": "meta",
    "type": ["object", "boolean"],
    "properties": {
      "contentEncoding": {"type": "string"},
      "contentMediaType": {"type": "string"},
      "contentSchema": {"$dynamicRef": "#meta"}}
})";

constexpr Metaschema metaschemas[] = {
    {"http://json-schema.org/draft-04/schema", 4, draft_4},
    {"http://json-schema.org/draft-06/schema", 6, draft_6},
    {"http://json-schema.org/draft-07/schema", 7, draft_7},
    {"https://json-schema.org/draft/2019-09/schema", 2019, draft_2019},
    {"https://json-schema.org/draft/2019-09/meta/core", 0, core_2019},
    {"https://json-schema.org/draft/2019-09/meta/applicator", 0, applicator_2019},
    {"https://json-schema.org/draft/2019-09/meta/validation", 0, validation_2019},
    {"https://json-schema.org/draft/2019-09/meta/meta-data", 0, metadata_2019},
    {"https://json-schema.org/draft/2019-09/meta/format", 0, format_2019},
    {"https://json-schema.org/draft/2019-09/meta/content", 0, content_2019},
    {"https://json-schema.org/draft/2020-12/schema", 2020, draft_2020},
    {"https://json-schema.org/draft/2020-12/meta/core", 0, core_2020},
    {"https://json-schema.org/draft/2020-12/meta/applicator", 0, applicator_2020},
    {"https://json-schema.org/draft/2020-12/meta/unevaluated", 0, unevaluated_2020},
    {"https://json-schema.org/draft/2020-12/meta/validation", 0, validation_2020},
    {"https://json-schema.org/draft/2020-12/meta/meta-data", 0, metadata_2020},
    {"https://json-schema.org/draft/2020-12/meta/format-annotation", 0, format_2020},
    {"https://json-schema.org/draft/2020-12/meta/content", 0, content_2020},
};

std::string_view without_scheme(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (url.starts_with(scheme)) return url.substr(scheme.size());
  return url;
}

// The latest draft has a second address.
const Metaschema* find(std::string_view url) {
  url = without_scheme(url.substr(0, url.find('#')));
  if (url == "json-schema.org/schema") url = without_scheme(metaschema_url(2020));
  for (const Metaschema& known : metaschemas)
    if (without_scheme(known.url) == url) return &known;
  return nullptr;
}

}  // namespace

std::shared_ptr<const Value> metaschema(std::string_view url) {
  using Documents = std::map<const Metaschema*, std::shared_ptr<const Value>>;
  static const Documents documents = [] {
    Documents out;
    for (const Metaschema& known : metaschemas) {
      auto parsed = value::parse_json(known.text);
      WEIR_ASSERT(parsed.ok());
      out[&known] = std::make_shared<const Value>(std::move(*parsed));
    }
    return out;
  }();
  const Metaschema* known = find(url);
  return known ? documents.at(known) : nullptr;
}

int draft_of(std::string_view url) {
  const Metaschema* known = find(url);
  return known ? known->draft : 0;
}

std::string_view metaschema_url(int draft) {
  for (const Metaschema& known : metaschemas)
    if (known.draft == draft) return known.url;
  return "";
}

std::vector<int> drafts() {
  std::vector<int> out;
  for (const Metaschema& known : metaschemas)
    if (known.draft != 0) out.push_back(known.draft);
  return out;
}

}  // namespace weir::helm::schema
