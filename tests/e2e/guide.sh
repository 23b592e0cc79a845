#!/usr/bin/env bash
# The manifests of tests/golden/guide work as written, on a real control plane and on the embedded API. Only the URL of the public
# repository is another: that of a repository of the same shape on this machine. usage: tests/e2e/guide.sh [real|embedded]
NAME=guide PORT=18200
. "$(dirname "$0")/lib.sh"
guide=$root/tests/golden/guide

# The shape of github.com/stefanprodan/podinfo's kustomize/: objects that name no namespace. Its kustomization names one only after
# a first try, as Flux refuses to guess it.
write_podinfo() {
  git init -q --bare -b master "$work/git/repos/podinfo.git"
  git clone -q "$work/git/repos/podinfo.git" "$work/podinfo" 2>/dev/null
  git -C "$work/podinfo" checkout -q -b master 2>/dev/null || true
  mkdir "$work/podinfo/kustomize"
  cat >"$work/podinfo/kustomize/kustomization.yaml" <<'Y'
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [deployment.yaml, service.yaml]
Y
  cat >"$work/podinfo/kustomize/deployment.yaml" <<'Y'
apiVersion: apps/v1
kind: Deployment
metadata: {name: podinfo}
spec:
  selector: {matchLabels: {app: podinfo}}
  template:
    metadata: {labels: {app: podinfo}}
    spec: {containers: [{name: podinfod, image: "ghcr.io/stefanprodan/podinfo:6.5.0"}]}
Y
  cat >"$work/podinfo/kustomize/service.yaml" <<'Y'
apiVersion: v1
kind: Service
metadata: {name: podinfo}
spec: {selector: {app: podinfo}, ports: [{port: 9898}]}
Y
  git -C "$work/podinfo" add -A
  git -C "$work/podinfo" -c user.name=you -c user.email=you@example.com commit -qm podinfo
  git -C "$work/podinfo" push -q origin master
}

# The repository of the guide: clusters/, apps/, and a team's folder.
write_fleet() {
  mkdir -p "$work/repo/clusters/my-cluster" "$work/repo/apps/podinfo" "$work/repo/teams/team-a"
  cp "$guide/06-Kustomization.yaml" "$work/repo/clusters/my-cluster/apps.yaml"
  cp "$guide/05-Deployment.yaml" "$work/repo/apps/podinfo/deployment.yaml"
  printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: podinfo}\n' >"$work/repo/apps/podinfo/namespace.yaml"
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-team-a, namespace: team-a}\ndata: {key: one}\n' >"$work/repo/teams/team-a/map.yaml"
}

# What bootstrap leaves: the source and the Kustomization of the cluster's folder.
write_bootstrap() {
  cat <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1m, url: "$git_url", ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 10m, path: ./clusters/my-cluster, prune: true, sourceRef: {kind: GitRepository, name: flux-system}}
Y
}

field() { kubectl -n "$1" get "$2" -o jsonpath="$3"; }
is() { local found; found=$(field "$1" "$2" "$3"); [ "$found" = "$4" ] || { echo "it is '$found'"; return 1; }; }
ready() { kubectl -n "$1" wait "$2" --for=condition=Ready --timeout="${3:-20s}"; }
message() { field "$1" "$2" '{.status.conditions[?(@.type=="Ready")].message}'; }
sync() { push "$1"; "$weir" reconcile source git flux-system --timeout 30s >/dev/null 2>&1 || true; }

start_embedded() {
  mkdir -p "$work/cluster"
  "$weir" kube --listen "127.0.0.1:$((PORT + 43))" --write-kubeconfig "$KUBECONFIG" >"$work/kube.log" 2>&1 9>&- &
  kube_pid=$!
  within 30 kubectl get --raw /readyz || { cat "$work/kube.log"; return 1; }
}

run_guide() {
  "$weir" install crds --apply 2>/dev/null
  kubectl create namespace flux-system >/dev/null
  start_weir
  write_bootstrap | kubectl apply -f - >/dev/null
  check "$1: 06, from Git, is ready" within 20 ready flux-system ks/apps
  check "$1: 05 runs two replicas" within 20 is podinfo deploy/podinfo '{.status.readyReplicas}' 2

  sed "s|https://github.com/stefanprodan/podinfo|${git_url%app.git}podinfo.git|" "$guide/00-GitRepository.yaml" >"$work/00.yaml"
  check "$1: 00 is accepted" kubectl apply -f "$work/00.yaml"
  check "$1: ... and fetched" ready flux-system gitrepository/podinfo
  check "$1: 01 is accepted" kubectl apply -f "$guide/01-Kustomization.yaml"
  check "$1: ... objects without a namespace are refused in Flux's words" within 20 contains "namespace not specified" message flux-system ks/podinfo
  echo 'namespace: default' >>"$work/podinfo/kustomize/kustomization.yaml"
  git -C "$work/podinfo" -c user.name=you -c user.email=you@example.com commit -qam "a namespace"
  git -C "$work/podinfo" push -q origin master
  "$weir" reconcile ks podinfo --with-source --timeout 30s >/dev/null 2>&1 || true
  check "$1: ... and ready once they have one" ready flux-system ks/podinfo
  check "$1: ... its Deployment is there" is default deploy/podinfo '{.spec.template.spec.containers[0].name}' podinfod

  kubectl create namespace team-a >/dev/null
  check "$1: 07, without interval and prune, is accepted" kubectl apply -f "$guide/07-Kustomization.yaml"
  check "$1: ... its account has no rights yet" within 20 contains "forbidden" message flux-system ks/team-a
  kubectl -n flux-system create serviceaccount team-a >/dev/null
  kubectl -n team-a create rolebinding team-a --clusterrole=admin --serviceaccount=flux-system:team-a >/dev/null
  kubectl -n flux-system annotate --overwrite ks/team-a reconcile.fluxcd.io/requestedAt="$(date +%s%N)" >/dev/null
  check "$1: ... applies as that account once it has" within 20 is team-a cm/of-team-a '{.data.key}' one
  git -C "$work/repo" mv teams/team-a/map.yaml teams/team-a/other.yaml
  sed -i 's/of-team-a/next-of-team-a/' "$work/repo/teams/team-a/other.yaml"
  sync "another map of team-a"
  check "$1: ... follows a commit" within 20 is team-a cm/next-of-team-a '{.data.key}' one
  check "$1: ... and prunes nothing" is team-a cm/of-team-a '{.data.key}' one

  check "$1: 11, without source, is accepted" kubectl apply -n flux-system --server-side --force-conflicts -f "$guide/11-Kustomization.yaml"
  check "$1: ... and ready: its health check passes" ready flux-system ks/apps
  sed -i 's/replicas: 2/replicas: 3/; s/containerPort: 9898/containerPort: 98980/' "$work/repo/apps/podinfo/deployment.yaml"
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: beside, namespace: podinfo}\n' >"$work/repo/apps/podinfo/beside.yaml"
  sync "a port that is none"
  check "$1: ... validation: client tells what is wrong" within 20 contains "98980" message flux-system ks/apps
  check "$1: ... before anything is applied" lacks "beside" kubectl -n podinfo get cm
  git -C "$work/repo" revert --no-edit HEAD >/dev/null
  git -C "$work/repo" push -q origin main
  "$weir" reconcile ks apps --with-source --timeout 30s >/dev/null 2>&1 || true
  check "$1: ... and recovers" within 20 ready flux-system ks/apps 1s

  cp "$guide/02-HelmRelease.yaml" "$work/repo/apps/podinfo/release.yaml"
  sync "a missing space"
  check "$1: 02 is refused by its file" within 20 contains "release.yaml" message flux-system ks/apps
  check "$1: ... line" contains "line 2" message flux-system ks/apps
  check "$1: ... column" contains "release.yaml:2:5" message flux-system ks/apps
  check "$1: ... and what is missing" contains "space" message flux-system ks/apps
  check "$1: ... while what runs goes on" is podinfo deploy/podinfo '{.status.readyReplicas}' 2
  kill "$weir_pid"; wait "$weir_pid" 2>/dev/null || true; weir_pid=
}

start_git
for mode in ${1:-real embedded}; do
  rm -rf "$work/podinfo" "$work/git/repos/podinfo.git"
  write_podinfo
  rm -rf "$work/repo/apps" "$work/repo/teams" "$work/repo/clusters"
  write_fleet
  if [ -n "$(git -C "$work/repo" status --porcelain)" ]; then push "the fleet"; fi
  rm -rf "$WEIR_DATA_DIR"
  if [ "$mode" = real ]; then start_cluster; else start_embedded; fi
  run_guide "$mode"
  if [ "$mode" = real ]; then "$root/tests/peers/cluster" down "$work/cluster"; else kill "$kube_pid"; kube_pid=; fi
done
summary
