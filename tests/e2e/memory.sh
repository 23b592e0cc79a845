#!/usr/bin/env bash
# The memory as its user meets it, on the embedded API: an application is committed, changed, drifts, breaks, is rolled back without its
# Git repository, moves, is pruned and comes back; every question about it is asked by verb and by REST.
# usage: tests/e2e/memory.sh [PORT]; needs git, curl and python3
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
weir=${WEIR:-$root/build/release/weir}
port=${1:-25850}
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-memory.XXXXXX")
export WEIR_DATA_DIR=$work/data
weir_pid=
. "$root/tests/e2e/checks.sh"
trap 'kill $weir_pid 2>/dev/null || true; wait; [ -n "${KEEP:-}" ] || rm -rf "$work"' EXIT

weir() { "$weir" "$@"; }
deploy=objects/deploy.apps/shop/web

# ---- a repository: shop, of three objects, and late, which depends on it ----
mkdir -p "$work/repo/clusters" "$work/repo/shop" "$work/repo/late"
cd "$work/repo"
git init -q -b main .
git config user.name you; git config user.email you@example.com
ks() { printf -- '---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: %s, namespace: flux-system}\nspec: {interval: 10m, retryInterval: 2s, prune: true, path: ./%s, sourceRef: {kind: GitRepository, name: flux-system}%s}\n' "$1" "$2" "${3:-}"; }
write_shop() {  # IMAGE PASSWORD
  cat >shop/all.yaml <<Y
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: side, image: "envoy:1"}
      - {name: app, image: "$1"}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
stringData: {password: $2}
Y
}
commit() { git add -A; git commit -qm "$1"; }
sha() { git rev-parse HEAD; }
{ ks shop shop; ks late late ', dependsOn: [{name: shop}]'; } >clusters/all.yaml
for i in $(seq 12); do printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%s, namespace: shop}\n' "$i" >"late/c$i.yaml"; done
write_shop nginx:1.27 one
commit first
first=$(sha)

"$weir" up "$work/repo" --path ./clusters --listen "127.0.0.1:$port" -q >"$work/up.log" 2>&1 &
weir_pid=$!
within 60 test -s "$WEIR_DATA_DIR/serving.json"
read -r url token < <(python3 -c 'import json,sys; s=json.load(open(sys.argv[1])); print(s["url"], s["token"])' "$WEIR_DATA_DIR/serving.json")
ask() { curl -sk -H "Authorization: Bearer $token" "$@"; }
rest() { ask "$url/weir/v1/$1"; }
order() { ask -X POST -d "$2" "$url/weir/v1/$1"; }
live() { ask "$url/apis/apps/v1/namespaces/shop/deployments/web" | python3 -c 'import json,sys; print(json.load(sys.stdin)["spec"]["template"]["spec"]["containers"][-1]["image"])'; }
password() { ask "$url/api/v1/namespaces/shop/secrets/db" | python3 -c 'import json,sys,base64; print(base64.b64decode(json.load(sys.stdin)["data"]["password"]).decode())'; }
runs() { [ "$(live)" = "$1" ]; }
uid() { ask "$url/api/v1/namespaces/shop/configmaps/c1" | python3 -c 'import json,sys; print(json.load(sys.stdin)["metadata"]["uid"])'; }
is_reason() { contains "\"reason\":\"$2\"" ask "$url/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/$1"; }
ready() { contains "True" weir get ks "$1" -n flux-system; }

check "the first commit runs" within 30 runs nginx:1.27
check "... what depends on it too" within 30 ready late
within 20 contains Current weir show deploy/web -n shop --side health
sleep 1.1
then=$(date -u +%FT%TZ)
sleep 1.1
sed -i '/side, image/d' shop/all.yaml; write_shop nginx:1.28 two; sed -i '/side, image/d' shop/all.yaml
commit second
second=$(sha)
check "the second commit runs" within 30 runs nginx:1.28

# ---- state at an instant ----
for at in "$then" "$first" "main@sha1:$first"; do
  check "shown at $at" contains nginx:1.27 weir show deploy/web -n shop --at "$at"
done
applied=$(weir history deploy/web -n shop | awk '/created/ {print $2; exit}')
check "... at a sequence number" contains envoy:1 weir show deploy/web -n shop --at "$applied"
check "... at an age" contains nginx:1.28 weir show deploy/web -n shop --at -1ms
check "... as it lived, with what the API added" contains imagePullPolicy weir show deploy/web -n shop --at "$then" --live
check "... as it was rendered" contains nginx:1.27 weir show deploy/web -n shop --at "$then" --side rendered
check "... its health" contains Current weir show deploy/web -n shop --at "$then" --side health
check "REST: the same object" contains '"image":"nginx:1.27"' rest "$deploy/at?at=$first"
check "the state lists every object of then" contains "Deployment" weir state --at "$then"
check "... by kind" lacks Deployment weir state --at "$then" --kind Secret
check "... by owner" lacks late weir state --at "$then" --owner ks/shop
check "... nothing before the first" lacks Deployment weir state --at 1
check "REST: the state, with filters" contains '"name":"db"' rest "state?at=$then&kind=Secret&namespace=shop&side=live"

# ---- differences, history, drift ----
check "a difference, list items by their names" contains "spec.template.spec.containers.app.image" weir diff deploy/web -n shop --from "$then"
check "... what left the list" contains "side" weir diff deploy/web -n shop --from "$then"
check "a Secret's change is seen" contains "*** (after)" weir diff secret/db -n shop --from "$then"
check "... and masked" lacks two weir diff secret/db -n shop --from "$then"
check "the cluster's difference" contains "Secret/shop/db configured" weir diff cluster --from "$then"
check "REST: the cluster's difference" contains '"name":"db"' rest "diff?from=$then"
check "why: up to the commit" contains '"second" by you <you@example.com>' weir why deploy/web -n shop
ask -X PATCH -H 'Content-Type: application/merge-patch+json' -d '{"spec":{"replicas":7}}' \
  "$url/apis/apps/v1/namespaces/shop/deployments/web?fieldManager=mallory" >/dev/null
check "a drift that was corrected is in the history, with who made it" within 20 contains mallory weir history deploy/web -n shop -o wide
check "REST: the history" contains '"action":"configured"' rest "$deploy/history"

# ---- blame, causes ----
check "blame: line, commit, author" contains "shop/all.yaml:15" weir blame deploy/web .spec.template.spec.containers -n shop
check "REST: blame" contains "$second" rest "$deploy/blame?field=.spec.template.spec.containers"
check "why: a drift, and who made it" contains "DriftDetected mallory" weir why deploy/web -n shop
sed -i 's/replicas: 2/replicas: many/' shop/all.yaml; echo 'late: true' >late/extra.txt
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra, namespace: shop}\n' >late/extra.yaml
commit broken
check "a commit that cannot be applied fails" within 30 contains False weir get ks shop -n flux-system
check "... who depends on it waits" within 30 is_reason late DependencyNotReady
check "... and is told why: the dependency's failure" contains "ReconciliationFailed" weir why ks/late
check "... of which reconcile" contains "Kustomization/flux-system/shop" weir why ks/late
check "... up to the commit" contains '"broken" by you' weir why ks/late
check "REST: the chain" contains '"type":"SourceFetched"' rest objects/ks/flux-system/late/why
git revert --no-edit HEAD >/dev/null
check "the failure counts" within 30 bash -c "curl -sk -H 'Authorization: Bearer $token' '$url/weir/v1/incidents' | python3 -c 'import json,sys; i=[o for o in json.load(sys.stdin)[\"items\"] if o[\"name\"]==\"shop\"][0]; assert i[\"failures\"]>=1 and i[\"restores\"]>=1 and i[\"leadTimeSeconds\"]>0, i'"
check "... in the metrics too" contains 'weir_time_to_restore_seconds_count{kind="Kustomization",name="shop",namespace="flux-system"} 1' ask "$url/metrics"

# ---- rollback ----
mv "$work/repo" "$work/away"
check "a plan" contains "Secret/shop/db configured" weir rollback ks/shop --to "$then" --dry-run
check "... changes nothing" runs nginx:1.28
check "rolled back while the repository is gone" contains "pinned to" weir rollback ks/shop --to "$then"
check "... to the image of then" runs nginx:1.27
check "... and the Secret of then" [ "$(password)" = one ]
check "... Ready says so, and by whom" contains "pinned by" weir get ks shop -n flux-system
mv "$work/away" "$work/repo"
write_shop nginx:1.29 three; commit third
check "a newer revision lets go by itself" within 30 runs nginx:1.29
check "... and is no longer pinned" within 20 lacks "pinned by" weir get ks shop -n flux-system
check "REST: held until unpinned" contains '"toSeq"' order rollback "{\"targets\":[{\"kind\":\"Kustomization\",\"namespace\":\"flux-system\",\"name\":\"shop\"}],\"to\":\"$first\",\"hold\":true}"
check "... rolled back" within 20 runs nginx:1.27
check "... the caller is the event's actor" contains '"actor":"admin"' rest 'events?type=RollbackPinned&order=desc'
write_shop nginx:1.30 four; commit fourth; sleep 3
check "... a newer revision does not end it" runs nginx:1.27
check "REST: unpinned" contains '"name":"shop"' order unpin '{"targets":[{"kind":"Kustomization","namespace":"flux-system","name":"shop"}]}'
check "... and on with what the source says" within 20 runs nginx:1.30

# ---- deletion safety ----
before=$(uid)
{ ks shop shop; ks renamed late; } >clusters/all.yaml; commit renamed
check "a Kustomization that was renamed" within 30 ready renamed
sleep 2
check "... has deleted nothing" [ "$(uid)" = "$before" ]
mkdir "$work/kept"; mv late/c*.yaml "$work/kept"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: left, namespace: shop}\n' >late/left.yaml; commit emptied
check "a source that lost most of its objects is held" within 30 is_reason renamed PruneHeld
check "... and they stay" [ "$(uid)" = "$before" ]
revision=main@sha1:$(sha)
ask -X PATCH -H 'Content-Type: application/merge-patch+json' -d "{\"metadata\":{\"annotations\":{\"weir.dev/allow-prune\":\"$revision\"}}}" \
  "$url/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/renamed" >/dev/null
gone() { contains '"reason":"NotFound"' ask "$url/api/v1/namespaces/shop/configmaps/c1"; }
check "the annotation lets it go" within 20 gone
pruned=$(weir history cm/c1 -n shop | awk '/deleted/ {print $2; exit}')
check "undo makes one of them again" contains "ConfigMap/shop/c1 restored" weir undo "$pruned" --only
check "... it is there" lacks NotFound ask "$url/api/v1/namespaces/shop/configmaps/c1"
check "REST: undo makes the others" contains '"c7"' order undo "{\"seq\":$pruned}"
check "... they are there" within 10 lacks NotFound ask "$url/api/v1/namespaces/shop/configmaps/c7"
mv "$work"/kept/* late; commit back
check "what comes back is taken over" within 30 contains renamed ask "$url/api/v1/namespaces/shop/configmaps/c1"
within 20 ready renamed
rm late/c*.yaml; commit "emptied again"
check "held again" within 30 is_reason renamed PruneHeld
check "REST: released" contains renamed order release '{"targets":[{"kind":"Kustomization","namespace":"flux-system","name":"renamed"}]}'
check "... lets it go" within 20 gone

# ---- everything at once, a HelmRelease that no Kustomization applies among it ----
mkdir -p chart/templates
printf 'apiVersion: v2\nname: notes\nversion: 1.0.0\n' >chart/Chart.yaml
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: notes}\ndata: {text: {{ .Values.text | quote }}}\n' >chart/templates/notes.yaml
commit chart
hr="$url/apis/helm.toolkit.fluxcd.io/v2/namespaces/flux-system/helmreleases"
ask -X POST -H 'Content-Type: application/json' -d '{"apiVersion":"helm.toolkit.fluxcd.io/v2","kind":"HelmRelease","metadata":{"name":"notes"},
  "spec":{"interval":"10m","targetNamespace":"shop","releaseName":"notes","values":{"text":"good"},
  "chart":{"spec":{"chart":"./chart","reconcileStrategy":"Revision","sourceRef":{"kind":"GitRepository","name":"flux-system"}}}}}' "$hr" >/dev/null
text() { ask "$url/api/v1/namespaces/shop/configmaps/notes" | python3 -c 'import json,sys; print(json.load(sys.stdin)["data"]["text"])'; }
says() { [ "$(text)" = "$1" ]; }
check "a HelmRelease runs" within 30 says good
within 20 contains '"status":"True"' ask "$hr/notes"
sleep 1.1; then=$(date -u +%FT%TZ); sleep 1.1
image=$(live)
ask -X PATCH -H 'Content-Type: application/merge-patch+json' -d '{"spec":{"values":{"text":"bad"}}}' "$hr/notes" >/dev/null
write_shop nginx:bad five; commit bad
check "both go bad" within 30 says bad
check "... both" within 30 runs nginx:bad
mv "$work/repo" "$work/away"
check "rolled back at once, while the repository is gone" contains "HelmRelease/flux-system/notes pinned to" weir rollback --all --to "$then"
check "... the release" says good
check "... and the Deployment" runs "$image"
mv "$work/away" "$work/repo"; cd "$work/repo"
check "... let go" contains released weir unpin hr/notes ks/shop
check "... both on with what is asked for" within 30 says bad
check "... both" within 30 runs nginx:bad

# ---- the ledger ----
check "a proof, of C2SP's form" contains "c2sp.org/tlog-proof@v1" weir prove 10 -o tlog-proof
check "consistency of two sizes" contains '"fromRoot"' weir prove 20 --from 10 -o json
check "tiles: a checkpoint" contains "weir/" rest ledger/checkpoint
size=$(rest ledger/checkpoint | sed -n 2p)
full=$((size > 255 ? 1 : 0))
check "... the leaves" bash -c "[ \$(curl -sk -H 'Authorization: Bearer $token' '$url/weir/v1/ledger/tile/0/000$([ $full = 1 ] || echo ".p/$size")' | wc -c) = $((full == 1 ? 256 * 32 : size * 32)) ]"
check "the log is whole" contains "✔" weir verify
check "every projection is what a refold gives" contains "every projection is the same" weir replay
check "every decision is the same" contains "every decision is the same" weir replay --decisions

# ---- a byte of the write-ahead log ----
kill -9 "$weir_pid"; wait "$weir_pid" 2>/dev/null || true; weir_pid=
check "after a crash the log is whole" contains "✔" weir verify
wal=$(ls -S "$WEIR_DATA_DIR"/log/*.log | head -n 1)
python3 - "$wal" <<'P'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(0, 2); at = f.tell() * 2 // 3
    f.seek(at); byte = f.read(1)[0]
    f.seek(at); f.write(bytes([byte ^ 4]))
P
check "a flipped byte of it is told, and behind which event" contains "behind event" weir verify
check "... repair says so" contains "write-ahead log cannot be read to its end" weir repair
check "... and leaves a log that verifies" contains "✔" weir verify
check "... and in which it stays told" contains "events may be missing between" weir verify
check "... by an event" contains "LogCut" weir audit --type LogCut

summary
