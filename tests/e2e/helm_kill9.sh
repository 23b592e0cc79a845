#!/usr/bin/env bash
# weir is killed with -9 again and again in the middle of installs, upgrades, rollbacks and uninstalls, each time a little
# later than the time before, and then in the middle of tests and of remediations by name; whatever it was doing, the next start
# finds out and finishes it, and no record stays pending.
# usage: tests/e2e/helm_kill9.sh [ROUNDS]
NAME=helm-kill9 PORT=${PORT:-18900}
. "$(dirname "$0")/lib.sh"
helm() { "$peers/helm" "$@"; }
[ -x "$peers/helm" ] || { echo "SKIPPED $NAME: no helm"; exit 0; }
rounds=${1:-4}

write_chart() {
  mkdir -p "$work/repo/chart/templates"
  printf 'apiVersion: v2\nname: shop\nversion: 1.0.0\n' >"$work/repo/chart/Chart.yaml"
  printf 'message: hello\nbroken: false\n' >"$work/repo/chart/values.yaml"
  cat >"$work/repo/chart/templates/app.yaml" <<'Y'
{{- range $i, $_ := until 8 }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ $.Release.Name }}-{{ $i }}"}
data: {message: {{ $.Values.message | quote }}}
{{- end }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}-web"}
spec:
  replicas: 1
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ .Release.Name }}"}, annotations: {message: {{ .Values.message | quote }}}}
    spec: {containers: [{name: app, image: "nginx:1.27"}]}
{{- if .Values.broken }}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: "{{ .Release.Name }}-bad"}
spec: {schedule: "never", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}}
{{- end }}
Y
  for hook in pre-install pre-upgrade post-upgrade pre-rollback pre-delete test; do
    cat >"$work/repo/chart/templates/$hook.yaml" <<Y
apiVersion: batch/v1
kind: Job
metadata: {name: "{{ .Release.Name }}-$hook", annotations: {"helm.sh/hook": $hook, "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded"}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}
Y
  done
}
# release VALUES
release() {
  kubectl apply -f - >/dev/null <<Y
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  interval: 10m
  timeout: 1m
  install: {remediation: {retries: 1, remediateLastFailure: true}}
  upgrade: {remediation: {retries: 0, remediateLastFailure: true}}
  test: {enable: ${tested:-false}}
  chart: {spec: {chart: ./chart, reconcileStrategy: Revision, sourceRef: {kind: GitRepository, name: app}}}
  values: $1
Y
}
field() { kubectl -n shop get hr web -o jsonpath="$1"; }
condition() { field "{.status.conditions[?(@.type==\"$1\")].$2}"; }
observed() { [ "$(field '{.status.observedGeneration}')" = "$(field '{.metadata.generation}')" ]; }
# all_say VALUE: every object of the release
all_say() { [ "$(kubectl -n shop get configmaps -l helm.toolkit.fluxcd.io/name=web -o jsonpath='{.items[*].data.message}' | tr ' ' '\n' | sort | uniq -c | xargs)" = "8 $1" ] || { kubectl -n shop get configmaps -o wide; return 1; }; }
is_ready_with() { [ "$(condition Ready status)" = True ] && observed && all_say "$1"; }
is_rolled_back_to() { [ "$(condition Remediated reason)" = RollbackSucceeded ] && observed && all_say "$1"; }
is_gone() { ! kubectl -n shop get hr web >/dev/null 2>&1 && [ -z "$(kubectl -n shop get configmaps,deployments,jobs,secrets -l helm.toolkit.fluxcd.io/name=web -o name)" ] && [ -z "$(kubectl -n shop get secrets -l owner=helm -o name)" ]; }
nothing_pends() { ! kubectl -n shop get secrets -l owner=helm -o jsonpath='{range .items[*]}{.metadata.labels.status}{"\n"}{end}' | grep -E 'pending|uninstalling'; }
deployed_once() { [ "$(kubectl -n shop get secrets -l owner=helm,status=deployed -o name | wc -l)" = 1 ] || { helm -n shop history web; return 1; }; }
# kill_in ACTION: as soon as the object says that it runs
kill_in() {
  within 60 contains "Running '$1' action" condition Reconciling message || { echo "FAIL it never ran '$1'"; failed=$((failed + 1)); }
  kill -9 "$weir_pid"; wait "$weir_pid" 2>/dev/null || true; start_weir
}
is_tested_with() { [ "$(condition TestSuccess reason)" = TestSucceeded ] && is_ready_with "$1"; }
is_uninstalled_for_good() {
  [ "$(condition Stalled reason)" = RetriesExceeded ] && [ "$(condition Remediated reason)" = UninstallSucceeded ] && observed &&
    [ -z "$(kubectl -n shop get configmaps,deployments -l helm.toolkit.fluxcd.io/name=web -o name)" ] ||
    { field '{.status.conditions}'; helm -n shop history web; return 1; }
}
kill_after() { sleep "$1"; kill -9 "$weir_pid"; wait "$weir_pid" 2>/dev/null || true; start_weir; }

start_cluster
start_git
write_chart
push "the chart"
"$weir" install crds | kubectl apply --server-side -f - >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
kubectl create namespace shop >/dev/null
start_weir
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: app, namespace: shop}
spec: {interval: 1m, url: "$git_url", ref: {branch: main}}
Y
kubectl -n shop wait gitrepository/app --for=condition=Ready --timeout=30s >/dev/null

for round in $(seq "$rounds"); do
  delay=$(awk -v r="$round" -v n="$rounds" 'BEGIN {printf "%.2f", 0.03 + (r - 1) * 1.2 / n}')
  release "{message: \"$round-a\"}"
  kill_after "$delay"
  check "killed $delay s into an install" within 90 is_ready_with "$round-a"
  check "... nothing pends" nothing_pends
  check "... and one revision is deployed" deployed_once
  release "{message: \"$round-b\"}"
  kill_after "$delay"
  check "killed $delay s into an upgrade" within 90 is_ready_with "$round-b"
  check "... nothing pends" nothing_pends
  check "... and one revision is deployed" deployed_once
  release "{message: \"$round-c\", broken: true}"
  kill_after "$delay"
  check "killed $delay s into an upgrade that fails: it is rolled back" within 120 is_rolled_back_to "$round-b"
  check "... nothing pends" nothing_pends
  check "... and one revision is deployed" deployed_once
  kubectl -n shop delete hr web --wait=false >/dev/null
  kill_after "$delay"
  check "killed $delay s into an uninstall: nothing is left" within 90 is_gone
done
tested=true
release '{message: tested}'
kill_in test
check "killed in the middle of tests: they are run again" within 90 is_tested_with tested
check "... nothing pends" nothing_pends
check "... and one revision is deployed" deployed_once
release '{message: again, broken: true}'
kill_in rollback
check "killed in the middle of a rollback: it is rolled back" within 120 is_rolled_back_to tested
check "... nothing pends" nothing_pends
check "... and one revision is deployed" deployed_once
kubectl -n shop delete hr web --timeout=90s >/dev/null
tested=false
release '{message: first, broken: true}'
kill_in uninstall
check "killed in the middle of an uninstall that remediates: it is tried again, and ends" within 120 is_uninstalled_for_good
check "... nothing pends" nothing_pends
release '{message: mended}'
check "... and what is mended is installed" within 90 is_ready_with mended
check "... as the one revision that is deployed" deployed_once
check "weir verify" contains "✔" "$weir" verify
summary
