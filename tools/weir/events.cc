// weir events: the Kubernetes events of Flux objects.
#include <strings.h>

#include <algorithm>

#include "adapters/clock/system_clock.hh"
#include "engine/base/duration.hh"
#include "tools/weir/connection.hh"
#include "tools/weir/flux_kinds.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

struct EventFlags {
  Connection connection;
  std::string selector;
  std::vector<std::string> types;
  bool all_namespaces = false, watch = false;
};

// One list or watch: the namespace ("" = all) and the field selector.
struct Query {
  std::string ns, fields;
};

const Gvk event_gvk{"", "v1", "Event"};

bool same_word(std::string_view a, std::string_view b) {
  return strcasecmp(std::string(a).c_str(), std::string(b).c_str()) == 0;
}

std::string involved(std::string_view kind, std::string_view name) {
  std::string fields = "involvedObject.kind=" + std::string(kind);
  if (!name.empty()) fields += ",involvedObject.name=" + std::string(name);
  return fields;
}

// The field that names what an object of the kind works from, and the kind when the field has none.
struct ReferenceRule {
  std::string_view kind, field, of_kind;
};
constexpr ReferenceRule rules[] = {{"Kustomization", "sourceRef", ""},
                                   {"HelmRelease", "chart", ""},
                                   {"HelmChart", "sourceRef", ""},
                                   {"Alert", "providerRef", "Provider"},
                                   {"ImagePolicy", "imageRepositoryRef", "ImageRepository"}};

Result<std::vector<Query>> referenced(const EventFlags& flags, const FluxKind& kind,
                                      const std::string& name) {
  std::vector<Query> queries;
  for (const ReferenceRule& rule : rules) {
    if (rule.kind != kind.gvk.kind) continue;
    const std::string& ns = flags.connection.ns();
    WEIR_TRY(const Value object, flags.connection.kube().get({kind.gvk, ns, name}));
    const bool release = rule.kind == "HelmRelease";
    const Value& field = object.path("spec", rule.field);
    const Value& reference = release ? field.path("spec", "sourceRef") : field;
    if (!reference.is_object())
      return make_error(Code::invalid, "field 'spec." + std::string(rule.field) + "' for '" + ns +
                                           "/" + name + "' not found");
    const std::string_view other = reference["namespace"].get_string();
    const std::string where(other.empty() || rule.kind == "Alert" ? std::string_view(ns) : other);
    const std::string_view of_kind =
        rule.of_kind.empty() ? reference["kind"].get_string() : rule.of_kind;
    queries.push_back({where, involved(of_kind, reference["name"].get_string())});
    if (release) queries.push_back({where, involved("HelmChart", ns + "-" + name)});
  }
  return queries;
}

// The queries that --for and --namespace ask for.
Result<std::vector<Query>> queries_of(const EventFlags& flags) {
  const std::string ns = flags.all_namespaces ? "" : flags.connection.ns();
  if (flags.selector.empty()) return std::vector<Query>{{ns, ""}};
  const std::size_t slash = flags.selector.find('/');
  const std::string word = flags.selector.substr(0, slash);
  const std::string name = slash == std::string::npos ? "" : flags.selector.substr(slash + 1);
  if (word.empty())
    return make_error(Code::invalid, "--for selector must be of format <kind>[/<name>]");
  const FluxKind* kind = find_kind_named(word);
  if (kind == nullptr)
    return make_error(Code::invalid, "'" + word + "' is not a recognized Flux kind");
  std::vector<Query> queries = {{ns, involved(kind->gvk.kind, name)}};
  if (name.empty()) return queries;
  WEIR_TRY(const std::vector<Query> more, referenced(flags, *kind, name));
  queries.insert(queries.end(), more.begin(), more.end());
  return queries;
}

std::string age_of(const Value& time, base::TimeUs now) {
  const auto then = base::parse_rfc3339(time.get_string());
  if (!then.ok() || *then == 0) return "<unknown>";
  return base::format_age(std::chrono::microseconds(now - *then));
}

base::TimeUs sort_time(const Value& event) {
  const Value& series = event["series"];
  const Value& last = event["lastTimestamp"];
  const Value& time = series.is_object() ? series["lastObservedTime"]
                      : last.is_string() ? last
                                         : event["eventTime"];
  const auto parsed = base::parse_rfc3339(time.get_string());
  return parsed.ok() ? *parsed : 0;
}

std::string last_seen(const Value& event, base::TimeUs now) {
  const std::string first =
      age_of(event["eventTime"].is_string() ? event["eventTime"] : event["firstTimestamp"], now);
  const Value& series = event["series"];
  const auto repeated = [&](const Value& last, std::int64_t count) {
    return age_of(last, now) + " (x" + std::to_string(count) + " over " + first + ")";
  };
  if (series.is_object()) return repeated(series["lastObservedTime"], series["count"].get_int());
  const std::int64_t count = event["count"].get_int();
  return count > 1 ? repeated(event["lastTimestamp"], count) : first;
}

bool is_shown(const EventFlags& flags, const Value& event) {
  const std::string_view kind = event.path("involvedObject", "kind").get_string();
  const FluxKind* known = find_kind_named(kind);
  if (known == nullptr || known->gvk.kind == "ExternalArtifact") return false;
  const auto is_type = [&](const std::string& type) {
    return same_word(type, event["type"].get_string());
  };
  return flags.types.empty() || std::any_of(flags.types.begin(), flags.types.end(), is_type);
}

std::vector<std::string> row_of(const Value& event, bool with_namespace) {
  std::vector<std::string> row;
  if (with_namespace) row.emplace_back(event.path("metadata", "namespace").get_string());
  row.push_back(last_seen(event, clock::SystemClock().now()));
  row.emplace_back(event["type"].get_string());
  row.emplace_back(event["reason"].get_string());
  row.push_back(std::string(event.path("involvedObject", "kind").get_string()) + "/" +
                std::string(event.path("involvedObject", "name").get_string()));
  row.emplace_back(event["message"].get_string());
  return row;
}

std::vector<std::string> header(bool with_namespace) {
  std::vector<std::string> names = {"Last seen", "Type", "Reason", "Object", "Message"};
  if (with_namespace) names.insert(names.begin(), "Namespace");
  return names;
}

int list_events(const EventFlags& flags, const std::vector<Query>& queries, bool with_namespace) {
  std::vector<Value> events;
  for (const Query& query : queries) {
    reconcile::ListOptions options;
    options.ns = query.ns;
    options.field_selector = query.fields;
    auto listed = flags.connection.kube().list(event_gvk, options);
    if (!listed.ok()) return failed("error getting events: " + listed.error().message);
    for (Value& event : listed->items)
      if (is_shown(flags, event)) events.push_back(std::move(event));
  }
  if (events.empty()) {
    say_failure(flags.all_namespaces
                    ? "No events found."
                    : "No events found in " + flags.connection.ns() + " namespace.");
    return 0;
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const Value& a, const Value& b) { return sort_time(a) < sort_time(b); });
  Table table;
  table.header = header(with_namespace);
  for (const Value& event : events) table.rows.push_back(row_of(event, with_namespace));
  print_table(table);
  return 0;
}

bool matches(const Query& query, const Value& event) {
  const std::string_view ns = event.path("metadata", "namespace").get_string();
  const Value& object = event["involvedObject"];
  const std::string kind = involved(object["kind"].get_string(), "");
  const std::string both = involved(object["kind"].get_string(), object["name"].get_string());
  return (query.ns.empty() || query.ns == ns) &&
         (query.fields.empty() || query.fields == kind || query.fields == both);
}

int watch_events(const EventFlags& flags, const std::vector<Query>& queries, bool with_namespace) {
  bool first = true;
  int code = 0;
  reconcile::WatchOptions options;
  options.gvk = event_gvk;
  if (queries.size() == 1) {
    options.ns = queries[0].ns;
    options.field_selector = queries[0].fields;
  }
  follow(flags.connection, options, [&](const reconcile::WatchEvent& event) {
    if (event.type == reconcile::WatchType::failed) {
      code = failed("error watching events: " + event.error.message);
      return event.error.code == Code::unavailable;
    }
    const bool changed =
        event.type == reconcile::WatchType::added || event.type == reconcile::WatchType::modified;
    const auto wanted = [&](const Query& query) { return matches(query, event.object); };
    if (!changed || !is_shown(flags, event.object) ||
        std::none_of(queries.begin(), queries.end(), wanted))
      return true;
    Table table;
    if (first) table.header = header(with_namespace);
    first = false;
    table.rows.push_back(row_of(event.object, with_namespace));
    print_table(table);
    return true;
  });
  return code;
}

}  // namespace

int run_events(int argc, char** argv) {
  EventFlags flags;
  Args args("events", "Prints the Kubernetes events of Flux objects.");
  flags.connection.add_to(args);
  args.option("--for", flags.selector,
              "Only of a kind or an object: Kustomization, Kustomization/apps.");
  args.option("--types", flags.types, "Only these types: Normal, Warning.");
  args.flag("-A,--all-namespaces", flags.all_namespaces, "Events of all namespaces.");
  args.flag("-w,--watch", flags.watch, "Goes on printing events as they come.");
  if (const auto code = args.parse(argc, argv)) return *code;
  std::vector<std::string> types;
  for (const std::string& given : flags.types) {
    for (std::size_t from = 0; from <= given.size();) {
      const std::size_t comma = std::min(given.find(',', from), given.size());
      types.push_back(given.substr(from, comma - from));
      from = comma + 1;
    }
  }
  flags.types = types;
  for (const std::string& type : flags.types)
    if (!same_word(type, "Normal") && !same_word(type, "Warning"))
      return failed("type '" + type + "' not supported. Supported types are Normal, Warning");
  auto opened = flags.connection.open();
  if (!opened.ok()) return failed(opened.error());
  auto queries = queries_of(flags);
  if (!queries.ok()) return failed(queries.error().message);
  const auto elsewhere = [&](const Query& query) { return query.ns != flags.connection.ns(); };
  const bool with_namespace = std::any_of(queries->begin(), queries->end(), elsewhere);
  return flags.watch ? watch_events(flags, *queries, with_namespace)
                     : list_events(flags, *queries, with_namespace);
}

}  // namespace weir::cli
