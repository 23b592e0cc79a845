#!/usr/bin/env bash
# Kustomizations of another cluster (spec.kubeConfig): two real control planes, weir on the first one.
# usage: tests/e2e/kustomization_remote.sh
NAME=kustomization-remote PORT=${PORT:-19300}
. "$(dirname "$0")/lib.sh"
trap '"$root/tests/peers/cluster" down "$work/other" || true; finish' EXIT

app() { # MESSAGE [EXTRA]
  mkdir -p "$work/repo/app"
  cat >"$work/repo/app/app.yaml" <<Y
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: crontabs, singular: crontab, kind: CronTab}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
---
apiVersion: stable.example.com/v1
kind: CronTab
metadata: {name: nightly, namespace: shop}
spec: {at: midnight}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {message: "$1"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "nginx:1.27"}]}
${2:-}
Y
}
extra='---
apiVersion: v1
kind: ConfigMap
metadata: {name: extra, namespace: shop}
data: {a: b}'
# kustomization NAME KUBECONFIG [SPEC]
kustomization() {
  kubectl apply -f - >/dev/null <<Y
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: $1, namespace: flux-system}
spec:
  interval: 10m
  retryInterval: 5s
  path: ./${path:-app}
  prune: true
  wait: true
  timeout: 1m
  sourceRef: {kind: GitRepository, name: app}
  kubeConfig: $2
${3:-}
Y
}
other() { "$peers/kubectl" --kubeconfig "$work/other/kubeconfig" "$@"; }
field() { kubectl -n flux-system get ks "$1" -o jsonpath="$2"; }
condition() { field "$1" "{.status.conditions[?(@.type==\"$2\")].$3}"; }
is_ready() { [ "$(condition "$1" Ready status)" = True ] && [ "$(field "$1" '{.status.observedGeneration}')" = "$(field "$1" '{.metadata.generation}')" ]; }
is_at_head() { is_ready "$1" && [[ $(field "$1" '{.status.lastAppliedRevision}') == *$(git -C "$work/repo" rev-parse HEAD) ]]; }
ask() { kubectl -n flux-system annotate --overwrite ks "$1" reconcile.fluxcd.io/requestedAt="$(date +%s%N)" >/dev/null; }
fetch() { kubectl -n flux-system annotate --overwrite gitrepository app reconcile.fluxcd.io/requestedAt="$(date +%s%N)" >/dev/null; }
other_says() { [ "$(other -n shop get configmap settings -o jsonpath='{.data.message}')" = "$1" ]; }
is_gone() { ! kubectl -n flux-system get ks "$1" >/dev/null 2>&1; }
ca() { base64 -w0 "$1/pki/apiserver.crt"; }
kubeconfig() { # TOKEN
  cat <<Y
apiVersion: v1
kind: Config
current-context: other
clusters: [{name: other, cluster: {server: "https://127.0.0.1:$((PORT + 243))", certificate-authority-data: "$(ca "$work/other")"}}]
users: [{name: you, user: {token: "$1"}}]
contexts: [{name: other, context: {cluster: other, user: you}}]
Y
}
secret() { kubectl -n flux-system create secret generic prod --from-file=value="$1" --dry-run=client -o yaml | kubectl apply -f - >/dev/null 2>&1; }

start_cluster
"$root/tests/peers/cluster" up "$work/other" $((PORT + 200)) 9>&-
start_git
app first "$extra"
push "the application"
"$weir" install crds | kubectl apply --server-side -f - >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
kubectl create namespace flux-system >/dev/null
kubeconfig admin-token >"$work/good"; kubeconfig wrong-token >"$work/bad"
start_weir
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: app, namespace: flux-system}
spec: {interval: 10m, url: "$git_url", ref: {branch: main}}
Y

kustomization far '{secretRef: {name: prod}}'
check "without its Secret a Kustomization says so" within 20 contains "unable to read KubeConfig secret 'flux-system/prod'" condition far Ready message
secret "$work/bad"; ask far
check "a wrong token is refused by the cluster" within 20 contains Unauthorized condition far Ready message
check "... without a word of the token" lacks wrong-token kubectl -n flux-system get ks far -o yaml
secret "$work/good"; ask far
check "objects go to the cluster of the kubeconfig, definitions first" within 60 is_ready far
check "... the custom resource too" contains midnight other -n shop get crontab nightly -o jsonpath='{.spec.at}'
check "... and its health is awaited" contains "True" condition far Healthy status
check "... and none of it is here" lacks shop kubectl get namespaces
check "... the owner's labels are on them" contains far other -n shop get configmap settings -o jsonpath='{.metadata.labels.kustomize\.toolkit\.fluxcd\.io/name}'
check "flux get shows it" contains "Applied revision" flux -n flux-system get ks far
check "the log tells the cluster" contains flux-system/prod "$weir" audit --kind ConfigMap -o json
generation=$(other -n shop get deployment web -o jsonpath='{.metadata.resourceVersion}')
ask far; within 20 is_ready far
sleep 1
check "a pass that finds nothing writes nothing there" contains "$generation" other -n shop get deployment web -o jsonpath='{.metadata.resourceVersion}'
other -n shop patch configmap settings --type merge -p '{"data":{"message":"by hand"}}' >/dev/null
check "drift there is corrected by its watch" within 5 other_says first
other -n shop delete configmap extra --wait=false >/dev/null
check "... a deletion too" within 5 contains b other -n shop get configmap extra -o jsonpath='{.data.a}'
app second; push "another message, and less"; fetch
check "a commit is applied there" within 30 is_at_head far
check "... with its message" other_says second
check "... and what it leaves out is pruned" lacks extra other -n shop get configmaps

kill "$weir_pid"; wait "$weir_pid" || true
other -n shop patch configmap settings --type merge -p '{"data":{"message":"while away"}}' >/dev/null
start_weir
check "after a restart the other cluster is looked at" within 20 other_says second
other -n shop patch configmap settings --type merge -p '{"data":{"message":"by hand"}}' >/dev/null
check "... and watched" within 5 other_says second

# ---- an account of the other cluster that may not watch ----
other create serviceaccount -n shop tenant >/dev/null
other -n shop create rolebinding tenant --clusterrole=admin --serviceaccount=shop:tenant >/dev/null
other -n shop create role crontabs --verb='*' --resource=crontabs.stable.example.com >/dev/null
other -n shop create rolebinding crontabs --role=crontabs --serviceaccount=shop:tenant >/dev/null
kubeconfig "$(other -n shop create token tenant)" >"$work/tenant"
kubectl -n flux-system create secret generic tenant --from-file=value.yaml="$work/tenant" >/dev/null
mkdir -p "$work/repo/small"
cat >"$work/repo/small/app.yaml" <<Y
apiVersion: apps/v1
kind: Deployment
metadata: {name: small, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: small}}
  template:
    metadata: {labels: {app: small}}
    spec: {containers: [{name: app, image: "nginx:1.27"}]}
Y
push "for the tenant"; fetch
path=small kustomization small '{secretRef: {name: tenant}}'
check "where no watch is allowed, health is asked for" within 60 is_ready small
other -n shop scale deployment small --replicas=0 >/dev/null
ask small
check "... and drift when it is looked at" within 30 contains 1 other -n shop get deployment small -o jsonpath='{.spec.replicas}'
kubectl -n flux-system delete ks small --timeout=60s >/dev/null
check "... and it is deleted" lacks small other -n shop get deployments

# ---- a ConfigMap and the tokens of an account; an account to act as ----
kubectl -n flux-system create serviceaccount deployer >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: v1
kind: ConfigMap
metadata: {name: aws, namespace: flux-system}
data: {provider: aws, cluster: "arn:aws:eks:eu-west-1:1:cluster/prod"}
Y
kustomization cloud '{configMapRef: {name: aws}}'
check "a cloud's provider is refused for good" within 20 contains "provider 'aws' is not supported" condition cloud Stalled message
kubectl -n flux-system delete ks cloud --timeout=30s >/dev/null
kustomization asking '{secretRef: {name: prod}}' '  serviceAccountName: nobody'
check "an account is impersonated on the other cluster" within 20 contains 'User "system:serviceaccount:flux-system:nobody" cannot' condition asking Ready message
kubectl -n flux-system delete ks asking --timeout=30s >/dev/null

# ---- the end ----
kubectl -n flux-system delete ks far --timeout=60s >/dev/null
check "deleting prunes there" within 30 lacks shop other get namespaces
kustomization far '{secretRef: {name: prod}}'
check "it comes back" within 90 is_ready far
"$root/tests/peers/cluster" down "$work/other"
kubectl -n flux-system delete ks far --wait=false >/dev/null
check "with the other cluster gone the finalizer stays and says why" within 20 contains "pruning for deleted resource failed" kubectl -n flux-system get events --field-selector involvedObject.name=far
check "... the object is there" contains far kubectl -n flux-system get ks far
kubectl -n flux-system delete secret prod >/dev/null
check "... and without the way there it is let go" within 60 is_gone far
check "weir verify" contains "✔" "$weir" verify
summary
