#include "api/kube/protobuf.hh"

#include <map>
#include <string>
#include <vector>

#include "api/kube/call.hh"
#include "engine/base/clock.hh"
#include "engine/base/digest.hh"

namespace weir::api::kube {

namespace {

constexpr std::string_view magic("k8s\0", 4);
constexpr int depth_max = 64;

// One message type: what its field numbers mean. `type` is a scalar letter - s text, i integer, b
// boolean, y bytes, t time, x int-or-string, m map of text, n map of bytes, - ignored - or a
// message's name.
struct Field {
  int number;
  std::string_view name;
  std::string_view type;
  bool repeated = false;
};
using Message = std::vector<Field>;
using Messages = std::map<std::string_view, Message>;

Messages core_messages() {
  return {
      {"ObjectMeta",
       {{1, "name", "s"},
        {2, "generateName", "s"},
        {3, "namespace", "s"},
        {4, "selfLink", "s"},
        {5, "uid", "s"},
        {6, "resourceVersion", "s"},
        {7, "generation", "i"},
        {8, "creationTimestamp", "t"},
        {9, "deletionTimestamp", "t"},
        {10, "deletionGracePeriodSeconds", "i"},
        {11, "labels", "m"},
        {12, "annotations", "m"},
        {14, "finalizers", "s", true}}},
      {"ConfigMap",
       {{1, "metadata", "ObjectMeta"},
        {2, "data", "m"},
        {3, "binaryData", "n"},
        {4, "immutable", "b"}}},
      {"Secret",
       {{1, "metadata", "ObjectMeta"},
        {2, "data", "n"},
        {3, "type", "s"},
        {4, "stringData", "m"},
        {5, "immutable", "b"}}},
      {"Namespace", {{1, "metadata", "ObjectMeta"}, {2, "spec", "NamespaceSpec"}, {3, "", "-"}}},
      {"NamespaceSpec", {{1, "finalizers", "s", true}}},
      {"ServiceAccount", {{1, "metadata", "ObjectMeta"}, {4, "automountServiceAccountToken", "b"}}},
      {"Service", {{1, "metadata", "ObjectMeta"}, {2, "spec", "ServiceSpec"}, {3, "", "-"}}},
      {"ServiceSpec",
       {{1, "ports", "ServicePort", true},
        {2, "selector", "m"},
        {3, "clusterIP", "s"},
        {4, "type", "s"},
        {7, "sessionAffinity", "s"},
        {8, "loadBalancerIP", "s"},
        {10, "externalName", "s"},
        {11, "externalTrafficPolicy", "s"},
        {18, "clusterIPs", "s", true}}},
      {"ServicePort",
       {{1, "name", "s"},
        {2, "protocol", "s"},
        {3, "port", "i"},
        {4, "targetPort", "x"},
        {5, "nodePort", "i"},
        {6, "appProtocol", "s"}}}};
}

Messages workload_messages() {
  return {
      {"Deployment", {{1, "metadata", "ObjectMeta"}, {2, "spec", "DeploymentSpec"}, {3, "", "-"}}},
      {"DeploymentSpec",
       {{1, "replicas", "i"},
        {2, "selector", "LabelSelector"},
        {3, "template", "PodTemplateSpec"},
        {4, "strategy", "DeploymentStrategy"},
        {5, "minReadySeconds", "i"},
        {6, "revisionHistoryLimit", "i"},
        {7, "paused", "b"},
        {9, "progressDeadlineSeconds", "i"}}},
      {"DeploymentStrategy", {{1, "type", "s"}}},
      {"LabelSelector", {{1, "matchLabels", "m"}}},
      {"PodTemplateSpec", {{1, "metadata", "ObjectMeta"}, {2, "spec", "PodSpec"}}},
      {"PodSpec",
       {{2, "containers", "Container", true},
        {3, "restartPolicy", "s"},
        {4, "terminationGracePeriodSeconds", "i"},
        {6, "dnsPolicy", "s"},
        {7, "nodeSelector", "m"},
        {8, "serviceAccountName", "s"},
        {9, "serviceAccount", "s"},
        {10, "nodeName", "s"},
        {11, "hostNetwork", "b"},
        {12, "hostPID", "b"},
        {13, "hostIPC", "b"},
        {16, "hostname", "s"},
        {17, "subdomain", "s"},
        {19, "schedulerName", "s"},
        {24, "priorityClassName", "s"}}},
      {"Container",
       {{1, "name", "s"},
        {2, "image", "s"},
        {3, "command", "s", true},
        {4, "args", "s", true},
        {5, "workingDir", "s"},
        {6, "ports", "ContainerPort", true},
        {7, "env", "EnvVar", true},
        {8, "resources", "Empty"},
        {13, "terminationMessagePath", "s"},
        {14, "imagePullPolicy", "s"},
        {16, "stdin", "b"},
        {17, "stdinOnce", "b"},
        {18, "tty", "b"},
        {20, "terminationMessagePolicy", "s"}}},
      {"ContainerPort",
       {{1, "name", "s"},
        {2, "hostPort", "i"},
        {3, "containerPort", "i"},
        {4, "protocol", "s"},
        {5, "hostIP", "s"}}},
      {"EnvVar", {{1, "name", "s"}, {2, "value", "s"}}},
      {"Empty", {}},
      {"Job", {{1, "metadata", "ObjectMeta"}, {2, "spec", "JobSpec"}, {3, "", "-"}}},
      {"JobSpec",
       {{1, "parallelism", "i"},
        {2, "completions", "i"},
        {3, "activeDeadlineSeconds", "i"},
        {4, "selector", "LabelSelector"},
        {5, "manualSelector", "b"},
        {6, "template", "PodTemplateSpec"},
        {7, "backoffLimit", "i"},
        {8, "ttlSecondsAfterFinished", "i"},
        {10, "suspend", "b"}}}};
}

Messages access_messages() {
  return {{"ClusterRole", {{1, "metadata", "ObjectMeta"}, {2, "rules", "PolicyRule", true}}},
          {"Role", {{1, "metadata", "ObjectMeta"}, {2, "rules", "PolicyRule", true}}},
          {"PolicyRule",
           {{1, "verbs", "s", true},
            {2, "apiGroups", "s", true},
            {3, "resources", "s", true},
            {4, "resourceNames", "s", true},
            {5, "nonResourceURLs", "s", true}}},
          {"ClusterRoleBinding",
           {{1, "metadata", "ObjectMeta"},
            {2, "subjects", "Subject", true},
            {3, "roleRef", "RoleRef"}}},
          {"RoleBinding",
           {{1, "metadata", "ObjectMeta"},
            {2, "subjects", "Subject", true},
            {3, "roleRef", "RoleRef"}}},
          {"Subject",
           {{1, "kind", "s"}, {2, "apiGroup", "s"}, {3, "name", "s"}, {4, "namespace", "s"}}},
          {"RoleRef", {{1, "apiGroup", "s"}, {2, "kind", "s"}, {3, "name", "s"}}},
          {"SelfSubjectAccessReview",
           {{1, "metadata", "ObjectMeta"}, {2, "spec", "AccessReviewSpec"}, {3, "", "-"}}},
          {"AccessReviewSpec",
           {{1, "resourceAttributes", "ResourceAttributes"},
            {2, "nonResourceAttributes", "NonResourceAttributes"}}},
          {"ResourceAttributes",
           {{1, "namespace", "s"},
            {2, "verb", "s"},
            {3, "group", "s"},
            {4, "version", "s"},
            {5, "resource", "s"},
            {6, "subresource", "s"},
            {7, "name", "s"}}},
          {"NonResourceAttributes", {{1, "path", "s"}, {2, "verb", "s"}}},
          {"SelfSubjectRulesReview",
           {{1, "metadata", "ObjectMeta"}, {2, "spec", "RulesReviewSpec"}, {3, "", "-"}}},
          {"RulesReviewSpec", {{1, "namespace", "s"}}},
          {"SelfSubjectReview", {{1, "metadata", "ObjectMeta"}, {2, "", "-"}}},
          {"DeleteOptions",
           {{1, "gracePeriodSeconds", "i"},
            {2, "preconditions", "Preconditions"},
            {3, "orphanDependents", "b"},
            {4, "propagationPolicy", "s"},
            {5, "dryRun", "s", true}}},
          {"Preconditions", {{1, "uid", "s"}, {2, "resourceVersion", "s"}}},
          {"TokenRequest",
           {{1, "metadata", "ObjectMeta"}, {2, "spec", "TokenRequestSpec"}, {3, "", "-"}}},
          {"TokenRequestSpec", {{1, "audiences", "s", true}, {4, "expirationSeconds", "i"}}}};
}

// Made when it is first asked for: a start that needs it not is quicker.
const Messages& messages() {
  static const Messages all = [] {
    Messages joined = core_messages();
    joined.merge(workload_messages());
    joined.merge(access_messages());
    return joined;
  }();
  return all;
}

// Reads the wire format; `broken` is sticky.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty() || broken_; }
  bool broken() const { return broken_; }

  std::uint64_t varint() {
    std::uint64_t number = 0;
    for (int shift = 0; shift < 70 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      if (shift < 64) number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return number;
    }
    broken_ = true;
    return 0;
  }

  std::string_view bytes() {
    const std::uint64_t size = varint();
    if (broken_ || size > rest_.size()) {
      broken_ = true;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

 private:
  std::string_view rest_;
  bool broken_ = false;
};

Error broken_body() { return bad_request("the protobuf body of the request cannot be decoded"); }

Error unknown(std::string_view what) {
  return make_error(Code::unsupported,
                    "the body of the request was in an unknown format - the embedded Kubernetes "
                    "API does not read " +
                        std::string(what) +
                        " as protobuf; accepted media types include: application/json, "
                        "application/yaml",
                    "UnsupportedMediaType");
}

// An entry of a map: 1 the key, 2 the value.
void add_entry(Value& map, std::string_view bytes, bool binary) {
  Reader reader(bytes);
  std::string key;
  std::string value;
  while (!reader.done()) {
    const std::uint64_t tag = reader.varint();
    if ((tag & 7) != 2) return;
    (tag >> 3 == 1 ? key : value) = reader.bytes();
  }
  if (map.is_null()) map = Value::object();
  map.set(key, binary ? base::base64_encode(value) : value);
}

Value decode_time(std::string_view bytes) {
  Reader reader(bytes);
  std::int64_t seconds = 0;
  while (!reader.done()) {
    const std::uint64_t tag = reader.varint();
    const auto number = static_cast<std::int64_t>(reader.varint());
    if (tag >> 3 == 1) seconds = number;
  }
  constexpr std::int64_t latest = 253'402'300'799;  // the end of year 9999
  return seconds <= 0 || seconds > latest ? Value()
                                          : Value(base::format_rfc3339(seconds * 1'000'000));
}

Value decode_int_or_string(std::string_view bytes) {
  Reader reader(bytes);
  std::int64_t type = 0;
  std::int64_t number = 0;
  std::string text;
  while (!reader.done()) {
    const std::uint64_t tag = reader.varint();
    if ((tag & 7) == 2) {
      text = reader.bytes();
    } else {
      (tag >> 3 == 1 ? type : number) = static_cast<std::int64_t>(reader.varint());
    }
  }
  return type == 1 ? Value(text) : Value(number);
}

Result<Value> decode_message(std::string_view bytes, std::string_view type, int depth);

Result<Value> decode_bytes(const Field& field, std::string_view bytes, int depth) {
  if (field.type == "s") return Value(bytes);
  if (field.type == "y") return Value(base::base64_encode(bytes));
  if (field.type == "t") return decode_time(bytes);
  if (field.type == "x") return decode_int_or_string(bytes);
  return decode_message(bytes, field.type, depth + 1);
}

Result<Value> decode_message(std::string_view bytes, std::string_view type, int depth) {
  const auto known = messages().find(type);
  if (known == messages().end() || depth > depth_max) return unknown(type);
  Value out = Value::object();
  Reader reader(bytes);
  while (!reader.done()) {
    const std::uint64_t tag = reader.varint();
    const auto number = tag >> 3;
    const Field* field = nullptr;
    for (const Field& one : known->second) {
      if (static_cast<std::uint64_t>(one.number) == number) field = &one;
    }
    const bool is_varint = (tag & 7) == 0;
    if (!is_varint && (tag & 7) != 2) return broken_body();
    const std::uint64_t scalar = is_varint ? reader.varint() : 0;
    const std::string_view body = is_varint ? std::string_view() : reader.bytes();
    if (reader.broken()) return broken_body();
    if (field == nullptr) {
      // Go writes zero values of fields it does not omit; those say nothing.
      if (is_varint ? scalar == 0 : body.empty()) continue;
      return unknown("field " + std::to_string(number) + " of " + std::string(type));
    }
    if (field->type == "-") continue;
    if (is_varint) {
      if (field->type == "b") {
        if (scalar != 0) out.set(field->name, true);
      } else if (field->type != "i") {
        return broken_body();
      } else if (scalar != 0 || field->name == "replicas" || field->name == "gracePeriodSeconds") {
        out.set(field->name, static_cast<std::int64_t>(scalar));
      }
      continue;
    }
    if (field->type == "m" || field->type == "n") {
      add_entry(out.entry(field->name), body, field->type == "n");
      continue;
    }
    WEIR_TRY(Value value, decode_bytes(*field, body, depth));
    if (field->repeated) {
      out.entry(field->name).push_back(std::move(value));
    } else if (!(field->type == "s" && body.empty()) && !value.is_null()) {
      out.set(field->name, std::move(value));
    }
  }
  if (reader.broken()) return broken_body();
  return out;
}

}  // namespace

Result<Value> decode_protobuf(std::string_view body) {
  if (!body.starts_with(magic)) return broken_body();
  body.remove_prefix(magic.size());
  Reader envelope(body);
  std::string api_version;
  std::string kind;
  std::string_view raw;
  while (!envelope.done()) {
    const std::uint64_t tag = envelope.varint();
    if ((tag & 7) != 2) return broken_body();
    const std::string_view part = envelope.bytes();
    if (tag >> 3 == 2) raw = part;
    if (tag >> 3 != 1) continue;
    Reader type(part);
    while (!type.done()) {
      const std::uint64_t inner = type.varint();
      if ((inner & 7) != 2) return broken_body();
      (inner >> 3 == 1 ? api_version : kind) = type.bytes();
    }
    if (type.broken()) return broken_body();
  }
  if (envelope.broken()) return broken_body();
  WEIR_TRY(Value object, decode_message(raw, kind, 0));
  object.set("apiVersion", api_version);
  object.set("kind", kind);
  return object;
}

}  // namespace weir::api::kube
