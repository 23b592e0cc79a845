// The types and resources built into Kubernetes v1.35.4, as text in the format that
// tools/schema/generate describes and engine/model/schema.cc parses. Generated; do not edit.
#pragma once

namespace weir::model {

extern const char* const schema_text_1;
extern const char* const schema_text_2;
inline const char* const* const schema_texts[] = {&schema_text_1, &schema_text_2};
inline constexpr const char* schema_server_version = "v1.35.4";

}  // namespace weir::model
