// Scripted object stores for the engine's bench: what is there stands in maps, and every call is
// written down. Thread-safe, since objects are fetched side by side; the maps are changed between
// runs alone.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/digest.hh"
#include "engine/reconcile/bucket_port.hh"

namespace weir::test {

class BenchBuckets final : public reconcile::BucketPort {
 public:
  using Objects = std::map<std::string, std::string>;  // text by key

  Result<std::unique_ptr<reconcile::BucketReader>> open(
      const reconcile::BucketRequest& request) override {
    requests.push_back(request);
    if (fail_open) return *fail_open;
    return std::unique_ptr<reconcile::BucketReader>(new Reader(*this, request.bucket));
  }

  static std::string etag(const std::string& text) { return base::sha256(text).hex().substr(0, 8); }

  std::map<std::string, Objects> there;  // by the bucket's name
  std::vector<std::string> calls;        // "get KEY", sorted by nobody
  std::vector<reconcile::BucketRequest> requests;
  std::optional<Error> fail_open, fail;   // fail: of exists()
  std::map<std::string, Error> fail_key;  // of get()
  std::function<void()> after_list;       // the bucket changes under the reader

 private:
  class Reader final : public reconcile::BucketReader {
   public:
    Reader(BenchBuckets& all, std::string name) : all_(all), name_(std::move(name)) {}
    void begin(base::Duration) override {}
    Result<bool> exists() override {
      all_.note("exists " + name_);
      if (all_.fail) return *all_.fail;
      return all_.there.contains(name_);
    }
    Result<void> list(const std::string& prefix,
                      const std::function<Result<void>(reconcile::BucketEntry)>& visitor) override {
      all_.note("list " + prefix);
      for (const auto& [key, text] : all_.there[name_])
        if (key.starts_with(prefix)) WEIR_CHECK(visitor({key, etag(text), text.size()}));
      if (all_.after_list) all_.after_list();
      return {};
    }
    Result<reconcile::BucketContent> get(const std::string& key, std::size_t bytes_max) override {
      all_.note("get " + key);
      if (const auto bad = all_.fail_key.find(key); bad != all_.fail_key.end()) return bad->second;
      const auto& objects = all_.there[name_];
      const auto found = objects.find(key);
      if (found == objects.end())
        return make_error(Code::not_found, "The specified key does not exist.", "NoSuchKey");
      if (found->second.size() > bytes_max) return make_error(Code::limit, "larger than it may be");
      return reconcile::BucketContent{std::make_shared<const std::string>(found->second),
                                      etag(found->second)};
    }

   private:
    BenchBuckets& all_;
    std::string name_;
  };

  void note(std::string call) {
    const std::lock_guard lock(mutex_);
    calls.push_back(std::move(call));
  }
  std::mutex mutex_;
};

}  // namespace weir::test
