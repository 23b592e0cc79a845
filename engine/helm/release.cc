#include "engine/helm/release.hh"

#include <cstdio>

#include "engine/base/gzip.hh"
#include "engine/base/limits.hh"
#include "engine/value/json.hh"

namespace weir::helm {
namespace {

constexpr std::string_view gzip_magic = "\x1f\x8b\x08";
constexpr std::string_view zero_time = "0001-01-01T00:00:00Z";
constexpr std::string_view own_labels[] = {"name",    "owner",     "status",
                                           "version", "createdAt", "modifiedAt"};

void set_text(Value& object, std::string_view name, std::string_view text) {
  if (!text.empty()) object.append_member(name, text);
}

Value text_list(const std::vector<std::string>& texts) {
  Value list = Value::array();
  for (const std::string& text : texts) list.push_back(text);
  return list;
}

std::vector<std::string> read_texts(const Value& list) {
  std::vector<std::string> texts;
  for (const Value& item : list.items()) texts.emplace_back(item.get_string());
  return texts;
}

// Go writes its zero time as nothing; older releases of Helm wrote it out, or as "".
std::string read_time(const Value& text) {
  const std::string_view time = text.get_string();
  return time == zero_time ? std::string() : std::string(time);
}

Value info_json(const Release& release) {
  Value info = Value::object();
  set_text(info, "first_deployed", release.first_deployed);
  set_text(info, "last_deployed", release.last_deployed);
  set_text(info, "deleted", release.deleted);
  set_text(info, "description", release.description);
  set_text(info, "status", release.status);
  set_text(info, "notes", release.notes);
  if (!release.resources.empty()) info.append_member("resources", release.resources);
  return info;
}

Value hook_json(const ReleaseHook& item) {
  const Hook& hook = item.hook;
  Value out = Value::object();
  set_text(out, "name", hook.name);
  set_text(out, "kind", hook.kind);
  set_text(out, "path", hook.path);
  set_text(out, "manifest", hook.content);
  if (!hook.events.empty()) out.append_member("events", text_list(hook.events));
  Value run = Value::object();
  set_text(run, "started_at", item.started);
  set_text(run, "completed_at", item.completed);
  run.append_member("phase", item.phase);
  out.append_member("last_run", std::move(run));
  if (hook.weight != 0) out.append_member("weight", hook.weight);
  if (!hook.delete_policies.empty())
    out.append_member("delete_policies", text_list(hook.delete_policies));
  if (!hook.output_log_policies.empty())
    out.append_member("output_log_policies", text_list(hook.output_log_policies));
  return out;
}

ReleaseHook read_hook(const Value& source) {
  ReleaseHook out;
  Hook& hook = out.hook;
  hook.name = source["name"].get_string();
  hook.kind = source["kind"].get_string();
  hook.path = source["path"].get_string();
  hook.content = source["manifest"].get_string();
  hook.events = read_texts(source["events"]);
  hook.weight = static_cast<int>(source["weight"].get_int());
  hook.delete_policies = read_texts(source["delete_policies"]);
  hook.output_log_policies = read_texts(source["output_log_policies"]);
  out.started = read_time(source.path("last_run", "started_at"));
  out.completed = read_time(source.path("last_run", "completed_at"));
  out.phase = source.path("last_run", "phase").get_string();
  return out;
}

// Objects whose members have an order of their own (Go's structs), then text of the rest: maps,
// whose members Go sorts. The two cannot be told apart in one tree.
constexpr value::JsonStyle struct_style{.sort_keys = false};

std::string release_json(const Release& release) {
  std::string out;
  const auto add = [&](std::string_view name, const Value& value, bool sorted = false) {
    out.push_back(out.empty() ? '{' : ',');
    out.append("\"").append(name).append("\":");
    value::append_json(out, value, sorted ? value::JsonStyle{} : struct_style);
  };
  if (!release.name.empty()) add("name", release.name);
  add("info", info_json(release));
  if (!release.chart.is_null()) add("chart", release.chart);
  if (!release.config.empty()) add("config", release.config, true);
  if (!release.manifest.empty()) add("manifest", release.manifest);
  if (!release.hooks.empty()) {
    Value hooks = Value::array();
    for (const ReleaseHook& hook : release.hooks) hooks.push_back(hook_json(hook));
    add("hooks", hooks);
  }
  if (release.version != 0) add("version", release.version);
  if (!release.ns.empty()) add("namespace", release.ns);
  if (!release.apply_method.empty()) add("apply_method", release.apply_method);
  out.push_back('}');
  return out;
}

std::string go_time(std::int64_t seconds) {
  return seconds == 0 ? std::string(zero_time) : base::format_rfc3339(seconds * 1'000'000);
}

Value file_list(const std::vector<ChartFile>& files) {
  Value list;
  for (const ChartFile& file : files) {
    Value item = Value::object({{"name", file.name}, {"data", base::base64_encode(*file.data)}});
    if (file.modified != 0) item.append_member("modtime", go_time(file.modified));
    list.push_back(std::move(item));
  }
  return list;
}

Value chart_metadata(const Release& release) { return release.chart["metadata"]; }

}  // namespace

std::string Release::chart_name() const {
  return std::string(chart.path("metadata", "name").get_string());
}

std::string Release::chart_version() const {
  return std::string(chart.path("metadata", "version").get_string());
}

std::string Release::app_version() const {
  return std::string(chart.path("metadata", "appVersion").get_string());
}

std::string format_go_time(base::TimeUs time) {
  std::string text = base::format_rfc3339_micro(time);
  text.pop_back();
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text + "Z";
}

Value chart_record(const Chart& chart) {
  Value out = Value::object();
  out.append_member("metadata", chart.metadata.to_json());
  out.append_member("lock", chart.contents->lock);
  out.append_member("templates", file_list(chart.contents->templates));
  Value values = chart.values == nullptr ? Value() : chart.values->to_value();
  out.append_member("values", std::move(values));
  const base::FileBytes& schema = chart.contents->schema;
  out.append_member("schema", schema == nullptr ? Value() : Value(base::base64_encode(*schema)));
  out.append_member("schemamodtime", go_time(chart.contents->schema_modified));
  out.append_member("files", file_list(chart.contents->files));
  if (chart.contents->modified != 0)
    out.append_member("modtime", go_time(chart.contents->modified));
  return out;
}

std::string release_key(std::string_view name, int version) {
  std::string key = "sh.helm.release.v1.";
  key.append(name).append(".v").append(std::to_string(version));
  return key;
}

Result<std::string> encode_release(const Release& release) {
  const std::string json = release_json(release);
  if (json.size() > base::limits::helm_release_bytes_max)
    return make_error(Code::limit, "the record of release " + release.name + " is larger than " +
                                       std::to_string(base::limits::helm_release_bytes_max) +
                                       " bytes (helm_release_bytes_max)");
  return base::base64_encode(base::gzip_compress(json));
}

Result<Release> decode_release(std::string_view text) {
  const auto corrupt = [](const std::string& what) {
    return make_error(Code::corrupt, "the release's record cannot be read: " + what);
  };
  auto bytes = base::base64_decode(text);
  if (!bytes.ok()) return corrupt(bytes.error().message);
  if (bytes->size() > 3 && std::string_view(*bytes).starts_with(gzip_magic)) {
    auto expanded = base::gzip_expand(*bytes, base::limits::helm_release_bytes_max);
    if (!expanded.ok()) return std::move(expanded).error();
    bytes = std::move(expanded);
  }
  auto json = value::parse_json(*bytes);
  if (!json.ok()) return corrupt(json.error().message);
  if (!json->is_object()) return corrupt("not an object");
  const Value& info = (*json)["info"];
  Release out;
  out.name = (*json)["name"].get_string();
  out.ns = (*json)["namespace"].get_string();
  out.version = static_cast<int>((*json)["version"].get_int());
  out.status = info["status"].get_string();
  out.description = info["description"].get_string();
  out.notes = info["notes"].get_string();
  out.first_deployed = read_time(info["first_deployed"]);
  out.last_deployed = read_time(info["last_deployed"]);
  out.deleted = read_time(info["deleted"]);
  out.resources = info["resources"];
  out.chart = (*json)["chart"];
  out.config = (*json)["config"];
  out.manifest = (*json)["manifest"].get_string();
  for (const Value& hook : (*json)["hooks"].items()) out.hooks.push_back(read_hook(hook));
  out.apply_method = (*json)["apply_method"].get_string();
  return out;
}

Result<Value> release_secret(const Release& release, std::string_view storage_namespace,
                             std::string_view time_label, std::int64_t seconds) {
  WEIR_TRY(const std::string text, encode_release(release));
  Value labels = release.labels.is_object() ? release.labels : Value::object();
  labels.set("name", release.name);
  labels.set("owner", "helm");
  labels.set("status", release.status);
  labels.set("version", std::to_string(release.version));
  labels.set(time_label, std::to_string(seconds));
  return Value::object(
      {{"apiVersion", "v1"},
       {"kind", "Secret"},
       {"metadata", Value::object({{"name", release_key(release.name, release.version)},
                                   {"namespace", storage_namespace},
                                   {"labels", std::move(labels)}})},
       {"type", "helm.sh/release.v1"},
       {"data", Value::object({{"release", base::base64_encode(text)}})}});
}

Result<Release> read_release_secret(const Value& secret) {
  auto text = base::base64_decode(secret.path("data", "release").get_string());
  if (!text.ok())
    return make_error(Code::corrupt,
                      "the release's record cannot be read: " + text.error().message);
  WEIR_TRY(Release release, decode_release(*text));
  Value labels = secret.path("metadata", "labels");
  for (const std::string_view name : own_labels) labels.erase(name);
  release.labels = labels.empty() ? Value() : std::move(labels);
  return release;
}

std::string config_digest(const Release& release) {
  if (release.digests != nullptr) return release.digests->config;
  return values_digest(release.config).to_string();
}

base::Digest release_digest(const Release& release, std::string_view oci_digest) {
  if (release.digests != nullptr) {
    const auto known = release.digests->whole.find(std::string(oci_digest));
    if (known == release.digests->whole.end()) return {};
    auto digest = base::Digest::parse(known->second);
    return digest.ok() ? *digest : base::Digest();
  }
  Value hooks;
  for (const ReleaseHook& item : release.hooks)
    if (!item.hook.is_test()) hooks.push_back(hook_json(item));
  std::string line = "{\"name\":";
  value::append_json(line, release.name);
  line += ",\"version\":" + std::to_string(release.version) + ",\"info\":";
  value::append_json(line, info_json(release), struct_style);
  line += ",\"chartMetadata\":";
  value::append_json(line, chart_metadata(release), struct_style);
  line += ",\"config\":";
  value::append_json(line, release.config.empty() ? Value() : release.config);
  line += ",\"manifest\":";
  value::append_json(line, release.manifest);
  line += ",\"hooks\":";
  value::append_json(line, hooks, struct_style);
  line += ",\"namespace\":";
  value::append_json(line, release.ns);
  if (!oci_digest.empty()) {
    line += ",\"ociDigest\":";
    value::append_json(line, oci_digest);
  }
  line += "}\n";
  return base::sha256(line);
}

}  // namespace weir::helm
