#!/usr/bin/env bash
# Runs the same verbs with flux and weir against one cluster and compares stdout, stderr and exit codes.
# usage: cli_compare.sh KUBECONFIG [WEIR]   the cluster must be an empty one; its objects are made here
# Peers (flux, kubectl) are looked for in $WEIR_PEERS; without them this is skipped, aloud.
set -u
peers=${WEIR_PEERS:-$HOME/.cache/weir-peers}
export KUBECONFIG=${1:?usage: cli_compare.sh KUBECONFIG [WEIR]} PATH=$PATH:$peers
weir=${2:-build/release/weir}
for tool in flux kubectl; do
  command -v "$tool" >/dev/null || { echo "SKIPPED: no $tool in $peers"; exit 0; }
done
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
sha=0123456789abcdef0123456789abcdef01234567

"$weir" install crds --apply 2>"$work/log" || { cat "$work/log"; exit 1; }
kubectl create ns flux-system >/dev/null 2>&1; kubectl create ns apps >/dev/null 2>&1
kubectl apply -f - >/dev/null <<'Y' || exit 1
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: podinfo, namespace: flux-system, labels: {team: a}}
spec: {interval: 1m0s, url: "https://example.com/podinfo.git", ref: {branch: main}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: other-long-name, namespace: apps}
spec: {interval: 1m0s, url: "https://example.com/other.git", suspend: true}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: fresh, namespace: flux-system}
spec: {interval: 1m0s, url: "https://example.com/fresh.git"}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: root, namespace: flux-system}
spec: {interval: 10m0s, path: ./, prune: true, sourceRef: {kind: GitRepository, name: podinfo}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: child, namespace: apps}
spec:
  interval: 10m0s
  path: ./apps
  prune: true
  targetNamespace: apps
  sourceRef: {kind: GitRepository, name: podinfo, namespace: flux-system}
  postBuild: {substitute: {colour: blue}}
Y
status() {  # NAMESPACE KIND NAME JSON
  kubectl -n "$1" patch "$2" "$3" --subresource=status --type=merge -p "{\"status\":$4}" >/dev/null || exit 1
}
ready() {  # STATUS MESSAGE
  echo "\"conditions\":[{\"type\":\"Ready\",\"status\":\"$1\",\"reason\":\"R\",\"message\":\"$2\"," \
       "\"lastTransitionTime\":\"2026-01-01T00:00:00Z\",\"observedGeneration\":1}],\"observedGeneration\":1"
}
status flux-system gitrepository podinfo "{$(ready True "stored artifact for revision 'main@sha1:$sha'"),
  \"artifact\":{\"revision\":\"main@sha1:$sha\",\"digest\":\"sha256:$sha$(echo $sha | cut -c1-24)\",
  \"path\":\"p\",\"url\":\"http://x/p\",\"lastUpdateTime\":\"2026-01-01T00:00:00Z\",\"size\":5}}"
status flux-system kustomization root "{$(ready True "Applied revision: main@sha1:$sha"),
  \"lastAppliedRevision\":\"main@sha1:$sha\",\"inventory\":{\"entries\":[{\"id\":\"_apps__Namespace\",\"v\":\"v1\"},
  {\"id\":\"apps_child_kustomize.toolkit.fluxcd.io_Kustomization\",\"v\":\"v1\"}]}}"
status apps kustomization child "{$(ready False "health check failed"),
  \"inventory\":{\"entries\":[{\"id\":\"apps_old__ConfigMap\",\"v\":\"v1\"}]}}"
kubectl create -f - >/dev/null <<'Y'
apiVersion: v1
kind: Event
metadata: {generateName: root., namespace: flux-system}
involvedObject: {kind: Kustomization, name: root, namespace: flux-system}
type: Normal
reason: Progressing
message: applied
firstTimestamp: "2026-01-01T10:00:00Z"
lastTimestamp: "2026-01-02T10:00:00Z"
count: 3
Y
mkdir "$work/app"
cat >"$work/app/map.yaml" <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: "${colour}"}
Y
printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: b}\n' >"$work/app/secret.yaml"

different=0
while read -r line; do
  [ -n "$line" ] || continue
  (cd "$work" && eval "flux $line" >f.out 2>f.err; echo $? >f.code)
  (eval "set -- $line"; tool=$(realpath "$weir"); cd "$work" && "$tool" "$@" >w.out 2>w.err; echo $? >w.code)
  for part in out err code; do
    cmp -s "$work/f.$part" "$work/w.$part" && continue
    echo "DIFFERS ($part): $line"; diff "$work/f.$part" "$work/w.$part" | head -10; different=1
  done
done <<'L'
get sources git
get sources git -A
get sources git -l team=a
get sources git -A --status-selector Ready!=true
get sources helm
get sources all -A
get ks -A --show-source
get ks -A --no-header
get ks -A --status-selector ready=false
get ks root
get ks nope
get all -A
get all -w
tree ks root
tree ks root --compact
tree ks root -o json
tree ks root -o yaml
events
events --for Kustomization/root
events --for Nope
events --types x
export source git --all
export source git podinfo
export ks root
export ks nope
build ks child -n apps --path app
build ks nope --path app
diff ks child -n apps --path app --progress-bar=false
diff ks nope --path app --progress-bar=false
diff ks child -n apps --path nope --progress-bar=false
suspend ks root nope root
reconcile ks root
reconcile ks nope
resume ks nope
suspend source git --all
resume source git --all
suspend ks
L
[ $different = 0 ] && echo "same: every verb"
exit $different
