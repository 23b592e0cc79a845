#include "engine/kustomize/generators.hh"

#include <algorithm>

#include "engine/base/digest.hh"
#include "engine/kustomize/plain_scalar.hh"
#include "engine/value/json.hh"
#include "engine/value/strategic_merge.hh"
#include "engine/value/utf8.hh"
#include "engine/value/yaml.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

using Pair = std::pair<std::string, std::string>;

std::string list_text(const Value& list) {
  std::string text = "[";
  for (const Value& item : list.items()) {
    if (!text.ends_with('[')) text += ' ';
    text += item.get_string();
  }
  return text + "]";
}

Result<Pair> parse_literal(std::string_view source) {
  const std::size_t equals = source.find('=');
  if (equals == source.npos || equals == 0) {
    // The value may be a secret: only what stands before it is shown.
    return make_error(Code::invalid,
                      "invalid literal source " +
                          std::string(equals == 0 ? "=..." : source.substr(0, equals)) +
                          ", expected key=value");
  }
  std::string_view text = source.substr(equals + 1);
  if (text.size() >= 2 && text.front() == text.back() && (text[0] == '"' || text[0] == '\'')) {
    text = text.substr(1, text.size() - 2);
  }
  return Pair{std::string(source.substr(0, equals)), std::string(text)};
}

// "file" or "key=file".
Result<Pair> parse_file_source(const std::string& source) {
  const auto count = std::count(source.begin(), source.end(), '=');
  if (count == 0) {
    std::string_view name = source;
    while (name.size() > 1 && name.ends_with('/')) name.remove_suffix(1);
    return Pair{std::string(base::base_name(name)), source};
  }
  const std::size_t equals = source.find('=');
  const std::string key = source.substr(0, equals);
  const std::string path = source.substr(equals + 1);
  if (count > 1) {
    return make_error(Code::invalid,
                      "source \"" + source + "\" key name or file path contains '='");
  }
  if (key.empty()) {
    return make_error(Code::invalid, "missing key name for file path \"" + path +
                                         "\" in source \"" + source + "\"");
  }
  if (path.empty()) {
    return make_error(Code::invalid, "missing file path for key name \"" + key + "\" in source \"" +
                                         source + "\"");
  }
  return Pair{key, path};
}

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

Result<void> add_env_lines(std::vector<Pair>& pairs, std::string_view text) {
  bool first = true;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!value::valid_utf8(line)) {
      return make_error(Code::invalid,
                        "line " + std::to_string(number) + " has invalid utf8 bytes");
    }
    if (first && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
    first = false;
    const std::size_t begin = line.find_first_not_of(" \t\v\f\r");
    if (begin == line.npos || line[begin] == '#') continue;
    line.remove_prefix(begin);
    const std::size_t equals = std::min(line.find('='), line.size());
    pairs.emplace_back(line.substr(0, equals), line.substr(std::min(equals + 1, line.size())));
    if (pairs.back().first.empty()) pairs.pop_back();
  }
  return {};
}

Result<StringMap> load_pairs(const Value& args, const PluginContext& context) {
  std::vector<Pair> pairs;
  Value envs = args["envs"];
  if (!args["env"].get_string().empty()) envs.push_back(args["env"]);
  for (const Value& path : envs.items()) {
    WEIR_TRY(const base::FileBytes bytes,
             context.loader->load(path.get_string())
                 .with_context("env source files: " + list_text(envs)));
    WEIR_CHECK(add_env_lines(pairs, *bytes).with_context("env source files: " + list_text(envs)));
  }
  for (const Value& literal : args["literals"].items()) {
    WEIR_TRY(Pair pair, parse_literal(literal.get_string()).with_context("literal sources"));
    pairs.push_back(std::move(pair));
  }
  for (const Value& source : args["files"].items()) {
    const std::string sources = "file sources: " + list_text(args["files"]);
    WEIR_TRY(Pair pair, parse_file_source(std::string(source.get_string())).with_context(sources));
    WEIR_TRY(const base::FileBytes bytes, context.loader->load(pair.second).with_context(sources));
    pairs.emplace_back(std::move(pair.first), *bytes);
  }
  StringMap result;
  const std::string name(args["name"].get_string());
  for (Pair& pair : pairs) {
    WEIR_CHECK(check_plain_key(pair.first));
    const auto [entry, added] = result.emplace(std::move(pair));
    if (!added) {
      return make_error(Code::invalid,
                        "configmap " + name + " illegally repeats the key `" + entry->first + "`");
    }
  }
  return result;
}

// Standard base64 in lines of 70 characters, as generated manifests carry it.
std::string encode_lines(std::string_view bytes) {
  const std::string text = base::base64_encode(bytes);
  constexpr std::size_t line_length = 70;
  if (text.size() < line_length) return text;
  std::string result;
  for (std::size_t i = 0; i < text.size(); i += line_length) {
    result += std::string_view(text).substr(i, line_length);
    result += '\n';
  }
  return result;
}

Result<Value> base_object(std::string_view kind, const Value& args) {
  const std::string_view name = args["name"].get_string();
  if (name.empty()) return make_error(Code::invalid, "a configmap must have a name");
  Value metadata = Value::object({{"name", Value(name)}});
  const std::string_view ns = args["namespace"].get_string();
  if (!ns.empty()) metadata.set("namespace", Value(ns));
  return Value::object({{"apiVersion", "v1"}, {"kind", Value(kind)}, {"metadata", metadata}});
}

Result<ResMap> finish(Value object, const Value& args, const PluginContext& context) {
  const Value& options = args["options"];
  for (const std::string_view field : {"labels", "annotations"}) {
    Value map = options[field];
    if (map.empty()) continue;
    for (const value::Member& member : map.members())
      WEIR_CHECK(check_plain_key(member.name()));
    map.sort_members();
    map_at(object, "metadata").set(field, std::move(map));
  }
  if (options["immutable"].get_bool()) object.set("immutable", Value(true));
  Resource resource(std::move(object), *context.types);
  resource.needs_hash = !options["disableNameSuffixHash"].get_bool();
  const std::string_view behavior = args["behavior"].get_string();
  resource.behavior = behavior == "merge"     ? Behavior::merge
                      : behavior == "replace" ? Behavior::replace
                      : behavior == "create"  ? Behavior::create
                                              : Behavior::unspecified;
  ResMap result;
  WEIR_CHECK(result.append(std::move(resource)));
  return result;
}

// Whether it is written in quotes or as a block: then it stays text whatever a patch puts in.
// Not so of empty text. What has lines is never plain.
bool is_written_quoted(const Value& text) {
  if (text.as_string().empty()) return false;
  if (text.as_string().find('\n') != std::string_view::npos) return true;
  const char first = value::write_yaml(text)[0];
  return first == '"' || first == '\'';
}

}  // namespace

Value merge_generator_options(const Value& local, const Value& global) {
  if (global.is_null()) return local;
  Value result = local.is_null() ? Value::object() : local;
  for (const std::string_view field : {"labels", "annotations"}) {
    for (const value::Member& member : global[field].members()) {
      Value& map = map_at(result, field);
      if (!map.contains(member.name())) map.set(member.name(), member.value);
    }
  }
  for (const std::string_view flag : {"disableNameSuffixHash", "immutable"}) {
    if (global[flag].get_bool()) result.set(flag, Value(true));
  }
  return result;
}

Result<ResMap> generate_config_map(const Value& args, const PluginContext& context) {
  WEIR_TRY(Value object, base_object("ConfigMap", args));
  WEIR_TRY(const StringMap pairs, load_pairs(args, context).with_context("loading KV pairs"));
  for (const auto& [key, text] : pairs) {
    const bool plain = value::valid_utf8(text);
    Value& map = map_at(object, plain ? "data" : "binaryData");
    Value value(plain ? text : encode_lines(text));
    value.set_quoted(is_written_quoted(value));
    map.set(key, std::move(value));
  }
  return finish(std::move(object), args, context);
}

Result<ResMap> generate_secret(const Value& args, const PluginContext& context) {
  WEIR_TRY(Value object, base_object("Secret", args));
  const std::string_view type = args["type"].get_string();
  object.set("type", Value(type.empty() ? "Opaque" : type));
  WEIR_TRY(const StringMap pairs, load_pairs(args, context).with_context("loading KV pairs"));
  Value data = Value::object();
  for (const auto& [key, text] : pairs) data.append_member(Value(key), Value(encode_lines(text)));
  object.set("data", std::move(data));
  return finish(std::move(object), args, context);
}

Result<ResMap> generate_iam_policy(const Value& args, const PluginContext& context) {
  const std::string cloud(args["cloud"].get_string());
  if (cloud != "gke")
    return make_error(Code::invalid, "cloud provider " + cloud + " not supported yet");
  const std::string account = std::string(args["serviceAccount"]["name"].get_string()) + "@" +
                              std::string(args["serviceAccount"]["projectId"].get_string()) +
                              ".iam.gserviceaccount.com";
  const Value& service = args["kubernetesService"];
  Value metadata = Value::object(
      {{"annotations", Value::object({{"iam.gke.io/gcp-service-account", Value(account)}})},
       {"name", service["name"]}});
  if (!service["namespace"].get_string().empty()) metadata.set("namespace", service["namespace"]);
  Resource resource(
      Value::object(
          {{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", std::move(metadata)}}),
      *context.types);
  ResMap result;
  WEIR_CHECK(result.append(std::move(resource)));
  return result;
}

std::string content_hash(const Value& object) {
  const std::string_view kind = object["kind"].get_string();
  const bool secret = kind == "Secret";
  const auto field = [&](std::string_view name) {
    const Value& found = object[name];
    return found.is_null() ? Value("") : found;
  };
  Value hashed = Value::object({{"data", field("data")}, {"kind", Value(kind)}, {"name", ""}});
  if (secret) hashed.set("type", Value(value::scalar_text(object["type"])));
  const std::string_view extra = secret ? "stringData" : "binaryData";
  if (object[extra].is_object()) hashed.set(extra, object[extra]);
  std::string hash = base::sha256(value::write_json(hashed)).hex().substr(0, 10);
  for (char& c : hash) {
    constexpr std::string_view from = "013ae";
    constexpr std::string_view to = "ghkmt";
    const std::size_t at = from.find(c);
    if (at != from.npos) c = to[at];
  }
  return hash;
}

// A manifest may ask for a hash itself, by the annotation that the reference's generators leave.
static bool asks_for_hash(const Value& object) {
  const Value& annotations = object["metadata"]["annotations"];
  return annotations["internal.config.kubernetes.io/needsHashSuffix"].get_string() == "enabled";
}

Result<Transform> make_hash(const Value&, const FieldSpecs&, const PluginContext&) {
  return Transform([](ResMap& resources) -> Result<void> {
    for (std::size_t i = 0; i < resources.size(); ++i) {
      Resource& resource = resources[i];
      if (!resource.needs_hash && !asks_for_hash(resource.object())) continue;
      const std::string hash = content_hash(resource.object());
      resource.store_previous_id();
      resource.set_name(resource.name() + "-" + hash);
    }
    resources.ids_changed();
    return {};
  });
}

}  // namespace weir::kustomize
