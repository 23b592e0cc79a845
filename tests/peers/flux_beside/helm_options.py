"""HelmReleases: what their specs may ask for."""
import charts
from helm_basic import start
from stage import config_map, scenario, secret

CRONTABS = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %(plural)s.%(group)s}
spec:
  group: %(group)s
  scope: Namespaced
  names: {plural: %(plural)s, singular: %(singular)s, kind: %(kind)s}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, description: "%(text)s", properties: {spec: {type: object, properties: {at: {type: string}}}}}}}]
"""


@scenario
def drift_warned(s):
    start(s)
    s.apply(s.release(values={"deployment": True}, driftDetection={"mode": "warn"}))
    s.until_ready("web")
    s.dump("none")
    s.patch("ConfigMap", "web-settings", {"data": {"message": "by hand", "more": "x"}})
    s.delete("Deployment", "web-web")
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_condition("web", "Drifted", "True")
    s.dump("warned")
    s.apply(s.release(values={"deployment": True}))
    s.until_ready("web")
    s.dump("detection off")


@scenario
def drift_corrected(s):
    start(s)
    s.apply(s.release(values={"deployment": True}, driftDetection={"mode": "enabled"}))
    s.until_ready("web")
    s.patch("ConfigMap", "web-settings", {"data": {"message": "by hand"}, "metadata": {"labels": {"chart": "other", "mine": "x"}}})
    s.delete("Deployment", "web-web")
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_event("DriftCorrected")
    s.until_condition("web", "Drifted", "False")
    s.dump("corrected")


@scenario
def drift_ignored(s):
    start(s)
    ignore = [{"paths": ["/data/message"], "target": {"kind": "ConfigMap"}}, {"paths": ["/spec/replicas"]}]
    s.apply(s.release(values={"deployment": True}, driftDetection={"mode": "enabled", "ignore": ignore}))
    s.until_ready("web")
    s.patch("ConfigMap", "web-settings", {"data": {"message": "by hand"}})
    s.patch("Deployment", "web-web", {"spec": {"replicas": 3, "paused": True}})
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_event("DriftCorrected")
    s.until_field("web", "status.lastHandledReconcileAt", "1")
    s.dump("corrected but for what is ignored")


@scenario
def drift_excluded(s):
    "the annotation that keeps an object out"
    start(s)
    s.apply(s.release(values={"deployment": True}, driftDetection={"mode": "enabled"}))
    s.until_ready("web")
    s.patch("ConfigMap", "web-settings", {"metadata": {"annotations": {"helm.toolkit.fluxcd.io/driftDetection": "disabled"}}, "data": {"message": "by hand"}})
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_field("web", "status.lastHandledReconcileAt", "1")
    s.dump("left alone")


PATCH = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-settings}\ndata: {patched: \"yes\"}\n"


@scenario
def post_renderers(s):
    start(s)
    s.apply(s.release(values={"deployment": True}, postRenderers=[{"kustomize": {
        "patches": [{"patch": PATCH}, {"target": {"kind": "Deployment"}, "patch": "- {op: add, path: /metadata/labels, value: {p: q}}"}],
        "images": [{"name": "nginx", "newName": "example.com/nginx", "newTag": "1.28"}]}}]))
    s.until_ready("web")
    s.dump("installed")
    s.apply(s.release(values={"deployment": True}, postRenderers=[{"kustomize": {"images": [{"name": "nginx", "newTag": "1.29"}]}}]))
    s.until_field("web", "status.history.0.version", 2)
    s.until_ready("web")
    s.dump("changed")
    s.apply(s.release(values={"deployment": True}))
    s.until_field("web", "status.history.0.version", 3)
    s.until_ready("web")
    s.dump("taken away")


@scenario
def post_renderer_fails(s):
    start(s)
    s.apply(s.release(postRenderers=[{"kustomize": {"patches": [{"target": {"kind": "ConfigMap"}, "patch": "- {op: remove, path: /data/none}"}]}}]))
    s.until_condition("web", "Released", "False", "InstallFailed")
    s.dump("failed")


@scenario
def post_renderer_without_target(s):
    start(s)
    s.apply(s.release(postRenderers=[{"kustomize": {"patches": [{"patch": "apiVersion: v1\nkind: Secret\nmetadata: {name: none}\nstringData: {a: b}\n"}]}}]))
    s.until_condition("web", "Released", "False", "InstallFailed", timeout=20)
    s.dump("failed")


@scenario
def post_render_strategies(s):
    start(s)
    hooks = [{"name": "before", "on": "pre-install"}]
    for strategy in ("nohooks", "combined", "separate"):
        s.apply(s.release(strategy, values={"hooks": hooks}, postRenderStrategy=strategy, commonMetadata={"labels": {"team": "a"}}))
        s.until_ready(strategy)
    s.dump("installed")


@scenario
def common_metadata(s):
    start(s)
    s.apply(s.release(values={"deployment": True}, commonMetadata={"labels": {"team": "a"}, "annotations": {"note": "b"}}))
    s.until_ready("web")
    s.dump("installed")
    s.apply(s.release(values={"deployment": True}, commonMetadata={"labels": {"team": "b"}}))
    s.until_field("web", "status.history.0.version", 2)
    s.until_ready("web")
    s.dump("changed")


@scenario
def names_and_namespaces(s):
    "targetNamespace, storageNamespace, releaseName; each change moves the release"
    target, storage = s.namespace("target"), s.namespace("storage")
    start(s)
    s.apply(s.release(targetNamespace=target))
    s.until_ready("web")
    s.dump("target")
    s.apply(s.release(targetNamespace=target, releaseName="other"))
    s.until_field("web", "status.history.0.name", "other")
    s.until_ready("web")
    s.dump("name")
    s.apply(s.release(targetNamespace=target, releaseName="other", storageNamespace=storage))
    s.until_field("web", "status.storageNamespace", storage)
    s.until_ready("web")
    s.dump("storage")
    s.apply(s.release(releaseName="other", storageNamespace=storage))
    s.until_field("web", "status.history.0.namespace", s.ns)
    s.until_ready("web")
    s.dump("back home")
    s.delete("HelmRelease", "web")
    s.dump("deleted")


@scenario
def move_fails(s):
    "the release before cannot be uninstalled"
    start(s)
    s.apply(s.release(values={"hooks": [{"name": "stay", "on": "pre-delete", "fails": True}]}))
    s.until_ready("web")
    s.apply(s.release(releaseName="other", values={"hooks": []}))
    s.until_condition("web", "Released", "False", "UninstallFailed", current=False)
    s.dump("failed")


@scenario
def chart_name_changes(s):
    start(s, charts.app(name="app2"))
    s.apply(s.release(), s.release("keep"))
    s.until_ready("web")
    s.until_ready("keep")
    s.apply(s.release(chart="app2"), s.release("keep", chart="app2", upgrade={"chartNameChangeStrategy": "InPlaceUpdate"}))
    s.until_field("web", "status.history.0.chartName", "app2")
    s.until_field("keep", "status.history.0.chartName", "app2")
    s.until_ready("web")
    s.until_ready("keep")
    s.dump("changed")


@scenario
def long_names(s):
    start(s)
    target = s.namespace("a-very-lengthy-target-namespace")
    s.apply(s.release("with-a-nice-object-name-too", targetNamespace=target), s.release("a" * 53 + "-b"), s.release("c" * 53))
    for name in ("with-a-nice-object-name-too", "a" * 53 + "-b", "c" * 53):
        s.until_ready(name)
    s.dump("installed")


@scenario
def create_namespace(s):
    made = s.namespace("made", create=False)
    s.look_at("Namespace", made)
    start(s)
    s.apply(s.release("without", targetNamespace=made, releaseName="without"))
    s.until_condition("without", "Released", "False", "InstallFailed")
    s.dump("not there")
    s.delete("HelmRelease", "without")
    s.apply(s.release(targetNamespace=made, install={"createNamespace": True}))
    s.until_ready("web")
    s.dump("created")
    s.delete("HelmRelease", "web")
    s.dump("deleted")


@scenario
def storage_namespace_missing(s):
    start(s)
    s.apply(s.release(storageNamespace=s.ns + "-none"))
    s.until_condition("web", "Ready", "False")
    s.dump("not there")


@scenario
def persistent_client_off(s):
    start(s)
    s.apply(s.release(persistentClient=False))
    s.until_ready("web")
    s.dump("installed")


@scenario
def max_history(s):
    start(s)
    for i in range(4):
        s.apply(s.release(values={"message": str(i)}, maxHistory=2))
        s.until_field("web", "status.history.0.version", i + 1)
        s.until_ready("web")
    s.dump("two kept")


@scenario
def max_history_default(s):
    start(s)
    for i in range(7):
        s.apply(s.release(values={"message": str(i)}))
        s.until_field("web", "status.history.0.version", i + 1)
        s.until_ready("web")
    s.dump("five kept")


@scenario
def wait_disabled(s):
    start(s)
    s.apply(s.release(values={"deployment": True, "stuck": True}, install={"disableWait": True}, upgrade={"disableWait": True}))
    s.until_ready("web")
    s.dump("installed")


@scenario
def wait_for_jobs(s):
    job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: \"{{ .Release.Name }}-work\"}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}\n"
    s.publish(charts.app(extra={"templates/job.yaml": job}))
    s.apply(s.helm_repository(), s.release(), s.release("without", install={"disableWaitForJobs": True}))
    s.until_ready("web")
    s.until_ready("without")
    s.dump("installed")


@scenario
def wait_legacy(s):
    start(s)
    s.apply(s.release(values={"deployment": True}, waitStrategy={"name": "legacy"}))
    s.until_ready("web")
    s.dump("installed")


@scenario
def open_api_validation_disabled(s):
    "a field that the kind does not have"
    extra = {"templates/odd.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: odd}\nspec: {clusterIP: None, oddField: 1, ports: [{port: 80}]}\n"}
    s.publish(charts.app(extra=extra))
    s.apply(s.helm_repository(), s.release(install={"remediation": {"retries": 0}}), s.release("off", install={"disableOpenAPIValidation": True}))
    s.until_condition("web", "Released")
    s.until_condition("off", "Released")
    s.dump("tried")


def with_crd(version, text, group, extra=None):
    names = {"plural": "crontabs", "singular": "crontab", "kind": "CronTab", "group": group, "text": text}
    custom = "apiVersion: %s/v1\nkind: CronTab\nmetadata: {name: \"{{ .Release.Name }}\"}\nspec: {at: noon}\n" % group
    return charts.app(version, extra={"crds/crontabs.yaml": CRONTABS % names, "templates/custom.yaml": custom, **(extra or {})})


@scenario
def crds_created(s):
    "crds/: made, left as they are by default, replaced when asked"
    group = "created.example.com"
    s.look_at("CustomResourceDefinition", "crontabs." + group)
    s.publish(with_crd("1.0.0", "first", group), with_crd("2.0.0", "second", group))
    s.apply(s.helm_repository(), s.release())
    s.until_ready("web")
    s.dump("installed")
    s.apply(s.release(version="2.0.0"))
    s.until_ready("web")
    s.dump("upgraded")
    s.apply(s.release(version="1.0.0", upgrade={"crds": "CreateReplace"}))
    s.until_ready("web")
    s.apply(s.release(version="2.0.0", upgrade={"crds": "CreateReplace"}))
    s.until_field("web", "status.history.0.chartVersion", "2.0.0")
    s.until_ready("web")
    s.dump("replaced")
    s.delete("HelmRelease", "web")
    s.dump("deleted")


@scenario
def crds_skipped(s):
    group = "skipped.example.com"
    s.look_at("CustomResourceDefinition", "crontabs." + group)
    s.publish(with_crd("1.0.0", "first", group))
    s.apply(s.helm_repository(), s.release(install={"crds": "Skip"}))
    s.until_condition("web", "Released", "False", "InstallFailed")
    s.dump("failed")


@scenario
def crds_with_others(s):
    "what is no CustomResourceDefinition in crds/"
    group = "others.example.com"
    s.look_at("CustomResourceDefinition", "crontabs." + group)
    s.publish(with_crd("1.0.0", "first", group, {"crds/odd.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: in-crds}\n"}))
    s.apply(s.helm_repository(), s.release(install={"crds": "CreateReplace"}))
    s.until_condition("web", "Released")
    s.dump("installed")


@scenario
def crds_broken(s):
    s.publish(charts.app(extra={"crds/bad.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: bad.example.com}\nspec: {group: example.com}\n"}))
    s.apply(s.helm_repository(), s.release())
    s.until_condition("web", "Released", "False", "InstallFailed")
    s.dump("failed")


@scenario
def replace(s):
    "a name that an uninstalled release with history bears"
    start(s)
    for name in ("web", "other"):
        s.helm("install", name, s.chart_folder(charts.app()))
        s.helm("uninstall", name, "--keep-history")
    s.apply(s.release(install={"replace": True}), s.release("other"))
    s.until_condition("web", "Released")
    s.until_condition("other", "Released")
    s.dump("installed")


@scenario
def client_side_install(s):
    start(s)
    s.apply(s.release(install={"serverSideApply": False}, values={"deployment": True}))
    s.until_ready("web")
    s.dump("installed")
    s.apply(s.release(values={"deployment": True, "replicas": 2}))
    s.until_ready("web")
    s.dump("upgraded")
    s.apply(s.release(values={"deployment": True, "replicas": 3}, upgrade={"serverSideApply": "enabled"}))
    s.until_field("web", "status.history.0.version", 3)
    s.until_ready("web")
    s.dump("server-side")


@scenario
def force_upgrade(s):
    "spec.upgrade.force where applying is client-side"
    start(s)
    s.apply(s.release(install={"serverSideApply": False}))
    s.until_ready("web")
    s.patch("ConfigMap", "web-settings", {"data": {"more": "by hand"}})
    s.apply(s.release(install={"serverSideApply": False}, values={"message": "two"}, upgrade={"force": True}))
    s.until_ready("web")
    s.dump("replaced")


@scenario
def preserve_values(s):
    start(s)
    s.apply(s.release(values={"message": "one", "image": "redis"}))
    s.until_ready("web")
    s.apply(s.release(values={"message": "two"}, upgrade={"preserveValues": True}))
    s.until_field("web", "status.history.0.version", 2)
    s.until_ready("web")
    s.dump("kept")


@scenario
def impersonation(s):
    "an account that may nothing, that may a little, that is not there"
    start(s)
    s.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "tenant"}}, s.release(serviceAccountName="tenant"), s.release("ghost", serviceAccountName="ghost"))
    s.until_condition("web", "Ready", "False", message="cannot")
    s.until_condition("ghost", "Ready", "False", message="cannot")
    s.dump("nothing")
    s.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "tenant"}, "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["*"]}]},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "tenant"}, "subjects": [{"kind": "ServiceAccount", "name": "tenant", "namespace": s.ns}],
             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant"}})
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_condition("web", "Released", "False", "InstallFailed")
    s.dump("records, no objects")
    s.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "tenant"}, "rules": [{"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["*"]}]})
    s.annotate("HelmRelease", "web", requestedAt="2", resetAt="2")
    s.until_ready("web")
    s.dump("allowed")


@scenario
def kube_config_missing(s):
    start(s)
    s.apply(s.release(kubeConfig={"secretRef": {"name": "none"}}), secret("empty", other="x"), s.release("empty", kubeConfig={"secretRef": {"name": "empty"}}),
            s.release("key", kubeConfig={"secretRef": {"name": "empty", "key": "none"}}), secret("bad", value="not: a kubeconfig\n"), s.release("bad", kubeConfig={"secretRef": {"name": "bad"}}))
    for name in ("web", "empty", "key", "bad"):
        s.until_condition(name, "Ready", "False", "RESTClientError")
    s.dump("refused")


@scenario
def health_checks(s):
    "spec.healthCheckExprs"
    group = "health.example.com"
    s.publish(with_crd("1.0.0", "first", group))
    s.apply(s.helm_repository())
    rule = {"apiVersion": group + "/v1", "kind": "CronTab", "current": "has(data.spec.at) && data.spec.at == 'noon'"}
    s.apply(s.release(healthCheckExprs=[rule]))
    s.until_ready("web")
    s.dump("healthy")
    s.apply(s.release("bad", healthCheckExprs=[{**rule, "current": "false", "failed": "data.spec.at == 'noon'"}], install={"timeout": "10s"}),
            s.release("wrong", healthCheckExprs=[{**rule, "current": "data.spec."}]),
            s.release("never", healthCheckExprs=[{**rule, "current": "data.spec.at == 'midnight'"}], install={"timeout": "4s"}))
    s.until_condition("bad", "Released", "False", "InstallFailed")
    s.until_condition("never", "Released", "False", "InstallFailed")
    s.until_condition("wrong", "Stalled", "True")
    s.dump("unhealthy")


@scenario
def kube_version_too_old(s):
    tree = charts.app()
    tree["Chart.yaml"] += "kubeVersion: \">=9.0.0\"\n"
    s.publish(tree)
    s.apply(s.helm_repository(), s.release())
    s.until_condition("web", "Released", "False", "InstallFailed")
    s.dump("refused")


@scenario
def library_chart(s):
    tree = charts.app()
    tree["Chart.yaml"] += "type: library\n"
    s.publish(tree)
    s.apply(s.helm_repository(), s.release())
    s.until_ready("web")
    s.dump("installed, with nothing in it")


@scenario
def lookup_and_capabilities(s):
    text = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: seen}
data:
  other: {{ (lookup "v1" "ConfigMap" .Release.Namespace "there").data | toJson | quote }}
  none: {{ lookup "v1" "ConfigMap" .Release.Namespace "none" | toJson | quote }}
  version: {{ .Capabilities.KubeVersion.Version | quote }}
  has: {{ .Capabilities.APIVersions.Has "helm.toolkit.fluxcd.io/v2/HelmRelease" | quote }}
  helm: {{ .Capabilities.HelmVersion.Version | quote }}
  release: {{ .Release | toJson | quote }}
"""
    s.publish(charts.app(extra={"templates/seen.yaml": text}))
    s.apply(s.helm_repository(), config_map("there", a="b"), s.release())
    s.until_ready("web")
    s.dump("installed")


@scenario
def deprecated_chart_without_objects(s):
    tree = charts.app(extra={"templates/settings.yaml": None})
    tree["Chart.yaml"] += "deprecated: true\n"
    s.publish(tree)
    s.apply(s.helm_repository(), s.release())
    s.until_ready("web")
    s.dump("installed")


@scenario
def cluster_scoped_objects(s):
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: beside-cluster-scoped}\nrules: []\n"
    s.look_at("ClusterRole", "beside-cluster-scoped")
    s.publish(charts.app(extra={"templates/role.yaml": role}))
    s.apply(s.helm_repository(), s.release())
    s.until_ready("web")
    s.dump("installed")
    s.delete("HelmRelease", "web")
    s.dump("deleted")


@scenario
def deletion_propagation(s):
    start(s)
    for name in ("background", "foreground", "orphan"):
        s.apply(s.release(name, values={"deployment": True}, uninstall={"deletionPropagation": name, "disableWait": name == "orphan"}))
    for name in ("background", "foreground", "orphan"):
        s.until_ready(name)
    for name in ("background", "foreground", "orphan"):
        s.delete("HelmRelease", name)
    s.dump("deleted")
