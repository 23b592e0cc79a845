#include "engine/value/yaml_builder.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/limits.hh"
#include "engine/value/json.hh"
#include "engine/value/number_text.hh"

namespace weir::value {

namespace {

namespace limits = base::limits;

constexpr std::string_view core_prefix = "tag:yaml.org,2002:";

bool is_core_scalar(std::string_view name) {
  static constexpr std::string_view known[] = {"str",  "int",    "float",    "bool",
                                               "null", "binary", "timestamp"};
  return std::find(std::begin(known), std::end(known), name) != std::end(known);
}

// How sigs.k8s.io/yaml names a key that is no string: floats with the precision of 32 bits.
std::optional<std::string> key_text(const Value& key) {
  switch (key.kind()) {
    case Kind::boolean: return key.as_bool() ? "true" : "false";
    case Kind::integer: return std::to_string(key.as_int());
    case Kind::floating: {
      std::string text;
      append_general_float(text, static_cast<float>(key.as_double()));
      return text;
    }
    default: return std::nullopt;
  }
}

// As Go prints it with %#v, decoded into `map_type`s.
void append_go_syntax(std::string& out, const Value& value, std::string_view map_type) {
  switch (value.kind()) {
    case Kind::null: out += "interface {}(nil)"; return;
    case Kind::string: out += write_json(value, {.escape_html = false}); return;
    case Kind::array:
      out += "[]interface {}{";
      for (const Value& item : value.items()) {
        if (!out.ends_with('{')) out += ", ";
        append_go_syntax(out, item, map_type);
      }
      out += '}';
      return;
    case Kind::object: {
      Value sorted = value;
      sorted.sort_members();
      out.append(map_type).append("{");
      for (const Member& member : sorted.members()) {
        if (!out.ends_with('{')) out += ", ";
        append_go_syntax(out, member.key, map_type);
        out += ':';
        append_go_syntax(out, member.value, map_type);
      }
      out += '}';
      return;
    }
    default: out += write_json(value); return;
  }
}

}  // namespace

std::string place_text(std::string_view file, YamlMark mark, std::string_view what) {
  std::string text;
  if (file.empty()) {
    text = "line " + std::to_string(mark.line) + ", column " + std::to_string(mark.column) + ": ";
  } else {
    text.append(file).append(":").append(std::to_string(mark.line));
    text.append(":").append(std::to_string(mark.column)).append(": ");
  }
  return text.append(what);
}

YamlBuilder::YamlBuilder(const YamlOptions& options, std::size_t text_bytes)
    : options_(options),
      yaml_1_1_(options.dialect != YamlDialect::kustomize),
      nodes_max_(std::min(limits::value_nodes_max, 2 * text_bytes + 16)) {
  frames_.reserve(32);
}

bool YamlBuilder::fail(Code code, YamlMark mark, std::string_view what) {
  error_ = make_error(code, place_text(options_.file, mark, what));
  return false;
}

bool YamlBuilder::take_document(Value& out) {
  anchors_.clear();
  nodes_ = 0;
  alias_nodes_ = 0;
  out = std::exchange(root_, Value());
  if (!undecoded_) return true;
  error_ = *std::exchange(undecoded_, std::nullopt);
  return false;
}

bool YamlBuilder::scalar(std::string_view text, bool plain, const YamlProperties& properties,
                         YamlMark mark) {
  if (++nodes_ - alias_nodes_ > nodes_max_)
    return fail(Code::limit, mark, "too many values in one document (value_nodes_max)");
  if (!frames_.empty() && frames_.back().mapping && !frames_.back().has_key)
    return add_key(text, plain, properties, mark);
  Value value;
  if (!plain && properties.tag.empty()) {
    value = Value(text);
    value.set_quoted(!yaml_1_1_);
  } else if (text.empty() && properties.tag.empty() && !yaml_1_1_ && !properties.in_flow) {
    value = Value::empty_null();
  } else if (!resolve(text, plain, properties, mark, value)) {
    return false;
  }
  // Kustomize turns annotations into strings in the end, by how they were written: 1.10 is "1.10".
  if (plain && properties.tag.empty() && !value.is_null() && in_annotations()) value = Value(text);
  if (properties.anchor != 0) remember(properties.anchor, value, 1, 0);
  return add(std::move(value), 0, mark);
}

bool YamlBuilder::in_annotations() const {
  return options_.dialect == YamlDialect::kustomize && frames_.size() == 3 &&
         frames_[1].key.get_string() == "annotations" && frames_[0].key.get_string() == "metadata";
}

bool YamlBuilder::resolve(std::string_view text, bool plain, const YamlProperties& properties,
                          YamlMark mark, Value& out) {
  const std::string_view tag = properties.tag;
  if (tag.starts_with(core_prefix) && is_core_scalar(tag.substr(core_prefix.size()))) {
    auto value = resolve_tagged(tag.substr(core_prefix.size()), text, options_.dialect);
    if (!value) return fail(value.error().code, mark, value.error().message);
    out = std::move(value).value();
    return true;
  }
  if (tag.empty() && plain) return resolve_untagged(text, properties.in_flow, mark, out);
  out = Value(text);
  return true;
}

bool YamlBuilder::resolve_untagged(std::string_view text, bool in_flow, YamlMark mark, Value& out) {
  // Within flow collections kustomize's rewriting quotes what is empty or holds a ':', and so
  // makes it a string.
  const bool rewritten = in_flow && !yaml_1_1_;
  switch (resolve_plain(text, yaml_1_1_, out)) {
    case ScalarKind::string:
    case ScalarKind::merge: out = Value(text); break;
    case ScalarKind::floating:
      // Helm's values keep the sign of -0.0.
      if (options_.dialect != YamlDialect::helm || out.as_double() != 0 ||
          !std::signbit(out.as_double()))
        out = settle_float(out.as_double());
      break;
    case ScalarKind::timestamp:
      if (yaml_1_1_ || (rewritten && text.find(':') != std::string_view::npos)) {
        out = Value(text);
      } else {
        out = Value(normal_timestamp(text).value_or(std::string(text)));
      }
      break;
    case ScalarKind::no_number:
      return fail(Code::invalid, mark, "unsupported value: " + std::string(text));
    case ScalarKind::null:
      if (rewritten && text.empty()) {
        out = Value("");
      } else if (!yaml_1_1_) {
        out = Value::spelled_null(text);
      }
      break;
    default: break;
  }
  if (!yaml_1_1_) out.set_spelling(text);
  return true;
}

bool YamlBuilder::add_key(std::string_view text, bool plain, const YamlProperties& properties,
                          YamlMark mark) {
  Frame& frame = frames_.back();
  frame.key_mark = mark;
  const bool merge_tag = properties.tag == "tag:yaml.org,2002:merge";
  if (text == "<<" && (plain || merge_tag) && (properties.tag.empty() || merge_tag)) {
    frame.merge_key = frame.has_key = true;
    return true;
  }
  Value key;
  const bool untagged = properties.tag.empty();
  const ScalarKind kind =
      plain && untagged ? resolve_plain(text, yaml_1_1_, key) : ScalarKind::string;
  if (untagged && kind == ScalarKind::string) {
    key = keys_.get(text);
  } else if (kind == ScalarKind::no_number && (yaml_1_1_ || frames_.size() == 1)) {
    const bool minus = text.starts_with('-'), infinite = text.find_first_of("iI") != text.npos;
    key = Value(!yaml_1_1_ ? text : !infinite ? ".nan" : minus ? "-.inf" : ".inf");
  } else if (!(kind == ScalarKind::floating && yaml_1_1_) &&
             !resolve(text, plain, properties, mark, key)) {
    return false;  // floats as keys keep their fraction, so they are not settled
  }
  if (properties.anchor != 0) remember(properties.anchor, key, 1, 0);
  if (!yaml_1_1_ && plain && key.is_string() && key.as_string() != text) {
    // A timestamp: as a key it keeps its form, and is no string either.
    if (frames_.size() > 1 && untagged)
      return fail(Code::invalid, mark,
                  "a mapping key must be a string: quote it as \"" + std::string(text) + "\"");
    key = Value(text);
  }
  return set_key(frame, std::move(key), text, mark);
}

// A list or a map as a key is no error of syntax: the rest of the document is read first.
// kustomize's keeps it until the object is written.
bool YamlBuilder::set_collection_key(Frame& frame, const Value& key, YamlMark mark) {
  std::string shown;
  append_go_syntax(shown, key,
                   yaml_1_1_ ? "map[interface {}]interface {}" : "map[string]interface {}");
  if (yaml_1_1_ && !undecoded_) {
    undecoded_ = make_error(Code::invalid,
                            place_text(options_.file, mark, "invalid map key: " + shown));
  }
  frame.key = Value(collection_key_mark + shown);
  frame.key_mark = mark;
  frame.has_key = true;
  return true;
}

bool YamlBuilder::set_key(Frame& frame, Value key, std::string_view text, YamlMark mark) {
  if (key.is_object() || key.is_array()) return set_collection_key(frame, key, mark);
  if (!key.is_string()) {
    const auto name = key_text(key);
    if (!name) return fail(Code::invalid, mark, "a mapping key may not be null, a list or a map");
    // kustomize takes such keys only at the top, and as they are written.
    if (!yaml_1_1_ && frames_.size() > 1)
      return fail(Code::invalid, mark,
                  "a mapping key must be a string: quote it as \"" + std::string(text) + "\"");
    key = Value(yaml_1_1_ || text.empty() ? *name : std::string(text));
  }
  frame.key = std::move(key);
  frame.has_key = true;
  return true;
}

void YamlBuilder::note_place(YamlMark mark) {
  YamlPlace place;
  for (const Frame& frame : frames_) {
    place.pointer += '/';
    if (!frame.mapping) {
      place.pointer += std::to_string(frame.value.size());
      continue;
    }
    for (const char c : frame.key.get_string()) {
      if (c == '~')
        place.pointer += "~0";
      else if (c == '/')
        place.pointer += "~1";
      else
        place.pointer += c;
    }
  }
  const YamlMark shown = frames_.back().mapping ? frames_.back().key_mark : mark;
  place.line = shown.line;
  place.column = shown.column;
  options_.places->push_back(std::move(place));
}

bool YamlBuilder::add(Value value, std::size_t height, YamlMark mark) {
  if (frames_.empty()) {
    root_ = std::move(value);
    return true;
  }
  Frame& frame = frames_.back();
  if (options_.places != nullptr && (!frame.mapping || frame.has_key)) note_place(mark);
  frame.height = std::max(frame.height, height + 1);
  if (!frame.mapping) {
    frame.value.push_back(std::move(value));
    return true;
  }
  if (!frame.has_key) return set_key(frame, std::move(value), {}, mark);
  frame.has_key = false;
  if (frame.merge_key) {
    frame.merge_key = false;
    return merge_into(frame, value, mark);
  }
  Value* const earlier = frame.value.find_mut(frame.key.as_string());
  if (earlier == nullptr) {
    frame.value.append_member(std::move(frame.key), std::move(value));
    return true;
  }
  if (merges_annotations(frame, *earlier, value)) return true;
  const auto merged = frame.merged_names.find(frame.key.as_string());
  if (merged != frame.merged_names.end()) {
    frame.merged_names.erase(merged);
  } else if (options_.dialect != YamlDialect::helm) {
    return fail(Code::invalid, frame.key_mark,
                "mapping key \"" + std::string(frame.key.as_string()) + "\" already defined");
  }
  *earlier = std::move(value);
  return true;
}

// Kustomize reads annotations into a map and writes them anew, so what stands there twice is no
// error: within one map the last one counts, of several maps the first.
bool YamlBuilder::merges_annotations(Frame& frame, Value& earlier, const Value& value) const {
  if (in_annotations()) {
    earlier = value;
    return true;
  }
  if (options_.dialect != YamlDialect::kustomize || frames_.size() != 2 ||
      frames_[0].key.get_string() != "metadata" || frame.key.get_string() != "annotations") {
    return false;
  }
  if (!earlier.is_object()) earlier = value;
  for (const Member& member : value.members()) {
    if (!earlier.contains(member.name())) earlier.append_member(member.key, member.value);
  }
  return true;
}

bool YamlBuilder::merge_into(Frame& frame, const Value& value, YamlMark mark) {
  constexpr std::string_view wrong = "map merge requires map or sequence of maps as the value";
  if (!value.is_object() && !value.is_array()) return fail(Code::invalid, mark, wrong);
  for (const Value& item : value.items())
    if (!item.is_object()) return fail(Code::invalid, mark, wrong);
  if (!yaml_1_1_) {
    if (!frame.merges.empty())
      return fail(Code::invalid, frame.key_mark, "mapping key \"<<\" already defined");
    frame.merges.push_back(value);
    return true;
  }
  if (value.is_object()) {
    merge_map(frame, value);
    return true;
  }
  // Earlier maps of the list win, so they are written last.
  for (std::size_t i = value.size(); i-- > 0;) merge_map(frame, value.at(i));
  return true;
}

void YamlBuilder::merge_map(Frame& frame, const Value& from) {
  for (const Member& member : from.members()) {
    if (!frame.value.contains(member.name())) frame.merged_names.emplace(member.name());
    frame.value.set(member.name(), member.value);
  }
}

bool YamlBuilder::begin(Value empty, bool mapping, const YamlProperties& properties,
                        YamlMark mark) {
  if (++nodes_ - alias_nodes_ > nodes_max_)
    return fail(Code::limit, mark, "too many values in one document (value_nodes_max)");
  if (frames_.size() >= limits::value_depth_max)
    return fail(Code::limit, mark, "nested too deeply (value_depth_max)");
  Frame& frame = frames_.emplace_back();
  frame.value = std::move(empty);
  frame.mapping = mapping;
  frame.anchor = properties.anchor;
  frame.nodes_before = nodes_ - 1;
  frame.mark = mark;
  if (properties.anchor != 0) anchor_slot(properties.anchor).done = false;
  return true;
}

bool YamlBuilder::begin_sequence(const YamlProperties& properties, YamlMark mark) {
  return begin(Value::array(), false, properties, mark);
}

bool YamlBuilder::begin_mapping(const YamlProperties& properties, YamlMark mark) {
  return begin(Value::object(), true, properties, mark);
}

bool YamlBuilder::end_collection() {
  Frame& frame = frames_.back();
  const auto add_missing = [&frame](const Value& from) {
    for (const Member& member : from.members())
      if (!frame.value.contains(member.name())) frame.value.append_member(member.key, member.value);
  };
  for (const Value& merge : frame.merges) {
    add_missing(merge);
    for (const Value& item : merge.items()) add_missing(item);
  }
  Value value = std::move(frame.value);
  const std::size_t anchor = frame.anchor, height = frame.height;
  const std::size_t count = nodes_ - frame.nodes_before;
  const YamlMark mark = frame.mark;
  frames_.pop_back();
  if (anchor != 0) remember(anchor, value, count, height);
  return add(std::move(value), height, mark);
}

YamlBuilder::Anchor& YamlBuilder::anchor_slot(std::size_t anchor) {
  if (anchors_.size() <= anchor) anchors_.resize(anchor + 1);
  return anchors_[anchor];
}

void YamlBuilder::remember(std::size_t anchor, const Value& value, std::size_t nodes,
                           std::size_t height) {
  Anchor& slot = anchor_slot(anchor);
  slot.value = value;
  slot.nodes = nodes;
  slot.height = height;
  slot.done = true;
}

bool YamlBuilder::alias(std::size_t anchor, std::string_view name, YamlMark mark) {
  const Anchor& slot = anchor_slot(anchor);
  if (!slot.done)
    return fail(Code::invalid, mark, "anchor '" + std::string(name) + "' value contains itself");
  alias_nodes_ += slot.nodes;
  nodes_ += slot.nodes;
  if (alias_nodes_ > limits::yaml_alias_nodes_max)
    return fail(Code::limit, mark,
                "aliases expand to more than " + std::to_string(limits::yaml_alias_nodes_max) +
                    " values (yaml_alias_nodes_max)");
  if (nodes_ > limits::value_nodes_max)
    return fail(Code::limit, mark, "too many values in one document (value_nodes_max)");
  if (frames_.size() + slot.height > limits::value_depth_max)
    return fail(Code::limit, mark, "nested too deeply (value_depth_max)");
  const std::size_t height = slot.height;
  return add(slot.value, height, mark);
}

}  // namespace weir::value
