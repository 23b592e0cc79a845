// The table of routes: everything the audit API answers, who may ask for it and with which query
// parameters. openapi.yaml says the same for people; a test compares the two.
//
// Handlers are plain functions; they run on the server's threads.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/audit/audit_api.hh"

namespace weir::api::audit {

enum class Access : std::uint8_t { open, read, write };

// One request, taken apart.
struct Call {
  AuditApi& api;
  const kube::Request& request;
  std::string actor;
  std::map<std::string, std::string, std::less<>> path{};   // by the pattern's names
  std::map<std::string, std::string, std::less<>> query{};  // those given, each once

  store::EventLog& log() const { return *api.options().log; }
  const store::BlobStore& blobs() const { return *api.options().blobs; }
  base::TimeUs now() const { return api.options().clock->now(); }
  // "" when it was not given.
  std::string_view parameter(std::string_view name) const;
  // Errors: invalid, naming the parameter.
  Result<std::size_t> count(std::string_view name, std::size_t fallback, std::size_t max) const;
  Result<bool> flag(std::string_view name) const;
  Result<std::string> one_of(std::string_view name, std::vector<std::string_view> words) const;
};

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/weir/v1/events/{seq}"; a last {name...} takes what is left
  Access access;
  std::vector<std::string_view> parameters;
  Result<kube::Response> (*run)(const Call& call);
};

std::span<const Route> routes();

// Error::reason of an invalid field is its name.
Error bad_field(std::string_view field, std::string message);
kube::Response json_response(const Value& body, int status = 200);
kube::Response error_response(const Error& error);

// Handlers, by file.
Result<kube::Response> list_events(const Call& call);       // events.cc
Result<kube::Response> get_event(const Call& call);         //
Result<kube::Response> event_proof(const Call& call);       // ledger.cc
Result<kube::Response> ledger_summary(const Call& call);    //
Result<kube::Response> ledger_checkpoint(const Call& call); //
Result<kube::Response> ledger_tile(const Call& call);       //
Result<kube::Response> ledger_consistency(const Call& call);  //
Result<kube::Response> archive_page(const Call& call);      //
Result<kube::Response> object_history(const Call& call);    // objects.cc
Result<kube::Response> object_at(const Call& call);         //
Result<kube::Response> object_diff(const Call& call);       //
Result<kube::Response> cluster_state(const Call& call);     //
Result<kube::Response> object_blame(const Call& call);      // blame.cc
Result<kube::Response> cluster_diff(const Call& call);      //
Result<kube::Response> object_why(const Call& call);        // why.cc
Result<kube::Response> list_incidents(const Call& call);    //
Result<kube::Response> list_reconciles(const Call& call);   //
Result<kube::Response> post_rollback(const Call& call);     // rollback.cc
Result<kube::Response> post_unpin(const Call& call);        // operate.cc
Result<kube::Response> post_release(const Call& call);      //
Result<kube::Response> post_undo(const Call& call);         //
Result<kube::Response> verify_log(const Call& call);        // system.cc
Result<kube::Response> post_backup(const Call& call);       //
Result<kube::Response> checkpoint_head(const Call& call);   //
Result<kube::Response> owner_summary(const Call& call);     //
Result<kube::Response> openapi(const Call& call);           //
Result<kube::Response> health(const Call& call);            //
Result<kube::Response> liveness(const Call& call);          //
Result<kube::Response> metrics_text(const Call& call);      //

}  // namespace weir::api::audit
