#!/usr/bin/env bash
# weir template --dry-run=server beside the real helm (4.1 and, where it is there, 4.2), both asking one Kubernetes API (weir kube):
# lookup in all its forms, versions and kinds of the server in Capabilities, objects of others, --take-ownership, --is-upgrade, the
# flags that choose the cluster; and getHostByName with --enable-dns.
# usage: tests/peers/helm_server.sh [BINARY]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
weir=$(realpath "${1:-$root/build/release/weir}")
peers=${WEIR_PEERS:-$HOME/.cache/weir-peers}
for tool in kubectl helm; do
  [ -x "$peers/$tool" ] || { echo "SKIPPED helm_server: no $tool (run tests/peers/install)"; exit 0; }
done
work=$(mktemp -d) server= failures=0 port=${PORT:-22140}
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
export HELM_CACHE_HOME=$work/helm HELM_CONFIG_HOME=$work/helm HELM_DATA_HOME=$work/helm KUBECONFIG=$work/kubeconfig HOME=$work
"$weir" kube --listen "127.0.0.1:$port" --write-kubeconfig "$KUBECONFIG" >"$work/kube.log" 2>&1 &
server=$!
for _ in $(seq 100); do "$peers/kubectl" get ns default >/dev/null 2>&1 && break; sleep 0.1; done
"$peers/kubectl" apply -f - >/dev/null <<'Y'
apiVersion: v1
kind: Namespace
metadata: {name: other}
---
apiVersion: v1
kind: Secret
metadata: {name: known, namespace: other, labels: {a: b}}
data: {password: cGFzcw==}
---
apiVersion: v1
kind: Secret
metadata: {name: second, namespace: other}
stringData: {user: me}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: taken, namespace: default}
data: {n: "1"}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.com}
spec:
  group: example.com
  names: {kind: Gadget, plural: gadgets, singular: gadget, listKind: GadgetList}
  scope: Namespaced
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
Y
for _ in $(seq 50); do "$peers/kubectl" get gadgets >/dev/null 2>&1 && break; sleep 0.1; done
"$peers/kubectl" apply -f - >/dev/null <<'Y'
apiVersion: example.com/v1
kind: Gadget
metadata: {name: one, namespace: other}
spec: {size: 3, big: 12345678901, ratio: 0.5}
Y
chart=$work/chart
mkdir -p "$chart/templates"
printf 'apiVersion: v2\nname: app\nversion: 1.0.0\n' >"$chart/Chart.yaml"
template() { cat >"$chart/templates/a.yaml"; }
same() { # template's flags
  local helm compat status
  for helm in helm helm42; do
    [ -x "$peers/$helm" ] || continue
    compat=helm-4.1; [ $helm = helm ] || compat=helm-4.2
    status=0; "$peers/$helm" template rel "$chart" "$@" >"$work/theirs" 2>"$work/err" || status=$?
    [ $status = 0 ] || sed -n '/^Error/,$p' "$work/err" >"$work/theirs"
    local ours=0; "$weir" template rel "$chart" --compat $compat "$@" >"$work/ours" 2>"$work/err" || ours=$?
    [ $ours = 0 ] || sed -n '/^Error/,$p' "$work/err" >"$work/ours"
    if [ $status = $ours ] && diff "$work/theirs" "$work/ours" >"$work/diff"; then echo "✓ $compat ($status) $*"
    else echo "✗ $compat ($status, weir $ours) $*"; head -20 "$work/diff"; failures=$((failures + 1)); fi
  done
}
head='apiVersion: v1
kind: ConfigMap
metadata: {name: shown}
data:'
template <<Y
$head
  one: {{ (lookup "v1" "Secret" "other" "known").data | toJson | quote }}
  labels: {{ (lookup "v1" "Secret" "other" "known").metadata.labels | toJson | quote }}
  kind: {{ (lookup "v1" "Secret" "other" "known").kind | quote }}
  password: {{ (lookup "v1" "Secret" "other" "known").data.password | b64dec | quote }}
  none: {{ lookup "v1" "Secret" "other" "nothing" | toJson | quote }}
  nowhere: {{ lookup "v1" "Secret" "nowhere" "known" | toJson | quote }}
  names: "{{ range (lookup "v1" "Secret" "other" "").items }}{{ .metadata.name }},{{ end }}"
  list: {{ (lookup "v1" "Secret" "other" "").kind | quote }}
  empty: {{ (lookup "v1" "Secret" "nowhere" "").items | toJson | quote }}
  all: "{{ range (lookup "v1" "Secret" "" "").items }}{{ .metadata.namespace }}/{{ .metadata.name }},{{ end }}"
  namespace: {{ (lookup "v1" "Namespace" "" "other").metadata.name | quote }}
  gadget: {{ (lookup "example.com/v1" "Gadget" "other" "one").spec | toJson | quote }}
  types: {{ with (lookup "example.com/v1" "Gadget" "other" "one").spec }}{{ typeOf .size }} {{ typeOf .big }} {{ typeOf .ratio }}{{ end }}
  type: {{ typeOf (lookup "v1" "Secret" "other" "known") | quote }}
  items: {{ typeOf (lookup "v1" "Secret" "other" "").items | quote }}
  if: {{ if lookup "v1" "Secret" "other" "known" }}there{{ end }}{{ if lookup "v1" "Secret" "other" "gone" }}gone{{ end }}
Y
same --dry-run=server
same --validate
same
template <<Y
$head
  versions: {{ .Capabilities.APIVersions.Has "example.com/v1" }} {{ .Capabilities.APIVersions.Has "example.com/v1/Gadget" }} {{ .Capabilities.APIVersions.Has "apps/v1/Deployment" }} {{ .Capabilities.APIVersions.Has "no.such/v1" }}
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
  minor: {{ .Capabilities.KubeVersion.Minor | quote }}
Y
same --dry-run=server
same --dry-run=server -a no.such/v1
printf '%s\n  x: {{ lookup "no.such/v1" "Thing" "" "x" | toJson | quote }}\n' "$head" | template
same --dry-run=server
printf '%s\n  x: {{ lookup "v1" "Thing" "other" "x" | toJson | quote }}\n' "$head" | template
same --dry-run=server
printf 'apiVersion: no.such/v1\nkind: Thing\nmetadata: {name: x}\n' | template
same --dry-run=server
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: taken}\n' | template
same --dry-run=server
same --dry-run=server --take-ownership
same --dry-run=server --is-upgrade
same --dry-run=server --namespace other
printf '%s\n  x: y\n' "$head" | template
url=$(sed -n 's/.*server: *//p' "$KUBECONFIG" | tr -d '"' | head -1)
same --dry-run=server --kube-apiserver "$url"
same --dry-run=server --kubeconfig "$work/none"
printf '%s\n  ip: {{ getHostByName "127.0.0.1" }}\n' "$head" | template
same --enable-dns
same
[ "$failures" = 0 ] && echo "all equal" || { echo "$failures failed"; exit 1; }
