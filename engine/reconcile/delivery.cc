#include "engine/reconcile/delivery.hh"

#include <algorithm>
#include <cstdio>

#include "engine/model/kinds/kustomization.hh"
#include "engine/model/kinds/source_spec.hh"

namespace weir::reconcile {
namespace {

bool is_owner(const model::ObjectId& id) {
  return id.gvk.kind == "Kustomization" || id.gvk.kind == "HelmRelease";
}

model::ObjectId source_named(const model::ObjectId& owner, const Value& spec) {
  const Value& direct = spec["sourceRef"];
  const Value& reference = direct.is_object() ? direct : spec.path("chart", "spec", "sourceRef");
  if (!reference.is_object()) return {};
  return {{std::string(model::source_group), "v1", std::string(reference["kind"].get_string())},
          std::string(reference["namespace"].get_string(owner.ns)),
          std::string(reference["name"].get_string())};
}

std::string seconds(base::TimeUs time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(time) / 1e6);
  return text;
}

std::string labels_of(const model::ObjectId& owner) {
  return "kind=\"" + owner.gvk.kind + "\",name=\"" + owner.name + "\",namespace=\"" + owner.ns +
         "\"";
}

void append_id(std::string& out, const model::ObjectId& id) {
  for (const std::string* part : {&id.gvk.group, &id.gvk.version, &id.gvk.kind, &id.ns, &id.name})
    event::append_string(out, *part);
}

model::ObjectId read_id(event::Reader& reader) {
  model::ObjectId id;
  for (std::string* part : {&id.gvk.group, &id.gvk.version, &id.gvk.kind, &id.ns, &id.name})
    *part = reader.string();
  return id;
}

void head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name);
  out.append(" ").append(type).append("\n");
}

}  // namespace

void Delivery::fold(const event::Event& event, base::TimeUs now) {
  using event::Type;
  const model::ObjectId& subject = event.subject.object;
  const base::TimeUs time = event.time != 0 ? event.time : now;
  const std::lock_guard lock(mutex_);
  if (event.type == Type::source_fetched) {
    Source& source = sources_[subject];
    source.revision = event.data.path("artifact", "revision").get_string();
    const auto committed = base::parse_rfc3339(event.data.path("commit", "time").get_string());
    source.committed = committed.ok() ? *committed : time;
  } else if (event.type == Type::spec_observed && is_owner(subject)) {
    owners_[subject].source = source_named(subject, event.data.path("object", "spec"));
  } else if (event.type == Type::spec_deleted) {
    owners_.erase(subject);
    sources_.erase(subject);
  } else if (event.type == Type::reconcile_finished && is_owner(subject)) {
    finished(event, time);
  }
}

void Delivery::finished(const event::Event& event, base::TimeUs time) {
  Owner& owner = owners_[event.subject.object];
  const std::string_view status = event.data["status"].get_string();
  if (status == "HealthCheckCanceled") return;  // another one goes on at once
  if (!status.ends_with("Succeeded")) {
    ++owner.bad;
    if (owner.failing_since == 0) owner.failing_since = time;
    return;
  }
  ++owner.good;
  if (owner.failing_since != 0) {
    ++owner.restore.count;
    owner.restore.total += std::max<base::TimeUs>(time - owner.failing_since, 0);
    owner.failing_since = 0;
  }
  // A rollback delivers nothing, and what it went back from is not delivered again after it.
  const std::string revision(event.data["revision"].get_string());
  const auto source = sources_.find(owner.source);
  if (source == sources_.end() || source->second.revision != revision) return;
  if (revision == owner.applied) return;
  owner.applied = revision;
  ++owner.lead.count;
  owner.lead.total += std::max<base::TimeUs>(time - source->second.committed, 0);
}

void Delivery::encode(std::string& out) const {
  const auto number = [&](auto value) {
    event::append_varint(out, static_cast<std::uint64_t>(value));
  };
  const std::lock_guard lock(mutex_);
  number(owners_.size());
  for (const auto& [id, owner] : owners_) {
    append_id(out, id);
    for (const std::uint64_t count : {owner.good, owner.bad}) number(count);
    number(owner.failing_since);
    event::append_string(out, owner.applied);
    append_id(out, owner.source);
    for (const Sum& sum : {owner.lead, owner.restore}) {
      number(sum.count);
      number(sum.total);
    }
  }
  number(sources_.size());
  for (const auto& [id, source] : sources_) {
    append_id(out, id);
    event::append_string(out, source.revision);
    number(source.committed);
  }
}

void Delivery::decode(event::Reader& reader) {
  const std::lock_guard lock(mutex_);
  owners_.clear();
  sources_.clear();
  for (std::uint64_t i = reader.varint(); i > 0 && reader.ok(); --i) {
    Owner& owner = owners_[read_id(reader)];
    for (std::uint64_t* count : {&owner.good, &owner.bad}) *count = reader.varint();
    owner.failing_since = static_cast<base::TimeUs>(reader.varint());
    owner.applied = reader.string();
    owner.source = read_id(reader);
    for (Sum* sum : {&owner.lead, &owner.restore}) {
      sum->count = reader.varint();
      sum->total = static_cast<base::TimeUs>(reader.varint());
    }
  }
  for (std::uint64_t i = reader.varint(); i > 0 && reader.ok(); --i) {
    Source& source = sources_[read_id(reader)];
    source.revision = reader.string();
    source.committed = static_cast<base::TimeUs>(reader.varint());
  }
}

void Delivery::clear() {
  const std::lock_guard lock(mutex_);
  owners_.clear();
  sources_.clear();
}

std::string Delivery::exposition() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  head(out, "weir_deliveries_total", "counter", "Reconciles that the log has of an owner.");
  for (const auto& [id, owner] : owners_)
    for (const auto& [result, count] :
         {std::pair("success", owner.good), std::pair("failure", owner.bad)})
      out += "weir_deliveries_total{" + labels_of(id) + ",result=\"" + result + "\"} " +
             std::to_string(count) + "\n";
  const auto sums = [&](const std::string& name, Sum Owner::* sum) {
    for (const auto& [id, owner] : owners_) {
      out += name + "_sum{" + labels_of(id) + "} " + seconds((owner.*sum).total) + "\n";
      out += name + "_count{" + labels_of(id) + "} " + std::to_string((owner.*sum).count) + "\n";
    }
  };
  head(out, "weir_lead_time_seconds", "summary", "From a commit to the success of its reconcile.");
  sums("weir_lead_time_seconds", &Owner::lead);
  head(out, "weir_time_to_restore_seconds", "summary", "From a failure to the next success.");
  sums("weir_time_to_restore_seconds", &Owner::restore);
  head(out, "weir_failing", "gauge", "Whether the owner's last reconcile failed.");
  for (const auto& [id, owner] : owners_)
    out += "weir_failing{" + labels_of(id) + "} " + (owner.failing_since != 0 ? "1" : "0") + "\n";
  return out;
}

}  // namespace weir::reconcile
