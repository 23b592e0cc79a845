#!/usr/bin/env bash
# helmCharts through weir's own Helm engine, beside kubectl kustomize --enable-helm with the real helm: the same bytes for
# charts in chartHome, merged values, flags, plugin files, and a chart pulled from a repository on loopback.
# usage: tests/peers/kustomize_charts.sh [WEIR]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
weir=$(realpath "${1:-$root/build/release/weir}")
peers=${WEIR_PEERS:-$HOME/.cache/weir-peers}
for tool in kubectl helm; do
  [ -x "$peers/$tool" ] || { echo "SKIPPED kustomize_charts: no $tool (run tests/peers/install)"; exit 0; }
done
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-charts.XXXXXX")
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
helm=$peers/helm3
if [ ! -x "$helm" ]; then  # kustomize 5.7 asks for helm 3, in its words; for what is rendered here helm 4.1 is the same
  helm=$work/helm
  printf '#!/bin/sh\n[ "$1" = version ] && { echo v3.18.0; exit 0; }\nexec "%s" "$@"\n' "$peers/helm" >"$helm"
  chmod +x "$helm"
fi
mkdir -p "$work"/top/charts/app/{templates,crds} "$work"/repo
cd "$work/top"
printf 'apiVersion: v2\nname: app\nversion: 1.0.0\n' >charts/app/Chart.yaml
printf 'a: yes\nb: 0755\nd: 2020-01-01\ne: "yes"\nf: 1000000000\ng: 1.5e10\nh: null\nl: [1, 2]\nm: {x: 1, v: {z: on}}\nq: ~\n' \
  >charts/app/values.yaml
printf 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: w.example.com}\n' >charts/app/crds/w.yaml
cat >charts/app/templates/a.yaml <<'Y'
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-x
  namespace: {{ .Release.Namespace }}
data:
  values: {{ .Values | toJson | quote }}
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
  api: {{ .Capabilities.APIVersions.Has "foo/v1" | quote }}
---
apiVersion: batch/v1
kind: Job
metadata: {name: hook, annotations: {helm.sh/hook: pre-install}}
---
apiVersion: v1
kind: Pod
metadata: {name: trial, annotations: {helm.sh/hook: test}}
Y
printf 'a: more\nl: [9]\n' >more.yaml
printf 'only: this\n' >own.yaml
"$helm" package -q charts/app -d "$work/repo" >/dev/null 2>&1 || "$helm" package charts/app -d "$work/repo" >/dev/null
port=21190
python3 -m http.server "$port" --bind 127.0.0.1 --directory "$work/repo" >/dev/null 2>&1 &
server=$!
"$helm" repo index "$work/repo" --url "http://127.0.0.1:$port" >/dev/null

passed=0 failed=0
same() {  # WHAT, the kustomization on stdin
  local what=$1 theirs=0 ours=0; shift
  cat >kustomization.yaml
  rm -rf charts/*-1.0.0
  "$peers/kubectl" kustomize . --enable-helm --helm-command "$helm" "$@" >"$work/theirs" 2>"$work/theirs.err" || theirs=$?
  rm -rf charts/*-1.0.0
  "$weir" kustomize . --enable-helm "$@" >"$work/ours" 2>"$work/ours.err" || ours=$?
  if [ "$theirs" = "$ours" ] && cmp -s "$work/theirs" "$work/ours"; then passed=$((passed + 1)); echo "ok   $what"; return; fi
  failed=$((failed + 1)); echo "FAIL $what ($theirs, $ours)"
  diff "$work/theirs" "$work/ours" | head -n 12 || true; tail -n 2 "$work/theirs.err" "$work/ours.err"
}
entry='helmCharts: [{name: app, releaseName: rel, namespace: ns, kubeVersion: 1.30.1'
same "a chart with its own values" <<<"$entry}]"
same "values inline over the chart's" <<<"$entry, valuesInline: {a: 1, m: {x: null, w: off, v: {q: '1'}}, l: [3], h: 1, t: 2021-02-03}}]"
same "values inline under the chart's" <<<"$entry, valuesMerge: merge, valuesInline: {a: 1, m: {w: off, v: {q: '1'}}, l: [3], h: 1, zz: 0755}}]"
same "values inline instead of the chart's" <<<"$entry, valuesMerge: replace, valuesInline: {a: 1, m: {x: null}}}]"
same "a values file and more of them" <<<"$entry, valuesFile: own.yaml, additionalValuesFiles: [more.yaml]}]"
same "CRDs too" <<<"$entry, includeCRDs: true}]"
same "no tests" <<<"$entry, skipTests: true}]"
same "no hooks" <<<"$entry, skipHooks: true}]"
same "API versions" <<<"$entry, apiVersions: [foo/v1]}]"
same "flags for versions" --helm-api-versions foo/v1 --helm-kube-version 1.29.0 <<<'helmCharts: [{name: app, releaseName: rel}]'
same "a name template" <<<'helmCharts: [{name: app, nameTemplate: "n-{{ 1 }}", kubeVersion: 1.30.1}]'
same "transformed like any resource" <<<"$entry}]"$'\nnamePrefix: p-\nnamespace: other\ncommonAnnotations: {x: y}\nbuildMetadata: [originAnnotations]'
same "two releases" <<<'helmCharts: [{name: app, releaseName: a, kubeVersion: 1.30.1, skipHooks: true}, {name: app, releaseName: b, kubeVersion: 1.30.1, skipHooks: true}]'
same "the same release twice" <<<"$entry}, {name: app, releaseName: rel, namespace: ns, kubeVersion: 1.30.1}]"
same "another chartHome" <<<$'helmGlobals: {chartHome: ./charts/../charts}\n'"$entry}]"
same "no chart of that name" <<<'helmCharts: [{name: gone, releaseName: r}]'
same "a wrong merge rule" <<<"$entry, valuesMerge: any}]"
same "no file of that name" <<<"$entry, additionalValuesFiles: [gone.yaml]}]"
same "the old field" <<<'helmChartInflationGenerator: [{chartName: app, releaseName: rel, valuesLocal: {a: 1}}]' --helm-kube-version 1.29.0
cat >gen.yaml <<'Y'
apiVersion: builtin
kind: HelmChartInflationGenerator
metadata: {name: any}
name: app
releaseName: rel
kubeVersion: 1.30.1
valuesInline: {a: 5}
Y
same "a generator's file" <<<'generators: [gen.yaml]'
same "pulled from a repository" <<<"helmCharts: [{name: app, releaseName: rel, repo: 'http://127.0.0.1:$port', version: 1.0.0, kubeVersion: 1.30.1, valuesInline: {a: 1}}]"
same "a version that the repository lacks" <<<"helmCharts: [{name: app, releaseName: rel, repo: 'http://127.0.0.1:$port', version: 2.0.0}]"
echo "$passed the same, $failed not"
[ "$failed" -eq 0 ]
