// The objects of the embedded Kubernetes API: all in memory, every write also in the key-value
// store, and a bounded window of the latest changes for watches.
//
// Keys in Family::kube (text, '/'-separated; names hold no '/'):
//   o/<set>/<namespace or "">/<name>   the object as JSON, in the version it was last written in;
//                                      a Secret's, or with credentials in a URL, is 's' and the
//                                      JSON sealed, when there is a key
//   r                                  the last resourceVersion, decimal
//   t/<sha256 of a token>              whose token it is: namespace, name, uid, expires (JSON)
// where <set> is "<plural>" or "<plural>.<group>". A write is one batch: the object and `r`.
//
// Owner: api/kube; guarded by the Core's lock. resourceVersions are dense: each change takes the
// next. Failure: io and corrupt from the store; then nothing has changed in memory either.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/base/result.hh"
#include "engine/value/value.hh"
#include "store/blobs.hh"
#include "store/kv.hh"

namespace weir::api::kube {

struct Key {
  std::string set;
  std::string ns;
  std::string name;
  auto operator<=>(const Key&) const = default;
};

struct Change {
  enum class Type : std::uint8_t { added, modified, deleted };
  Type type = Type::added;
  Key key;
  std::uint64_t revision = 0;
  Value object;    // after the change; for deleted: as it was, with the revision of the deletion
  Value previous;  // before the change; null for added
};

class Storage {
 public:
  using Set = std::map<std::pair<std::string, std::string>, Value>;  // (namespace, name) -> object

  Storage(store::Kv& kv, bool synced, std::size_t window,
          std::optional<store::SealingKey> sealing = {});
  Result<void> load();

  std::uint64_t revision() const { return revision_; }
  const Value* find(const Key& key) const;
  // The objects of a set, by namespace, then name.
  const Set& all(std::string_view set) const;
  // Objects that name `uid` in their ownerReferences.
  std::vector<Key> dependents(std::string_view uid) const;
  const std::map<std::string, Set, std::less<>>& sets() const { return sets_; }

  // Stores `object` (its metadata.resourceVersion is set here) and answers it as stored.
  Result<Value> put(const Key& key, Value object);
  // Answers the object as it was, with the resourceVersion of its deletion.
  Result<Value> remove(const Key& key);

  // Tokens of service accounts, by digest: the tokens themselves are kept nowhere.
  const Value* token(std::string_view digest) const;
  // Keeps one and forgets those that have expired.
  Result<void> put_token(const std::string& digest, Value record, base::TimeUs now);

  // Changes after `revision`, oldest first; nothing when the window no longer reaches back that
  // far.
  std::optional<std::vector<const Change*>> since(std::uint64_t revision,
                                                  std::string_view set) const;
  const Change& last() const { return window_.back(); }
  bool any_change() const { return !window_.empty(); }

 private:
  Result<void> commit(const Key& key, const Value* object, std::uint64_t revision);
  void remember(Change change);
  void index(const Key& key, const Value& object, bool add);

  Result<Value> read_row(std::string_view row) const;
  std::string write_row(const Key& key, const Value& object) const;

  store::Kv& kv_;
  std::optional<store::SealingKey> sealing_;
  bool synced_;
  std::size_t window_max_;
  std::uint64_t revision_ = 0;
  std::map<std::string, Set, std::less<>> sets_;
  std::map<std::string, std::set<Key>, std::less<>> by_owner_;
  std::map<std::string, Value, std::less<>> tokens_;
  std::deque<Change> window_;
  std::uint64_t forgotten_ = 0;  // the newest revision no longer in the window
};

}  // namespace weir::api::kube
