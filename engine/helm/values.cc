#include "engine/helm/values.hh"

#include "engine/helm/load.hh"
#include "engine/helm/text.hh"
#include "engine/value/json.hh"

namespace weir::helm {

namespace {

// "--set-json '{...}'" merges a whole object; everything else sets paths.
Result<void> set_json(TablePtr& base, const std::string& text) {
  const std::string_view trimmed = trim_space(text);
  if (trimmed.starts_with('{')) {
    auto parsed = value::parse_json(trimmed);
    if (!parsed.ok() || !parsed->is_object())
      return make_error(Code::invalid, "failed parsing --set-json data JSON: " + text);
    merge_values(*base, *Table::from_value(with_go_numbers(*std::move(parsed))));
    return {};
  }
  Value values = base->to_value();
  if (!set_values(values, text, SetKind::json).ok())
    return make_error(Code::invalid, "failed parsing --set-json data " + text);
  base = Table::from_value(values);
  return {};
}

struct Setting {
  const std::vector<std::string>& texts;
  SetKind kind;
  std::string_view flag;
};

}  // namespace

Result<TablePtr> merge_value_sources(const ValueSources& sources, const FileReader& read_file) {
  auto base = std::make_shared<Table>();
  for (const std::string& file : sources.files) {
    WEIR_TRY(const std::string text, read_file(file));
    WEIR_TRY(const TablePtr values, load_values(text).with_context("failed to parse " + file));
    merge_values(*base, *values);
  }
  for (const std::string& text : sources.json_values) WEIR_CHECK(set_json(base, text));
  const Setting settings[] = {
      {sources.values, SetKind::typed, "--set"},
      {sources.string_values, SetKind::string, "--set-string"},
      {sources.file_values, SetKind::file, "--set-file"},
      {sources.literal_values, SetKind::literal, "--set-literal"},
  };
  for (const Setting& setting : settings) {
    if (setting.texts.empty()) continue;
    Value values = base->to_value();
    for (const std::string& text : setting.texts)
      WEIR_CHECK(set_values(values, text, setting.kind, read_file)
                     .with_context("failed parsing " + std::string(setting.flag) + " data"));
    base = Table::from_value(values);
  }
  return base;
}

}  // namespace weir::helm
