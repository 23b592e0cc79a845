// Flux's kinds as the command line knows them: their words, their columns, in one table.
// Immutable; any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/object_id.hh"

namespace weir::cli {

struct KindColumn {
  std::string_view header;
  std::function<std::string(const Value& object)> cell;
  bool only_with_source = false;  // shown by --show-source only
};

struct FluxKind {
  Gvk gvk;
  std::string_view group;               // "sources", "images", "artifacts" or "" for the top level
  std::vector<std::string_view> words;  // "git"; "kustomizations", "ks", "kustomization"
  std::string_view human;               // "source git"
  std::vector<KindColumn> columns;      // behind the name
  bool always_ready = false;            // has no status; answers Ready=True
};

const std::vector<FluxKind>& flux_kinds();
// By group and word; nullptr when there is none.
const FluxKind* find_kind(std::string_view group, std::string_view word);
// By kind, in any letter case; nullptr when it is not one of Flux's.
const FluxKind* find_kind_named(std::string_view kind);
// "source", "sources", "images" ... -> the group as in the table; "" for anything else.
std::string_view kind_group(std::string_view word);

// "Kind/namespace/name" of a reference, its namespace from the object when it names none.
std::string reference_text(const Value& object, const Value& reference);

// Splits "git NAME..." (argv[1] on) into the kind, and argv without its words for Args. Prints the
// problem
// and returns nullptr when the words name no kind; `code` is then the exit code.
struct KindWords {
  const FluxKind* kind = nullptr;
  std::string usage;  // "get sources git"
  int argc = 0;
  char** argv = nullptr;
};
KindWords take_kind(std::string_view verb, int argc, char** argv,
                    const std::vector<std::string_view>& allowed, int& code);

}  // namespace weir::cli
