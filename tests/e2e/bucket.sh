#!/usr/bin/env bash
# Bucket on a real control plane, of a real S3 server that checks signatures (versitygw), with the real flux looking on; a Kustomization
# and a chart made of it. usage: tests/e2e/bucket.sh
NAME=bucket PORT=${PORT:-18500}
. "$(dirname "$0")/lib.sh"
[ -x "$peers/versitygw" ] || { echo "SKIPPED $NAME: no versitygw (run tests/peers/install)"; exit 0; }
endpoint=127.0.0.1:$((PORT + 50)) gateway_pid=
stop_gateway() { [ -z "$gateway_pid" ] || kill "$gateway_pid" 2>/dev/null || true; }
trap 'stop_gateway; finish' EXIT
start_gateway() {
  mkdir -p "$work/buckets"
  "$peers/versitygw" --quiet --port "$endpoint" --access reader --secret a-secret-key posix "$work/buckets" >"$work/gateway.log" 2>&1 9>&- &
  gateway_pid=$!
  within 20 curl -s -o /dev/null "http://$endpoint/" || { cat "$work/gateway.log"; return 1; }
}
s3() { python3 "$root/tests/support/s3_client.py" "$endpoint" reader a-secret-key "$@"; }
field() { kubectl -n flux-system get "$1" "$2" -o jsonpath="$3"; }
is() { [ "$(field "$1" "$2" "$3")" = "$4" ] || { echo "$(field "$1" "$2" "$3") is not $4"; return 1; }; }
message() { field "$1" "$2" '{.status.conditions[?(@.type=="Ready")].message}'; }
ready() { kubectl -n flux-system wait "$1/$2" --for=condition=Ready --timeout=30s; }
served() { curl -sf "$(field bucket "$1" '{.status.artifact.url}')"; }
is_served() { [ "sha256:$(served "$1" | sha256sum | cut -d' ' -f1)" = "$(field bucket "$1" '{.status.artifact.digest}')" ]; }
files() { served "$1" | tar tvz | awk '/^-/ {print $6}' | sed 's#^\./##' | LC_ALL=C sort | tr '\n' ' '; }
same_output() { diff <(flux "$@" 2>&1) <("$weir" "$@" 2>&1); }
# The revision that a bucket of these files has: "KEY TEXT" each.
revision_of() {
  while [ $# -gt 0 ]; do
    printf '%s %s\n' "$1" "$(printf '%s' "$2" | md5sum | cut -d' ' -f1)"; shift 2
  done | LC_ALL=C sort | sha256sum | sed 's/^\(.*\)  -$/sha256:\1/'
}
# bucket NAME SPEC (flow style)
bucket() {
  kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: Bucket
metadata: {name: $1, namespace: flux-system}
spec: {interval: 5m, endpoint: "$endpoint", insecure: true, $2}
Y
}
settings() { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\ndata: {key: "%s"}\n' "$1"; }

start_cluster
start_gateway
"$weir" install crds | kubectl apply --server-side -f - >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
kubectl create namespace flux-system >/dev/null
start_weir

s3 make files
s3 put files deploy/settings.yaml "$(settings one)"
s3 put files logo.png png
kubectl -n flux-system create secret generic keys --from-literal=accesskey=reader --from-literal=secretkey=a-secret-key >/dev/null
bucket app 'bucketName: files, secretRef: {name: keys}'
kubectl apply -f - >/dev/null <<Y
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: flux-system}
spec: {interval: 10m, prune: true, path: ./deploy, sourceRef: {kind: Bucket, name: app}}
Y
check "a bucket is ready" ready bucket app
check "... its revision that of keys and ETags" is bucket app '{.status.artifact.revision}' \
  "$(revision_of deploy/settings.yaml "$(settings one)" logo.png png)"
check "... served as its status says" is_served app
check "... with all of its objects" [ "$(files app)" = "deploy/settings.yaml logo.png " ]
check "... also under its latest name" curl -sf -o /dev/null "$(field bucket app '{.status.url}')"
check "a Kustomization is built from it" within 20 contains one kubectl get cm settings -o yaml
s3 put files deploy/settings.yaml "$(settings two)"
check "flux reconcile source bucket" flux reconcile source bucket app --timeout 30s
check "... and the change rolls out" within 20 contains two kubectl get cm settings -o yaml
s3 put files deploy/settings.yaml "$(settings three)"
check "weir reconcile ks --with-source" "$weir" reconcile ks app --with-source --timeout 30s
check "... takes the bucket along" within 20 contains three kubectl get cm settings -o yaml
s3 delete files logo.png
check "weir reconcile source bucket" "$weir" reconcile source bucket app --timeout 30s
check "... has an object less" [ "$(files app)" = "deploy/settings.yaml " ]
check "flux get sources bucket agrees" same_output get sources bucket
check "flux export source bucket agrees" same_output export source bucket app
check "flux suspend source bucket" flux suspend source bucket app
check "weir resume source bucket" "$weir" resume source bucket app --timeout 30s

# ---- what is left out, and where ----
s3 put files .sourceignore '*.md'
s3 put files docs/readme.md text
s3 put files docs/other.txt text
bucket docs 'bucketName: files, secretRef: {name: keys}, region: us-east-1, prefix: docs/'
check "a prefix and the root's .sourceignore" ready bucket docs
check "... leave out the rest" [ "$(files docs)" = ".sourceignore docs/other.txt " ]
bucket ignoring 'bucketName: files, secretRef: {name: keys}, ignore: "/deploy"'
check "spec.ignore" ready bucket ignoring
check "... leaves out too" [ "$(files ignoring)" = ".sourceignore docs/other.txt " ]

# ---- failures ----
kubectl -n flux-system create secret generic wrong --from-literal=accesskey=reader --from-literal=secretkey=another >/dev/null
bucket wrong 'bucketName: files, secretRef: {name: wrong}'
check "a wrong key is told in the server's words" within 20 contains "failed to confirm existence of 'files' bucket: " message bucket wrong
check "... and no status holds it" lacks another kubectl -n flux-system get bucket wrong -o jsonpath='{.status}'
bucket absent 'bucketName: nothing, secretRef: {name: keys}'
check "a bucket that is not there is told" within 20 contains "bucket 'nothing' not found" message bucket absent
bucket closed 'bucketName: files'
check "a bucket that is not public is not read without keys" within 20 contains "Access Denied" message bucket closed
bucket cloud 'bucketName: files, provider: gcp'
check "a provider that is not supported is refused by its field" within 20 contains "spec.provider: gcp is not supported" message bucket cloud

# ---- charts ----
for part in Chart.yaml:'apiVersion: v2
name: web
version: 1.0.0' values.yaml:'key: one' templates/cm.yaml:'apiVersion: v1
kind: ConfigMap
metadata: {name: of-chart, namespace: default}
data: {key: "{{ .Values.key }}"}'; do
  s3 put files "charts/web/${part%%:*}" "${part#*:}"
done
flux reconcile source bucket app >/dev/null 2>&1
kubectl apply -f - >/dev/null <<Y
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: flux-system}
spec: {interval: 10m, chart: {spec: {chart: charts/web, reconcileStrategy: Revision, sourceRef: {kind: Bucket, name: app}}}}
Y
check "a release of a chart in the bucket" within 30 contains "key: one" kubectl get cm of-chart -o yaml
s3 put files charts/web/values.yaml 'key: two'
check "flux reconcile hr --with-source" flux reconcile hr web --with-source --timeout 40s
check "... upgrades it to what the bucket has" within 20 contains "key: two" kubectl get cm of-chart -o yaml
check "... in a version of the bucket's revision" [ "$(field helmchart flux-system-web '{.status.artifact.revision}')" = \
  "1.0.0+$(field bucket app '{.status.artifact.revision}' | cut -c8-19)" ]

# ---- made by the command line ----
check "weir create source bucket" "$weir" create source bucket made --bucket-name files --endpoint "$endpoint" --insecure \
  --access-key reader --secret-key a-secret-key --interval 5m --timeout 30s
check "... with a Secret of its own" is bucket made '{.spec.secretRef.name}' bucket-made
check "weir delete source bucket" "$weir" delete source bucket made -s
check "... which leaves no artifact" within 10 lacks made ls "$WEIR_DATA_DIR"/artifacts/bucket/flux-system
summary
