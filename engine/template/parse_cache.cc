#include "engine/template/parse_cache.hh"

#include <functional>
#include <utility>

#include "engine/template/ast.hh"
#include "engine/template/parser.hh"

namespace weir::tmpl {

namespace {

std::size_t hash_of(std::string_view name, std::string_view text) {
  constexpr std::hash<std::string_view> hash;
  return hash(name) * 31 + hash(text);
}

}  // namespace

Result<ParseCache::Parsed> ParseCache::parse(std::string_view name, std::string_view text,
                                             const FunctionMap& functions) {
  const std::size_t hash = hash_of(name, text);
  if (Parsed found = find(hash, name, text, functions)) return found;
  WEIR_TRY(std::vector<Template> made, parse_templates(name, text, functions, "{{", "}}"));
  auto kept = std::make_shared<std::vector<std::shared_ptr<const Template>>>();
  kept->reserve(made.size());
  std::shared_ptr<const ParsedText> source = made.front().source;
  for (Template& one : made) kept->push_back(std::make_shared<const Template>(std::move(one)));
  Parsed parsed = std::move(kept);
  const std::size_t bytes = source->bytes();
  keep({hash, bytes, &functions, std::move(source), parsed});
  return parsed;
}

ParseCache::Parsed ParseCache::find(std::size_t hash, std::string_view name, std::string_view text,
                                    const FunctionMap& functions) {
  const std::lock_guard lock(mutex_);
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto at = first; at != last; ++at) {
    const Entry& entry = *at->second;
    if (entry.functions != &functions || entry.source->name != name || entry.source->text != text)
      continue;
    recent_.splice(recent_.begin(), recent_, at->second);
    ++figures_.hits;
    return entry.parsed;
  }
  ++figures_.misses;
  return nullptr;
}

void ParseCache::keep(Entry entry) {
  if (entry.bytes > bytes_max_) return;
  const std::lock_guard lock(mutex_);
  figures_.bytes += entry.bytes;
  recent_.push_front(std::move(entry));
  by_hash_.emplace(recent_.front().hash, recent_.begin());
  while (figures_.bytes > bytes_max_) {
    const auto oldest = std::prev(recent_.end());
    auto at = by_hash_.equal_range(oldest->hash).first;
    while (at->second != oldest) ++at;
    by_hash_.erase(at);
    figures_.bytes -= oldest->bytes;
    recent_.erase(oldest);
  }
}

ParseCache::Figures ParseCache::figures() const {
  const std::lock_guard lock(mutex_);
  Figures out = figures_;
  out.texts = recent_.size();
  return out;
}

}  // namespace weir::tmpl
