#include "tools/weir/bucket_backup.hh"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "adapters/clock/system_clock.hh"
#include "adapters/s3/bucket.hh"
#include "engine/base/digest.hh"
#include "engine/base/limits.hh"
#include "engine/value/json.hh"
#include "tools/weir/host.hh"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view list_name = "backup.json";
constexpr std::size_t list_bytes_max = 64u << 20;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A bucket and what it stands on.
struct Opened {
  clock::SystemClock clock;
  std::unique_ptr<net::HttpClient> http;
  std::unique_ptr<s3::Bucket> bucket;
  s3::Place place;
};

Result<std::unique_ptr<Opened>> open_bucket(const std::string& url, const BucketFlags& flags) {
  auto out = std::make_unique<Opened>();
  WEIR_TRY(out->place, s3::parse_place(url));
  WEIR_TRY(out->http, net::HttpClient::create({}));
  s3::BucketOptions options;
  options.endpoint = flags.endpoint;
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  options.region = flags.region;
  options.bucket = out->place.bucket;
  options.credentials = {variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
                         variable("AWS_SESSION_TOKEN")};
  if (options.credentials.access_key.empty() || options.credentials.secret_key.empty())
    return make_error(Code::invalid,
                      "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are needed for " + url);
  out->bucket = std::make_unique<s3::Bucket>(*out->http, out->clock, std::move(options));
  return out;
}

Result<std::vector<std::string>> files_below(const std::string& directory) {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error))
    if (at->is_regular_file()) out.push_back(fs::relative(at->path(), directory).string());
  if (error) return make_error(Code::io, directory + ": " + error.message());
  std::sort(out.begin(), out.end());
  return out;
}

// A name from a list that somebody else may have written: below the directory, nowhere else.
Result<std::string> checked_name(const Value& item) {
  const std::string name(item["name"].get_string());
  const bool inside = !name.empty() && !name.starts_with('/') &&
                      ("/" + name + "/").find("/../") == std::string::npos &&
                      name.find('\0') == std::string::npos;
  if (!inside)
    return make_error(Code::corrupt, std::string(list_name) + ": \"" + name + "\" is no file name");
  return name;
}

Result<void> save(const std::string& path, const std::string& bytes) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (!error) fs::permissions(fs::path(path).parent_path(), fs::perms::owner_all, error);
  if (error) return make_error(Code::io, path + ": " + error.message());
  return write_file(path, bytes, 0600);
}

}  // namespace

void BucketFlags::add_to(Args& args) {
  args.option("--endpoint", endpoint, "URL of the S3 API. Default: Amazon's of the region.");
  args.option("--region", region, "The bucket's region.");
}

bool is_bucket_url(const std::string& target) { return target.starts_with("s3://"); }

Result<void> upload_backup(const std::string& directory, const std::string& url,
                           const BucketFlags& flags) {
  WEIR_TRY(const auto to, open_bucket(url, flags));
  const std::string list_key = to->place.key(list_name);
  const auto there = to->bucket->get(list_key, list_bytes_max);
  if (there.ok()) return make_error(Code::already_exists, url + " holds a backup already");
  if (there.error().code != Code::not_found) return there.error();
  WEIR_TRY(const std::vector<std::string> names, files_below(directory));
  Value list = Value::array();
  for (const std::string& name : names) {
    WEIR_TRY(std::string bytes, read_file(directory + "/" + name));
    list.push_back(Value::object({{"name", name},
                                  {"size", bytes.size()},
                                  {"digest", base::sha256(bytes).to_string()}}));
    WEIR_CHECK(to->bucket->put(to->place.key(name), std::move(bytes)));
  }
  return to->bucket->put(list_key,
                         value::write_json(Value::object({{"files", std::move(list)}})) + "\n");
}

Result<void> download_backup(const std::string& url, const std::string& directory,
                             const BucketFlags& flags) {
  WEIR_TRY(const auto from, open_bucket(url, flags));
  auto text = from->bucket->get(from->place.key(list_name), list_bytes_max);
  if (!text.ok() && text.error().code == Code::not_found)
    return make_error(Code::not_found, url + " holds no whole backup: " + text.error().message);
  if (!text.ok()) return std::move(text).error();
  auto list = value::parse_json(*text);
  if (!list.ok()) return make_error(Code::corrupt, url + "/backup.json: " + list.error().message);
  for (const Value& item : (*list)["files"].items()) {
    WEIR_TRY(const std::string name, checked_name(item));
    WEIR_TRY(const std::string bytes,
             from->bucket->get(from->place.key(name), base::limits::git_pack_bytes_max));
    if (base::sha256(bytes).to_string() != item["digest"].get_string())
      return make_error(Code::corrupt, url + "/" + name + " is not what was backed up: its digest "
                                                          "differs");
    WEIR_CHECK(save(directory + "/" + name, bytes));
  }
  return {};
}

}  // namespace weir::cli
