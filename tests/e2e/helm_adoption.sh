#!/usr/bin/env bash
# Releases that Flux's helm-controller made are taken over: weir reconciles the same chart and values, adds no revision, and no
# object may change. usage: tests/e2e/helm_adoption.sh
NAME=helm-adoption PORT=${PORT:-17900}
. "$(dirname "$0")/lib.sh"

versions() {
  { kubectl get services,deployments,ingresses -A -l helm.toolkit.fluxcd.io/name -o json
    kubectl get secrets -A -l owner=helm -o json; } |
    python3 -c 'import json, sys
text, at = sys.stdin.read(), 0
decoder = json.JSONDecoder()
while at < len(text.rstrip()):
    data, end = decoder.raw_decode(text[at:])
    at += end + 1
    for item in data["items"]:
        meta = item["metadata"]
        print(item["kind"], meta.get("namespace", "-"), meta["name"], meta["resourceVersion"])'
}
ready_releases() { kubectl -n flux-system get hr -o jsonpath='{range .items[*]}{.status.conditions[?(@.type=="Ready")].status} {end}' | tr ' ' '\n' | grep -c True; }
all_ready() { [ "$(ready_releases)" -eq 6 ]; }
handled() { [ "$(kubectl -n flux-system get hr -o jsonpath='{range .items[*]}{.status.lastHandledReconcileAt}{"\n"}{end}' | grep -c "$1")" -eq 6 ]; }

start_cluster
start_git
git -C "$work/git/repos/app.git" fetch -q "$root/tests/golden/adoption/app.bundle" main:main
"$weir" install crds | kubectl apply --server-side -f - >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
python3 "$root/tests/e2e/adoption_load.py" "$root/tests/golden/helm_release/adoption.jsonl.gz" "$KUBECONFIG" "$git_url"
sleep 8
versions >"$work/before"
start_weir
check "every HelmRelease is ready" within 60 all_ready
for i in $(kubectl -n flux-system get hr -o name); do
  kubectl -n flux-system annotate --overwrite "$i" reconcile.fluxcd.io/requestedAt=asked >/dev/null
done
check "every HelmRelease answered a requested reconcile" within 90 handled asked
check "... and is ready" within 30 all_ready
versions >"$work/after"
check "the sample is there" [ "$(wc -l <"$work/before")" -ge 24 ]
check "no object changed, no release was added" diff "$work/before" "$work/after"
check "drift detection found nothing" contains NoDriftDetected kubectl -n flux-system get hr rel-0 -o yaml
check "weir verify" contains "✔" "$weir" verify
summary
