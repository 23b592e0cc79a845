// What Flux's controller does to every rendered chart: the spec's post renderers, its common
// metadata, and the labels that name the HelmRelease. Pure; any thread.
#pragma once

#include <functional>
#include <string>

#include "engine/base/result.hh"
#include "engine/helm/manifests.hh"
#include "engine/model/kinds/helm_release.hh"
#include "engine/value/value.hh"

namespace weir::reconcile {

inline constexpr std::string_view helm_name_label = "helm.toolkit.fluxcd.io/name";
inline constexpr std::string_view helm_namespace_label = "helm.toolkit.fluxcd.io/namespace";

// The labels of the owner on one object.
void add_origin_labels(Value& object, const ObjectId& owner);

// For RenderRequest::post_render; `spec` must outlive it.
std::function<Result<helm::RenderedFiles>(helm::RenderedFiles)> make_post_renderer(
    const model::HelmReleaseSpec& spec, const ObjectId& owner);

}  // namespace weir::reconcile
