// Who set each field of an object: the build's provenance, the commit of the line, the event from
// which on the value stood, and whoever else holds the field on the live object.
#include <algorithm>
#include <set>

#include "api/audit/blame_release.hh"
#include "api/audit/instant.hh"
#include "api/audit/kinds.hh"
#include "api/audit/live_managers.hh"
#include "api/audit/origin.hh"
#include "api/audit/routes.hh"
#include "api/audit/side.hh"
#include "api/audit/views.hh"
#include "engine/reconcile/render.hh"
#include "engine/reconcile/sensitive.hh"
#include "engine/reconcile/trace.hh"
#include "engine/value/json.hh"

namespace weir::api::audit {
namespace {

namespace views = store::projections;
using kustomize::FieldTrail;

// Changes of the object that are walked for the first event with today's value.
constexpr std::size_t history_max = 1'000;

bool is_asked_for(std::string_view field, std::string_view wanted) {
  if (wanted.starts_with('.')) wanted.remove_prefix(1);
  if (wanted.empty() || field == wanted) return true;
  return field.starts_with(wanted) &&
         (field[wanted.size()] == '.' || field[wanted.size()] == '[');
}

using Fields = std::map<std::string, Value>;

Fields fields_of(const Value& object, std::string_view wanted) {
  Fields out;
  kustomize::for_each_field(object, [&](const FieldTrail& trail, const Value& value) {
    std::string field = kustomize::field_text(trail);
    if (is_asked_for(field, wanted)) out.emplace(std::move(field), value);
  });
  return out;
}

class Blame {
 public:
  Blame(const Call& call, model::ObjectId id, store::Seq at, std::string_view wanted)
      : call_(call), id_(std::move(id)), at_(at), wanted_(wanted) {}

  Result<Value> run() {
    WEIR_TRY(const auto state, views::object_at(call_.log().kv(), id_, at_, views::Side::desired));
    if (!state || !state->change.manifest)
      return make_error(Code::not_found, id_.subject() + " was not applied by weir at event " +
                                             std::to_string(at_));
    id_ = state->id;
    change_ = state->change;
    WEIR_TRY(const Value manifest, read_manifest(call_.blobs(), id_, *change_.manifest));
    kustomize::for_each_field(manifest, [&](const FieldTrail& trail, const Value& value) {
      std::string field = kustomize::field_text(trail);
      if (!is_asked_for(field, wanted_)) return;
      Value row = Value::object({{"field", field}, {"value", value}});
      index_.emplace(std::move(field), rows_.size());
      rows_.push_back(std::move(row));
    });
    WEIR_CHECK(add_since());
    const auto traced = change_.owner.gvk.kind == "HelmRelease" ? add_release_causes(manifest)
                                                                : add_causes();
    if (!traced.ok()) note_ = traced.error().message;
    add_managers(manifest);
    if (rows_.empty())
      return make_error(Code::not_found, id_.subject() + " has no field " + std::string(wanted_));
    return answer();
  }

 private:
  Result<Value> answer() {
    WEIR_TRY(Value at, instant_view(call_.log(), at_));
    Value fields = Value::array();
    for (Value& row : rows_) fields.push_back(std::move(row));
    Value out = Value::object({{"object", id_view(id_)}, {"at", std::move(at)}});
    if (!change_.owner.empty()) out.set("owner", id_view(change_.owner));
    if (!source_.id.empty()) out.set("source", id_view(source_.id));
    if (!change_.revision.empty()) out.set("revision", change_.revision);
    if (!chart_.empty()) out.set("chart", chart_);
    if (!note_.empty()) out.set("note", note_);
    out.set("fields", std::move(fields));
    return out;
  }

  // Back from the newest manifest: a field that differs in an older one was set by the one after.
  Result<void> add_since() {
    WEIR_TRY(const auto changes,
             views::object_history(call_.log().kv(), id_, change_.seq, history_max));
    std::set<std::string> open;
    for (const auto& [field, row] : index_) open.insert(field);
    views::ObjectChange later = change_;
    for (const views::ObjectChange& change : changes) {
      if (change.type != event::Type::object_applied && !change.gone) continue;
      if (open.empty() || change.gone) break;
      if (!change.manifest) continue;
      const auto manifest = read_manifest(call_.blobs(), id_, *change.manifest);
      if (!manifest.ok()) break;  // retention took it
      const Fields then = fields_of(*manifest, wanted_);
      for (auto field = open.begin(); field != open.end();) {
        const auto found = then.find(*field);
        Value& row = rows_[index_.at(*field)];
        const bool same = found != then.end() && found->second == row["value"];
        if (same) {
          ++field;
          continue;
        }
        set_since(row, later);
        field = open.erase(field);
      }
      later = change;
    }
    for (const std::string& field : open) set_since(rows_[index_.at(field)], later);
    return {};
  }

  static void set_since(Value& row, const views::ObjectChange& change) {
    Value since = Value::object(
        {{"seq", change.seq}, {"time", base::format_rfc3339_micro(change.time)}});
    if (!change.revision.empty()) since.set("revision", change.revision);
    row.set("since", std::move(since));
  }

  Result<reconcile::TraceInput> trace_input() {
    if (change_.owner.gvk.kind != "Kustomization")
      return make_error(Code::unsupported,
                        change_.owner.empty()
                            ? "no owner built it, so no file stands behind it"
                            : change_.owner.subject() + " is no owner that weir builds for");
    reconcile::TraceInput input;
    WEIR_TRY(input.object, owner_at(call_.log(), change_.owner, change_.seq));
    input.remote = call_.api.options().remote;
    WEIR_TRY(source_, source_of(call_.log(), change_.owner, change_.seq, change_.revision));
    const AuditOptions& options = call_.api.options();
    Result<std::shared_ptr<const base::FileTree>> tree =
        make_error(Code::not_found, "neither a mirror nor an artifact has revision " +
                                        change_.revision);
    if (options.git != nullptr && !source_.commit.empty())
      tree = options.git->tree(source_.url, source_.commit);
    if (!tree.ok() && options.artifacts != nullptr && !source_.artifact.empty())
      tree = options.artifacts->open(source_.artifact, "");
    if (!tree.ok()) return std::move(tree).error();
    input.tree = *std::move(tree);
    WEIR_CHECK(add_variables(input));
    return input;
  }

  // As they are now: an old value is nowhere kept, but the names tell what set a field.
  Result<void> add_variables(reconcile::TraceInput& input) {
    WEIR_TRY(const model::KustomizationSpec spec, model::decode_kustomization(input.object));
    const std::string& ns = change_.owner.ns;
    reconcile::KubeApi* kube = call_.api.options().kube;
    for (const auto& reference : spec.substitute_from) {
      model::KustomizationSpec one;
      one.substitute_from = {reference};
      const auto read = reconcile::read_variables(kube, ns, one);
      if (!read.ok()) continue;
      for (const auto& [name, text] : *read)
        input.variable_origins[name] =
            (reference.secret ? "Secret/" : "ConfigMap/") + ns + "/" + reference.name;
    }
    for (const auto& [name, text] : spec.substitute)
      input.variable_origins[name] = change_.owner.subject() + " spec.postBuild.substitute";
    auto all = reconcile::read_variables(kube, ns, spec);
    if (all.ok()) input.variables = *std::move(all);
    return {};
  }

  Result<void> add_causes() {
    WEIR_TRY(const reconcile::TraceInput input, trace_input());
    WEIR_TRY(const reconcile::Traced traced, reconcile::trace_object(input, id_));
    std::map<std::string, std::set<std::uint32_t>> lines;  // by file
    for (const auto& [field, cause] : traced.causes) {
      const auto row = index_.find(field);
      if (row == index_.end()) continue;
      Value& out = rows_[row->second];
      out.set("setBy", cause.pass);
      if (cause.file.empty()) continue;
      out.set("file", cause.file);
      if (cause.line == 0) continue;
      out.set("line", static_cast<std::int64_t>(cause.line));
      lines[cause.file].insert(cause.line);
    }
    return add_commits(lines);
  }

  // The chart's part of it; of a value in the HelmRelease's spec also the file that it came from.
  Result<void> add_release_causes(const Value& manifest) {
    WEIR_TRY(const ReleaseBlame release, ReleaseBlame::open(call_, change_, id_));
    chart_ = release.chart();
    bool in_spec = false;
    kustomize::for_each_field(manifest, [&](const FieldTrail& trail, const Value&) {
      const auto row = index_.find(kustomize::field_text(trail));
      if (row == index_.end()) return;
      Value& out = rows_[row->second];
      const ReleaseBlame::Cause cause = release.cause_of(trail);
      out.set("setBy", cause.set_by);
      if (!cause.file.empty()) out.set("file", cause.file);
      if (cause.line != 0) out.set("line", static_cast<std::int64_t>(cause.line));
      if (cause.values.empty()) return;
      Value values = Value::array();
      for (const std::string& path : cause.values) values.push_back(path);
      out.set("values", std::move(values));
      if (!cause.given_by.empty()) out.set("givenBy", cause.given_by);
      in_spec = in_spec || cause.in_spec;
    });
    return in_spec ? add_spec_causes() : Result<void>();
  }

  // Where the HelmRelease itself was applied from Git, a value of it has a line and an author.
  Result<void> add_spec_causes() {
    if (change_.owner.gvk.kind == id_.gvk.kind) return {};
    const auto declared = Blame(call_, change_.owner, change_.seq, "spec.values").run();
    if (!declared.ok()) return {};  // somebody else has made it
    std::map<std::string_view, const Value*> known;
    for (const Value& field : (*declared)["fields"].items())
      known.emplace(field["field"].get_string(), &field);
    for (Value& row : rows_) {
      if (!row["givenBy"].get_string().starts_with(change_.owner.subject() + " spec.")) continue;
      const std::string path(row["values"].items()[0].get_string());
      const auto found = known.find("spec.values." + path);
      if (found == known.end()) continue;
      Value given = Value::object();
      for (const std::string_view name : {"file", "line"})
        if (found->second->contains(name)) given.set(name, (*found->second)[name]);
      row.set("given", std::move(given));
      if (found->second->contains("commit")) row.set("commit", (*found->second)["commit"]);
    }
    return {};
  }

  // Those of the lines; without a mirror that of the revision with which the value came.
  Result<void> add_commits(const std::map<std::string, std::set<std::uint32_t>>& lines) {
    std::map<std::string, std::map<std::uint32_t, reconcile::GitCommit>> known;
    const reconcile::GitHistoryPort* git = call_.api.options().git;
    if (git != nullptr && !source_.commit.empty())
      for (const auto& [file, numbers] : lines)
        if (auto commits = git->line_commits(source_.url, source_.commit, file, numbers);
            commits.ok())
          known[file] = *std::move(commits);
    for (Value& row : rows_) {
      const auto file = known.find(std::string(row["file"].get_string()));
      if (file != known.end()) {
        const auto found = file->second.find(static_cast<std::uint32_t>(row["line"].get_int()));
        if (found != file->second.end()) {
          row.set("commit", commit_view(found->second));
          continue;
        }
      }
      if (!row.contains("setBy")) continue;
      WEIR_CHECK(add_revision_commit(row));
    }
    return {};
  }

  Result<void> add_revision_commit(Value& row) {
    const std::string revision(row.path("since", "revision").get_string());
    auto known = commits_.find(revision);
    if (known == commits_.end()) {
      const auto source = source_of(call_.log(), change_.owner, change_.seq, revision);
      known = commits_.emplace(revision, source.ok() ? source->details : Value()).first;
    }
    if (known->second.is_object()) row.set("commit", known->second);
    return {};
  }

  static Value commit_view(const reconcile::GitCommit& commit) {
    return Value::object({{"sha", commit.sha},
                          {"author", commit.author},
                          {"time", base::format_rfc3339(commit.time)},
                          {"subject", commit.subject}});
  }

  void add_managers(const Value& manifest) {
    reconcile::KubeApi* kube = call_.api.options().kube;
    if (kube == nullptr || at_ != call_.log().head().seq) return;
    const auto live = kube->get(id_);
    if (!live.ok()) return;
    const bool secret = manifest["kind"].get_string() == "Secret";
    for (HeldField& held : fields_of_others(*live, change_.owner)) {
      if (!is_asked_for(held.field, wanted_)) continue;
      reconcile::drop_url_credentials(held.value);
      const auto known = index_.find(held.field);
      if (known == index_.end()) {
        rows_.push_back(Value::object({{"field", held.field}}));
        if (!secret) rows_.back().set("value", held.value);
      }
      Value& row = known == index_.end() ? rows_.back() : rows_[known->second];
      row.set("manager", held.manager);
      row.set("managerTime", held.time);
      if (known != index_.end() && !secret && !(row["value"] == held.value))
        row.set("live", held.value);
    }
  }

  const Call& call_;
  model::ObjectId id_;
  const store::Seq at_;
  const std::string_view wanted_;
  std::string chart_;  // that made it, of a HelmRelease's object
  views::ObjectChange change_;
  SourceOrigin source_;
  std::vector<Value> rows_;
  std::map<std::string, std::size_t> index_;  // of rows_, by field
  std::map<std::string, Value> commits_;      // by revision
  std::string note_;
};

}  // namespace

Result<kube::Response> object_blame(const Call& call) {
  model::ObjectId id;
  WEIR_TRY(id.gvk, resolve_kind(call.log(), call.path.find("kind")->second, "kind"));
  id.ns = call.path.find("namespace")->second;
  if (id.ns == "-") id.ns.clear();
  id.name = call.path.find("name")->second;
  store::Seq at = call.log().head().seq;
  if (!call.parameter("at").empty()) {
    WEIR_TRY(at, resolve_instant(call.log(), call.parameter("at"), call.now(), "at"));
  }
  WEIR_TRY(const Value body, Blame(call, std::move(id), at, call.parameter("field")).run());
  return json_response(body);
}

}  // namespace weir::api::audit
