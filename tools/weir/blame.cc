// weir blame: what set each field of an object, and who.
#include "engine/value/json.hh"
#include "tools/weir/client.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

constexpr std::size_t width_max = 40;

std::string shown(const Value& value) {
  std::string text = value.is_string() ? std::string(value.as_string()) : value::write_json(value);
  const std::size_t end = std::min(text.find('\n'), width_max);
  if (end >= text.size()) return text;
  text.resize(end);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.pop_back();
  return text + "...";
}

std::string place_of(const Value& row) {
  std::string place(row["file"].get_string());
  if (row.contains("line")) place += ":" + std::to_string(row["line"].get_int());
  return place;
}

// Of a chart's value: which, and who gave it.
std::string setter_of(const Value& row) {
  std::string text(row["setBy"].get_string());
  if (!row.contains("givenBy")) return text;
  text += " of ";
  const std::string place = place_of(row["given"]);
  return text + (place.empty() ? std::string(row["givenBy"].get_string()) : place);
}

std::vector<std::string> cells(const Value& row, bool wide) {
  const Value& commit = row["commit"];
  std::string set_by = setter_of(row);
  // Another manager has the last word on it.
  if (row.contains("manager")) set_by = "manager " + std::string(row["manager"].get_string());
  const bool others = row.contains("manager");
  std::vector<std::string> out = {
      std::string(row["field"].get_string()),
      shown(row.contains("live") ? row["live"] : row["value"]),
      set_by,
      place_of(row),
      others ? "" : std::string(commit["sha"].get_string()).substr(0, 8),
      others ? "" : std::string(commit["author"].get_string()),
      short_time(others ? row["managerTime"] : commit["time"])};
  if (!wide) return out;
  out.push_back(std::to_string(row.path("since", "seq").get_int()));
  out.emplace_back(commit["subject"].get_string());
  return out;
}

}  // namespace

int run_blame(int argc, char** argv) {
  AuditClient client;
  ObjectName object;
  std::string at, output = "table";
  Args args("blame",
            "What set each field of an object: file and line, generator, patch, transformer or "
            "substitution, the commit and its author; or the other manager that holds it now. "
            "'weir blame KIND/NAME .spec.replicas' tells of one field and those below.");
  object.add_to(args);
  client.add_to(args);
  args.option("--at", at, "A time (RFC 3339, -2h), a sequence number or a revision. Default: now.");
  args.choice("-o,--output", output, {"table", "wide", "json", "yaml"}, "How to print it.");
  if (const auto code = args.parse(argc, argv)) return *code;
  std::string field;
  const bool has_slash =
      !object.words.empty() && object.words.front().find('/') != std::string::npos;
  if (object.words.size() == (has_slash ? 2u : 3u)) {
    field = object.words.back();
    object.words.pop_back();
  }
  if (const auto read = object.read(); !read.ok()) return failed_request(read.error());
  if (const auto opened = client.open(); !opened.ok()) return failed_request(opened.error());
  const auto answer = client.get(object.path() + "/blame", {{"field", field}, {"at", at}});
  if (!answer.ok()) return failed_request(answer.error());
  if (output == "json" || output == "yaml") {
    print_document(*answer, output);
    return 0;
  }
  Table table{{"field", "value", "set by", "at", "commit", "author", "when"}, {}};
  if (output == "wide") table.header.insert(table.header.end(), {"since", "subject"});
  for (const Value& row : (*answer)["fields"].items())
    table.rows.push_back(cells(row, output == "wide"));
  print_table(table);
  if (answer->contains("chart"))
    print("chart " + std::string((*answer)["chart"].get_string()) + "\n");
  if (answer->contains("note")) say_warning((*answer)["note"].get_string());
  return 0;
}

}  // namespace weir::cli
