#include "engine/model/kinds/applier_fields.hh"

namespace weir::model {
namespace {

constexpr std::string_view kube_config_message =
    "exactly one of spec.kubeConfig.secretRef or spec.kubeConfig.configMapRef must be specified";

}  // namespace

Field selector_field(std::string_view name, std::string_view description) {
  return group_field(
      name, description,
      {text_field("annotationSelector", "Selector over annotations."),
       text_field("group", "API group."), text_field("kind", "Kind."),
       text_field("labelSelector", "Selector over labels."), text_field("name", "Name."),
       text_field("namespace", "Namespace."), text_field("version", "API version.")});
}

Field metadata_field() {
  Field text = text_field("", "");
  return group_field("commonMetadata", "Labels and annotations set on every object.",
                     {map_field("annotations", "Annotations to add.", text),
                      map_field("labels", "Labels to add.", text)});
}

Field kube_config_field() {
  Field secret = group_field("secretRef", "Secret with a kubeconfig.",
                             {text_field("key", "Key in the Secret."),
                              required(text_field("name", "Name of the Secret."))});
  Field field = group_field(
      "kubeConfig", "The remote cluster to apply to.",
      {local_reference("configMapRef", "ConfigMap with the cluster's address."), secret});
  field.rules = {
      {"has(self.configMapRef) || has(self.secretRef)", kube_config_message},
      {"!has(self.configMapRef) || !has(self.secretRef)", kube_config_message},
  };
  return field;
}

Field depends_on_field(std::string_view description) {
  return list_field("dependsOn", description,
                    group_field("", "",
                                {required(text_field("name", "Name of the dependency.")),
                                 text_field("namespace", "Its namespace, the own by default."),
                                 text_field("readyExpr", "CEL expression that decides.")}));
}

Field health_exprs_field() {
  Field expr = group_field("", "",
                           {required(text_field("apiVersion", "API version of the kind.")),
                            required(text_field("current", "CEL: it is healthy.")),
                            text_field("failed", "CEL: it has failed."),
                            text_field("inProgress", "CEL: it is not there yet."),
                            text_field("kind", "Kind; absent: the whole group.")});
  return list_field("healthCheckExprs", "Health of custom resources in CEL.", expr);
}

Field patches_field() {
  return list_field("patches", "Strategic merge and JSON patches.",
                    group_field("", "",
                                {required(text_field("patch", "The patch, inline.")),
                                 selector_field("target", "What it applies to.")}));
}

Field images_field() {
  return list_field(
      "images", "Image overrides.",
      group_field("", "",
                  {text_field("digest", "New digest."),
                   required(text_field("name", "Image name as it stands.")),
                   text_field("newName", "New name."), text_field("newTag", "New tag.")}));
}

Field inventory_field() {
  Field item = group_field("", "",
                           {required(text_field("id", "namespace_name_group_Kind")),
                            required(text_field("v", "API version"))});
  return group_field("inventory", "Objects last applied.",
                     {required(list_field("entries", "", item))});
}

}  // namespace weir::model
