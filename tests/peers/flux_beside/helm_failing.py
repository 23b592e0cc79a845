"""HelmReleases that fail: what fails, how, and what is done about it; tests; releases that somebody else has touched."""
import base64, gzip, json
import charts
from helm_basic import start
from stage import scenario

SCHEMA = '{"$schema": "https://json-schema.org/draft-07/schema#", "type": "object", "properties": {"replicas": {"type": "integer", "minimum": 1}}}'
FAILING_HOOK = {"name": "before", "on": "pre-install,pre-upgrade", "fails": True}


def stalls(s, *steps, reason="RetriesExceeded"):
    """Applies each and waits until the release has given up on the last."""
    start(s)
    for step in steps[:-1]:
        s.apply(step)
        s.until_ready("web")
        s.dump("good")
    s.apply(steps[-1])
    s.until_condition("web", "Stalled", "True", reason, timeout=90)
    s.dump("stalled")


@scenario
def install_template_error(s):
    "nothing is stored: tried again and again"
    start(s)
    s.apply(s.release(values={"fail": "this is what the chart says"}))
    s.until_condition("web", "Released", "False", "InstallFailed")
    s.dump("failed")
    s.apply(s.release(values={"message": "good"}))
    s.until_ready("web")
    s.dump("healed")


@scenario
def install_template_error_retries(s):
    "retries do not count what was not stored"
    start(s)
    s.apply(s.release(values={"fail": "no"}, install={"remediation": {"retries": 1}}))
    s.until_condition("web", "Released", "False", "InstallFailed")
    s.dump("failed")


@scenario
def install_template_nil(s):
    s.publish(charts.app(extra={"templates/nil.yaml": "a: {{ .Values.a.b.c }}\n"}))
    s.apply(s.helm_repository(), s.release())
    s.until_condition("web", "Released", "False", "InstallFailed")
    s.dump("failed")


@scenario
def install_bad_yaml(s):
    "a manifest that is no YAML"
    s.publish(charts.app(extra={"templates/bad.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x\n"}))
    s.apply(s.helm_repository(), s.release())
    s.until_condition("web", "Released", "False", "InstallFailed")
    s.dump("failed")


@scenario
def install_schema_error(s):
    s.publish(charts.app(extra={"values.schema.json": SCHEMA}))
    s.apply(s.helm_repository(), s.release(values={"replicas": "many"}))
    s.until_condition("web", "Released", "False", "InstallFailed")
    s.dump("failed")
    s.apply(s.release(values={"replicas": "3"}, install={"disableSchemaValidation": True}))
    s.until_ready("web")
    s.dump("unchecked")


@scenario
def upgrade_schema_error(s):
    s.publish(charts.app(extra={"values.schema.json": SCHEMA}))
    s.apply(s.helm_repository(), s.release())
    s.until_ready("web")
    s.apply(s.release(values={"replicas": 0}))
    s.until_condition("web", "Released", "False", "UpgradeFailed")
    s.dump("failed")


@scenario
def install_missing_kind(s):
    start(s)
    s.apply(s.release(values={"missingKind": True}))
    s.until_condition("web", "Released", "False", "InstallFailed")
    s.dump("failed")


@scenario
def install_refused(s):
    "the API server refuses an object; no remediation"
    start(s)
    stalls(s, s.release(values={"badKey": True}))


@scenario
def install_refused_retries(s):
    stalls(s, s.release(values={"badKey": True}, install={"remediation": {"retries": 1}}))


@scenario
def install_refused_remediate_last(s):
    stalls(s, s.release(values={"badKey": True}, install={"remediation": {"retries": 1, "remediateLastFailure": True}}))


@scenario
def install_refused_remediate_last_no_retries(s):
    stalls(s, s.release(values={"badKey": True}, install={"remediation": {"remediateLastFailure": True}}))


@scenario
def install_refused_then_good(s):
    stalls(s, s.release(values={"badKey": True}))
    s.apply(s.release(values={"badKey": False}))
    s.until_ready("web")
    s.dump("healed")


@scenario
def install_retry_on_failure(s):
    "a failed install is tried again as an upgrade"
    start(s)
    s.apply(s.release(values={"badKey": True}, install={"strategy": {"name": "RetryOnFailure", "retryInterval": "6s"}}))
    s.until_condition("web", "Reconciling", "True", "ProgressingWithRetry", "retrying after")
    s.dump("first")
    s.until_field("web", "status.history.0.version", 2)
    s.until_condition("web", "Reconciling", "True", "ProgressingWithRetry", "retrying after")
    s.dump("second")
    s.apply(s.release(values={"badKey": False}, install={"strategy": {"name": "RetryOnFailure", "retryInterval": "6s"}}))
    s.until_ready("web")
    s.dump("healed")


@scenario
def upgrade_retry_on_failure(s):
    start(s)
    retry = {"strategy": {"name": "RetryOnFailure", "retryInterval": "6s"}}
    s.apply(s.release(upgrade=retry))
    s.until_ready("web")
    s.apply(s.release(values={"badKey": True}, upgrade=retry))
    s.until_condition("web", "Reconciling", "True", "ProgressingWithRetry", "retrying after")
    s.dump("first")
    s.until_field("web", "status.history.0.version", 3)
    s.until_condition("web", "Reconciling", "True", "ProgressingWithRetry", "retrying after")
    s.dump("second")
    s.apply(s.release(values={"message": "good"}, upgrade=retry))
    s.until_ready("web")
    s.dump("healed")


@scenario
def install_times_out(s):
    "a Deployment that never is available"
    stalls(s, s.release(values={"deployment": True, "stuck": True}, install={"timeout": "4s"}))


@scenario
def install_times_out_remediated(s):
    stalls(s, s.release(values={"deployment": True, "stuck": True}, install={"timeout": "4s", "remediation": {"retries": 1, "remediateLastFailure": True}}))


@scenario
def install_hook_fails(s):
    stalls(s, s.release(values={"hooks": [FAILING_HOOK]}, timeout="20s"))


@scenario
def install_hook_fails_retries(s):
    stalls(s, s.release(values={"hooks": [FAILING_HOOK, {"name": "earlier", "on": "pre-install", "weight": -1, "policy": "hook-succeeded"}]},
                        install={"remediation": {"retries": 1}}))


@scenario
def install_post_hook_fails(s):
    stalls(s, s.release(values={"hooks": [{"name": "after", "on": "post-install", "fails": True, "policy": "hook-failed"}]}))


@scenario
def install_hooks_disabled(s):
    start(s)
    s.apply(s.release(values={"hooks": [FAILING_HOOK]}, install={"disableHooks": True}))
    s.until_ready("web")
    s.dump("installed")


@scenario
def hooks_of_all_events(s):
    start(s)
    hooks = [{"name": "b", "on": "pre-install", "weight": 1}, {"name": "a", "on": "pre-install,post-upgrade", "weight": 1}, {"name": "c", "on": "pre-install", "weight": -3},
             {"name": "d", "on": "post-install", "policy": "hook-succeeded"}, {"name": "e", "on": "pre-upgrade", "policy": "before-hook-creation,hook-succeeded"},
             {"name": "f", "on": "post-delete"}]
    s.apply(s.release(values={"hooks": hooks}))
    s.until_ready("web")
    s.dump("installed")
    s.apply(s.release(values={"hooks": hooks, "message": "two"}))
    s.until_ready("web")
    s.dump("upgraded")


@scenario
def upgrade_refused(s):
    "no remediation: the failed upgrade stands"
    stalls(s, s.release(), s.release(values={"badKey": True}))


@scenario
def upgrade_refused_rollback(s):
    stalls(s, s.release(values={"message": "good"}), s.release(values={"badKey": True}, upgrade={"remediation": {"retries": 1}}))
    s.apply(s.release(values={"message": "good"}, upgrade={"remediation": {"retries": 1}}))
    s.until_ready("web")
    s.dump("back to what was rolled back to")


@scenario
def upgrade_refused_keep_last(s):
    "remediateLastFailure false: the last failure stands"
    stalls(s, s.release(), s.release(values={"badKey": True}, upgrade={"remediation": {"retries": 1, "remediateLastFailure": False}}))


@scenario
def upgrade_refused_uninstall(s):
    start(s)
    remediation = {"remediation": {"retries": 1, "strategy": "uninstall"}}
    s.apply(s.release(values={"message": "good"}, upgrade=remediation))
    s.until_ready("web")
    s.apply(s.release(values={"badKey": True}, upgrade=remediation))
    s.until_condition("web", "Stalled", "True", "RetriesExceeded", timeout=90)
    s.dump("stalled")


@scenario
def upgrade_refused_remediate_no_retries(s):
    stalls(s, s.release(), s.release(values={"badKey": True}, upgrade={"remediation": {"retries": 0, "remediateLastFailure": True}}))


@scenario
def upgrade_times_out_rollback(s):
    stalls(s, s.release(values={"deployment": True}),
           s.release(values={"deployment": True, "stuck": True}, upgrade={"timeout": "4s", "remediation": {"retries": 1}}))


@scenario
def upgrade_cleanup_on_fail(s):
    stalls(s, s.release(), s.release(values={"other": "new", "badKey": True}, upgrade={"cleanupOnFail": True}))


@scenario
def upgrade_hook_fails_rollback(s):
    stalls(s, s.release(), s.release(values={"hooks": [FAILING_HOOK]}, upgrade={"remediation": {"retries": 1}}))


@scenario
def upgrade_rollback_then_good(s):
    stalls(s, s.release(values={"message": "one"}), s.release(values={"badKey": True}, upgrade={"remediation": {"retries": 1}}))
    s.apply(s.release(values={"message": "two"}, upgrade={"remediation": {"retries": 1}}))
    s.until_ready("web")
    s.dump("healed")


@scenario
def upgrade_template_error_rollback(s):
    "nothing is stored: nothing to roll back"
    start(s)
    s.apply(s.release())
    s.until_ready("web")
    s.apply(s.release(values={"fail": "no"}, upgrade={"remediation": {"retries": 1}}))
    s.until_condition("web", "Released", "False", "UpgradeFailed")
    s.dump("failed")
    s.apply(s.release(upgrade={"remediation": {"retries": 1}}))
    s.until_ready("web")
    s.dump("taken back")


TESTS = [{"name": "check", "on": "test"}, {"name": "other", "on": "test", "weight": 5}]
BAD_TESTS = [{"name": "check", "on": "test", "fails": True}, {"name": "other", "on": "test", "weight": 5}]


@scenario
def tests_succeed(s):
    start(s)
    s.apply(s.release(values={"hooks": TESTS}, test={"enable": True}))
    s.until_ready("web")
    s.dump("installed")
    s.apply(s.release(values={"hooks": TESTS, "message": "two"}, test={"enable": True}))
    s.until_field("web", "status.history.0.version", 2)
    s.until_ready("web")
    s.dump("upgraded")
    s.apply(s.release(values={"hooks": TESTS, "message": "two"}))
    s.until_ready("web")
    s.dump("tests off")


@scenario
def tests_turned_on(s):
    "of a release that stands already; and of a chart without tests"
    start(s)
    s.apply(s.release(values={"hooks": TESTS[:1]}), s.release("none"))
    s.until_ready("web")
    s.until_ready("none")
    s.apply(s.release(values={"hooks": TESTS[:1]}, test={"enable": True}), s.release("none", test={"enable": True}))
    s.until_condition("web", "TestSuccess", "True")
    s.until_condition("none", "TestSuccess", "True")
    s.dump("tested")


@scenario
def tests_fail(s):
    stalls(s, s.release(values={"hooks": BAD_TESTS}, test={"enable": True}))


@scenario
def tests_fail_remediated(s):
    stalls(s, s.release(values={"hooks": BAD_TESTS}, test={"enable": True}, install={"remediation": {"retries": 1, "remediateLastFailure": True}}))


@scenario
def tests_fail_upgrade_rollback(s):
    stalls(s, s.release(test={"enable": True}, values={"hooks": TESTS}),
           s.release(values={"hooks": BAD_TESTS}, test={"enable": True}, upgrade={"remediation": {"retries": 1}}))


@scenario
def tests_fail_ignored(s):
    start(s)
    s.apply(s.release(values={"hooks": BAD_TESTS}, test={"enable": True, "ignoreFailures": True}),
            s.release("other", values={"hooks": BAD_TESTS}, test={"enable": True}, install={"remediation": {"ignoreTestFailures": True}}))
    s.until_condition("web", "TestSuccess", "False")
    s.until_condition("other", "TestSuccess", "False")
    s.until_condition("web", "Ready", "True")
    s.dump("ignored")


@scenario
def tests_filtered(s):
    start(s)
    s.apply(s.release(values={"hooks": BAD_TESTS}, test={"enable": True, "filters": [{"name": "web-other"}]}),
            s.release("ex", values={"hooks": BAD_TESTS}, test={"enable": True, "filters": [{"name": "ex-check", "exclude": True}]}),
            s.release("all", values={"hooks": BAD_TESTS}, test={"enable": True, "filters": [{"name": "nothing"}]}))
    for name in ("web", "ex", "all"):
        s.until_ready(name)
    s.dump("filtered")


# ---- others have their hands in it
@scenario
def helm_upgrades_by_hand(s):
    start(s)
    s.apply(s.release(values={"message": "ours"}))
    s.until_ready("web")
    s.helm("upgrade", "web", s.chart_folder(charts.app()), "--set", "message=theirs", "--force-conflicts")
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_field("web", "status.history.0.version", 3)
    s.until_ready("web")
    s.dump("undone")


@scenario
def helm_rolls_back_by_hand(s):
    start(s)
    s.apply(s.release(values={"message": "one"}))
    s.until_ready("web")
    s.apply(s.release(values={"message": "two"}))
    s.until_ready("web")
    s.helm("rollback", "web", "1", "--force-conflicts")
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_field("web", "status.history.0.version", 4)
    s.until_ready("web")
    s.dump("undone")


@scenario
def helm_uninstalls_by_hand(s):
    start(s)
    s.apply(s.release())
    s.until_ready("web")
    s.helm("uninstall", "web")
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_field("web", "status.lastHandledReconcileAt", "1")
    s.until_ready("web")
    s.dump("installed again")


@scenario
def helm_uninstalls_by_hand_keeping(s):
    start(s)
    s.apply(s.release())
    s.until_ready("web")
    s.helm("uninstall", "web", "--keep-history")
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_field("web", "status.lastHandledReconcileAt", "1")
    s.dump("dealt with")


@scenario
def helm_installed_before(s):
    "a release that helm has made is taken over by an upgrade"
    start(s)
    s.helm("install", "web", s.chart_folder(charts.app()), "--set", "message=helm")
    s.apply(s.release())
    s.until_ready("web")
    s.dump("taken over")


@scenario
def helm_installed_before_client_side(s):
    start(s)
    s.helm("install", "web", s.chart_folder(charts.app()), "--set", "message=helm,deployment=true", "--server-side=false")
    s.apply(s.release(values={"deployment": True}))
    s.until_ready("web")
    s.dump("taken over")
    s.apply(s.release(values={"deployment": True}, upgrade={"serverSideApply": "enabled", "force": True}, interval="11m"))
    s.annotate("HelmRelease", "web", requestedAt="1", forceAt="1")
    s.until_field("web", "status.history.0.version", 3)
    s.until_ready("web")
    s.dump("server-side from now on")


@scenario
def helm_same_release_before(s):
    "the very release that is asked for stands already"
    start(s)
    s.helm("install", "web", s.chart_folder(charts.app()))
    s.apply(s.release())
    s.until_ready("web")
    s.dump("taken over")


@scenario
def helm_tests_by_hand(s):
    start(s)
    s.apply(s.release(values={"hooks": TESTS}))
    s.until_ready("web")
    s.helm("test", "web")
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_ready("web")
    s.dump("tested by hand")


@scenario
def records_deleted_by_hand(s):
    start(s)
    s.apply(s.release(values={"message": "one"}))
    s.until_ready("web")
    s.apply(s.release(values={"message": "two"}))
    s.until_ready("web")
    s.delete("Secret", "sh.helm.release.v1.web.v2")
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_field("web", "status.lastHandledReconcileAt", "1")
    s.until_ready("web")
    s.dump("the newest gone")
    s.delete("Secret", "sh.helm.release.v1.web.v1")
    s.apply(s.release(values={"badKey": True}, upgrade={"remediation": {"retries": 1}}))
    s.until_condition("web", "Stalled", "True", timeout=90)
    s.dump("no target to roll back to")


def set_record_status(s, name, version, status):
    """Makes a stored release one that an action broke off in."""
    secret = s.get("Secret", "sh.helm.release.v1.%s.v%d" % (name, version))
    record = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
    record["info"]["status"] = status
    data = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(record).encode(), mtime=0))).decode()
    s.patch("Secret", secret["metadata"]["name"], {"data": {"release": data}, "metadata": {"labels": {"status": status}}})


def stuck(s, status, steps=1):
    start(s)
    for i in range(steps):
        s.apply(s.release(values={"message": str(i)}))
        s.until_ready("web")
    set_record_status(s, "web", steps, status)
    s.annotate("HelmRelease", "web", requestedAt="1")
    s.until_field("web", "status.lastHandledReconcileAt", "1")


@scenario
def stuck_pending_install(s):
    stuck(s, "pending-install")
    s.until_ready("web")
    s.dump("unlocked")


@scenario
def stuck_pending_upgrade(s):
    stuck(s, "pending-upgrade", 2)
    s.until_ready("web")
    s.dump("unlocked")


@scenario
def stuck_pending_rollback(s):
    stuck(s, "pending-rollback", 2)
    s.until_ready("web")
    s.dump("unlocked")


@scenario
def stuck_superseded(s):
    "a state that no action starts from"
    stuck(s, "superseded")
    s.dump("not determined")


@scenario
def stuck_unknown(s):
    stuck(s, "unknown")
    s.dump("not determined")


@scenario
def owned_by_another_release(s):
    "an object that another release has made: taken, or refused"
    start(s)
    s.apply(s.release("first", values={"other": "contested"}))
    s.until_ready("first")
    s.apply(s.release("second", values={"other": "contested"}, install={"disableTakeOwnership": True}))
    s.until_condition("second", "Released", "False", "InstallFailed")
    s.dump("refused")
    s.apply(s.release("second", values={"other": "contested"}))
    s.until_ready("second")
    s.dump("taken")


@scenario
def owned_by_nobody(s):
    start(s)
    s.api.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "found", "namespace": s.ns}, "data": {"owner": "nobody", "more": "x"}})
    s.apply(s.release("web", values={"other": "found"}, install={"disableTakeOwnership": True}))
    s.until_condition("web", "Released", "False", "InstallFailed")
    s.dump("refused")
    s.apply(s.release("web", values={"other": "found"}))
    s.until_ready("web")
    s.dump("taken")
