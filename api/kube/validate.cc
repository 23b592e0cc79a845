// What the API server refuses about names, required fields and fields that may not change.
#include <algorithm>

#include "api/kube/admission.hh"
#include "api/kube/call.hh"
#include "api/kube/selector.hh"

namespace weir::api::kube {

namespace {

using Errors = std::vector<FieldError>;

constexpr std::string_view subdomain_rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation "
    "is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view label_rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and "
    "end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation "
    "is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view label_value_rule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must "
    "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
    "regex used for "
    "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
constexpr std::string_view qualified_rule =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

bool lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool alnum(char c) { return lower_alnum(c) || (c >= 'A' && c <= 'Z'); }

bool dns_label(std::string_view text) {
  if (text.empty() || !lower_alnum(text.front()) || !lower_alnum(text.back())) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return lower_alnum(c) || c == '-'; });
}

bool dns_subdomain(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!dns_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool label_text(std::string_view text, bool may_be_empty) {
  if (text.empty()) return may_be_empty;
  if (text.size() > 63 || !alnum(text.front()) || !alnum(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return alnum(c) || c == '-' || c == '_' || c == '.'; });
}

bool qualified_name(std::string_view key) {
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return label_text(key, false);
  return dns_subdomain(key.substr(0, slash)) && label_text(key.substr(slash + 1), false);
}

void check_name(const KindInfo& kind, const Value& metadata, Errors& errors) {
  static const std::set<std::string_view> labels = {"namespaces", "services"};
  const std::string name(metadata["name"].get_string());
  if (name.empty()) {
    errors.push_back(required_error("metadata.name", "name or generateName is required"));
    return;
  }
  if (kind.gvk.group == "rbac.authorization.k8s.io") {
    if (name == "." || name == ".." || name.find_first_of("/%") != std::string::npos) {
      errors.push_back(invalid_error("metadata.name", metadata["name"], "may not contain '/'"));
    }
    return;
  }
  const bool label = labels.contains(kind.set);
  if (label ? !dns_label(name) : !dns_subdomain(name)) {
    errors.push_back(
        invalid_error("metadata.name", metadata["name"], label ? label_rule : subdomain_rule));
  } else if (label && name.size() > 63) {
    errors.push_back(
        invalid_error("metadata.name", metadata["name"], "must be no more than 63 characters"));
  }
}

void check_labels(const Value& labels, const std::string& path, Errors& errors) {
  for (const value::Member& member : labels.members()) {
    if (!qualified_name(member.name())) {
      errors.push_back(invalid_error(path, Value(member.name()), qualified_rule));
    }
    if (!label_text(member.value.get_string(), true)) {
      errors.push_back(invalid_error(path, member.value, label_value_rule));
    }
  }
}

void check_containers(const Value& spec, const std::string& path, Errors& errors) {
  if (spec["containers"].empty()) errors.push_back(required_error(path + ".containers", ""));
  std::set<std::string, std::less<>> names;
  std::size_t index = 0;
  for (const Value& container : spec["containers"].items()) {
    const std::string at = path + ".containers[" + std::to_string(index++) + "]";
    const std::string name(container["name"].get_string());
    if (name.empty()) {
      errors.push_back(required_error(at + ".name", ""));
    } else if (!dns_label(name)) {
      errors.push_back(invalid_error(at + ".name", container["name"], label_rule));
    } else if (!names.insert(name).second) {
      errors.push_back({"FieldValueDuplicate", at + ".name", "Duplicate value: \"" + name + "\""});
    }
    if (container["image"].get_string().empty())
      errors.push_back(required_error(at + ".image", ""));
    std::size_t port_index = 0;
    for (const Value& port : container["ports"].items()) {
      const std::string port_at = at + ".ports[" + std::to_string(port_index++) + "].";
      for (const char* field : {"containerPort", "hostPort"}) {
        const Value& number = port[field];
        if (number.get_int() == 0 && std::string_view(field) == "hostPort") continue;
        if (number.is_null())
          errors.push_back(required_error(port_at + field, ""));
        else if (number.get_int() < 1 || number.get_int() > 65535)
          errors.push_back(
              invalid_error(port_at + field, number, "must be between 1 and 65535, inclusive"));
      }
    }
    std::size_t mount_index = 0;
    for (const Value& mount : container["volumeMounts"].items()) {
      const std::string_view wanted = mount["name"].get_string();
      const auto volumes = spec["volumes"].items();
      const bool known = std::any_of(volumes.begin(), volumes.end(), [&](const Value& volume) {
        return volume["name"].get_string() == wanted;
      });
      const std::string mount_at = at + ".volumeMounts[" + std::to_string(mount_index++) + "].name";
      if (!known && !wanted.empty()) {
        errors.push_back(
            {"FieldValueNotFound", mount_at, "Not found: \"" + std::string(wanted) + "\""});
      }
    }
  }
}

void check_workload(const KindInfo& kind, const Value& live, const Value& object, Errors& errors) {
  const Value& spec = object["spec"];
  const bool job = kind.set == "jobs.batch";
  const Value& selector = spec["selector"];
  if (!job) {
    if (selector.is_null()) {
      errors.push_back(required_error("spec.selector", ""));
    } else if (!Selector::of(selector).matches_labels(spec["template"]["metadata"]["labels"])) {
      errors.push_back(invalid_error("spec.template.metadata.labels",
                                     spec["template"]["metadata"]["labels"],
                                     "`selector` does not match template `labels`"));
    }
  }
  check_labels(spec["template"]["metadata"]["labels"], "spec.template.labels", errors);
  check_containers(spec["template"]["spec"], "spec.template.spec", errors);
  if (spec["replicas"].get_int() < 0) {
    errors.push_back(
        invalid_error("spec.replicas", spec["replicas"], "must be greater than or equal to 0"));
  }
  const std::string_view restart = spec["template"]["spec"]["restartPolicy"].get_string();
  if (job && restart == "Always") {
    errors.push_back({"FieldValueRequired", "spec.template.spec.restartPolicy",
                      "Required value: valid values: \"OnFailure\", \"Never\""});
  }
  if (!job && restart != "Always" && !restart.empty()) {
    errors.push_back(
        {"FieldValueNotSupported", "spec.template.spec.restartPolicy",
         "Unsupported value: \"" + std::string(restart) + "\": supported values: \"Always\""});
  }
  if (live.is_null()) return;
  const Value& was = live["spec"];
  if (!(was["selector"] == selector)) {
    errors.push_back(invalid_error("spec.selector", selector, "field is immutable"));
  }
  if (job && !(was["template"] == spec["template"])) {
    errors.push_back(invalid_error("spec.template", spec["template"], "field is immutable"));
  }
  if (kind.set == "statefulsets.apps") {
    const auto fixed = [](const Value& from) {
      Value copy = from;
      for (const char* free :
           {"replicas", "template", "updateStrategy", "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds", "ordinals", "revisionHistoryLimit"}) {
        copy.erase(free);
      }
      return copy;
    };
    if (!(fixed(was) == fixed(spec))) {
      errors.push_back(
          {"FieldValueForbidden", "spec",
           "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', "
           "'template', 'updateStrategy', 'revisionHistoryLimit', "
           "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"});
    }
  }
}

void check_service(const Value& live, const Value& object, Errors& errors) {
  const Value& spec = object["spec"];
  const std::string_view type = spec["type"].get_string();
  const bool headless = spec["clusterIP"].get_string() == "None";
  if (spec["ports"].empty() && type != "ExternalName" && !headless) {
    errors.push_back(required_error("spec.ports", ""));
  }
  std::size_t index = 0;
  for (const Value& port : spec["ports"].items()) {
    const std::string at = "spec.ports[" + std::to_string(index++) + "]";
    const std::int64_t number = port["port"].get_int();
    if (number < 1 || number > 65535) {
      errors.push_back(invalid_error(at + ".port", port["port"].is_null() ? Value(0) : port["port"],
                                     "must be between 1 and 65535, inclusive"));
    }
    if (spec["ports"].size() > 1 && port["name"].get_string().empty()) {
      errors.push_back(required_error(at + ".name", ""));
    }
  }
  const std::string_view had = live["spec"]["clusterIP"].get_string();
  if (!live.is_null() && !had.empty() && spec["clusterIP"].get_string() != had &&
      type != "ExternalName") {
    errors.push_back({"FieldValueInvalid", "spec.clusterIPs[0]",
                      "Invalid value: [\"" + std::string(spec["clusterIP"].get_string()) +
                          "\"]: may not change once set"});
  }
}

void check_data(const KindInfo& kind, const Value& live, const Value& object, Errors& errors) {
  for (const char* field : {"data", "binaryData"}) {
    for (const value::Member& member : object[field].members()) {
      const std::string_view key = member.name();
      const bool good = !key.empty() && key.size() <= 253 && key != "." && key != ".." &&
                        std::all_of(key.begin(), key.end(), [](char c) {
                          return alnum(c) || c == '-' || c == '_' || c == '.';
                        });
      if (!good) {
        errors.push_back(invalid_error(
            std::string(field) + "[" + std::string(key) + "]", member.key,
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
            " (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for "
            "validation is '[-._a-zA-Z0-9]+')"));
      }
    }
  }
  if (live.is_null()) return;
  if (kind.set == "secrets" && !(live["type"] == object["type"])) {
    errors.push_back(invalid_error("type", object["type"], "field is immutable"));
  }
  if (!live["immutable"].get_bool()) return;
  if (!object["immutable"].get_bool()) {
    errors.push_back({"FieldValueForbidden", "immutable",
                      "Forbidden: field is immutable when `immutable` is set"});
  }
  for (const char* field : {"data", "binaryData"}) {
    if (!(live[field] == object[field])) {
      errors.push_back(
          {"FieldValueForbidden", field, "Forbidden: field is immutable when `immutable` is set"});
    }
  }
}

void check_builtin(const KindInfo& kind, const Value& live, const Value& object, Errors& errors) {
  static const std::set<std::string_view> workloads = {
      "deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch"};
  if (workloads.contains(kind.set)) check_workload(kind, live, object, errors);
  if (kind.set == "services") check_service(live, object, errors);
  if (kind.set == "configmaps" || kind.set == "secrets") check_data(kind, live, object, errors);
  if (kind.set == "pods" && live.is_null()) check_containers(object["spec"], "spec", errors);
  if (kind.set.find("rolebindings.rbac") != std::string::npos && !live.is_null() &&
      !(live["roleRef"] == object["roleRef"])) {
    errors.push_back(invalid_error("roleRef", object["roleRef"], "cannot change roleRef"));
  }
  if (kind.set == "storageclasses.storage.k8s.io" && !live.is_null() &&
      !(live["provisioner"] == object["provisioner"])) {
    errors.push_back(
        {"FieldValueForbidden", "provisioner", "Forbidden: updates to provisioner are forbidden."});
  }
  if (kind.set == "persistentvolumeclaims" && object["spec"]["accessModes"].empty()) {
    errors.push_back(required_error("spec.accessModes", "at least 1 access mode is required"));
  }
  if (kind.set == "customresourcedefinitions.apiextensions.k8s.io") {
    Errors found = validate_crd(object);
    errors.insert(errors.end(), found.begin(), found.end());
  }
}

}  // namespace

std::vector<FieldError> validate_object(const KindInfo& kind, const Value& live,
                                        const Value& object) {
  Errors errors;
  const Value& metadata = object["metadata"];
  check_name(kind, metadata, errors);
  check_labels(metadata["labels"], "metadata.labels", errors);
  for (const value::Member& member : metadata["annotations"].members()) {
    std::string key(member.name());
    std::transform(key.begin(), key.end(), key.begin(),
                   [](char c) { return static_cast<char>(std::tolower(c)); });
    if (!qualified_name(key)) {
      errors.push_back(invalid_error("metadata.annotations", member.key, qualified_rule));
    }
  }
  for (const Value& finalizer : metadata["finalizers"].items()) {
    const std::string_view text = finalizer.get_string();
    if (!qualified_name(text)) {
      errors.push_back(invalid_error("metadata.finalizers", finalizer, qualified_rule));
    }
    // Once deletion has begun, finalizers only go.
    const auto had = live["metadata"]["finalizers"].items();
    if (live["metadata"].contains("deletionTimestamp") &&
        std::find(had.begin(), had.end(), finalizer) == had.end()) {
      errors.push_back(
          {"FieldValueForbidden", "metadata.finalizers",
           "Forbidden: no new finalizers can be added if the object is being deleted, found new "
           "finalizers []string{\"" +
               std::string(text) + "\"}"});
    }
  }
  if (!kind.custom) check_builtin(kind, live, object, errors);
  return errors;
}

}  // namespace weir::api::kube
