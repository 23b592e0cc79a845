// The parts that the declarations of Kustomization and HelmRelease share. Pure; any thread.
#pragma once

#include <string_view>

#include "engine/model/kinds/field.hh"

namespace weir::model {

Field selector_field(std::string_view name, std::string_view description);
Field metadata_field();
Field kube_config_field();
Field depends_on_field(std::string_view description);
Field health_exprs_field();
Field patches_field();
Field images_field();
Field inventory_field();  // of a status

}  // namespace weir::model
