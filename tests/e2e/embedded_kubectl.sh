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
expect "the log of a simulated pod says so" "is simulated" k logs deploy/web -n shop
head -c 4000000 /dev/zero | tr '\0' x >"$dir/big"
expect "an object beyond the API's limit is refused" "limit is 3145728" k create configmap big -n shop --from-file="$dir/big"
cat >"$dir/crd.yaml" <<'Y'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: colours.example.com}
spec:
  group: example.com
  names: {kind: Colour, plural: colours}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties: {name: {type: string}}
            x-kubernetes-validations: [{rule: "self.name != 'beige'", message: not beige}]
Y
colour() { printf 'apiVersion: example.com/v1\nkind: Colour\nmetadata: {name: %s, namespace: shop}\nspec: {name: %s}\n' "$1" "$1"; }
expect "a definition" "colours.example.com created" k apply -f "$dir/crd.yaml"
expect "its kind" "colour.example.com/red created" k apply -f - <<<"$(colour red)"
expect "its rule" "spec: Invalid value: not beige" k apply -f - <<<"$(colour beige)"
expect "a definition goes with its objects" "deleted" k delete crd colours.example.com --timeout=20s
expect "... and is served no more" "the server" k get colours -n shop
k create serviceaccount robot -n shop >/dev/null
k create role reader -n shop --verb=get --resource=pods >/dev/null
k create rolebinding robot -n shop --role=reader --serviceaccount=shop:robot >/dev/null
expect "what an account may do" "pods  " k auth can-i --list -n shop --as system:serviceaccount:shop:robot
expect "its token reads pods" 'pods "none" not found' k get pod none -n shop --token "$(k create token robot -n shop)"
expect "... and nothing else" 'cannot get resource "secrets"' k get secret none -n shop --token "$(k create token robot -n shop)"
expect "a namespace ends with its contents" 'namespace "shop" deleted' k delete namespace shop --timeout=20s
expect "what is gone is not found" 'namespaces "shop" not found' k get namespace shop
exit $failed
