#include "tools/weir/kustomize_report.hh"

#include <algorithm>
#include <cstdio>
#include <map>

#include "engine/apply/diff.hh"
#include "engine/model/object_id.hh"
#include "engine/value/json.hh"
#include "tools/weir/output.hh"

namespace weir::cli {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// "kind/name", and with the namespace between when there is one.
std::vector<std::string> names_of(const Value& object) {
  const ObjectId id = ObjectId::of(object);
  const std::string kind = lower(id.gvk.kind) + "/";
  std::vector<std::string> names = {kind + id.name, kind + id.ns + "/" + id.name};
  if (!id.gvk.group.empty()) {
    const std::string grouped = lower(id.gvk.kind) + "." + id.gvk.group + "/";
    names.push_back(grouped + id.name);
    names.push_back(grouped + id.ns + "/" + id.name);
  }
  return names;
}

// The kind in lower case; names are told apart by theirs.
std::string normal(const std::string& object) {
  const std::size_t slash = std::min(object.find('/'), object.size());
  return lower(object.substr(0, slash)) + object.substr(slash);
}

std::string shown_value(const Value& value) {
  constexpr std::size_t width_max = 60;
  std::string text = value.is_string() ? std::string(value.as_string()) : value::write_json(value);
  const std::size_t end = text.find('\n');
  const bool cut = end != text.npos || text.size() > width_max;
  if (!cut) return text;
  text.resize(std::min(end, width_max));
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.pop_back();
  return text + "...";
}

bool is_secret_field(const Value& object, const kustomize::FieldTrail& trail) {
  return object["kind"].get_string() == "Secret" && !trail.empty() &&
         (trail[0].member == "data" || trail[0].member == "stringData");
}

}  // namespace

int explain_object(const kustomize::BuildResult& built, const std::string& object) {
  std::vector<std::size_t> found;
  const std::string wanted = normal(object);
  for (std::size_t i = 0; i < built.resources.size(); ++i) {
    const std::vector<std::string> names = names_of(built.resources[i]);
    if (std::find(names.begin(), names.end(), wanted) != names.end()) found.push_back(i);
  }
  if (found.size() != 1) {
    std::string known;
    for (std::size_t i = 0; i < built.resources.size(); ++i)
      known += "\n  " + ObjectId::of(built.resources[i]).subject();
    std::fprintf(stderr, "error: %s %s; the build has:%s\n", object.c_str(),
                 found.empty() ? "is not in the build" : "names several objects: add the namespace",
                 known.c_str());
    return 1;
  }
  const Value& explained = built.resources[found[0]];
  const kustomize::FieldCauses& causes = built.causes[found[0]];
  Table table;
  table.header = {"field", "value", "set by", "at"};
  kustomize::for_each_field(explained, [&](const kustomize::FieldTrail& trail, const Value& value) {
    const std::string field = kustomize::field_text(trail);
    const auto cause = causes.find(field);
    std::string place;
    if (cause != causes.end()) {
      place = cause->second.file;
      if (cause->second.line > 0) place += ":" + std::to_string(cause->second.line);
    }
    table.rows.push_back({field, is_secret_field(explained, trail) ? "***" : shown_value(value),
                          cause == causes.end() ? "" : cause->second.pass, place});
  });
  print_table(table);
  return 0;
}

int compare_builds(const kustomize::BuildResult& built, const kustomize::BuildResult& other) {
  std::map<ObjectId, const Value*> theirs;
  for (const Value& object : other.resources) theirs[ObjectId::of(object)] = &object;
  std::string text;
  for (const Value& object : built.resources) {
    const ObjectId id = ObjectId::of(object);
    const auto found = theirs.find(id);
    if (found == theirs.end()) {
      text += "► " + id.subject() + " deleted\n";
      continue;
    }
    const auto changes = apply::diff_objects(object, *found->second);
    theirs.erase(found);
    if (changes.empty()) continue;
    text += "► " + id.subject() + " changed\n\n" + apply::format_changes(changes);
  }
  for (const auto& [id, object] : theirs) text += "► " + id.subject() + " created\n";
  print(text);
  return text.empty() ? 0 : 1;
}

}  // namespace weir::cli
