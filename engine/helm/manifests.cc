#include "engine/helm/manifests.hh"

#include <algorithm>
#include <charconv>
#include <functional>
#include <iterator>
#include <optional>
#include <span>

#include "engine/base/file_tree.hh"
#include "engine/helm/go_yaml.hh"
#include "engine/helm/text.hh"

namespace weir::helm {

namespace {

constexpr std::string_view install_order[] = {"PriorityClass",
                                              "Namespace",
                                              "NetworkPolicy",
                                              "ResourceQuota",
                                              "LimitRange",
                                              "PodSecurityPolicy",
                                              "PodDisruptionBudget",
                                              "ServiceAccount",
                                              "Secret",
                                              "SecretList",
                                              "ConfigMap",
                                              "StorageClass",
                                              "PersistentVolume",
                                              "PersistentVolumeClaim",
                                              "CustomResourceDefinition",
                                              "ClusterRole",
                                              "ClusterRoleList",
                                              "ClusterRoleBinding",
                                              "ClusterRoleBindingList",
                                              "Role",
                                              "RoleList",
                                              "RoleBinding",
                                              "RoleBindingList",
                                              "Service",
                                              "DaemonSet",
                                              "Pod",
                                              "ReplicationController",
                                              "ReplicaSet",
                                              "Deployment",
                                              "HorizontalPodAutoscaler",
                                              "StatefulSet",
                                              "Job",
                                              "CronJob",
                                              "IngressClass",
                                              "Ingress",
                                              "APIService",
                                              "MutatingWebhookConfiguration",
                                              "ValidatingWebhookConfiguration"};

constexpr std::string_view uninstall_order[] = {"ValidatingWebhookConfiguration",
                                                "MutatingWebhookConfiguration",
                                                "APIService",
                                                "Ingress",
                                                "IngressClass",
                                                "Service",
                                                "CronJob",
                                                "Job",
                                                "StatefulSet",
                                                "HorizontalPodAutoscaler",
                                                "Deployment",
                                                "ReplicaSet",
                                                "ReplicationController",
                                                "Pod",
                                                "DaemonSet",
                                                "RoleBindingList",
                                                "RoleBinding",
                                                "RoleList",
                                                "Role",
                                                "ClusterRoleBindingList",
                                                "ClusterRoleBinding",
                                                "ClusterRoleList",
                                                "ClusterRole",
                                                "CustomResourceDefinition",
                                                "PersistentVolumeClaim",
                                                "PersistentVolume",
                                                "StorageClass",
                                                "ConfigMap",
                                                "SecretList",
                                                "Secret",
                                                "ServiceAccount",
                                                "PodDisruptionBudget",
                                                "PodSecurityPolicy",
                                                "LimitRange",
                                                "ResourceQuota",
                                                "NetworkPolicy",
                                                "Namespace",
                                                "PriorityClass"};

constexpr std::string_view hook_events[] = {"pre-install",  "post-install",  "pre-delete",
                                            "post-delete",  "pre-upgrade",   "post-upgrade",
                                            "pre-rollback", "post-rollback", "test"};

// The place of a kind; past the end for an unknown one.
std::size_t rank(std::string_view kind, KindOrder order) {
  const std::span<const std::string_view> kinds =
      order == KindOrder::install ? std::span(install_order) : std::span(uninstall_order);
  return static_cast<std::size_t>(std::find(kinds.begin(), kinds.end(), kind) - kinds.begin());
}

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }

// The pieces between separators: blanks, a line break and "---" (or "---" at the very start), and
// the blanks behind. What a separator took is not looked at again.
std::vector<std::string_view> pieces(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t from = 0, search = 0;
  for (;;) {
    std::size_t dashes = 0, end = 0;
    if (search == 0 && text.starts_with("---")) {
      end = 0;
    } else {
      const std::size_t at = text.find("\n---", search);
      if (at == std::string_view::npos) break;
      dashes = at + 1;
      end = at;
      while (end > from && is_blank(text[end - 1])) --end;
    }
    out.push_back(text.substr(from, end - from));
    from = dashes + 3;
    while (from < text.size() && is_blank(text[from])) ++from;
    search = from;
    if (search == 0) break;
  }
  out.push_back(text.substr(from));
  return out;
}

// The same since 4.2.3: a separator is "---" where a line begins, and the blanks behind it on that
// line; all else stays with the pieces.
std::vector<std::string_view> pieces_at_lines(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t from = 0, line = 0;
  while (line < text.size()) {
    if (text.substr(line).starts_with("---")) {
      out.push_back(text.substr(from, line - from));
      from = std::min(text.find_first_not_of(" \t", line + 3), text.size());
    }
    const std::size_t end = text.find('\n', std::max(line, from));
    if (end == std::string_view::npos) break;
    line = end + 1;
  }
  out.push_back(text.substr(from));
  return out;
}

// The part of a document that sorting looks at.
struct Head {
  std::string api_version;
  std::string kind;
  std::string name;
  Value annotations;
};

Result<Head> read_head(const Value& document) {
  Head head;
  if (document.is_null()) return head;
  std::optional<DecodeFault> fault;
  if (!document.is_object()) {
    std::string what = "json: cannot unmarshal ";
    what += document.is_array()    ? "array"
            : document.is_string() ? "string"
            : document.is_bool()   ? "bool"
                                   : "number";
    return decode_error(what + " into Go value of type util.SimpleHead");
  }
  StructReader reader(document, "SimpleHead", "", fault);
  reader.read("apiVersion", head.api_version);
  reader.read("kind", head.kind);
  if (const Value* metadata = reader.find("metadata")) {
    if (!metadata->is_object())
      reader.mismatch("metadata", *metadata,
                      "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string "
                      "\"json:\\\"annotations\\\"\" }");
    StructReader inner(*metadata, "", "metadata", fault);
    inner.read("name", head.name);
    inner.read_string_map("annotations", head.annotations);
  }
  if (fault) return decode_error(fault->text);
  return head;
}

int hook_weight(const Value& annotations) {
  std::string_view text = annotations["helm.sh/hook-weight"].get_string();
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  int weight = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), weight);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() ? weight : 0;
}

std::vector<std::string> lower_words(const Value& annotations, std::string_view key) {
  std::vector<std::string> out;
  const Value* found = annotations.find(key);
  if (!found) return out;
  for (const std::string_view word : split(found->as_string(), ','))
    out.push_back(ascii_lower(trim_space(word)));
  return out;
}

// The events of the annotation; nothing when it names an unknown one.
std::optional<std::vector<std::string>> read_events(const Value& annotations) {
  std::vector<std::string> events = lower_words(annotations, "helm.sh/hook");
  for (std::string& event : events) {
    if (event == "test-success") event = "test";
    if (std::find(std::begin(hook_events), std::end(hook_events), event) == std::end(hook_events))
      return std::nullopt;
  }
  return events;
}

Result<void> sort_in(const std::string& path, std::string content, SortedManifests& out) {
  const std::string context = "YAML parse error on " + path;
  auto document = read_go_yaml(content).with_context(context);
  if (!document.ok()) return std::move(document).error();
  auto head = read_head(*document).with_context(context);
  if (!head.ok()) return std::move(head).error();
  if (!head->annotations.contains("helm.sh/hook")) {
    out.manifests.push_back({path, std::move(content), std::move(head->kind),
                             std::move(head->api_version), *std::move(document)});
    return {};
  }
  auto events = read_events(head->annotations);
  if (!events) {
    std::string warning = "skipping unknown hooks: ";
    warning += head->annotations["helm.sh/hook"].as_string();
    out.warnings.push_back(std::move(warning));
    return {};
  }
  Hook hook;
  hook.path = path;
  hook.content = std::move(content);
  hook.name = std::move(head->name);
  hook.kind = std::move(head->kind);
  hook.events = *std::move(events);
  hook.weight = hook_weight(head->annotations);
  hook.delete_policies = lower_words(head->annotations, "helm.sh/hook-delete-policy");
  hook.output_log_policies = lower_words(head->annotations, "helm.sh/hook-output-log-policy");
  hook.document = *std::move(document);
  out.hooks.push_back(std::move(hook));
  return {};
}

}  // namespace

bool Hook::is_test() const {
  return std::find(events.begin(), events.end(), "test") != events.end();
}

bool kind_before(std::string_view a, std::string_view b, KindOrder order) {
  const std::size_t first = rank(a, order), second = rank(b, order);
  const std::size_t unknown = rank("", order);
  if (first == unknown && second == unknown) return a < b;
  return first < second;
}

std::vector<std::string> split_manifests(std::string_view text, Compat compat) {
  const bool old = compat == Compat::helm_4_1;
  std::vector<std::string> out;
  const std::string_view whole = old ? trim_space(text) : trim_space_left(text);
  for (const std::string_view piece :
       compat == Compat::helm_4_2_4 ? pieces_at_lines(whole) : pieces(whole)) {
    if (old ? piece.empty() : trim_space(piece).empty()) continue;
    out.emplace_back(old ? trim_space(piece) : trim_space_left(piece));
  }
  return out;
}

Result<SortedManifests> sort_manifests(const RenderedFiles& files, Compat compat, KindOrder order) {
  SortedManifests out;
  for (const auto& [path, text] : files) {
    if (base::base_name(path).starts_with('_') || trim_space(text).empty()) continue;
    for (std::string& content : split_manifests(text, compat))
      WEIR_CHECK(sort_in(path, std::move(content), out));
  }
  const auto before = [order](const auto& a, const auto& b) {
    return kind_before(a.kind, b.kind, order);
  };
  std::stable_sort(out.hooks.begin(), out.hooks.end(), before);
  std::stable_sort(out.manifests.begin(), out.manifests.end(), before);
  return out;
}

void append_source(std::string& out, std::string_view path, std::string_view content) {
  out.append("---\n# Source: ").append(path).append("\n").append(content).append("\n");
}

}  // namespace weir::helm
