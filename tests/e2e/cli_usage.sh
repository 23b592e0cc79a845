#!/usr/bin/env bash
# Every verb: --help ends in 0 and says how it is used; a flag that it does not know, a flag without its value, a value of the
# wrong type and a file that is not there get one line on stderr, nothing on stdout, and exit code 2. Needs no cluster.
# usage: tests/e2e/cli_usage.sh WEIR
set -uo pipefail
weir=$(realpath "${1:?usage: cli_usage.sh WEIR}")
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export HOME=$work WEIR_DATA_DIR=$work/data KUBECONFIG=$work/kubeconfig
cd "$work"
cat >"$KUBECONFIG" <<'K'
apiVersion: v1
kind: Config
clusters: [{name: none, cluster: {server: "https://127.0.0.1:9"}}]
users: [{name: none, user: {token: t}}]
contexts: [{name: none, context: {cluster: none, user: none}}]
current-context: none
K
passed=0 failed=0
# run ARGUMENTS...: fills out, err, code
run() { timeout 20 "$weir" "$@" >"$work/out" 2>"$work/err" </dev/null; code=$?; }
fail() { failed=$((failed + 1)); echo "FAIL weir $*"; sed 's/^/     /' "$work/out" "$work/err" | head -5; }
# kustomize and template end in what kubectl and helm end in.
refused() {
  local wanted=2 mark='^✗ '
  case $1 in kustomize | template) wanted=1 mark='^[Ee]rror: ' ;; esac
  run "$@"
  if [ $code -eq $wanted ] && [ "$(wc -l <"$work/err")" -eq 1 ] && [ ! -s "$work/out" ] && grep -q "$mark" "$work/err"; then passed=$((passed + 1))
  else fail "$*  (exit $code)"; fi
}
helps() {
  run "$@"
  if [ $code -eq 0 ] && [ ! -s "$work/err" ] && grep -qi '^usage' "$work/out"; then passed=$((passed + 1))
  else fail "$*  (exit $code)"; fi
}

run --help
mapfile -t verbs < <(awk '/^Commands:/ {on = 1; next} /^$/ {on = 0} on {print $1}' "$work/out")
[ ${#verbs[@]} -ge 25 ] || { echo "FAIL weir --help lists ${#verbs[@]} verbs"; exit 1; }
helps --help
run version
[ $code -eq 0 ] || fail version

# Verbs whose first words name a kind or another verb.
declare -A below=([get]="ks|sources git|all|sources all" [suspend]="ks|source git" [resume]="ks|source git"
  [reconcile]="ks|source git" [export]="ks|source git" [tree]="ks|hr" [build]="ks" [diff]="ks|hr|cm/x" [install]="|crds"
  [create]="hr|source git|source oci|source helm|source chart" [delete]="hr|source oci" [preview]="hr" [debug]="hr")
for verb in "${verbs[@]}"; do
  helps "$verb" --help
  [ "$verb" = version ] || refused "$verb" --no-such-flag
  IFS='|' read -r -a words <<<"${below[$verb]:-}"
  for word in "${words[@]}"; do
    [ -n "$word" ] || continue
    # shellcheck disable=SC2086
    helps "$verb" $word --help
    # shellcheck disable=SC2086
    refused "$verb" $word --no-such-flag
  done
done

refused nope
refused get nope
refused get sources nope
refused get
refused suspend
refused tree nope
refused -n
refused get ks --timeout soon
refused get ks -n Not_A_Label
refused get ks -o xml
refused get ks --kubeconfig missing.yaml
refused --kubeconfig missing.yaml get ks
refused get ks --certificate-authority missing.pem
refused get ks --as-group devs
refused trace
refused trace deploy
refused trace a/b/c
refused trace --kind Deployment x
refused logs --level loud
refused logs --since soon
refused logs --since 1m --since-time 2026-01-01T00:00:00Z
refused logs word
refused check --timeout soon
refused install --image untagged --export
refused history
refused history nonsense
refused show cm/x/y/z
refused rollback ks/apps
refused rollback --to 1
refused rollback --all --to 1 --hold --until-next
refused rollback --all --to 1 --hold --git-revert
refused undo
refused undo soon
refused undo 0
refused blame
refused blame nonsense
refused unpin
refused audit --limit many
refused up missing-directory
refused up . --timeout soon
refused run --concurrent many
refused run --kubeconfig missing.yaml
refused run --full-check-interval soon
refused run --listen nonsense
refused run --log-level loud
refused kube --listen nonsense
refused kustomize missing-directory
refused build ks apps
refused build ks apps --path missing --dry-run --kustomization-file missing.yaml
refused diff ks apps --path missing
refused diff hr web --chart missing
refused preview hr web --file missing.yaml
refused preview ks apps
refused create hr web
refused create hr web --chart web --source Nope/charts --export
refused create hr web --chart-ref OCIRepository/web --values missing.yaml --export
refused create hr web --chart-ref OCIRepository/web --values-from Pod/x --export
refused create hr web --chart-ref OCIRepository/web --interval soon --export
refused create source helm charts
refused delete source external x
refused rollback hr/ --to 1

# `up --once` ends in 0 when all is ready, and in 1, long before its time is over, when only another commit can help.
git init -q -b main "$work/repo"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm, namespace: default}\n' >"$work/repo/cm.yaml"
git -C "$work/repo" add -A
git -C "$work/repo" -c user.name=you -c user.email=you@example.com commit -qm "a map"
run up "$work/repo" --once --listen 127.0.0.1:0
if [ $code -eq 0 ] && grep -q 'everything is ready' "$work/err"; then passed=$((passed + 1)); else fail "up --once (exit $code)"; fi
run up "$work/repo" --path ./none --once --listen 127.0.0.1:0
if [ $code -eq 1 ] && grep -q 'cannot become ready' "$work/err"; then passed=$((passed + 1)); else fail "up --once --path ./none (exit $code)"; fi

# An API that cannot be reached fails every watch: `run` says so once, and ends in good order when it is told to.
timeout --signal TERM 3 "$weir" run --listen 127.0.0.1:0 --data-dir "$work/run" >"$work/out" 2>"$work/err"; code=$?
if [ "$(grep -c 'a watch fails.*connection refused' "$work/err")" -eq 1 ] && grep -q '"stopped"' "$work/err"; then passed=$((passed + 1))
else fail "run without an API (exit $code)"; fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
