// The Kubernetes API as the engine uses it. Implementations: adapters/kube (a real API server over
// HTTP), api/kube (the embedded API, in process), tests/support (scripted failures around either).
//
// Calls block the calling worker and are thread-safe; watches deliver on a thread of the
// implementation. Errors carry the API's Status: Error::reason is its reason ("NotFound",
// "Invalid", "Conflict", "Forbidden", ...), Error::message its message, Error::code the kind of
// failure by HTTP status.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/duration.hh"
#include "engine/base/result.hh"
#include "engine/model/object_id.hh"
#include "engine/value/value.hh"

namespace weir::reconcile {

// One entry of discovery.
struct ApiResource {
  model::Gvk gvk;
  std::string plural;    // "deployments"
  std::string singular;  // "deployment"
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  std::vector<std::string> verbs;
  bool namespaced = false;
};

// Who makes the call: "" is weir's own identity, else the user to impersonate
// ("system:serviceaccount:<ns>:<name>").
struct Identity {
  std::string user;
};

enum class PatchType : std::uint8_t { json, merge, strategic };
enum class Propagation : std::uint8_t { background, foreground, orphan };

struct WriteOptions {
  Identity as;
  std::string field_manager;
  bool force = false;       // server-side apply: take over conflicting fields
  bool dry_run = false;     // dryRun=All
  bool strict = false;      // fields that the kind does not have are an error, not a warning
  std::string subresource;  // "status", "" for the object itself
  bool* made = nullptr;     // apply: set to whether the object was not there before
};

struct DeleteOptions {
  Identity as;
  Propagation propagation = Propagation::background;
  std::string uid;  // precondition when set
  bool dry_run = false;
};

struct ListOptions {
  Identity as;
  std::string ns;  // "" = all namespaces
  std::string label_selector;
  std::string field_selector;
};

struct ListResult {
  std::vector<Value> items;  // each with apiVersion and kind filled in
  std::string resource_version;
};

enum class WatchType : std::uint8_t {
  added,
  modified,
  deleted,
  synced,  // the first list (or a re-list after 410) is complete; `object` is null
  failed,  // the watch cannot work now (forbidden, kind unknown); it goes on retrying; see `error`
};

struct WatchEvent {
  WatchType type = WatchType::added;
  Value object;
  Error error;
};

struct WatchOptions {
  model::Gvk gvk;
  std::string ns;
  std::string label_selector;
  std::string field_selector;
};

// Called one event at a time for one watch. A re-list reports objects that vanished as deleted.
using WatchSink = std::function<void(WatchEvent)>;

// Stops its watch when destroyed (waits until no sink call is running).
class Watch {
 public:
  virtual ~Watch() = default;
};

class KubeApi {
 public:
  virtual ~KubeApi() = default;

  // Discovery, cached; refreshed once when the kind is unknown. Error: not_found, reason "NoMatch",
  // worded `no matches for kind "Foo" in version "example.com/v1"`.
  virtual Result<ApiResource> resolve(const model::Gvk& gvk) = 0;
  // Everything served, preferred versions first.
  virtual Result<std::vector<ApiResource>> resources() = 0;
  virtual Result<std::string> server_version() = 0;  // "v1.35.4"

  virtual Result<Value> get(const model::ObjectId& id, const Identity& as = {}) = 0;
  virtual Result<ListResult> list(const model::Gvk& gvk, const ListOptions& options = {}) = 0;
  virtual Result<Value> create(const Value& object, const WriteOptions& options) = 0;
  virtual Result<Value> update(const Value& object, const WriteOptions& options) = 0;
  // Server-side apply of `object`.
  virtual Result<Value> apply(const Value& object, const WriteOptions& options) = 0;
  virtual Result<Value> patch(const model::ObjectId& id, PatchType type, const Value& body,
                              const WriteOptions& options) = 0;
  virtual Result<void> remove(const model::ObjectId& id, const DeleteOptions& options) = 0;

  // Lists, then watches, for as long as the returned handle lives; reconnects with jittered
  // back-off, re-lists when the resourceVersion is gone.
  virtual std::unique_ptr<Watch> watch(const WatchOptions& options, WatchSink sink) = 0;
};

}  // namespace weir::reconcile
