#include "tools/weir/caretaker.hh"

#include "engine/base/duration.hh"
#include "engine/base/log.hh"
#include "engine/reconcile/durable_state.hh"
#include "store/projections/object_table.hh"
#include "tools/weir/host.hh"

namespace weir::cli {

void CareOptions::add_to(Args& args) {
  args.option(
      "--ledger-name", ledger_name,
      "Name in the log's signed checkpoints, set on the first start. Default: from its key.");
  args.flag("--rotate-ledger-key", rotate_key,
            "Signs with a new key from now on, introduced by the old one.");
  args.option("--checkpoint-file", checkpoint_file,
              "Each signed checkpoint is written to this file, for a place outside of weir.");
  args.option("--checkpoint-configmap", checkpoint_config_map,
              "Each signed checkpoint is applied to this NAMESPACE/NAME of the cluster.");
  args.option("--retention-age", retention_age,
              "Events older than this are removed, as 720h; proofs of them stay. Default: never.");
  args.option("--retention-size", retention_mebibytes,
              "The oldest events are removed while the log is larger than so many MiB. 0: never.");
  args.option("--replay-size", replay_mebibytes,
              "What the engine was told is kept for 'weir replay --decisions', up "
              "to so many MiB; the oldest runs of weir go first. 0: nothing is kept.");
}

Result<store::RetentionPolicy> CareOptions::policy() const {
  store::RetentionPolicy out;
  if (replay_mebibytes < 0)
    return make_error(Code::invalid, "--replay-size: a negative size makes no sense");
  if (retention_mebibytes < 0)
    return make_error(Code::invalid, "--retention-size: a negative size makes no sense");
  out.bytes_max = static_cast<std::uint64_t>(retention_mebibytes) << 20;
  if (retention_age.empty()) return out;
  auto age = base::parse_duration(retention_age);
  if (!age.ok()) return std::move(age).error().with_context("--retention-age");
  out.age_max = std::chrono::duration_cast<std::chrono::microseconds>(*age).count();
  if (out.age_max <= 0)
    return make_error(Code::invalid, "--retention-age: it must be more than nothing");
  return out;
}

Caretaker::Caretaker(store::Ledger& ledger, store::EventLog& log, store::BlobStore& blobs,
                     reconcile::LogPort& port, const base::Clock& clock,
                     const store::RetentionPolicy& policy, const CareOptions& options)
    : ledger_(ledger), log_(log), blobs_(blobs), port_(port), clock_(clock), policy_(policy) {
  if (!options.checkpoint_file.empty())
    also_export([path = options.checkpoint_file](const std::string& checkpoint) {
      return write_file(path, checkpoint);
    });
}

void Caretaker::also_export_to(reconcile::KubeApi& kube, const std::string& config_map) {
  if (config_map.empty()) return;
  const std::size_t slash = config_map.find('/');
  const std::string ns = slash == std::string::npos ? "flux-system" : config_map.substr(0, slash);
  const std::string name = slash == std::string::npos ? config_map : config_map.substr(slash + 1);
  also_export([&kube, ns, name](const std::string& checkpoint) -> Result<void> {
    reconcile::WriteOptions write;
    write.field_manager = "weir";
    write.force = true;
    const Value object =
        Value::object({{"apiVersion", "v1"},
                       {"kind", "ConfigMap"},
                       {"metadata", Value::object({{"name", name}, {"namespace", ns}})},
                       {"data", Value::object({{"checkpoint", checkpoint}})}});
    auto applied = kube.apply(object, write);
    if (!applied.ok()) return std::move(applied).error();
    return {};
  });
}

void Caretaker::tell_engine(reconcile::Engine* engine) {
  const std::lock_guard lock(engine_mutex_);
  engine_ = engine;
}

void Caretaker::begin() {
  thread_ = std::thread([this] { run(); });
}

Caretaker::~Caretaker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Caretaker::run() {
  constexpr int minutes_a_retention = 60;
  int minutes = 0;
  for (bool stopping = false; !stopping;) {
    {
      std::unique_lock lock(mutex_);
      stopping = wake_.wait_for(lock, std::chrono::minutes(1), [this] { return stopping_; });
    }
    if (!stopping && ++minutes % minutes_a_retention == 0 && !policy_.keeps_all()) retain();
    sign();
    if (!stopping) snapshot();
  }
}

// Derived from the log, so a failure costs time later and nothing else.
void Caretaker::snapshot() {
  const auto state = reconcile::keep_durable_snapshot(port_);
  if (!state.ok())
    log::error("no snapshot of the engine was kept", {{"error", state.error().message}});
  const auto objects = store::projections::keep_object_snapshots(log_.kv(), log_.head().seq);
  if (!objects.ok())
    log::error("no snapshot of objects was kept", {{"error", objects.error().message}});
}

void Caretaker::retain() {
  const auto horizon = store::retention_horizon(log_, policy_, clock_.now());
  const auto taken = horizon.ok() ? store::retain(log_, blobs_, *horizon)
                                  : Result<store::RetentionReport>(horizon.error());
  if (!taken.ok()) {
    log::error("retention failed", {{"error", taken.error().message}});
  } else if (taken->events + taken->blobs > 0) {
    log::info("retention removed what is old",
              {{"retainedFrom", std::to_string(taken->retained_from)},
               {"events", std::to_string(taken->events)},
               {"blobs", std::to_string(taken->blobs)}});
    const std::lock_guard lock(engine_mutex_);
    if (engine_ != nullptr)
      engine_->record({event::Type::garbage_collected,
                       Value::object({{"what", "history"},
                                      {"retainedFrom", taken->retained_from},
                                      {"events", taken->events},
                                      {"blobs", taken->blobs}})});
  }
}

void Caretaker::sign() {
  const auto checkpoint = ledger_.checkpoint();
  if (!checkpoint.ok()) {
    log::error("no checkpoint could be signed", {{"error", checkpoint.error().message}});
    return;
  }
  if (*checkpoint == exported_) return;
  bool everywhere = true;
  for (const Export& target : targets_) {
    const auto done = target(*checkpoint);
    if (done.ok()) continue;
    everywhere = false;
    log::error("a checkpoint could not be exported", {{"error", done.error().message}});
  }
  if (everywhere) exported_ = *checkpoint;
}

}  // namespace weir::cli
