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
work=$(mktemp -d) registry_pid=
trap '[ -z "$registry_pid" ] || kill "$registry_pid" 2>/dev/null; rm -rf "$work"' EXIT
export WEIR_DATA_DIR=$work/data
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
# Kinds that this build does not declare yet: enough of a CustomResourceDefinition to trace through.
while read -r group version kind plural; do
  kubectl get crd "$plural.$group" >/dev/null 2>&1 || kubectl apply -f - >/dev/null <<Y
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: $plural.$group, labels: {app.kubernetes.io/part-of: flux, app.kubernetes.io/version: v2.9.5}}
spec:
  group: $group
  names: {kind: $kind, plural: $plural}
  scope: Namespaced
  versions:
  - {name: $version, served: true, storage: true, subresources: {status: {}}, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
Y
done <<'L'
helm.toolkit.fluxcd.io v2 HelmRelease helmreleases
source.toolkit.fluxcd.io v1 HelmChart helmcharts
source.toolkit.fluxcd.io v1 HelmRepository helmrepositories
source.toolkit.fluxcd.io v1 OCIRepository ocirepositories
L
kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
kubectl apply -f - >/dev/null <<'Y' || exit 1
apiVersion: v1
kind: ConfigMap
metadata:
  name: managed
  namespace: apps
  labels: {kustomize.toolkit.fluxcd.io/name: root, kustomize.toolkit.fluxcd.io/namespace: flux-system}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: by-child
  namespace: apps
  labels: {kustomize.toolkit.fluxcd.io/name: child, kustomize.toolkit.fluxcd.io/namespace: apps}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: of-release
  namespace: apps
  labels: {helm.toolkit.fluxcd.io/name: app, helm.toolkit.fluxcd.io/namespace: apps}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: of-oci-release
  namespace: apps
  labels: {helm.toolkit.fluxcd.io/name: app-oci, helm.toolkit.fluxcd.io/namespace: apps}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: orphan
  namespace: apps
  labels: {kustomize.toolkit.fluxcd.io/name: gone, kustomize.toolkit.fluxcd.io/namespace: apps}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: apps
  labels: {kustomize.toolkit.fluxcd.io/name: root, kustomize.toolkit.fluxcd.io/namespace: flux-system}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "nginx:1.27"}]}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: app, namespace: apps}
spec: {interval: 1m, targetNamespace: apps, chart: {spec: {chart: podinfo, sourceRef: {kind: HelmRepository, name: charts}}}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: app-oci, namespace: apps}
spec: {interval: 1m, chartRef: {kind: OCIRepository, name: chart}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmChart
metadata: {name: apps-app, namespace: apps}
spec: {interval: 1m, chart: podinfo, version: "6.x", sourceRef: {kind: HelmRepository, name: charts}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts, namespace: apps}
spec: {interval: 1m, url: "https://example.com/charts"}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: chart, namespace: apps}
spec: {interval: 1m, url: "oci://example.com/chart", ref: {semver: "1.x"}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: Bucket
metadata: {name: files, namespace: apps}
spec: {interval: 1m, endpoint: s3.example.com, bucketName: files, prefix: a/, ignore: "*.md", secretRef: {name: keys}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: Bucket
metadata: {name: fresh, namespace: apps}
spec: {interval: 1m, endpoint: s3.example.com, bucketName: fresh, suspend: true}
Y
status apps helmrelease app "{$(ready True "Helm install succeeded"),\"lastAttemptedRevision\":\"6.5.0\",\"helmChart\":\"apps/apps-app\"}"
status apps helmrelease app-oci "{$(ready False "no"),\"lastAttemptedRevision\":\"1.2.0\"}"
status apps helmchart apps-app "{$(ready True "pulled 'podinfo' chart"),\"artifact\":{\"revision\":\"6.5.0\",
  \"path\":\"p\",\"url\":\"http://x/p\",\"lastUpdateTime\":\"2026-01-01T00:00:00Z\",\"digest\":\"sha256:$sha$(echo $sha | cut -c1-24)\"}}"
status apps ocirepository chart "{$(ready False "failed to pull")}"
status apps bucket files "{$(ready True "stored artifact: revision 'sha256:$sha$(echo $sha | cut -c1-24)'"),
  \"artifact\":{\"revision\":\"sha256:$sha$(echo $sha | cut -c1-24)\",\"path\":\"p\",\"url\":\"http://x/p\",
  \"lastUpdateTime\":\"2026-01-01T00:00:00Z\",\"digest\":\"sha256:$sha$(echo $sha | cut -c1-24)\"}}"
kubectl -n apps rollout status deploy/web --timeout=60s >/dev/null
pod=$(kubectl -n apps get pod -l app=web -o name | head -1)
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

# The verbs about artifacts, where there is a registry.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
registry=oci://127.0.0.1:$port/manifests/app
if [ -x "$peers/registry" ]; then
  printf 'version: 0.1\nlog: {level: error}\nstorage: {inmemory: {}}\nhttp: {addr: "127.0.0.1:%s"}\n' "$port" >"$work/registry.yml"
  OTEL_TRACES_EXPORTER=none "$peers/registry" serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
  registry_pid=$!
  for _ in $(seq 50); do curl -s -o /dev/null "http://127.0.0.1:$port/v2/" && break; sleep 0.1; done
  for tag in 1.0.0 1.1.0 latest; do
    flux push artifact "$registry:$tag" --path "$work/app" --source https://example.com/app.git \
      --revision "$tag@sha1:$sha" --reproducible >/dev/null 2>&1 || exit 1
  done
else
  echo "SKIPPED: the verbs about artifacts: no registry in $peers"
fi
mkdir "$work/out" "$work/other"
cp "$work/app/map.yaml" "$work/other/"
echo '{message: hello}' >"$work/values.yaml"

different=0
while read -r line; do
  [ -n "$line" ] || continue
  misunderstood=
  if [[ $line == '! '* ]]; then misunderstood=1 line=${line#'! '}; fi
  [[ $line != *artifact* || -n $registry_pid ]] || continue
  (cd "$work" && eval "flux $line" >f.out 2>f.err; echo $? >f.code)
  (eval "set -- $line"; tool=$(realpath "$weir"); cd "$work" && "$tool" "$@" >w.out 2>w.err; echo $? >w.code)
  # A word that is misunderstood ends in 2 here, in 1 there (tests/e2e/cli_usage.sh).
  [ -z "$misunderstood" ] || { [ "$(cat "$work/w.code")" = 2 ] && echo 1 >"$work/w.code"; }
  for part in out err code; do
    # Flux leaves the newline behind its last word on stderr out at times.
    [ "$(cat "$work/f.$part")" = "$(cat "$work/w.$part")" ] && continue
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
-n apps get ks
get -n apps ks
--timeout 1m -n=apps get --kubeconfig "$KUBECONFIG" ks child
--as admin --as-group system:masters get ks -n apps
--as nobody get ks
trace -n apps cm managed
trace -n apps cm/by-child
trace -n apps configmap/of-release
trace -n apps cm/of-oci-release
trace -n apps cm/orphan
trace -n apps deploy/web
trace -n apps $pod
trace -n apps deployments.apps web
trace -n apps deploy.v1.apps web
trace -n apps cm managed by-child
trace -n apps cm/managed ns/apps deploy/web
trace ns default
trace -n apps managed --kind ConfigMap --api-version v1
trace -n apps web --kind deployment --api-version apps/v1
trace -n apps web --kind Deployment --api-version apps/v1
trace -n apps nope --kind Deployment --api-version apps/v1
trace nokind nope
get hr -A
get hr -A --show-source
get sources all -n apps
export hr app -n apps
export hr nope
debug hr app -n apps --show-status
debug hr app -n apps --show-history
debug hr nope --show-values
debug hr app -n apps
delete hr
delete hr nope -s
delete ks nope -s
delete source helm nope -s
delete source chart nope -s
delete source oci nope -s
delete source bucket nope -s
create hr web --chart web --source HelmRepository/charts --export
create hr web --chart-ref OCIRepository/web.apps --crds CreateReplace --create-target-namespace --target-namespace x --export
create source chart web --chart web --source HelmRepository/charts --export
create source helm charts --url https://charts.example.com --export
create source helm charts --url oci://charts.example.com/x --export
! create source helm charts --url ftp://charts.example.com --export
! create source helm charts --export
create source helm charts --url https://charts.example.com --username me --password secret --export
create source helm charts --url https://charts.example.com --secret-ref mine --pass-credentials --interval 5m --export
create source helm charts --url https://charts.example.com --label a=b --label c=d --export
! create source chart web --chart web --export
! create source chart web --source HelmRepository/charts --export
! create source chart web --chart web --source Nope/charts --export
create source chart web --chart ./web --source GitRepository/app --reconcile-strategy Revision --chart-version 1.x --export
create source chart web --chart web --source HelmRepository/charts --verify-provider cosign --verify-secret-ref keys --export
create source chart web --chart web --source HelmRepository/charts --verify-provider cosign --verify-issuer a --verify-subject b --export
create source bucket web --bucket-name web --endpoint s3.example.com --export
create source bucket web --bucket-name web --endpoint s3.example.com --provider aws --region eu-west-1 --interval 10m --export
create source bucket web --bucket-name web --endpoint s3.example.com --insecure --secret-ref a --proxy-secret-ref b --ignore-paths c,d --label e=f --export
create source bucket web --bucket-name web --endpoint s3.example.com --access-key a --secret-key b --fetch-timeout 90s --export
! create source bucket web --endpoint s3.example.com --export
! create source bucket web --bucket-name web --export
! create source bucket web --bucket-name web --endpoint s3.example.com --provider other --export
create source oci web --url oci://example.com/web --tag 1.0.0 --export
create source oci web --url oci://example.com/web --tag-semver ">=1.0.0" --interval 10m --export
create source oci web --url oci://example.com/web --digest sha256:$sha --insecure --export
! create source oci web --url oci://example.com/web --export
create source oci web --url oci://example.com/web --tag 1 --secret-ref a --cert-ref b --proxy-secret-ref c --service-account d --ignore-paths a,b --export
create source oci web --url oci://example.com/web --tag 1 --verify-provider cosign --verify-secret-ref keys --export
create source oci web --url oci://example.com/web --tag 1 --verify-provider cosign --verify-issuer a --export
! create source oci web --url oci://example.com/web --tag 1 --verify-secret-ref keys --export
! create source oci web --url oci://example.com/web --tag 1 --verify-issuer a --export
! create hr web --export
! create hr web --chart web --source Nope/charts --export
create hr web --chart web --source HelmRepository/charts.other --values values.yaml --values-from Secret/a --values-from ConfigMap/b --export
create hr web --chart web --source HelmRepository/charts --depends-on a,b/c --service-account d --release-name e --storage-namespace f --kubeconfig-secret-ref g --export
create hr web --chart web --source GitRepository/charts --reconcile-strategy Revision --chart-version 1.x --chart-interval 5m --interval 1h --export
! create hr web --chart web --source HelmRepository/charts --crds Nope --export
get hr app -n apps
get hr nope
get sources chart -A
get sources oci -A
get sources bucket -A
get sources bucket files -n apps
get sources bucket nope -n apps
get sources helm -A --no-header
get sources oci nope -n apps
get sources chart -n apps --status-selector ready=false
export source helm --all -n apps
export source chart apps-app -n apps
export source oci chart -n apps
export source oci nope
export source bucket --all -n apps
export source bucket files -n apps
export source bucket nope
export hr --all -n apps
suspend hr app nope -n apps
suspend source helm charts -n apps
suspend source chart --all -n apps
suspend source oci chart -n apps
suspend source bucket files -n apps
get hr -n apps
get sources all -n apps
reconcile hr app -n apps
reconcile hr app -n apps --with-source
reconcile hr nope
reconcile source helm charts -n apps
reconcile source chart apps-app -n apps
reconcile source oci chart -n apps
reconcile source bucket files -n apps
reconcile source bucket nope
reconcile source oci nope
resume hr nope
resume source helm nope
resume source chart nope
resume source oci nope
resume source bucket nope
debug hr app -n apps --show-values
debug hr app -n apps --show-values --show-status
list artifacts $registry
list artifacts $registry --filter-semver ">=1.0.0"
list artifacts $registry --filter-regex "^1"
list artifacts http://127.0.0.1:$port/x
pull artifact $registry:1.0.0 --output out
pull artifact $registry:1.0.0 --output nope
pull artifact $registry:1.0.0
diff artifact $registry:1.0.0 --path app
diff artifact $registry:1.0.0 --path other
diff artifact $registry:1.0.0 --path nope
diff artifact $registry:1.0.0
tag artifact $registry:1.0.0 --tag stable
tag artifact $registry:1.0.0
push artifact $registry:1.2.0 --path app --source x
push artifact $registry:1.2.0 --path app --revision x
push artifact $registry:1.2.0 --source x --revision x
push artifact $registry:1.2.0 --path nope --source x --revision x
push artifact http://x/y:1 --path app --source x --revision x
build artifact --path app --output app.tgz
build artifact --path nope
build artifact
check --pre
check --timeout 3s
logs
L
[ $different = 0 ] && echo "same: every verb"
exit $different
