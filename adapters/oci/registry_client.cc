#include "adapters/oci/registry_client.hh"

#include <algorithm>
#include <map>

#include "adapters/download/spool.hh"
#include "adapters/net/status.hh"
#include "adapters/net/url.hh"
#include "engine/base/digest.hh"
#include "engine/base/limits.hh"
#include "engine/value/json.hh"

namespace weir::oci {
namespace {

namespace limits = base::limits;
using reconcile::OciDescriptor;
using reconcile::OciManifest;
using reconcile::RemoteAccess;

constexpr std::string_view index_types[] = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json"};
constexpr const char* manifest_types =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr std::size_t message_bytes_max = 300;
constexpr std::string_view tags_query = "?n=1000";

std::string printable(std::string_view text) {
  std::string out(text.substr(0, message_bytes_max));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return out;
}

// As Go prints what it has decoded of JSON: map[a:1 b:<nil>], [x y].
void append_plain(const Value& value, std::string& out) {
  if (value.is_object()) {
    std::map<std::string_view, const Value*> sorted;
    for (const auto& member : value.members()) sorted.emplace(member.name(), &member.value);
    out.append("map[");
    for (auto at = sorted.begin(); at != sorted.end(); ++at) {
      out.append(at == sorted.begin() ? "" : " ").append(at->first).push_back(':');
      append_plain(*at->second, out);
    }
    out.push_back(']');
  } else if (value.is_array()) {
    out.push_back('[');
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out.push_back(' ');
      append_plain(value.at(i), out);
    }
    out.push_back(']');
  } else if (value.is_null()) {
    out.append("<nil>");
  } else {
    out.append(value.is_string() ? std::string(value.get_string()) : value::write_json(value));
  }
}

// The registry's own words where it has some: "MANIFEST_UNKNOWN: manifest unknown; unknown tag=x".
Error failure(std::string_view method, const net::HttpResponse& response) {
  std::string text = std::string(method) + " " + net::redact_url(response.url);
  if (response.url.ends_with(tags_query)) text.append(tags_query);
  text.append(": ");
  std::string words;
  if (const auto document = value::parse_json(response.body); document.ok())
    for (const Value& item : (*document)["errors"].items()) {
      words.append(words.empty() ? "" : "; ").append(printable(item["code"].get_string()));
      const std::string message = printable(item["message"].get_string());
      if (!message.empty()) words.append(": ").append(message);
      std::string detail;
      if (!item["detail"].is_null()) append_plain(item["detail"], detail);
      if (!detail.empty()) words.append("; ").append(printable(detail));
    }
  if (words.empty()) {
    words = "unexpected status code " + net::status_text(response.status);
    if (!response.body.empty()) words.append(": ").append(printable(response.body));
  }
  return make_error(net::code_of_status(response.status), text + words);
}

std::string base_path(const Repository& repository) { return "/v2/" + repository.path; }

Result<OciDescriptor> read_descriptor(const Value& value, std::string_view what) {
  OciDescriptor out;
  out.media_type = value["mediaType"].get_string();
  out.digest = value["digest"].get_string();
  const std::int64_t size = value["size"].get_int(-1);
  if (size < 0 || !out.digest.starts_with("sha256:") || !base::Digest::parse(out.digest).ok())
    return make_error(Code::invalid,
                      "manifest: " + std::string(what) + " has no usable digest and size");
  out.size = static_cast<std::uint64_t>(size);
  return out;
}

bool is_index(const RawManifest& manifest, const Value& document) {
  std::string_view type = document["mediaType"].get_string();
  if (type.empty()) type = manifest.media_type;
  return std::find(std::begin(index_types), std::end(index_types), type) != std::end(index_types);
}

// The image that an index holds for the platform of clusters' default.
Result<std::string> select_image(const Value& index, const std::string& digest) {
  for (const Value& item : index["manifests"].items()) {
    const Value& platform = item["platform"];
    const bool any = platform.is_null();
    if (any || (platform["os"].get_string() == "linux" &&
                platform["architecture"].get_string() == "amd64"))
      return std::string(item["digest"].get_string());
  }
  return make_error(Code::not_found, "no child with platform linux/amd64 in index " + digest);
}

Result<void> check_digest(const std::string& expected, const std::string& found) {
  if (expected == found) return {};
  return make_error(Code::corrupt,
                    "digest of what the registry sent is " + found + ", not " + expected);
}

// A tag or digest in a path: the colon of a digest stands as it is, as other clients send it.
std::string escape_reference(std::string_view reference) {
  const std::size_t colon = reference.find(':');
  if (colon == std::string_view::npos) {
    std::string out = net::escape_path_segment(reference);
    for (std::size_t at = out.find("%2B"); at != std::string::npos; at = out.find("%2B", at))
      out.replace(at, 3, "+");
    return out;
  }
  return net::escape_path_segment(reference.substr(0, colon)) + ":" +
         net::escape_path_segment(reference.substr(colon + 1));
}

// The next page's target out of `Link: </v2/...>; rel="next"`; "" when this was the last.
Result<std::string> next_page(const net::HttpResponse& response) {
  const std::string* link = net::find_header(response.headers, "Link");
  if (link == nullptr || link->find("rel=\"next\"") == std::string::npos) return std::string();
  const std::size_t begin = link->find('<'), end = link->find('>');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return std::string();
  WEIR_TRY(const net::Url here, net::parse_url(response.url));
  WEIR_TRY(const net::Url next, net::resolve_url(here, link->substr(begin + 1, end - begin - 1)));
  if (next.host != here.host || next.port != here.port)
    return make_error(Code::invalid,
                      "the registry's list of tags goes on at another host, " + next.authority());
  return next.target();
}

}  // namespace

Result<std::vector<std::string>> RegistryClient::tags(const std::string& url,
                                                      const RemoteAccess& access) {
  WEIR_TRY(const Repository repository, parse_repository(url));
  std::vector<std::string> out;
  Call call;
  call.target = base_path(repository) + "/tags/list";
  call.target.append(tags_query);
  call.body_bytes_max = limits::http_body_bytes_max;
  while (!call.target.empty()) {
    WEIR_TRY(const net::HttpResponse response, send(repository, access, call));
    if (response.status != 200) return failure("GET", response);
    WEIR_TRY(const Value page, value::parse_json(response.body).with_context("list of tags"));
    for (const Value& tag : page["tags"].items()) out.emplace_back(tag.get_string());
    if (out.size() > limits::oci_tags_max)
      return make_error(Code::limit, "more than oci_tags_max tags");
    WEIR_TRY(std::string next, next_page(response));
    if (next == call.target) break;
    call.target = std::move(next);
  }
  return out;
}

Result<RawManifest> RegistryClient::raw_manifest(const Repository& repository,
                                                 const std::string& reference,
                                                 const RemoteAccess& access) {
  Call call;
  call.target = base_path(repository) + "/manifests/" + escape_reference(reference);
  call.accept = manifest_types;
  call.body_bytes_max = limits::oci_manifest_bytes_max;
  WEIR_TRY(net::HttpResponse response, send(repository, access, call));
  if (response.status != 200) return failure("GET", response);
  RawManifest out;
  if (const std::string* type = net::find_header(response.headers, "Content-Type"))
    out.media_type = type->substr(0, type->find(';'));
  out.digest = base::sha256(response.body).to_string();
  out.bytes = std::move(response.body);
  if (reference.starts_with("sha256:")) WEIR_CHECK(check_digest(reference, out.digest));
  return out;
}

Result<std::string> RegistryClient::resolve(const std::string& url, const std::string& tag,
                                            const RemoteAccess& access) {
  WEIR_TRY(const Repository repository, parse_repository(url));
  Call call;
  call.method = "HEAD";
  call.target = base_path(repository) + "/manifests/" + escape_reference(tag);
  call.accept = manifest_types;
  auto head = send(repository, access, call);
  if (head.ok() && head->status == 200) {
    const std::string* digest = net::find_header(head->headers, "Docker-Content-Digest");
    if (digest != nullptr && digest->starts_with("sha256:") && base::Digest::parse(*digest).ok())
      return *digest;
  }
  // Some registries answer HEAD with less than the truth; and only GET says why it failed.
  WEIR_TRY(const RawManifest manifest, raw_manifest(repository, tag, access));
  return manifest.digest;
}

Result<OciManifest> RegistryClient::manifest(const std::string& url, const std::string& reference,
                                             const RemoteAccess& access) {
  WEIR_TRY(const Repository repository, parse_repository(url));
  WEIR_TRY(RawManifest raw, raw_manifest(repository, reference, access));
  OciManifest out;
  out.digest = raw.digest;
  WEIR_TRY(Value document, value::parse_json(raw.bytes).with_context("manifest"));
  if (is_index(raw, document)) {
    WEIR_TRY(const std::string image, select_image(document, raw.digest));
    WEIR_TRY(raw, raw_manifest(repository, image, access));
    WEIR_TRY(document, value::parse_json(raw.bytes).with_context("manifest"));
  }
  if (!document["layers"].is_array())
    return make_error(Code::invalid, "manifest: not an OCI image manifest (no layers)");
  if (document.contains("config")) {
    WEIR_TRY(out.config, read_descriptor(document["config"], "config"));
  }
  for (const Value& layer : document["layers"].items()) {
    WEIR_TRY(OciDescriptor descriptor, read_descriptor(layer, "layer"));
    out.layers.push_back(std::move(descriptor));
  }
  for (const auto& member : document["annotations"].members())
    if (member.value.is_string()) out.annotations.set(member.name(), member.value);
  return out;
}

Result<reconcile::PayloadPtr> RegistryClient::blob(const std::string& url,
                                                   const OciDescriptor& blob, std::size_t bytes_max,
                                                   const RemoteAccess& access) {
  WEIR_TRY(const Repository repository, parse_repository(url));
  if (blob.size > bytes_max)
    return make_error(Code::limit, "blob " + blob.digest + " has " + std::to_string(blob.size) +
                                       " bytes, more than " + std::to_string(bytes_max));
  download::Spool spool(spool_directory_, std::min<std::size_t>(bytes_max, blob.size));
  Call call;
  call.target = base_path(repository) + "/blobs/" + blob.digest;
  call.body_bytes_max = bytes_max;
  call.sink = [&](std::string_view bytes) { return spool.append(bytes); };
  WEIR_TRY(const net::HttpResponse response, send(repository, access, call));
  if (response.status != 200) return failure("GET", response);
  WEIR_TRY(reconcile::PayloadPtr payload, spool.finish());
  WEIR_CHECK(check_digest(blob.digest, payload->digest().to_string()));
  return payload;
}

Result<void> RegistryClient::push_blob(const Repository& repository, std::string_view bytes,
                                       const RemoteAccess& access) {
  const std::string digest = base::sha256(bytes).to_string();
  Call call;
  call.push = true;
  call.method = "HEAD";
  call.target = base_path(repository) + "/blobs/" + digest;
  WEIR_TRY(const net::HttpResponse known, send(repository, access, call));
  if (known.status == 200) return {};
  call.method = "POST";
  call.target = base_path(repository) + "/blobs/uploads/";
  WEIR_TRY(const net::HttpResponse begun, send(repository, access, call));
  if (begun.status != 202) return failure("POST", begun);
  const std::string* location = net::find_header(begun.headers, "Location");
  if (location == nullptr)
    return make_error(Code::invalid, "the registry began an upload without saying where");
  WEIR_TRY(const net::Url here, net::parse_url(begun.url));
  WEIR_TRY(net::Url target, net::resolve_url(here, *location));
  target.query.append(target.query.empty() ? "" : "&").append("digest=");
  target.query.append(net::escape_query(digest));
  call.method = "PUT";
  call.target = target.to_string();
  call.body = bytes;
  call.content_type = "application/octet-stream";
  WEIR_TRY(const net::HttpResponse done, send(repository, access, call));
  if (done.status != 201) return failure("PUT", done);
  return {};
}

Result<std::string> RegistryClient::push_manifest(const Repository& repository,
                                                  const std::string& tag,
                                                  const RawManifest& manifest,
                                                  const RemoteAccess& access) {
  Call call;
  call.push = true;
  call.method = "PUT";
  call.target = base_path(repository) + "/manifests/" + escape_reference(tag);
  call.content_type = manifest.media_type;
  call.body = manifest.bytes;
  WEIR_TRY(const net::HttpResponse done, send(repository, access, call));
  if (done.status != 201) return failure("PUT", done);
  return base::sha256(manifest.bytes).to_string();
}

}  // namespace weir::oci
