#!/usr/bin/env bash
# Trees that mean harm, given to the program itself: each must end in an error (or build) within a bound of memory and
# processor time, and never by a signal. The caps are in engine/base/limits.hh.
#
# usage: tests/e2e/kustomize_hostile.sh [WEIR]
set -uo pipefail
weir=${1:-$(dirname "$0")/../../build/release/weir}
weir=$(realpath "$weir")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# check NAME WANT(0 = builds, 1 = is refused) TEXT: in $work/NAME/top, with 1.5 GB of memory ($memory kB) and 20 s of
# processor time.
check() {
  local name=$1 want=$2 text=$3 got output
  output=$( ulimit -v "${memory:-1500000}"; ulimit -t 20; timeout 120 "$weir" kustomize "$work/$name/top" --load-restrictor LoadRestrictionsNone 2>&1 >/dev/null </dev/null )
  got=$?
  if [ "$got" -eq "$want" ] && [[ $output == *"$text"* ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED $name: status $got, wanted $want and '$text': ${output:0:300}"
  fi
}
tree() { mkdir -p "$work/$1/top"; cat > "$work/$1/top/kustomization.yaml"; }
map='apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: '

tree cycle <<< 'resources: [../other]'
mkdir "$work/cycle/other"; echo 'resources: [../top]' > "$work/cycle/other/kustomization.yaml"
check cycle 1 'cycle detected'

tree itself <<< 'resources: [.]'
check itself 1 'cycle detected'

tree loop <<< 'resources: [a.yaml]'
ln -s b.yaml "$work/loop/top/a.yaml"; ln -s a.yaml "$work/loop/top/b.yaml"
check loop 1 'a.yaml'

tree folder_loop <<< 'resources: [sub]'
ln -s ../top "$work/folder_loop/top/sub"
check folder_loop 1 'cycle detected'

tree fifo <<< 'resources: [pipe.yaml]'
mkfifo "$work/fifo/top/pipe.yaml"
check fifo 1 'pipe.yaml'

tree fifo_as_kustomization <<< ''
rm "$work/fifo_as_kustomization/top/kustomization.yaml"
mkfifo "$work/fifo_as_kustomization/top/kustomization.yaml"
check fifo_as_kustomization 1 'kustomization'

tree device <<< 'resources: [zero.yaml]'
ln -s /dev/zero "$work/device/top/zero.yaml"
check device 1 'zero.yaml'

tree device_generated <<< $'configMapGenerator:\n- name: x\n  files: [/dev/zero]'
check device_generated 1 '/dev/zero'

tree huge_generated <<< $'configMapGenerator:\n- name: x\n  files: [big]'
truncate -s 1G "$work/huge_generated/top/big"
check huge_generated 1 'big'

tree huge_resource <<< 'resources: [big.yaml]'
truncate -s 1G "$work/huge_resource/top/big.yaml"
check huge_resource 1 'big.yaml'

tree huge_kustomization <<< ''
truncate -s 1G "$work/huge_kustomization/top/kustomization.yaml"
check huge_kustomization 1 'kustomization.yaml'

# A million is the cap; what is read before it is reached takes its room.
tree many <<< 'resources: [one.yaml, two.yaml]'
for half in one two; do
  awk -v half=$half 'BEGIN { for (i = 0; i < 500001; i++) printf "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s-%d}\n---\n", half, i }' > "$work/many/top/$half.yaml"
done
memory=3000000 check many 1 'more than 1000000 resources'

tree deep <<< 'resources: [deep.yaml]'
awk 'BEGIN { printf "apiVersion: v1\nkind: X\nmetadata: {name: x}\nspec: "; for (i = 0; i < 200000; i++) printf "["; print "" }' > "$work/deep/top/deep.yaml"
check deep 1 'deep'

tree deep_blocks <<< 'resources: [deep.yaml]'
awk 'BEGIN { printf "apiVersion: v1\nkind: X\nmetadata: {name: x}\nspec:\n"; for (i = 1; i < 3000; i++) { for (j = 0; j < i; j++) printf " "; print "a:" } }' > "$work/deep_blocks/top/deep.yaml"
check deep_blocks 1 'deep'

tree aliases <<< 'resources: [bomb.yaml]'
awk 'BEGIN { printf "apiVersion: v1\nkind: X\nmetadata: {name: x}\na0: &a0 [x, x, x, x, x, x, x, x, x]\n"; for (i = 1; i < 12; i++) { printf "a%d: &a%d [", i, i; for (j = 0; j < 9; j++) printf "%s*a%d", j ? ", " : "", i - 1; print "]" } }' > "$work/aliases/top/bomb.yaml"
check aliases 1 'alias'

tree nested_bases <<< 'resources: [../b1]'
for i in $(seq 1 300); do mkdir "$work/nested_bases/b$i"; echo "resources: [../b$((i + 1))]" > "$work/nested_bases/b$i/kustomization.yaml"; done
check nested_bases 1 'nest deeper'

tree outside <<< 'resources: [../../../../../../../../../../../../etc/hostname]'
check outside 1 ''

tree regex <<< $'resources: [r.yaml]\npatches:\n- target: {name: "((((a{1,30}){1,30}){1,30}){1,30})"}\n  patch: "[{op: remove, path: /a}]"'
printf "${map}a\n" > "$work/regex/top/r.yaml"
check regex 1 ''

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
