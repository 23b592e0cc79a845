// weir delete: takes an object of Flux's away; what it applied goes as its finalizer says.
#include <iostream>

#include "tools/weir/connection.hh"
#include "tools/weir/flux_kinds.hh"
#include "tools/weir/output.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

// What flux deletes; ExternalArtifacts and generators are not among them.
std::vector<std::string_view> deletable() {
  std::vector<std::string_view> kinds;
  for (const FluxKind& kind : flux_kinds())
    if (kind.gvk.kind != "ExternalArtifact" && kind.gvk.kind != "ArtifactGenerator")
      kinds.push_back(kind.gvk.kind);
  return kinds;
}

bool confirmed(const std::string& human) {
  std::cerr << "Are you sure you want to delete this " << human << "? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

Result<void> remove(const Connection& connection, const FluxKind& kind, const std::string& name,
                    bool silent) {
  const ObjectId id{kind.gvk, connection.ns(), name};
  WEIR_TRY([[maybe_unused]] const Value live, connection.kube().get(id));
  const std::string human(kind.human);
  if (!silent && !confirmed(human)) return make_error(Code::cancelled, "aborting");
  say_action("deleting " + human + " " + name + " in " + connection.ns() + " namespace");
  WEIR_CHECK(connection.kube().remove(id, {}));
  say_success(human + " deleted");
  return {};
}

}  // namespace

int run_delete(int argc, char** argv) {
  int code = 0;
  const KindWords words = take_kind("delete", argc, argv, deletable(), code);
  if (words.kind == nullptr) return code;
  Connection connection;
  std::string name;
  bool silent = false;
  Args args(words.usage, "Deletes a " + words.kind->gvk.kind + ".");
  connection.add_to(args);
  args.positional("name", name, "Name of the " + words.kind->gvk.kind + ".", false);
  args.flag("-s,--silent", silent, "Does not ask first.");
  if (const auto ended = args.parse(words.argc, words.argv)) return *ended;
  if (name.empty()) return failed(std::string(words.kind->human) + " name is required");
  auto opened = connection.open();
  if (!opened.ok()) return failed(opened.error());
  const auto removed = remove(connection, *words.kind, name, silent);
  return removed.ok() ? 0 : failed(removed.error().message);
}

}  // namespace weir::cli
