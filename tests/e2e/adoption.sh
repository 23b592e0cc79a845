#!/usr/bin/env bash
# A cluster that Flux has run is taken over: what its controllers applied is recorded, weir reconciles the same revision, and no
# object may change. usage: tests/e2e/adoption.sh
NAME=adoption PORT=17700
. "$(dirname "$0")/lib.sh"

versions() {
  kubectl get namespaces,clusterroles,serviceaccounts,configmaps,secrets,services,deployments,ingresses -A \
    -l kustomize.toolkit.fluxcd.io/name -o json |
    python3 -c 'import json, sys
for item in json.load(sys.stdin)["items"]:
    meta = item["metadata"]
    print(item["kind"], meta.get("namespace", "-"), meta["name"], meta["resourceVersion"])'
}
all_ready() { [ "$(kubectl -n flux-system get ks -o jsonpath='{range .items[*]}{.status.conditions[?(@.type=="Ready")].status} {end}' | tr ' ' '\n' | grep -c True)" -eq 50 ]; }
reconciled() { [ "$("$weir" audit --type ReconcileFinished -o json | grep -c ReconciliationSucceeded)" -ge "$1" ]; }

start_cluster
start_git
git -C "$work/git/repos/app.git" fetch -q "$root/tests/golden/adoption/app.bundle" main:main
"$weir" install crds | kubectl apply --server-side -f - >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
python3 "$root/tests/e2e/adoption_load.py" "$root/tests/golden/adoption/objects.jsonl.gz" "$KUBECONFIG" "$git_url"
sleep 8
versions >"$work/before"
start_weir
check "every Kustomization is ready" within 60 all_ready
sleep 5
versions >"$work/after"
check "the sample is there" [ "$(wc -l <"$work/before")" -ge 170 ]
check "no object changed" diff "$work/before" "$work/after"
for i in $(kubectl -n flux-system get ks -o name); do
  kubectl -n flux-system annotate --overwrite "$i" reconcile.fluxcd.io/requestedAt="$(date +%s%N)" >/dev/null
done
check "every Kustomization answered a requested reconcile" within 60 reconciled 50
versions >"$work/after"
check "... and a full comparison by the server changed no object" diff "$work/before" "$work/after"
check "weir verify" contains "✔" "$weir" verify
summary
