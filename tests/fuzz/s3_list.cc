// Any bytes: the readers of what S3 servers answer must return, and nothing that they take may be
// more than was there.
#include <cstdint>
#include <string_view>

#include "adapters/s3/answers.hh"
#include "adapters/s3/xml.hh"
#include "engine/base/assert.hh"
#include "engine/reconcile/bucket_index.hh"

using namespace weir;

namespace {

void read_xml(std::string_view text) {
  s3::XmlReader xml(text);
  std::size_t open = 0, texts = 0;
  for (;;) {
    const auto token = xml.next();
    if (!token.ok()) return;
    if (*token == s3::XmlReader::Token::finished) break;
    if (*token == s3::XmlReader::Token::begin) ++open;
    WEIR_ASSERT(xml.path().size() == open && open <= s3::XmlReader::depth_max);
    if (*token == s3::XmlReader::Token::end) --open;
    if (*token == s3::XmlReader::Token::text) texts += xml.text().size();
  }
  // An entity is never shorter than what it stands for.
  WEIR_ASSERT(open == 0 && texts <= text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_xml(text);
  if (const auto page = s3::parse_list(text); page.ok()) {
    for (const reconcile::BucketEntry& object : page->objects) {
      WEIR_ASSERT(!object.key.empty() && object.key.size() <= size);
      const auto path = reconcile::object_path(object.key);
      WEIR_ASSERT(!path.ok() || (!path->empty() && path->front() != '/' &&
                                 ("/" + *path + "/").find("/../") == std::string::npos));
    }
  }
  (void)s3::parse_location(text);
  (void)s3::parse_credentials(text);
  net::HttpResponse answer;
  answer.status = 400;
  answer.body = text;
  WEIR_ASSERT(!s3::read_error(answer, false).message.empty());
  return 0;
}
