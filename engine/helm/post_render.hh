// Rendered files handed through a post renderer and back: their documents as one stream, each
// remembering its file, so that the result falls into the same files again. Pure but for the
// transformation given.
#pragma once

#include <functional>
#include <vector>

#include "engine/base/result.hh"
#include "engine/helm/manifests.hh"
#include "engine/value/value.hh"

namespace weir::helm {

// What becomes of hooks.
enum class PostRenderMode : unsigned char {
  combined,  // rendered together with the rest
  separate,  // rendered by themselves
  no_hooks,  // left as they are
};

using PostTransform = std::function<Result<std::vector<Value>>(std::vector<Value>)>;

// Errors: invalid ("error merging manifests: parsing <file>: ...", "error while running post render
// on files: ..."), and those of `transform`.
Result<RenderedFiles> post_render(const RenderedFiles& files, PostRenderMode mode, Compat compat,
                                  const PostTransform& transform);

}  // namespace weir::helm
