# Sourced by the scripts that render charts from servers beside the real helm: the registry and a folder over HTTP ($web), a chart
# to fill in, and a count of failures. Takes NAME and PORT, and $1: the binary of weir.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
weir=$(realpath "${1:-$root/build/release/weir}")
peers=${WEIR_PEERS:-$HOME/.cache/weir-peers}
for tool in registry helm; do
  [ -x "$peers/$tool" ] || { echo "SKIPPED $NAME: no $tool (run tests/peers/install)"; exit 0; }
done
port=$PORT work=$(mktemp -d) servers=() failures=0
trap 'for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$work"' EXIT
export HELM_CACHE_HOME=$work/helm HELM_CONFIG_HOME=$work/helm HELM_DATA_HOME=$work/helm
registry=127.0.0.1:$port web=http://127.0.0.1:$((port + 1))
helm() { "$peers/helm" "$@"; }

printf 'version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: "%s"}}\nhttp: {addr: "%s"}\n' "$work/registry" "$registry" >"$work/r.yml"
OTEL_TRACES_EXPORTER=none "$peers/registry" serve "$work/r.yml" >"$work/r.log" 2>&1 &
servers+=($!)
mkdir -p "$work/web" "$work/chart/templates"
python3 -m http.server --bind 127.0.0.1 --directory "$work/web" $((port + 1)) >/dev/null 2>&1 &
servers+=($!)
for url in "http://$registry/v2/" "$web/"; do
  for _ in $(seq 100); do curl -s -o /dev/null "$url" && break; sleep 0.1; done
done
