// What a running weir does for its log beside appending: signs a checkpoint each minute that
// brought events and at its end, copies it to where it outlives the database, and takes what is
// older than the retention each hour.
//
// A thread of its own from begin() until it is destroyed; what it refers to outlives it. A failure
// is logged and tried again a minute later.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/reconcile/engine.hh"
#include "engine/reconcile/kube_port.hh"
#include "engine/reconcile/log_port.hh"
#include "store/ledger.hh"
#include "store/retention.hh"
#include "tools/weir/args.hh"

namespace weir::cli {

struct CareOptions {
  std::string ledger_name;            // of a new ledger's key
  bool rotate_key = false;            // begin a new key
  std::string checkpoint_file;        // each new checkpoint is written there
  std::string checkpoint_config_map;  // NAMESPACE/NAME, its key "checkpoint"
  std::string retention_age;          // a duration; "" = for ever
  int retention_mebibytes = 0;        // 0 = as many as it takes
  int replay_mebibytes = 64;          // of records for `weir replay --decisions`; 0 = none

  void add_to(Args& args);
  // Error: invalid.
  Result<store::RetentionPolicy> policy() const;
};

class Caretaker {
 public:
  using Export = std::function<Result<void>(const std::string& checkpoint)>;

  Caretaker(store::Ledger& ledger, store::EventLog& log, store::BlobStore& blobs,
            reconcile::LogPort& port, const base::Clock& clock,
            const store::RetentionPolicy& policy, const CareOptions& options);
  ~Caretaker();  // signs what came last

  // More places for checkpoints; before begin(). An empty name is no place.
  void also_export(Export target) { targets_.push_back(std::move(target)); }
  void also_export_to(reconcile::KubeApi& kube, const std::string& config_map);
  // Whose log learns of what retention takes; nullptr when the engine ends.
  void tell_engine(reconcile::Engine* engine);
  void begin();

 private:
  void run();
  void sign();
  void retain();
  void snapshot();

  store::Ledger& ledger_;
  store::EventLog& log_;
  store::BlobStore& blobs_;
  reconcile::LogPort& port_;
  const base::Clock& clock_;
  store::RetentionPolicy policy_;
  std::vector<Export> targets_;
  std::string exported_;  // the last checkpoint that reached every target
  std::mutex mutex_;      // guards stopping_
  std::mutex engine_mutex_;  // guards engine_
  reconcile::Engine* engine_ = nullptr;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace weir::cli
