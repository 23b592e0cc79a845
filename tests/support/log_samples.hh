// Events for tests of the log and what stands on it: a small cluster's life, made up but shaped
// like the engine's.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/event/event.hh"
#include "store/kv.hh"

namespace weir::test {

// A clock that the test moves.
class HandClock final : public base::Clock {
 public:
  explicit HandClock(base::TimeUs start = 1'700'000'000'000'000) : now_(start) {}
  base::TimeUs now() const override { return now_; }
  std::chrono::microseconds monotonic() const override { return std::chrono::microseconds(now_); }
  void set(base::TimeUs now) { now_ = now; }
  void advance(base::TimeUs by) { now_ += by; }

 private:
  base::TimeUs now_;
};

inline model::ObjectId kustomization(const std::string& name) {
  return {{"kustomize.toolkit.fluxcd.io", "v1", "Kustomization"}, "flux-system", name};
}
inline model::ObjectId deployment(const std::string& name) {
  return {{"apps", "v1", "Deployment"}, "default", name};
}

inline event::Event make_event(event::Type type, model::ObjectId subject) {
  event::Event event;
  event.type = type;
  event.subject.object = std::move(subject);
  event.actor = "weir";
  return event;
}

inline event::Event applied(const std::string& name, const std::string& owner,
                            const std::string& revision, const base::Digest& manifest,
                            const char* action = "configured") {
  event::Event event = make_event(event::Type::object_applied, deployment(name));
  event.owner = kustomization(owner);
  event.data = Value::object({{"action", action}, {"revision", revision}});
  event.blobs = {manifest};
  return event;
}

inline event::Event pruned(const std::string& name, const std::string& owner,
                           const base::Digest& manifest, const char* action = "deleted") {
  event::Event event = applied(name, owner, "", manifest, action);
  event.type = event::Type::object_pruned;
  return event;
}

inline event::Event observed(const std::string& name, const base::Digest& manifest) {
  event::Event event = make_event(event::Type::object_observed, deployment(name));
  event.data = Value::object({{"resourceVersion", "7"}});
  event.blobs = {manifest};
  return event;
}

inline event::Event started(const std::string& owner, const std::string& id) {
  event::Event event = make_event(event::Type::reconcile_started, kustomization(owner));
  event.reconcile_id = id;
  event.data = Value::object({{"reason", "new revision"}, {"revision", "main@sha1:aa"}});
  return event;
}

inline event::Event finished(const std::string& owner, const std::string& id,
                             const std::string& status = "ready") {
  event::Event event = make_event(event::Type::reconcile_finished, kustomization(owner));
  event.reconcile_id = id;
  event.data = Value::object({{"status", status},
                              {"reason", "ReconciliationSucceeded"},
                              {"message", "Applied revision: main@sha1:aa"},
                              {"revision", "main@sha1:aa"},
                              {"durationMs", 250}});
  return event;
}

// A mixed batch, different for each `round`.
inline std::vector<event::Event> round_of_events(unsigned round) {
  const std::string tag = std::to_string(round);
  const std::string owner = "apps-" + std::to_string(round % 3);
  const base::Digest manifest = base::sha256("manifest " + tag);
  std::vector<event::Event> events;
  events.push_back(started(owner, "r" + tag));
  const std::string name = "web-" + std::to_string(round % 5);
  events.push_back(applied(name, owner, "main@sha1:" + tag, manifest));
  if (round % 4 == 3) events.push_back(observed(name, manifest));
  if (round % 7 == 6) events.push_back(pruned(name, owner, manifest));
  events.push_back(finished(owner, "r" + tag));
  for (event::Event& event : events) event.reconcile_id = "r" + tag;
  return events;
}

// The clear blobs that round_of_events names.
inline std::string manifest_of_round(unsigned round) { return "manifest " + std::to_string(round); }

}  // namespace weir::test
