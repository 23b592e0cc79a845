#include "engine/template/functions/documents.hh"

#include <algorithm>

#include "engine/base/limits.hh"

namespace weir::tmpl {

namespace {

std::string_view json_kind(const value::Value& document) {
  if (document.is_object()) return "object";
  if (document.is_array()) return "array";
  if (document.is_string()) return "string";
  return document.is_bool() ? "bool" : "number";
}

std::string misfit(const value::Value& document, const Type& type) {
  return joined(
      {"json: cannot unmarshal ", json_kind(document), " into Go value of type ", type.name});
}

constexpr std::size_t node_bytes = 2 * sizeof(value::Value);

// Charges every node before it is copied: a list that holds one list twice, and so on, is small
// but has no end as a document.
class Survey {
 public:
  explicit Survey(CallContext& context) : context_(context) {}

  // False when a map holds itself.
  bool visit(const Datum& datum) {
    context_.budget().use_steps(1);
    context_.budget().use_bytes(node_bytes);
    if (!datum.is_map() && !datum.is_slice()) return true;
    if (path_.size() >= base::limits::template_value_depth_max) return !holds_itself();
    path_.push_back(&datum);
    bool fine = true;
    for (const MapEntry& entry : datum.entries()) fine = fine && visit(entry.value);
    for (const Datum& item : datum.items()) fine = fine && visit(item);
    path_.pop_back();
    return fine;
  }

 private:
  bool holds_itself() const {
    for (std::size_t i = 0; i < path_.size(); ++i)
      for (std::size_t j = i + 1; j < path_.size(); ++j)
        if (path_[i]->is_map() && path_[j]->is_map() && path_[i]->same_map(*path_[j])) return true;
    return false;
  }

  CallContext& context_;
  std::vector<const Datum*> path_;
};

Result<value::Value> marshalled(CallContext& context, const Datum& datum) {
  if (!Survey(context).visit(datum))
    return make_error(Code::invalid, joined({"json: unsupported value: encountered a cycle via ",
                                             datum.type_name()}));
  auto document = to_value(datum);
  if (!document.ok() && document.error().code == Code::limit)
    throw FunctionError{document.error().message, Code::limit};
  return document;
}

constexpr std::string_view next_line = "\xC2\x85";

bool is_readable(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x7F) continue;
    if (byte == 0x7F) return false;
    const std::string_view rest = text.substr(at);
    const auto next = static_cast<unsigned char>(rest.size() > 1 ? rest[1] : '\0');
    if (byte == 0xC2 && next < 0xA0 && next != 0x85 && next >= 0x80) return false;
    if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF")) return false;
  }
  return true;
}

// Lines of a quoted text: one break is a blank, of several all but the first stay; blanks around
// them go.
std::string folded(std::string_view text) {
  std::string out;
  for (std::size_t at = text.find(next_line); at != text.npos; at = text.find(next_line)) {
    out += text.substr(0, at);
    out.erase(out.find_last_not_of(' ') + 1);
    std::size_t breaks = 0;
    while (text.substr(at).starts_with(next_line)) {
      ++breaks;
      at = std::min(text.find_first_not_of(' ', at + next_line.size()), text.size());
    }
    breaks == 1 ? out.append(1, ' ') : out.append(breaks - 1, '\n');
    text.remove_prefix(at);
  }
  return out.append(text);
}

// What the reader makes of the texts of a document.
struct Passage {
  bool readable = true, breaks = false;

  void see(std::string_view text) {
    readable = readable && is_readable(text);
    breaks = breaks || text.find(next_line) != text.npos;
  }
  void see(const value::Value& document) {
    if (document.is_string()) see(document.as_string());
    for (const value::Value& item : document.items()) see(item);
    for (const value::Member& member : document.members()) {
      see(member.name());
      see(member.value);
    }
  }
};

void fold_texts(value::Value& document) {
  if (document.is_string()) document = value::Value(folded(document.as_string()));
  if (document.is_array())
    for (std::size_t i = 0; i < document.size(); ++i) fold_texts(document.item_mut(i));
  if (!document.is_object()) return;
  for (std::size_t i = 0; i < document.size(); ++i) fold_texts(document.member_mut(i).value);
}

}  // namespace

bool pass_through_json(value::Value& document) {
  Passage passage;
  passage.see(document);
  if (passage.readable && passage.breaks) fold_texts(document);
  return passage.readable;
}

void charge_text(CallContext& context, std::string_view text, std::string_view marks) {
  context.budget().use_bytes(text.size());
  const std::uint64_t room = context.budget().bytes_left / node_bytes;
  if (text.size() < room) return;
  const auto is_mark = [&](char c) { return marks.find(c) != std::string_view::npos; };
  if (static_cast<std::uint64_t>(std::count_if(text.begin(), text.end(), is_mark)) >= room)
    Budget::exhausted("bytes");
}

void charge_nodes(CallContext& context, const Datum& datum) {
  if (!Survey(context).visit(datum)) throw FunctionError{"a map holds itself", Code::limit};
}

value::Value document_of(CallContext& context, const Datum& datum, std::string_view prefix) {
  auto document = marshalled(context, datum);
  if (document.ok()) return std::move(*document);
  fail(joined({prefix, document.error().message}));
}

bool try_document_of(CallContext& context, const Datum& datum, value::Value& out) {
  auto document = marshalled(context, datum);
  if (document.ok()) out = std::move(*document);
  return document.ok();
}

Datum map_of(const value::Value& document, std::string& problem) {
  if (document.is_null()) return Datum::zero(types::any_map);
  if (document.is_object()) return from_value(document);
  problem = misfit(document, types::any_map);
  return Datum::map();
}

Datum list_of(const value::Value& document, std::string& problem) {
  if (document.is_null()) return Datum::zero(types::any_slice);
  if (document.is_array()) return from_value(document);
  problem = misfit(document, types::any_slice);
  return {};
}

Datum error_map(CallContext& context, std::string problem) {
  Datum map = Datum::map();
  map.set("Error", give(context, std::move(problem)));
  return map;
}

Datum error_list(CallContext& context, std::string problem) {
  std::vector<Datum> items;
  items.push_back(give(context, std::move(problem)));
  return Datum::slice(std::move(items));
}

}  // namespace weir::tmpl
