#!/usr/bin/env bash
# kill -9 fifty times during a run of a hundred commits on a real control plane: the log stays whole, nothing is lost, and the
# cluster ends as the last commit says. usage: tests/e2e/kill9.sh [COMMITS] [KILLS]
NAME=kill9 PORT=17900
. "$(dirname "$0")/lib.sh"
commits=${1:-100} kills=${2:-50}

app() {
  mkdir -p "$work/repo/apps/$1"
  for n in a b; do
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s-%s, namespace: shop}\ndata: {key: "%s"}\n---\n' "$n" "$1" "$2"
  done >"$work/repo/apps/$1/app.yaml"
  # Every third commit has an object that the next one removes.
  if [ $(($2 % 3)) -eq 0 ]; then
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c-%s-%s, namespace: shop}\n' "$1" "$2" >>"$work/repo/apps/$1/app.yaml"
  fi
}
state() { kubectl -n shop get cm -l kustomize.toolkit.fluxcd.io/name -o jsonpath='{range .items[*]}{.metadata.name}={.data.key} {end}'; }
expected() {
  local out=
  for n in a b; do for i in 1 2 3 4 5; do out+="$n-$i=$commits "; done; done
  [ $((commits % 3)) -ne 0 ] || for i in 1 2 3 4 5; do out+="c-$i-$commits= "; done
  tr ' ' '\n' <<<"$out" | sort | tr '\n' ' '
}
settled() { diff <(state | tr ' ' '\n' | grep . | sort) <(expected | tr ' ' '\n' | grep . | sort); }

start_cluster
start_git
for i in 1 2 3 4 5; do app $i 0; done
push "commit 0"
"$weir" install crds | kubectl apply --server-side -f - >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
kubectl create namespace flux-system >/dev/null
kubectl create namespace shop >/dev/null
{
  printf 'apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: app, namespace: flux-system}\nspec: {interval: 1s, url: "%s", ref: {branch: main}}\n' "$git_url"
  for i in 1 2 3 4 5; do
    printf -- '---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: app-%s, namespace: flux-system}\nspec: {interval: 10m, retryInterval: 2s, path: ./apps/%s, prune: true, sourceRef: {kind: GitRepository, name: app}}\n' $i $i
  done
} | kubectl apply -f - >/dev/null
start_weir
killed=0
for c in $(seq "$commits"); do
  for i in 1 2 3 4 5; do app $i "$c"; done
  push "commit $c"
  sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
  if [ "$killed" -lt "$kills" ] && [ $((c * kills / commits)) -gt "$killed" ]; then
    kill -9 "$weir_pid"; wait "$weir_pid" 2>/dev/null || true
    killed=$((killed + 1))
    start_weir
  fi
done
check "it was killed $kills times" [ "$killed" -eq "$kills" ]
check "the cluster ends as the last commit says, no object lost, none left over" within 30 settled
check "the log verifies, projections equal a refold" contains "✔" "$weir" verify
kill "$weir_pid"; wait "$weir_pid" 2>/dev/null || true; weir_pid=
check "... and once more when closed" contains "✔" "$weir" verify --data-dir "$WEIR_DATA_DIR"
summary
