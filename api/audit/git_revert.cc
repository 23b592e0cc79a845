#include "api/audit/git_revert.hh"

#include <algorithm>
#include <set>

#include "api/audit/orders.hh"
#include "api/audit/origin.hh"
#include "api/audit/views.hh"
#include "engine/reconcile/trace.hh"

namespace weir::api::audit {
namespace {

// A source's commit in the making.
struct Making {
  SourceOrigin source;
  std::vector<reconcile::GitFile> files;
  std::set<std::string> taken;
  std::vector<std::string> names;  // of the targets
  std::string good;                // commit of the first target
};

std::string short_sha(std::string_view sha) { return std::string(sha.substr(0, 8)); }

bool is_below(std::string_view path, std::string_view folder) {
  return folder.empty() ||
         (path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/');
}

// Files that the target's build reads from the commit. A build that fails has read what it got to.
Result<std::set<std::string>> files_of(const Call& call, const SourceOrigin& source,
                                       const Value& spec, const std::string& commit) {
  WEIR_TRY(const auto tree, call.api.options().git->tree(source.url, commit));
  return reconcile::files_of_build(tree, spec, call.api.options().remote);
}

Result<void> add_target(const Call& call, const RollbackPlan& plan, Making& making) {
  const model::ObjectId& target = plan.action.target;
  const std::string good(commit_of(plan.action.revision));
  WEIR_TRY(const Value spec, spec_at(call.log(), target, call.log().head().seq));
  WEIR_TRY(const auto changed,
           call.api.options().git->changed_files(making.source.url, good, making.source.commit));
  if (good.empty())
    return make_error(Code::invalid, "revision " + plan.action.revision + " names no commit");
  WEIR_TRY(const auto before, files_of(call, making.source, spec, good));
  WEIR_TRY(const auto now, files_of(call, making.source, spec, making.source.commit));
  const std::string folder = base::clean_path("/" + std::string(spec["path"].get_string()))
                                 .value_or("/")
                                 .substr(1);
  for (const std::string& path : changed) {
    if (!is_below(path, folder) && !before.contains(path) && !now.contains(path)) continue;
    if (making.taken.insert(path).second) {
      making.files.push_back({path, good});
      continue;
    }
    const auto known = std::find_if(making.files.begin(), making.files.end(),
                                    [&](const auto& file) { return file.path == path; });
    if (known->commit != good)
      return make_error(Code::conflict, path + " would go back to commit " +
                                            short_sha(known->commit) + " and to " +
                                            short_sha(good) + "; revert one target after another");
  }
  if (making.good.empty()) making.good = good;
  making.names.push_back(target.subject());
  return {};
}

std::string message_of(const Call& call, const Making& making, const std::string& to) {
  std::string text = "Revert to " + short_sha(making.good) + ": " + making.names.front();
  if (making.names.size() > 1) text += " and " + std::to_string(making.names.size() - 1) + " more";
  text += "\n\nThe files of these are as they were at " + to + ", by order of " + call.actor;
  text += ":\n";
  for (const std::string& name : making.names) text += name + "\n";
  return text;
}

Value making_view(const Making& making, const std::string& message) {
  Value files = Value::array();
  for (const reconcile::GitFile& file : making.files) files.push_back(file.path);
  return Value::object({{"source", id_view(making.source.id)},
                        {"branch", making.source.branch},
                        {"head", making.source.commit},
                        {"files", std::move(files)},
                        {"message", message}});
}

}  // namespace

Result<Value> revert_in_git(const Call& call, const std::vector<RollbackPlan>& plans,
                            const std::string& to, bool dry_run) {
  if (call.api.options().git == nullptr)
    return make_error(Code::unavailable, "this weir has no Git mirrors to make a commit in");
  std::map<std::string, Making> makings;
  const store::Seq head = call.log().head().seq;
  for (const RollbackPlan& plan : plans) {
    WEIR_TRY(SourceOrigin source, source_of(call.log(), plan.action.target, head));
    if (source.branch.empty() || source.commit.empty())
      return make_error(Code::invalid, plan.action.target.subject() + " is not built from a Git "
                                       "branch, so there is none to commit to");
    Making& making = makings[source.id.subject()];
    making.source = std::move(source);
    WEIR_CHECK(add_target(call, plan, making));
  }
  Value commits = Value::array();
  for (const auto& [name, making] : makings) {
    if (making.files.empty())
      return make_error(Code::invalid, "no file of " + making.names.front() +
                                           " differs between " + short_sha(making.good) + " and " +
                                           short_sha(making.source.commit));
    const std::string message = message_of(call, making, to);
    commits.push_back(making_view(making, message));
    if (dry_run) continue;
    WEIR_TRY(reconcile::Engine* const engine, need_engine(call));
    reconcile::OperatorAction action;
    action.kind = reconcile::OperatorAction::Kind::git_revert;
    action.target = making.source.id;
    action.revision = making.good;
    action.head = making.source.commit;
    action.files = making.files;
    action.message = message;
    action.actor = call.actor;
    WEIR_TRY(const std::uint64_t seq, act(*engine, std::move(action)));
    commits.item_mut(commits.size() - 1).set("seq", seq);
  }
  return commits;
}

}  // namespace weir::api::audit
