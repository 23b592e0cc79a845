#include <catch2/catch.hpp>

#include "engine/reconcile/delivery.hh"
#include "tests/support/log_samples.hh"

namespace weir::reconcile {
namespace {

constexpr base::TimeUs second = 1'000'000;
const model::ObjectId repo{{"source.toolkit.fluxcd.io", "v1", "GitRepository"}, "flux-system", "r"};

event::Event at(base::TimeUs time, event::Type type, model::ObjectId subject, Value data) {
  event::Event event = test::make_event(type, std::move(subject));
  event.time = time;
  event.data = std::move(data);
  return event;
}

event::Event finished(base::TimeUs time, const char* status, const char* revision) {
  return at(time, event::Type::reconcile_finished, test::kustomization("apps"),
            Value::object({{"status", status}, {"revision", revision}}));
}

event::Event fetched(base::TimeUs time, const char* revision, const char* committed) {
  return at(time, event::Type::source_fetched, repo,
            Value::object({{"artifact", Value::object({{"revision", revision}})},
                           {"commit", Value::object({{"time", committed}})}}));
}

bool has(const Delivery& delivery, const std::string& line) {
  return delivery.exposition().find("\n" + line + "\n") != std::string::npos;
}

const std::string labels = "{kind=\"Kustomization\",name=\"apps\",namespace=\"flux-system\"";

// 1970-01-01T00:01:40Z is second 100.
void live(Delivery& delivery) {
  const Value spec = Value::object(
      {{"sourceRef", Value::object({{"kind", "GitRepository"}, {"name", "r"}})}});
  delivery.fold(at(1, event::Type::spec_observed, test::kustomization("apps"),
                   Value::object({{"object", Value::object({{"spec", spec}})}})),
                0);
  delivery.fold(fetched(110 * second, "a", "1970-01-01T00:01:40Z"), 0);
  delivery.fold(finished(130 * second, "ReconciliationSucceeded", "a"), 0);
  delivery.fold(finished(140 * second, "ReconciliationSucceeded", "a"), 0);
  delivery.fold(finished(200 * second, "HealthCheckFailed", "b"), 0);
  delivery.fold(finished(210 * second, "HealthCheckFailed", "b"), 0);
}

}  // namespace

TEST_CASE("the lead time runs from the commit to the first success of its revision") {
  Delivery delivery;
  live(delivery);
  CHECK(has(delivery, "weir_lead_time_seconds_sum" + labels + "} 30.000"));
  CHECK(has(delivery, "weir_lead_time_seconds_count" + labels + "} 1"));
}

TEST_CASE("a rollback and its end deliver nothing") {
  Delivery delivery;
  live(delivery);
  delivery.fold(fetched(300 * second, "d", "1970-01-01T00:04:50Z"), 0);
  for (const char* revision : {"d", "a", "d"})
    delivery.fold(finished(310 * second, "ReconciliationSucceeded", revision), 0);
  CHECK(has(delivery, "weir_lead_time_seconds_count" + labels + "} 2"));
  CHECK(has(delivery, "weir_lead_time_seconds_sum" + labels + "} 50.000"));
}

TEST_CASE("successes and failures are counted, and what fails now is told") {
  Delivery delivery;
  live(delivery);
  CHECK(has(delivery, "weir_deliveries_total" + labels + ",result=\"success\"} 2"));
  CHECK(has(delivery, "weir_deliveries_total" + labels + ",result=\"failure\"} 2"));
  CHECK(has(delivery, "weir_failing" + labels + "} 1"));
}

TEST_CASE("the time to restore runs from the first failure to the next success") {
  Delivery delivery;
  live(delivery);
  CHECK(has(delivery, "weir_time_to_restore_seconds_count" + labels + "} 0"));
  delivery.fold(finished(260 * second, "ReconciliationSucceeded", "c"), 0);
  CHECK(has(delivery, "weir_time_to_restore_seconds_sum" + labels + "} 60.000"));
  CHECK(has(delivery, "weir_failing" + labels + "} 0"));
}

TEST_CASE("a wait that was cancelled is neither, and a deleted owner is told of no more") {
  Delivery delivery;
  live(delivery);
  delivery.fold(finished(300 * second, "HealthCheckCanceled", "c"), 0);
  CHECK(has(delivery, "weir_deliveries_total" + labels + ",result=\"failure\"} 2"));
  delivery.fold(at(310 * second, event::Type::spec_deleted, test::kustomization("apps"), Value()),
                0);
  CHECK(delivery.exposition().find("apps") == std::string::npos);
}

}  // namespace weir::reconcile
