// What differs between two states of one object, field by field, for people: `weir diff`, `flux
// diff ks`, drift messages. List items are matched by the merge keys of the kind's schema, else by
// "name"; values of Secrets never appear. Pure; contract B6.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/schema.hh"
#include "engine/value/value.hh"

namespace weir::apply {

enum class ChangeKind : std::uint8_t {
  value,    // before -> after
  added,    // a member or list item that was not there
  removed,  // one that is gone
  order,    // the same list items in another order; before and after list their keys
};

struct FieldChange {
  ChangeKind kind = ChangeKind::value;
  std::string path;        // "spec.template.spec.containers.app.image"
  std::string parent;      // of the member or item: "spec.template.spec.containers.app"
  std::string key;         // "image"; "" for a list item without a key
  bool list_item = false;  // the parent is a list
  Value before;
  Value after;
};

struct DiffOptions {
  bool metadata = true;   // labels and annotations; of the rest of metadata nothing is compared
  bool status = false;
};

// The changes that turn `before` into `after`, ordered by path as the objects' sorted members are
// walked. Secrets are masked first.
std::vector<FieldChange> diff_objects(const Value& before, const Value& after,
                                      const DiffOptions& options = {});

// Replaces the values of a Secret's data and stringData: "***" where both agree or only one has
// the key, "*** (before)" and "*** (after)" where they differ. Other kinds are left alone.
void mask_secrets(Value& before, Value& after);

// One object's changes as `flux diff` prints them: for each place a path line, a line that says
// what happened ("± value change", "+ one map entry added:", ...), then "- old" and "+ new".
std::string format_changes(const std::vector<FieldChange>& changes);

// ".spec.replicas, .metadata.labels.a": for messages and events; at most `count_max`, then "and N
// more".
std::string format_change_paths(const std::vector<FieldChange>& changes,
                                std::size_t count_max = 10);

}  // namespace weir::apply
