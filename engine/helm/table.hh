// Chart values while they are put together: nested tables that are shared and edited in place, as
// Go shares its maps. Helm's merging leans on that (what a subchart adds to a nested global shows
// in its parent), so a copy-on-write tree would give other values than Helm does.
//
// Everything but a table is held as a Value and never edited. Numbers read from YAML are doubles,
// those of --set are integers, as in Go. A Table is used by one thread at a time.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::helm {

class Table;
using TablePtr = std::shared_ptr<Table>;

// What a key holds: a table, or any other value (`value`, null included).
struct Slot {
  Value value;
  TablePtr table;

  bool is_table() const { return table != nullptr; }
  bool is_null() const { return !table && value.is_null(); }
};

// Keys are sorted bytewise; there is one slot a key.
class Table {
 public:
  struct Entry {
    Value key;  // a string
    Slot slot;
    std::string_view name() const { return key.as_string(); }
  };

  // Objects become tables, at every depth but below arrays. `value` must be an object (asserted).
  static TablePtr from_value(const Value& value);
  Value to_value() const;

  std::span<const Entry> entries() const { return entries_; }
  std::span<Entry> entries() { return entries_; }
  bool empty() const { return entries_.empty(); }
  // nullptr when absent.
  const Slot* find(std::string_view key) const;
  Slot* find(std::string_view key);
  // The nested table under `key`; nullptr when there is none, or something else.
  TablePtr find_table(std::string_view key) const;
  void set(std::string_view key, Slot slot);
  void set(std::string_view key, Value value) { set(key, Slot{std::move(value), nullptr}); }
  bool erase(std::string_view key);

  // The same slots, nested tables shared.
  TablePtr shallow_copy() const;
  // Nothing shared. Error: limit (helm_values_depth_max, which only a table that holds itself
  // meets; it is then emptied).
  Result<TablePtr> deep_copy() const;
  // Without nulls, at every depth.
  void drop_nulls();

 private:
  TablePtr copy_below(std::size_t depth) const;

  std::vector<Entry> entries_;
};

// Integers become the doubles that Go makes of every number it reads from JSON or YAML.
Value with_go_numbers(Value value);

}  // namespace weir::helm
