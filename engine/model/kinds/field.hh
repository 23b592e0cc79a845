// Declarations of custom resources as data: one tree of fields a kind. The CRD that `weir install
// crds` prints and the check of a manifest both derive from it, so they cannot disagree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/model/object_id.hh"
#include "engine/value/value.hh"

namespace weir::model {

enum class FieldType : unsigned char { string, integer, number, boolean, object, array, map, any };

struct Field {
  std::string_view name{};
  FieldType type = FieldType::string;
  std::string_view description{};
  bool required = false;
  Value fallback{};                        // the schema's default; null = none
  std::string_view pattern{};              // strings
  std::vector<std::string_view> one_of{};  // strings: the enum
  int length_min = -1, length_max = -1;    // strings: characters; arrays: items; maps: entries
  std::string_view format{};               // "date-time"
  std::vector<Field> fields{};  // object: its members; array and map: one entry, the element
  std::vector<std::pair<std::string_view, std::string_view>> rules{};  // CEL rule, message
};

struct PrinterColumn {
  std::string_view name, type, json_path;
};

struct KindDeclaration {
  Gvk gvk;
  std::string_view plural, singular;
  std::vector<std::string_view> short_names, categories;
  std::string_view component;  // the Flux controller that owns it: "source-controller"
  std::vector<PrinterColumn> columns;
  std::string_view description;
  std::vector<Field> spec, status;
  // CEL rule, message of the spec as a whole.
  std::vector<std::pair<std::string_view, std::string_view>> spec_rules{};
  bool status_default = true;  // status: {observedGeneration: -1} until somebody has looked
};

// Every kind that weir serves, in a fixed order.
const std::vector<KindDeclaration>& declared_kinds();
const KindDeclaration* find_declaration(const Gvk& gvk);  // version ignored; nullptr when not ours

// The CustomResourceDefinition manifest, labelled as Flux labels its own.
Value make_crd(const KindDeclaration& kind);

// Checks `object`'s spec against its declaration: unknown fields (with the closest valid name),
// wrong types, missing required fields, patterns and enums. Errors: invalid, every finding on a
// line of its own, each naming the field ("spec.sourceRef.kind: Unsupported value ...").
Result<void> check_spec(const KindDeclaration& kind, const Value& object);

// Builders, so that a declaration reads as its table.
Field text_field(std::string_view name, std::string_view description);
Field flag_field(std::string_view name, std::string_view description);
Field count_field(std::string_view name, std::string_view description);
Field group_field(std::string_view name, std::string_view description, std::vector<Field> fields);
Field list_field(std::string_view name, std::string_view description, Field element);
Field map_field(std::string_view name, std::string_view description, Field element);
Field any_field(std::string_view name, std::string_view description);
Field required(Field field);
Field with_default(Field field, Value fallback);
Field with_enum(Field field, std::vector<std::string_view> values);
Field with_length(Field field, int min, int max);
// Shared parts of declarations.
Field duration_field(std::string_view name, std::string_view description, bool with_hours = true);
Field local_reference(std::string_view name, std::string_view description);
Field conditions_field();
Field artifact_field();

}  // namespace weir::model
