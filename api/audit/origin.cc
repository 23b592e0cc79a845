#include "api/audit/origin.hh"

#include <algorithm>

#include "api/audit/side.hh"

namespace weir::api::audit {

model::ObjectId source_reference(const model::ObjectId& owner, const Value& reference) {
  model::ObjectId id;
  id.gvk = {"source.toolkit.fluxcd.io", "v1", std::string(reference["kind"].get_string())};
  id.ns = reference["namespace"].get_string(owner.ns);
  id.name = reference["name"].get_string();
  return id;
}

Result<Value> owner_at(const store::EventLog& log, const model::ObjectId& owner, store::Seq at) {
  WEIR_TRY(const auto seen, newest_event(log, owner, event::Type::spec_observed, at));
  if (seen && seen->data["object"].is_object()) return seen->data["object"];
  return make_error(Code::not_found, "the log does not say what " + owner.subject() + " was");
}

Result<Value> spec_at(const store::EventLog& log, const model::ObjectId& owner, store::Seq at) {
  WEIR_TRY(const Value object, owner_at(log, owner, at));
  return object["spec"];
}

std::string_view commit_of(std::string_view revision) {
  const std::size_t mark = revision.rfind("sha1:");
  if (mark != std::string_view::npos) revision.remove_prefix(mark + 5);
  const bool hex = std::all_of(revision.begin(), revision.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  return revision.size() == 40 && hex ? revision : std::string_view();
}

namespace {

Result<std::optional<event::Event>> fetch_of(const store::EventLog& log, const model::ObjectId& id,
                                             store::Seq at, std::string_view revision) {
  constexpr int looked_at_max = 10'000;
  for (int i = 0; i < looked_at_max && at > 0; ++i) {
    WEIR_TRY(auto fetched, newest_event(log, id, event::Type::source_fetched, at));
    if (!fetched || revision.empty() ||
        fetched->data.path("artifact", "revision").get_string() == revision)
      return fetched;
    at = fetched->seq - 1;
  }
  return std::optional<event::Event>();
}

}  // namespace

Result<SourceOrigin> source_of(const store::EventLog& log, const model::ObjectId& owner,
                               store::Seq at, std::string_view revision) {
  WEIR_TRY(const Value spec, spec_at(log, owner, at));
  SourceOrigin out;
  out.id = source_reference(owner, spec["sourceRef"]);
  WEIR_TRY(const Value source, spec_at(log, out.id, at));
  out.url = source["url"].get_string();
  const Value& ref = source["ref"];
  const bool other = std::any_of(ref.members().begin(), ref.members().end(), [](const auto& one) {
    return one.name() != "branch" && !one.value.get_string().empty();
  });
  if (out.id.gvk.kind == "GitRepository" && !other)
    out.branch = ref["branch"].get_string("master");
  WEIR_TRY(const auto fetched, fetch_of(log, out.id, at, revision));
  if (!fetched)
    return make_error(Code::not_found, "the log has no fetch of " + out.id.subject() +
                                           (revision.empty() ? "" : " of revision ") +
                                           std::string(revision));
  out.revision = fetched->data.path("artifact", "revision").get_string();
  out.artifact = fetched->data.path("artifact", "path").get_string();
  out.commit = commit_of(out.revision);
  out.details = fetched->data["commit"];
  return out;
}

}  // namespace weir::api::audit
