#include "engine/apply/normalise.hh"

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/base/digest.hh"
#include "engine/model/object_id.hh"
#include "engine/model/quantity.hh"
#include "engine/model/schema.hh"

namespace weir::apply {
namespace {

using model::FieldKind;
using model::SchemaField;
using model::SchemaType;

// Decodes into the shape of a Go struct and encodes it again.
class RoundTrip {
 public:
  // False once anything did not fit its type.
  bool fits() const { return fits_; }

  Value object(const Value& in, const SchemaType& type) {
    Value out = Value::object();
    if (!in.is_object() && !in.is_null()) fits_ = false;
    for (const SchemaField& field : type.fields) {
      const Value& given = in[field.name];
      if (given.is_null()) {
        if (field.always_written) out.append_member(Value(field.name), zero(field));
        continue;
      }
      Value made = convert(given, field);
      if (!field.always_written && !field.pointer && is_empty(made)) continue;
      out.append_member(Value(field.name), std::move(made));
    }
    return out;
  }

 private:
  static bool is_empty(const Value& value) {
    switch (value.kind()) {
      case value::Kind::null: return true;
      case value::Kind::boolean: return !value.as_bool();
      case value::Kind::integer: return value.as_int() == 0;
      case value::Kind::unsigned_integer: return false;
      case value::Kind::floating: return value.as_double() == 0;
      case value::Kind::string: return value.as_string().empty();
      default: return value.empty();
    }
  }

  Value zero(const SchemaField& field) {
    if (field.pointer) return {};
    switch (field.kind) {
      case FieldKind::string: return "";
      case FieldKind::int32:
      case FieldKind::int64:
      case FieldKind::number:
      case FieldKind::int_or_string: return 0;
      case FieldKind::boolean: return false;
      case FieldKind::quantity: return "0";
      case FieldKind::object: return object({}, *field.type);
      default: return {};
    }
  }

  Value convert(const Value& in, const SchemaField& field) {
    switch (field.kind) {
      case FieldKind::object: return object(in, *field.type);
      case FieldKind::list: return list(in, *field.element);
      case FieldKind::map: return map(in, *field.element);
      case FieldKind::any: return in;
      default: return scalar(in, field.kind);
    }
  }

  Value list(const Value& in, const SchemaField& element) {
    if (!in.is_array()) return misfit(in);
    Value out = Value::array();
    out.reserve(in.size());
    for (const Value& item : in.items()) {
      out.push_back(item.is_null() ? zero(element) : convert(item, element));
    }
    return out;
  }

  Value map(const Value& in, const SchemaField& element) {
    if (!in.is_object()) return misfit(in);
    Value out = Value::object();
    out.reserve(in.size());
    for (const value::Member& member : in.members()) {
      const Value& item = member.value;
      out.append_member(member.key, item.is_null() ? zero(element) : convert(item, element));
    }
    return out;
  }

  Value scalar(const Value& in, FieldKind kind) {
    switch (kind) {
      case FieldKind::string: return in.is_string() ? in : misfit(in);
      case FieldKind::boolean: return in.is_bool() ? in : misfit(in);
      case FieldKind::number: return in.is_number() ? in : misfit(in);
      case FieldKind::int_or_string:
        return in.is_string() || in.kind() == value::Kind::integer ? in : misfit(in);
      case FieldKind::int32:
      case FieldKind::int64: return whole_number(in, kind);
      case FieldKind::bytes: return bytes(in);
      case FieldKind::time:
      case FieldKind::micro_time: return time(in, kind);
      case FieldKind::quantity: return quantity(in);
      default: return in;
    }
  }

  Value whole_number(const Value& in, FieldKind kind) {
    std::int64_t number = 0;
    if (in.kind() == value::Kind::integer) {
      number = in.as_int();
    } else if (in.kind() == value::Kind::floating && in.as_double() > -1e15 &&
               in.as_double() < 1e15) {
      number = static_cast<std::int64_t>(in.as_double());
      if (static_cast<double>(number) != in.as_double()) return misfit(in);
    } else {
      return misfit(in);
    }
    if (kind == FieldKind::int32 && (number > INT32_MAX || number < INT32_MIN)) return misfit(in);
    return number;
  }

  Value bytes(const Value& in) {
    if (!in.is_string()) return misfit(in);
    const Result<std::string> decoded = base::base64_decode(in.as_string());
    return decoded.ok() ? Value(base::base64_encode(*decoded)) : misfit(in);
  }

  Value time(const Value& in, FieldKind kind) {
    if (!in.is_string()) return misfit(in);
    const Result<base::TimeUs> time = base::parse_rfc3339(in.as_string());
    if (!time.ok()) return misfit(in);
    return kind == FieldKind::time ? base::format_rfc3339(*time)
                                   : base::format_rfc3339_micro(*time);
  }

  Value quantity(const Value& in) {
    const std::optional<std::string> text = model::quantity_text(in);
    if (!text) return misfit(in);
    std::optional<std::string> canonical = model::canonical_quantity(*text);
    return canonical ? Value(*canonical) : misfit(in);
  }

  Value misfit(const Value& in) {
    fits_ = false;
    return in;
  }

  bool fits_ = true;
};

void merge_string_data(Value& secret) {
  const Value texts = secret["stringData"];
  if (texts.empty()) return;
  Value& data = secret.entry("data");
  for (const value::Member& member : texts.members()) {
    data.set(member.name(), base::base64_encode(member.value.get_string()));
  }
  secret.erase("stringData");
}

void default_protocol(Value* list) {
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (!list->at(i).is_object() || !list->at(i)["protocol"].get_string().empty()) continue;
    list->item_mut(i).set("protocol", "TCP");
  }
}

Value* find_path(Value& root, const std::vector<std::string_view>& path) {
  Value* at = &root;
  for (std::string_view key : path) {
    at = at->find_mut(key);
    if (at == nullptr) return nullptr;
  }
  return at;
}

void default_container_protocols(Value& object, const std::vector<std::string_view>& path) {
  Value* containers = find_path(object, path);
  if (containers == nullptr || !containers->is_array()) return;
  for (std::size_t i = 0; i < containers->size(); ++i) {
    default_protocol(containers->item_mut(i).find_mut("ports"));
  }
}

using Fixup = void (*)(Value& object);

void fix_pod(Value& object) { default_container_protocols(object, {"spec", "containers"}); }
void fix_template(Value& object) {
  default_container_protocols(object, {"spec", "template", "spec", "containers"});
}
void fix_cron_job(Value& object) {
  default_container_protocols(object,
                              {"spec", "jobTemplate", "spec", "template", "spec", "containers"});
}
void fix_service(Value& object) { default_protocol(find_path(object, {"spec", "ports"})); }

// The body of the first PEM certificate is DER: a sequence as long as the bytes there are.
bool holds_certificate(std::string_view pem) {
  constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view end = "-----END CERTIFICATE-----";
  const std::size_t from = pem.find(begin);
  if (from == std::string_view::npos) return false;
  pem.remove_prefix(from + begin.size());
  const std::size_t to = pem.find(end);
  if (to == std::string_view::npos) return false;
  std::string body;
  for (char c : pem.substr(0, to)) {
    if (c != '\n' && c != '\r' && c != ' ') body += c;
  }
  const Result<std::string> der = base::base64_decode(body);
  if (!der.ok() || der->size() < 4 || static_cast<unsigned char>((*der)[0]) != 0x30) return false;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>((*der)[i]); };
  const std::size_t head = byte(1);
  if (head < 0x80) return der->size() == head + 2;
  if (head == 0x81) return der->size() == byte(2) + 3u;
  return head == 0x82 && der->size() == byte(2) * 256u + byte(3) + 4u;
}

void drop_bad_bundle(Value& object) {
  Value* client = find_path(object, {"spec", "conversion", "webhook", "clientConfig"});
  if (client == nullptr || !client->is_object()) return;
  const std::string_view bundle = (*client)["caBundle"].get_string();
  if (bundle.empty()) return;
  const Result<std::string> pem = base::base64_decode(bundle);
  if (!holds_certificate(pem.ok() ? std::string_view(*pem) : bundle)) client->erase("caBundle");
}

struct FixupRow {
  std::string_view group;
  std::string_view kind;
  Fixup fix;
};

constexpr FixupRow fixups[] = {
    {"", "Pod", fix_pod},
    {"apps", "Deployment", fix_template},
    {"apps", "StatefulSet", fix_template},
    {"apps", "DaemonSet", fix_template},
    {"apps", "ReplicaSet", fix_template},
    {"batch", "Job", fix_template},
    {"batch", "CronJob", fix_cron_job},
    {"", "Service", fix_service},
    {"", "Secret", merge_string_data},
};

// Kinds that the reference does not decode into types, although Kubernetes ships them.
bool keeps_body(const Gvk& gvk) {
  return gvk.group == "apiextensions.k8s.io" || gvk.group == "apiregistration.k8s.io";
}

// Roles are not touched at all: their lists of rules mean different things when empty and when
// null.
bool is_role(const Gvk& gvk) {
  return gvk.group == "rbac.authorization.k8s.io" && gvk.version == "v1" &&
         (gvk.kind == "Role" || gvk.kind == "ClusterRole");
}

}  // namespace

Value normalise(const Value& manifest) {
  const Gvk gvk = Gvk::of(manifest);
  if (is_role(gvk)) return manifest;
  Value out = manifest;
  const SchemaType* type = keeps_body(gvk) ? nullptr : model::find_type(gvk);
  if (type != nullptr) {
    RoundTrip trip;
    Value typed = trip.object(manifest, *type);
    if (trip.fits()) {
      out = std::move(typed);
      for (const FixupRow& row : fixups) {
        if (row.kind == gvk.kind && row.group == gvk.group) row.fix(out);
      }
    }
  }
  out.entry("metadata").set("creationTimestamp", Value());
  if (gvk.kind == "CustomResourceDefinition") {
    drop_bad_bundle(out);
  } else {
    out.erase("status");
  }
  return out;
}

void add_owner_labels(Value& manifest, std::string_view ns, std::string_view name,
                      std::string_view group) {
  std::string key(group);
  key += '/';
  Value& labels = manifest.entry("metadata").entry("labels");
  labels.set(key + "name", name);
  labels.set(key + "namespace", ns);
}

void add_common_metadata(Value& manifest, const Value& labels, const Value& annotations) {
  Value& metadata = manifest.entry("metadata");
  const std::pair<std::string_view, const Value&> sets[] = {{"labels", labels},
                                                           {"annotations", annotations}};
  for (const auto& [field, wanted] : sets) {
    for (const value::Member& member : wanted.members()) {
      metadata.entry(field).set(member.name(), member.value);
    }
  }
}

}  // namespace weir::apply
