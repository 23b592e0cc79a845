#!/usr/bin/env bash
# weir template on charts that are fetched, beside the real helm: pushed by helm to the real registry (oci://), in an HTTP
# repository (--repo, repositories.yaml, a package's URL), and from a repository with an index of 60 MB, whose memory is measured;
# and charts whose schemas refer to other documents.
# usage: tests/peers/helm_fetch.sh [BINARY]
set -euo pipefail
NAME=helm_fetch PORT=${PORT:-22100}
. "$(dirname "$0")/helm_servers.sh"

printf 'replicas: 1\n' >"$work/chart/values.yaml"
printf 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: "{{ .Release.Name }}"}\ndata: {chart: "{{ .Chart.Version }}", replicas: "{{ .Values.replicas }}"}\n' >"$work/chart/templates/cm.yaml"
for version in 1.0.0 1.2.0 1.10.0 2.0.0-rc.1 1.10.0+build.1; do
  printf 'apiVersion: v2\nname: app\nversion: %s\n' "$version" >"$work/chart/Chart.yaml"
  helm package "$work/chart" -d "$work/web" >/dev/null
  helm push "$work/web/app-$version.tgz" "oci://$registry/charts" --plain-http >/dev/null 2>&1
done
# Which of two versions that differ in their build alone an index stands for is left to its order.
rm "$work/web/app-1.10.0+build.1.tgz"
helm repo index "$work/web" >/dev/null
helm repo add known "$web" >/dev/null

same() { # template's flags
  if diff <(helm template rel "$@" 2>/dev/null) <("$weir" template rel --compat helm-4.1 "$@" 2>"$work/err") >"$work/diff"; then
    echo "✓ $*"
  else
    echo "✗ $*"; cat "$work/diff" "$work/err"; failures=$((failures + 1))
  fi
}
refused() { # words, flags
  local words=$1; shift
  if helm template rel "$@" >/dev/null 2>&1; then echo "✗ helm takes $*"; failures=$((failures + 1)); return; fi
  if "$weir" template rel "$@" >"$work/out" 2>"$work/err"; then echo "✗ taken: $*"; failures=$((failures + 1)); return; fi
  if grep -qF -- "$words" "$work/err"; then echo "✓ refused: $*"; else echo "✗ $*: $(cat "$work/err")"; failures=$((failures + 1)); fi
}
oci=oci://$registry/charts/app
same "$oci" --plain-http
same "$oci" --plain-http --version 1.0.0 --set replicas=3
same "$oci" --plain-http --version '^1.0.0'
same "$oci" --plain-http --version 1.x
same "$oci:1.2.0" --plain-http
same app --repo "$web"
same app --repo "$web" --version '<1.10.0'
same app --repo "$web" --devel
same app --repo "$web" --version 1.2.0
same known/app --version '~1.0'
same "$web/app-1.2.0.tgz"
refused "repo nothere not found" nothere/app
refused "app" "oci://$registry/charts/app" --plain-http --version 7.0.0

# Values by URL. What a transport says of its failure is compared as the rest is.
printf 'replicas: 7\n' >"$work/web/values.yaml"
printf 'from a file\n' >"$work/web/text.txt"
printf 'not: [closed\n' >"$work/web/broken.yaml"
same "$work/chart" -f "$web/values.yaml"
same "$work/chart" -f "$web/values.yaml" -f "$work/chart/values.yaml"
same "$work/chart" --set-file "replicas=$web/text.txt"
same "$work/chart" -f "HTTP://${web#http://}/values.yaml"
both_refuse() { # template's flags: the same words, on standard error
  helm template rel "$@" 2>"$work/theirs" >/dev/null && { echo "✗ helm takes $*"; failures=$((failures + 1)); return; }
  "$weir" template rel --compat helm-4.1 "$@" 2>"$work/err" >/dev/null && { echo "✗ taken: $*"; failures=$((failures + 1)); return; }
  # Helm repeats the server's words for a status, which are its own to choose.
  if diff <(sed -n '/^Error/,$p' "$work/theirs" | sed 's/404 File not found/404 Not Found/') <(sed -n '/^Error/,$p' "$work/err") >"$work/diff"; then echo "✓ refused alike: $*"; else echo "✗ refused otherwise: $*"; cat "$work/diff"; failures=$((failures + 1)); fi
}
both_refuse "$work/chart" -f "$web/none.yaml"
both_refuse "$work/chart" --set-file "replicas=$web/none.txt"
both_refuse "$work/chart" -f "http://127.0.0.1:1/x.yaml"
both_refuse "$work/chart" -f "$work/none.yaml"
both_refuse "$work/chart" -f "ftp://x/y.yaml"
both_refuse "$work/chart" --set-file "a=$work/none.txt"
both_refuse "$work/none" -f "$work/none.yaml"
both_refuse "$web/none-1.0.0.tgz"
both_refuse nochart
both_refuse ./nochart
both_refuse "ftp://x/chart.tgz"
both_refuse app --repo "$web" --version 9.x
both_refuse other --repo "$web"
both_refuse app --repo "$web/none"
both_refuse a/b
both_refuse a/b/c
both_refuse "$work/chart" --wait=never
both_refuse "$work/chart" --labels name=x
both_refuse "$work/chart" --labels x
both_refuse "$work/chart" --dry-run=none
both_refuse "$work/chart" --dry-run=false
both_refuse "$work/chart" --dry-run=maybe
both_refuse "$work/chart" --validate --dry-run=client
both_refuse "$work/chart" --force --force-conflicts
both_refuse "$work/chart" --force-replace --force-conflicts
both_refuse "$work/chart" --timeout never
both_refuse "$work/chart" --qps many
both_refuse "$work/chart" --burst-limit 1.5
both_refuse "$work/chart" -g
both_refuse "$work/chart" --no-such-flag
both_refuse "$work/chart" --wait-for-jobs=maybe
both_refuse "$work/chart" --kube-version x
both_refuse "$work/chart" -s templates/none.yaml

# --dependency-update: what is rendered, what stands in the folder afterwards, or the words of the refusal. Helm tells of its
# progress on standard output, before the first manifest.
mkdir -p "$work/sub/templates" "$work/parent/templates"
printf 'apiVersion: v2\nname: sub\nversion: 0.3.0\n' >"$work/sub/Chart.yaml"
printf 'kind: Sub\nversion: {{ .Chart.Version }}\n' >"$work/sub/templates/s.yaml"
printf 'kind: Parent\n' >"$work/parent/templates/p.yaml"
helm push "$work/web/app-1.2.0.tgz" "oci://$registry/charts" --plain-http >/dev/null 2>&1
updated() { # dependencies (JSON); URL and WORK stand for the server and the folder; then template's flags
  local text=${1//URL/$web} side run; shift
  text=${text//WORK/$work}
  for side in helm weir; do
    run=(helm template); [ $side = helm ] || run=("$weir" template --compat helm-4.1)
    [ -n "${again:-}" ] || { rm -rf "$work/by-$side"; cp -r "$work/parent" "$work/by-$side"; }
    printf '{"apiVersion":"%s","name":"parent","version":"1.0.0","dependencies":%s}' "${api:-v2}" "$text" >"$work/by-$side/Chart.yaml"
    { (cd "$work" && "${run[@]}" rel "./by-$side" --dependency-update "$@" 2>"$side.err") | sed -n '/^---/,$p' || true
      grep '^Error' "$work/$side.err" || true
      (cd "$work/by-$side" && find . -type f | sort && grep -hv '^generated:' ./*.lock) 2>/dev/null || true
      for file in "$work/by-$side"/charts/*.tgz; do [ ! -e "$file" ] || tar xzOf "$file" --wildcards '*/Chart.yaml'; done
    } | sed "s|$work/by-$side/|FOLDER/|g; s/improper constraint: \"\(.*\)\"/improper constraint: \1/" >"$work/$side.out"  # 4.2 quotes it
  done
  if diff "$work/helm.out" "$work/weir.out" >"$work/diff"; then echo "✓ dependencies $text $*"; else echo "✗ dependencies $text $*"; cat "$work/diff"; failures=$((failures + 1)); fi
}
updated '[{"name":"app","version":"^1.0.0","repository":"URL"}]'
again=1 updated '[{"name":"app","version":"^1.0.0","repository":"URL"}]'
again=1 updated '[{"name":"app","version":"1.0.0","repository":"URL"},{"name":"sub","version":"*","repository":"file://../sub"}]'
updated '[{"name":"app","version":"~1.2","repository":"URL/"},{"name":"app","version":"<1.1","repository":"URL","alias":"old","condition":"old.on","tags":["t"],"import-values":["x"]}]'
updated '[{"name":"sub","version":">=0.3.0-0 <1","repository":"file://WORK/sub","condition":"sub.enabled"}]' --set sub.enabled=false
updated '[{"name":"app","version":"1.x","repository":"@known"},{"name":"sub","version":"0.3.0","repository":"file://../sub"}]'
updated '[{"name":"app","version":"1.2.0","repository":"alias:known"}]'
updated '[{"name":"app","version":"^1","repository":"oci://'"$registry"'/charts"}]' --plain-http
updated '[{"name":"app","version":"^9","repository":"URL"},{"name":"app","version":">8","repository":"URL","alias":"b"}]'
updated '[{"name":"none","version":"^9","repository":"URL"}]'
updated '[{"name":"app","version":"a.b","repository":"URL"}]'
updated '[{"name":"sub","version":"^9","repository":"file://../sub"}]'
updated '[{"name":"sub","version":"^9","repository":"file://../gone"}]'
updated '[{"name":"sub","version":"^9"}]'
updated '[{"name":"app","version":"^1","repository":"@unknown"}]'
updated '[{"name":"app","version":"^1","repository":"ftp://x"}]'
api=v1 updated '[]'

# Schemas that lead to other documents. Of faults all lines are compared, or the first when the words of JSON's reader follow.
mkdir -p "$work/web/schemas/sub" "$work/s/templates"
cp "$work/chart/Chart.yaml" "$work/s/"
printf 'a: 1\no: {b: x}\n' >"$work/s/values.yaml"
cd "$work/web/schemas"
echo '{"type":"object","properties":{"b":{"type":"string"}}}' >object.json
echo '{"properties":{"a":{"$ref":"sub/text.json"}}}' >nested.json
echo '{"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"s":{"type":"string"}},"$ref":"#/definitions/s"}' >sub/text.json
echo '{"properties":{"o":{"$ref":"second.json"},"a":{"type":"integer"}}}' >first.json
echo '{"type":["object","string"],"properties":{"o":{"$ref":"first.json"},"b":{"type":"string"}}}' >second.json
echo '{"$defs":{"x":{"$anchor":"anc","type":"string"},"bad":{"$ref":"gone.json"}}}' >anchor.json
echo '{"$id":"'"$web"'/schemas/own.json"}' >id.json
echo '{"$schema":"http://json-schema.org/draft-07/schema#"}' >meta.json
echo '{"x":{"y":{"type":5}}}' >odd.json
echo 'not json' >text.json
echo 'false' >false.json
cd - >/dev/null
schema() { # lines compared, schema with URL for the server's address
  local lines=$1 text=${2//URL/$web/schemas}
  printf '%s' "$text" >"$work/s/values.schema.json"
  for side in helm weir; do
    local run=(helm); [ $side = helm ] || run=("$weir")
    { "${run[@]}" template rel "$work/s" 2>&1 && echo "exit 0" || echo "exit $?"; } | grep -v '^level=WARN' | grep -v '^$' >"$work/$side.out"
    [ "$lines" = all ] || { head -2 "$work/$side.out"; sed -n 3p "$work/$side.out" | cut -d: -f1-3; tail -1 "$work/$side.out"; } >"$work/$side.cut"
    [ "$lines" = all ] || mv "$work/$side.cut" "$work/$side.out"
  done
  if diff "$work/helm.out" "$work/weir.out" >"$work/diff"; then echo "✓ schema $2"; else echo "✗ schema $2"; cat "$work/diff"; failures=$((failures + 1)); fi
}
schema all '{"$ref":"URL/object.json"}'
schema all '{"properties":{"a":{"$ref":"URL/object.json"}}}'
schema all '{"properties":{"o":{"$ref":"URL/object.json#/properties/b"}}}'
schema all '{"$ref":"URL/nested.json"}'
schema all '{"$ref":"URL/first.json"}'
schema all '{"properties":{"a":{"$ref":"URL/second.json"}}}'
schema all '{"properties":{"a":{"$ref":"URL/anchor.json#anc"}}}'
schema all '{"properties":{"a":{"$ref":"URL/anchor.json#none"}}}'
schema all '{"properties":{"a":{"$ref":"#none"}}}'
schema all '{"properties":{"a":{"$ref":"URL/object.json#/none"}}}'
schema all '{"properties":{"a":{"$ref":"URL/false.json"}}}'
schema all '{"properties":{"a":{"$ref":"URL/object.json?version=1"}}}'
schema all '{"$id":"URL/x/y.json","properties":{"a":{"$ref":"../object.json"}}}'
schema all '{"properties":{"a":{"$ref":"URL/id.json"},"o":{"$ref":"URL/own.json"}}}'
schema all '{"$schema":"URL/meta.json","properties":{"a":{"$ref":"#/d","type":"string"}},"d":{}}'
schema all '{"properties":{"a":{"$ref":"URL/gone.json"}}}'
schema all '{"properties":{"a":{"$ref":"http://127.0.0.1:1/x.json"}}}'
schema all '{"properties":{"a":{"$ref":"ftp://h/b.json"}}}'
schema all '{"properties":{"a":{"$ref":"urn:x:y"}}}'
schema all '{"properties":{"a":{"$ref":"other-not-there.json"}}}'
schema all '{"properties":{"a":{"$ref":"file://'"$work"'/web/schemas/object.json"}}}'
schema all '{"properties":{"a":{"$ref":"file://'"$work"'"}}}'
schema all '{"$defs":{"x":{"$ref":"URL/gone.json"},"y":{"$ref":"#/none"}}}'
schema all '{"contentSchema":{"$ref":"URL/gone.json"}}'
schema first '{"properties":{"a":{"$ref":"URL/text.json"}}}'
schema first '{"properties":{"a":{"$ref":"URL/sub/"}}}'
schema first '{"properties":{"a":{"$ref":"URL/odd.json#/x/y"}}}'

# An index of 60 MB and more: its entries hold a long description each.
mkdir "$work/web/large"
cp "$work/web/app-1.2.0.tgz" "$work/web/large/"
python3 - "$work/web/large/index.yaml" <<'P'
import sys
text = "lorem ipsum dolor sit amet " * 40
with open(sys.argv[1], "w") as out:
    out.write("apiVersion: v1\nentries:\n")
    for chart in range(500):
        out.write(f"  chart{chart:03}:\n")
        for n in range(110):
            out.write(f"  - apiVersion: v2\n    name: chart{chart:03}\n    version: 1.{n}.0\n    description: {text}\n    urls:\n    - chart{chart:03}-1.{n}.0.tgz\n")
    out.write("  app:\n  - apiVersion: v2\n    name: app\n    version: 1.2.0\n    urls:\n    - app-1.2.0.tgz\n")
P
python3 - "$weir" "$web/large" "$work/web/large/index.yaml" <<'P' || failures=$((failures + 1))
import os, resource, subprocess, sys
weir, url, index = sys.argv[1:]
out = subprocess.run([weir, "template", "rel", "app", "--repo", url], capture_output=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
ok = out.returncode == 0 and b"kind: ConfigMap" in out.stdout and peak < 64 and os.path.getsize(index) > 60e6
print("%s an index of %.0f MB: peak %.1f MiB (less than 64), exit %d %s" % ("✓" if ok else "✗", os.path.getsize(index) / 1e6, peak, out.returncode, out.stderr.decode()[:200]))
sys.exit(not ok)
P
[ "$failures" = 0 ] && echo "all equal" || { echo "$failures failed"; exit 1; }
