#!/usr/bin/env bash
# weir as it stands in a cluster: the manifests of deploy/ on a real control plane, its service account's rights, the audit API
# with the cluster's own accounts, the log followed, a rollback that holds. usage: tests/e2e/in_cluster.sh
NAME=in_cluster PORT=18100
. "$(dirname "$0")/lib.sh"
audit=http://127.0.0.1:$((PORT + 60))

# kwok runs no volumes: one that binds to the claim of the StatefulSet is given.
write_volume() {
  kubectl apply -f - >/dev/null <<'Y'
apiVersion: v1
kind: PersistentVolume
metadata: {name: data}
spec: {capacity: {storage: 10Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /tmp}}
Y
}
# The simulated kubelet once more, now with a log that every container has written (in the form of a container runtime).
serve_logs() {
  local port=$((PORT + 70)) n=10
  kill "$(cat "$work/cluster/kwok.pid")"
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=kwok \
    -addext "subjectAltName=IP:127.0.0.1" 2>/dev/null
  while read -r line; do n=$((n + 1)); echo "2026-11-23T22:$n:00.000000000Z stdout F $line"; done >"$work/log" <<'L'
a line that is no JSON
{"level":"info","ts":"2026-11-23T22:09:09.647268Z","msg":"weir runs","cluster":"https://x"}
{"level":"info","ts":"2026-11-23T22:09:09.730768Z","msg":"stored artifact","controllerKind":"GitRepository","name":"app","namespace":"flux-system"}
{"level":"error","ts":"2026-11-23T22:09:11.6Z","msg":"dry-run failed","controllerKind":"Kustomization","name":"app","namespace":"apps","error":"ReconciliationFailed"}
{"level":"error","ts":"2026-11-23T22:09:12.6Z","msg":"old form","reconciler kind":"Kustomization","name":"other","namespace":"flux-system","error":"boom"}
L
  printf 'apiVersion: kwok.x-k8s.io/v1alpha1\nkind: ClusterLogs\nmetadata: {name: all}\nspec: {logs: [{logsFile: "%s"}]}\n' "$work/log" >"$work/kwok.yaml"
  "$peers/kwok" --kubeconfig="$KUBECONFIG" --manage-all-nodes=true --enable-crds= --node-lease-duration-seconds=40 \
    --server-address="127.0.0.1:$port" --node-port="$port" --node-ip=127.0.0.1 --tls-cert-file="$work/cert.pem" \
    --tls-private-key-file="$work/key.pem" --config "$work/kwok.yaml" >"$work/kwok.log" 2>&1 </dev/null &
  echo $! >"$work/cluster/kwok.pid"
  kubectl patch node kwok-0 --subresource=status --type=merge -p '{"status":{"addresses":[{"type":"InternalIP","address":"127.0.0.1"}],
    "daemonEndpoints":{"kubeletEndpoint":{"Port":'"$port"'}}}}' >/dev/null
  within 20 kubectl -n flux-system logs weir-0
}
same_logs() { diff <(flux logs "$@" 2>&1) <("$weir" logs "$@" 2>&1); }

# status CODE METHOD PATH [TOKEN]
status() {
  local code
  code=$(curl -s -o "$work/answer" -w '%{http_code}' -X "$2" ${4:+-H "Authorization: Bearer $4"} "$audit$3")
  [ "$code" = "$1" ] || { echo "$2 $3: $code"; cat "$work/answer"; return 1; }
}
account() {
  kubectl -n flux-system create serviceaccount "$1" >/dev/null
  [ -z "${2:-}" ] || kubectl create clusterrolebinding "$1" --clusterrole="$2" --serviceaccount="flux-system:$1" >/dev/null
  kubectl -n flux-system create token "$1"
}
value_is() { [ "$(kubectl -n shop get cm settings -o jsonpath='{.data.key}')" = "$1" ]; }
same_objects() { diff <(kubectl kustomize "$root/deploy" | kinds) <("$weir" install --export | kinds); }
kinds() { python3 -c 'import sys
kind = None
for line in sys.stdin:
    if line.startswith("kind: "): kind = line[6:].strip()
    if line.startswith("  name: "): print(kind, line[8:].strip())' | sort; }

start_cluster
write_volume
kubectl label node kwok-0 kubernetes.io/os=linux >/dev/null
[ -z "${WEIR_ACCEPT:-}" ] || "$weir" install crds >"$root/deploy/crds.yaml"
check "the definitions in deploy/ are those of the program" diff "$root/deploy/crds.yaml" <("$weir" install crds)
check "weir install --export has the objects of deploy/" same_objects
check "kubectl apply -k deploy, without a warning" lacks "Warning" kubectl apply --server-side -k "$root/deploy"
check "... which is what stands there now" kubectl diff --server-side -k "$root/deploy"
check "the StatefulSet becomes ready" kubectl -n flux-system rollout status statefulset/weir --timeout=60s
check "flux check is content" flux check --timeout 30s
check "flux version names the image" contains "weir: 0.1.0" flux version
check "weir check is content" contains "weir: statefulset ready" "$weir" check --timeout 30s
serve_logs
check "flux logs finds the pod" contains "GitRepository/app.flux-system - stored artifact" flux logs
for flags in "" -A "-A --level error" "--kind kustomization" "--name other" "-n apps" "-A --tail 2" "-A --since-time 2026-11-23T22:13:30Z" \
  "--flux-namespace nope" "-A -f --timeout 3s"; do
  # shellcheck disable=SC2086
  check "weir logs $flags, as flux" same_logs $flags
done
check "weir install over it" contains "install finished" "$weir" install --timeout 30s
check "another namespace and image" contains "image: example.com/weir:2" "$weir" install --export -n gitops --image example.com/weir:2
check "... leave nothing of the default ones" lacks "flux-system" "$weir" install --export -n gitops --image example.com/weir:2

# From here on weir runs outside, as the account of the StatefulSet.
kubectl -n flux-system delete statefulset,deployment --all >/dev/null
start_git
mkdir -p "$work/repo/app"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\ndata: {key: "one"}\n' >"$work/repo/app/settings.yaml"
push one
kubectl create namespace shop >/dev/null
admin=$KUBECONFIG
sed "s/token: admin-token/token: $(kubectl -n flux-system create token weir --duration 1h)/" "$admin" >"$work/weir.kubeconfig"
KUBECONFIG=$work/weir.kubeconfig start_weir
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: app, namespace: flux-system}
spec: {interval: 1m, url: "$git_url", ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: flux-system}
spec: {interval: 10m, path: ./app, prune: true, sourceRef: {kind: GitRepository, name: app}}
Y
check "the account's rights suffice" kubectl -n flux-system wait ks/app --for=condition=Ready --timeout=30s

nobody=$(account nobody) viewer=$(account viewer weir-audit-view-flux-system) editor=$(account editor weir-audit-edit-flux-system)
check "probes need no account" status 200 GET /healthz
check "... /readyz too" status 200 GET /readyz
check "no token: 401" status 401 GET /weir/v1/events
check "a token of no cluster: 401" status 401 GET /weir/v1/events not-a-token
check "an account without rights: 403" status 403 GET /weir/v1/events "$nobody"
check "... whose text names account and path" contains 'system:serviceaccount:flux-system:nobody' cat "$work/answer"
check "... and never the token" lacks "$nobody" cat "$work/answer"
check "an account that may read: 200" status 200 GET /weir/v1/events "$viewer"
check "... metrics" status 200 GET /metrics "$viewer"
check "... may not roll back: 403" status 403 POST /weir/v1/rollback "$viewer"
check "an account that may write gets as far as its body: 400" status 400 POST /weir/v1/rollback "$editor"
check "the token of the data directory, on loopback: 200" status 200 GET /weir/v1/events "$(cat "$WEIR_DATA_DIR/token")"
check "artifacts need none, as source-controller's" status 200 GET "/$(kubectl -n flux-system get gitrepository app -o jsonpath='{.status.artifact.path}')"

timeout 120 "$weir" audit -w --type ObjectApplied -o json >"$work/followed" 2>&1 9>&- &
follower=$!
sed -i 's/one/two/' "$work/repo/app/settings.yaml"
push two
"$weir" reconcile source git app --timeout 30s >/dev/null 2>&1
check "a commit rolls out" within 10 value_is two
check "weir audit -w prints it as it happens" within 5 contains '"action":"configured"' cat "$work/followed"
check "weir audit -w in a table" contains "SUBJECT" timeout 2 "$weir" audit -w
kill $follower 2>/dev/null || true; wait $follower 2>/dev/null || true
check "weir logs tells it" contains "object configured ConfigMap/shop/settings" "$weir" logs --kind Kustomization --name app
check "weir logs --tail" [ "$("$weir" logs --tail 2 | wc -l)" -eq 2 ]

first=$("$weir" history cm/settings -n shop | tail -n 1 | awk '{print $2}')
check "weir rollback --hold" contains "until 'weir unpin'" "$weir" rollback ks/app --to "$first" --hold
check "... goes back" within 10 value_is one
sed -i 's/two/three/' "$work/repo/app/settings.yaml"
push three
"$weir" reconcile source git app --timeout 30s >/dev/null 2>&1
sleep 2
check "... and a newer revision does not let go" value_is one
check "weir unpin" contains "released" "$weir" unpin ks/app
check "... lets it go" within 10 value_is three
check "the log has who did it" contains "RollbackPinned" "$weir" audit --name app
check "weir verify" contains "✔" "$weir" verify
summary
