// The audit API as the verbs use it: a running weir over HTTP, or, when none runs, the data
// directory's database opened for reading and the same handlers in process.
//
// One thread. Errors are those of the API's answers (code, message), unavailable, io.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/clock/system_clock.hh"
#include "adapters/git/history.hh"
#include "adapters/net/http_client.hh"
#include "api/audit/audit_api.hh"
#include "tools/weir/args.hh"

namespace weir::cli {

using Query = std::vector<std::pair<std::string_view, std::string>>;  // empty values are left out

class AuditClient {
 public:
  // --server, --token, --certificate-authority, --data-dir.
  void add_to(Args& args);
  // Finds the weir to ask. Error: not_found (neither a server nor a database), as open_rocks.
  Result<void> open();

  // Whether no weir runs and the database is read instead; where it is; and letting it go.
  bool is_offline() const { return offline_ != nullptr; }
  const std::string& directory() const { return directory_; }
  void close();

  Result<Value> get(const std::string& path, const Query& query = {});
  Result<Value> post(const std::string& path, const Value& body);
  // Events as they come, one a call, until `take` returns false or the server ends.
  Result<void> follow(const std::string& path, const Query& query,
                      const std::function<bool(const Value& event)>& take);

 private:
  Result<Value> send(const std::string& method, const std::string& target, std::string body);
  Result<void> open_offline(const std::string& directory);

  std::string server_, token_, authority_, data_dir_;
  std::string directory_;
  std::unique_ptr<net::HttpClient> http_;
  clock::SystemClock clock_;
  std::unique_ptr<store::Kv> kv_;
  std::unique_ptr<store::EventLog> log_;
  std::unique_ptr<store::BlobStore> blobs_;
  std::unique_ptr<git::MirrorHistory> history_;
  std::unique_ptr<api::audit::AuditApi> offline_;
};

// "deploy/podinfo", "deployment.apps/podinfo" or "deploy podinfo", with the namespace beside.
struct ObjectName {
  std::vector<std::string> words;
  std::string ns;

  void add_to(Args& args);
  // Errors: invalid.
  Result<void> read();
  std::string path() const;  // "/weir/v1/objects/deploy/default/podinfo"
  // Whether the kind is one of those that weir reconciles: its history is its reconciles.
  bool is_owner() const;
  bool is_namespaced() const;  // unknown kinds are taken as such
  std::string kind, name;
};

// Bytes of a name in a path or query.
std::string percent_encode(std::string_view text);
// 2 for what the caller wrote wrong, else 1.
int failed_request(const Error& error);
// "json" or "yaml" of one document on stdout.
void print_document(const Value& document, std::string_view format);
// "2026-11-23T18:08:58Z" of an API's time.
std::string short_time(const Value& time);

}  // namespace weir::cli
