#include "store/migrate.hh"

#include <string>

#include "migrations/migrations.hh"
#include "store/record_format.hh"

namespace weir::store {
namespace {

struct Step {
  std::string_view name;
  Result<void> (*run)(const Kv& kv, WriteBatch& batch);
};

// Step i leads from schema version i to i + 1.
constexpr Step steps[] = {
    {"0001_initial", migrations::initial},
    {"0002_inputs", migrations::inputs},
};
static_assert(std::size(steps) == format::schema_version);

}  // namespace

Result<std::uint64_t> stored_schema_version(const Kv& kv) {
  return format::read_number(kv, format::meta_schema, 0);
}

Result<void> migrate(Kv& kv) {
  WEIR_TRY(const std::uint64_t stored, stored_schema_version(kv));
  if (stored > format::schema_version) {
    return make_error(Code::unsupported,
                      "the database has schema version " + std::to_string(stored) +
                          " and this build of weir knows up to " +
                          std::to_string(format::schema_version) +
                          ": it was written by a newer weir, and a downgrade is not possible");
  }
  for (std::uint64_t version = stored; version < format::schema_version; ++version) {
    WriteBatch batch;
    const std::string context = "migration " + std::string(steps[version].name);
    WEIR_CHECK(steps[version].run(kv, batch).with_context(context));
    batch.put(Family::meta, format::meta_schema, format::encode_number(version + 1));
    WEIR_CHECK(kv.write(batch, true).with_context(context));
  }
  return {};
}

}  // namespace weir::store
