# Shared parts of the end-to-end scripts: a real control plane, a Git server over HTTP, weir beside them, and checks
# that count. Source it; set NAME and PORT first.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
weir=${WEIR:-$root/build/release/weir}
peers=${WEIR_PEERS:-$HOME/.cache/weir-peers}
for tool in kubectl flux kube-apiserver etcd kwok; do
  [ -x "$peers/$tool" ] || { echo "SKIPPED $NAME: no $tool (run tests/peers/install)"; exit 0; }
done
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-$NAME.XXXXXX")
export KUBECONFIG=$work/cluster/kubeconfig WEIR_DATA_DIR=$work/data
kubectl() { "$peers/kubectl" "$@"; }
flux() { "$peers/flux" "$@"; }
weir_pid= git_pid= kube_pid=
. "$root/tests/e2e/checks.sh"

finish() {
  local code=$?
  for pid in $weir_pid $kube_pid; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  "$root/tests/peers/cluster" down "$work/cluster" || true
  if [ -n "$git_pid" ]; then  # its standard input closes, and it ends with the sshd that it has started
    exec 9>&-
    for _ in $(seq 50); do kill -0 "$git_pid" 2>/dev/null || break; sleep 0.1; done
    kill "$git_pid" 2>/dev/null || true
  fi
  if [ "$code" -ne 0 ] || [ "$failed" -ne 0 ]; then tail -n 30 "$work/weir.log" 2>/dev/null || true; fi
  [ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap finish EXIT


start_cluster() { "$root/tests/peers/cluster" up "$work/cluster" "$PORT" 9>&-; }

# A bare repository behind git http-backend at $git_url, with a clone in $work/repo.
start_git() {
  mkdir -p "$work/git/repos"
  git init -q --bare -b main "$work/git/repos/app.git"
  mkfifo "$work/git.stop"
  python3 "$root/tests/support/git_http_server.py" "$work/git" <"$work/git.stop" >"$work/git.port" 2>"$work/git.log" &
  git_pid=$!
  exec 9>"$work/git.stop"
  within 60 grep -q ready "$work/git.port" || { cat "$work/git.log"; return 1; }
  git_url=http://127.0.0.1:$(awk '$1 == "http" {print $2}' "$work/git.port")/plain/app.git
  git clone -q "$work/git/repos/app.git" "$work/repo" 2>/dev/null
  git -C "$work/repo" config user.name you
  git -C "$work/repo" config user.email you@example.com
  git -C "$work/repo" checkout -q -b main 2>/dev/null || true
}
push() { git -C "$work/repo" add -A; git -C "$work/repo" commit -qm "$1"; git -C "$work/repo" push -q origin main; }

start_weir() {
  "$weir" run --kubeconfig "$KUBECONFIG" --data-dir "$WEIR_DATA_DIR" --listen "127.0.0.1:$((PORT + 60))" "$@" \
    >>"$work/weir.log" 2>&1 9>&- &
  weir_pid=$!
}

