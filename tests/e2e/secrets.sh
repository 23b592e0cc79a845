#!/usr/bin/env bash
# Secrets, values that look encrypted, tokens in URLs and refused manifests go through a whole weir: commits, a drift, a prune, an undo,
# a rollback, a failed fetch, every verb and every address of the REST API. Afterwards none of their values stands in the database, the
# log lines, or anything that was printed or answered; and a plain value that was planted beside them is found in each of these places,
# so that the search is known to see. Needs git, curl and python3; no cluster.
# usage: tests/e2e/secrets.sh
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
weir=${WEIR:-$root/build/release/weir}
scan=${SECRET_SCAN:-$root/build/release/tests/secret_scan}
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-secrets.XXXXXX")
export HOME=$work WEIR_DATA_DIR=$work/data
weir_pid=
finish() {
  local code=$?
  [ -z "$weir_pid" ] || { kill "$weir_pid" 2>/dev/null && wait "$weir_pid" 2>/dev/null || true; }
  [ -n "${KEEP:-}" ] || rm -rf "$work"
  exit $code
}
trap finish EXIT
. "$root/tests/e2e/checks.sh"

tag=$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
secrets=()
secret() { local text="zq$1-$tag-never"; secrets+=("$text"); printf -v "$1" %s "$text"; }
for name in plaintext encoded basic urltoken badvalue variable changed drifted annotated immutable undone released upgraded hookbody hooktoken; do secret "$name"; done
planted="planted-$tag-in-the-open"

mkdir -p "$work/repo/chart/templates" "$work/repo/apps" "$work/repo/shop" "$work/repo/subst" "$work/repo/sops" "$work/repo/bad" "$work/repo/gone"
cd "$work/repo"
git init -q -b main .
git config user.name you; git config user.email you@example.com
ks() { printf -- '---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: %s, namespace: flux-system}\n' "$1"
  printf 'spec: {interval: 10m, retryInterval: 2s, prune: true, path: ./%s, sourceRef: {kind: GitRepository, name: flux-system}%s}\n' "$1" "${2:-}"; }
write_apps() {  # VALUE RELEASED
  cat >shop/all.yaml <<Y
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: shop
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"p":"$annotated"}}'
stringData: {password: "$1"}
data: {other: $(printf %s "$encoded" | base64 -w0)}
---
apiVersion: v1
kind: Secret
metadata: {name: frozen, namespace: shop}
immutable: true
stringData: {password: "$immutable"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: open, namespace: shop}
data: {key: "$planted"}
---
apiVersion: v1
kind: Secret
metadata: {name: repo-auth, namespace: flux-system}
stringData: {username: git, password: "$basic"}
---
apiVersion: v1
kind: Secret
metadata: {name: vars, namespace: flux-system}
stringData: {api_key: "$variable"}
---
apiVersion: v1
kind: Secret
metadata: {name: chart-values, namespace: flux-system}
stringData: {values.yaml: 'password: "$2"'}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: flux-system}
spec:
  interval: 10m
  targetNamespace: shop
  releaseName: web
  driftDetection: {mode: enabled}
  chart: {spec: {chart: ./chart, reconcileStrategy: Revision, sourceRef: {kind: GitRepository, name: flux-system}}}
  valuesFrom: [{kind: Secret, name: chart-values}]
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: private, namespace: flux-system}
spec: {interval: 10m, timeout: 5s, url: "http://git:$urltoken@127.0.0.1:1/none.git"}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: private2, namespace: flux-system}
spec: {interval: 10m, timeout: 5s, url: "http://127.0.0.1:1/none.git", secretRef: {name: repo-auth}}
Y
  { ks shop; ks subst ', postBuild: {substituteFrom: [{kind: Secret, name: vars}]}'; ks sops; ks bad; ks gone; } >apps/all.yaml
}
write_apps "$plaintext" "$released"
printf 'apiVersion: v2\nname: web\nversion: 1.0.0\n' >chart/Chart.yaml
printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: web}\ndata: {password: {{ required "no password" .Values.password | b64enc | quote }}}\n' >chart/templates/secret.yaml
cat >subst/s.yaml <<'Y'
apiVersion: v1
kind: Secret
metadata: {name: substituted, namespace: shop}
stringData: {key: "${api_key}"}
Y
cat >sops/s.yaml <<Y
apiVersion: v1
kind: Secret
metadata: {name: encrypted, namespace: shop}
stringData: {password: "ENC[AES256_GCM,data:$encoded,iv:aa,tag:bb,type:str]"}
sops: {mac: "ENC[AES256_GCM,data:xx]", version: 3.8.1}
Y
cat >bad/s.yaml <<Y
apiVersion: v1
kind: Secret
metadata: {name: bad, namespace: shop}
data: {password: "not base64: $badvalue"}
Y
cat >gone/s.yaml <<Y
apiVersion: v1
kind: Secret
metadata: {name: passing, namespace: shop}
stringData: {password: "$undone"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: stays, namespace: shop}
Y
commit() { git -C "$work/repo" add -A; git -C "$work/repo" commit -qm "$1"; }
commit first

mkdir "$work/cwd"
(cd "$work/cwd" && ulimit -c unlimited && exec "$weir" up "$work/repo" --path ./apps --listen 127.0.0.1:0 --log-level debug >"$work/up.out" 2>"$work/up.err") &
weir_pid=$!
within 30 test -s "$WEIR_DATA_DIR/serving.json"
read -r url token < <(python3 -c 'import json,sys; s=json.load(open(sys.argv[1])); print(s["url"], s["token"])' "$WEIR_DATA_DIR/serving.json")
ask() { curl -sk -H "Authorization: Bearer $token" "$@"; }
object() { ask "$url/api/v1/namespaces/$1/$2"; }
password() { object shop secrets/db | python3 -c 'import json,sys,base64; print(base64.b64decode(json.load(sys.stdin)["data"]["password"]).decode())'; }
is_password() { [ "$(password)" = "$1" ]; }
exists() { object "$1" "$2" | grep -q '"uid"'; }
# Prints the cluster's own objects as they are, as kubectl would: a URL with its token too.
as_they_are() { { echo "\$ weir $*"; timeout 60 "$weir" "$@"; } >>"$work/objects.out" 2>&1 </dev/null || true; }
cli() { { echo "\$ weir $*"; timeout 60 "$weir" "$@"; } >>"$work/cli.out" 2>&1 </dev/null || true; }

check "the Secrets are applied" within 30 is_password "$plaintext"
check "... one by substitution" within 30 exists shop secrets/substituted
check "... one that is to go" within 30 exists shop secrets/passing
reason() { "$weir" get ks "$1" -n flux-system | grep -q "$2"; }
export KUBECONFIG=$WEIR_DATA_DIR/kubeconfig
check "what looks encrypted is refused" within 30 reason sops 'encrypted'
check "a Secret that is no base64 is refused" within 30 reason bad False
write_apps "$changed" "$upgraded"
sed -i '1,/^---/d' gone/s.yaml
check "... one by a chart, from values in a Secret" within 30 exists shop secrets/web
commit second
check "a new value is applied" within 30 is_password "$changed"
check "what left the source is deleted" within 30 bash -c "! curl -sk -H 'Authorization: Bearer $token' $url/api/v1/namespaces/shop/secrets/passing | grep -q '\"uid\"'"
ask -X PATCH -H 'Content-Type: application/merge-patch+json' -d "{\"stringData\":{\"password\":\"$drifted\"}}" \
  "$url/api/v1/namespaces/shop/secrets/db?fieldManager=mallory" >/dev/null
check "a drift is corrected" within 30 is_password "$changed"
release() { curl -sk -H "Authorization: Bearer $token" "$url/api/v1/namespaces/shop/secrets/web" | grep -q "$(printf %s "$1" | base64 -w0)"; }
ask -X PATCH -H 'Content-Type: application/merge-patch+json' -d '{"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":"now"}}}' \
  "$url/apis/helm.toolkit.fluxcd.io/v2/namespaces/flux-system/helmreleases/web" >/dev/null
check "the chart's Secret is upgraded" within 30 release "$upgraded"
ask -X PATCH -H 'Content-Type: application/merge-patch+json' -d "{\"stringData\":{\"password\":\"$drifted\"}}" \
  "$url/api/v1/namespaces/shop/secrets/web?fieldManager=mallory" >/dev/null
check "... and a drift of it corrected" within 30 release "$upgraded"
sed -i "s/$immutable/$immutable-x/" shop/all.yaml
commit "an immutable Secret changes"
sleep 2
git -C "$work/repo" revert --no-edit HEAD >/dev/null
sleep 1

pruned=$("$weir" audit --type ObjectPruned -o json | python3 -c 'import json,sys; print([json.loads(l) for l in sys.stdin.read().splitlines() if l.strip()][-1]["id"])' 2>/dev/null ||
  ask "$url/weir/v1/events?type=ObjectPruned" | python3 -c 'import json,sys; print(json.load(sys.stdin)["items"][-1]["id"])')
cli undo "$pruned"
check "weir undo brings the Secret back" within 10 exists shop secrets/passing
check "... with its value" bash -c "curl -sk -H 'Authorization: Bearer $token' $url/api/v1/namespaces/shop/secrets/passing | grep -q '$(printf %s "$undone" | base64 -w0)'"

decides() { local out; out=$("$weir" replay --decisions 2>&1) || true; [[ $out == *"every decision is the same"* ]] || { echo "$out"; return 1; }; }
check "told what is recorded, which holds no value, weir decides the same" decides

# Every verb that reads, then every address.
head=$(ask "$url/weir/v1/checkpoint/head" | python3 -c 'import json,sys; print(json.load(sys.stdin)["size"])')
for name in secret/web secret/db secret/frozen secret/passing secret/substituted cm/open; do
  for verb in history show "show --live" "show --side rendered" "show --side health" why blame "diff --from 1" "diff --from 1 --live"; do
    # shellcheck disable=SC2086
    cli ${verb%% *} $name -n shop $(printf %s "$verb" | cut -s -d' ' -f2-)
  done
done
cli state; cli state --live -o yaml; cli diff cluster --from 1; cli diff cluster --from 1 --side live -o yaml; cli audit --limit 10000
cli audit export "$work/archive.jsonl"; cli get all -A; as_they_are get sources git -A -o yaml; cli events -A; cli logs --all-namespaces
as_they_are export source git --all; cli export ks --all; cli tree ks flux-system; cli trace secret db -n shop; cli verify; cli replay; cli replay --decisions; cli why hr/web; cli history hr/web; cli rollback hr/web --to -1s --dry-run; cli blame hr/web -n flux-system; cli why ks/bad
cli rollback --all --to -1s --dry-run; cli rollback ks/flux-system --to "$head" --dry-run -o yaml; cli undo "$pruned" --dry-run; cli history ks/bad
cli diff ks subst --path "$work/repo/subst"; cli blame secret/db -n shop -o yaml; cli blame secret/db .data -n shop
objects=objects/secrets/shop/db
for path in events?limit=10000 events?kind=Secret archive ledger state state?side=live diff?from=1 "diff?from=1&side=live" incidents summary health verify \
  $objects/history $objects/at $objects/at?side=live $objects/at?side=rendered "$objects/diff?from=1" $objects/why $objects/blame objects/ks/flux-system/bad/why \
  objects/gitrepository/flux-system/private/why objects/hr/flux-system/web/why objects/secrets/shop/web/history "objects/secrets/shop/web/diff?from=1" reconciles?name=bad nowhere openapi.yaml; do
  ask "$url/weir/v1/$path" >>"$work/rest.out"; echo >>"$work/rest.out"
done
ask "$url/metrics" >>"$work/rest.out"
ask -X POST -d '{"seq":"'"$plaintext"'","only":1}' "$url/weir/v1/undo" >/dev/null  # the answer may quote its sender; the log may not
# A webhook's sender keeps its secrets in the body, in a header and in the address. (What answers may quote the address; the log may not.)
for method in POST GET; do
  for hook in "hook/$hooktoken" "weir/v1/hook/$hooktoken" "weir/v1/events?token=$hooktoken"; do
    curl -sk -X $method -H "X-Hub-Signature: sha256=$hookbody" -H "Authorization: Bearer $hooktoken" -d '{"ref":"refs/heads/main","token":"'"$hookbody"'"}' "$url/$hook" >/dev/null
  done
done
ask "$url/api/v1/namespaces/flux-system/events" >>"$work/rest.out"
ask "$url/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations" >>"$work/rest.out"
[ ! -f "$work/archive.jsonl" ] || cat "$work/archive.jsonl" >>"$work/cli.out"

check "no core file may be written" grep -q 'Max core file size *0 *0' "/proc/$weir_pid/limits"
kill -SEGV "$weir_pid"
wait "$weir_pid" 2>/dev/null || true
weir_pid=
check "... and none is after a crash" bash -c "! find '$work/cwd' -type f | grep ."

# The database as rows, the database as files, and everything that was said.
needles() { printf '%s\n' "${secrets[@]}"; for text in "${secrets[@]}"; do printf %s "$text" | base64 -w0; echo; done; }
rows() { "$scan" "$WEIR_DATA_DIR/log"; }
check "no secret in the rows of the database" rows < <(needles)
check "... nor the token" rows < <(echo "$token")
finds() { local code=0; rows < <(echo "$1") || code=$?; [ $code -eq 1 ]; }
check "... where a plain value is found" finds "$planted"
lacks() { local found=0; while read -r text; do if grep -raqF -- "$text" "$@"; then echo "$text"; found=1; fi; done < <(needles); [ $found -eq 0 ]; }
check "no secret in the files of the database" lacks "$WEIR_DATA_DIR/log"
check "no secret in the log lines" lacks "$work/up.err" "$work/up.out"
check "... which were written" grep -q 'object created' "$work/up.err"
check "... nor in the cluster's objects but for what they themselves say" bash -c "! grep -v '^ *url:' '$work/objects.out' | grep -F never"
check "no secret in what the verbs print" lacks "$work/cli.out"
check "... where a plain value is found" grep -q "$planted" "$work/cli.out"
check "no secret in what the REST API answers" lacks "$work/rest.out"
check "... nor the token in any of them" bash -c "! grep -qF '$token' '$work/up.err' '$work/cli.out' '$work/rest.out'"
check "... where the Secret is" grep -q '"name":"db"' "$work/rest.out"
check "keys are readable by their owner alone" bash -c "[ \"\$(stat -c %a '$WEIR_DATA_DIR/sealing.key' '$WEIR_DATA_DIR/token' | sort -u)\" = 600 ]"
summary
