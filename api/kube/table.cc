// Tables: what `kubectl get` prints, column for column as the API server's printers do.
#include "api/kube/http.hh"
#include "engine/base/duration.hh"
#include "engine/expr/jsonpath.hh"
#include "engine/value/json.hh"

namespace weir::api::kube {

namespace {

using Cells = Value;
struct Row {
  const Value& object;
  base::TimeUs now;
};
using Fill = void (*)(const Row&, Value& cells);

struct Shape {
  std::vector<Column> columns;
  Fill fill;
};

std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.as_string())
         : value.is_null() ? ""
                           : value::write_json(value);
}

std::string or_none(std::string text) { return text.empty() ? "<none>" : text; }

std::string age_since(const Value& stamp, base::TimeUs now) {
  const auto then = base::parse_rfc3339(stamp.get_string());
  if (!then.ok()) return "<unknown>";
  return base::format_age(std::chrono::microseconds(std::max<base::TimeUs>(0, now - *then)));
}

std::string age(const Row& row) {
  return age_since(row.object["metadata"]["creationTimestamp"], row.now);
}

std::string joined(const Value& list, const char* field) {
  std::string out;
  for (const Value& item : list.items()) out += (out.empty() ? "" : ",") + text_of(item[field]);
  return out;
}

std::string selector_text(const Value& selector) { return or_none(Selector::of(selector).text()); }

void add_containers(const Row& row, Value& cells) {
  const Value& spec = row.object["spec"]["template"]["spec"];
  cells.push_back(joined(spec["containers"], "name"));
  cells.push_back(joined(spec["containers"], "image"));
}

std::string pod_status(const Value& pod) {
  const Value& status = pod["status"];
  std::string text(status["reason"].get_string(status["phase"].get_string()));
  for (const Value& container : status["containerStatuses"].items()) {
    for (const char* state : {"waiting", "terminated"}) {
      const std::string_view reason = container["state"][state]["reason"].get_string();
      if (!reason.empty()) text = reason;
    }
  }
  return pod["metadata"].contains("deletionTimestamp") ? "Terminating" : text;
}

void fill_pod(const Row& row, Value& cells) {
  const Value& status = row.object["status"];
  std::int64_t ready = 0;
  std::int64_t restarts = 0;
  for (const Value& container : status["containerStatuses"].items()) {
    if (container["ready"].get_bool()) ++ready;
    restarts += container["restartCount"].get_int();
  }
  cells.push_back(std::to_string(ready) + "/" +
                  std::to_string(row.object["spec"]["containers"].size()));
  cells.push_back(pod_status(row.object));
  cells.push_back(std::to_string(restarts));
  cells.push_back(age(row));
  cells.push_back(or_none(text_of(status["podIP"])));
  cells.push_back(or_none(text_of(row.object["spec"]["nodeName"])));
  cells.push_back(or_none(text_of(status["nominatedNodeName"])));
  cells.push_back("<none>");
}

void fill_deployment(const Row& row, Value& cells) {
  const Value& status = row.object["status"];
  cells.push_back(std::to_string(status["readyReplicas"].get_int()) + "/" +
                  std::to_string(row.object["spec"]["replicas"].get_int()));
  cells.push_back(status["updatedReplicas"].get_int());
  cells.push_back(status["availableReplicas"].get_int());
  cells.push_back(age(row));
  add_containers(row, cells);
  cells.push_back(selector_text(row.object["spec"]["selector"]));
}

void fill_replica_set(const Row& row, Value& cells) {
  cells.push_back(row.object["spec"]["replicas"].get_int());
  cells.push_back(row.object["status"]["replicas"].get_int());
  cells.push_back(row.object["status"]["readyReplicas"].get_int());
  cells.push_back(age(row));
  add_containers(row, cells);
  cells.push_back(selector_text(row.object["spec"]["selector"]));
}

void fill_stateful_set(const Row& row, Value& cells) {
  cells.push_back(std::to_string(row.object["status"]["readyReplicas"].get_int()) + "/" +
                  std::to_string(row.object["spec"]["replicas"].get_int()));
  cells.push_back(age(row));
  add_containers(row, cells);
}

std::string label_list(const Value& labels) {
  std::string out;
  for (const value::Member& member : labels.members()) {
    out += (out.empty() ? "" : ",") + std::string(member.name()) + "=" + text_of(member.value);
  }
  return or_none(out);
}

void fill_daemon_set(const Row& row, Value& cells) {
  const Value& status = row.object["status"];
  for (const char* field : {"desiredNumberScheduled", "currentNumberScheduled", "numberReady",
                            "updatedNumberScheduled", "numberAvailable"}) {
    cells.push_back(status[field].get_int());
  }
  cells.push_back(label_list(row.object["spec"]["template"]["spec"]["nodeSelector"]));
  cells.push_back(age(row));
  add_containers(row, cells);
  cells.push_back(selector_text(row.object["spec"]["selector"]));
}

void fill_job(const Row& row, Value& cells) {
  const Value& status = row.object["status"];
  std::string state = row.object["spec"]["suspend"].get_bool() ? "Suspended" : "Running";
  for (const Value& condition : status["conditions"].items()) {
    const std::string_view type = condition["type"].get_string();
    if (type == "Complete" || type == "Failed") state = type;
  }
  cells.push_back(state);
  cells.push_back(std::to_string(status["succeeded"].get_int()) + "/" +
                  std::to_string(row.object["spec"]["completions"].get_int(1)));
  const auto started = base::parse_rfc3339(status["startTime"].get_string());
  const auto ended = base::parse_rfc3339(status["completionTime"].get_string());
  cells.push_back(!started.ok() ? std::string()
                                : base::format_age(std::chrono::microseconds(
                                      (ended.ok() ? *ended : row.now) - *started)));
  cells.push_back(age(row));
  add_containers(row, cells);
  cells.push_back(selector_text(row.object["spec"]["selector"]));
}

void fill_cron_job(const Row& row, Value& cells) {
  const Value& spec = row.object["spec"];
  cells.push_back(text_of(spec["schedule"]));
  cells.push_back(or_none(text_of(spec["timeZone"])));
  cells.push_back(spec["suspend"].get_bool() ? "True" : "False");
  cells.push_back(static_cast<std::int64_t>(row.object["status"]["active"].size()));
  const Value& last = row.object["status"]["lastScheduleTime"];
  cells.push_back(last.is_null() ? "<none>" : age_since(last, row.now));
  cells.push_back(age(row));
  const Value& pod = spec["jobTemplate"]["spec"]["template"]["spec"];
  cells.push_back(joined(pod["containers"], "name"));
  cells.push_back(joined(pod["containers"], "image"));
  cells.push_back("<none>");
}

void fill_service(const Row& row, Value& cells) {
  const Value& spec = row.object["spec"];
  cells.push_back(text_of(spec["type"]));
  cells.push_back(or_none(text_of(spec["clusterIP"])));
  const std::string_view type = spec["type"].get_string();
  cells.push_back(type == "ExternalName"   ? text_of(spec["externalName"])
                  : type == "LoadBalancer" ? std::string("<pending>")
                                           : std::string("<none>"));
  std::string ports;
  for (const Value& port : spec["ports"].items()) {
    ports += (ports.empty() ? "" : ",") + text_of(port["port"]);
    if (port["nodePort"].get_int() != 0) ports += ":" + text_of(port["nodePort"]);
    ports += "/" + text_of(port["protocol"]);
  }
  cells.push_back(or_none(ports));
  cells.push_back(age(row));
  cells.push_back(label_list(spec["selector"]));
}

void fill_data(const Row& row, Value& cells) {
  cells.push_back(
      static_cast<std::int64_t>(row.object["data"].size() + row.object["binaryData"].size()));
  cells.push_back(age(row));
}

void fill_secret(const Row& row, Value& cells) {
  cells.push_back(text_of(row.object["type"]));
  cells.push_back(static_cast<std::int64_t>(row.object["data"].size()));
  cells.push_back(age(row));
}

void fill_namespace(const Row& row, Value& cells) {
  cells.push_back(text_of(row.object["status"]["phase"]));
  cells.push_back(age(row));
}

void fill_node(const Row& row, Value& cells) {
  std::string ready = "Unknown";
  for (const Value& condition : row.object["status"]["conditions"].items()) {
    if (condition["type"].get_string() == "Ready") {
      ready = condition["status"].get_string() == "True" ? "Ready" : "NotReady";
    }
  }
  if (row.object["spec"]["unschedulable"].get_bool()) ready += ",SchedulingDisabled";
  cells.push_back(ready);
  cells.push_back("<none>");
  cells.push_back(age(row));
  const Value& info = row.object["status"]["nodeInfo"];
  cells.push_back(text_of(info["kubeletVersion"]));
  std::string internal = "<none>";
  for (const Value& address : row.object["status"]["addresses"].items()) {
    if (address["type"].get_string() == "InternalIP") internal = text_of(address["address"]);
  }
  cells.push_back(internal);
  cells.push_back("<none>");
  cells.push_back(text_of(info["osImage"]));
  cells.push_back(text_of(info["kernelVersion"]));
  cells.push_back(text_of(info["containerRuntimeVersion"]));
}

void fill_ingress(const Row& row, Value& cells) {
  const Value& spec = row.object["spec"];
  std::string hosts;
  for (const Value& rule : spec["rules"].items()) {
    hosts += (hosts.empty() ? "" : ",") +
             (rule["host"].is_null() ? std::string("*") : text_of(rule["host"]));
  }
  cells.push_back(or_none(text_of(spec["ingressClassName"])));
  cells.push_back(hosts.empty() ? "*" : hosts);
  cells.push_back(joined(row.object["status"]["loadBalancer"]["ingress"], "ip"));
  cells.push_back(spec["tls"].empty() ? "80" : "80, 443");
  cells.push_back(age(row));
}

void fill_event(const Row& row, Value& cells) {
  const Value& event = row.object;
  const Value& about = event.contains("regarding") ? event["regarding"] : event["involvedObject"];
  const auto first_of = [&](const char* a, const char* b, const char* c) -> const Value& {
    return event.contains(a) ? event[a] : event.contains(b) ? event[b] : event[c];
  };
  const Value& last = first_of("lastTimestamp", "deprecatedLastTimestamp", "eventTime");
  cells.erase_at(0);
  cells.push_back(
      age_since(last.is_null() ? event["metadata"]["creationTimestamp"] : last, row.now));
  cells.push_back(text_of(event["type"]));
  cells.push_back(text_of(event["reason"]));
  std::string kind = text_of(about["kind"]);
  for (char& c : kind) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  cells.push_back(kind + "/" + text_of(about["name"]));
  cells.push_back(text_of(first_of("message", "note", "note")));
}

void fill_claim(const Row& row, Value& cells) {
  const Value& spec = row.object["spec"];
  const Value& status = row.object["status"];
  const auto modes = [](const Value& list) {
    static const std::map<std::string_view, std::string_view> words = {
        {"ReadWriteOnce", "RWO"},
        {"ReadOnlyMany", "ROX"},
        {"ReadWriteMany", "RWX"},
        {"ReadWriteOncePod", "RWOP"}};
    std::string out;
    for (const Value& mode : list.items()) {
      const auto found = words.find(mode.get_string());
      out += (out.empty() ? "" : ",") +
             std::string(found == words.end() ? mode.get_string() : found->second);
    }
    return out;
  };
  cells.push_back(text_of(status["phase"]));
  cells.push_back(text_of(spec["volumeName"]));
  cells.push_back(text_of(status["capacity"]["storage"]));
  cells.push_back(modes(status["accessModes"]));
  cells.push_back(text_of(spec["storageClassName"]));
  cells.push_back("<unset>");
  cells.push_back(age(row));
  cells.push_back(text_of(spec["volumeMode"]));
}

void fill_age(const Row& row, Value& cells) { cells.push_back(age(row)); }

void fill_created(const Row& row, Value& cells) {
  cells.push_back(row.object["metadata"]["creationTimestamp"]);
}

void fill_binding(const Row& row, Value& cells) {
  const Value& role = row.object["roleRef"];
  cells.push_back(text_of(role["kind"]) + "/" + text_of(role["name"]));
  cells.push_back(age(row));
}

void fill_autoscaler(const Row& row, Value& cells) {
  const Value& spec = row.object["spec"];
  cells.push_back(text_of(spec["scaleTargetRef"]["kind"]) + "/" +
                  text_of(spec["scaleTargetRef"]["name"]));
  cells.push_back("<unknown>");
  cells.push_back(text_of(spec["minReplicas"]));
  cells.push_back(spec["maxReplicas"].get_int());
  cells.push_back(row.object["status"]["currentReplicas"].get_int());
  cells.push_back(age(row));
}

Column column(const char* name, const char* type = "string", int priority = 0) {
  return {name, type, "", "", "", priority};
}

using Shapes = std::map<std::string_view, Shape>;

Shapes workload_shapes() {
  const Column age_column = column("Age");
  return {{"pods",
           {{column("Ready"), column("Status"), column("Restarts"), age_column,
             column("IP", "string", 1), column("Node", "string", 1),
             column("Nominated Node", "string", 1), column("Readiness Gates", "string", 1)},
            fill_pod}},
          {"deployments.apps",
           {{column("Ready"), column("Up-to-date"), column("Available"), age_column,
             column("Containers", "string", 1), column("Images", "string", 1),
             column("Selector", "string", 1)},
            fill_deployment}},
          {"replicasets.apps",
           {{column("Desired", "integer"), column("Current", "integer"), column("Ready", "integer"),
             age_column, column("Containers", "string", 1), column("Images", "string", 1),
             column("Selector", "string", 1)},
            fill_replica_set}},
          {"statefulsets.apps",
           {{column("Ready"), age_column, column("Containers", "string", 1),
             column("Images", "string", 1)},
            fill_stateful_set}},
          {"daemonsets.apps",
           {{column("Desired", "integer"), column("Current", "integer"), column("Ready", "integer"),
             column("Up-to-date", "integer"), column("Available", "integer"),
             column("Node Selector"), age_column, column("Containers", "string", 1),
             column("Images", "string", 1), column("Selector", "string", 1)},
            fill_daemon_set}},
          {"jobs.batch",
           {{column("Status"), column("Completions"), column("Duration"), age_column,
             column("Containers", "string", 1), column("Images", "string", 1),
             column("Selector", "string", 1)},
            fill_job}},
          {"cronjobs.batch",
           {{column("Schedule"), column("Timezone"), column("Suspend", "boolean"),
             column("Active", "integer"), column("Last Schedule"), age_column,
             column("Containers", "string", 1), column("Images", "string", 1),
             column("Selector", "string", 1)},
            fill_cron_job}}};
}

Shapes other_shapes() {
  const Column age_column = column("Age");
  return {{"services",
           {{column("Type"), column("Cluster-IP"), column("External-IP"), column("Port(s)"),
             age_column, column("Selector", "string", 1)},
            fill_service}},
          {"configmaps", {{column("Data"), age_column}, fill_data}},
          {"secrets", {{column("Type"), column("Data"), age_column}, fill_secret}},
          {"namespaces", {{column("Status"), age_column}, fill_namespace}},
          {"nodes",
           {{column("Status"), column("Roles"), age_column, column("Version"),
             column("Internal-IP", "string", 1), column("External-IP", "string", 1),
             column("OS-Image", "string", 1), column("Kernel-Version", "string", 1),
             column("Container-Runtime", "string", 1)},
            fill_node}},
          {"ingresses.networking.k8s.io",
           {{column("Class"), column("Hosts"), column("Address"), column("Ports"), age_column},
            fill_ingress}},
          {"events",
           {{column("Last Seen"), column("Type"), column("Reason"), column("Object"),
             column("Message")},
            fill_event}},
          {"persistentvolumeclaims",
           {{column("Status"), column("Volume"), column("Capacity"), column("Access Modes"),
             column("StorageClass"), column("VolumeAttributesClass"), age_column,
             column("VolumeMode", "string", 1)},
            fill_claim}},
          {"rolebindings.rbac.authorization.k8s.io", {{column("Role"), age_column}, fill_binding}},
          {"clusterrolebindings.rbac.authorization.k8s.io",
           {{column("Role"), age_column}, fill_binding}},
          {"horizontalpodautoscalers.autoscaling",
           {{column("Reference"), column("Targets"), column("MinPods"),
             column("MaxPods", "integer"), column("Replicas", "integer"), age_column},
            fill_autoscaler}},
          {"roles.rbac.authorization.k8s.io", {{column("Created At")}, fill_created}},
          {"clusterroles.rbac.authorization.k8s.io", {{column("Created At")}, fill_created}},
          {"customresourcedefinitions.apiextensions.k8s.io",
           {{column("Created At", "date")}, fill_created}}};
}

// Made when it is first asked for: a start that needs it not is quicker.
const Shapes& shapes() {
  static const Shapes all = [] {
    Shapes joined = workload_shapes();
    joined.merge(other_shapes());
    return joined;
  }();
  return all;
}

Value custom_cell(const Column& column, const Value& object, base::TimeUs now) {
  const Result<expr::JsonPath> path = expr::JsonPath::parse_path(column.path);
  if (!path.ok()) return Value();
  const std::vector<Value> found = path->find(object);
  if (found.empty() || found.front().is_null()) return Value();
  const Value& first = found.front();
  if (column.type == "integer") return first.is_number() ? first : Value();
  if (column.type == "number") return first.is_number() ? first : Value();
  if (column.type == "boolean") return first.is_bool() ? first : Value();
  if (column.type == "date") return Value(age_since(first, now));
  return Value(text_of(first));
}

Value column_value(const Column& column) {
  return Value::object({{"name", column.name},
                        {"type", column.type},
                        {"format", column.format},
                        {"description", column.description},
                        {"priority", column.priority}});
}

std::vector<Column> columns_for(const KindInfo& kind) {
  std::vector<Column> columns;
  if (kind.set != "events") columns.push_back({"Name", "string", "name", "", "", 0});
  if (kind.custom) {
    columns.insert(columns.end(), kind.columns.begin(), kind.columns.end());
    if (kind.columns.empty())
      columns.push_back({"Age", "date", "", "", ".metadata.creationTimestamp", 0});
    return columns;
  }
  const auto shape = shapes().find(kind.set);
  if (shape == shapes().end()) {
    columns.push_back(column("Age"));
  } else {
    columns.insert(columns.end(), shape->second.columns.begin(), shape->second.columns.end());
  }
  return columns;
}

}  // namespace

Value partial_of(const Value& object) {
  return Value::object({{"kind", "PartialObjectMetadata"},
                        {"apiVersion", "meta.k8s.io/v1"},
                        {"metadata", object["metadata"]}});
}

Value table_of(const KindInfo& kind, const std::vector<Value>& items, std::string_view include,
               base::TimeUs now, bool with_columns) {
  const std::vector<Column> columns = columns_for(kind);
  Value definitions = Value::array();
  for (const Column& one : columns) definitions.push_back(column_value(one));
  Value rows = Value::array();
  for (const Value& item : items) {
    Value cells = Value::array({item["metadata"]["name"]});
    if (kind.custom) {
      for (std::size_t i = 1; i < columns.size(); ++i)
        cells.push_back(custom_cell(columns[i], item, now));
    } else {
      const auto shape = shapes().find(kind.set);
      (shape == shapes().end() ? fill_age : shape->second.fill)({item, now}, cells);
    }
    Value row = Value::object({{"cells", std::move(cells)}});
    row.set("object", include == "Object" ? item : include == "None" ? Value() : partial_of(item));
    rows.push_back(std::move(row));
  }
  Value metadata = Value::object();
  if (items.size() == 1) metadata.set("resourceVersion", items[0]["metadata"]["resourceVersion"]);
  Value table = Value::object(
      {{"kind", "Table"}, {"apiVersion", "meta.k8s.io/v1"}, {"metadata", std::move(metadata)}});
  table.set("columnDefinitions", with_columns ? std::move(definitions) : Value());
  table.set("rows", std::move(rows));
  return table;
}

}  // namespace weir::api::kube
