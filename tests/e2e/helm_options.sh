#!/usr/bin/env bash
# What HelmReleases may ask for, on a real control plane: a chart from an OCIRepository, releases that were made without
# server-side apply, CustomResourceDefinitions, another account, another cluster. usage: tests/e2e/helm_options.sh
NAME=helm-options PORT=${PORT:-18800}
. "$(dirname "$0")/lib.sh"
helm() { HELM_CACHE_HOME=$work/helm HELM_CONFIG_HOME=$work/helm HELM_DATA_HOME=$work/helm "$peers/helm" "$@"; }
for tool in registry helm; do
  [ -x "$peers/$tool" ] || { echo "SKIPPED $NAME: no $tool (run tests/peers/install)"; exit 0; }
done
registry=127.0.0.1:$((PORT + 50)) registry_pid=
stop_all() {
  [ -z "$registry_pid" ] || kill "$registry_pid" 2>/dev/null || true
  "$root/tests/peers/cluster" down "$work/other" || true
}
trap 'stop_all; finish' EXIT

start_registry() {
  printf 'version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: "%s"}}\nhttp: {addr: "%s"}\n' \
    "$work/registry" "$registry" >"$work/registry.yml"
  OTEL_TRACES_EXPORTER=none "$peers/registry" serve "$work/registry.yml" >"$work/registry.log" 2>&1 9>&- &
  registry_pid=$!
  within 20 contains "" curl -s -o /dev/null "http://$registry/v2/"
}
# write_chart VERSION [EXTRA-TEMPLATE]
write_chart() {
  rm -rf "$work/repo/chart"
  mkdir -p "$work/repo/chart/templates"
  printf 'apiVersion: v2\nname: shop\nversion: %s\n' "$1" >"$work/repo/chart/Chart.yaml"
  printf 'message: hello\nenv: [{name: a, value: "1"}, {name: b, value: "2"}]\n' >"$work/repo/chart/values.yaml"
  cat >"$work/repo/chart/templates/app.yaml" <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-settings"}
data: {message: {{ .Values.message | quote }}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}-web"}
spec:
  replicas: 1
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ .Release.Name }}"}}
    spec: {containers: [{name: app, image: "nginx:1.27", env: {{ toJson .Values.env }}}]}
Y
  [ -z "${2:-}" ] || printf '%s\n' "$2" >"$work/repo/chart/templates/more.yaml"
}
from_git='chart: {spec: {chart: ./chart, reconcileStrategy: Revision, sourceRef: {kind: GitRepository, name: app}}}'
# release NAME CHART VALUES [SPEC]
release() {
  kubectl apply -f - >/dev/null <<Y
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: $1, namespace: flux-system}
spec:
  interval: 10m
  timeout: 1m
  targetNamespace: shop
  storageNamespace: shop
  releaseName: $1
  $2
  values: $3
${4:-}
Y
}
field() { kubectl -n flux-system get hr "$1" -o jsonpath="$2"; }
condition() { field "$1" "{.status.conditions[?(@.type==\"$2\")].$3}"; }
is_ready() { [ "$(condition "$1" Ready status)" = True ] && [ "$(field "$1" '{.status.observedGeneration}')" = "$(field "$1" '{.metadata.generation}')" ]; }
ask() { kubectl -n flux-system annotate --overwrite hr "$1" reconcile.fluxcd.io/requestedAt="$(date +%s%N)" >/dev/null; }
says() { [ "$(kubectl -n shop get configmap "$1-settings" -o jsonpath='{.data.message}')" = "$2" ]; }
env_names() { kubectl -n shop get deployment "$1-web" -o jsonpath='{.spec.template.spec.containers[0].env[*].name}'; }
record() { kubectl -n shop get secret "sh.helm.release.v1.$1.v$2" -o jsonpath='{.data.release}' | base64 -d | base64 -d | gunzip; }
method() { record "$1" "$2" | python3 -c 'import json,sys; print(json.load(sys.stdin).get("apply_method",""))'; }
is() { local out; out=$("${@:2}"); [ "$out" = "$1" ] || { echo "'$out' is not '$1'"; return 1; }; }

start_cluster
start_registry
start_git
write_chart 1.0.0
push "the chart"
"$weir" install crds | kubectl apply --server-side -f - >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
kubectl create namespace flux-system >/dev/null
kubectl create namespace shop >/dev/null
start_weir
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: app, namespace: flux-system}
spec: {interval: 1m, url: "$git_url", ref: {branch: main}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: shop, namespace: flux-system}
spec:
  interval: 1m
  url: "oci://$registry/charts/shop"
  ref: {semver: 1.x}
  layerSelector: {mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip, operation: copy}
Y

# ---- chartRef to an OCIRepository ----
push_chart() { write_chart "$1"; helm package "$work/repo/chart" -d "$work" >/dev/null; helm push "$work/shop-$1.tgz" "oci://$registry/charts" --plain-http >/dev/null 2>&1; }
push_chart 1.0.0
kubectl -n flux-system annotate --overwrite ocirepository shop reconcile.fluxcd.io/requestedAt=1 >/dev/null
release oci 'chartRef: {kind: OCIRepository, name: shop}' '{message: oci}'
check "a chart of helm push is released by chartRef" within 60 is_ready oci
digest() { kubectl -n flux-system get ocirepository shop -o jsonpath='{.status.artifact.revision}' | sed 's/.*@//'; }
first=$(digest)
check "... with the digest in its version" is "1.0.0+$(echo "${first#sha256:}" | cut -c1-12)" field oci '{.status.history[0].chartVersion}'
check "... and in its status" is "$first" field oci '{.status.lastAttemptedRevisionDigest}'
check "... and in its history" is "$first" field oci '{.status.history[0].ociDigest}'
check "... and no HelmChart is made" lacks flux-system-oci kubectl -n flux-system get helmcharts
check "helm list shows the version" contains "shop-1.0.0+" helm -n shop list
push_chart 1.1.0
kubectl -n flux-system annotate --overwrite ocirepository shop reconcile.fluxcd.io/requestedAt=2 >/dev/null
check "a higher version in the registry is an upgrade" within 60 contains "1.1.0+" field oci '{.status.history[0].chartVersion}'
check "... by its digest" is "$(digest)" field oci '{.status.lastAttemptedRevisionDigest}'
write_chart 1.0.0

# ---- releases made without server-side apply ----
helm -n shop install old "$work/repo/chart" --server-side=false --set message=helm >/dev/null
check "a release of helm without server-side apply" is csa method old 1
kubectl -n shop label deployment old-web added=by-hand >/dev/null
kubectl -n shop set env deployment/old-web EXTRA=3 >/dev/null
kubectl -n shop scale deployment old-web --replicas=3 >/dev/null
release old "$from_git" '{message: weir, env: [{name: b, value: "2"}]}'
check "... is taken over by an upgrade" within 60 is_ready old
check "... that stays client-side" is csa method old 2
check "... with the new values" says old weir
check "... without what the chart no longer has, with what others added" is "b EXTRA" env_names old
check "... with labels of others" is by-hand kubectl -n shop get deployment old-web -o jsonpath='{.metadata.labels.added}'
check "... and the chart's word where they differ" is 1 kubectl -n shop get deployment old-web -o jsonpath='{.spec.replicas}'
release old "$from_git" '{message: ssa, env: [{name: b, value: "2"}]}' '  upgrade: {serverSideApply: enabled}'
check "an upgrade to server-side apply" within 60 is ssa method old 3
check "... is ready" within 30 is_ready old
check "... and the manager's fields are owned by apply" lacks '"Update"' python3 -c '
import json, subprocess, sys
o = json.loads(subprocess.check_output([sys.argv[1], "-n", "shop", "get", "configmap", "old-settings", "-o", "json", "--show-managed-fields"]))
print([m["operation"] for m in o["metadata"]["managedFields"] if m["manager"] == "helm-controller"] and json.dumps([m["operation"] for m in o["metadata"]["managedFields"] if m["manager"] == "helm-controller"]))' "$peers/kubectl"
release own "$from_git" '{message: own}' '  install: {serverSideApply: false}'
check "an install without server-side apply" within 60 is csa method own 1
within 30 is_ready own
kubectl -n shop set env deployment/own-web EXTRA=3 >/dev/null
release own "$from_git" '{message: own, env: [{name: b, value: "2"}]}' '  upgrade: {serverSideApply: enabled}'
check "... upgraded with it" within 60 is ssa method own 2
check "... loses what leaves the chart, and keeps what others added" within 30 is "b EXTRA" env_names own
kubectl -n flux-system delete hr own --timeout=60s >/dev/null
helm -n shop rollback old 1 --force-conflicts >/dev/null 2>&1 || helm -n shop rollback old 1 >/dev/null
check "helm rolls weir's release back" says old helm
ask old
check "... and the next reconcile undoes it" within 60 says old ssa

# ---- helm 3 ----
if [ -x "$peers/helm3" ]; then
  helm3() { HELM_CACHE_HOME=$work/helm HELM_CONFIG_HOME=$work/helm HELM_DATA_HOME=$work/helm "$peers/helm3" "$@"; }
  helm3 -n shop install three "$work/repo/chart" --set message=helm3 >/dev/null
  helm3 -n shop upgrade three "$work/repo/chart" --set message=helm3-again >/dev/null
  kubectl -n shop set env deployment/three-web EXTRA=3 >/dev/null
  release three "$from_git" '{message: weir, env: [{name: a, value: "1"}]}'
  check "a release of helm 3 is taken over" within 60 is_ready three
  check "... as its next revision" is 3 field three '{.status.history[0].version}'
  check "... without server-side apply" is csa method three 3
  check "... with the new values" says three weir
  check "... without what left the chart, with what others added" is "a EXTRA" env_names three
  check "helm 3 lists weir's release" contains "deployed" helm3 -n shop list --filter '^three$'
  check "... and its status" contains "REVISION: 3" helm3 -n shop status three
  check "... and its history" contains superseded helm3 -n shop history three
  check "... and its values" contains "message: weir" helm3 -n shop get values three
  helm3 -n shop rollback three 2 >/dev/null
  check "... and rolls it back" says three helm3-again
  ask three
  check "... which the next reconcile undoes" within 60 says three weir
  helm3 -n shop uninstall three >/dev/null
  check "... and uninstalls it" lacks three-settings kubectl -n shop get configmaps
  ask three
  check "... which the next reconcile undoes too" within 60 says three weir
  check "... and is ready" within 30 is_ready three
else
  echo "SKIPPED helm 3: not among the peers"
fi

kubectl -n flux-system delete hr old --timeout=60s >/dev/null
if [ -x "$peers/helm3" ]; then kubectl -n flux-system delete hr three --timeout=60s >/dev/null; fi

# ---- crds/ ----
crd() { # DESCRIPTION
  mkdir -p "$work/repo/chart/crds"
  cat >"$work/repo/chart/crds/crontabs.yaml" <<Y
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: crontabs, singular: crontab, kind: CronTab}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, description: "$1", properties: {spec: {type: object, properties: {at: {type: string}}}}}}}]
Y
}
described() { [ "$(kubectl get crd crontabs.stable.example.com -o jsonpath='{.spec.versions[0].schema.openAPIV3Schema.description}')" = "$1" ]; }
git_revision() { kubectl -n flux-system annotate --overwrite gitrepository app reconcile.fluxcd.io/requestedAt="$(date +%s%N)" >/dev/null; }
cron='apiVersion: stable.example.com/v1
kind: CronTab
metadata: {name: "{{ .Release.Name }}"}
spec: {at: "{{ .Values.at }}"}'
write_chart 2.0.0 "$cron"; crd first; push "with a CRD"; git_revision
within 20 contains "$(git -C "$work/repo" rev-parse HEAD)" kubectl -n flux-system get gitrepository app -o jsonpath='{.status.artifact.revision}'
release skip "$from_git" '{at: noon}' '  install: {crds: Skip}'
check "a chart whose definitions are skipped fails" within 60 contains "ensure CRDs are installed first" condition skip Ready message
kubectl -n flux-system delete hr skip --timeout=30s >/dev/null
release cron "$from_git" '{at: noon}'
check "definitions in crds/ are there before what needs them" within 60 is_ready cron
check "... with the labels of the owner" is cron kubectl get crd crontabs.stable.example.com -o jsonpath='{.metadata.labels.helm\.toolkit\.fluxcd\.io/name}'
check "... and not as Helm's own" is "" kubectl get crd crontabs.stable.example.com -o jsonpath='{.metadata.labels.app\.kubernetes\.io/managed-by}'
check "... and in the inventory" contains "_crontabs.stable.example.com_apiextensions.k8s.io_CustomResourceDefinition" field cron '{.status.inventory.entries[*].id}'
crd second; push "another description"; git_revision
check "an upgrade leaves a definition as it is" within 60 contains "cron.v2" condition cron Ready message
check "... by default" described first
release cron "$from_git" '{at: midnight}' '  upgrade: {crds: CreateReplace}'
check "... and replaces it when asked" within 60 described second
check "... and is ready" within 30 is_ready cron
kubectl -n flux-system delete hr cron --timeout=60s >/dev/null
check "an uninstall leaves the definition" described second
check "... and takes the objects" lacks cron kubectl -n shop get crontabs
write_chart 1.0.0; push "without"; git_revision
within 20 contains "$(git -C "$work/repo" rev-parse HEAD)" kubectl -n flux-system get gitrepository app -o jsonpath='{.status.artifact.revision}'

# ---- another account ----
kubectl -n flux-system create serviceaccount tenant >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: tenant, namespace: shop}
rules: [{apiGroups: [""], resources: [configmaps, secrets], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tenant, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tenant}
subjects: [{kind: ServiceAccount, name: tenant, namespace: flux-system}]
Y
release tenant "$from_git" '{message: tenant}' '  serviceAccountName: tenant
  install: {remediation: {retries: -1}}'
check "what the account may not do fails the release, in the server's words" within 60 contains 'User "system:serviceaccount:flux-system:tenant" cannot' condition tenant Released message
kubectl -n shop patch role tenant --type json -p '[{"op":"add","path":"/rules/-","value":{"apiGroups":["apps"],"resources":["deployments"],"verbs":["*"]}}]' >/dev/null
check "... until it may" within 60 is_ready tenant
kubectl -n flux-system delete serviceaccount tenant >/dev/null
kubectl -n flux-system delete hr tenant --timeout=30s >/dev/null
check "a release whose account is gone stays when its owner goes" says tenant tenant
check "... with its record" contains tenant helm -n shop list

# ---- another cluster ----
"$root/tests/peers/cluster" up "$work/other" $((PORT + 200)) 9>&-
other() { "$peers/kubectl" --kubeconfig "$work/other/kubeconfig" "$@"; }
other create namespace shop >/dev/null
ca() { base64 -w0 "$1/pki/apiserver.crt"; }
other_says() { [ "$(other -n shop get configmap "$1-settings" -o jsonpath='{.data.message}')" = "$2" ]; }
kubeconfig() { # TOKEN
  cat <<Y
apiVersion: v1
kind: Config
current-context: other
clusters: [{name: other, cluster: {server: "https://127.0.0.1:$((PORT + 243))", certificate-authority-data: "$(ca "$work/other")"}}]
users: [{name: you, user: {token: "$1", tokenFile: /etc/hostname}}]
contexts: [{name: other, context: {cluster: other, user: you}}]
Y
}
kubeconfig admin-token >"$work/good"; kubeconfig wrong-token >"$work/bad"
kubectl -n flux-system create secret generic prod --from-file=value="$work/bad" >/dev/null
release far "$from_git" '{message: far}' '  kubeConfig: {secretRef: {name: prod}}'
check "a kubeconfig with a wrong token is refused by the cluster" within 30 contains Unauthorized condition far Ready message
check "... without a word of the token" lacks wrong-token kubectl -n flux-system get hr far -o yaml
kubectl -n flux-system create secret generic prod --from-file=value="$work/good" --dry-run=client -o yaml | kubectl apply -f - >/dev/null 2>&1
ask far
check "a release goes to the cluster of its kubeconfig" within 60 is_ready far
check "... its objects" other_says far far
check "... and its records" contains deployed "$peers/helm" --kubeconfig "$work/other/kubeconfig" -n shop list
check "... and none of it here" lacks far kubectl -n shop get configmaps,secrets
release far "$from_git" '{message: farther}' '  kubeConfig: {secretRef: {name: prod}}
  driftDetection: {mode: enabled}'
check "an upgrade there" within 60 other_says far farther
check "... is ready" within 30 is_ready far
other -n shop patch configmap far-settings --type merge -p '{"data":{"message":"by hand"}}' >/dev/null
ask far
check "drift there is corrected when it is looked at" within 30 other_says far farther
check "the log tells the cluster" contains flux-system/prod "$weir" audit --kind ConfigMap -o json
kubectl -n flux-system delete hr far --timeout=60s >/dev/null
check "deleting uninstalls there" lacks far-settings other -n shop get configmaps

kubectl -n flux-system create serviceaccount deployer >/dev/null
kubectl create clusterrolebinding deployer --clusterrole=cluster-admin --serviceaccount=flux-system:deployer >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: v1
kind: ConfigMap
metadata: {name: workload-identity, namespace: flux-system}
data:
  provider: generic
  address: "https://127.0.0.1:$((PORT + 43))"
  audiences: "https://kubernetes.default.svc"
  serviceAccountName: deployer
  ca.crt: |
$(sed 's/^/    /' "$work/cluster/pki/apiserver.crt")
Y
release token "$from_git" '{message: token}' '  kubeConfig: {configMapRef: {name: workload-identity}}'
check "a release by the tokens of an account" within 60 is_ready token
check "... made as that account" says token token
kubectl delete clusterrolebinding deployer >/dev/null
ask token
check "... which is asked each time" within 60 contains 'User "system:serviceaccount:flux-system:deployer" cannot' condition token Ready message
check "weir verify" contains "✔" "$weir" verify
summary
