#!/usr/bin/env bash
# weir kustomize -o, --diff and --explain on a small overlay; -o beside the real kubectl where it is installed.
# usage: tests/e2e/kustomize_cli.sh [WEIR]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
weir=${1:-$root/build/release/weir}
kubectl=${WEIR_PEERS:-$HOME/.cache/weir-peers}/kubectl
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-kustomize-cli.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir base top other
printf 'resources: [all.yaml]\n' >base/kustomization.yaml
cat >base/all.yaml <<'Y'
apiVersion: v1
kind: Namespace
metadata: {name: one}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: one}
spec: {replicas: 1, template: {spec: {containers: [{name: c, image: app}]}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cfg, namespace: two}
data: {k: v}
---
apiVersion: v1
kind: Secret
metadata: {name: hidden, namespace: two}
stringData: {word: hunter2}
Y
printf 'resources: [../base]\nreplicas: [{name: web, count: 3}]\n' >top/kustomization.yaml
cat >other/kustomization.yaml <<'Y'
resources: [../base]
replicas: [{name: web, count: 5}]
patches:
- patch: |
    $patch: delete
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: cfg, namespace: two}
configMapGenerator: [{name: new, literals: [a=b]}]
Y
passed=0 failed=0
check() {
  local what=$1; shift
  if "$@" >"$work/out" 2>&1; then passed=$((passed + 1)); echo "ok   $what"
  else failed=$((failed + 1)); echo "FAIL $what"; head -n 15 "$work/out"; fi
}
exits() { local want=$1 got=0; shift; "$@" >"$work/said" 2>&1 || got=$?; [ "$got" = "$want" ] || { cat "$work/said"; return 1; }; }
says() { grep -qF -- "$1" "$work/said" || { cat "$work/said"; return 1; }; }
silent() { ! grep -qF -- "$1" "$work/said"; }

"$weir" kustomize top >printed
check "-o FILE writes what is printed" sh -c '"$0" kustomize top -o file.yaml && cmp file.yaml printed' "$weir"
mkdir ours theirs
check "-o DIR writes a file a resource" exits 0 "$weir" kustomize top -o ours
check "... named by namespace, type and name" test "$(ls ours | tr '\n' ' ')" = \
  "one_apps_v1_deployment_web.yaml two_v1_configmap_cfg.yaml two_v1_secret_hidden.yaml v1_namespace_one.yaml "
check "... which together are what is printed" sh -c 'cat ours/* | grep -v ^--- | sort >a; grep -v ^--- printed | sort >b; cmp a b'
if [ -x "$kubectl" ]; then
  "$kubectl" kustomize top -o theirs
  check "... as kubectl writes them" diff -r ours theirs
else
  echo "SKIPPED ... as kubectl writes them: no kubectl"
fi
check "-o below a missing folder is an error that names it" exits 1 "$weir" kustomize top -o gone/file.yaml
check "... in one line" says "open gone/file.yaml: No such file or directory"

check "--diff of the same says nothing, exit 0" exits 0 "$weir" kustomize top --diff top
check "... nothing at all" test ! -s said
check "--diff of another exits 1" exits 1 "$weir" kustomize top --diff other
check "... what changed" says "► Deployment/one/web changed"
check "... to what" says "spec.replicas"
check "... what is gone" says "► ConfigMap/two/cfg deleted"
check "... what is new" says "created"
check "... without the Secret that did not change" silent "hidden"
check "--diff of what does not build exits 2" exits 2 "$weir" kustomize top --diff gone
sed 's/hunter2/hunter3/' base/all.yaml >base/changed.yaml
mkdir secret; cp base/changed.yaml secret/all.yaml; printf 'resources: [all.yaml]\n' >secret/kustomization.yaml
check "--diff of a Secret exits 1" exits 1 "$weir" kustomize base --diff secret
check "... and shows no value" silent "hunter"

check "--explain names the pass" exits 0 "$weir" kustomize top --explain Deployment/web
check "... that set a field" grep -qE 'spec.replicas[[:space:]]+3[[:space:]]+ReplicaCountTransformer[[:space:]]+[^ ]*top/kustomization.yaml:2' said
check "... and the line it came from" grep -qE 'containers\[name=c\]\.image[[:space:]]+app[[:space:]]+resource[[:space:]]+[^ ]*base/all.yaml:8' said
check "--explain takes a namespace" exits 0 "$weir" kustomize top --explain configmap/two/cfg
check "--explain hides a Secret's values" exits 0 "$weir" kustomize top --explain Secret/hidden
check "... all of them" silent "hunter2"
check "--explain of what is not there lists what is" exits 1 "$weir" kustomize top --explain Deployment/gone
check "... by name" says "ConfigMap/two/cfg"
check "a flag that is none is told" exits 1 "$weir" kustomize top --no-such
check "... as kubectl does" says "unknown flag: --no-such"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
