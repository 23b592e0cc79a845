// weir get: Flux objects and their state, in Flux's columns.
#include <strings.h>

#include "tools/weir/connection.hh"
#include "tools/weir/flux_kinds.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

struct GetFlags {
  Connection connection;
  std::string name, selector, status_selector, output = "table";
  bool all_namespaces = false, watch = false, no_header = false, show_source = false;

  void add_to(Args& args) {
    connection.add_to(args);
    args.positional("name", name, "Only the object of this name.", false);
    args.flag("-A,--all-namespaces", all_namespaces, "Objects of all namespaces.");
    args.flag("-w,--watch", watch, "Goes on printing objects as they change.");
    args.option("-l,--label-selector", selector, "Only objects with these labels.");
    args.option("--status-selector", status_selector,
                "Only objects with a condition: ready=false, ready!=true.");
    args.flag("--no-header", no_header, "Leaves the line of column names out.");
    args.flag("--show-source", show_source, "Shows the source of Kustomizations and HelmReleases.");
    args.choice("-o,--output", output, {"table", "wide", "json", "yaml"},
                "table, wide (with the source), or the objects as json or yaml.");
  }
};

// "type=status" or "type!=status", letter case ignored.
struct StatusSelector {
  std::string type, status;
  bool negated = false;

  static Result<StatusSelector> parse(const std::string& text) {
    StatusSelector selector;
    if (text.empty()) return selector;
    std::size_t at = text.find("!=");
    selector.negated = at != std::string::npos;
    if (!selector.negated) at = text.find('=');
    if (at == std::string::npos)
      return make_error(
          Code::invalid,
          "expected status selector in type=status or type!=status format, but found: " + text);
    selector.type = text.substr(0, at);
    selector.status = text.substr(at + (selector.negated ? 2 : 1));
    return selector;
  }

  bool matches(const FluxKind& kind, const Value& object) const {
    return type.empty() || has(kind, object) != negated;
  }

 private:
  bool has(const FluxKind& kind, const Value& object) const {
    const auto same = [](const std::string& a, std::string_view b) {
      return strcasecmp(a.c_str(), std::string(b).c_str()) == 0;
    };
    if (kind.always_ready) return same(type, "Ready") && same(status, "True");
    for (const Value& condition : object.path("status", "conditions").items())
      if (same(type, condition["type"].get_string()))
        return same(status, condition["status"].get_string());
    return false;
  }
};

std::vector<std::string> header_of(const FluxKind& kind, const GetFlags& flags) {
  std::vector<std::string> header;
  if (flags.all_namespaces) header.push_back("Namespace");
  header.push_back("Name");
  for (const KindColumn& column : kind.columns)
    if (!column.only_with_source || flags.show_source) header.emplace_back(column.header);
  return header;
}

std::vector<std::string> row_of(const FluxKind& kind, const Value& object, const GetFlags& flags,
                                bool with_kind) {
  std::vector<std::string> row;
  if (flags.all_namespaces) row.emplace_back(object.path("metadata", "namespace").get_string());
  std::string name(object.path("metadata", "name").get_string());
  if (with_kind) {
    std::string prefix = kind.gvk.kind;
    for (char& c : prefix) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    name = prefix + "/" + name;
  }
  row.push_back(std::move(name));
  for (const KindColumn& column : kind.columns)
    if (!column.only_with_source || flags.show_source) row.push_back(column.cell(object));
  return row;
}

Result<std::vector<Value>> list_kind(const FluxKind& kind, const GetFlags& flags) {
  reconcile::ListOptions options;
  if (!flags.all_namespaces) options.ns = flags.connection.ns();
  options.label_selector = flags.selector;
  if (!flags.name.empty()) options.field_selector = "metadata.name=" + flags.name;
  WEIR_TRY(reconcile::ListResult listed, flags.connection.kube().list(kind.gvk, options));
  return std::move(listed.items);
}

Error nothing_found(const FluxKind& kind, const GetFlags& flags) {
  const std::string where =
      (flags.all_namespaces ? "any" : "\"" + flags.connection.ns() + "\"") + " namespace";
  if (!flags.name.empty())
    return make_error(Code::not_found,
                      kind.gvk.kind + " object '" + flags.name + "' not found in " + where);
  return make_error(Code::not_found, "no " + kind.gvk.kind + " objects found in " + where);
}

int watch_kind(const FluxKind& kind, const GetFlags& flags, const StatusSelector& selector) {
  reconcile::WatchOptions options;
  options.gvk = kind.gvk;
  if (!flags.all_namespaces) options.ns = flags.connection.ns();
  options.label_selector = flags.selector;
  if (!flags.name.empty()) options.field_selector = "metadata.name=" + flags.name;
  bool first = !flags.no_header;
  int code = 0;
  follow(flags.connection, options, [&](const reconcile::WatchEvent& event) {
    if (event.type == reconcile::WatchType::failed) {
      code = failed(event.error.message);
      return event.error.code == Code::unavailable;
    }
    if (event.type == reconcile::WatchType::synced || !selector.matches(kind, event.object))
      return true;
    Table table;
    if (first) table.header = header_of(kind, flags);
    first = false;
    table.rows.push_back(row_of(kind, event.object, flags, false));
    print_table(table);
    return true;
  });
  return code;
}

// The objects of one kind that pass the selector; `all`: an absent or unserved kind is no error.
Result<std::vector<Value>> select(const FluxKind& kind, const GetFlags& flags,
                                  const StatusSelector& selector, bool all) {
  auto listed = list_kind(kind, flags);
  if (!listed.ok() && all && listed.error().reason == "NoMatch") return std::vector<Value>{};
  if (!listed.ok()) return std::move(listed).error();
  if (listed->empty() && !flags.name.empty()) return nothing_found(kind, flags);
  if (listed->empty() && !all) return nothing_found(kind, flags);
  std::vector<Value> chosen;
  for (Value& object : *listed)
    if (selector.matches(kind, object)) chosen.push_back(std::move(object));
  return chosen;
}

Table table_of(const FluxKind& kind, const std::vector<Value>& objects, const GetFlags& flags,
               bool with_kind) {
  Table table;
  if (!flags.no_header) table.header = header_of(kind, flags);
  for (const Value& object : objects) table.rows.push_back(row_of(kind, object, flags, with_kind));
  return table;
}

std::optional<int> begin(GetFlags& flags, Args& args, int argc, char** argv,
                         StatusSelector& selector) {
  flags.add_to(args);
  if (const auto code = args.parse(argc, argv)) return code;
  auto parsed = StatusSelector::parse(flags.status_selector);
  if (!parsed.ok()) return failed(parsed.error().message);
  selector = *parsed;
  if (flags.output == "wide") flags.show_source = true;
  auto opened = flags.connection.open();
  if (!opened.ok()) return failed(opened.error());
  return std::nullopt;
}

int get_kind(const FluxKind& kind, int argc, char** argv) {
  GetFlags flags;
  StatusSelector selector;
  Args args("get " + std::string(kind.group.empty() ? kind.words.front() : kind.human),
            "Prints " + kind.gvk.kind + " objects and their state.");
  if (const auto code = begin(flags, args, argc, argv, selector)) return *code;
  if (flags.watch) return watch_kind(kind, flags, selector);
  auto objects = select(kind, flags, selector, false);
  if (!objects.ok()) return failed(objects.error().message);
  if (flags.output == "json" || flags.output == "yaml") {
    print_objects(*objects, flags.output);
    return 0;
  }
  print_table(table_of(kind, *objects, flags, false));
  return 0;
}

// Kinds without objects are left out, and it never fails for one of them.
int get_all(std::string_view group, int argc, char** argv) {
  GetFlags flags;
  StatusSelector selector;
  Args args("get " + std::string(group.empty() ? "" : std::string(group) + " ") + "all",
            "Prints the objects of every kind and their state.");
  if (const auto code = begin(flags, args, argc, argv, selector)) return *code;
  if (flags.watch) return failed("expected a single resource type, but found all");
  std::vector<Value> everything;
  for (const FluxKind& kind : flux_kinds()) {
    if (group.empty() ? kind.group == "artifacts" : kind.group != group) continue;
    auto objects = select(kind, flags, selector, true);
    if (!objects.ok()) {
      say_failure(objects.error().message);
      continue;
    }
    if (objects->empty()) continue;
    if (flags.output == "json" || flags.output == "yaml") {
      everything.insert(everything.end(), objects->begin(), objects->end());
      continue;
    }
    print_table(table_of(kind, *objects, flags, true));
    print("\n");
  }
  if (!everything.empty()) print_objects(everything, flags.output);
  return 0;
}

}  // namespace

int run_get(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  const std::string_view group = kind_group(first);
  const int at = group.empty() ? 1 : 2;
  const std::string_view word = argc > at ? argv[at] : "";
  if (word == "all" && group != "artifacts") return get_all(group, argc - at, argv + at);
  std::vector<std::string_view> every;
  for (const FluxKind& kind : flux_kinds()) every.push_back(kind.gvk.kind);
  int code = 0;
  const KindWords words = take_kind("get", argc, argv, every, code);
  return words.kind == nullptr ? code : get_kind(*words.kind, words.argc, words.argv);
}

}  // namespace weir::cli
