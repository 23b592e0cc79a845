#include "adapters/remote/schema_documents.hh"

#include <algorithm>

#include "adapters/archive/disk_file_tree.hh"
#include "adapters/net/status.hh"
#include "adapters/net/url.hh"
#include "engine/base/limits.hh"
#include "engine/template/format.hh"

namespace weir::remote {

namespace {

namespace limits = base::limits;

Error too_long() {
  return make_error(Code::limit, "the document is too long (helm_schema_document_bytes_max)");
}

// "404 (Not Found)"
std::string shown_status(int status) {
  const std::string text = net::status_text(status);
  const std::size_t space = text.find(' ');
  if (space == std::string::npos) return text + " ()";
  return text.substr(0, space) + " (" + text.substr(space + 1) + ")";
}

// Go's url.URL escapes blanks on the way out.
std::string with_escaped_blanks(std::string_view url) {
  std::string out;
  for (const char c : url) c == ' ' ? out.append("%20") : out.append(1, c);
  return out;
}

// The path of a file:// URL; whatever host it names is this one, as Helm has it.
Result<std::string> read_file(std::string_view url) {
  url.remove_prefix(std::string_view("file://").size());
  url = url.substr(0, url.find('?'));
  const std::string path = net::unescape(url.substr(std::min(url.find('/'), url.size())));
  WEIR_TRY(const auto tree, archive::DiskFileTree::open_unconfined("/"));
  const auto type = tree->stat(path);
  if (!type) return make_error(Code::not_found, "open " + path + ": no such file or directory");
  if (*type == base::EntryType::directory)
    return make_error(Code::invalid, "read " + path + ": is a directory");
  WEIR_TRY(const auto bytes, tree->read(path));
  if (bytes->size() > limits::helm_schema_document_bytes_max) return too_long();
  return std::string(*bytes);
}

}  // namespace

const std::string* SchemaDocuments::find(const std::string& url) {
  const auto now = clock_.monotonic();
  std::erase_if(kept_, [&](const auto& one) {
    const bool old = now - one.second.since > kept_for;
    if (old) kept_bytes_ -= one.second.text.size();
    return old;
  });
  const auto found = kept_.find(url);
  return found == kept_.end() ? nullptr : &found->second.text;
}

void SchemaDocuments::keep(const std::string& url, const std::string& text) {
  // Never more than what is kept may hold; a document of another thread's is as good.
  if (text.size() > kept_bytes_max || kept_.contains(url)) return;
  while (kept_bytes_ + text.size() > kept_bytes_max) {
    const auto oldest =
        std::min_element(kept_.begin(), kept_.end(), [](const auto& a, const auto& b) {
          return a.second.since < b.second.since;
        });
    kept_bytes_ -= oldest->second.text.size();
    kept_.erase(oldest);
  }
  kept_bytes_ += text.size();
  kept_.emplace(url, Kept{text, clock_.monotonic()});
}

Result<std::string> SchemaDocuments::fetch(const std::string& url,
                                           std::chrono::milliseconds timeout) {
  net::HttpRequest request;
  request.url = with_escaped_blanks(url);
  request.timeout = timeout;
  request.body_bytes_max = limits::helm_schema_document_bytes_max;
  const std::string shown = net::redact_url(request.url);
  auto answer = http_.send(request);
  if (!answer.ok()) {
    if (answer.error().code == Code::limit) return too_long();
    return std::move(answer).error().with_context("HTTP request failed for " + shown);
  }
  if (answer->status != 200)
    return make_error(net::code_of_status(answer->status),
                      "HTTP request to " + shown + " returned status " +
                          shown_status(answer->status));
  return std::move(answer->body);
}

Result<std::string> SchemaDocuments::load(const std::string& url,
                                          std::chrono::milliseconds timeout) {
  if (url.starts_with("file://")) {
    if (files_ == Files::read) return read_file(url);
    return make_error(Code::unsupported, "files are not read for the schemas of charts");
  }
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    return make_error(Code::unsupported, "no URLLoader registered for " + tmpl::quoted(url));
  std::promise<Answer> promise;
  std::shared_future<Answer> other;
  {
    const std::lock_guard lock(mutex_);
    if (const std::string* text = find(url)) return *text;
    const auto [found, first] = under_way_.try_emplace(url);
    if (first) found->second = promise.get_future().share();
    else other = found->second;
  }
  // Whoever came first fetches, within a time of its own; the others wait as long as they may.
  if (other.valid()) {
    if (other.wait_for(timeout) == std::future_status::ready) return *other.get();
    return make_error(Code::timeout, "HTTP request failed for " + net::redact_url(url) +
                                         ": another request for it is still under way");
  }
  const auto answer = std::make_shared<const Result<std::string>>(fetch(url, timeout));
  {
    const std::lock_guard lock(mutex_);
    if (answer->ok()) keep(url, **answer);
    under_way_.erase(url);
  }
  promise.set_value(answer);
  return *answer;
}

}  // namespace weir::remote
