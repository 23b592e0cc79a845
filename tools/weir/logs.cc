// weir logs: the engine's log lines as flux prints those of its controllers. They come from the
// pods of the cluster, or, where weir runs on this machine, from its event log.
#include <strings.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <thread>

#include "adapters/clock/system_clock.hh"
#include "engine/base/duration.hh"
#include "engine/value/json.hh"
#include "tools/weir/client.hh"
#include "tools/weir/connection.hh"
#include "tools/weir/host.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

struct LogFlags {
  Connection connection;
  std::string kind, name, level, flux_namespace, since, since_time;
  int tail = -1;
  bool all_namespaces = false, follow = false;
  std::string words;

  void add_to(Args& args) {
    connection.add_to(args);
    flux_namespace = connection.ns();
    args.positional("argument", words, "None is taken.", false);
    args.option("--kind", kind, "Only about objects of this kind: GitRepository.");
    args.option("--name", name, "Only about objects of this name.");
    args.choice("--level", level, {"debug", "info", "error"}, "Only lines of this level.");
    args.flag("-A,--all-namespaces", all_namespaces, "About objects of all namespaces.");
    args.flag("-f,--follow", follow, "Goes on printing lines as they come.");
    args.option("--flux-namespace", flux_namespace, "Where the engine runs.");
    args.option("--since", since, "Only lines newer than a duration: 5s, 2m, 3h.");
    args.option("--since-time", since_time, "Only lines after a time (RFC 3339).");
    args.option("--tail", tail, "Only so many of the last lines of each pod.");
  }
  // "" when neither is given; else RFC 3339. Errors: invalid.
  Result<std::string> begin() const;
};

Result<std::string> LogFlags::begin() const {
  if (!since.empty() && !since_time.empty())
    return make_error(Code::invalid,
                      "at most one of `sinceTime` or `sinceDuration` may be specified");
  if (!since_time.empty()) {
    const auto time = base::parse_rfc3339(since_time);
    if (!time.ok()) return make_error(Code::invalid, since_time + " is not a valid (RFC3339) time");
    return base::format_rfc3339(*time);
  }
  if (since.empty()) return std::string();
  auto span = base::parse_duration(since);
  if (!span.ok()) return std::move(span).error().with_context("--since");
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(*span).count();
  return base::format_rfc3339(clock::SystemClock().now() - micros);
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// One line of a controller: ts, level, msg, error, "reconciler kind" or controllerKind, name,
// namespace.
void print_line(const LogFlags& flags, const Value& line) {
  const auto text = [&](std::string_view key) { return line[key].get_string(); };
  const std::string_view kind =
      text("reconciler kind").empty() ? text("controllerKind") : text("reconciler kind");
  if (!flags.level.empty() && flags.level != text("level")) return;
  if (!flags.kind.empty() && !same_word(flags.kind, text("reconciler kind")) &&
      !same_word(flags.kind, text("controllerKind")))
    return;
  if (!flags.name.empty() && !same_word(flags.name, text("name"))) return;
  if (!flags.all_namespaces && !same_word(flags.connection.ns(), text("namespace"))) return;
  std::string out;
  out.append(text("ts")).append(" ").append(text("level")).append(" ").append(kind);
  if (!text("name").empty())
    out.append("/").append(text("name")).append(".").append(text("namespace"));
  out.append(" - ").append(text("msg")).append(" ").append(text("error")).append("\n");
  print(out);
}

// --- pods ---

struct Source {
  std::string pod, container;
};

bool is_running(const Value& pod) { return pod.path("status", "phase").get_string() == "Running"; }

// One pod of each labelled Deployment or StatefulSet, a running one if there is any.
Result<std::vector<Source>> find_pods(const LogFlags& flags) {
  reconcile::KubeApi& kube = flags.connection.kube();
  std::vector<Source> sources;
  for (const char* kind : {"Deployment", "StatefulSet"}) {
    reconcile::ListOptions labelled;
    labelled.ns = flags.flux_namespace;
    labelled.label_selector = "app.kubernetes.io/part-of=flux";
    WEIR_TRY(const auto owners, kube.list({"apps", "v1", kind}, labelled));
    for (const Value& owner : owners.items) {
      reconcile::ListOptions of_owner;
      of_owner.ns = flags.flux_namespace;
      const Value& labels = owner.path("spec", "template", "metadata", "labels");
      for (const value::Member& label : labels.members()) {
        if (!of_owner.label_selector.empty()) of_owner.label_selector += ",";
        of_owner.label_selector.append(label.name()).append("=").append(label.value.get_string());
      }
      WEIR_TRY(const auto pods, kube.list({"", "v1", "Pod"}, of_owner));
      if (pods.items.empty()) continue;
      auto best = std::find_if(pods.items.begin(), pods.items.end(), is_running);
      if (best == pods.items.end()) best = pods.items.begin();
      const std::string name(best->path("metadata", "name").get_string());
      const bool many = best->path("spec", "containers").size() > 1;
      const auto same = [&](const Source& known) { return known.pod == name; };
      if (std::none_of(sources.begin(), sources.end(), same))
        sources.push_back({name, many ? "manager" : ""});
    }
  }
  return sources;
}

// Lines that are no JSON (a start-up message) are left out, as flux does.
class LineReader {
 public:
  explicit LineReader(const LogFlags& flags) : flags_(flags) {}
  void feed(std::string_view bytes) {
    pending_ += bytes;
    std::size_t from = 0;
    for (std::size_t end; (end = pending_.find('\n', from)) != std::string::npos; from = end + 1)
      take(std::string_view(pending_).substr(from, end - from));
    pending_.erase(0, from);
  }
  void finish() { take(pending_); }

 private:
  void take(std::string_view line) {
    if (!line.starts_with('{')) return;
    const auto parsed = value::parse_json(line);
    if (parsed.ok())
      print_line(flags_, *parsed);
    else
      say_failure("parse error: " + parsed.error().message);
  }

  const LogFlags& flags_;
  std::string pending_;
};

bool print_pod(const LogFlags& flags, const Source& source, const std::string& begin) {
  kube::RawRequest request;
  request.target = "/api/v1/namespaces/" + percent_encode(flags.flux_namespace) + "/pods/" +
                   percent_encode(source.pod) + "/log?follow=" + (flags.follow ? "true" : "false");
  if (!source.container.empty()) request.target += "&container=" + source.container;
  if (flags.tail >= 0) request.target += "&tailLines=" + std::to_string(flags.tail);
  if (!begin.empty()) request.target += "&sinceTime=" + percent_encode(begin);
  request.accept = "*/*";
  request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(
      flags.connection.deadline() - std::chrono::steady_clock::now());
  LineReader reader(flags);
  request.sink = [&](std::string_view bytes) -> Result<void> {
    reader.feed(bytes);
    return {};
  };
  const auto answer = flags.connection.client().raw(request);
  reader.finish();
  if (answer.ok() || answer.error().code == Code::timeout) return true;
  std::fprintf(stderr, "failed getting logs: %s\n", answer.error().message.c_str());
  return false;
}

// One pod after the other; at the same time when they are followed.
int print_pods(const LogFlags& flags, const std::vector<Source>& sources,
               const std::string& begin) {
  std::atomic<bool> ok{true};
  const auto print_one = [&](const Source& source) {
    if (!print_pod(flags, source, begin)) ok = false;
  };
  if (!flags.follow) {
    for (const Source& source : sources) print_one(source);
  } else {
    std::vector<std::thread> threads;
    for (const Source& source : sources) threads.emplace_back(print_one, std::cref(source));
    for (std::thread& thread : threads) thread.join();
  }
  return ok ? 0 : failed("failed to collect logs from all Flux pods");
}

// --- the event log ---

// What the engine logs of an event: a fixed text, or one made of a field of its data.
struct EventLine {
  std::string_view type, text, field;
};
constexpr EventLine event_lines[] = {
    {"weir.EngineStarted", "weir runs", ""},
    {"weir.SourceFetched", "stored artifact for revision ", "artifact"},
    {"weir.ObjectApplied", "object ", "action"},
    {"weir.ObjectPruned", "object ", "action"},
    {"weir.DriftDetected", "drift detected", ""},
    {"weir.StepFailed", "", "message"},
    {"weir.ReconcileFinished", "reconciliation finished: ", "status"},
    {"weir.OperatorActed", "operator: ", "action"},
    {"weir.RollbackPinned", "pinned", ""},
    {"weir.RollbackReleased", "released", ""},
};

// An event as the line that a controller would have written; null for events that have none.
Value line_of(const Value& event) {
  const std::string_view type = event["type"].get_string();
  const auto* known = std::find_if(std::begin(event_lines), std::end(event_lines),
                                   [&](const EventLine& line) { return line.type == type; });
  if (known == std::end(event_lines)) return Value();
  const Value& data = event["data"];
  std::string text(known->text);
  if (known->field == "artifact")
    text.append("'").append(data.path("artifact", "revision").get_string()).append("'");
  else if (!known->field.empty())
    text.append(data[known->field].get_string());
  if (type == "weir.ReconcileFinished" && !data["revision"].get_string().empty())
    text.append(" ").append(data["revision"].get_string());
  std::string_view object = event["owner"].get_string();
  const std::string_view subject = event["subject"].get_string();
  if (object.empty())
    object = subject;
  else if (type != "weir.ReconcileFinished")
    text.append(" ").append(subject);
  const std::size_t first = object.find('/'), last = object.rfind('/');
  const bool failure = type == "weir.StepFailed";
  Value line = Value::object({{"ts", event["time"].get_string()},
                              {"level", failure ? "error" : "info"},
                              {"msg", text},
                              {"controllerKind", object.substr(0, first)}});
  if (first != std::string_view::npos) line.set("name", object.substr(last + 1));
  if (first != last) line.set("namespace", object.substr(first + 1, last - first - 1));
  if (failure) line.set("error", data["reason"].get_string());
  return line;
}

// The sequence number behind an event's: where a follower goes on.
std::string seq_after(const Value& event) {
  const std::string_view id = event["id"].get_string();
  std::uint64_t seq = 0;
  std::from_chars(id.data(), id.data() + id.size(), seq);
  return std::to_string(seq + 1);
}

// All lines, oldest first, or the last `tail` ones. The answer: where a follower goes on.
Result<std::string> print_past(const LogFlags& flags, AuditClient& client,
                               const std::string& begin) {
  const bool whole = flags.tail < 0;
  std::vector<Value> last;
  std::string next, cursor;
  const auto enough = [&] { return !whole && last.size() >= static_cast<std::size_t>(flags.tail); };
  do {
    WEIR_TRY(const Value page, client.get("/weir/v1/events", {{"since", begin},
                                                              {"order", whole ? "asc" : "desc"},
                                                              {"limit", "10000"},
                                                              {"cursor", cursor}}));
    for (const Value& event : page["items"].items()) {
      if (whole || next.empty()) next = seq_after(event);
      Value line = line_of(event);
      if (line.is_null() || enough()) continue;
      if (whole)
        print_line(flags, line);
      else
        last.push_back(std::move(line));
    }
    cursor = page["cursor"].get_string();
  } while (!cursor.empty() && !enough());
  for (auto line = last.rbegin(); line != last.rend(); ++line) print_line(flags, *line);
  return next;
}

Result<void> print_events(const LogFlags& flags, AuditClient& client, const std::string& begin) {
  WEIR_TRY(const std::string next, print_past(flags, client, begin));
  if (!flags.follow) return {};
  return client.follow("/weir/v1/events", {{"follow", "true"}, {"cursor", next}},
                       [&](const Value& event) {
                         const Value line = line_of(event);
                         if (!line.is_null()) print_line(flags, line);
                         return true;
                       });
}

int print_log(const LogFlags& flags, const std::string& begin) {
  AuditClient client;
  if (const auto opened = client.open(); !opened.ok()) return failed(opened.error());
  const auto printed = print_events(flags, client, begin);
  return printed.ok() ? 0 : failed(printed.error());
}

}  // namespace

int run_logs(int argc, char** argv) {
  LogFlags flags;
  Args args("logs", "Prints the log lines of the engine about Flux objects.");
  flags.add_to(args);
  if (const auto code = args.parse(argc, argv)) return *code;
  if (!flags.words.empty()) return failed("no argument required", 2);
  const auto begin = flags.begin();
  if (!begin.ok()) return failed(begin.error());
  const bool here = read_serving(default_data_directory()).ok();
  const auto opened = flags.connection.open();
  if (!opened.ok() && (!here || opened.error().code == Code::invalid))
    return failed(opened.error());
  if (flags.connection.is_local_weir()) return print_log(flags, *begin);
  const auto sources = find_pods(flags);
  if (sources.ok() && !sources->empty()) return print_pods(flags, *sources, *begin);
  if (here) return print_log(flags, *begin);
  if (!sources.ok()) return failed(sources.error().message);
  return failed("no Flux pods found in namespace \"" + flags.flux_namespace + "\"");
}

}  // namespace weir::cli
