#!/usr/bin/env bash
# Drives the embedded Kubernetes API with the real kubectl.
# usage: embedded_kubectl.sh WEIR [KUBECTL]   WEIR is the built program; starts `weir kube` on a free port
set -euo pipefail
weir=${1:?usage: embedded_kubectl.sh WEIR [KUBECTL]}
kubectl=${2:-${WEIR_PEERS:-$HOME/.cache/weir-peers}/kubectl}
[ -x "$kubectl" ] || { echo "SKIP: no kubectl at $kubectl"; exit 77; }
dir=$(mktemp -d); pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$dir"' EXIT
"$weir" kube --listen 127.0.0.1:0 --write-kubeconfig "$dir/kubeconfig" >"$dir/out" 2>&1 &
pid=$!
for _ in $(seq 100); do [ -s "$dir/kubeconfig" ] && break; sleep 0.05; done
k() { timeout 60 "$kubectl" --kubeconfig "$dir/kubeconfig" --cache-dir "$dir/cache" "$@"; }
failed=0
expect() { # NAME WANTED-SUBSTRING COMMAND...
  local name=$1 wanted=$2 out; shift 2
  out=$("$@" 2>&1) || true
  if [[ $out == *"$wanted"* ]]; then echo "ok   $name"; else echo "FAIL $name: wanted '$wanted', got: $out"; failed=1; fi
}
cat >"$dir/app.yaml" <<'Y'
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cfg, namespace: shop}
data: {a: "1"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "nginx:1.27"}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, namespace: shop}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: j, image: "busybox:1"}]}}}
Y
expect "the version is Kubernetes'" "Server Version: v1.35" k version
expect "client-side apply creates" "deployment.apps/web created" k apply -f "$dir/app.yaml"
expect "client-side apply again changes nothing" "deployment.apps/web unchanged" k apply -f "$dir/app.yaml"
expect "server-side apply" "job.batch/once serverside-applied" k apply --server-side -f "$dir/app.yaml"
expect "a roll-out ends" "successfully rolled out" k rollout status deploy/web -n shop --timeout=20s
expect "a Job completes" "condition met" k wait --for=condition=complete job/once -n shop --timeout=20s
expect "tables have kubectl's columns" "READY   UP-TO-DATE   AVAILABLE" k get deploy -n shop
expect "names" "deployment.apps/web" k get deploy -n shop -o name
expect "scale" "scaled" k scale deploy/web -n shop --replicas=3
expect "strategic patch" "patched" k patch deploy web -n shop -p '{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"nginx:1.28"}]}}}}'
expect "undo" "rolled back" k rollout undo deploy/web -n shop
expect "describe" "Progressing" k describe deploy web -n shop
expect "a conflict names the other manager" 'conflict with "kubectl": .data.a' k apply --server-side --field-manager=other -f - <<<'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"cfg","namespace":"shop"},"data":{"a":"2"}}'
expect "unknown fields are refused" 'unknown field "datas"' k apply -f - <<<'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"cfg","namespace":"shop"},"datas":{}}'
expect "typed commands" "namespace/other created" k create namespace other
expect "access reviews" "yes" k auth can-i '*' '*'
expect "api-resources" "deployments" k api-resources --api-group=apps
expect "a namespace ends with its contents" 'namespace "shop" deleted' k delete namespace shop --timeout=20s
expect "what is gone is not found" 'namespaces "shop" not found' k get namespace shop
exit $failed
