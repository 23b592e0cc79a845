#!/usr/bin/env bash
# `weir rollback hr/NAME` on a real control plane, with Git stopped; `weir preview hr` and `weir diff hr`; `weir create` and
# `weir delete hr`. usage: tests/e2e/helm_rollback.sh
NAME=helm-rollback PORT=${PORT:-19000}
. "$(dirname "$0")/lib.sh"
helm() { "$peers/helm" "$@"; }
[ -x "$peers/helm" ] || { echo "SKIPPED $NAME: no helm"; exit 0; }

mkdir -p "$work/chart/templates"
printf 'apiVersion: v2\nname: shop\nversion: 1.0.0\n' >"$work/chart/Chart.yaml"
printf 'message: hello\npassword: first-password\nextra: false\n' >"$work/chart/values.yaml"
cat >"$work/chart/templates/app.yaml" <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-settings"}
data: {message: {{ .Values.message | quote }}}
---
apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}-secret"}
stringData: {password: {{ .Values.password | quote }}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: "{{ .Release.Name }}-db"}
spec:
  serviceName: db
  replicas: 1
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ .Release.Name }}"}}
    spec: {containers: [{name: app, image: "nginx:1.27"}]}
{{- if .Values.extra }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-extra"}
{{- end }}
Y
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}-hook", annotations: {"helm.sh/hook": pre-upgrade}}\n' >"$work/chart/templates/hook.yaml"

start_cluster
start_git
cp -r "$work/chart" "$work/repo/chart"
push "the chart"
"$weir" install crds | kubectl apply --server-side -f - >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
kubectl create namespace flux-system >/dev/null
start_weir
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: app, namespace: flux-system}
spec: {interval: 1m, url: "$git_url", ref: {branch: main}}
Y
values() { kubectl -n flux-system patch hr web --type merge -p "{\"spec\":{\"values\":$1}}" >/dev/null; }
setting() { kubectl -n flux-system get configmap web-settings -o jsonpath='{.data.message}'; }
password() { kubectl -n flux-system get secret web-secret -o jsonpath='{.data.password}' | base64 -d; }
says() { [ "$(setting)" = "$1" ] || { setting; return 1; }; }
ready() { kubectl -n flux-system get hr web -o jsonpath='{.status.conditions[?(@.type=="Ready")].message}'; }
is_ready() { kubectl -n flux-system get hr web -o json | python3 -c 'import json,sys
o = json.load(sys.stdin); s = o["status"]
sys.exit(0 if s["observedGeneration"] == o["metadata"]["generation"] and any(c["type"] == "Ready" and c["status"] == "True" for c in s["conditions"]) else 1)'; }
ends_in() { # CODE COMMAND...
  local code=0; "${@:2}" >"$work/out" 2>&1 || code=$?
  [ "$code" = "$1" ] || { echo "exit code $code"; cat "$work/out"; return 1; }
}
uid() { kubectl -n flux-system get statefulset web-db -o jsonpath='{.metadata.uid}'; }

check "weir create hr waits until it is ready" "$weir" create hr web --chart ./chart --source GitRepository/app --reconcile-strategy Revision --interval 10m --timeout 60s
check "... with the chart's values" says hello
check "a preview of what is in sync" ends_in 0 "$weir" preview hr web
check "... says so" contains "is in sync" cat "$work/out"
check "a diff of what is in sync" ends_in 0 "$weir" diff hr web
before=$(uid)
good=$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)

kubectl -n flux-system get hr web -o yaml >"$work/next.yaml"
python3 - "$work/next.yaml" <<'P'
import sys
text = open(sys.argv[1]).read()
at = text.index("\nspec:\n") + len("\nspec:\n")
open(sys.argv[1], "w").write(text[:at] + "  values: {message: two, password: second-password, extra: true}\n" + text[at:])
P
check "a preview of other values" ends_in 1 "$weir" preview hr web -f "$work/next.yaml"
check "... tells the action" contains "Helm upgrade of flux-system/web to v2 with chart shop@1.0.0" cat "$work/out"
check "... tells why" contains "release config values changed" cat "$work/out"
check "... tells what changes" contains "data.message" cat "$work/out"
check "... tells what is new" contains "ConfigMap/flux-system/web-extra created" cat "$work/out"
check "... tells which hooks run" contains "web-hook runs as pre-upgrade hook" cat "$work/out"
check "... tells no Secret" lacks "second-password" cat "$work/out"
check "... nor the one before" lacks "first-password" cat "$work/out"
check "a diff of other values" ends_in 1 "$weir" diff hr web -f "$work/next.yaml"
check "... tells what changes" contains "ConfigMap/flux-system/web-settings drifted" cat "$work/out"
check "... tells no Secret" lacks "second-password" cat "$work/out"
check "... nor its base64" lacks "$(printf second-password | base64)" cat "$work/out"
check "... with a chart at hand" ends_in 1 "$weir" preview hr web --chart "$work/chart" -f "$work/next.yaml"
check "nothing of it was done" says hello

values '{"message":"two","password":"second-password","extra":true}'
check "the upgrade" within 60 says two
within 60 is_ready
values '{"message":"three","password":"third-password"}'
within 60 says three
check "a third release, ready" within 60 is_ready
kubectl -n flux-system patch hr web --type merge -p '{"spec":{"upgrade":{"remediation":{"retries":2}}}}' >/dev/null
within 30 is_ready

echo >"$work/git.stop" 2>/dev/null || true
kubectl -n flux-system delete gitrepository app --wait=false >/dev/null
check "a rollback that is only shown" contains "web-settings configured" "$weir" rollback hr/web --to "$good" --dry-run
check "... is not done" says three
check "weir rollback hr, its source gone" "$weir" rollback hr/web --to "$good" --timeout 60s
check "... the objects are as they were" says hello
check "... the Secret too" contains first-password password
check "... what came later is gone" lacks web-extra kubectl -n flux-system get configmaps
check "... objects are the same ones" [ "$(uid)" = "$before" ]
check "... told in Ready" contains "(pinned by" ready
check "... a revision that helm knows" contains "Rollback to event" helm -n flux-system history web
check "... and lists as deployed" contains deployed helm -n flux-system list
revision=$(helm -n flux-system list -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["revision"])')
kubectl -n flux-system annotate --overwrite hr web reconcile.fluxcd.io/requestedAt="$(date +%s%N)" >/dev/null
sleep 2
check "... which a reconcile leaves alone" says hello
check "... without another revision" [ "$(helm -n flux-system list -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["revision"])')" = "$revision" ]
kill -9 "$weir_pid"; wait "$weir_pid" 2>/dev/null || true
start_weir
sleep 2
check "... and a restart too" says hello
check "... which is still told" within 20 contains "(pinned by" ready
values '{"message":"four"}'
check "new values end it" within 60 says four
check "... and it is told no more" within 30 lacks "(pinned by" ready
check "weir rollback --hold" "$weir" rollback hr/web --to "$good" --hold --timeout 60s
values '{"message":"five"}'
sleep 2
check "... stays" says hello
check "weir unpin hr" "$weir" unpin hr/web
check "... lets it go" within 60 says five
check "the log tells of them" contains RollbackPinned "$weir" audit
check "... and of their end" contains RollbackReleased "$weir" audit
check "no log line or event tells a password" lacks first-password "$weir" audit -o json
check "weir delete hr" "$weir" delete hr web -s
check "... uninstalls" within 30 lacks web-settings kubectl -n flux-system get configmaps
check "weir verify" contains "✔" "$weir" verify
summary
