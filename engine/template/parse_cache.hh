// Parsed templates kept between renders, by name and content: a chart rendered again with other
// values is not parsed again. A name that comes back with another text, or other functions, is
// another entry, so nothing found here is ever stale. Errors are not kept. Thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/result.hh"
#include "engine/template/function.hh"

namespace weir::tmpl {

struct Template;
struct ParsedText;

class ParseCache {
 public:
  // All that one text defines.
  using Parsed = std::shared_ptr<const std::vector<std::shared_ptr<const Template>>>;

  // What has not been asked for longest is dropped when texts and trees take more than this.
  explicit ParseCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  ParseCache(const ParseCache&) = delete;
  ParseCache& operator=(const ParseCache&) = delete;

  // `text` parsed as the template `name`, with the usual delimiters. `functions` must outlive the
  // cache. Errors: those of Set::parse.
  Result<Parsed> parse(std::string_view name, std::string_view text, const FunctionMap& functions);

  struct Figures {
    std::size_t texts = 0;
    std::size_t bytes = 0;
    std::size_t hits = 0;
    std::size_t misses = 0;
  };
  Figures figures() const;

 private:
  struct Entry {
    std::size_t hash;
    std::size_t bytes;
    const FunctionMap* functions;
    std::shared_ptr<const ParsedText> source;
    Parsed parsed;
  };
  using Entries = std::list<Entry>;

  Parsed find(std::size_t hash, std::string_view name, std::string_view text,
              const FunctionMap& functions);
  void keep(Entry entry);

  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  Entries recent_;  // latest first
  std::unordered_multimap<std::size_t, Entries::iterator> by_hash_;
  Figures figures_;
};

}  // namespace weir::tmpl
