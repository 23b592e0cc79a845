// The simulated world: virtual time, a random stream, a scripted Git remote, artifacts in memory,
// and an API that fails as the seed says. Everything is a function of the seed; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/base/file_tree.hh"
#include "engine/reconcile/kube_port.hh"
#include "engine/reconcile/source_port.hh"

namespace weir::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ull + 1) {}
  std::uint64_t next();
  // 0 <= result < bound.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

class VirtualClock final : public base::Clock {
 public:
  base::TimeUs now() const override { return origin + us_; }
  std::chrono::microseconds monotonic() const override { return std::chrono::microseconds(us_); }
  void advance_to(base::TimeUs time) {
    if (time > now()) us_ = time - origin;
  }

 private:
  static constexpr base::TimeUs origin = 1'800'000'000'000'000;
  std::int64_t us_ = 0;
};

// What goes wrong, and how often (one in N calls; 0 = never).
struct Faults {
  std::uint64_t kube_error = 0;        // the call fails, nothing happened
  std::uint64_t kube_lost_answer = 0;  // the call took effect, the answer is lost
  std::uint64_t git_error = 0;
};

class ScriptedGit final : public reconcile::GitPort {
 public:
  ScriptedGit(Random& random, const Faults& faults) : random_(random), faults_(faults) {}
  void commit(std::shared_ptr<const base::FileTree> tree);
  std::string head_revision() const;
  Result<reconcile::GitCheckout> checkout(const reconcile::GitRequest& request) override;

 private:
  Random& random_;
  const Faults& faults_;
  std::vector<std::pair<std::string, std::shared_ptr<const base::FileTree>>> commits_;
};

// Passes calls on to a real implementation, or fails them.
class FaultyKube final : public reconcile::KubeApi {
 public:
  FaultyKube(reconcile::KubeApi& next, Random& random, const Faults& faults)
      : next_(next), random_(random), faults_(faults) {}

  Result<reconcile::ApiResource> resolve(const model::Gvk& gvk) override {
    return next_.resolve(gvk);
  }
  Result<std::vector<reconcile::ApiResource>> resources() override { return next_.resources(); }
  Result<std::string> server_version() override { return next_.server_version(); }
  Result<Value> get(const model::ObjectId& id, const reconcile::Identity& as) override;
  Result<reconcile::ListResult> list(const model::Gvk& gvk,
                                     const reconcile::ListOptions& options) override;
  Result<Value> create(const Value& object, const reconcile::WriteOptions& options) override;
  Result<Value> update(const Value& object, const reconcile::WriteOptions& options) override;
  Result<Value> apply(const Value& object, const reconcile::WriteOptions& options) override;
  Result<Value> patch(const model::ObjectId& id, reconcile::PatchType type, const Value& body,
                      const reconcile::WriteOptions& options) override;
  Result<void> remove(const model::ObjectId& id, const reconcile::DeleteOptions& options) override;
  std::unique_ptr<reconcile::Watch> watch(const reconcile::WatchOptions& options,
                                          reconcile::WatchSink sink) override {
    return next_.watch(options, std::move(sink));
  }

 private:
  std::optional<Error> before();
  std::optional<Error> after();

  reconcile::KubeApi& next_;
  Random& random_;
  const Faults& faults_;
};

}  // namespace weir::sim
