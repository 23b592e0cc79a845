// The composition root of `weir up` and `weir run`: opens the data directory, builds every adapter
// and store, and hands them to the engine and the APIs. Everything is torn down in reverse order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "adapters/clock/system_clock.hh"
#include "adapters/git/history.hh"
#include "adapters/git/mirrors.hh"
#include "api/audit/audit_api.hh"
#include "engine/reconcile/engine.hh"
#include "engine/reconcile/kube_port.hh"
#include "store/artifacts.hh"
#include "store/blobs.hh"
#include "store/event_log.hh"
#include "store/kv.hh"
#include "store/ledger.hh"
#include "store/log_port.hh"
#include "tools/weir/caretaker.hh"

namespace weir::cli {

// What lies in a data directory, opened.
struct Stores {
  std::string directory;
  std::unique_ptr<store::Kv> kv;
  std::unique_ptr<store::EventLog> log;
  std::unique_ptr<store::BlobStore> blobs;
  std::unique_ptr<store::EngineLog> port;
  std::unique_ptr<store::DiskArtifacts> artifacts;
  std::unique_ptr<store::Ledger> ledger;
  std::optional<store::SealingKey> key;  // of what is secret
  std::unique_ptr<Caretaker> caretaker;  // not begun
  std::unique_ptr<git::MirrorHistory> history;

  // What the audit API reads of them.
  api::audit::AuditOptions audit(const base::Clock& clock) const;
};

// Makes the directory (mode 0700) when it is missing. `artifact_address`: host:port in artifact
// URLs. Errors: io, corrupt, unavailable (another weir uses it), unsupported (a newer schema).
Result<Stores> open_stores(const std::string& directory, const std::string& artifact_address,
                           const base::Clock& clock, const CareOptions& care = {});

// What of the engine's options follows from how the stores are cared for: whether steps are
// recorded, and a key of random bytes for what stands for Secrets there. Error: io.
Result<void> prepare_recording(const CareOptions& care, reconcile::EngineOptions& options);

// $WEIR_DATA_DIR, else $XDG_DATA_HOME/weir, else ~/.local/share/weir.
std::string default_data_directory();

// A bearer token of 32 random bytes, kept in the data directory (mode 0600) so that it survives
// restarts.
Result<std::string> load_or_create_token(const std::string& directory);

// Where a running weir serves and with which token; the other verbs find it in the data directory
// (serving.json, mode 0600). Removed on a clean stop.
struct Serving {
  std::string url;  // of the audit API
  std::string token;
  std::string kubeconfig;   // of the embedded API; "" in a cluster
  std::string certificate;  // PEM to trust for the URL; "" = the system's
};
Result<void> write_serving(const std::string& directory, const Serving& serving);
// Error: not_found when nothing serves there.
Result<Serving> read_serving(const std::string& directory);
void remove_serving(const std::string& directory);

// Writes a file whole (temporary file and rename). Error: io.
Result<void> write_file(const std::string& path, std::string_view text, unsigned mode = 0644);
Result<std::string> read_file(const std::string& path);

// "127.0.0.1:8080" taken apart. Error: invalid.
struct Address {
  std::string host;
  std::uint16_t port = 0;
};
Result<Address> parse_address(std::string_view text);

// Blocks until SIGINT or SIGTERM (which must be blocked in all threads: call block_signals() first
// in main).
void block_signals();
// Waits up to `milliseconds`; true when a signal has come.
bool wait_for_signal(int milliseconds);

}  // namespace weir::cli
