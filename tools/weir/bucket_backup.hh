// Backups in an S3 bucket: the files of a backup's directory below a prefix, and last
// "backup.json", which lists them with their sizes and digests. A backup without it is none.
#pragma once

#include <string>

#include "engine/base/result.hh"
#include "tools/weir/args.hh"

namespace weir::cli {

struct BucketFlags {
  std::string endpoint;  // "" = Amazon's
  std::string region = "us-east-1";
  void add_to(Args& args);
};

// Credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. Errors:
// invalid, already_exists (a backup is there), forbidden, unavailable, io.
Result<void> upload_backup(const std::string& directory, const std::string& url,
                           const BucketFlags& flags);
// Into a new directory, every file's digest checked. Errors: not_found, corrupt, and the above.
Result<void> download_backup(const std::string& url, const std::string& directory,
                             const BucketFlags& flags);
bool is_bucket_url(const std::string& target);

}  // namespace weir::cli
