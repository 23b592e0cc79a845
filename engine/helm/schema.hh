// values.schema.json: the values of a chart, and of every chart below it, checked against its JSON
// Schema (drafts 4, 6, 7, 2019-09 and 2020-12). Error texts are those Helm shows.
//
// A reference to another document is followed through SchemaPorts::loader, each document once a
// call, and only where the schema leads there; without a loader it is an error. Caps: depth of
// schemas, steps taken, and number, bytes and time of fetched documents. Pure but for the ports.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "engine/base/clock.hh"
#include "engine/base/result.hh"
#include "engine/helm/chart.hh"
#include "engine/helm/table.hh"
#include "engine/value/value.hh"

namespace weir::helm {

// Documents at the URLs that schemas name. Implementations: adapters/remote; scripted ones in
// tests. Called from several threads at once.
class SchemaLoader {
 public:
  virtual ~SchemaLoader() = default;
  // The text at `url`, which is absolute and has no fragment, within `timeout` and at most
  // helm_schema_document_bytes_max long. Error: limit; any other, worded to stand behind
  // `failing loading "<url>": `.
  virtual Result<std::string> load(const std::string& url, std::chrono::milliseconds timeout) = 0;
};

struct SchemaPorts {
  SchemaLoader* loader = nullptr;      // null: nothing is fetched
  const base::Clock* clock = nullptr;  // null: only each request's own time is bounded
};

// Error: invalid ("values don't meet the specifications of the schema(s) in the following
// chart(s):\n<chart>:\n- at '/replicas': got string, want integer\n"), limit.
Result<void> check_schemas(const Chart& chart, const Table& values, const SchemaPorts& ports = {});

// One document against one schema; the error's text is one line or more, each ending in "\n".
Result<void> check_schema(const Value& document, std::string_view schema,
                          const SchemaPorts& ports = {});

}  // namespace weir::helm
