#include "store/rescue.hh"

#include <fcntl.h>
#include <stdio.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "store/record_format.hh"

namespace weir::store {
namespace {

constexpr std::size_t bytes_a_write = 4u << 20;

Family family_at(std::size_t number) { return static_cast<Family>(number); }

// Corruption is what is looked for; anything else is an error of ours.
Result<bool> ends_in_damage(const Cursor& cursor) {
  const auto status = cursor.status();
  if (status.ok()) return false;
  if (status.error().code == Code::corrupt) return true;
  return status.error();
}

class Copier {
 public:
  explicit Copier(Kv& to) : to_(to) {}

  // The rows from `key` on; true when they end in damage.
  Result<bool> copy(const Kv& from, Family family, std::string_view key) {
    auto cursor = from.cursor(family);
    for (cursor->seek(key); cursor->valid(); cursor->next()) {
      batch_.put(family, cursor->key(), cursor->value());
      bytes_ += cursor->key().size() + cursor->value().size();
      last_ = cursor->key();
      if (bytes_ >= bytes_a_write) WEIR_CHECK(flush());
    }
    WEIR_CHECK(flush());
    return ends_in_damage(*cursor);
  }
  // The last key copied.
  const std::string& last() const { return last_; }

 private:
  Result<void> flush() {
    if (batch_.empty()) return {};
    WEIR_CHECK(to_.write(batch_, false).with_context("copy what can be read"));
    batch_.clear();
    bytes_ = 0;
    return {};
  }

  Kv& to_;
  WriteBatch batch_;
  std::size_t bytes_ = 0;
  std::string last_;
};

// The lowest key that can be reached from the end without meeting damage; "" when there is none.
Result<std::string> first_behind_damage(const Kv& kv, Family family, const std::string& before) {
  std::string key;
  auto cursor = kv.cursor(family);
  for (cursor->seek_last(); cursor->valid() && cursor->key() > before; cursor->previous())
    key = cursor->key();
  WEIR_CHECK(ends_in_damage(*cursor));
  return key;
}

// Without these two rows nothing else makes sense. The schema is this build's, whose parts the
// database had; the records that retention has left are those that reach the end without a gap.
Result<void> settle_meta(Kv& kv) {
  WEIR_TRY(const std::uint64_t schema, format::read_number(kv, format::meta_schema, 0));
  if (schema != 0) return {};
  WriteBatch batch;
  batch.put(Family::meta, format::meta_schema, format::encode_number(format::schema_version));
  auto cursor = kv.cursor(Family::events);
  std::uint64_t first = 0;
  for (cursor->seek_last(); cursor->valid(); cursor->previous()) {
    const auto seq = format::take_seq(cursor->key());
    if (!seq || (first != 0 && *seq + 1 != first)) break;
    first = *seq;
  }
  WEIR_CHECK(cursor->status());
  if (first > 1)
    batch.put(Family::meta, format::meta_retained_from, format::encode_number(first));
  return kv.write(batch, true);
}

Result<void> exchange(const std::string& a, const std::string& b) {
  if (::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0) return {};
  return make_error(Code::io, "put " + a + " in the place of " + b + ": " + std::strerror(errno));
}

}  // namespace

Result<std::vector<std::string>> unreadable_families(const Kv& kv) {
  std::vector<std::string> out;
  const auto names = kv.family_bytes();
  for (std::size_t i = 0; i < family_count; ++i) {
    auto cursor = kv.cursor(family_at(i));
    cursor->seek("");
    while (cursor->valid()) cursor->next();
    WEIR_TRY(const bool damaged, ends_in_damage(*cursor));
    if (damaged) out.push_back(i < names.size() ? names[i].first : std::to_string(i));
  }
  return out;
}

Result<void> copy_readable(const Kv& from, Kv& to) {
  for (std::size_t i = 0; i < family_count; ++i) {
    Copier copier(to);
    WEIR_TRY(const bool damaged, copier.copy(from, family_at(i), ""));
    if (!damaged) continue;
    WEIR_TRY(const std::string next, first_behind_damage(from, family_at(i), copier.last()));
    if (next.empty()) continue;
    WEIR_CHECK(copier.copy(from, family_at(i), next));
  }
  WEIR_CHECK(settle_meta(to));
  return to.sync();
}

Result<std::string> rescue(const std::string& directory) {
  const std::string fresh = directory + ".rescued";
  std::error_code error;
  std::filesystem::remove_all(fresh, error);  // of a rescue that was cut off
  {
    WEIR_TRY(const auto damaged, open_rocks({.directory = directory, .read_only = true}));
    WEIR_TRY(const auto copy, open_rocks({.directory = fresh}));
    WEIR_CHECK(copy_readable(*damaged, *copy));
  }
  std::string kept = directory + ".damaged";
  for (int i = 2; std::filesystem::exists(kept, error); ++i)
    kept = directory + ".damaged-" + std::to_string(i);
  WEIR_CHECK(exchange(fresh, directory));
  std::filesystem::rename(fresh, kept, error);
  return error ? fresh : kept;
}

Result<void> salvage(const std::string& directory) {
  WEIR_CHECK(salvage_rocks(directory));
  WEIR_TRY(const auto kv, open_rocks({.directory = directory}));
  return settle_meta(*kv);
}

}  // namespace weir::store
