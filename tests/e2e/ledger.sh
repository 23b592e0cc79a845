#!/usr/bin/env bash
# The memory and its ledger with nothing but weir, git and Python: decisions decided again, a backup to a directory and to an
# S3 bucket while weir runs, restore, archives, a disk that is full under a running engine, keys and their rotation, damage under
# a running engine, repair.
# usage: tests/e2e/ledger.sh [PORT]; two ports from PORT on are used
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
weir=${WEIR:-$root/build/release/weir}
port=${1:-25800}
for tool in git python3 curl prlimit; do
  command -v $tool >/dev/null || { echo "SKIPPED ledger: no $tool"; exit 0; }
done
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-ledger.XXXXXX")
data=$work/data weir_pid= s3_pid=
. "$root/tests/e2e/checks.sh"
trap 'kill $weir_pid $s3_pid 2>/dev/null || true; wait; [ -n "${KEEP:-}" ] || rm -rf "$work"' EXIT

# contains, and the command must fail.
refuses() {
  local text=$1 out; shift
  if out=$("$@" 2>&1); then echo "it succeeded: ${out:0:500}"; return 1; fi
  [[ $out == *"$text"* ]] || { echo "no '$text' in: ${out:0:2000}"; return 1; }
}
start() {
  "$weir" up "$work/repo" --data-dir "$data" --listen "127.0.0.1:$port" --interval 1s -q "$@" >>"$work/weir.log" 2>&1 &
  weir_pid=$!
  within 60 test -f "$data/serving.json"
}
stop() { kill "$weir_pid"; wait "$weir_pid" 2>/dev/null || true; weir_pid=; }
objects() {  # COUNT TEXT
  rm -f "$work"/repo/*.yaml
  for i in $(seq "$1"); do
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%s, namespace: default}\ndata: {text: "%s"}\n' "$i" "$2" >"$work/repo/c$i.yaml"
  done
  printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: default}\nstringData: {password: correct-horse}\n' >"$work/repo/s.yaml"
  git -C "$work/repo" add -A; git -C "$work/repo" -c user.name=you -c user.email=you@example.com commit -qm "$2"
}
head_revision() { git -C "$work/repo" rev-parse HEAD | cut -c1-8; }
applied() { contains "$(head_revision)" "$weir" history ks/flux-system -n flux-system --data-dir "$data"; }
url() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["url"])' "$data/serving.json"; }

mkdir -p "$work/repo"; git -C "$work/repo" init -q -b main
objects 12 one
start
check "the first commit is applied" within 60 applied
key=$("$weir" ledger key --data-dir "$data")
objects 12 two
check "the second commit is applied" within 60 applied

# ---- decisions ----
check "every projection is what a refold gives, while weir runs" contains "every projection is the same" "$weir" replay --data-dir "$data"
check "the same build decides the same, while weir runs" contains "every decision is the same" "$weir" replay --decisions --data-dir "$data"
objects 2 three
check "an emptied folder is held" within 60 contains PruneHeld "$weir" audit --data-dir "$data" -o json
check "without the hold other decisions are listed, with the deletions" refuses PruneObjects "$weir" replay --decisions --prune-hold 100 --data-dir "$data"

# ---- backups ----
check "a backup to a directory, while weir runs" "$weir" backup "$work/copy" --data-dir "$data"
check "... restored and verified" bash -c "'$weir' restore '$work/copy' --data-dir '$work/restored' && '$weir' verify --data-dir '$work/restored' --public-key '$key'"
python3 "$root/tests/e2e/s3_server.py" $((port + 1)) AKID s3cr3t 2>"$work/s3.log" &
s3_pid=$!
within 20 curl -sf "http://127.0.0.1:$((port + 1))/_keys"
s3() { AWS_ACCESS_KEY_ID=AKID AWS_SECRET_ACCESS_KEY=${secret:-s3cr3t} "$weir" "$@" --endpoint "http://127.0.0.1:$((port + 1))" --data-dir "${into:-$data}"; }
check "a backup to an S3 bucket, while weir runs" s3 backup s3://backups/weir/monday
check "its list is there" contains /backups/weir/monday/backup.json curl -s "http://127.0.0.1:$((port + 1))/_keys"
check "a second one to the same place is refused" refuses "holds a backup already" s3 backup s3://backups/weir/monday
secret=wrong check "a wrong key is refused, and is not in the text" refuses "403 SignatureDoesNotMatch" s3 backup s3://backups/weir/tuesday
into=$work/from-s3 check "restored from the bucket" s3 restore s3://backups/weir/monday
check "... and verified" contains "signed by $key" "$weir" verify --data-dir "$work/from-s3" --public-key "$key"
into=$work/none check "no backup, no restore" refuses "holds no whole backup" s3 restore s3://backups/weir/never
sst=$(curl -s "http://127.0.0.1:$((port + 1))/_keys" | grep -m1 -E 'monday/log/.*\.(sst|log)$')
curl -sf -X POST "http://127.0.0.1:$((port + 1))/_damage?key=$sst"
into=$work/damaged check "a damaged object of the backup is refused" refuses "is not what was backed up" s3 restore s3://backups/weir/monday
check "... and nothing is left of that restore" test ! -e "$work/damaged/log"

# ---- archives ----
"$weir" audit export --data-dir "$data" >"$work/archive.jsonl"
check "an archive proves itself under the key" contains "events verified" "$weir" verify --archive "$work/archive.jsonl" --public-key "$key"
sed '3s/"time":"20/"time":"19/' "$work/archive.jsonl" >"$work/forged.jsonl"
check "a forged line of it is named" refuses "line 3" "$weir" verify --archive "$work/forged.jsonl" --public-key "$key"

# ---- the disk under the running engine: a limit, as a quota is one ----
readyz() { curl -sk "$(url)/readyz"; }
stopped() {  # TEXT
  check "$1: Ready says why" within 60 contains "$2" readyz
  check "... it is 503" contains 503 curl -sk -o /dev/null -w '%{http_code}' "$(url)/readyz"
  check "... reads go on" contains Kustomization/flux-system/flux-system "${inside[@]}" "$weir" history cm/c1 -n default --data-dir "$data"
  check "... what was not stored is not claimed" refuses "" "${inside[@]}" bash -c "'$weir' history ks/flux-system -n flux-system --data-dir '$data' | grep $(head_revision)"
  check "... and it lives" curl -skf "$(url)/healthz"
}
goes_on() {  # TEXT
  check "$1: it goes on by itself" within 60 applied
  check "... and says that it is ready" within 20 contains '"status":"ok"' readyz
}
inside=()
objects 12 four
check "what was held comes back" within 60 applied
prlimit --pid "$weir_pid" --fsize=4096:unlimited
objects 12 five
stopped "files at their limit" "File too large"
prlimit --pid "$weir_pid" --fsize=unlimited:unlimited
goes_on "with room again"
check "the log verifies after it" contains "✔" "$weir" verify --data-dir "$data" --public-key "$key"
check "the decisions before and after it are the same" contains "every decision is the same" "$weir" replay --decisions --data-dir "$data"

# ---- a disk of the log's own, and full ----
stop
small=$work/small
mkdir -p "$small/log"
if unshare -rm mount -t tmpfs none "$small/log" 2>/dev/null; then
  disk_data=$data data=$small
  unshare -rm bash -c 'mount -t tmpfs -o size=12m none "$1/log" && exec "$2" up "$3" --data-dir "$1" --listen "$4" --interval 1s -q' \
    _ "$small" "$weir" "$work/repo" "127.0.0.1:$port" >>"$work/weir.log" 2>&1 &
  weir_pid=$!
  within 60 test -f "$data/serving.json"
  inside=(nsenter --target "$weir_pid" --user --preserve-credentials --mount)
  check "a start on a small disk" within 60 applied
  "${inside[@]}" dd if=/dev/zero of="$small/log/ballast" bs=4k status=none 2>/dev/null || true
  objects 12 "$(head -c 3000 /dev/zero | tr '\0' x)"
  stopped "no space left" "No space left"
  "${inside[@]}" rm "$small/log/ballast"
  goes_on "with space again"
  check "the log verifies after it" contains "✔" "${inside[@]}" "$weir" verify --data-dir "$data"
  stop
  data=$disk_data inside=()
else
  echo "SKIPPED a disk of its own: this system grants no mount namespace"
fi

# ---- keys ----
start --rotate-ledger-key --checkpoint-file "$work/checkpoint" --checkpoint-configmap default/weir-checkpoint
check "after a rotation the old key still leads to the log" contains "✔" "$weir" verify --data-dir "$data" --public-key "$key"
new_key=$("$weir" ledger key --data-dir "$data")
check "... and another one signs" test "$new_key" != "$key"
stop
check "a checkpoint was copied out at the end" grep -q "^— " "$work/checkpoint"
start
config_map() { curl -sk -H "Authorization: Bearer $(cat "$data/token")" "$(url)/api/v1/namespaces/default/configmaps/weir-checkpoint"; }
check "... into a ConfigMap of the cluster too" contains "$(sed -n 2,3p "$work/checkpoint" | paste -sd'|' | sed 's/|/\\n/g')" config_map
stop
check "the log begins with it" contains "✔" "$weir" verify --data-dir "$data" --checkpoint "$work/checkpoint"

# ---- damage ----
check "the decisions of every run are the same, offline" contains "every decision is the same" "$weir" replay --decisions --data-dir "$data"
check "a log that is whole is left alone" contains "the log is whole" "$weir" repair --data-dir "$data"
last=$(ls -S "$data"/log/*.log | head -1)
size=$(stat -c %s "$last")
if [ "$size" -gt 200 ]; then
  truncate -s $((size - 100)) "$last"
  check "a torn end opens as a prefix, or its loss is told" bash -c "'$weir' verify --data-dir '$data' || '$weir' repair --data-dir '$data'"
fi
chmod -R a-w "$data/log" 2>/dev/null || true
check "a directory that is read only can be read" contains configured "$weir" history cm/c1 -n default --data-dir "$data"
chmod -R u+w "$data/log"
# ---- damage under the running engine ----
start
within 60 applied
stop
sst=$(ls -S "$data"/log/*.sst | head -1)
start
dd if=/dev/urandom of="$sst" bs=1 seek=$(($(stat -c %s "$sst") / 3)) count=64 conv=notrunc status=none
check "damage is found, and the file named" refuses "$(basename "$sst")" "$weir" verify --data-dir "$data"
check "... the engine lives, and reads go on" contains '"status":"ok"' readyz
check "... what is not damaged is shown" contains "Kustomization" "$weir" audit --data-dir "$data"
stop
check "repair copies what can be read, and keeps the damaged files" contains "$data/log.damaged" "$weir" repair --data-dir "$data"
check "... and what is left is proven" contains "✔" "$weir" verify --data-dir "$data"
start
objects 12 nine
check "... and the engine goes on with it" within 60 applied
stop

summary
