#include "api/kube/selector.hh"

#include "api/kube/call.hh"
#include "api/kube/kinds.hh"
#include "engine/value/json.hh"

namespace weir::api::kube {

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Splits at commas outside of parentheses.
std::vector<std::string_view> split_terms(std::string_view text) {
  std::vector<std::string_view> terms;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      const std::string_view term = trim(text.substr(begin, i - begin));
      if (!term.empty()) terms.push_back(term);
      begin = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    }
  }
  return terms;
}

bool label_key(std::string_view key) {
  if (key.empty()) return false;
  for (const char c : key) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' && c != '.' &&
        c != '/') {
      return false;
    }
  }
  return true;
}

std::string scalar_text(const Value& value) {
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_null()) return "";
  return value::write_json(value);
}

const Value& at_path(const Value& object, std::string_view path) {
  const Value* node = &object;
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    node = &(*node)[path.substr(0, dot)];
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return *node;
}

bool selectable(const KindInfo& kind, std::string_view field) {
  static const std::map<std::string, std::set<std::string, std::less<>>, std::less<>> by_set = {
      {"pods",
       {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
        "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"}},
      {"events",
       {"involvedObject.kind", "involvedObject.namespace", "involvedObject.name",
        "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion",
        "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type"}},
      {"secrets", {"type"}},
      {"namespaces", {"status.phase"}},
      {"nodes", {"spec.unschedulable"}},
      {"replicasets.apps", {"status.replicas"}},
      {"replicationcontrollers", {"status.replicas"}},
      {"jobs.batch", {"status.successful"}},
      {"services", {"spec.clusterIP", "spec.type"}}};
  if (field == "metadata.name" || (field == "metadata.namespace" && kind.namespaced)) return true;
  const auto found = by_set.find(kind.set);
  return found != by_set.end() && found->second.contains(field);
}

}  // namespace

Result<Selector::Term> Selector::parse_term(std::string_view text) {
  Term term;
  const auto bad = [&] {
    return bad_request("unable to parse requirement: found '" + std::string(text) +
                       "', expected: a label key, optionally with an operator and values");
  };
  const auto finish = [&](std::string_view key) -> Result<Term> {
    term.key = trim(key);
    if (!label_key(term.key)) return bad();
    return std::move(term);
  };
  if (text.front() == '!' && text.find('=') == std::string_view::npos) {
    term.op = Operator::absent;
    return finish(text.substr(1));
  }
  if (const std::size_t open = text.find('('); open != std::string_view::npos) {
    if (text.back() != ')') return bad();
    std::string_view head = trim(text.substr(0, open));
    const std::size_t space = head.rfind(' ');
    if (space == std::string_view::npos) return bad();
    const std::string_view word = head.substr(space + 1);
    if (word != "in" && word != "notin") return bad();
    term.op = word == "in" ? Operator::in : Operator::not_in;
    std::string_view rest = text.substr(open + 1, text.size() - open - 2);
    for (;;) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      term.values.emplace(trim(rest.substr(0, comma)));
      if (comma == rest.size()) break;
      rest.remove_prefix(comma + 1);
    }
    return finish(head.substr(0, space));
  }
  for (const auto& [sign, op] : {std::pair<std::string_view, Operator>{"!=", Operator::differs},
                                 {"==", Operator::equals},
                                 {"=", Operator::equals},
                                 {">", Operator::greater},
                                 {"<", Operator::less}}) {
    const std::size_t at = text.find(sign);
    if (at == std::string_view::npos) continue;
    term.op = op;
    term.values.emplace(trim(text.substr(at + sign.size())));
    return finish(text.substr(0, at));
  }
  term.op = Operator::exists;
  return finish(text);
}

Result<Selector> Selector::labels(std::string_view text) {
  Selector selector;
  for (const std::string_view part : split_terms(text)) {
    WEIR_TRY(Term term, parse_term(part));
    selector.terms_.push_back(std::move(term));
  }
  return selector;
}

Result<Selector> Selector::fields(std::string_view text, const KindInfo& kind) {
  Selector selector;
  for (const std::string_view part : split_terms(text)) {
    WEIR_TRY(Term term, parse_term(part));
    if (term.op != Operator::equals && term.op != Operator::differs) {
      return bad_request("invalid field selector: " + std::string(part));
    }
    if (!selectable(kind, term.key)) {
      return bad_request("field label not supported: " + term.key);
    }
    selector.terms_.push_back(std::move(term));
  }
  return selector;
}

Selector Selector::of(const Value& label_selector) {
  Selector selector;
  for (const value::Member& member : label_selector["matchLabels"].members()) {
    selector.terms_.push_back(
        {std::string(member.name()), Operator::equals, {std::string(member.value.get_string())}});
  }
  for (const Value& expression : label_selector["matchExpressions"].items()) {
    Term term;
    term.key = expression["key"].get_string();
    const std::string_view op = expression["operator"].get_string();
    term.op = op == "In"       ? Operator::in
              : op == "NotIn"  ? Operator::not_in
              : op == "Exists" ? Operator::exists
                               : Operator::absent;
    for (const Value& value : expression["values"].items()) term.values.emplace(value.get_string());
    selector.terms_.push_back(std::move(term));
  }
  return selector;
}

bool Selector::holds(const Term& term, const std::string* value) {
  switch (term.op) {
    case Operator::equals:
    case Operator::in: return value != nullptr && term.values.contains(*value);
    case Operator::differs:
    case Operator::not_in: return value == nullptr || !term.values.contains(*value);
    case Operator::exists: return value != nullptr;
    case Operator::absent: return value == nullptr;
    case Operator::greater:
    case Operator::less: {
      if (value == nullptr || term.values.empty()) return false;
      const long long have = std::strtoll(value->c_str(), nullptr, 10);
      const long long bound = std::strtoll(term.values.begin()->c_str(), nullptr, 10);
      return term.op == Operator::greater ? have > bound : have < bound;
    }
  }
  return false;
}

bool Selector::matches_labels(const Value& labels) const {
  for (const Term& term : terms_) {
    const Value* label = labels.find(term.key);
    const std::string text = label == nullptr ? "" : std::string(label->get_string());
    if (!holds(term, label == nullptr ? nullptr : &text)) return false;
  }
  return true;
}

bool Selector::matches_fields(const Value& object) const {
  for (const Term& term : terms_) {
    const std::string text = scalar_text(at_path(object, term.key));
    if (!holds(term, &text)) return false;
  }
  return true;
}

std::string Selector::exact_name() const {
  for (const Term& term : terms_) {
    if (term.key == "metadata.name" && term.op == Operator::equals) return *term.values.begin();
  }
  return "";
}

std::string Selector::text() const {
  std::string out;
  for (const Term& term : terms_) {
    if (!out.empty()) out += ",";
    const std::string first = term.values.empty() ? "" : *term.values.begin();
    std::string list;
    for (const std::string& value : term.values) list += (list.empty() ? "" : ",") + value;
    switch (term.op) {
      case Operator::equals: out += term.key + "=" + first; break;
      case Operator::differs: out += term.key + "!=" + first; break;
      case Operator::in: out += term.key + " in (" + list + ")"; break;
      case Operator::not_in: out += term.key + " notin (" + list + ")"; break;
      case Operator::exists: out += term.key; break;
      case Operator::absent: out += "!" + term.key; break;
      case Operator::greater: out += term.key + ">" + first; break;
      case Operator::less: out += term.key + "<" + first; break;
    }
  }
  return out;
}

}  // namespace weir::api::kube
