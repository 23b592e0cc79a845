#include "api/kube/storage.hh"

#include <charconv>

#include "engine/reconcile/sensitive.hh"
#include "engine/value/json.hh"

namespace weir::api::kube {

namespace {

std::string stored_key(const Key& key) { return "o/" + key.set + "/" + key.ns + "/" + key.name; }

std::optional<Key> parse_key(std::string_view text) {
  const std::size_t first = text.find('/', 2);
  const std::size_t second = first == std::string_view::npos ? first : text.find('/', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return Key{std::string(text.substr(2, first - 2)),
             std::string(text.substr(first + 1, second - first - 1)),
             std::string(text.substr(second + 1))};
}

constexpr char sealed_mark = 's';  // JSON begins with a brace

}  // namespace

Storage::Storage(store::Kv& kv, bool synced, std::size_t window,
                 std::optional<store::SealingKey> sealing)
    : kv_(kv),
      sealing_(std::move(sealing)),
      synced_(synced),
      window_max_(std::max<std::size_t>(window, 1)) {}

Result<Value> Storage::read_row(std::string_view row) const {
  if (!row.starts_with(sealed_mark)) return value::parse_json(row);
  if (!sealing_) return make_error(Code::unsupported, "it is sealed, and no key is open");
  WEIR_TRY(const std::string bytes, sealing_->open(row.substr(1)));
  return value::parse_json(bytes);
}

std::string Storage::write_row(const Key& key, const Value& object) const {
  std::string bytes =
      value::write_json(object, {.sort_keys = false, .escape_html = false, .indent = 0});
  const bool secret = key.set == "secrets" || reconcile::has_url_credentials(bytes);
  if (!sealing_ || !secret) return bytes;
  return sealed_mark + sealing_->seal(bytes);
}

Result<void> Storage::load() {
  WEIR_TRY(const std::optional<std::string> stored, kv_.get(store::Family::kube, "r"));
  if (stored.has_value()) {
    const auto [end, error] =
        std::from_chars(stored->data(), stored->data() + stored->size(), revision_);
    if (error != std::errc() || end != stored->data() + stored->size()) {
      return make_error(Code::corrupt,
                        "embedded Kubernetes API: the stored resourceVersion is no number");
    }
  }
  forgotten_ = revision_;
  const auto cursor = kv_.cursor(store::Family::kube);
  for (cursor->seek("o/"); cursor->valid() && cursor->key().starts_with("o/"); cursor->next()) {
    const std::optional<Key> key = parse_key(cursor->key());
    Result<Value> object = read_row(cursor->value());
    if (!key.has_value() || !object.ok()) {
      return make_error(Code::corrupt, "embedded Kubernetes API: cannot read the stored object " +
                                           std::string(cursor->key()));
    }
    index(*key, *object, true);
    sets_[key->set][{key->ns, key->name}] = std::move(*object);
  }
  WEIR_CHECK(cursor->status());
  for (cursor->seek("t/"); cursor->valid() && cursor->key().starts_with("t/"); cursor->next()) {
    Result<Value> record = value::parse_json(cursor->value());
    if (!record.ok())
      return make_error(Code::corrupt,
                        "embedded Kubernetes API: cannot read a stored token record");
    tokens_[std::string(cursor->key().substr(2))] = std::move(*record);
  }
  return cursor->status();
}

const Value* Storage::token(std::string_view digest) const {
  const auto found = tokens_.find(digest);
  return found == tokens_.end() ? nullptr : &found->second;
}

Result<void> Storage::put_token(const std::string& digest, Value record, base::TimeUs now) {
  const std::string time = base::format_rfc3339(now);
  store::WriteBatch batch;
  std::vector<std::string> expired;
  for (const auto& [known, other] : tokens_) {
    if (other["expires"].get_string() > time) continue;
    expired.push_back(known);
    batch.remove(store::Family::kube, "t/" + known);
  }
  batch.put(store::Family::kube, "t/" + digest, value::write_json(record));
  WEIR_CHECK(kv_.write(batch, synced_));
  for (const std::string& gone : expired) tokens_.erase(gone);
  tokens_[digest] = std::move(record);
  return {};
}

const Value* Storage::find(const Key& key) const {
  const auto set = sets_.find(key.set);
  if (set == sets_.end()) return nullptr;
  const auto found = set->second.find({key.ns, key.name});
  return found == set->second.end() ? nullptr : &found->second;
}

const Storage::Set& Storage::all(std::string_view set) const {
  static const Set nothing;
  const auto found = sets_.find(set);
  return found == sets_.end() ? nothing : found->second;
}

std::vector<Key> Storage::dependents(std::string_view uid) const {
  const auto found = by_owner_.find(uid);
  if (found == by_owner_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

Result<Value> Storage::put(const Key& key, Value object) {
  const std::uint64_t revision = revision_ + 1;
  object.entry("metadata").set("resourceVersion", std::to_string(revision));
  WEIR_CHECK(commit(key, &object, revision));
  Value& slot = sets_[key.set][{key.ns, key.name}];
  Change change{slot.is_null() ? Change::Type::added : Change::Type::modified, key, revision,
                object, slot};
  if (!slot.is_null()) index(key, slot, false);
  index(key, object, true);
  slot = object;
  remember(std::move(change));
  return object;
}

Result<Value> Storage::remove(const Key& key) {
  const Value* present = find(key);
  WEIR_ASSERT(present != nullptr);
  const std::uint64_t revision = revision_ + 1;
  WEIR_CHECK(commit(key, nullptr, revision));
  Value last = *present;
  index(key, last, false);
  sets_[key.set].erase({key.ns, key.name});
  Value gone = last;
  gone.entry("metadata").set("resourceVersion", std::to_string(revision));
  remember({Change::Type::deleted, key, revision, gone, std::move(last)});
  return gone;
}

Result<void> Storage::commit(const Key& key, const Value* object, std::uint64_t revision) {
  store::WriteBatch batch;
  if (object != nullptr) {
    batch.put(store::Family::kube, stored_key(key), write_row(key, *object));
  } else {
    batch.remove(store::Family::kube, stored_key(key));
  }
  batch.put(store::Family::kube, "r", std::to_string(revision));
  return kv_.write(batch, synced_);
}

void Storage::remember(Change change) {
  revision_ = change.revision;
  window_.push_back(std::move(change));
  if (window_.size() > window_max_) {
    forgotten_ = window_.front().revision;
    window_.pop_front();
  }
}

std::optional<std::vector<const Change*>> Storage::since(std::uint64_t revision,
                                                         std::string_view set) const {
  if (revision < forgotten_) return std::nullopt;
  std::vector<const Change*> changes;
  auto from = std::lower_bound(window_.begin(), window_.end(), revision + 1,
                               [](const Change& c, std::uint64_t r) { return c.revision < r; });
  for (; from != window_.end(); ++from) {
    if (from->key.set == set) changes.push_back(&*from);
  }
  return changes;
}

void Storage::index(const Key& key, const Value& object, bool add) {
  for (const Value& owner : object["metadata"]["ownerReferences"].items()) {
    const std::string uid(owner["uid"].get_string());
    if (add) {
      by_owner_[uid].insert(key);
    } else if (const auto found = by_owner_.find(uid); found != by_owner_.end()) {
      found->second.erase(key);
      if (found->second.empty()) by_owner_.erase(found);
    }
  }
}

}  // namespace weir::api::kube
