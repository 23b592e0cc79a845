#include "engine/template/functions/documents.hh"

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

// Charges every node before it is copied: a list that holds one list twice, and so on, is small
// but has no end as a document.
class Survey {
 public:
  explicit Survey(CallContext& context) : context_(context) {}

  // False when a map holds itself.
  bool visit(const Datum& datum) {
    constexpr std::size_t node_bytes = 2 * sizeof(value::Value);
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

}  // namespace

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
