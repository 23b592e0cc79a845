# Checks that count, for the end-to-end scripts. Source it behind `work`, a folder of the script's own.
passed=0 failed=0

# check TEXT COMMAND...: counts
check() {
  local what=$1; shift
  if "$@" >"$work/check.out" 2>&1; then
    passed=$((passed + 1)); echo "ok   $what"
  else
    failed=$((failed + 1)); echo "FAIL $what"; sed 's/^/     /' "$work/check.out" | tail -n 12
  fi
}
# within SECONDS COMMAND...: until it succeeds
within() {
  local end=$(($(date +%s%N) + $1 * 1000000000)); shift
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s%N)" -lt "$end" ] || { "$@"; return 1; }
    sleep 0.05
  done
}
# contains TEXT COMMAND...: in what it prints, whatever it ends in
contains() {
  local text=$1 out; shift
  out=$("$@" 2>&1) || true
  [[ $out == *"$text"* ]] || { echo "no '$text' in: ${out:0:2000}"; return 1; }
}
lacks() { ! contains "$@"; }
summary() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
