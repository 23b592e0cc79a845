// Who set each field of an object last: which file and line, and which pass of the build.
//
// A build that is to be traced owns a Tracer; others have none and pay nothing. Passes know
// nothing of it: the objects before and after a pass are compared (unchanged storage is passed
// over), and what differs is laid to the pass's Cause. Belongs to one build and its thread. The
// functions over FieldCauses are pure, for passes outside of a build (substitution, blame).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file_tree.hh"
#include "engine/model/object_id.hh"
#include "engine/value/value.hh"
#include "engine/value/yaml.hh"

namespace weir::kustomize {

class ResMap;
class Resource;

struct FieldCause {
  std::string pass;        // "resource", "PatchTransformer", "name reference", ...
  std::string file;        // as errors print it; "" when no file says so
  std::uint32_t line = 0;  // 0 when unknown
  bool operator==(const FieldCause&) const = default;
};

// By the path of a scalar or empty collection: "spec.containers[name=main].image", "args[0]".
// Names holding '.', '[' or '/' stand in quotes: metadata.annotations["a/b"].
using FieldCauses = std::map<std::string, FieldCause>;

// One step of a path: a member, or a list item (by its name when all items have one of their own).
struct FieldStep {
  std::string member;  // "" for a list item
  std::string name;    // of a list item; "" when it has none
  std::size_t index = 0;
};
using FieldTrail = std::vector<FieldStep>;
std::string field_text(const FieldTrail& trail);

// The cause for what stands at `trail`.
using CauseOf = std::function<FieldCause(const FieldTrail& trail)>;

// Lays every field that is in `after` and not equally in `before` to `cause`, and forgets those
// that are gone.
void note_changes(const Value& before, const Value& after, const CauseOf& cause,
                  FieldCauses& causes);
// Calls `visit` with every scalar and empty collection of `object`.
void for_each_field(const Value& object,
                    const std::function<void(const FieldTrail&, const Value&)>& visit);

// A YAML text with the places of its nodes.
class PlacedText {
 public:
  // `first_line`: where the text's first line stands in its file.
  explicit PlacedText(std::string_view text, std::uint32_t first_line = 1);

  // The line of the node at a JSON pointer of the first document, else of the nearest node above
  // it; 0 when there is none at all.
  std::uint32_t line_of(std::string_view pointer) const;
  // The line of what stands at `trail` in any of the documents, or at its deepest known part.
  std::uint32_t line_of(const FieldTrail& trail) const;
  // The documents' objects (those of lists too) with the lines of their fields.
  struct Placed {
    Value object;
    std::size_t document = 0;
    std::string pointer;  // of the object in its document
  };
  const std::vector<Placed>& objects() const { return objects_; }
  std::uint32_t line_of(const Placed& object, const FieldTrail& trail) const;

 private:
  struct Document {
    Value value;
    std::map<std::string, std::uint32_t, std::less<>> lines;  // by pointer
    std::uint32_t line = 1;
  };
  std::pair<std::size_t, std::uint32_t> deepest(const Document& document, const Value& root,
                                                std::string pointer, const FieldTrail& trail) const;

  std::vector<Document> documents_;
  std::vector<Placed> objects_;
};

// The fields of `text`'s line after "key: |": true when a block scalar begins there.
bool begins_block(std::string_view text, std::uint32_t line);

class Tracer {
 public:
  // With `only`, objects that cannot come to have its kind and name are passed over.
  explicit Tracer(std::optional<model::ObjectId> only = {}) : only_(std::move(only)) {}

  // Notes what stands in the map; changes up to the next after() are laid to its cause.
  void before(const ResMap& resources);
  void after(ResMap& resources, const CauseOf& cause);
  // An object as it was read from a file. `places`: of the whole text, made when they are needed.
  void loaded(Resource& resource, std::string_view text, const std::string& file,
              std::optional<PlacedText>& places);

 private:
  bool wants(const Resource& resource) const;

  std::optional<model::ObjectId> only_;
  std::vector<std::pair<const Resource*, Value>> known_;
};

}  // namespace weir::kustomize
