#!/usr/bin/env bash
# The main job on a real control plane: `weir run` reconciles a Git repository served by git http-backend, and the
# real flux and kubectl agree with it. usage: tests/e2e/spine.sh
NAME=spine PORT=17600
. "$(dirname "$0")/lib.sh"

count=20
write_apps() {
  mkdir -p "$work/repo/apps"
  for i in $(seq "$count"); do
    mkdir -p "$work/repo/apps/$i"
    cat >"$work/repo/apps/$i/app.yaml" <<Y
apiVersion: v1
kind: ConfigMap
metadata: {name: settings-$i, namespace: shop}
data: {key: "one"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-$i, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web-$i}}
  template:
    metadata: {labels: {app: web-$i}}
    spec: {containers: [{name: app, image: "nginx:1.27"}]}
Y
    cat >"$work/repo/apps/$i/extra.yaml" <<Y
apiVersion: v1
kind: ConfigMap
metadata: {name: extra-$i, namespace: shop}
data: {key: "extra"}
Y
  done
}

write_objects() {
  cat <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: app, namespace: flux-system}
spec: {interval: 1m, url: "$git_url", ref: {branch: main}}
Y
  for i in $(seq "$count"); do
    cat <<Y
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app-$i, namespace: flux-system}
spec:
  interval: 10m
  retryInterval: 5s
  path: ./apps/$i
  prune: true
  wait: true
  timeout: 1m
  sourceRef: {kind: GitRepository, name: app}
Y
  done
}

same_output() { diff <(flux "$@" 2>&1) <("$weir" "$@" 2>&1); }
spec_of() { kubectl -n shop get "$1" -o jsonpath="$2"; }
value_is() { [ "$(spec_of "$1" "$2")" = "$3" ]; }
drifted_by() { "$weir" history "$2" -n shop | awk -v manager="$1" '$3 == "drifted" && index($0, manager) {found = 1} END {exit !found}'; }
absent() { ! kubectl -n shop get "$1"; }

start_cluster
start_git
write_apps
push "twenty applications"
"$weir" install crds | kubectl apply --server-side -f - >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
kubectl create namespace flux-system >/dev/null
kubectl create namespace shop >/dev/null
start_weir
write_objects | kubectl apply -f - >/dev/null

check "kubectl wait sees every Kustomization ready" kubectl -n flux-system wait ks --all --for=condition=Ready --timeout=90s
check "flux get sources git agrees" same_output get sources git
check "flux get kustomizations agrees" same_output get kustomizations
check "flux tree ks agrees" same_output tree ks app-1
check "flux trace finds the source" contains "Revision:" flux trace --kind deployment --api-version apps/v1 -n shop web-1
check "flux trace agrees" same_output trace -n shop deploy/web-1
check "flux check and weir check agree on the Kubernetes version" same_output check --pre
check "flux events lists what was applied" contains "Deployment/shop/web-1 created" flux events --for Kustomization/app-1
check "flux reconcile ks --with-source" flux reconcile ks app-1 --with-source --timeout 30s

kubectl -n shop annotate cm settings-1 marked=by-hand >/dev/null
kubectl -n shop patch cm settings-1 --type merge -p '{"data":{"key":"by hand"}}' >/dev/null
check "a hand edit is reverted within a second" within 1 value_is cm/settings-1 '{.data.key}' one
kubectl -n shop scale deploy web-8 --replicas=3 >/dev/null
check "a scaled Deployment is scaled back within a second" within 1 value_is deploy/web-8 '{.spec.replicas}' 1
check "... and its history names who scaled it" within 5 drifted_by kubectl deploy/web-8
kubectl -n shop delete cm settings-2 >/dev/null
check "a deleted object is back within a second" within 1 value_is cm/settings-2 '{.data.key}' one

sed -i 's/key: "one"/key: "two"/' "$work/repo/apps/3/app.yaml"
push "a change"
check "flux reconcile source git" flux reconcile source git app --timeout 30s
check "a commit rolls out" within 10 value_is cm/settings-3 '{.data.key}' two

git -C "$work/repo" rm -q apps/4/extra.yaml
push "a file less"
flux reconcile source git app --timeout 30s >/dev/null 2>&1
check "removing a file prunes" within 10 absent cm/extra-4

sed -i 's/containers: \[.*/containers: []}/' "$work/repo/apps/5/app.yaml"
sed -i 's/key: "one"/key: "never"/' "$work/repo/apps/5/app.yaml"
push "a bad manifest"
flux reconcile source git app --timeout 30s >/dev/null 2>&1
check "a bad manifest is told with the contract's reason" within 10 contains "ReconciliationFailed" kubectl -n flux-system get ks app-5 -o yaml
check "... and names the dry-run" within 5 contains "Deployment/shop/web-5 dry-run failed (Invalid)" kubectl -n flux-system get ks app-5 -o yaml
check "... and nothing of its stage was applied" value_is cm/settings-5 '{.data.key}' one

check "flux suspend" flux suspend ks app-6
kubectl -n shop patch cm settings-6 --type merge -p '{"data":{"key":"kept"}}' >/dev/null
sleep 0.5
check "a suspended one is left alone" value_is cm/settings-6 '{.data.key}' kept
check "flux resume waits for it" flux resume ks app-6 --timeout 30s
check "... and the hand edit is gone" within 5 value_is cm/settings-6 '{.data.key}' one

kubectl -n flux-system delete ks app-7 --timeout=30s >/dev/null
check "deleting a Kustomization deletes its objects" within 10 absent deploy/web-7

check "weir history tells the change" contains "configured" "$weir" history cm/settings-3 -n shop
check "weir show --at an earlier event" contains "one" "$weir" show cm/settings-3 -n shop --at "$("$weir" history cm/settings-3 -n shop | tail -n 1 | awk '{print $2}')"
check "weir rollback" "$weir" rollback ks/app-3 --to "$("$weir" history cm/settings-3 -n shop | tail -n 1 | awk '{print $2}')"
check "... takes the cluster back" within 10 value_is cm/settings-3 '{.data.key}' one
check "weir unpin" "$weir" unpin ks/app-3
check "... lets go" within 10 value_is cm/settings-3 '{.data.key}' two
check "weir verify on the running log" contains "✔" "$weir" verify
kill "$weir_pid"; wait "$weir_pid" 2>/dev/null || true; weir_pid=
check "weir verify on the closed log" contains "✔" "$weir" verify --data-dir "$WEIR_DATA_DIR"
before=$(kubectl -n shop get cm,deploy -o jsonpath='{range .items[*]}{.metadata.name}={.metadata.resourceVersion} {end}')
start_weir
sleep 4
after=$(kubectl -n shop get cm,deploy -o jsonpath='{range .items[*]}{.metadata.name}={.metadata.resourceVersion} {end}')
check "a restart changes nothing" [ "$before" = "$after" ]
summary
