#include "adapters/kube/watch_reactor.hh"

// The thread sanitizer knows no fences; asio's handlers are ordered by its queue's mutex anyway.
#ifdef __SANITIZE_THREAD__
#define BOOST_ASIO_DISABLE_FENCED_BLOCK
#endif

#include <utility>  // before asio 1.74, which lacks it

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <unordered_set>

#include "adapters/kube/watch_decoder.hh"

namespace weir::kube {

namespace asio = boost::asio;
using reconcile::WatchEvent;
using reconcile::WatchType;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::size_t helpers = 8;  // all watches talk to one server: more would only queue there
constexpr milliseconds backoff_min{100};
constexpr milliseconds backoff_max{30'000};
constexpr int silent_failures =
    3;  // a short outage of a watch that had synced is nobody's business
constexpr std::size_t reads_per_turn = 16;  // about 1 MiB, then the other watches have their turn

struct Task;
using TaskPtr = std::shared_ptr<Task>;

// One watch. All fields but `stopped` and `sink_mutex` belong to the reactor's thread.
struct Task {
  Task(asio::io_context& io, reconcile::WatchOptions wanted, reconcile::WatchSink receiver)
      : options(std::move(wanted)),
        sink(std::move(receiver)),
        decoder(options.gvk),
        timer(io),
        lifetime(io),
        random(std::random_device{}()) {}

  reconcile::WatchOptions options;
  reconcile::WatchSink sink;
  std::mutex sink_mutex;  // held while the sink runs
  std::atomic<bool> stopped{false};

  WatchDecoder decoder;
  bool synced = false;
  bool whole_list = false;  // the next list is unpaged
  bool reported = false;    // the present trouble has been told
  int failures = 0;
  std::chrono::steady_clock::time_point listed{};
  std::chrono::steady_clock::time_point opened{};
  bool heard = false;  // the stream has said something
  std::unique_ptr<net::HttpStream> stream;
  std::optional<asio::posix::stream_descriptor> waiter;
  asio::steady_timer timer;     // back-off
  asio::steady_timer lifetime;  // of the stream
  std::minstd_rand random;
};

}  // namespace

class WatchReactor::Core : public std::enable_shared_from_this<WatchReactor::Core> {
 public:
  explicit Core(Lister lister) : lister_(std::move(lister)), pool_(helpers) {}

  void start() {
    work_.emplace(asio::make_work_guard(io_));
    thread_ = std::thread([this] { io_.run(); });
    thread_id_ = thread_.get_id();
  }

  void stop() {
    WEIR_ASSERT(std::this_thread::get_id() != thread_id_);
    ended_ = true;
    pool_.stop();
    pool_.join();
    asio::post(io_, [this] {
      for (const TaskPtr& task : tasks_) {
        task->stopped = true;
        release(*task);
      }
      tasks_.clear();
    });
    work_.reset();
    thread_.join();
  }

  TaskPtr add(reconcile::WatchOptions options, reconcile::WatchSink sink) {
    auto task = std::make_shared<Task>(io_, std::move(options), std::move(sink));
    asio::post(io_, [this, task] {
      tasks_.insert(task);
      list(task, "");
    });
    return task;
  }

  void remove(const TaskPtr& task) {
    if (std::this_thread::get_id() == thread_id_) {
      task->stopped = true;  // inside a sink; taking its mutex would wait for ourselves
    } else {
      std::lock_guard lock(task->sink_mutex);
      task->stopped = true;
    }
    if (ended_) return;
    asio::post(io_, [this, task] {
      release(*task);
      tasks_.erase(task);
    });
  }

 private:
  // --- on the reactor's thread ---
  void deliver(Task& task, WatchEvent event) {
    std::lock_guard lock(task.sink_mutex);
    if (!task.stopped) task.sink(std::move(event));
  }
  WatchDecoder::Emit emitter(Task& task) {
    return [this, &task](WatchEvent event) { deliver(task, std::move(event)); };
  }

  void release(Task& task) {
    task.timer.cancel();
    task.lifetime.cancel();
    close_stream(task);
  }
  void close_stream(Task& task) {
    if (task.waiter) {
      task.waiter->cancel();
      task.waiter->release();  // the socket is the stream's to close
      task.waiter.reset();
    }
    task.stream.reset();
    task.lifetime.cancel();
  }

  void list(const TaskPtr& task, const std::string& next) {
    if (task->stopped) return;
    if (next.empty()) task->decoder.begin_list();
    reconcile::ListOptions options;
    options.ns = task->options.ns;
    options.label_selector = task->options.label_selector;
    options.field_selector = task->options.field_selector;
    asio::post(pool_, [this, task, options, next, whole = task->whole_list] {
      if (task->stopped) return;
      auto page =
          std::make_shared<Result<ListPage>>(lister_.page(task->options.gvk, options, next, whole));
      asio::post(io_, [this, task, page] { listed(task, *page); });
    });
  }

  void listed(const TaskPtr& task, Result<ListPage>& page) {
    if (task->stopped) return;
    if (!page.ok()) {
      if (page.error().code == Code::gone && !task->whole_list) {
        task->whole_list = true;
        return list(task, "");
      }
      return retry(task, std::move(page).error(), true);
    }
    auto emit = emitter(*task);
    task->decoder.take_page(*page, emit);
    if (!page->next.empty()) return list(task, page->next);
    task->decoder.end_list(page->resource_version, emit);
    task->synced = true;
    task->listed = std::chrono::steady_clock::now();
    task->whole_list = false;
    recovered(*task);
    open(task);
  }

  void open(const TaskPtr& task) {
    if (task->stopped) return;
    seconds lifetime(300 + task->random() % 300);
    asio::post(pool_, [this, task, lifetime, version = task->decoder.resource_version()] {
      if (task->stopped) return;
      using Opened = Result<std::unique_ptr<net::HttpStream>>;
      auto stream = std::make_shared<Opened>(lister_.watch(task->options, version, lifetime));
      asio::post(io_, [this, task, stream, lifetime] { opened(task, *stream, lifetime); });
    });
  }

  void opened(const TaskPtr& task, Result<std::unique_ptr<net::HttpStream>>& stream,
              seconds lifetime) {
    if (task->stopped) return;
    if (!stream.ok()) return fail(task, std::move(stream).error());
    task->stream = std::move(stream).value();
    task->opened = std::chrono::steady_clock::now();
    task->heard = false;
    task->decoder.begin_stream();
    task->waiter.emplace(io_, task->stream->fd());
    // The server ends the stream itself; when it does not, nobody is there any more.
    task->lifetime.expires_after(lifetime + seconds(30));
    task->lifetime.async_wait([this, task](boost::system::error_code error) {
      if (error || task->stopped) return;
      close_stream(*task);
      retry(task, make_error(Code::timeout, "the watch outlived its time"), false);
    });
    read(task);
  }

  void wait(const TaskPtr& task) {
    task->waiter->async_wait(asio::posix::stream_descriptor::wait_read,
                             [this, task](boost::system::error_code error) {
                               if (!error && !task->stopped && task->stream) read(task);
                             });
  }

  void read(const TaskPtr& task) {
    std::string bytes;
    auto emit = emitter(*task);
    for (std::size_t turn = 0; turn < reads_per_turn; ++turn) {
      bytes.clear();
      auto state = task->stream->read(bytes);
      if (!bytes.empty()) {
        auto taken = task->decoder.take_bytes(bytes, emit);
        if (task->stopped) return release(*task);
        if (!taken.ok()) {
          close_stream(*task);
          return fail(task, std::move(taken).error());
        }
        task->heard = true;
        recovered(*task);
      }
      if (!state.ok()) {
        close_stream(*task);
        return retry(task, std::move(state).error(), false);
      }
      if (*state == net::HttpStream::State::end) return ended(task);
      if (*state == net::HttpStream::State::would_block) return wait(task);
    }
    asio::post(io_, [this, task] {
      if (!task->stopped && task->stream) read(task);
    });
  }

  // The server closed the stream in good order.
  void ended(const TaskPtr& task) {
    bool normal = task->heard || std::chrono::steady_clock::now() - task->opened > seconds(1);
    close_stream(*task);
    if (normal) return open(task);
    retry(task, make_error(Code::unavailable, "the server closes the watch at once"), false);
  }

  // The API answers with an error instead of events, or with what is no event.
  void fail(const TaskPtr& task, Error error) {
    auto now = std::chrono::steady_clock::now();
    if (error.code == Code::gone && now - task->listed > seconds(1)) return list(task, "");
    // What may pass leaves the place in the stream good; after anything else nobody can tell what
    // was missed, and an event that cannot be read must not be asked for again.
    bool may_pass = error.code == Code::unavailable || error.code == Code::timeout ||
                    error.code == Code::rate_limited;
    bool unreadable = error.message.starts_with("malformed watch event");
    retry(task, std::move(error), !may_pass || unreadable || task->failures >= 5);
  }

  void retry(const TaskPtr& task, Error error, bool relist) {
    if (task->stopped) return;
    ++task->failures;
    bool lasting = error.code == Code::forbidden || error.code == Code::not_found ||
                   error.code == Code::unauthorized;
    if (!task->reported && (lasting || !task->synced || task->failures >= silent_failures)) {
      task->reported = true;
      WatchEvent event;
      event.type = WatchType::failed;
      event.error = std::move(error);
      deliver(*task, std::move(event));
      if (task->stopped) return;
    }
    bool list_again = relist || task->decoder.resource_version().empty();
    task->timer.expires_after(backoff(*task));
    task->timer.async_wait([this, task, list_again](boost::system::error_code cancelled) {
      if (cancelled || task->stopped) return;
      list_again ? list(task, "") : open(task);
    });
  }

  static milliseconds backoff(Task& task) {
    int doublings = std::min(task.failures - 1, 16);
    auto base = std::min(backoff_max, backoff_min * (1 << doublings));
    auto half = static_cast<unsigned>(base.count() / 2);
    return milliseconds(half + task.random() % (half + 1));
  }

  static void recovered(Task& task) {
    task.failures = 0;
    task.reported = false;
  }

  Lister lister_;
  // Destroyed last to first: helpers are gone before the queue they post to.
  asio::io_context io_{1};
  asio::thread_pool pool_;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::thread thread_;
  std::thread::id thread_id_;
  std::unordered_set<TaskPtr> tasks_;  // the reactor's thread only
  std::atomic<bool> ended_{false};
};

WatchReactor::WatchReactor(Lister lister) : core_(std::make_shared<Core>(std::move(lister))) {
  core_->start();
}

WatchReactor::~WatchReactor() { core_->stop(); }

std::unique_ptr<reconcile::Watch> WatchReactor::add(reconcile::WatchOptions options,
                                                    reconcile::WatchSink sink) {
  class Handle final : public reconcile::Watch {
   public:
    Handle(std::shared_ptr<Core> core, TaskPtr task)
        : core_(std::move(core)), task_(std::move(task)) {}
    ~Handle() override { core_->remove(task_); }

   private:
    std::shared_ptr<Core> core_;  // its queue may still hold the task
    TaskPtr task_;
  };
  auto task = core_->add(std::move(options), std::move(sink));
  return std::make_unique<Handle>(core_, std::move(task));
}

}  // namespace weir::kube
