// A Kv for tests that fails as disks do: a chosen write fails (disk full), and a crash loses what
// was not synced. Header only, so that the layers below the whole engine can use it. Threads: as
// the memory Kv; the knobs are for the test's thread.
#pragma once

#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "store/kv.hh"

namespace weir::test {

class FaultKv final : public store::Kv {
 public:
  // Writes are counted from 1. The n-th and all after it fail until heal().
  void fail_from(std::uint64_t n) { fail_from_ = n; }
  void heal() { fail_from_ = ~std::uint64_t{0}; }
  std::uint64_t writes() const { return writes_; }
  std::size_t unsynced() const { return unsynced_.size(); }

  // A new store with what a crash now would leave: everything synced, and the first `kept` unsynced
  // writes.
  std::unique_ptr<FaultKv> after_crash(std::size_t kept = 0) const {
    auto left = std::make_unique<FaultKv>();
    for (const auto* batches : {&synced_, &unsynced_}) {
      std::size_t room = batches == &synced_ ? batches->size() : kept;
      for (const store::WriteBatch& batch : *batches) {
        if (room-- == 0) break;
        static_cast<void>(left->rows_->write(batch, true));
        left->synced_.push_back(batch);
      }
    }
    return left;
  }

  // Overwrites or removes a row behind the log's back.
  void tamper(const store::WriteBatch& batch) { static_cast<void>(rows_->write(batch, true)); }

  Result<std::optional<std::string>> get(store::Family family,
                                         std::string_view key) const override {
    return rows_->get(family, key);
  }
  Result<void> write(const store::WriteBatch& batch, bool synced) override {
    if (++writes_ >= fail_from_) return make_error(Code::io, "write: no space left on device");
    unsynced_.push_back(batch);
    if (synced) flush();
    return rows_->write(batch, synced);
  }
  std::unique_ptr<store::Cursor> cursor(store::Family family) const override {
    return rows_->cursor(family);
  }
  Result<void> sync() override {
    if (++writes_ >= fail_from_) return make_error(Code::io, "sync: no space left on device");
    flush();
    return {};
  }

 private:
  void flush() {
    std::move(unsynced_.begin(), unsynced_.end(), std::back_inserter(synced_));
    unsynced_.clear();
  }

  std::unique_ptr<store::Kv> rows_ = store::make_memory_kv();
  std::vector<store::WriteBatch> synced_;
  std::vector<store::WriteBatch> unsynced_;
  std::uint64_t writes_ = 0;
  std::uint64_t fail_from_ = ~std::uint64_t{0};
};

}  // namespace weir::test
