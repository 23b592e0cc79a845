// Puts a chart's values together as Helm does: what the user gave over the chart's values.yaml,
// down through its subcharts, `global` handed on from each chart to those below it, a null taking
// a default away.
//
// The order of the work and what is shared between charts follow Helm: a table below a global
// that a subchart adds to is seen by its parent and its later siblings. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/helm/chart.hh"
#include "engine/helm/table.hh"

namespace weir::helm {

// Whose behaviour is asked for where two releases of Helm differ.
enum class Compat : unsigned char {
  helm_4_2,  // 4.2.0 to 4.2.2; the default
  helm_4_1,
  helm_4_2_4,  // what helm-controller 1.6.4 links: documents are cut apart otherwise
};

class Coalescer {
 public:
  // `warnings` gets Helm's own ("warning: skipped value for a.b: Not a table."), each once.
  Coalescer(Compat compat, std::vector<std::string>& warnings)
      : compat_(compat), warnings_(warnings) {}

  // `values` over the defaults of `chart` and the charts below it; nulls take defaults away.
  // `values` is not changed. Errors: invalid (a subchart's values are no table), limit.
  Result<TablePtr> coalesce(const Chart& chart, const Table& values);
  // The same, nulls kept.
  Result<TablePtr> merge(const Chart& chart, const Table& values);

  // `over` wins over `under`, nulls kept; both are edited and may share tables afterwards. Error:
  // limit (tables that hold themselves).
  Result<void> merge_tables(const TablePtr& over, const TablePtr& under);

  void warn(std::string text);

 private:
  Result<void> chart_values(const Chart& chart, const TablePtr& values, const std::string& prefix,
                            bool merge);
  Result<void> own_values(const Chart& chart, Table& values, const std::string& prefix, bool merge);
  void global_values(Table& below, const Table& above, const std::string& prefix);
  void tables(Table& over, Table& under, const std::string& prefix, bool merge);
  Result<void> check_depth() const;

  const Compat compat_;
  std::vector<std::string>& warnings_;
  std::size_t depth_ = 0;
  bool too_deep_ = false;
};

}  // namespace weir::helm
