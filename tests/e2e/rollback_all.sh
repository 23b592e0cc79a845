#!/usr/bin/env bash
# A bad commit reaches 20 Kustomizations; one command takes all of them back while the Git server is stopped, and the next commit
# flows by itself. Then objects move between Kustomizations, and a prune that looks like a mistake is held.
# "As before" is: every Deployment and Secret equals what was read before the bad commit, in all but status and versions; every Deployment
# runs its pods; every Kustomization is Ready. The controllers of the control plane may ask of its API what they need for it
# (WEIR_CLUSTER_QPS): their default of 20 requests a second each bounds the rollouts of twenty Deployments, not weir; what kubectl needs for the same is printed.
# usage: tests/e2e/rollback_all.sh
NAME=rollback-all PORT=${ROLLBACK_PORT:-18700}
export WEIR_CLUSTER_QPS=${WEIR_CLUSTER_QPS:-500}
. "$(dirname "$0")/lib.sh"
count=20

write_apps() {  # IMAGE
  for i in $(seq "$count"); do
    mkdir -p "$work/repo/apps/$i"
    cat >"$work/repo/apps/$i/app.yaml" <<Y
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-$i, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web-$i}}
  template:
    metadata: {labels: {app: web-$i}}
    spec: {containers: [{name: app, image: "$1"}]}
---
apiVersion: v1
kind: Secret
metadata: {name: key-$i, namespace: shop}
stringData: {password: "of-$1"}
Y
  done
}
write_objects() {
  echo "apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: app, namespace: flux-system}
spec: {interval: 10s, url: \"$git_url\", ref: {branch: main}}"
  for i in $(seq "$count"); do
    echo "---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app-$i, namespace: flux-system}
spec:
  interval: 10m
  path: ./apps/$i
  prune: true
  wait: true
  sourceRef: {kind: GitRepository, name: app}"
    [ $((i % 5)) -eq 0 ] && echo "  dependsOn: [{name: app-$((i - 1))}]"
  done
  return 0
}
images() { kubectl -n shop get deploy -o jsonpath='{range .items[*]}{.spec.template.spec.containers[0].image}{"\n"}{end}' | sort | uniq -c | xargs; }
all_run() { [ "$(images)" = "$count $1" ]; }
all_ready() { [ "$(kubectl -n flux-system get ks -o jsonpath='{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' | grep -c True)" -ge "$count" ]; }
# What stands in the namespace, without what every write changes.
everything() {
  kubectl -n shop get deploy,secret -o json | python3 -c '
import json, sys
for item in sorted(json.load(sys.stdin)["items"], key=lambda o: (o["kind"], o["metadata"]["name"])):
    item.pop("status", None)
    for name in "resourceVersion", "generation", "managedFields":
        item["metadata"].pop(name, None)
    item["metadata"].get("annotations", {}).pop("deployment.kubernetes.io/revision", None)
    print(json.dumps(item, sort_keys=True))'
}
same_as_before() { everything >"$work/now.json"; diff "$work/before.json" "$work/now.json"; }
rolled_out() {
  kubectl -n "${1:-shop}" get deploy -o json | python3 -c '
import json, sys
for item in json.load(sys.stdin)["items"]:
    spec, status = item["spec"]["replicas"], item["status"]
    assert status["observedGeneration"] == item["metadata"]["generation"], item["metadata"]["name"]
    assert [status.get(n, 0) for n in ("replicas", "updatedReplicas", "availableReplicas")] == [spec] * 3, (item["metadata"]["name"], status)'
}
# What the control plane needs for the same rollouts with nothing but kubectl.
floor() {
  kubectl create namespace floor >/dev/null
  for image in nginx:1.27 nginx:broken nginx:1.27; do
    local begin; begin=$(date +%s%N)
    for i in $(seq "$count"); do sed "s/namespace: shop/namespace: floor/; s|image: .*}\]|image: \"$image\"}]|; 1,/^---/!d" "$work/repo/apps/$i/app.yaml"; done |
      kubectl apply --server-side -f - >/dev/null
    within 60 rolled_out floor
    echo "     the same rollouts by kubectl alone: $((($(date +%s%N) - begin) / 1000000)) ms"
  done | tail -n 1
  kubectl delete namespace floor --wait=false >/dev/null
}
passwords() { kubectl -n shop get secret -o jsonpath='{range .items[*]}{.data.password}{"\n"}{end}' | sort -u; }
uid() { kubectl -n shop get "$1" -o jsonpath='{.metadata.uid}'; }

start_cluster
start_git
write_apps nginx:1.27
push "good"
"$weir" install crds | kubectl apply --server-side -f - >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
kubectl create namespace flux-system >/dev/null
kubectl create namespace shop >/dev/null
write_objects | kubectl create -f - >/dev/null
start_weir --git-author-name Bot --git-author-email bot@example.com
check "20 Kustomizations ready" within 60 all_ready
check "... with the good image" within 5 all_run nginx:1.27
check "... rolled out" within 60 rolled_out
sleep 1
everything >"$work/before.json"
good=$(date -u +%FT%TZ)
sleep 2
write_apps nginx:broken
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late, namespace: shop}\n' | install -D /dev/stdin "$work/repo/apps/late/a.yaml"
push "bad"
echo "apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: late, namespace: flux-system}
spec: {interval: 10m, path: ./apps/late, prune: true, sourceRef: {kind: GitRepository, name: app}}" | kubectl create -f - >/dev/null
check "the bad commit is everywhere" within 60 all_run nginx:broken
within 60 all_ready || true
differs() { ! same_as_before; }
check "... and is seen to differ" differs

exec 9>&-  # the Git server stops
within 20 bash -c "! kill -0 $git_pid"
check "a plan passes over what did not exist then" contains "late is passed over" "$weir" rollback --all --to "$good" --dry-run
check "a plan changes nothing" contains "would be pinned" "$weir" rollback --all --to "$good" --dry-run
begin=$(date +%s%N)
check "weir rollback --all" "$weir" rollback --all --to "$good"
took=$((($(date +%s%N) - begin) / 1000000))
check "... the images of before" all_run nginx:1.27
check "... everything as before" same_as_before
check "... rolled out, at once" rolled_out
check "... and Ready" all_ready
check "... the Secrets' values" [ "$(passwords)" = "$(printf %s of-nginx:1.27 | base64)" ]
check "... and says so" contains "pinned by" kubectl -n flux-system get ks app-7
echo "     rolled 20 Kustomizations back in $took ms (aim: 5000)"
check "... in under 5 s" [ "$took" -lt 5000 ]
floor

mkfifo "$work/git.stop2"
python3 "$root/tests/support/git_http_server.py" "$work/git" <"$work/git.stop2" >"$work/git.port" 2>>"$work/git.log" &
git_pid=$!
exec 9>"$work/git.stop2"
within 60 grep -q ready "$work/git.port"
git_url=http://127.0.0.1:$(awk '$1 == "http" {print $2}' "$work/git.port")/plain/app.git
kubectl -n flux-system patch gitrepository app --type merge -p "{\"spec\":{\"url\":\"$git_url\"}}" >/dev/null
write_apps nginx:1.28
push "fixed"
check "the next commit flows by itself" within 60 all_run nginx:1.28
check "... and no pin is left" lacks "pinned by" kubectl -n flux-system get ks
within 30 all_ready || true

before=$(uid deploy/web-1)
mv "$work/repo/apps/1/app.yaml" "$work/repo/apps/2/moved.yaml"
echo "apiVersion: v1
kind: ConfigMap
metadata: {name: left, namespace: shop}" >"$work/repo/apps/1/app.yaml"
push "an application moves"
check "what moves to another Kustomization is taken over" \
  within 30 contains app-2 kubectl -n shop get deploy web-1 -o jsonpath='{.metadata.labels.kustomize\.toolkit\.fluxcd\.io/name}'
sleep 3
check "... and was never deleted" [ "$(uid deploy/web-1)" = "$before" ]

rm "$work/repo/apps/3/app.yaml"
printf 'resources: []\n' >"$work/repo/apps/3/kustomization.yaml"
push "a folder is emptied"
held() { contains PruneHeld kubectl -n flux-system get ks app-3 -o jsonpath='{.status.conditions[?(@.type=="Ready")].reason}'; }
check "a source that renders nothing any more is held" within 30 held
check "... and its objects stay" kubectl -n shop get deploy web-3
check "weir release" "$weir" release ks/app-3
check "... lets the prune go" within 20 bash -c "! '$peers/kubectl' -n shop get deploy web-3"
seq=$("$weir" history deploy/web-3 -n shop | awk '/deleted/ {print $2; exit}')
check "weir undo --dry-run names what would come back" contains "Deployment/shop/web-3 would be restored" "$weir" undo "$seq" --dry-run
check "weir undo" contains "Secret/shop/key-3 restored" "$weir" undo "$seq"
check "... brings the Deployment back" kubectl -n shop get deploy web-3
check "... and the Secret's value" [ "$(kubectl -n shop get secret key-3 -o jsonpath='{.data.password}' | base64 -d)" = of-nginx:1.28 ]
check "... again changes nothing" contains "left alone" "$weir" undo "$seq"

write_before=$(git -C "$work/repo" rev-parse HEAD)
sed -i s/1.28/evil/ "$work/repo/apps/7/app.yaml"
push "app-7 goes bad"
check "a bad commit to one of them" within 30 bash -c "[ \"\$('$peers/kubectl' -n shop get deploy web-7 -o jsonpath='{.spec.template.spec.containers[0].image}')\" = nginx:evil ]"
check "weir blame tells the line, the commit and its author" contains "apps/7/app.yaml:9" "$weir" blame deploy/web-7 .spec.template.spec.containers -n shop
check "... who" contains "you <you@example.com>" "$weir" blame deploy/web-7 .spec.template.spec.containers -n shop
check "... which" contains "$(git -C "$work/repo" rev-parse HEAD)" "$weir" blame deploy/web-7 .spec.template.spec.containers -n shop -o yaml
kubectl -n shop annotate deploy web-7 team=blue --field-manager=alice >/dev/null
check "... and another manager" within 10 contains "manager alice" "$weir" blame deploy/web-7 .metadata.annotations -n shop
check "weir rollback --git-revert plans" contains "apps/7/app.yaml would go back" "$weir" rollback ks/app-7 --to "$write_before" --git-revert --dry-run
check "weir rollback --git-revert" contains "pushed to main" "$weir" rollback ks/app-7 --to "$write_before" --git-revert
git -C "$work/repo" pull -q origin main
check "... is one commit more, with the identity configured" contains "Bot <bot@example.com>" git -C "$work/repo" log -1 --format='%an <%ae> %s'
check "... with the file as it was" git -C "$work/repo" diff --quiet "$write_before" HEAD
check "... which flows" within 30 bash -c "[ \"\$('$peers/kubectl' -n shop get deploy web-7 -o jsonpath='{.spec.template.spec.containers[0].image}')\" = nginx:1.28 ]"
check "... and pins nothing" lacks "pinned by" kubectl -n flux-system get ks
check "weir verify" "$weir" verify
summary
