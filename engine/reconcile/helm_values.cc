#include "engine/reconcile/helm_values.hh"

#include <map>
#include <optional>

#include "engine/base/digest.hh"
#include "engine/helm/go_yaml.hh"
#include "engine/helm/strvals.hh"
#include "engine/helm/table.hh"

namespace weir::reconcile {
namespace {

std::string escape_literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\,[]{}").find(c) != std::string_view::npos) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

// Maps that the reference's merge shares between the result and the inline values: what is set in
// one shows in the other, and therefore survives the last merge of the inline values.
void share_edits(Value& inline_values, const Value& before, const Value& after) {
  for (std::size_t i = 0; i < inline_values.size(); ++i) {
    const std::string name(inline_values.members()[i].name());
    if (!inline_values.members()[i].value.is_object() || !after[name].is_object()) continue;
    Value& own = inline_values.member_mut(i).value;
    if (before[name].is_object()) {
      share_edits(own, before[name], after[name]);
    } else {
      own = after[name];
    }
  }
}

class Composer {
 public:
  Composer(KubeApi& kube, const std::string& ns, const model::HelmReleaseSpec& spec)
      : kube_(kube), ns_(ns), spec_(spec) {}

  Result<Value> run() {
    Value inline_values =
        spec_.values.is_null() ? Value::object() : helm::with_go_numbers(spec_.values);
    Value result = Value::object();
    for (const model::ValuesReference& reference : spec_.values_from) {
      WEIR_TRY(const std::optional<std::string> text, read(reference));
      if (!text) continue;
      if (!reference.target_path.empty()) {
        const Value before = result;
        result = merge_maps(std::move(result), inline_values);
        auto set = set_path_value(result, reference.target_path, *text, reference.literal);
        if (!set.ok()) return failed(reference, set.error());
        share_edits(inline_values, before, result);
        continue;
      }
      auto values = helm::read_go_yaml(*text);
      if (!values.ok()) return failed(reference, values.error());
      if (!values->is_null() && !values->is_object())
        return failed(reference, make_error(Code::invalid,
                                            "error unmarshaling JSON: while decoding JSON: json: "
                                            "cannot unmarshal " +
                                                std::string(go_kind(*values)) +
                                                " into Go value of type common.Values"));
      result = merge_maps(std::move(result), helm::with_go_numbers(*values));
    }
    return merge_maps(std::move(result), inline_values);
  }

 private:
  static std::string_view go_kind(const Value& value) {
    if (value.is_bool()) return "bool";
    if (value.is_number()) return "number";
    return value.is_array() ? "array" : "string";
  }

  Error failed(const model::ValuesReference& reference, const Error& error) const {
    std::string text = "could not resolve";
    if (reference.optional) text += " optional";
    text.append(reference.secret ? " Secret" : " ConfigMap").append(" chart values reference '");
    text.append(ns_).append("/").append(reference.name).append("' with key '");
    text.append(reference.key).append("': ").append(error.message);
    return make_error(error.code, std::move(text), error.reason);
  }

  // Nothing when it is missing and may be.
  Result<std::optional<std::string>> read(const model::ValuesReference& reference) {
    const ObjectId id{Gvk{"", "v1", reference.secret ? "Secret" : "ConfigMap"}, ns_,
                      reference.name};
    auto found = objects_.find(id);
    if (found == objects_.end()) {
      auto object = kube_.get(id);
      if (!object.ok() && object.error().code != Code::not_found) return std::move(object).error();
      found = objects_.emplace(id, std::move(object)).first;
    }
    if (!found->second.ok()) {
      if (reference.optional) return std::optional<std::string>();
      return failed(reference, found->second.error());
    }
    const Value& data = found->second->path("data", reference.key);
    if (!data.is_string()) {
      if (reference.optional) return std::optional<std::string>();
      return failed(reference, make_error(Code::not_found, "key not found"));
    }
    if (!reference.secret) return std::optional<std::string>(data.as_string());
    auto bytes = base::base64_decode(data.as_string());
    if (!bytes.ok()) return failed(reference, bytes.error());
    return std::optional<std::string>(*std::move(bytes));
  }

  KubeApi& kube_;
  const std::string& ns_;
  const model::HelmReleaseSpec& spec_;
  std::map<ObjectId, Result<Value>> objects_;
};

}  // namespace

Value merge_maps(Value under, const Value& over) {
  for (const auto& member : over.members()) {
    Value& slot = under.entry(member.name());
    if (slot.is_object() && member.value.is_object()) {
      slot = merge_maps(std::move(slot), member.value);
    } else {
      slot = member.value;
    }
  }
  return under;
}

Result<void> set_path_value(Value& values, const std::string& path, std::string text,
                            bool literal) {
  if (literal)
    return helm::set_values(values, path + "=" + escape_literal(text), helm::SetKind::string);
  const auto quoted = [&](char quote) {
    return !text.empty() && text.front() == quote && text.back() == quote;
  };
  if (!quoted('\'') && !quoted('"'))
    return helm::set_values(values, path + "=" + text, helm::SetKind::typed);
  const std::size_t begin = text.find_first_not_of("'\"");
  const std::size_t end = text.find_last_not_of("'\"");
  const std::string bare =
      begin == std::string::npos ? std::string() : text.substr(begin, end - begin + 1);
  return helm::set_values(values, path + "=" + bare, helm::SetKind::string);
}

Result<Value> compose_values(KubeApi& kube, const std::string& ns,
                             const model::HelmReleaseSpec& spec) {
  return Composer(kube, ns, spec).run();
}

}  // namespace weir::reconcile
