#!/usr/bin/env bash
# HelmReleases on a real control plane: a chart from Git is installed, upgraded, remediated and corrected by weir, and the real
# helm agrees with every release. usage: tests/e2e/helm_release.sh
NAME=helm-release PORT=${PORT:-17800}
. "$(dirname "$0")/lib.sh"
helm() { "$peers/helm" "$@"; }
[ -x "$peers/helm" ] || { echo "SKIPPED $NAME: no helm"; exit 0; }

write_chart() {
  mkdir -p "$work/repo/chart/templates"
  cat >"$work/repo/chart/Chart.yaml" <<Y
apiVersion: v2
name: shop
version: 1.0.0
appVersion: "3.1"
Y
  printf 'replicas: 1\nmessage: hello\nbroken: false\nhook: true\n' >"$work/repo/chart/values.yaml"
  cat >"$work/repo/chart/templates/app.yaml" <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-settings"}
data:
  message: {{ .Values.message | quote }}
  {{- if .Values.broken }}
  "a bad key": "refused by the server"
  {{- end }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}-web"}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ .Release.Name }}"}}
    spec: {containers: [{name: app, image: "nginx:1.27"}]}
Y
  cat >"$work/repo/chart/templates/hook.yaml" <<'Y'
{{- if .Values.hook }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: "{{ .Release.Name }}-hook"
  annotations: {"helm.sh/hook": "pre-install,pre-upgrade"}
data: {revision: "{{ .Release.Revision }}"}
{{- end }}
Y
  cat >"$work/repo/chart/templates/test.yaml" <<'Y'
apiVersion: batch/v1
kind: Job
metadata: {name: "{{ .Release.Name }}-test", annotations: {"helm.sh/hook": test}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}
Y
  printf 'Shop {{ .Release.Name }} says {{ .Values.message }}\n' >"$work/repo/chart/templates/NOTES.txt"
}

# release NAME VALUES [SPEC]: a HelmRelease of the chart
release() {
  kubectl apply -f - >/dev/null <<Y
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: $1, namespace: flux-system}
spec:
  interval: 10m
  timeout: 1m
  targetNamespace: shop
  releaseName: $1
  storageNamespace: shop
  install: {createNamespace: true}
  chart: {spec: {chart: ./chart, reconcileStrategy: Revision, sourceRef: {kind: GitRepository, name: app}}}
  values: $2
${3:-}
Y
}
condition() { kubectl -n flux-system get hr "$1" -o jsonpath="{.status.conditions[?(@.type==\"$2\")].$3}"; }
is_ready() { [ "$(condition "$1" Ready status)" = True ] && [ "$(kubectl -n flux-system get hr "$1" -o jsonpath='{.status.observedGeneration}')" = "$(kubectl -n flux-system get hr "$1" -o jsonpath='{.metadata.generation}')" ]; }
has_reason() { [ "$(condition "$1" "$2" reason)" = "$3" ]; }
revision() { helm -n shop list -o json | python3 -c "import json,sys; print([r['revision'] for r in json.load(sys.stdin) if r['name']=='$1'][0])"; }
at_revision() { [ "$(revision "$1")" = "$2" ]; }
setting() { kubectl -n shop get configmap "$1-settings" -o jsonpath='{.data.message}'; }
says() { [ "$(setting "$1")" = "$2" ]; }
gone() { ! kubectl -n shop get configmap "$1-settings" >/dev/null 2>&1; }
ask() { kubectl -n flux-system annotate --overwrite hr "$1" reconcile.fluxcd.io/requestedAt="$(date +%s%N)" >/dev/null; }
force() { local t; t=$(date +%s%N); kubectl -n flux-system annotate --overwrite hr "$1" reconcile.fluxcd.io/requestedAt="$t" reconcile.fluxcd.io/forceAt="$t" >/dev/null; }
event() { contains "$2" kubectl -n flux-system get events --field-selector "involvedObject.name=$1" -o jsonpath='{range .items[*]}{.reason}: {.message}{"\n"}{end}'; }

start_cluster
start_git
write_chart
push "the chart"
"$weir" install crds | kubectl apply --server-side -f - >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
kubectl create namespace flux-system >/dev/null 2>&1 || true
start_weir
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: app, namespace: flux-system}
spec: {interval: 1m, url: "$git_url", ref: {branch: main}}
Y

release web '{message: one}'
check "a HelmRelease of a chart in Git becomes ready" within 60 is_ready web
check "... and says so as Flux does" contains "Helm install succeeded for release shop/web.v1 with chart shop@1.0.0+" condition web Ready message
check "its objects stand" says web one
check "the hook ran" contains 1 kubectl -n shop get configmap web-hook -o jsonpath='{.data.revision}'
check "helm list" contains deployed helm -n shop list
check "helm status" contains "Shop web says one" helm -n shop status web
check "helm get values" contains "message: one" helm -n shop get values web
check "helm get manifest names the owner" contains "helm.toolkit.fluxcd.io/name: web" helm -n shop get manifest web
check "InstallSucceeded is an event" within 10 event web "InstallSucceeded: Helm install succeeded"
check "flux get hr" contains "Helm install succeeded" flux get hr web
check "weir tree hr" contains "└── Deployment/shop/web-web" "$weir" tree hr web

check "helm test" contains "Succeeded" helm -n shop test web
ask web
check "... leaves the release as weir knows it" within 30 is_ready web
check "... without another revision" at_revision web 1

release web '{message: two, replicas: 2}'
check "new values are an upgrade" within 60 says web two
check "... revision 2" within 30 at_revision web 2
check "helm history tells both" contains superseded helm -n shop history web
check "... and weir is ready" within 30 is_ready web

release web '{message: three, broken: true}' '  upgrade: {remediation: {retries: 1}}'
check "a failing upgrade is rolled back" within 90 has_reason web Remediated RollbackSucceeded
check "... with what stood before" within 30 says web two
check "... and ends with its retries" within 90 has_reason web Stalled RetriesExceeded
release web '{message: four}' '  upgrade: {remediation: {retries: 1}}'
check "a good change heals it" within 60 is_ready web
check "... with its values" says web four

helm -n shop rollback web --force-conflicts >/dev/null
ask web
check "a rollback by hand is undone by the next reconcile" within 60 says web four

helm -n shop uninstall web >/dev/null
ask web
check "what helm uninstalled is installed again" within 60 says web four
check "... and ready" within 30 is_ready web

release web '{message: four}' '  test: {enable: true}'
check "tests of the HelmRelease" within 60 has_reason web TestSuccess TestSucceeded
check "... are told" contains "1 test hook completed successfully" condition web TestSuccess message
check "... with the release" contains Succeeded kubectl -n flux-system get hr web -o jsonpath='{.status.history[0].testHooks}'
check "... and helm sees them" contains "Phase:          Succeeded" helm -n shop status web
before=$(revision web)
release web '{message: four}' '  driftDetection: {mode: enabled}'
check "drift detection on" within 60 has_reason web Drifted NoDriftDetected
kubectl -n shop patch configmap web-settings --type merge -p '{"data":{"message":"by hand"}}' >/dev/null
check "a change by hand is corrected" within 30 says web four
kubectl -n shop delete deployment web-web >/dev/null
check "a deleted object comes back" within 30 kubectl -n shop get deployment web-web
check "... without a new revision" at_revision web "$before"
check "DriftCorrected is an event" within 10 event web "DriftCorrected: Cluster state of release shop/web.v"

force web
check "a forced reconcile is a new revision" within 60 at_revision web $((before + 1))

# Suspended: what is uninstalled would be back before helm has installed it.
flux suspend hr web >/dev/null 2>&1
helm -n shop uninstall web >/dev/null 2>&1 || true
helm -n shop install web "$work/repo/chart" --set message=helm >/dev/null
kubectl -n flux-system patch hr web --type merge -p '{"spec":{"suspend":false}}' >/dev/null
ask web
check "a release that helm made is taken over" within 60 says web four
check "... by an upgrade" within 30 at_revision web 2

# kill -9 while an install waits for its Deployment
release slow '{message: slow, replicas: 3}' '  dependsOn: [{name: web}]'
for _ in $(seq 200); do
  kubectl -n shop get secret sh.helm.release.v1.slow.v1 >/dev/null 2>&1 && break
  sleep 0.02
done
kill -9 "$weir_pid"
wait "$weir_pid" 2>/dev/null || true
start_weir
check "an install that was killed is finished" within 60 is_ready slow
check "... as one release" at_revision slow 1

kubectl -n flux-system delete hr slow --wait=true --timeout=60s >/dev/null
check "deleting the HelmRelease uninstalls" within 30 gone slow
check "... and leaves no record" lacks slow helm -n shop list
check "... and no HelmChart" lacks flux-system-slow kubectl -n flux-system get helmcharts
check "weir verify" contains "✔" "$weir" verify
summary
