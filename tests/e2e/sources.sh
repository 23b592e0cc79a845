#!/usr/bin/env bash
# OCIRepository, HelmRepository and HelmChart on a real control plane, with the real registry, what real helm and flux
# push to it, and the real flux looking on. usage: tests/e2e/sources.sh
NAME=sources PORT=${PORT:-17900}
. "$(dirname "$0")/lib.sh"
for tool in registry helm; do
  [ -x "$peers/$tool" ] || { echo "SKIPPED $NAME: no $tool (run tests/peers/install)"; exit 0; }
done
helm() { HELM_CACHE_HOME=$work/helm HELM_CONFIG_HOME=$work/helm HELM_DATA_HOME=$work/helm "$peers/helm" "$@"; }
open_registry=127.0.0.1:$((PORT + 50)) closed_registry=127.0.0.1:$((PORT + 51)) web=http://127.0.0.1:$((PORT + 52))
servers=()
stop_servers() { for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done; }
trap 'stop_servers; finish' EXIT

# start_registry NAME ADDRESS [AUTH]
start_registry() {
  cat >"$work/$1.yml" <<Y
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: "$work/$1"}}
http: {addr: "$2"}
${3:-}
Y
  OTEL_TRACES_EXPORTER=none "$peers/registry" serve "$work/$1.yml" >"$work/$1.log" 2>&1 9>&- &
  servers+=($!)
  within 20 contains "" curl -s -o /dev/null "http://$2/v2/" || { cat "$work/$1.log"; return 1; }
}
start_web() {
  mkdir -p "$work/web"
  python3 -m http.server --bind 127.0.0.1 --directory "$work/web" "${web##*:}" >/dev/null 2>&1 9>&- &
  servers+=($!)
  within 20 curl -sf -o /dev/null "$web/"
}

# source KIND NAME SPEC (flow style)
source_object() {
  kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: $1
metadata: {name: $2, namespace: flux-system}
spec: {interval: 5m, $3}
Y
}
field() { kubectl -n flux-system get "$1" "$2" -o jsonpath="$3"; }
is() { [ "$(field "$1" "$2" "$3")" = "$4" ] || { echo "$(field "$1" "$2" "$3") is not $4"; return 1; }; }
ready() { kubectl -n flux-system wait "$1/$2" --for=condition=Ready --timeout=30s; }
served_digest() { curl -sf "$(field "$1" "$2" '{.status.artifact.url}')" | sha256sum | cut -d' ' -f1; }
is_served() { [ "sha256:$(served_digest "$1" "$2")" = "$(field "$1" "$2" '{.status.artifact.digest}')" ]; }
same_output() { diff <(flux "$@" 2>&1) <("$weir" "$@" 2>&1); }
# tag_digest REPOSITORY TAG
tag_digest() { flux list artifacts "oci://$1" --filter-regex "^$2\$" 2>/dev/null | awk 'NR == 2 {print $2}'; }
reconcile() { flux reconcile source "$1" "$2" --timeout 30s; }
memory_peak_kb() { awk '/^VmHWM/ {print $2}' "/proc/$weir_pid/status"; }

write_chart() { # VERSION
  mkdir -p "$work/chart/templates"
  printf 'apiVersion: v2\nname: web\nversion: %s\n' "$1" >"$work/chart/Chart.yaml"
  printf 'replicas: 1\n' >"$work/chart/values.yaml"
  printf 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: "{{ .Release.Name }}"}\ndata: {replicas: "{{ .Values.replicas }}"}\n' \
    >"$work/chart/templates/cm.yaml"
}
write_manifests() { # VALUE
  mkdir -p "$work/manifests"
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\ndata: {key: "%s"}\n' "$1" \
    >"$work/manifests/cm.yaml"
}
push_manifests() { flux push artifact "oci://$1" -f "$work/manifests" --source=https://git/app --revision="main@sha1:$2"; }

start_cluster
start_registry open "$open_registry"
hash=$(python3 -W ignore -c 'import crypt; print(crypt.crypt("secret", "$2b$05$" + "abcdefghijklmnopqrstuu"))')
echo "you:$hash" >"$work/htpasswd"
start_registry closed "$closed_registry" "auth: {htpasswd: {realm: test, path: \"$work/htpasswd\"}}"
start_web
"$weir" install crds | kubectl apply --server-side -f - >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
kubectl create namespace flux-system >/dev/null
start_weir

# ---- OCIRepository ----
write_manifests one
push_manifests "$open_registry/team/app:1.0.0" one >/dev/null 2>&1
source_object OCIRepository app "url: \"oci://$open_registry/team/app\", ref: {semver: 1.x}"
kubectl apply -f - >/dev/null <<Y
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: flux-system}
spec: {interval: 10m, prune: true, sourceRef: {kind: OCIRepository, name: app}}
Y
check "an artifact of flux push becomes a ready OCIRepository" ready ocirepository app
check "... with the tag and the manifest's digest" is ocirepository app '{.status.artifact.revision}' \
  "1.0.0@$(tag_digest "$open_registry/team/app" 1.0.0)"
check "... and the annotations as metadata" is ocirepository app \
  '{.status.artifact.metadata.org\.opencontainers\.image\.revision}' main@sha1:one
check "... served as its status says" is_served ocirepository app
check "... also under its latest name" curl -sf -o /dev/null "$(field ocirepository app '{.status.url}')"
check "a Kustomization is built from it" within 20 contains one kubectl get cm settings -o yaml
write_manifests two
push_manifests "$open_registry/team/app:1.1.0" two >/dev/null 2>&1
check "flux reconcile source oci" reconcile oci app
check "... takes the higher tag" is ocirepository app '{.status.artifact.revision}' \
  "1.1.0@$(tag_digest "$open_registry/team/app" 1.1.0)"
check "... and it rolls out" within 20 contains two kubectl get cm settings -o yaml
check "flux get sources oci agrees" same_output get sources oci
source_object OCIRepository pinned "url: \"oci://$open_registry/team/app\", ref: {tag: 1.1.0, digest: \"$(tag_digest "$open_registry/team/app" 1.0.0)\"}"
check "a digest wins over a tag" ready ocirepository pinned
check "... and is the revision" is ocirepository pinned '{.status.artifact.revision}' "$(tag_digest "$open_registry/team/app" 1.0.0)"
source_object OCIRepository absent "url: \"oci://$open_registry/team/none\""
check "a repository that is not there is told in the registry's words" within 10 contains ': MANIFEST_UNKNOWN: ' \
  field ocirepository absent '{.status.conditions[?(@.type=="Ready")].message}'
check "... as a pull failure" contains "reason: OCIArtifactPullFailed" kubectl -n flux-system get ocirepository absent -o yaml
push_manifests "$closed_registry/team/app:1.0.0" one --creds you:secret >/dev/null 2>&1 ||
  flux push artifact "oci://$closed_registry/team/app:1.0.0" -f "$work/manifests" --source=x --revision=y --creds you:secret >/dev/null 2>&1
for password in secret wrong; do
  kubectl -n flux-system create secret docker-registry "login-$password" --docker-server="$closed_registry" \
    --docker-username=you --docker-password="$password" >/dev/null
  source_object OCIRepository "$password" "url: \"oci://$closed_registry/team/app\", ref: {tag: 1.0.0}, secretRef: {name: login-$password}"
done
check "a private repository is read with its Secret" ready ocirepository secret
check "... and refused without the right password" within 10 contains "reason: OCIArtifactPullFailed" \
  kubectl -n flux-system get ocirepository wrong -o yaml
check "... which no status tells" lacks "wrong-password" kubectl -n flux-system get ocirepository wrong -o yaml
check "flux suspend source oci" flux suspend source oci app
check "flux resume source oci" flux resume source oci app --timeout 30s

# ---- artifacts by weir, read by flux, and the other way round ----
check "weir push artifact" "$weir" push artifact "oci://$open_registry/team/weir:v1" -f "$work/manifests" --source=https://git/app --revision=main@sha1:abc
mkdir -p "$work/by-flux" "$work/by-weir"
check "flux pull artifact reads it" flux pull artifact "oci://$open_registry/team/weir:v1" -o "$work/by-flux"
check "weir pull artifact reads flux's" "$weir" pull artifact "oci://$open_registry/team/app:1.1.0" -o "$work/by-weir"
check "... the same files" diff -r "$work/by-flux" "$work/by-weir"
check "weir tag artifact" "$weir" tag artifact "oci://$open_registry/team/weir:v1" --tag latest --tag 2.0.0
check "flux list artifacts agrees" same_output list artifacts "oci://$open_registry/team/weir"
check "... with a range" same_output list artifacts "oci://$open_registry/team/weir" --filter-semver 2.x
check "... and on what is not there" contains "listing tags failed" "$weir" list artifacts "oci://$open_registry/team/none"

# ---- HelmRepository over HTTP, HelmChart ----
write_chart 1.0.0
helm package "$work/chart" -d "$work/web" >/dev/null
write_chart 1.1.0
helm package "$work/chart" -d "$work/web" >/dev/null
helm repo index "$work/web"
source_object HelmRepository charts "url: \"$web\""
check "an index of helm repo index becomes a ready HelmRepository" ready helmrepository charts
check "... with the digest of what was downloaded" is helmrepository charts '{.status.artifact.revision}' \
  "sha256:$(sha256sum <"$work/web/index.yaml" | cut -d' ' -f1)"
check "... served as its status says" is_served helmrepository charts
source_object HelmChart web 'chart: web, version: "1.x", sourceRef: {kind: HelmRepository, name: charts}'
check "a chart of it is ready" ready helmchart web
check "... in the highest version" is helmchart web '{.status.artifact.revision}' 1.1.0
check "... byte for byte" [ "$(served_digest helmchart web)" = "$(sha256sum <"$work/web/web-1.1.0.tgz" | cut -d' ' -f1)" ]
check "... with the reason of a pull" contains "reason: ChartPullSucceeded" kubectl -n flux-system get helmchart web -o yaml
write_chart 1.2.0
helm package "$work/chart" -d "$work/web" >/dev/null
helm repo index "$work/web"
check "flux reconcile source chart --with-source" flux reconcile source chart web --with-source --timeout 30s
check "... finds the new version" within 10 is helmchart web '{.status.artifact.revision}' 1.2.0
source_object HelmChart none 'chart: web, version: "9.x", sourceRef: {kind: HelmRepository, name: charts}'
check "a version that is not there stalls" within 10 contains "no 'web' chart with version matching '9.x' found" \
  field helmchart none '{.status.conditions[?(@.type=="Stalled")].message}'
check "flux get sources helm agrees" same_output get sources helm
check "flux get sources chart agrees" same_output get sources chart

# ---- charts in a registry ----
helm push "$work/web/web-1.1.0.tgz" "oci://$open_registry/charts" --plain-http >/dev/null 2>&1
helm push "$work/web/web-1.2.0.tgz" "oci://$open_registry/charts" --plain-http >/dev/null 2>&1
source_object HelmRepository registry "type: oci, insecure: true, url: \"oci://$open_registry/charts\""
source_object HelmChart from-registry 'chart: web, version: "<1.2.0", sourceRef: {kind: HelmRepository, name: registry}'
check "a chart of helm push is ready" ready helmchart from-registry
check "... in the highest version of the range" is helmchart from-registry '{.status.artifact.revision}' 1.1.0
check "... byte for byte" [ "$(served_digest helmchart from-registry)" = "$(sha256sum <"$work/web/web-1.1.0.tgz" | cut -d' ' -f1)" ]
check "an OCI HelmRepository has no status" is helmrepository registry '{.status.conditions}' ''
source_object OCIRepository chart "url: \"oci://$open_registry/charts/web\", ref: {semver: '*'}, insecure: true, layerSelector: {mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip, operation: copy}"
check "an OCIRepository copies a chart's layer" ready ocirepository chart
check "... byte for byte" [ "$(served_digest ocirepository chart)" = "$(sha256sum <"$work/web/web-1.2.0.tgz" | cut -d' ' -f1)" ]

# ---- a chart from Git ----
start_git
mkdir -p "$work/repo/charts"
cp -r "$work/chart" "$work/repo/charts/web"
echo 'replicas: 7' >"$work/repo/prod.yaml"
push "a chart"
source_object GitRepository git "url: \"$git_url\", ref: {branch: main}"
source_object HelmChart from-git 'chart: charts/web, reconcileStrategy: Revision, valuesFiles: [prod.yaml], sourceRef: {kind: GitRepository, name: git}'
check "a chart from Git is ready" ready helmchart from-git
check "... with the commit in its version" is helmchart from-git '{.status.artifact.revision}' \
  "1.2.0+$(git -C "$work/repo" rev-parse HEAD | cut -c1-12).1"
curl -sf "$(field helmchart from-git '{.status.artifact.url}')" -o "$work/from-git.tgz"
check "... packed so that helm reads it, with the values of the file" contains 'replicas: "7"' helm template x "$work/from-git.tgz"

# ---- the rest ----
check "flux get sources all" flux get sources all
check "flux get sources all agrees" same_output get sources all
check "flux export source oci agrees" same_output export source oci app
check "weir create source oci --export agrees" same_output create source oci xx --url=oci://x.io/a/b --tag=v1 --export
check "weir create source helm --export agrees" same_output create source helm xx --url=oci://x.io/a --interval=5m --export
check "weir create source chart --export agrees" diff \
  <(flux create source chart xx --chart=web --source=HelmRepository/charts --export 2>/dev/null) \
  <("$weir" create source chart xx --chart=web --source=HelmRepository/charts --export)
check "... a name that flux refuses is refused" same_output create source helm x --url=oci://x.io/a --export
check "weir create hr --export agrees" diff \
  <(flux create hr web --chart=web --source=HelmRepository/charts.apps --chart-version='>1.0.0' --interval=5m --export) \
  <("$weir" create hr web --chart=web --source=HelmRepository/charts.apps --chart-version='>1.0.0' --interval=5m --export)
printf 'replicas: 2\nlist: [a, {b: 1}]\n' >"$work/values.yaml"
all_flags=(create hr web --chart-ref=OCIRepository/chart --release-name=other --target-namespace=shop --storage-namespace=shop
  --create-target-namespace --crds=CreateReplace --depends-on=one,apps/two --service-account=tenant --values="$work/values.yaml"
  --values-from=Secret/a --values-from=ConfigMap/b --kubeconfig-secret-ref=prod --label=team=a --export)
check "... with all its flags" diff <(flux "${all_flags[@]}") <("$weir" "${all_flags[@]}")
check "... without a chart" same_output create hr web --source=HelmRepository/charts --export
check "weir create source oci waits until it is ready" "$weir" create source oci made --url="oci://$open_registry/team/app" --tag=1.0.0 --timeout 30s
kubectl -n flux-system delete ocirepository app --timeout=20s >/dev/null
check "deleting a source removes its files" [ ! -e "$WEIR_DATA_DIR/artifacts/ocirepository/flux-system/app" ]

# ---- an index that is larger than the memory there is for it ----
python3 - "$work/web/large" <<'P'
import os, sys
os.makedirs(sys.argv[1])
with open(sys.argv[1] + "/index.yaml", "w") as out:
    out.write("apiVersion: v1\nentries:\n")
    for chart in range(300):
        out.write("  chart-%d:\n" % chart)
        for version in range(200):
            out.write("  - apiVersion: v2\n    appVersion: 1.2.3\n    created: \"2026-01-02T03:04:05.678Z\"\n"
                      "    description: %s\n    digest: %064x\n    maintainers:\n    - email: you@example.com\n      name: you\n"
                      "    name: chart-%d\n    sources:\n    - https://example.com/%s\n    type: application\n"
                      "    urls:\n    - https://example.com/charts/chart-%d-1.%d.0.tgz\n    version: 1.%d.0\n"
                      % ("text that says what the chart is for " * 12, chart * 1000 + version, chart, "x" * 120, chart, version, version))
    out.write("generated: \"2026-01-02T03:04:05Z\"\n")
P
before=$(memory_peak_kb)
source_object HelmRepository large "url: \"$web/large\", timeout: 2m"
check "an index of $(($(stat -c %s "$work/web/large/index.yaml") / 1000000)) MB is read" kubectl -n flux-system wait helmrepository/large --for=condition=Ready --timeout=120s
source_object HelmChart large 'chart: chart-150, version: "1.7.x", sourceRef: {kind: HelmRepository, name: large}'
check "... and a chart found in it" within 30 contains "chart-150-1.7.0.tgz" kubectl -n flux-system get helmchart large -o yaml
after=$(memory_peak_kb)
echo "     peak memory of weir: $((before / 1024)) MiB before, $((after / 1024)) MiB after"
check "... in less than 64 MiB more than before" [ $((after - before)) -lt 65536 ]
summary
