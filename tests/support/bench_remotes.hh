// Scripted servers of files and registries for the engine's bench: what is there stands in maps,
// and every call is written down. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/reconcile/remote_port.hh"

namespace weir::test {

// Bytes in memory, handed out in pieces of `piece` bytes.
class BenchPayload final : public reconcile::Payload {
 public:
  explicit BenchPayload(std::string bytes, std::size_t piece = 7)
      : bytes_(std::move(bytes)), digest_(base::sha256(bytes_)), piece_(piece) {}
  std::uint64_t size() const override { return bytes_.size(); }
  const base::Digest& digest() const override { return digest_; }
  Result<void> read(const reconcile::ByteSink& sink) const override {
    for (std::size_t at = 0; at < bytes_.size(); at += piece_)
      WEIR_CHECK(sink(std::string_view(bytes_).substr(at, piece_)));
    return {};
  }

 private:
  std::string bytes_;
  base::Digest digest_;
  std::size_t piece_;
};

class BenchDownloads final : public reconcile::DownloadPort {
 public:
  Result<reconcile::PayloadPtr> download(const reconcile::DownloadRequest& request) override {
    std::string url = request.url;
    if (url.find("://") == std::string::npos) {
      url = request.base_url;
      if (!url.ends_with('/')) url.push_back('/');
      url += request.url;
    }
    calls.push_back((request.access.username.empty() ? "" : request.access.username + " ") + url);
    if (fail) return *fail;
    const auto found = files.find(url);
    if (found == files.end())
      return make_error(Code::not_found, "failed to fetch " + url + " : 404 Not Found");
    return reconcile::PayloadPtr(std::make_shared<BenchPayload>(found->second, 4096));
  }

  std::map<std::string, std::string> files;  // by URL
  std::vector<std::string> calls;            // "user URL"
  std::optional<Error> fail;
};

// One layer a manifest.
class BenchRegistry final : public reconcile::RegistryPort {
 public:
  struct Image {
    std::string layer, media_type;
    Value annotations;
    std::string digest() const {
      return base::sha256(layer + media_type + annotations_text()).to_string();
    }
    std::string annotations_text() const {
      std::string text;
      for (const auto& member : annotations.members())
        text.append(member.name()).append(member.value.get_string());
      return text;
    }
  };

  Result<std::vector<std::string>> tags(const std::string& url,
                                        const reconcile::RemoteAccess& access) override {
    note("tags", url, access);
    if (fail) return *fail;
    std::vector<std::string> out;
    for (const auto& [tag, image] : repositories[url]) out.push_back(tag);
    return out;
  }
  Result<std::string> resolve(const std::string& url, const std::string& tag,
                              const reconcile::RemoteAccess& access) override {
    note("resolve", url + ":" + tag, access);
    if (fail) return *fail;
    const auto& there = repositories[url];
    const auto found = there.find(tag);
    if (found == there.end()) return missing(url, tag);
    return found->second.digest();
  }
  Result<reconcile::OciManifest> manifest(const std::string& url, const std::string& reference,
                                          const reconcile::RemoteAccess& access) override {
    note("manifest", url + "@" + reference, access);
    if (fail) return *fail;
    for (const auto& [tag, image] : repositories[url]) {
      if (tag != reference && image.digest() != reference) continue;
      reconcile::OciManifest out;
      out.digest = image.digest();
      out.layers = {{image.media_type, base::sha256(image.layer).to_string(), image.layer.size()}};
      out.annotations = image.annotations;
      return out;
    }
    return missing(url, reference);
  }
  Result<reconcile::PayloadPtr> blob(const std::string& url, const reconcile::OciDescriptor& blob,
                                     std::size_t, const reconcile::RemoteAccess& access) override {
    note("blob", url, access);
    for (const auto& [tag, image] : repositories[url])
      if (base::sha256(image.layer).to_string() == blob.digest)
        return reconcile::PayloadPtr(std::make_shared<BenchPayload>(image.layer));
    return missing(url, blob.digest);
  }

  std::map<std::string, std::map<std::string, Image>> repositories;  // by URL, then tag
  std::vector<std::string> calls;                                    // "tags oci://..."
  std::vector<reconcile::RemoteAccess> accesses;
  std::optional<Error> fail;

 private:
  void note(const std::string& what, const std::string& where,
            const reconcile::RemoteAccess& access) {
    calls.push_back(what + " " + where);
    accesses.push_back(access);
  }
  static Error missing(const std::string& url, const std::string& reference) {
    return make_error(Code::not_found,
                      "GET " + url + "/manifests/" + reference + ": MANIFEST_UNKNOWN: unknown");
  }
};

}  // namespace weir::test
