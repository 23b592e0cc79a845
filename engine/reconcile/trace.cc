#include "engine/reconcile/trace.hh"

#include <mutex>

#include "engine/apply/normalise.hh"
#include "engine/kustomize/generate.hh"
#include "engine/model/kinds/kustomization.hh"
#include "engine/reconcile/render.hh"

namespace weir::reconcile {
namespace {

using kustomize::FieldCause;
using kustomize::FieldCauses;
using kustomize::FieldTrail;

std::string tree_path(const base::FileTree& tree, std::string_view path) {
  std::string clean = tree.canonical(path).value_or(base::clean_path(path).value_or(""));
  return clean.starts_with('/') ? clean.substr(1) : clean;
}

// Notes every file that is read.
class RecordingTree final : public base::FileTree {
 public:
  explicit RecordingTree(const base::FileTree& below) : below_(below) {}

  std::optional<base::EntryType> stat(std::string_view path) const override {
    return below_.stat(path);
  }
  std::optional<std::string> canonical(std::string_view path) const override {
    return below_.canonical(path);
  }
  Result<base::FileBytes> read(std::string_view path) const override {
    auto bytes = below_.read(path);
    if (!bytes.ok()) return bytes;
    const std::lock_guard lock(mutex_);
    paths_.insert(tree_path(below_, path));
    return bytes;
  }
  Result<std::vector<base::DirectoryEntry>> list(std::string_view path) const override {
    return below_.list(path);
  }

  std::set<std::string> take() const { return std::move(paths_); }

 private:
  const base::FileTree& below_;
  mutable std::mutex mutex_;
  mutable std::set<std::string> paths_;
};

std::string directory_of(const Value& spec) {
  return base::clean_path("/" + std::string(spec["path"].get_string())).value_or("/").substr(1);
}

kustomize::BuildOptions controller_options(kustomize::RemoteLoader* remote) {
  kustomize::BuildOptions options;
  options.load_restrictor = kustomize::LoadRestrictor::none;
  options.keep_builtin_types = true;
  options.confine_root = ".";
  options.remote = remote;
  options.allow_remote = remote != nullptr;
  return options;
}

std::string_view trimmed(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" -\t");
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// The kustomization file that was built is one of ours: what the repository's own file says is to
// be found there, the rest comes from the object's spec.
class WrittenFile {
 public:
  WrittenFile(const base::FileTree& tree, const kustomize::GeneratedKustomization& generated,
              std::string owner)
      : file_(generated.file), owner_(std::move(owner)) {
    if (auto bytes = generated.tree->read(file_); bytes.ok()) ours_ = *bytes;
    if (auto bytes = tree.read(file_); bytes.ok()) theirs_ = *bytes;
  }

  FieldCause place(FieldCause cause) const {
    if (cause.file != file_ || ours_ == nullptr) return cause;
    const auto ours = lines_of(*ours_);
    const bool known = cause.line > 0 && cause.line <= ours.size();
    const std::string_view wanted = known ? trimmed(ours[cause.line - 1]) : std::string_view();
    std::uint32_t found = 0, count = 0, number = 0;
    if (theirs_ != nullptr && !wanted.empty())
      for (const std::string_view line : lines_of(*theirs_)) {
        ++number;
        if (trimmed(line) == wanted && ++count == 1) found = number;
      }
    if (count > 0) return {std::move(cause.pass), file_, found};
    return {std::move(cause.pass), owner_ + " spec", 0};
  }

 private:
  std::string file_, owner_;
  base::FileBytes ours_, theirs_;
};

// "${env}, ${region}" of a text with placeholders.
std::vector<std::string> variables_in(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t at = 0; (at = text.find("${", at)) != std::string_view::npos;) {
    at += 2;
    std::size_t end = at;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 ||
                                 text[end] == '_'))
      ++end;
    if (end > at) names.emplace_back(text.substr(at, end - at));
  }
  return names;
}

void note_substitution(const TraceInput& input, const Value& before, const Value& after,
                       FieldCauses& causes) {
  std::map<std::string, std::string> texts;
  kustomize::for_each_field(before, [&](const FieldTrail& trail, const Value& value) {
    if (value.is_string()) texts[kustomize::field_text(trail)] = value.as_string();
  });
  const FieldCauses known = causes;
  kustomize::note_changes(
      before, after,
      [&](const FieldTrail& trail) {
        const std::string field = kustomize::field_text(trail);
        FieldCause cause;
        if (const auto found = known.find(field); found != known.end()) cause = found->second;
        cause.pass = "substitution";
        for (const std::string& name : variables_in(texts[field])) {
          cause.pass += " ${" + name + "}";
          const auto origin = input.variable_origins.find(name);
          if (origin != input.variable_origins.end()) cause.pass += " of " + origin->second;
        }
        return cause;
      },
      causes);
}

// What the controller does to every object after the build.
void note_finish(const ObjectId& owner, const model::KustomizationSpec& spec, Traced& traced) {
  const std::string whose = owner.subject();
  const auto pass = [&](Value after, FieldCause made, bool keep) {
    const FieldCauses known = traced.causes;
    kustomize::note_changes(
        traced.object, after,
        [&](const FieldTrail& trail) {
          const auto found = known.find(kustomize::field_text(trail));
          return keep && found != known.end() ? found->second : made;
        },
        traced.causes);
    traced.object = std::move(after);
  };
  Value labelled = traced.object;
  apply::add_owner_labels(labelled, owner.ns, owner.name);
  pass(std::move(labelled), {"owner labels", whose, 0}, false);
  pass(apply::normalise(traced.object), {"normalisation", "", 0}, true);
  Value marked = traced.object;
  apply::add_common_metadata(marked, spec.common_labels, spec.common_annotations);
  pass(std::move(marked), {"commonMetadata", whose + " spec.commonMetadata", 0}, false);
}

}  // namespace

Result<Traced> trace_object(const TraceInput& input, const ObjectId& id) {
  const ObjectId owner = ObjectId::of(input.object);
  WEIR_TRY(const model::KustomizationSpec spec, model::decode_kustomization(input.object));
  const std::string directory = directory_of(input.object["spec"]);
  WEIR_TRY(const kustomize::GeneratedKustomization generated,
           kustomize::generate_kustomization(*input.tree, directory, input.object["spec"]));
  kustomize::BuildOptions options = controller_options(input.remote);
  options.trace = true;
  options.trace_only = id;
  WEIR_TRY(kustomize::BuildResult built,
           kustomize::build(*generated.tree, directory, options));
  const WrittenFile written(*input.tree, generated, owner.subject());
  for (std::size_t i = 0; i < built.resources.size(); ++i) {
    const ObjectId built_id = ObjectId::of(built.resources[i]);
    const bool named = built_id.name == id.name || built_id.name.find("${") != std::string::npos;
    if (built_id.gvk.kind != id.gvk.kind || !named) continue;
    std::vector<Value> one = {built.resources[i]};
    WEIR_CHECK(substitute_all(one, input.variables, spec, false));
    ObjectId made = ObjectId::of(one.front());
    if (!model::same_object(made, id)) continue;
    Traced traced{built.resources[i], std::move(built.causes[i])};
    for (auto& [field, cause] : traced.causes) {
      if (cause.file.starts_with('/')) cause.file.erase(0, 1);  // the tree's root
      cause = written.place(std::move(cause));
    }
    note_substitution(input, traced.object, one.front(), traced.causes);
    traced.object = std::move(one.front());
    note_finish(owner, spec, traced);
    return traced;
  }
  return make_error(Code::not_found, "the build of " + owner.subject() + " makes no " +
                                         id.subject());
}

std::set<std::string> files_of_build(const std::shared_ptr<const base::FileTree>& tree,
                                     const Value& spec, kustomize::RemoteLoader* remote) {
  const RecordingTree recording(*tree);
  const std::string directory = directory_of(spec);
  const auto generated = kustomize::generate_kustomization(recording, directory, spec);
  if (generated.ok())
    static_cast<void>(kustomize::build(*generated->tree, directory, controller_options(remote)));
  return recording.take();
}

}  // namespace weir::reconcile
