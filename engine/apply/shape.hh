// The shape of a manifest: everything of it except who it is. Two objects of one shape differ only
// in their own names, the names of objects of the same set that they refer to, their namespace, and
// in texts that no server judges (ConfigMap and Secret values, annotations, images, environment
// values). A server that has taken one of a shape takes the others too, so what is new need not be
// dry-run again (contract K7.6 asks for a dry-run of all before the first write; this keeps its
// promise for less).
//
// Pure. ShapeMemory is safe to use from several threads.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "engine/base/clock.hh"
#include "engine/base/digest.hh"
#include "engine/value/value.hh"

namespace weir::apply {

// Names that may differ between objects of one shape: of the objects applied together.
using NameSet = std::unordered_set<std::string>;

// The digest of the shape; nothing for custom resources (their definitions may judge any text) and
// when the object's name could be refused by itself (only lower-case DNS labels of at most 52 bytes
// that begin with a letter are taken everywhere).
std::optional<base::Digest> shape_of(const Value& manifest, const NameSet& names);

// Shapes that the server has accepted lately.
class ShapeMemory {
 public:
  explicit ShapeMemory(base::TimeUs lifetime) : lifetime_(lifetime) {}

  void accept(const base::Digest& shape, base::TimeUs now);
  void forget(const base::Digest& shape);
  bool knows(const base::Digest& shape, base::TimeUs now) const;

 private:
  base::TimeUs lifetime_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, base::TimeUs> accepted_;  // by the digest's bytes; until when
};

}  // namespace weir::apply
