#include "adapters/s3/answers.hh"

#include <algorithm>
#include <charconv>

#include "adapters/net/status.hh"
#include "adapters/net/url.hh"
#include "adapters/s3/xml.hh"
#include "engine/value/utf8.hh"

namespace weir::s3 {
namespace {

constexpr std::size_t message_bytes_max = 1024;

// Go's query escapes: a plus sign is a space.
std::string unescape_key(std::string text) {
  std::replace(text.begin(), text.end(), '+', ' ');
  return net::unescape(text);
}

std::string_view unquoted(std::string_view etag) {
  if (etag.starts_with('"')) etag.remove_prefix(1);
  if (etag.ends_with('"')) etag.remove_suffix(1);
  return etag;
}

Result<void> take_object_text(const XmlReader& xml, reconcile::BucketEntry& object) {
  const std::string& name = xml.path().back();
  if (name == "Key") object.key = xml.text();
  if (name == "ETag") object.etag = unquoted(xml.text());
  if (name == "Size") {
    WEIR_TRY(object.size, parse_size(xml.text()));
  }
  return {};
}

Result<void> finish_object(reconcile::BucketEntry& object, ListPage& page) {
  if (object.key.empty()) return make_error(Code::invalid, "an object without a key");
  page.objects.push_back(std::move(object));
  object = {};
  return {};
}

struct StatusError {
  int status;
  std::string_view code, message;
};
constexpr StatusError status_errors[] = {
    {403, "AccessDenied", "Access Denied."},
    {409, "Conflict", "Bucket not empty."},
    {412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold."},
};

// Code, Message and Region, wherever they stand: an <Error>, or one in an <ErrorResponse>.
bool read_error_body(std::string_view body, ServerError& out) {
  XmlReader xml(body);
  for (;;) {
    const auto token = xml.next();
    if (!token.ok()) return false;
    if (*token == XmlReader::Token::finished) return !out.code.empty();
    if (*token != XmlReader::Token::text || xml.path().size() < 2) continue;
    const std::string& name = xml.path().back();
    if (name == "Code") out.code = xml.text();
    if (name == "Message") out.message = xml.text();
    if (name == "Region") out.region = xml.text();
  }
}

std::string header_of(const net::HttpResponse& answer, std::string_view name) {
  const std::string* value = net::find_header(answer.headers, name);
  return value == nullptr ? std::string() : *value;
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t size = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), size);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
    return make_error(Code::invalid,
                      "the size '" + std::string(text.substr(0, 64)) + "' is no number");
  return size;
}

Result<ListPage> parse_list(std::string_view document) {
  XmlReader xml(document);
  ListPage page;
  reconcile::BucketEntry object;
  bool escaped = false, marked = false;
  for (;;) {
    WEIR_TRY(const XmlReader::Token token, xml.next());
    if (token == XmlReader::Token::finished) break;
    if (xml.path().front() != "ListBucketResult")
      return make_error(Code::invalid, "expected element type <ListBucketResult> but have <" +
                                           xml.path().front() + ">");
    const bool content = xml.path().size() >= 2 && xml.path()[1] == "Contents";
    if (content && token == XmlReader::Token::text && xml.path().size() == 3)
      WEIR_CHECK(take_object_text(xml, object));
    if (content && token == XmlReader::Token::end && xml.path().size() == 2)
      WEIR_CHECK(finish_object(object, page));
    if (content || token != XmlReader::Token::text) continue;
    if (xml.at("ListBucketResult/IsTruncated")) page.truncated = xml.text() == "true";
    if (xml.at("ListBucketResult/NextContinuationToken")) page.token = xml.text();
    if (xml.at("ListBucketResult/EncodingType")) escaped = xml.text() == "url";
    if (xml.at("ListBucketResult/NextMarker")) {
      page.last = xml.text();
      marked = true;
    }
  }
  if (escaped) {
    page.last = unescape_key(std::move(page.last));
    for (reconcile::BucketEntry& one : page.objects) one.key = unescape_key(std::move(one.key));
  }
  if (!marked && !page.objects.empty()) page.last = page.objects.back().key;
  return page;
}

Result<std::string> parse_location(std::string_view document) {
  XmlReader xml(document);
  std::string location;
  for (;;) {
    WEIR_TRY(const XmlReader::Token token, xml.next());
    if (token == XmlReader::Token::finished) break;
    if (token == XmlReader::Token::text && xml.path().size() <= 2) location = xml.text();
  }
  if (location.empty()) return std::string("us-east-1");
  return location == "EU" ? std::string("eu-west-1") : location;
}

Result<TemporaryCredentials> parse_credentials(std::string_view document) {
  XmlReader xml(document);
  TemporaryCredentials out;
  for (;;) {
    WEIR_TRY(const XmlReader::Token token, xml.next());
    if (token == XmlReader::Token::finished) break;
    if (token != XmlReader::Token::text || xml.path().size() < 2 ||
        xml.path()[xml.path().size() - 2] != "Credentials")
      continue;
    const std::string& name = xml.path().back();
    if (name == "AccessKeyId") out.keys.access_key = xml.text();
    if (name == "SecretAccessKey") out.keys.secret_key = xml.text();
    if (name == "SessionToken") out.keys.session_token = xml.text();
    if (name == "Expiration") out.expiration = xml.text();
  }
  if (out.keys.access_key.empty() || out.keys.secret_key.empty())
    return make_error(Code::invalid, "the token service answered without credentials");
  return out;
}

ServerError read_error(const net::HttpResponse& answer, bool of_object) {
  ServerError out;
  const bool told = read_error_body(answer.body, out);
  if (!told) out = ServerError();
  out.status = answer.status;
  if (!told && answer.status == 404) {
    out.code = of_object ? "NoSuchKey" : "NoSuchBucket";
    out.message =
        of_object ? "The specified key does not exist." : "The specified bucket does not exist.";
  }
  for (const StatusError& known : status_errors)
    if (!told && known.status == answer.status) {
      out.code = known.code;
      out.message = known.message;
    }
  // MinIO tells it of a HEAD too.
  if (std::string code = header_of(answer, "x-minio-error-code"); !code.empty()) out.code = code;
  if (std::string text = header_of(answer, "x-minio-error-desc"); !text.empty())
    out.message = unquoted(text);
  if (out.region.empty()) out.region = header_of(answer, "x-amz-bucket-region");
  if (out.code.empty()) out.code = net::status_text(answer.status);
  if (out.message.empty()) out.message = told || answer.body.empty() ? out.code : answer.body;
  out.message = value::replace_invalid_utf8(out.message.substr(0, message_bytes_max));
  return out;
}

}  // namespace weir::s3
