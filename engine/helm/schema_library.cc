#include "engine/helm/schema_library.hh"

#include <algorithm>

#include "engine/base/limits.hh"
#include "engine/helm/schema_metaschemas.hh"
#include "engine/template/format.hh"
#include "engine/value/json.hh"

namespace weir::helm::schema {

namespace limits = base::limits;

Result<std::chrono::milliseconds> Library::time_left() {
  const std::chrono::milliseconds one =
      std::chrono::seconds(limits::helm_schema_request_seconds_max);
  if (ports_.clock == nullptr) return one;
  const auto now = ports_.clock->monotonic();
  if (!begun_) begun_ = now;
  const auto left = *begun_ + std::chrono::seconds(limits::helm_schema_all_seconds_max) - now;
  if (left <= std::chrono::milliseconds(1))
    return make_error(Code::limit,
                      "the documents take too long in all (helm_schema_all_seconds_max)");
  return std::min(one, std::chrono::duration_cast<std::chrono::milliseconds>(left));
}

Result<std::shared_ptr<const Value>> Library::fetch(const std::string& url) {
  if (ports_.loader == nullptr)
    return make_error(Code::unsupported, "schemas of other documents are not fetched");
  if (known_.size() >= limits::helm_schema_documents_max)
    return make_error(Code::limit,
                      "schemas refer to too many documents (helm_schema_documents_max)");
  WEIR_TRY(const auto timeout, time_left());
  WEIR_TRY(const std::string text, ports_.loader->load(url, timeout));
  if (text.size() > limits::helm_schema_document_bytes_max)
    return make_error(Code::limit, "the document is too long (helm_schema_document_bytes_max)");
  bytes_ += text.size();
  if (bytes_ > limits::helm_schema_all_bytes_max)
    return make_error(Code::limit,
                      "the documents are too long in all (helm_schema_all_bytes_max)");
  WEIR_TRY(Value parsed, value::parse_json(text));
  return std::make_shared<const Value>(std::move(parsed));
}

Result<std::shared_ptr<const Value>> Library::document(const std::string& url) {
  if (auto of_a_draft = metaschema(url)) return of_a_draft;
  const auto found = known_.find(url);
  if (found != known_.end()) return found->second;
  auto fetched = fetch(url);
  if (!fetched.ok())
    fetched = std::move(fetched).error().with_context("failing loading " + tmpl::quoted(url));
  return known_.emplace(url, std::move(fetched)).first->second;
}

}  // namespace weir::helm::schema
