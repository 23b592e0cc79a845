#include "engine/expr/jsonpath.hh"

#include <algorithm>

#include "engine/base/limits.hh"
#include "engine/expr/jsonpath_ast.hh"
#include "engine/value/json.hh"
#include "engine/value/number_text.hh"

namespace weir::expr {
namespace {

using Values = std::vector<Value>;

// Go's name of the type a JSON value decodes to, for error texts.
std::string_view go_type(const Value& value) {
  constexpr std::string_view names[] = {"<nil>",   "bool",   "int64",         "int64",
                                        "float64", "string", "[]interface {}",
                                        "map[string]interface {}"};
  return names[static_cast<std::size_t>(value.kind())];
}

std::string to_text(const Value& value) {
  std::string out;
  switch (value.kind()) {
    case value::Kind::string: return std::string(value.as_string());
    case value::Kind::floating: value::append_general_float(out, value.as_double()); return out;
    default: return value::write_json(value);
  }
}

// Compares as Go's text/template does: only basic kinds, and only within one.
Result<bool> compare(std::string_view operation, const Value& left, const Value& right) {
  constexpr std::string_view known[] = {"==", "!=", "<", "<=", ">", ">="};
  if (std::find(std::begin(known), std::end(known), operation) == std::end(known)) {
    return make_error(Code::invalid, "unrecognized filter operator " + std::string(operation));
  }
  const auto basic = [](const Value& value) { return !value.is_null() && value.is_scalar(); };
  if (!basic(left) || !basic(right)) {
    return make_error(Code::invalid, "invalid type for comparison");
  }
  if (left.kind() != right.kind() && !(left.is_integer() && right.is_integer())) {
    return make_error(Code::invalid, "incompatible types for comparison");
  }
  const bool equal = left == right;
  if (operation == "==") return equal;
  if (operation == "!=") return !equal;
  if (left.is_bool()) return make_error(Code::invalid, "invalid type for comparison");
  bool less = false;
  if (left.is_string()) {
    less = left.as_string() < right.as_string();
  } else if (left.kind() == value::Kind::integer && right.kind() == value::Kind::integer) {
    less = left.as_int() < right.as_int();
  } else {
    less = left.as_double() < right.as_double();
  }
  if (operation == "<") return less;
  if (operation == "<=") return less || equal;
  return operation == ">" ? !less && !equal : !less;
}

class Evaluator {
 public:
  Evaluator(const std::vector<PathNode>& nodes, const JsonPathOptions& options)
      : nodes_(nodes), options_(options) {}

  // Nodes from `begin` on, up to the end of the range they stand in.
  Result<void> run(const Value& data, std::size_t begin, std::vector<Values>* out) {
    for (std::size_t i = begin; i < nodes_.size(); ++i) {
      WEIR_TRY(Values found, walk({data}, nodes_[i]));
      if (ends_ > 0 && ends_ <= inside_) {
        --ends_;
        last_end_ = i;
        return {};
      }
      if (begins_ == 0) {
        if (out != nullptr) out->push_back(std::move(found));
        continue;
      }
      --begins_;
      ++inside_;
      if (inside_ > base::limits::expression_depth_max) {
        return make_error(Code::limit, "ranges nested too deeply (expression_depth_max)");
      }
      // An empty range is walked once with nothing, to find where it ends.
      for (const Value& value : found) WEIR_CHECK(run(value, i + 1, out));
      if (found.empty()) WEIR_CHECK(run(Value(), i + 1, nullptr));
      --inside_;
      if (last_end_ > i) i = last_end_;
    }
    return {};
  }

 private:
  Result<Values> walk(Values input, const PathNode& node) {
    if (steps_ < input.size() + 1) {
      return make_error(Code::limit, "path takes too many steps (expression_steps_max)");
    }
    steps_ -= input.size() + 1;
    switch (node.kind) {
      case PathKind::action: return walk_action(std::move(input), node);
      case PathKind::constant:
        return node.plain_text ? Values{node.constant} : Values(input.size(), node.constant);
      case PathKind::field: return walk_field(input, node);
      case PathKind::slice: return walk_slice(input, node);
      case PathKind::filter: return walk_filter(input, node);
      case PathKind::wildcard: return walk_wildcard(input);
      case PathKind::recursive: {
        Values out;
        WEIR_CHECK(descend(input, out));
        return out;
      }
      case PathKind::alternative: return walk_alternative(input, node);
      case PathKind::identifier: return walk_identifier(std::move(input), node);
    }
    return input;
  }

  Result<Values> walk_action(Values input, const PathNode& node) {
    for (const PathNode& child : node.children) {
      WEIR_TRY(input, walk(std::move(input), child));
    }
    return input;
  }

  Result<Values> walk_field(const Values& input, const PathNode& node) {
    Values out;
    if (input.empty()) return out;
    for (const Value& value : input) {
      if (const Value* found = value.find(node.text)) out.push_back(*found);
    }
    if (out.empty() && !options_.allow_missing) {
      return make_error(Code::invalid, node.text + " is not found");
    }
    return out;
  }

  static Values children_of(const Value& value) {
    Values out;
    for (const value::Member& member : value.members()) out.push_back(member.value);
    for (const Value& item : value.items()) out.push_back(item);
    return out;
  }

  static Result<Values> walk_wildcard(const Values& input) {
    Values out;
    for (const Value& value : input) {
      for (Value& child : children_of(value)) out.push_back(std::move(child));
    }
    return out;
  }

  // Every object, array and string at or below the inputs that is not empty, parents first.
  Result<void> descend(const Values& input, Values& out) {
    for (const Value& value : input) {
      if (steps_-- <= 1) {
        steps_ = 1;
        return make_error(Code::limit, "path takes too many steps (expression_steps_max)");
      }
      const Values children = children_of(value);
      if (children.empty() && value.get_string().empty()) continue;
      out.push_back(value);
      WEIR_CHECK(descend(children, out));
    }
    return {};
  }

  static Error out_of_bounds(std::int64_t index, std::int64_t size) {
    return make_error(Code::invalid, "array index out of bounds: index " + std::to_string(index) +
                                         ", length " + std::to_string(size));
  }

  static Result<Values> walk_slice(const Values& input, const PathNode& node) {
    Values out;
    for (const Value& value : input) {
      if (value.is_null()) continue;
      if (!value.is_array()) {
        return make_error(Code::invalid, std::string(go_type(value)) + " is not array or slice");
      }
      const auto size = static_cast<std::int64_t>(value.size());
      std::int64_t begin = node.bounds[0].value.value_or(0);
      std::int64_t end = node.bounds[1].value.value_or(size);
      if (begin < 0) begin += size;
      if (end < 0 || (end == 0 && node.bounds[1].derived)) end += size;
      if (begin == end) return out;
      if (begin >= size || begin < 0) return out_of_bounds(begin, size);
      if (end > size || end < 0) return out_of_bounds(end - 1, size);
      if (begin > end) {
        return make_error(Code::invalid, "starting index " + std::to_string(begin) +
                                             " is greater than ending index " +
                                             std::to_string(end));
      }
      const std::int64_t step = node.bounds[2].value.value_or(1);
      if (step <= 0) return make_error(Code::invalid, "step must be > 0");
      for (std::int64_t i = begin; i < end; i += std::min(step, size)) {
        out.push_back(value.at(static_cast<std::size_t>(i)));
      }
    }
    return out;
  }

  Result<Values> walk_filter(const Values& input, const PathNode& node) {
    Values out;
    for (const Value& value : input) {
      if (!value.is_array()) {
        // client-go prints the whole value here, which may be a Secret's.
        return make_error(Code::invalid, std::string(go_type(value)) +
                                             " is not array or slice and cannot be filtered");
      }
      for (const Value& item : value.items()) {
        WEIR_TRY(const bool passes, filter_passes(item, node));
        if (passes) out.push_back(item);
      }
    }
    return out;
  }

  Result<bool> filter_passes(const Value& item, const PathNode& node) {
    auto left = walk({item}, node.children[0]);
    if (node.text == "exists") {
      if (!left && left.error().code == Code::limit) return std::move(left).error();
      return left.ok() && !left->empty();
    }
    if (!left) return std::move(left).error();
    if (left->empty()) return false;
    if (left->size() > 1) {
      return make_error(Code::invalid, "can only compare one element at a time");
    }
    WEIR_TRY(const Values right, walk({item}, node.children[1]));
    if (right.empty()) return false;
    if (right.size() > 1) {
      return make_error(Code::invalid, "can only compare one element at a time");
    }
    return compare(node.text, left->front(), right.front());
  }

  Result<Values> walk_alternative(const Values& input, const PathNode& node) {
    Values out;
    for (const PathNode& child : node.children) {
      WEIR_TRY(Values found, walk(input, child));
      for (Value& value : found) out.push_back(std::move(value));
    }
    return out;
  }

  Result<Values> walk_identifier(Values input, const PathNode& node) {
    if (node.text == "range") {
      ++begins_;
      return input;
    }
    if (node.text != "end") {
      return make_error(Code::invalid, "unrecognized identifier " + node.text);
    }
    if (inside_ == 0) return make_error(Code::invalid, "not in range, nothing to end");
    ++ends_;
    return Values();
  }

  const std::vector<PathNode>& nodes_;
  const JsonPathOptions& options_;
  std::size_t begins_ = 0;  // ranges opened by the node just walked
  std::size_t inside_ = 0;
  std::size_t ends_ = 0;
  std::size_t last_end_ = 0;
  std::size_t steps_ = base::limits::expression_steps_max;
};

}  // namespace

struct JsonPath::Template {
  std::vector<PathNode> nodes;
};

JsonPath::JsonPath(std::shared_ptr<const Template> parsed) : template_(std::move(parsed)) {}

Result<JsonPath> JsonPath::parse(std::string_view text) {
  auto parsed = std::make_shared<Template>();
  WEIR_TRY(parsed->nodes, parse_jsonpath(text));
  return JsonPath(std::move(parsed));
}

Result<JsonPath> JsonPath::parse_path(std::string_view path) {
  if (path.starts_with('{') && path.ends_with('}')) path = path.substr(1, path.size() - 2);
  if (path.starts_with('$')) path.remove_prefix(1);
  const bool bare = !path.starts_with('.') && !path.starts_with('[');
  return parse("{" + std::string(bare ? "." : "") + std::string(path) + "}");
}

Result<std::vector<std::vector<Value>>> JsonPath::results(const Value& data,
                                                          const JsonPathOptions& options) const {
  std::vector<Values> out;
  WEIR_CHECK(Evaluator(template_->nodes, options).run(data, 0, &out));
  return out;
}

std::vector<Value> JsonPath::find(const Value& data) const {
  auto found = results(data);
  if (!found || found->empty()) return {};
  return std::move(found->front());
}

Result<std::string> JsonPath::print(const Value& data, const JsonPathOptions& options) const {
  WEIR_TRY(const auto groups, results(data, options));
  std::string out;
  for (const Values& group : groups) {
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (i > 0) out.push_back(' ');
      out += to_text(group[i]);
      if (out.size() > base::limits::substitution_bytes_max) {
        return make_error(Code::limit, "output is too long (substitution_bytes_max)");
      }
    }
  }
  return out;
}

}  // namespace weir::expr
