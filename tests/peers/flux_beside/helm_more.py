"""HelmReleases: the lines of the contract that the other scenarios leave out: every kind of target path, sources of other kinds and
namespaces, the options of each action, remediations that fail, rules of drift, post-renderers, deletions that cannot be carried out."""
import base64, hashlib
import charts
from helm_basic import start
from helm_failing import BAD_TESTS, FAILING_HOOK, TESTS, set_record_status, stalls
from helm_options import with_crd
from stage import config_map, scenario, secret


def shown(expression):
    "a template that shows values as they come to it"
    return {"templates/shown.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"{{ .Release.Name }}-shown\"}\ndata:\n  all: {{ %s | toJson | quote }}\n" % expression}


# ---- values
@scenario
def values_target_paths(s):
    "what a target path may be, and what the text at it becomes"
    s.publish(charts.app(extra=shown("omit .Values \"global\"")))
    texts = {"number": "8080", "text": "\"8080\"", "single": "'yes'", "list": "{x,y}", "comma": "a,b=c", "null": "null", "true": "true", "empty": "",
             "float": "1.50", "big": "123456789012345678901", "zeros": "007", "braces": "{", "lines": "one\ntwo", "spaces": "  padded  ", "equals": "k=v"}
    s.apply(config_map("all", **texts))
    paths = [("number", "port"), ("text", "portText"), ("single", "quoted"), ("list", "names"), ("comma", "p"), ("null", "message"), ("true", "flag"),
             ("empty", "nothing"), ("float", "float"), ("big", "big"), ("zeros", "zeros"), ("number", "l[1].name"), ("number", "a\\.b.c"), ("text", "deep.er.still"),
             ("number", "l[0].other"), ("equals", "equals"), ("spaces", "spaces"), ("lines", "lines")]
    s.apply(s.helm_repository(), *[s.release("p%02d" % i, valuesFrom=[{"kind": "ConfigMap", "name": "all", "valuesKey": key, "targetPath": path}])
                                   for i, (key, path) in enumerate(paths)])
    for i in range(len(paths)):
        s.until_condition("p%02d" % i, "Ready")
        s.until_field("p%02d" % i, "status.conditions", lambda c: any(x["type"] == "Ready" and x["status"] != "Unknown" for x in c or []))
    s.dump("installed")


@scenario
def values_target_path_order(s):
    "who wins: what is inline, or what a reference sets"
    s.publish(charts.app(extra=shown("pick .Values \"foo\" \"a\"")))
    s.apply(s.helm_repository(), config_map("all", v="set", values__yaml="a: {b: from-map, other: x}\n"))
    by_path = lambda path: {"kind": "ConfigMap", "name": "all", "valuesKey": "v", "targetPath": path}
    whole = {"kind": "ConfigMap", "name": "all"}
    s.apply(s.release("top", values={"foo": "inline"}, valuesFrom=[by_path("foo")]),
            s.release("nested", values={"a": {"b": "inline"}}, valuesFrom=[by_path("a.b")]),
            s.release("supplied", values={"a": {"b": "inline"}}, valuesFrom=[whole, by_path("a.b")]),
            s.release("after", values={"a": {"c": "inline"}}, valuesFrom=[by_path("a.b"), whole]))
    for name in ("top", "nested", "supplied", "after"):
        s.until_ready(name)
    s.dump("installed")


@scenario
def values_literal(s):
    s.publish(charts.app(extra=shown("omit .Values \"global\"")))
    s.apply(s.helm_repository(), config_map("all", v="a,b={c}\n\"quoted\" \\ 8080", n="8080"))
    literal = lambda key, path: {"kind": "ConfigMap", "name": "all", "valuesKey": key, "targetPath": path, "literal": True}
    s.apply(s.release(valuesFrom=[literal("v", "message"), literal("n", "x\\.y.z"), literal("n", "list[0]")]))
    s.until_ready("web")
    s.dump("installed")


@scenario
def values_null_and_types(s):
    "nulls take defaults away; numbers and lists as they are written"
    s.publish(charts.app(extra=shown("omit .Values \"global\"")))
    s.apply(s.helm_repository(), s.release(values={"message": None, "image": None, "f": 1.0, "big": 12345678901, "list": [1, {"a": None}], "empty": {}, "text": "1e3"}))
    s.until_ready("web")
    s.dump("installed")


@scenario
def values_binary_data(s):
    "binaryData of a ConfigMap is no value; a Secret's stringData is"
    start(s)
    s.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "binary"}, "binaryData": {"values.yaml": "bWVzc2FnZTogeA=="}},
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "text"}, "stringData": {"values.yaml": "message: from stringData\n"}})
    s.apply(s.release("none", valuesFrom=[{"kind": "ConfigMap", "name": "binary"}]), s.release("good", valuesFrom=[{"kind": "Secret", "name": "text"}]))
    s.until_condition("none", "Ready", "False", "ValuesError")
    s.until_ready("good")
    s.dump("read")


# ---- sources
@scenario
def values_files(s):
    "valuesFiles that are missing, and may be"
    start(s, charts.app("1.1.0", extra={"more.yaml": "message: from more\n"}))
    source = {"kind": "HelmRepository", "name": "charts"}
    files = {"chart": "app", "version": "1.1.0", "valuesFiles": ["more.yaml", "none.yaml"], "sourceRef": source}
    s.apply(s.release("strict", chart={"spec": files}), s.release("loose", chart={"spec": {**files, "ignoreMissingValuesFiles": True}}))
    s.until_ready("loose")
    s.until_condition("strict", "Ready", "False", "SourceNotReady", message="none.yaml")
    s.dump("judged")


@scenario
def chart_ref_other_namespace(s):
    other = s.namespace("other")
    s.push_chart(charts.app())
    web = s.release(chartRef={"kind": "OCIRepository", "name": "app", "namespace": s.ns})
    web["metadata"]["namespace"] = other
    s.apply(s.oci_repository(), web)
    s.until_ready("web", ns=other)
    s.dump("installed")


def external_artifact(s, tree, revision, name="ext"):
    """An ExternalArtifact as some other controller would have made it."""
    data = charts.package(tree)
    path = "external/%s/%s-%s" % (s.world.name, s.ns, hashlib.sha256(revision.encode()).hexdigest()[:8])
    servers = s.world.servers
    if not hasattr(servers, "external"):
        servers.external = {}
        servers.routes["external"] = lambda handler, rest: handler.answer(200, servers.external[rest]) if rest in servers.external else handler.answer(404)
        servers.words.update({"<http>/external/%s/" % name: "<external>/" for name in ("flux", "weir")})
    servers.external[path.partition("/")[2]] = data
    s.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "ExternalArtifact", "metadata": {"name": name},
             "spec": {"sourceRef": {"apiVersion": "example.com/v1", "kind": "Made", "name": "elsewhere"}}})
    artifact = {"digest": "sha256:" + hashlib.sha256(data).hexdigest(), "lastUpdateTime": "2024-01-02T03:04:05Z", "path": "made/%s.tar.gz" % name,
                "revision": revision, "size": len(data), "url": "http://127.0.0.1:%d/%s" % (s.world.servers.http, path)}
    ready = {"type": "Ready", "status": "True", "reason": "Succeeded", "message": "stored", "lastTransitionTime": "2024-01-02T03:04:05Z", "observedGeneration": 1}
    s.patch("ExternalArtifact", name, {"status": {"artifact": artifact, "conditions": [ready]}}, subresource="/status")


@scenario
def chart_ref_external_artifact(s):
    "by a revision that is a digest, then by one that is a version"
    external_artifact(s, charts.app(), "latest@sha256:" + "ab" * 32)
    s.apply(s.release(chartRef={"kind": "ExternalArtifact", "name": "ext"}), s.release("none", chartRef={"kind": "ExternalArtifact", "name": "none"}))
    s.until_ready("web")
    s.until_condition("none", "Ready", "False")
    s.dump("installed")
    external_artifact(s, charts.app("1.1.0"), "v1.1.0")
    s.until_field("web", "status.history.0.chartVersion", lambda v: v and v.startswith("1.1.0"))
    s.until_ready("web")
    s.dump("upgraded")


@scenario
def chart_ref_external_artifact_empty(s):
    "one that has no artifact yet"
    s.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "ExternalArtifact", "metadata": {"name": "ext"},
             "spec": {"sourceRef": {"apiVersion": "example.com/v1", "kind": "Made", "name": "elsewhere"}}})
    s.apply(s.release(chartRef={"kind": "ExternalArtifact", "name": "ext"}))
    s.until_condition("web", "Ready", "False", "SourceNotReady")
    s.dump("not ready")


@scenario
def artifact_is_no_chart(s):
    "an OCI artifact that holds something else"
    s.world.servers.push_oci("%s/%s/app" % (s.world.name, s.ns), "1.0.0",
                             [("application/vnd.cncf.helm.chart.content.v1.tar+gzip", b"this is no archive")], b"{}", "application/vnd.cncf.helm.config.v1+json")
    s.apply(s.oci_repository(), s.release(chartRef={"kind": "OCIRepository", "name": "app"}))
    s.until_condition("web", "Ready", "False", "ArtifactFailed")
    s.dump("not loaded")


@scenario
def chart_of_git_changes(s):
    "by version: what changes under the same version is not released; subcharts, conditions and imported values"
    sub = charts.app("0.1.0", name="sub", extra={"templates/deployment.yaml": None, "templates/hooks.yaml": None, "templates/NOTES.txt": None,
                                                  "templates/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"{{ .Release.Name }}-{{ .Chart.Name }}\"}\ndata: {message: \"{{ .Values.message }}\"}\n"})
    tree = charts.app()
    tree["Chart.yaml"] += "dependencies:\n- {name: sub, version: 0.1.0, repository: \"\", condition: sub.enabled}\n- {name: sub, version: 0.1.0, repository: \"\", alias: second, tags: [more]}\n"
    tree["values.yaml"] += "sub: {enabled: true, message: from parent}\ntags: {more: false}\n"
    for path, text in sub.items():
        tree["charts/sub/" + path] = text
    s.commit({"chart/" + p: t for p, t in tree.items()})
    s.apply(s.git_repository())
    chart = {"spec": {"chart": "./chart", "sourceRef": {"kind": "GitRepository", "name": "app"}}}
    s.apply(s.release(chart=chart), s.release("more", chart=chart, values={"tags": {"more": True}, "sub": {"enabled": False}}))
    s.until_ready("web")
    s.until_ready("more")
    s.dump("installed")
    s.commit({"chart/" + p: t for p, t in {**tree, "templates/new.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\n"}.items()})
    s.annotate("GitRepository", "app", requestedAt="1")
    s.until_field("app", "status.lastHandledReconcileAt", "1", kind="GitRepository")
    s.dump("another commit, the same version")


# ---- the options of actions
@scenario
def upgrade_options(s):
    "hooks and validations turned off for the upgrade alone"
    s.publish(charts.app(extra={"values.schema.json": '{"type": "object", "properties": {"replicas": {"type": "integer"}}}'}))
    s.apply(s.helm_repository(), s.release(values={"hooks": [{"name": "up", "on": "pre-upgrade,post-upgrade", "fails": True}]}))
    s.until_ready("web")
    s.apply(s.release(values={"hooks": [{"name": "up", "on": "pre-upgrade,post-upgrade", "fails": True}], "replicas": "2", "deployment": True, "stuck": True},
                      upgrade={"disableHooks": True, "disableSchemaValidation": True, "disableWait": True, "disableOpenAPIValidation": True}))
    s.until_ready("web")
    s.dump("upgraded")


@scenario
def upgrade_client_side(s):
    "from server-side to client-side, and back"
    start(s)
    s.apply(s.release(values={"deployment": True}))
    s.until_ready("web")
    s.apply(s.release(values={"deployment": True, "replicas": 2}, upgrade={"serverSideApply": "disabled"}))
    s.until_field("web", "status.history.0.version", 2)
    s.until_ready("web")
    s.dump("client-side")
    s.apply(s.release(values={"deployment": True, "replicas": 3}, upgrade={"serverSideApply": "enabled"}))
    s.until_field("web", "status.history.0.version", 3)
    s.until_ready("web")
    s.dump("server-side")


@scenario
def upgrade_take_ownership_disabled(s):
    start(s)
    s.api.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "found", "namespace": s.ns}, "data": {"owner": "nobody"}})
    s.apply(s.release(upgrade={"disableTakeOwnership": True}))
    s.until_ready("web")
    s.apply(s.release(values={"other": "found"}, upgrade={"disableTakeOwnership": True}))
    s.until_condition("web", "Released", "False", "UpgradeFailed")
    s.dump("refused")


@scenario
def upgrade_crds_skipped(s):
    group = "upskipped.example.com"
    s.look_at("CustomResourceDefinition", "crontabs." + group)
    s.publish(with_crd("1.0.0", "first", group), with_crd("2.0.0", "second", group))
    s.apply(s.helm_repository(), s.release(install={"skipCRDs": True}))
    s.until_ready("web")
    s.dump("skipCRDs has no effect")
    s.apply(s.release(version="2.0.0", upgrade={"crds": "Skip"}))
    s.until_field("web", "status.history.0.chartVersion", "2.0.0")
    s.until_ready("web")
    s.dump("left alone")


@scenario
def crds_replaced_client_side(s):
    group = "csareplaced.example.com"
    s.look_at("CustomResourceDefinition", "crontabs." + group)
    s.publish(with_crd("1.0.0", "first", group), with_crd("2.0.0", "second", group))
    s.apply(s.helm_repository(), s.release(install={"serverSideApply": False}))
    s.until_ready("web")
    s.dump("installed")
    s.apply(s.release(version="2.0.0", upgrade={"crds": "CreateReplace"}))
    s.until_field("web", "status.history.0.chartVersion", "2.0.0")
    s.until_ready("web")
    s.dump("replaced")


@scenario
def max_history_unlimited(s):
    start(s)
    for i in range(7):
        s.apply(s.release(values={"message": str(i)}, maxHistory=0))
        s.until_field("web", "status.history.0.version", i + 1)
        s.until_ready("web")
    s.dump("all kept")


@scenario
def preserve_values_new_defaults(s):
    "the defaults of a new chart, when the values of the former release are kept"
    s.publish(charts.app(extra=shown("omit .Values \"global\"")),
              charts.app("2.0.0", extra={**shown("omit .Values \"global\""), "values.yaml": charts.VALUES.replace("replicas: 1", "replicas: 5") + "added: default\n"}))
    s.apply(s.helm_repository(), s.release(values={"message": "one"}))
    s.until_ready("web")
    s.apply(s.release(version="2.0.0", values={"image": "redis"}, upgrade={"preserveValues": True}))
    s.until_field("web", "status.history.0.chartVersion", "2.0.0")
    s.until_ready("web")
    s.dump("upgraded")


@scenario
def rollback_options(s):
    "hooks of a rollback turned off, without a wait"
    hooks = [{"name": "back", "on": "pre-rollback", "fails": True}]
    stalls(s, s.release(values={"hooks": hooks, "message": "good"}),
           s.release(values={"hooks": hooks, "badKey": True}, upgrade={"remediation": {"retries": 1}},
                     rollback={"disableHooks": True, "disableWait": True, "disableWaitForJobs": True, "cleanupOnFail": True, "recreate": True, "timeout": "20s"}))


@scenario
def rollback_fails(s):
    "the hook before a rollback fails: the release stays pending until it is unlocked"
    start(s)
    hooks = [{"name": "back", "on": "pre-rollback", "fails": True}]
    s.apply(s.release(values={"hooks": hooks, "message": "good"}))
    s.until_ready("web")
    s.apply(s.release(values={"hooks": hooks, "badKey": True}, upgrade={"remediation": {"retries": 1}}))
    s.until_condition("web", "Remediated", "False", "RollbackFailed", timeout=90)
    s.until_event("RollbackFailed")
    s.until_event("PendingRelease", timeout=90)
    s.apply(s.release(values={"message": "healed"}, upgrade={"remediation": {"retries": 1}}))
    s.until_ready("web")
    s.dump("healed")


@scenario
def rollback_post_hook_fails(s):
    start(s)
    hooks = [{"name": "back", "on": "post-rollback", "fails": True}]
    s.apply(s.release(values={"hooks": hooks, "message": "good"}))
    s.until_ready("web")
    s.apply(s.release(values={"hooks": hooks, "badKey": True}, upgrade={"remediation": {"retries": 0, "remediateLastFailure": True}}))
    s.until_condition("web", "Remediated", "False", "RollbackFailed", timeout=90)
    s.dump("failed", quiet=False)


@scenario
def rollback_target_failed_its_tests(s):
    "a release whose tests failed is no way back, unless they are ignored"
    start(s)
    s.apply(s.release(values={"hooks": BAD_TESTS}, test={"enable": True}, install={"remediation": {"ignoreTestFailures": True}}))
    s.until_condition("web", "TestSuccess", "False")
    s.until_condition("web", "Ready")
    s.dump("tests failed")
    s.apply(s.release(values={"hooks": BAD_TESTS, "badKey": True}, test={"enable": True}, install={"remediation": {"ignoreTestFailures": True}},
                      upgrade={"remediation": {"retries": 0, "remediateLastFailure": True}}))
    s.until_condition("web", "Stalled", "True", timeout=90)
    s.dump("stalled")


@scenario
def retries_without_end(s):
    "retries -1"
    start(s)
    s.apply(s.release(values={"badKey": True}, install={"remediation": {"retries": -1}}))
    s.until_field("web", "status.installFailures", lambda v: (v or 0) >= 2)
    s.until_event("UninstallSucceeded")
    s.apply(s.release(install={"remediation": {"retries": -1}}))
    s.until_ready("web")
    s.dump("healed")


@scenario
def forced_when_upgrade_failed(s):
    stalls(s, s.release(), s.release(values={"badKey": True}))
    s.annotate("HelmRelease", "web", requestedAt="1", forceAt="1")
    s.until_field("web", "status.lastHandledForceAt", "1")
    s.until_field("web", "status.history.0.version", 3)
    s.until_condition("web", "Stalled", "True")
    s.dump("forced")


@scenario
def forced_with_drift(s):
    "a request by force corrects and releases"
    start(s)
    s.apply(s.release(driftDetection={"mode": "enabled"}))
    s.until_ready("web")
    s.annotate("HelmRelease", "web", requestedAt="1", forceAt="1")
    s.until_field("web", "status.history.0.version", 2)
    s.until_ready("web")
    s.dump("forced")


@scenario
def strategies_named(s):
    "RemediateOnFailure by its name; RetryOnFailure at its default interval"
    start(s)
    s.apply(s.release("remedy", values={"badKey": True}, install={"strategy": {"name": "RemediateOnFailure"}, "remediation": {"retries": 0, "remediateLastFailure": True}}),
            s.release("retry", values={"badKey": True}, install={"strategy": {"name": "RetryOnFailure"}}))
    s.until_condition("remedy", "Stalled", "True")
    s.until_condition("retry", "Reconciling", "True", "ProgressingWithRetry", "retrying after 5m0s")
    s.dump("failed")
    s.apply(s.release("retry", values={"badKey": True}, install={"strategy": {"name": "RemediateOnFailure"}}))
    s.until_condition("retry", "Ready", "False")
    s.dump("another strategy")


@scenario
def retry_before_anything_is_stored(s):
    "RetryOnFailure when nothing was stored"
    start(s)
    s.apply(s.release(values={"fail": "no"}, install={"strategy": {"name": "RetryOnFailure", "retryInterval": "6s"}}))
    s.until_condition("web", "Released", "False", "InstallFailed")
    s.until_condition("web", "Reconciling", "True", "ProgressingWithRetry")
    s.dump("failed")


@scenario
def uninstall_options(s):
    "hooks off; an object that does not go in time"
    start(s)
    s.apply(s.release(values={"hooks": [{"name": "stay", "on": "pre-delete", "fails": True}]}, uninstall={"disableHooks": True}))
    s.apply(s.release("slow", uninstall={"timeout": "3s"}))
    s.until_ready("web")
    s.until_ready("slow")
    s.delete("HelmRelease", "web")
    s.dump("hooks off")
    s.patch("ConfigMap", "slow-settings", {"metadata": {"finalizers": ["example.com/stay"]}})
    s.delete("HelmRelease", "slow", gone=False)
    s.until_condition("slow", "Released", "False", "UninstallFailed", current=False)
    s.dump("does not go")
    s.patch("ConfigMap", "slow-settings", {"metadata": {"finalizers": None}})
    s.until("gone", lambda: s.get("HelmRelease", "slow") is None)
    s.dump("gone")


@scenario
def test_hook_times_out(s):
    hook = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: never, annotations: {helm.sh/hook: test}}\nspec: {template: {spec: {nodeSelector: {no: such}, restartPolicy: Never, containers: [{name: a, image: b}]}}}\n"
    s.publish(charts.app(extra={"templates/never.yaml": hook}))
    s.apply(s.helm_repository(), s.release(test={"enable": True, "timeout": "3s"}))
    s.until_condition("web", "TestSuccess", "False")
    s.until_condition("web", "Stalled", "True")
    s.dump("failed")


@scenario
def hooks_of_odd_kinds(s):
    "unknown events, bad weights, several documents, kinds that are not waited for, output policies"
    annotated = lambda name, hook, more="": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n  annotations: {helm.sh/hook: \"%s\"%s}\n" % (name, hook, more)
    extra = {"templates/odd.yaml": annotated("unknown-event", "pre-install,never") + "---\n" + annotated("bad-weight", "pre-install", ", helm.sh/hook-weight: heavy") +
             "---\n" + annotated("crd-install", "crd-install") + "---\n" + annotated("spaces", " post-install , pre-install ") + "---\n" + annotated("upper", "PRE-INSTALL"),
             "templates/policies.yaml": annotated("deleted-after", "post-install", ", helm.sh/hook-delete-policy: \"hook-succeeded,before-hook-creation\"") +
             "---\n" + annotated("odd-policy", "post-install", ", helm.sh/hook-delete-policy: never, helm.sh/hook-output-log-policy: \"hook-succeeded\"")}
    s.publish(charts.app(extra=extra))
    s.apply(s.helm_repository(), s.release())
    s.until_condition("web", "Released")
    s.dump("installed")


# ---- waiting
@scenario
def health_check_cancelled(s):
    "a new specification ends the wait for the one before"
    start(s)
    s.apply(s.release(values={"deployment": True, "stuck": True}, install={"remediation": {"retries": 3}}))
    s.until_field("web-web", "spec.replicas", 1, kind="Deployment")
    s.until_condition("web", "Ready", "Unknown")
    s.dump("waiting")
    s.apply(s.release(values={"deployment": True, "stuck": False}, install={"remediation": {"retries": 3}}))
    s.until_event("HealthCheckCanceled")
    s.until_ready("web")
    s.dump("healed")


@scenario
def deployments_of_odd_kinds(s):
    "one that is paused is not waited for; one that exceeds its deadline fails at once"
    deployment = lambda name, more, pod="": ("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %s}\nspec:\n  %s\n  selector: {matchLabels: {app: %s}}\n"
                                             "  template: {metadata: {labels: {app: %s}}, spec: {nodeSelector: {no: such}, containers: [{name: a, image: b}]}}\n") % (name, more, name, name)
    s.publish(charts.app(extra={"templates/paused.yaml": deployment("paused", "paused: true")}),
              charts.app("2.0.0", extra={"templates/late.yaml": deployment("late", "progressDeadlineSeconds: 2")}))
    s.apply(s.helm_repository(), s.release("paused"), s.release("late", version="2.0.0"))
    s.until_ready("paused")
    s.until_condition("late", "Stalled", "True")
    s.dump("judged")


@scenario
def wait_legacy_fails(s):
    start(s)
    s.apply(s.release(values={"deployment": True, "stuck": True}, waitStrategy={"name": "legacy"}, install={"timeout": "4s"}))
    s.until_condition("web", "Stalled", "True")
    s.dump("failed")


@scenario
def services_and_volumes(s):
    "kinds whose readiness is a rule of its own"
    extra = {"templates/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: lb}\nspec: {type: LoadBalancer, selector: {app: x}, ports: [{port: 80}]}\n---\n"
             "apiVersion: v1\nkind: Service\nmetadata: {name: ext}\nspec: {type: ExternalName, externalName: example.com}\n",
             "templates/sets.yaml": "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: set}\nspec: {replicas: 2, serviceName: ext, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}]}}}\n---\n"
             "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: cron}\nspec: {schedule: \"0 0 1 1 *\", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}}\n---\n"
             "apiVersion: v1\nkind: Pod\nmetadata: {name: pod}\nspec: {containers: [{name: a, image: b}]}\n"}
    s.publish(charts.app(extra=extra))
    s.apply(s.helm_repository(), s.release())
    s.until_condition("web", "Released")
    s.dump("installed")


# ---- drift
@scenario
def drift_rules(s):
    "whole objects, targets by label and name, rules without a target"
    start(s)
    ignore = [{"paths": [""], "target": {"kind": "Deployment"}}, {"paths": ["/data/message"], "target": {"labelSelector": "chart=app-1.0.0"}},
              {"paths": ["/data/revision"], "target": {"kind": "ConfigMap", "name": "web-.*"}}]
    s.apply(s.release(values={"deployment": True, "other": "second"}, driftDetection={"mode": "warn", "ignore": ignore}))
    s.until_ready("web")
    s.patch("Deployment", "web-web", {"spec": {"replicas": 2}})
    s.patch("ConfigMap", "web-settings", {"data": {"message": "by hand", "revision": "9"}})
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_field("web", "status.lastHandledReconcileAt", "1")
    s.dump("all ignored")
    s.patch("ConfigMap", "second", {"data": {"owner": "by hand", "more": "x"}, "metadata": {"annotations": {"note": "mine"}}})
    s.annotate("HelmRelease", "web", requestedAt="2")
    s.until_condition("web", "Drifted", "True")
    s.dump("one is not")


@scenario
def drift_in_manifest(s):
    "an object that the chart itself keeps out; one with a generated name; one of another namespace"
    other = s.namespace("other")
    extra = {"templates/out.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: out, annotations: {helm.toolkit.fluxcd.io/driftDetection: disabled}}\ndata: {a: b}\n",
             "templates/away.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: away, namespace: %s}\ndata: {a: b}\n" % other,
             "templates/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: hidden}\nstringData: {password: secret}\n"}
    s.publish(charts.app(extra=extra))
    s.apply(s.helm_repository(), s.release(driftDetection={"mode": "enabled"}))
    s.until_ready("web")
    s.patch("ConfigMap", "out", {"data": {"a": "by hand"}})
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_field("web", "status.lastHandledReconcileAt", "1")
    s.dump("kept out")


# ---- post-rendering
@scenario
def post_renderers_and_hooks(s):
    "patches reach hooks or not, by strategy; labels of the owner cannot be taken"
    start(s)
    render = [{"kustomize": {"patches": [{"target": {"kind": "Job"}, "patch": "- {op: add, path: /metadata/labels, value: {patched: \"yes\"}}"},
                                         {"target": {"labelSelector": "chart=app-1.0.0"}, "patch": "- {op: add, path: /data/selected, value: \"yes\"}"}],
                             "images": [{"name": "b", "newTag": "2"}, {"name": "nginx", "digest": "sha256:" + "0" * 64}]}}]
    labels = {"labels": {"team": "a", "helm.toolkit.fluxcd.io/name": "stolen"}}
    for strategy in ("nohooks", "combined", "separate"):
        s.apply(s.release(strategy, values={"hooks": [{"name": "before", "on": "pre-install"}], "deployment": True}, postRenderStrategy=strategy, postRenderers=render, commonMetadata=labels))
        s.until_ready(strategy)
    s.dump("installed")


@scenario
def post_render_same_id(s):
    "a hook and a template of one name: only what is rendered apart can have both"
    twice = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: twice%s}\ndata: {a: b}\n"
    s.publish(charts.app(extra={"templates/one.yaml": twice % "", "templates/two.yaml": twice % ", annotations: {helm.sh/hook: pre-upgrade}"}))
    s.apply(s.helm_repository(), s.release("combined"), s.release("separate", postRenderStrategy="separate"), s.release("nohooks", postRenderStrategy="nohooks"))
    s.until_condition("combined", "Released")
    s.until_condition("separate", "Released")
    s.until_condition("nohooks", "Released")
    s.dump("installed")


@scenario
def post_renderers_chained(s):
    "what one makes the next one sees; metadata alone changes"
    start(s)
    one = {"kustomize": {"patches": [{"target": {"kind": "ConfigMap"}, "patch": "- {op: add, path: /data/first, value: \"1\"}"}]}}
    two = {"kustomize": {"patches": [{"target": {"kind": "ConfigMap"}, "patch": "- {op: replace, path: /data/first, value: \"2\"}"}]}}
    s.apply(s.release(postRenderers=[one, two]))
    s.until_ready("web")
    s.dump("installed")
    s.apply(s.release(postRenderers=[one]))
    s.until_field("web", "status.history.0.version", 2)
    s.until_ready("web")
    s.dump("one taken away")


# ---- identities and clusters
def kubeconfig(s):
    with open(s.world.dir + "/cluster/pki/apiserver.crt", "rb") as content:
        authority = base64.b64encode(content.read()).decode()
    text = ("apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: \"https://127.0.0.1:%d\", certificate-authority-data: %s}}]\n"
            "users: [{name: u, user: {token: admin-token}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n")
    return text % (s.world.port + 43, authority)


@scenario
def kube_config_used(s):
    "the very cluster, by a Secret; which is gone when the release goes"
    start(s)
    s.apply(secret("there", value=kubeconfig(s)), secret("yaml", value__yaml=kubeconfig(s)), secret("odd", mine=kubeconfig(s)))
    s.apply(s.release(kubeConfig={"secretRef": {"name": "there"}}, values={"deployment": True}, driftDetection={"mode": "enabled"}),
            s.release("yaml", kubeConfig={"secretRef": {"name": "yaml"}}), s.release("odd", kubeConfig={"secretRef": {"name": "odd", "key": "mine"}}))
    for name in ("web", "yaml", "odd"):
        s.until_ready(name)
    s.dump("installed")
    s.delete("HelmRelease", "yaml")
    s.delete("Secret", "odd")
    s.delete("HelmRelease", "odd")
    s.dump("deleted, one without its Secret")


@scenario
def kube_config_of_map(s):
    "configMapRef: what it must say"
    start(s)
    s.apply(config_map("empty", other="x"), config_map("odd", provider="nowhere"), config_map("generic", provider="generic"),
            s.release("none", kubeConfig={"configMapRef": {"name": "none"}}), s.release("empty", kubeConfig={"configMapRef": {"name": "empty"}}),
            s.release("odd", kubeConfig={"configMapRef": {"name": "odd"}}), s.release("generic", kubeConfig={"configMapRef": {"name": "generic"}}))
    for name in ("none", "empty", "odd", "generic"):
        s.until_condition(name, "Ready", "False", "RESTClientError")
    s.dump("refused")


@scenario
def account_gone(s):
    "the account is gone when the release goes: it is left as it stands"
    start(s)
    s.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "tenant"}},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "tenant"}, "rules": [{"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["*"]}]},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "tenant"}, "subjects": [{"kind": "ServiceAccount", "name": "tenant", "namespace": s.ns}],
             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant"}})
    s.apply(s.release(serviceAccountName="tenant"))
    s.until_ready("web")
    s.delete("ServiceAccount", "tenant")
    s.delete("HelmRelease", "web")
    s.dump("deleted")


# ---- odds and ends
@scenario
def deleted_before_it_was_released(s):
    s.apply(s.release())
    s.until_condition("web", "Ready", "False", "SourceNotReady")
    s.delete("HelmRelease", "web")
    s.dump("deleted")


@scenario
def release_name_is_none(s):
    start(s)
    s.apply(s.release(releaseName="Not_a_name"))
    s.until_condition("web", "Ready", "False")
    s.dump("refused")


@scenario
def stuck_uninstalling(s):
    "an uninstall by hand that broke off"
    start(s)
    s.apply(s.release())
    s.until_ready("web")
    set_record_status(s, "web", 1, "uninstalling")
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_field("web", "status.lastHandledReconcileAt", "1")
    s.dump("dealt with")


@scenario
def stuck_failed(s):
    "a record that somebody has marked failed"
    start(s)
    s.apply(s.release())
    s.until_ready("web")
    set_record_status(s, "web", 1, "failed")
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_field("web", "status.history.0.version", 2)
    s.until_ready("web")
    s.dump("upgraded")


@scenario
def metadata_alone_changes(s):
    "labels and annotations of the HelmRelease are no new generation"
    start(s)
    s.apply(s.release(metadata={"labels": {"a": "b"}}))
    s.until_ready("web")
    s.apply(s.release(metadata={"labels": {"a": "c"}, "annotations": {"note": "x"}}))
    s.dump("nothing happens")


@scenario
def upgrade_test_off_and_on(s):
    "tests that failed, then are turned off, and on again"
    start(s)
    s.apply(s.release(values={"hooks": BAD_TESTS}, test={"enable": True}))
    s.until_condition("web", "Stalled", "True")
    s.apply(s.release(values={"hooks": BAD_TESTS}))
    s.until_ready("web")
    s.dump("off")
    s.apply(s.release(values={"hooks": TESTS}, test={"enable": True}))
    s.until_condition("web", "TestSuccess", "True")
    s.until_ready("web")
    s.dump("on")


@scenario
def dns_is_not_asked(s):
    s.publish(charts.app(extra={"templates/host.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: host}\ndata: {found: \"{{ getHostByName \"localhost\" }}\"}\n"}))
    s.apply(s.helm_repository(), s.release())
    s.until_ready("web")
    s.dump("installed")


@scenario
def upgrade_hook_fails_then_good(s):
    stalls(s, s.release(), s.release(values={"hooks": [FAILING_HOOK]}))
    s.apply(s.release(values={"hooks": []}))
    s.until_ready("web")
    s.dump("healed")


@scenario
def not_mapped_kinds(s):
    "a list, objects without a name, an object of another namespace that is not there"
    extra = {"templates/list.yaml": "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: listed}\n"}
    s.publish(charts.app(extra=extra), charts.app("2.0.0", extra={"templates/nameless.yaml": "apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n"}),
              charts.app("3.0.0", extra={"templates/away.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: away, namespace: no-such-namespace}\n"}),
              charts.app("4.0.0", extra={"templates/generated.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: gen-}\n"}))
    s.apply(s.helm_repository(), s.release("list"), s.release("nameless", version="2.0.0"), s.release("away", version="3.0.0"))
    for name in ("list", "nameless", "away"):
        s.until_condition(name, "Released")
    s.dump("tried")
