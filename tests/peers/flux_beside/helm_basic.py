"""HelmReleases: install, upgrade, values, dependencies, requests, suspension, sources that are not there, deletion."""
import charts
from stage import config_map, scenario, secret


def start(s, *more):
    """The chart `app` 1.0.0, and more, in the scenario's Helm repository."""
    s.publish(charts.app(), *more)
    s.apply(s.helm_repository())
    s.until_ready("charts", "HelmRepository")


@scenario
def install(s):
    "a release of a chart in a Helm repository"
    start(s)
    s.apply(s.release(values={"message": "one", "deployment": True}))
    s.until_ready("web")
    s.dump("installed")


@scenario
def upgrade_by_values(s):
    "new values are an upgrade; the same values again are none"
    start(s)
    s.apply(s.release(values={"message": "one"}))
    s.until_ready("web")
    s.dump("installed")
    s.apply(s.release(values={"message": "two"}))
    s.until_ready("web")
    s.dump("upgraded")
    s.apply(s.release(values={"message": "two"}, interval="20m"))
    s.until_ready("web")
    s.dump("another interval")


@scenario
def upgrade_by_chart(s):
    "a range of versions follows what the repository gets"
    start(s)
    s.apply(s.release(version="1.x", values={"message": "one"}))
    s.until_ready("web")
    s.dump("installed")
    s.publish(charts.app("1.1.0", app_version="3.2"))
    s.annotate("HelmRepository", "charts", requestedAt="1")
    s.until_field("web", "status.history.0.chartVersion", "1.1.0")
    s.until_ready("web")
    s.dump("upgraded")


@scenario
def upgrade_by_commit(s):
    "a chart in Git, by revision"
    s.commit({"chart/" + p: t for p, t in charts.app().items()})
    s.apply(s.git_repository())
    spec = {"chart": "./chart", "reconcileStrategy": "Revision", "sourceRef": {"kind": "GitRepository", "name": "app"}}
    s.apply(s.release(chart={"spec": spec}))
    s.until_ready("web")
    s.dump("installed")
    s.commit({"chart/" + p: t for p, t in charts.app(extra={"templates/more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"}).items()})
    s.annotate("GitRepository", "app", requestedAt="1")
    s.until_field("web", "status.history.0.version", 2)
    s.until_ready("web")
    s.dump("upgraded")


@scenario
def chart_template_changes(s):
    "metadata, interval and valuesFiles of the chart's template"
    start(s, charts.app("1.1.0", extra={"more.yaml": "message: from more\n"}))
    s.apply(s.release())
    s.until_ready("web")
    s.dump("installed")
    spec = {"chart": "app", "version": "1.1.0", "interval": "5m", "valuesFiles": ["values.yaml", "more.yaml"],
            "sourceRef": {"kind": "HelmRepository", "name": "charts", "namespace": s.ns}}
    s.apply(s.release(chart={"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}, "spec": spec}))
    s.until_field("web", "status.history.0.chartVersion", lambda v: v and v.startswith("1.1.0"))
    s.until_ready("web")
    s.dump("configured")


@scenario
def values_from(s):
    "ConfigMap, Secret, target paths, optional references, and their order"
    start(s)
    s.apply(config_map("first", values__yaml="message: from first\nreplicas: 3\nlist: [1, 2]\n", image="redis:7"),
            secret("second", values__yaml="message: from second\nnested: {a: 1, b: 2}\n", other="deployment: true\n"))
    s.apply(s.release(values={"nested": {"b": 3, "c": None}}, valuesFrom=[
        {"kind": "ConfigMap", "name": "first"}, {"kind": "Secret", "name": "second"}, {"kind": "Secret", "name": "second", "valuesKey": "other"},
        {"kind": "ConfigMap", "name": "first", "valuesKey": "image", "targetPath": "image"},
        {"kind": "ConfigMap", "name": "none", "optional": True}, {"kind": "ConfigMap", "name": "first", "valuesKey": "none", "optional": True}]))
    s.until_ready("web")
    s.dump("installed")
    s.apply(config_map("first", values__yaml="message: changed\nreplicas: 2\n", image="redis:8"))
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_field("web", "status.history.0.version", 2)
    s.until_ready("web")
    s.dump("changed")


@scenario
def values_from_watched(s):
    "what bears the label of watched configuration is followed at once"
    start(s)
    labelled = config_map("first", values__yaml="message: one\n")
    labelled["metadata"]["labels"] = {"reconcile.fluxcd.io/watch": "Enabled"}
    s.apply(labelled, s.release(valuesFrom=[{"kind": "ConfigMap", "name": "first"}]))
    s.until_ready("web")
    labelled["data"]["values.yaml"] = "message: two\n"
    s.apply(labelled)
    s.until_field("web", "status.history.0.version", 2)
    s.until_ready("web")
    s.dump("changed")


def bad_values(s, reference, *items):
    start(s)
    s.apply(*items)
    s.apply(s.release(valuesFrom=[reference]))
    s.until_condition("web", "Ready", "False", "ValuesError")
    s.dump("refused")


@scenario
def values_missing_object(s):
    "a required ConfigMap that is not there, until it is"
    bad_values(s, {"kind": "ConfigMap", "name": "none"})
    s.apply(config_map("none", values__yaml="message: here\n"))
    s.until_ready("web")
    s.dump("healed")


@scenario
def values_missing_secret(s):
    bad_values(s, {"kind": "Secret", "name": "none", "valuesKey": "some"})


@scenario
def values_missing_key(s):
    bad_values(s, {"kind": "ConfigMap", "name": "first", "valuesKey": "none"}, config_map("first", values__yaml="message: x\n"))


@scenario
def values_bad_yaml(s):
    bad_values(s, {"kind": "ConfigMap", "name": "first"}, config_map("first", values__yaml="message: [open\n"))


@scenario
def values_bad_yaml_optional(s):
    bad_values(s, {"kind": "Secret", "name": "first", "optional": True}, secret("first", values__yaml="a: b: c\n"))


@scenario
def values_no_map(s):
    bad_values(s, {"kind": "ConfigMap", "name": "first"}, config_map("first", values__yaml="- a\n- b\n"))


@scenario
def values_bad_path(s):
    bad_values(s, {"kind": "ConfigMap", "name": "first", "valuesKey": "v", "targetPath": "a[70000]"}, config_map("first", v="1"))


@scenario
def values_path_into_scalar(s):
    bad_values(s, {"kind": "ConfigMap", "name": "first", "valuesKey": "v", "targetPath": "message"}, config_map("first", v="a,b[x]=c"))


@scenario
def depends_on(s):
    "a dependency that is not ready, then is; another that is not there"
    start(s)
    s.apply(s.release("base", valuesFrom=[{"kind": "ConfigMap", "name": "later"}]), s.release("web", dependsOn=[{"name": "base"}]),
            s.release("lost", dependsOn=[{"name": "nobody"}]))
    s.until_condition("base", "Ready", "False", "ValuesError")
    s.until_condition("web", "Ready", "False", "DependencyNotReady")
    s.until_condition("lost", "Ready", "False", "DependencyNotReady")
    s.dump("waiting")
    s.apply(config_map("later", values__yaml="message: base\n"))
    s.until_ready("base")
    s.until_ready("web")
    s.dump("released")


@scenario
def depends_on_other_namespace(s):
    other = s.namespace("other")
    start(s)
    base = s.release("base", chart={"spec": {"chart": "app", "version": "1.0.0", "sourceRef": {"kind": "HelmRepository", "name": "charts", "namespace": s.ns}}})
    base["metadata"]["namespace"] = other
    s.apply(s.release("web", dependsOn=[{"name": "base", "namespace": other}]))
    s.until_condition("web", "Ready", "False", "DependencyNotReady")
    s.dump("waiting")
    s.apply(base)
    s.until_ready("base", ns=other)
    s.until_ready("web")
    s.dump("released")


@scenario
def depends_on_ready_expr(s):
    "readyExpr that says no, that says yes, that cannot be evaluated, that is no CEL"
    start(s)
    s.apply(s.release("base"))
    s.until_ready("base")
    says = lambda e: [{"name": "base", "readyExpr": e}]
    s.apply(s.release("no", dependsOn=says("dep.metadata.name == 'other'")), s.release("yes", dependsOn=says("dep.status.observedGeneration > 0 && self.metadata.name == 'yes'")),
            s.release("broken", dependsOn=says("dep.status.none.here == 1")), s.release("nocel", dependsOn=says("dep.status.")),
            s.release("nobool", dependsOn=says("dep.metadata.name")))
    s.until_ready("yes")
    s.until_condition("no", "Ready", "False", "DependencyNotReady")
    s.until_condition("broken", "Ready", "False")
    s.until_condition("nocel", "Stalled", "True")
    s.until_condition("nobool", "Ready", "False")
    s.dump("judged")


@scenario
def depends_on_cycle(s):
    start(s)
    s.apply(s.release("a", dependsOn=[{"name": "b"}]), s.release("b", dependsOn=[{"name": "a"}]))
    s.until_condition("a", "Ready", "False", "DependencyNotReady")
    s.until_condition("b", "Ready", "False", "DependencyNotReady")
    s.dump("round and round")


@scenario
def suspend_and_resume(s):
    start(s)
    s.apply(s.release(values={"message": "one"}))
    s.until_ready("web")
    s.apply(s.release(values={"message": "two"}, suspend=True))
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_field("web", "status.lastHandledReconcileAt", "1", timeout=4)
    s.dump("suspended")
    s.apply(s.release(values={"message": "two"}, suspend=False))
    s.until_ready("web")
    s.dump("resumed")


@scenario
def suspended_from_the_start(s):
    start(s)
    s.apply(s.release(suspend=True))
    s.dump("suspended")
    s.delete("HelmRelease", "web")
    s.dump("deleted")


@scenario
def deleted_while_suspended(s):
    start(s)
    s.apply(s.release())
    s.until_ready("web")
    s.patch("HelmRelease", "web", {"spec": {"suspend": True}})
    s.dump("suspended")
    s.delete("HelmRelease", "web")
    s.dump("deleted")


@scenario
def requested(s):
    "requestedAt, forceAt and resetAt, alone and together"
    start(s)
    s.apply(s.release())
    s.until_ready("web")
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_ready("web")
    s.dump("requested")
    s.annotate("HelmRelease", "web", requestedAt="2", forceAt="2")
    s.until_field("web", "status.history.0.version", 2)
    s.until_ready("web")
    s.dump("forced")
    s.annotate("HelmRelease", "web", forceAt="3")
    s.dump("forceAt alone")
    s.annotate("HelmRelease", "web", requestedAt="4", resetAt="4")
    s.until_ready("web")
    s.dump("reset")
    s.annotate("HelmRelease", "web", requestedAt="5", forceAt="4")
    s.until_ready("web")
    s.dump("forceAt of another request")


@scenario
def reset_after_exhausted(s):
    "resetAt and forceAt when the retries are used up"
    start(s)
    s.apply(s.release(values={"badKey": True}))
    s.until_condition("web", "Stalled", "True", "RetriesExceeded")
    s.dump("stalled")
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_field("web", "status.lastHandledReconcileAt", "1")
    s.dump("requested")
    s.annotate("HelmRelease", "web", requestedAt="2", resetAt="2")
    s.until_field("web", "status.lastHandledReconcileAt", "2")
    s.dump("reset")
    s.annotate("HelmRelease", "web", requestedAt="3", forceAt="3")
    s.until_field("web", "status.lastHandledReconcileAt", "3")
    s.dump("forced")


@scenario
def source_missing(s):
    "no HelmRepository, then it comes"
    s.publish(charts.app())
    s.apply(s.release())
    s.until_condition("web", "Ready", "False", "SourceNotReady", message="failed to get source")
    s.dump("no repository")
    s.apply(s.helm_repository())
    s.until_ready("web")
    s.dump("healed")


@scenario
def chart_not_found(s):
    start(s)
    s.apply(s.release("web", chart="none"), s.release("old", version="9.x"), s.release("odd", version="not a range"))
    for name in ("web", "old", "odd"):
        s.until_condition(name, "Ready", "False", "SourceNotReady", message="invalid chart reference")
    s.dump("not found")


@scenario
def repository_unreachable(s):
    s.apply(s.helm_repository(), s.release())
    s.until_condition("charts", "Ready", "False", kind="HelmRepository")
    s.until_condition("web", "Ready", "False", "SourceNotReady", message="no artifact available")
    s.dump("not there")


@scenario
def source_of_other_namespace(s):
    other = s.namespace("other")
    start(s)
    web = s.release(chart={"spec": {"chart": "app", "sourceRef": {"kind": "HelmRepository", "name": "charts", "namespace": s.ns}}})
    web["metadata"]["namespace"] = other
    s.apply(web)
    s.until_ready("web", ns=other)
    s.dump("installed")
    s.delete("HelmRelease", "web", ns=other)
    s.dump("deleted")


@scenario
def source_ref_changes(s):
    "another repository, another kind of source, then chartRef: each drops the HelmChart before"
    start(s)
    s.commit({"chart/" + p: t for p, t in charts.app("2.0.0").items()})
    s.apply(s.helm_repository("second"), s.git_repository(), s.release())
    s.until_ready("web")
    s.apply(s.release(chart={"spec": {"chart": "app", "version": "1.0.0", "sourceRef": {"kind": "HelmRepository", "name": "second"}}}))
    s.until_ready("web")
    s.dump("second repository")
    s.apply(s.release(chart={"spec": {"chart": "./chart", "sourceRef": {"kind": "GitRepository", "name": "app"}}}))
    s.until_field("web", "status.history.0.chartVersion", "2.0.0")
    s.until_ready("web")
    s.dump("Git")


@scenario
def chart_ref_oci(s):
    "chartRef to an OCIRepository; the digest is part of the version"
    s.push_chart(charts.app())
    s.apply(s.oci_repository(), s.release(chartRef={"kind": "OCIRepository", "name": "app"}))
    s.until_ready("web")
    s.dump("installed")
    s.push_chart(charts.app("1.2.0"))
    s.annotate("OCIRepository", "app", requestedAt="1")
    s.until_field("web", "status.history.0.chartVersion", lambda v: v and v.startswith("1.2.0"))
    s.until_ready("web")
    s.dump("upgraded")


@scenario
def chart_ref_oci_other_tag(s):
    "a tag that is a version, of a chart of another version"
    s.push_chart(charts.app("1.0.0"), tag="1.5.0")
    s.apply(s.oci_repository(), s.release(chartRef={"kind": "OCIRepository", "name": "app"}))
    s.until_condition("web", "Ready", "False", "ChartMutateError")
    s.dump("refused")


@scenario
def chart_ref_missing(s):
    s.apply(s.release(chartRef={"kind": "OCIRepository", "name": "none"}), s.release("chart", chartRef={"kind": "HelmChart", "name": "none"}))
    s.until_condition("web", "Ready", "False")
    s.until_condition("chart", "Ready", "False")
    s.dump("no such source")


@scenario
def chart_ref_not_ready(s):
    s.apply(s.oci_repository(), s.release(chartRef={"kind": "OCIRepository", "name": "app"}))
    s.until_condition("app", "Ready", "False", kind="OCIRepository")
    s.until_condition("web", "Ready", "False", "SourceNotReady", message="failed to determine")
    s.dump("not ready")


@scenario
def chart_ref_helm_chart(s):
    "chartRef to a HelmChart, from a template before"
    start(s)
    s.apply(s.release())
    s.until_ready("web")
    s.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmChart", "metadata": {"name": "mine"},
             "spec": {"interval": "10m", "chart": "app", "version": "1.0.0", "sourceRef": {"kind": "HelmRepository", "name": "charts"}}})
    s.until_ready("mine", "HelmChart")
    s.apply(s.release(chartRef={"kind": "HelmChart", "name": "mine"}))
    s.until_ready("web")
    s.dump("by reference")
    s.delete("HelmRelease", "web")
    s.dump("deleted")


@scenario
def chart_edited_by_hand(s):
    "the HelmChart that a release made is changed, then deleted"
    start(s, charts.app("1.1.0"))
    s.apply(s.release())
    s.until_ready("web")
    s.patch("HelmChart", s.ns + "-web", {"spec": {"version": "1.1.0"}})
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_field("web", "status.lastHandledReconcileAt", "1")
    s.until_field(s.ns + "-web", "spec.version", "1.0.0", kind="HelmChart")
    s.until_field("web", "status.history.0.chartVersion", "1.0.0")
    s.dump("set back")
    s.delete("HelmChart", s.ns + "-web", gone=False)
    s.annotate("HelmRelease", "web", requestedAt="2")
    s.until_ready("web")
    s.dump("made again")


@scenario
def invalid_specs(s):
    "what the API server refuses"
    s.refused(s.release(interval="soon"), s.release(releaseName="x" * 54), s.release(chart=None), s.release(chartRef={"kind": "HelmChart", "name": "x"}, chart={}),
              {**s.release(), "spec": {**s.release()["spec"], "chartRef": {"kind": "HelmChart", "name": "x"}}},
              s.release(valuesFrom=[{"kind": "Pod", "name": "x"}]), s.release(maxHistory="many"), s.release(driftDetection={"mode": "sometimes"}),
              s.release(install={"crds": "Maybe"}), s.release(timeout="-1s"), s.release(targetNamespace=""), s.release(dependsOn=[{}]),
              s.release(install={"strategy": {"name": "Pray"}}), s.release(waitStrategy={"name": "none"}),
              s.release(install={"strategy": {"name": "RemediateOnFailure", "retryInterval": "1s"}}))
    s.dump("refused")


@scenario
def deleted(s):
    start(s)
    s.apply(s.release(values={"deployment": True, "hooks": [{"name": "bye", "on": "post-delete"}, {"name": "first", "on": "pre-delete", "policy": "hook-succeeded"}]}))
    s.until_ready("web")
    s.delete("HelmRelease", "web")
    s.dump("deleted")


@scenario
def deleted_keep_history(s):
    start(s)
    s.apply(s.release(uninstall={"keepHistory": True}))
    s.until_ready("web")
    s.delete("HelmRelease", "web")
    s.dump("deleted")
    s.apply(s.release())
    s.until_condition("web", "Released", "False", "InstallFailed")
    s.dump("its name is not free")
    s.apply(s.release(install={"replace": True}))
    s.until_ready("web")
    s.dump("replaced")


@scenario
def deleted_release_gone(s):
    "what helm has uninstalled before"
    start(s)
    s.apply(s.release())
    s.until_ready("web")
    s.helm("uninstall", "web")
    s.delete("HelmRelease", "web")
    s.dump("deleted")


@scenario
def deleted_hook_fails(s):
    "an uninstall that fails keeps the object until it works"
    start(s)
    s.apply(s.release(values={"hooks": [{"name": "stay", "on": "pre-delete", "fails": True}]}))
    s.until_ready("web")
    s.delete("HelmRelease", "web", gone=False)
    s.until_condition("web", "Released", "False", "UninstallFailed", current=False)
    s.dump("failed")
    s.patch("HelmRelease", "web", {"spec": {"uninstall": {"disableHooks": True}}})
    s.until("gone", lambda: s.get("HelmRelease", "web") is None)
    s.dump("gone")


@scenario
def resource_policy_keep(s):
    keep = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}\ndata: {a: b}\n"
    s.publish(charts.app(extra={"templates/keep.yaml": keep}), charts.app("2.0.0"))
    s.apply(s.helm_repository(), s.release())
    s.until_ready("web")
    s.apply(s.release(version="2.0.0"))
    s.until_ready("web")
    s.dump("no longer in the chart")
    s.delete("HelmRelease", "web")
    s.dump("deleted")
