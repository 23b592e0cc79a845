#include "tools/weir/caretaker.hh"

#include "engine/base/log.hh"
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
}

Caretaker::Caretaker(store::Ledger& ledger, const CareOptions& options) : ledger_(ledger) {
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
  for (bool stopping = false; !stopping;) {
    {
      std::unique_lock lock(mutex_);
      stopping = wake_.wait_for(lock, std::chrono::minutes(1), [this] { return stopping_; });
    }
    round();
  }
}

void Caretaker::round() {
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
