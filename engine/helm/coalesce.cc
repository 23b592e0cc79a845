#include "engine/helm/coalesce.hh"

#include <algorithm>

#include "engine/base/limits.hh"
#include "engine/template/datum.hh"
#include "engine/template/format.hh"

namespace weir::helm {

namespace {

constexpr std::string_view global_key = "global";

std::string join(std::string_view prefix, std::string_view key) {
  if (prefix.empty()) return std::string(key);
  return std::string(prefix).append(".").append(key);
}

// The value in a warning, as %v prints it.
std::string shown(const Slot& slot) {
  const Value value = slot.table ? slot.table->to_value() : slot.value;
  return tmpl::text_of(tmpl::from_value(value, tmpl::Numbers::keep));
}

bool names_subchart(const Chart& chart, std::string_view key) {
  return std::any_of(chart.dependencies.begin(), chart.dependencies.end(),
                     [key](const Chart* below) { return below->name() == key; });
}

}  // namespace

void Coalescer::warn(std::string text) {
  if (std::find(warnings_.begin(), warnings_.end(), text) == warnings_.end())
    warnings_.push_back(std::move(text));
}

Result<TablePtr> Coalescer::coalesce(const Chart& chart, const Table& values) {
  WEIR_TRY(TablePtr copy, values.deep_copy());
  WEIR_CHECK(chart_values(chart, copy, "", false));
  return copy;
}

Result<TablePtr> Coalescer::merge(const Chart& chart, const Table& values) {
  WEIR_TRY(TablePtr copy, values.deep_copy());
  WEIR_CHECK(chart_values(chart, copy, "", true));
  return copy;
}

Result<void> Coalescer::merge_tables(const TablePtr& over, const TablePtr& under) {
  tables(*over, *under, "", true);
  return check_depth();
}

Result<void> Coalescer::check_depth() const {
  if (!too_deep_) return {};
  return make_error(Code::limit, "values nest deeper than " +
                                     std::to_string(base::limits::helm_values_depth_max) +
                                     " levels (helm_values_depth_max)");
}

Result<void> Coalescer::chart_values(const Chart& chart, const TablePtr& values,
                                     const std::string& prefix, bool merge) {
  WEIR_CHECK(own_values(chart, *values, prefix, merge));
  const std::string below_prefix = join(prefix, chart.name());
  for (const Chart* below : chart.dependencies) {
    const Slot* slot = values->find(below->name());
    if (slot && !slot->table) {
      std::string text;
      const tmpl::Datum operands[] = {
          tmpl::Datum::string(below->name()),
          tmpl::from_value(slot->value, tmpl::Numbers::keep),
      };
      tmpl::append_printf(text, "type mismatch on %s: %t", operands);
      return make_error(Code::invalid, std::move(text));
    }
    TablePtr its_values = slot ? slot->table : nullptr;
    if (!its_values) {
      its_values = std::make_shared<Table>();
      values->set(below->name(), Slot{{}, its_values});
    }
    global_values(*its_values, *values, below_prefix);
    WEIR_CHECK(chart_values(*below, its_values, below_prefix, merge));
  }
  return check_depth();
}

void Coalescer::global_values(Table& below, const Table& above, const std::string& prefix) {
  const Slot* below_slot = below.find(global_key);
  if (below_slot && !below_slot->table)
    return warn("warning: skipping globals because destination global is not a table.");
  const TablePtr target = below_slot ? below_slot->table : std::make_shared<Table>();
  const Slot* above_slot = above.find(global_key);
  if (above_slot && !above_slot->table)
    return warn("warning: skipping globals because source global is not a table.");
  below.set(global_key, Slot{{}, target});
  if (!above_slot) return;
  for (const Table::Entry& entry : above_slot->table->entries()) {
    const std::string_view key = entry.name();
    const Slot* there = target->find(key);
    if (entry.slot.table) {
      // The copy is shallow: what it holds stays shared with the chart above.
      const TablePtr copy = entry.slot.table->shallow_copy();
      if (there && !there->table) {
        warn("Conflict: cannot merge map onto non-map for " + tmpl::quoted(key) + ". Skipping.");
        continue;
      }
      if (there) tables(*copy, *there->table, join(prefix, key), true);
      target->set(key, Slot{{}, copy});
    } else if (there && there->table) {
      warn("key " + std::string(key) + " is table. Skipping");
    } else {
      target->set(key, entry.slot);
    }
  }
}

Result<void> Coalescer::own_values(const Chart& chart, Table& values, const std::string& prefix,
                                   bool merge) {
  if (!chart.values) return {};
  WEIR_TRY(const TablePtr defaults, chart.values->deep_copy());
  const std::string chart_prefix = join(prefix, chart.name());
  const bool drops_nulls = compat_ != Compat::helm_4_1;
  for (Table::Entry& entry : defaults->entries()) {
    const std::string_view key = entry.name();
    Slot* given = values.find(key);
    if (!given) {
      if (!merge && drops_nulls) {
        if (entry.slot.is_null()) continue;
        if (entry.slot.table) entry.slot.table->drop_nulls();
      }
      values.set(key, std::move(entry.slot));
    } else if (given->is_null()) {
      if (!merge) values.erase(key);
    } else if (given->table) {
      if (!entry.slot.table) {
        if (!entry.slot.is_null())
          warn("warning: skipped value for " + join(chart_prefix, key) + ": Not a table.");
        continue;
      }
      // A subchart's values keep their nulls until that subchart's turn.
      const bool keep_nulls = merge || names_subchart(chart, key);
      if (!keep_nulls && drops_nulls) entry.slot.table->drop_nulls();
      const TablePtr target = given->table;
      tables(*target, *entry.slot.table, join(chart_prefix, key), keep_nulls);
    }
  }
  return {};
}

void Coalescer::tables(Table& over, Table& under, const std::string& prefix, bool merge) {
  if (&over == &under || too_deep_) return;
  if (depth_ >= base::limits::helm_values_depth_max) {
    too_deep_ = true;
    return;
  }
  ++depth_;
  std::vector<Table::Entry> defaults(under.entries().begin(), under.entries().end());
  for (const Table::Entry& entry : over.entries())
    if (entry.slot.is_null()) under.set(entry.name(), Value());
  for (Table::Entry& entry : defaults) {
    const std::string_view key = entry.name();
    const Slot* there = over.find(key);
    if (!there) {
      over.set(key, entry.slot);
      continue;
    }
    if (there->is_null()) {
      // A null over a default takes it away; where the default is null too, it stays.
      if (!merge && !entry.slot.is_null()) over.erase(key);
      continue;
    }
    if (entry.slot.table && there->table) {
      const TablePtr target = there->table;
      tables(*target, *entry.slot.table, join(prefix, key), merge);
    } else if (entry.slot.table) {
      warn("warning: cannot overwrite table with non table for " + join(prefix, key) + " (" +
           shown(entry.slot) + ")");
    } else if (there->table && !entry.slot.is_null()) {
      warn("warning: destination for " + join(prefix, key) +
           " is a table. Ignoring non-table value (" + shown(entry.slot) + ")");
    }
  }
  --depth_;
}

}  // namespace weir::helm
