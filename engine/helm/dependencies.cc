#include "engine/helm/dependencies.hh"

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>

#include "engine/base/limits.hh"
#include "engine/helm/text.hh"
#include "engine/template/datum.hh"
#include "engine/template/format.hh"

namespace weir::helm {

namespace {

// The table that a dotted path leads to; nullptr when a step is missing or no table.
TablePtr table_at(TablePtr table, std::string_view path) {
  for (const std::string_view step : split(path, '.')) {
    table = table->find_table(step);
    if (!table) return nullptr;
  }
  return table;
}

// The value at a dotted path, unless it is a table; nullptr when there is none.
const Value* scalar_at(const TablePtr& values, std::string_view path) {
  const std::size_t dot = path.rfind('.');
  TablePtr table = values;
  if (dot != std::string_view::npos) table = table_at(values, path.substr(0, dot));
  if (!table) return nullptr;
  const Slot* slot = table->find(dot == std::string_view::npos ? path : path.substr(dot + 1));
  return slot && !slot->table ? &slot->value : nullptr;
}

// "a.b" over a table: {a: {b: table}}; "." is the table itself.
TablePtr nest(std::string_view path, TablePtr table) {
  if (path == ".") return table;
  const auto steps = split(path, '.');
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    auto outer = std::make_shared<Table>();
    outer->set(*step, Slot{{}, std::move(table)});
    table = std::move(outer);
  }
  return table;
}

// fmt.Sprintf("%v") of a field that may be missing.
std::string text_at(const Value& object, std::string_view key) {
  return tmpl::text_of(tmpl::from_value(object[key]));
}

class Processor {
 public:
  Processor(ChartSet& charts, Coalescer& coalescer) : charts_(charts), coalescer_(coalescer) {}

  // Aliases and drops dependencies, from `chart` down. `path` leads to the chart in the root's
  // values: "", "sub.".
  Result<void> enable(Chart& chart, const Table& values, const std::string& path,
                      std::size_t depth) {
    if (!chart.metadata.has_dependencies) return {};
    if (depth > base::limits::helm_chart_depth_max)
      return make_error(Code::limit, "charts nest too deeply at " + chart.full_path() +
                                         " (helm_chart_depth_max)");
    WEIR_TRY(std::vector<Chart*> below, aliased(chart));
    set_dependencies(chart, std::move(below));
    std::vector<Dependency>& entries = chart.metadata.dependencies;
    for (Dependency& entry : entries) entry.enabled = true;
    WEIR_TRY(const TablePtr coalesced, coalescer_.coalesce(chart, values));
    apply_tags(entries, *coalesced);
    apply_conditions(entries, coalesced, path);
    std::set<std::string> off;
    for (const Dependency& entry : entries)
      if (!entry.enabled) off.insert(entry.name);
    std::vector<Chart*> kept;
    for (Chart* dependency : chart.dependencies)
      if (off.count(dependency->name()) == 0) kept.push_back(dependency);
    std::erase_if(entries, [&](const Dependency& entry) { return off.count(entry.name) > 0; });
    share(chart);
    for (Chart* dependency : kept)
      WEIR_CHECK(enable(*dependency, *coalesced, path + dependency->name() + ".", depth + 1));
    chart.metadata.has_dependencies = !entries.empty();
    share(chart);
    set_dependencies(chart, std::move(kept));
    return {};
  }

  // Takes import-values, from the deepest charts up.
  Result<void> import(Chart& chart) {
    for (Chart* dependency : chart.dependencies) WEIR_CHECK(import(*dependency));
    if (!chart.metadata.has_dependencies) return {};
    WEIR_TRY(TablePtr values, coalescer_.merge(chart, Table()));
    auto imported = std::make_shared<Table>();
    // What was imported for another chart with the same Chart.yaml is not understood again, and
    // lost.
    const bool again = !imported_.insert(identity(chart)).second;
    for (Dependency& entry : chart.metadata.dependencies) {
      if (again) entry.import_values.clear();
      WEIR_CHECK(import_from(entry, values, imported));
    }
    share(chart);
    // What is imported has a lower priority than the parent's own values.
    WEIR_TRY(chart.values, values->deep_copy());
    return coalescer_.merge_tables(chart.values, imported);
  }

 private:
  static void set_dependencies(Chart& chart, std::vector<Chart*> dependencies) {
    for (Chart* dependency : dependencies) dependency->parent = &chart;
    chart.dependencies = std::move(dependencies);
  }

  static bool is_named_by(const Chart& chart, const Dependency& entry) {
    return chart.name() == entry.name && is_compatible_range(entry.version, chart.metadata.version);
  }

  // The charts that no entry of Chart.yaml names, then a copy for each entry that names one.
  Result<std::vector<Chart*>> aliased(Chart& chart) {
    std::vector<Chart*> out;
    std::vector<Dependency>& entries = chart.metadata.dependencies;
    for (Chart* dependency : chart.dependencies) {
      const bool named = std::any_of(entries.begin(), entries.end(), [&](const Dependency& e) {
        return is_named_by(*dependency, e);
      });
      if (!named) out.push_back(dependency);
    }
    for (Dependency& entry : entries) {
      const auto found =
          std::find_if(chart.dependencies.begin(), chart.dependencies.end(),
                       [&](const Chart* dependency) { return is_named_by(*dependency, entry); });
      if (found != chart.dependencies.end()) {
        WEIR_TRY(Chart * copy, copy_of(**found));
        if (!entry.alias.empty()) copy->metadata.name = entry.alias;
        out.push_back(copy);
      }
      if (!entry.alias.empty()) entry.name = entry.alias;
    }
    return out;
  }

  // A copy with copies of the charts right below it; what is deeper keeps its parent, as in Helm.
  // The copies below have one Chart.yaml with what they were copied from: what is done to the
  // entries of one is done to all.
  Result<Chart*> copy_of(const Chart& chart) {
    WEIR_TRY(Chart * copy, charts_.add(chart));
    std::vector<Chart*> below;
    for (Chart* dependency : chart.dependencies) {
      WEIR_TRY(Chart * its_copy, charts_.add(*dependency));
      below.push_back(its_copy);
      auto& sharing = sharing_[dependency];
      if (!sharing) sharing = std::make_shared<std::vector<Chart*>>(1, dependency);
      sharing->push_back(its_copy);
      sharing_[its_copy] = sharing;
    }
    set_dependencies(*copy, std::move(below));
    return copy;
  }

  // Of the Chart.yaml.
  const void* identity(const Chart& chart) const {
    const auto found = sharing_.find(&chart);
    return found == sharing_.end() ? static_cast<const void*>(&chart) : found->second.get();
  }

  void share(const Chart& chart) {
    const auto found = sharing_.find(&chart);
    if (found == sharing_.end()) return;
    for (Chart* other : *found->second) {
      if (other == &chart) continue;
      other->metadata.dependencies = chart.metadata.dependencies;
      other->metadata.has_dependencies = chart.metadata.has_dependencies;
    }
  }

  void apply_tags(std::vector<Dependency>& entries, const Table& values) {
    const TablePtr tags = values.find_table("tags");
    if (!tags) return;
    for (Dependency& entry : entries) {
      bool any_true = false, any_false = false;
      for (const std::string& tag : entry.tags) {
        const Slot* slot = tags->find(tag);
        if (!slot) continue;
        if (!slot->table && slot->value.is_bool()) {
          (slot->value.as_bool() ? any_true : any_false) = true;
        } else {
          coalescer_.warn("returned non-bool value: tag " + tag + " of chart " + entry.name);
        }
      }
      entry.enabled = any_true || !any_false;
    }
  }

  void apply_conditions(std::vector<Dependency>& entries, const TablePtr& values,
                        const std::string& path) {
    for (Dependency& entry : entries) {
      for (const std::string_view condition : split(trim_space(entry.condition), ',')) {
        if (condition.empty()) continue;
        const Value* found = scalar_at(values, path + std::string(condition));
        if (!found) continue;
        if (found->is_bool()) {
          entry.enabled = found->as_bool();
          break;
        }
        coalescer_.warn("returned non-bool value: path " + std::string(condition) + " of chart " +
                        entry.name);
      }
    }
  }

  Result<void> import_from(Dependency& entry, const TablePtr& values, const TablePtr& imported) {
    std::vector<Value> normalized;
    for (const Value& item : entry.import_values) {
      std::string child, parent = ".";
      if (item.is_object()) {
        child = text_at(item, "child");
        parent = text_at(item, "parent");
      } else if (item.is_string()) {
        child = "exports." + std::string(item.as_string());
      } else {
        continue;
      }
      normalized.push_back(Value::object({{"child", Value(child)}, {"parent", Value(parent)}}));
      TablePtr table = table_at(values, entry.name + "." + child);
      // What is empty is not shared: imported into itself, it would hold itself.
      if (table && table->entries().empty()) table = std::make_shared<Table>();
      if (!table) {
        coalescer_.warn("ImportValues missing table from chart " + entry.name + ": " + child);
        continue;
      }
      WEIR_CHECK(coalescer_.merge_tables(imported, nest(parent, table)));
    }
    entry.import_values = std::move(normalized);
    return {};
  }

  ChartSet& charts_;
  Coalescer& coalescer_;
  // The charts that have one Chart.yaml, by each of them.
  std::unordered_map<const Chart*, std::shared_ptr<std::vector<Chart*>>> sharing_;
  std::set<const void*> imported_;
};

}  // namespace

Result<void> process_dependencies(ChartSet& charts, const Table& values, Coalescer& coalescer) {
  Processor processor(charts, coalescer);
  WEIR_CHECK(processor.enable(charts.root(), values, "", 0)
                 .with_context("chart dependencies processing failed"));
  return processor.import(charts.root()).with_context("chart dependencies processing failed");
}

}  // namespace weir::helm
