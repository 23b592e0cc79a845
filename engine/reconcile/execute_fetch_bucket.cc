#include <algorithm>
#include <atomic>

#include "engine/base/ignore_rules.hh"
#include "engine/base/limits.hh"
#include "engine/base/targz.hh"
#include "engine/reconcile/bucket_index.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/parallel.hh"
#include "engine/reconcile/source_secrets.hh"
#include "engine/reconcile/step_errors.hh"

namespace weir::reconcile {
namespace {

constexpr std::string_view ignore_file = ".sourceignore";
// Objects that are fetched at the same time. What waits is the network; what is held at once is
// this many objects of file_bytes_max at the most, beside the tree.
constexpr std::size_t fetches_at_once = 16;
// Each pattern is held against each key.
constexpr std::size_t ignore_bytes_max = 256u << 10;

// The Secrets of a Bucket, in the order in which what is wrong with them is told.
Result<void> read_secrets(KubeApi& kube, const std::string& ns, const model::BucketSpec& spec,
                          BucketRequest& request, SecretData& login, SecretData& token_login) {
  if (!spec.secret_name.empty()) {
    const std::string what = "failed to get secret " + secret_id(ns, spec.secret_name);
    WEIR_TRY(login, read_secret(kube, ns, spec.secret_name).with_context(what));
  }
  if (!spec.sts.secret_name.empty()) {
    const std::string what = "failed to get STS secret " + secret_id(ns, spec.sts.secret_name);
    WEIR_TRY(token_login, read_secret(kube, ns, spec.sts.secret_name).with_context(what));
  }
  const auto read = [&](const std::string& name, const char* what, const auto& add,
                        RemoteAccess& access) -> Result<void> {
    if (name.empty()) return {};
    auto data = find_secret(kube, ns, name);
    if (!data.ok()) return std::move(data).error().with_context(what);
    return add(*data, secret_id(ns, name), access).with_context(what);
  };
  WEIR_CHECK(read(spec.proxy_secret_name, "failed to get proxy URL", add_proxy, request.access));
  WEIR_CHECK(read(spec.cert_secret_name, "failed to get TLS config", add_tls, request.access));
  if (!request.token_service) return {};
  request.token_service->access.proxy_url = request.access.proxy_url;
  return read(spec.sts.cert_secret_name, "failed to get STS TLS config", add_tls,
              request.token_service->access);
}

bool has_all(const SecretData& data, std::initializer_list<std::string_view> keys, bool filled) {
  for (const std::string_view key : keys)
    if (!data.contains(key) || (filled && secret_text(data, key).empty())) return false;
  return true;
}

// Where the token service cannot be one of this provider's.
std::string token_service_fault(const model::BucketSpec& spec) {
  const model::BucketTokenSpec& sts = spec.sts;
  const bool known = spec.provider == "aws" || spec.provider == "generic";
  if (!known)
    return "STS configuration is not supported for '" + spec.provider + "' bucket provider";
  if (sts.provider != (spec.provider == "aws" ? "aws" : "ldap"))
    return "STS provider '" + sts.provider + "' is not supported for '" + spec.provider +
           "' bucket provider";
  const std::string needless = " is not required for the '" + sts.provider + "' STS provider";
  if (sts.provider == "aws" && !sts.secret_name.empty()) return "spec.sts.secretRef" + needless;
  if (sts.provider == "aws" && !sts.cert_secret_name.empty())
    return "spec.sts.certSecretRef" + needless;
  return {};
}

// What the Secret of a container holds: an account's key, or a shared access signature.
std::optional<StepError> add_azure(const model::BucketSpec& spec, const SecretData& login,
                                   BucketRequest& request) {
  request.azure = true;
  if (spec.secret_name.empty()) return std::nullopt;
  for (const char* key : {"clientId", "tenantId"})
    if (login.contains(key))
      return authentication_error("'" + spec.secret_name + "' secret data: '" + key +
                                  "' is not supported by this version of weir, which takes "
                                  "'accountKey' or 'sasKey'");
  request.account_key = secret_text(login, "accountKey");
  if (request.account_key.empty()) request.access_signature = secret_text(login, "sasKey");
  if (login.contains("accountKey") || login.contains("sasKey")) return std::nullopt;
  return authentication_error(
      "invalid '" + spec.secret_name +
      "' secret data: requires a 'clientId' or 'accountKey' field, a combination of 'tenantId', "
      "'clientId' and 'clientSecret', or 'tenantId', 'clientId' and 'clientCertificate'");
}

std::variant<BucketRequest, StepError> request_of(KubeApi& kube, const ObjectId& owner,
                                                  const model::BucketSpec& spec) {
  BucketRequest request;
  request.endpoint = spec.endpoint;
  request.bucket = spec.bucket;
  request.region = spec.region;
  request.access.timeout = spec.timeout;
  request.access.plain_http = spec.insecure;
  if (spec.sts.provider == "ldap") {
    request.token_service.emplace();
    request.token_service->url = spec.sts.endpoint;
    request.token_service->access.timeout = spec.timeout;
  }
  SecretData login, token_login;
  if (auto read = read_secrets(kube, owner.ns, spec, request, login, token_login); !read.ok())
    return authentication_error(read.error().message);
  if (spec.provider == "azure") {
    if (auto fault = add_azure(spec, login, request)) return *std::move(fault);
    return request;
  }
  if (!spec.secret_name.empty() && !has_all(login, {"accesskey", "secretkey"}, false))
    return authentication_error("invalid '" + spec.secret_name +
                                "' secret data: required fields 'accesskey' and 'secretkey'");
  const std::string fault = spec.sts.provider.empty() ? "" : token_service_fault(spec);
  if (!fault.empty()) return StepError{Code::invalid, "InvalidSTSConfiguration", fault, true};
  if (!spec.sts.secret_name.empty() && !has_all(token_login, {"username", "password"}, true))
    return authentication_error("invalid '" + spec.sts.secret_name + "' secret data for '" +
                                spec.sts.provider +
                                "' STS provider: required fields username, password");
  request.access_key = secret_text(login, "accesskey");
  request.secret_key = secret_text(login, "secretkey");
  // Half of a pair is none.
  if (request.access_key.empty() || request.secret_key.empty())
    request.access_key = request.secret_key = "";
  if (!spec.secret_name.empty()) request.token_service.reset();
  if (request.token_service) {
    request.token_service->access.username = secret_text(token_login, "username");
    request.token_service->access.password = secret_text(token_login, "password");
  }
  request.ambient = spec.provider == "aws" && spec.secret_name.empty();
  request.token_url = spec.sts.endpoint;
  return request;
}

// The object is not there; its bucket is.
bool is_missing(const Error& error) {
  return error.code == Code::not_found && error.reason == "NoSuchKey";
}

StepError operation_error(const Error& error) {
  return {error.code, "BucketOperationFailed", error.message, false};
}

StepError open_error(Error error, const model::BucketSpec& spec) {
  if (error.reason == "TokenService")
    return operation_error(std::move(error).with_context("failed to confirm existence of '" +
                                                         spec.bucket + "' bucket"));
  if (error.reason == "TLSConfig")
    return authentication_error("failed to get TLS config: " + error.message);
  return authentication_error(error.message);
}

// What a bucket's own .sourceignore and the spec leave out, and the file itself.
struct Ignored {
  base::IgnoreRules rules;
  base::FileBytes file;  // null when there is none
};

Result<Ignored> read_ignored(BucketReader& bucket, const model::BucketSpec& spec) {
  auto file = bucket.get(std::string(ignore_file), ignore_bytes_max);
  if (!file.ok() && !is_missing(file.error()))
    return std::move(file).error().with_context("failed to get Etag for '" +
                                                std::string(ignore_file) + "' object");
  std::string patterns;
  if (file.ok()) patterns = *file->bytes + "\n";
  patterns += spec.ignore.value_or("");
  // The spec's patterns come last, so they overrule. Nothing is left out unless somebody says so.
  return Ignored{base::IgnoreRules::from_patterns(patterns), file.ok() ? file->bytes : nullptr};
}

Result<BucketIndex> read_index(BucketReader& bucket, const model::BucketSpec& spec,
                               base::FileBytes& ignore_bytes) {
  const std::string confirm = "failed to confirm existence of '" + spec.bucket + "' bucket";
  WEIR_TRY(const bool there, bucket.exists().with_context(confirm));
  if (!there) return make_error(Code::not_found, "bucket '" + spec.bucket + "' not found");
  WEIR_TRY(Ignored ignored, read_ignored(bucket, spec));
  ignore_bytes = std::move(ignored.file);
  BucketIndex index;
  std::optional<Error> refused;  // by us; the rest is the server's
  const auto visit = [&](const BucketEntry& entry) -> Result<void> {
    if (entry.key.ends_with('/') || entry.key == ignore_file) return {};
    if (ignored.rules.excluded(entry.key, false)) return {};
    auto added = index.add(entry);
    if (!added.ok()) refused = added.error();
    return added;
  };
  const std::string indexing = "indexation of objects from bucket '" + spec.bucket + "' failed";
  auto listed = bucket.list(spec.prefix, visit);
  if (listed.ok()) {
    if (auto fits = index.check_paths(); !fits.ok()) refused = std::move(fits).error();
  }
  if (refused) return std::move(*refused).with_context(indexing);
  if (!listed.ok())
    return std::move(listed)
        .error()
        .with_context("listing objects from bucket '" + spec.bucket + "' failed")
        .with_context(indexing);
  return index;
}

// The objects that an artifact is made of, by key; nothing for one that has vanished meanwhile.
struct Fetched {
  std::vector<std::optional<BucketContent>> contents;
  std::vector<std::string> keys;
};

// `known`: objects that are at hand already, by key.
Result<Fetched> fetch_objects(BucketReader& bucket, const BucketIndex& index,
                              const BucketMemory::Objects& known) {
  Fetched out;
  for (const auto& [key, object] : index.objects()) out.keys.push_back(key);
  out.contents.resize(out.keys.size());
  std::vector<std::optional<Error>> errors(out.keys.size());
  std::atomic<bool> failed = false;
  std::atomic<std::uint64_t> bytes = 0;
  parallel_for(out.keys.size(), fetches_at_once, [&](std::size_t i) {
    if (failed) return;
    const std::string& key = out.keys[i];
    if (const auto kept = known.find(key); kept != known.end()) {
      out.contents[i] = kept->second;
      return;
    }
    auto content = bucket.get(key, base::limits::file_bytes_max);
    // A listing may have told less than comes.
    if (content.ok() && (bytes += (*content).bytes->size()) > base::limits::tree_bytes_max)
      content = make_error(Code::limit, "the objects of the bucket are larger than tree_bytes_max");
    if (content.ok()) {
      out.contents[i] = *std::move(content);
    } else if (!is_missing(content.error())) {
      errors[i] = std::move(content).error().with_context("failed to get '" + key + "' object");
      failed = true;
    }
  });
  for (auto& error : errors)
    if (error) return *std::move(error);
  // What takes objects away one by one leaves some; a server that has lost its way would have
  // everything pruned that was made from them.
  const auto there = [](const auto& content) { return content.has_value(); };
  if (!out.keys.empty() && std::none_of(out.contents.begin(), out.contents.end(), there))
    return make_error(Code::unavailable, "none of the " + std::to_string(out.keys.size()) +
                                             " objects that were listed is there");
  return out;
}

// Puts what was fetched in the index's stead: what vanished is in neither, an object that changed
// since it was listed is what it is now.
base::MemoryFileTree make_tree(Fetched fetched, const base::FileBytes& ignore_bytes,
                               BucketIndex& index) {
  base::MemoryFileTree tree;
  if (ignore_bytes != nullptr) tree.add(ignore_file, ignore_bytes);
  for (std::size_t i = 0; i < fetched.keys.size(); ++i) {
    const std::string& key = fetched.keys[i];
    if (!fetched.contents[i]) {
      index.remove(key);
      continue;
    }
    BucketContent& content = *fetched.contents[i];
    if (!content.etag.empty()) index.set_etag(key, content.etag);
    tree.add(index.objects().at(key).path, content.bytes);
  }
  return tree;
}

}  // namespace

OutcomeBody Executor::store_bucket(const ObjectId& owner, const model::BucketSpec& spec,
                                   const std::string& revision, const base::FileTree& tree) {
  // As it is: what the rules leave out has not been fetched.
  auto packed = base::pack_targz(tree);
  if (!packed.ok()) return storage_error(packed.error());
  const std::string file = revision.substr(revision.find(':') + 1) + ".tar.gz";
  auto artifact = ports_.artifacts->store_bytes("bucket", owner.ns, owner.name, file, *packed);
  if (!artifact.ok()) return storage_error(artifact.error());
  SourceFetched out;
  out.stored = *artifact;
  out.artifact = {revision, artifact->digest, artifact->path, ports_.artifacts->url(artifact->path),
                  ""};
  out.observed = Value::object(
      {{"observedIgnore", text_or_null(spec.ignore)},
       {"url", text_or_null(ports_.artifacts->publish(artifact->path, "latest.tar.gz"))}});
  return out;
}

OutcomeBody Executor::fetch(const ObjectId& owner, const FetchSource& fetch,
                            const model::BucketSpec& spec) {
  auto made = request_of(*ports_.kube, owner, spec);
  if (auto* error = std::get_if<StepError>(&made)) return *std::move(error);
  auto bucket = ports_.buckets->open(std::get<BucketRequest>(made));
  if (!bucket.ok()) return open_error(std::move(bucket).error(), spec);
  (*bucket)->begin(spec.timeout);
  base::FileBytes ignore_bytes;
  auto index = read_index(**bucket, spec, ignore_bytes);
  if (!index.ok()) return operation_error(index.error());
  const bool stored =
      !fetch.current.empty() && ports_.artifacts->exists(fetch.current.path, fetch.current.digest);
  std::string revision = index->revision();
  SourceFetched out;
  if (!stored || revision != fetch.current.revision) {
    BucketMemory::Objects known;
    if (stored)
      if (auto tree = open_artifact(fetch.current); tree.ok())
        known = bucket_memory_.find(owner, fetch.current.revision, *index, **tree);
    (*bucket)->begin(spec.timeout);
    auto fetched = fetch_objects(**bucket, *index, known);
    if (!fetched.ok())
      return operation_error(std::move(fetched).error().with_context("fetch from bucket '" +
                                                                     spec.bucket + "' failed"));
    const base::MemoryFileTree tree = make_tree(*std::move(fetched), ignore_bytes, *index);
    revision = index->revision();
    if (!stored || revision != fetch.current.revision) {
      OutcomeBody kept = store_bucket(owner, spec, revision, tree);
      if (!std::holds_alternative<SourceFetched>(kept)) return kept;
      out = std::get<SourceFetched>(std::move(kept));
    }
    bucket_memory_.keep(owner, revision, *index);
  }
  if (out.artifact.empty()) {
    out.unchanged = true;
    out.artifact = fetch.current;
    out.artifact.url = ports_.artifacts->url(out.artifact.path);
  }
  out.message = "stored artifact: revision '" + revision + "'";
  out.news = "stored artifact with " + std::to_string(index->size()) + " fetched files from '" +
             spec.bucket + "' bucket";
  out.details = Value::object(
      {{"bucket", Value::object({{"endpoint", spec.endpoint},
                                 {"name", spec.bucket},
                                 {"prefix", spec.prefix},
                                 {"objects", static_cast<std::int64_t>(index->size())}})}});
  return out;
}

}  // namespace weir::reconcile
