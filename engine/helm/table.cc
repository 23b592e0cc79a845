#include "engine/helm/table.hh"

#include <algorithm>

#include "engine/base/limits.hh"

namespace weir::helm {

namespace {

bool key_below(const Table::Entry& entry, std::string_view key) { return entry.name() < key; }

// Takes a table that holds itself apart, so that its storage is freed.
void dismantle(Table& table) {
  std::vector<TablePtr> left;
  const auto take = [&left](Table& from) {
    for (Table::Entry& entry : from.entries())
      if (entry.slot.table) left.push_back(std::move(entry.slot.table));
  };
  take(table);
  while (!left.empty()) {
    const TablePtr next = std::move(left.back());
    left.pop_back();
    take(*next);
  }
}

}  // namespace

TablePtr Table::from_value(const Value& value) {
  WEIR_ASSERT(value.is_object());
  auto table = std::make_shared<Table>();
  table->entries_.reserve(value.size());
  for (const value::Member& member : value.members()) {
    Entry entry{member.key, {}};
    if (member.value.is_object()) {
      entry.slot.table = from_value(member.value);
    } else {
      entry.slot.value = member.value;
    }
    table->entries_.push_back(std::move(entry));
  }
  std::sort(table->entries_.begin(), table->entries_.end(),
            [](const Entry& a, const Entry& b) { return a.name() < b.name(); });
  return table;
}

Value Table::to_value() const {
  Value out = Value::object();
  out.reserve(entries_.size());
  for (const Entry& entry : entries_)
    out.append_member(entry.key,
                      entry.slot.table ? entry.slot.table->to_value() : entry.slot.value);
  return out;
}

const Slot* Table::find(std::string_view key) const {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), key, key_below);
  return at != entries_.end() && at->name() == key ? &at->slot : nullptr;
}

Slot* Table::find(std::string_view key) {
  return const_cast<Slot*>(static_cast<const Table*>(this)->find(key));
}

TablePtr Table::find_table(std::string_view key) const {
  const Slot* slot = find(key);
  return slot ? slot->table : nullptr;
}

void Table::set(std::string_view key, Slot slot) {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), key, key_below);
  if (at != entries_.end() && at->name() == key) {
    at->slot = std::move(slot);
  } else {
    entries_.insert(at, Entry{Value(key), std::move(slot)});
  }
}

bool Table::erase(std::string_view key) {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), key, key_below);
  if (at == entries_.end() || at->name() != key) return false;
  entries_.erase(at);
  return true;
}

TablePtr Table::shallow_copy() const { return std::make_shared<Table>(*this); }

TablePtr Table::copy_below(std::size_t depth) const {
  if (depth > base::limits::helm_values_depth_max) return nullptr;
  TablePtr copy = shallow_copy();
  for (Entry& entry : copy->entries_) {
    if (!entry.slot.table) continue;
    entry.slot.table = entry.slot.table->copy_below(depth + 1);
    if (!entry.slot.table) return nullptr;
  }
  return copy;
}

Result<TablePtr> Table::deep_copy() const {
  TablePtr copy = copy_below(0);
  if (copy) return copy;
  dismantle(const_cast<Table&>(*this));
  return make_error(Code::limit, "values nest deeper than " +
                                     std::to_string(base::limits::helm_values_depth_max) +
                                     " levels (helm_values_depth_max)");
}

void Table::drop_nulls() {
  std::erase_if(entries_, [](const Entry& entry) { return entry.slot.is_null(); });
  for (Entry& entry : entries_)
    if (entry.slot.table) entry.slot.table->drop_nulls();
}

Value with_go_numbers(Value value) {
  if (value.is_integer()) return Value(value.as_double());
  if (value.is_scalar()) return value;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value.is_array()) {
      Value& item = value.item_mut(i);
      item = with_go_numbers(std::move(item));
    } else {
      Value& member = value.member_mut(i).value;
      member = with_go_numbers(std::move(member));
    }
  }
  return value;
}

}  // namespace weir::helm
