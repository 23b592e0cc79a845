#include "tests/sim/world.hh"

#include "engine/base/digest.hh"

namespace weir::sim {

std::uint64_t Random::next() {
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return state_ * 0x2545f4914f6cdd1dull;
}

void ScriptedGit::commit(std::shared_ptr<const base::FileTree> tree) {
  const std::string sha =
      base::sha256("commit " + std::to_string(commits_.size())).hex().substr(0, 40);
  commits_.emplace_back(sha, std::move(tree));
}

std::string ScriptedGit::head_revision() const { return "main@sha1:" + commits_.back().first; }

Result<reconcile::GitCheckout> ScriptedGit::checkout(const reconcile::GitRequest& request) {
  if (faults_.git_error != 0 && random_.one_in(faults_.git_error))
    return make_error(Code::unavailable,
                      "failed to checkout and determine revision: connection reset",
                      "GitOperationFailed");
  reconcile::GitCheckout out;
  out.revision = head_revision();
  out.commit.sha = commits_.back().first;
  out.commit.subject = "commit " + std::to_string(commits_.size());
  out.unchanged = request.known_revision == out.revision;
  if (!out.unchanged) out.tree = commits_.back().second;
  return out;
}

std::optional<Error> FaultyKube::before() {
  if (faults_.kube_error == 0 || !random_.one_in(faults_.kube_error)) return std::nullopt;
  return make_error(Code::unavailable, "connection refused", "");
}

std::optional<Error> FaultyKube::after() {
  if (faults_.kube_lost_answer == 0 || !random_.one_in(faults_.kube_lost_answer))
    return std::nullopt;
  return make_error(Code::unavailable, "connection reset by peer", "");
}

Result<Value> FaultyKube::get(const model::ObjectId& id, const reconcile::Identity& as) {
  if (auto error = before()) return *error;
  return next_.get(id, as);
}

Result<reconcile::ListResult> FaultyKube::list(const model::Gvk& gvk,
                                               const reconcile::ListOptions& options) {
  if (auto error = before()) return *error;
  return next_.list(gvk, options);
}

Result<Value> FaultyKube::create(const Value& object, const reconcile::WriteOptions& options) {
  if (auto error = before()) return *error;
  auto result = next_.create(object, options);
  if (auto error = after()) return *error;
  return result;
}

Result<Value> FaultyKube::update(const Value& object, const reconcile::WriteOptions& options) {
  if (auto error = before()) return *error;
  auto result = next_.update(object, options);
  if (auto error = after()) return *error;
  return result;
}

Result<Value> FaultyKube::apply(const Value& object, const reconcile::WriteOptions& options) {
  if (auto error = before()) return *error;
  auto result = next_.apply(object, options);
  if (auto error = after()) return *error;
  return result;
}

Result<Value> FaultyKube::patch(const model::ObjectId& id, reconcile::PatchType type,
                                const Value& body, const reconcile::WriteOptions& options) {
  if (auto error = before()) return *error;
  auto result = next_.patch(id, type, body, options);
  if (auto error = after()) return *error;
  return result;
}

Result<void> FaultyKube::remove(const model::ObjectId& id,
                                const reconcile::DeleteOptions& options) {
  if (auto error = before()) return *error;
  auto result = next_.remove(id, options);
  if (auto error = after()) return *error;
  return result;
}

}  // namespace weir::sim
