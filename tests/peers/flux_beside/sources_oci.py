"""OCIRepository."""
import base64, http.client, json, os, subprocess, time

import charts, world as worlds
from stage import scenario, secret
from sources_common import (CHART_LAYER, FLUX_LAYER, cases, chart_tree, closed_registry, docker_login, look, oci, once, push, settle, source,
                            tarball, until_revision)

FILES = {"a.yaml": "kind: A\n", "sub/": "", "sub/b.yaml": "kind: B\n", "run.sh": "#!/bin/sh\n", "link.yaml": "->a.yaml", "logo.png": "x",
         ".git/config": "x", ".github/x.yml": "x", "sub/.sops.yaml": "x"}
NOTED = {"org.opencontainers.image.source": "https://example.com/app", "org.opencontainers.image.revision": "main@sha1:abc",
         "org.opencontainers.image.created": "2024-01-02T03:04:05Z", "team": "a"}


def tags(s):
    for tag in ("1.0.0", "1.2.0", "1.10.0-rc.1", "v1.3.0", "2.0.0", "2.0", "latest", "main"):
        push(s, tag, {"tag.yaml": tag + "\n"}, annotations={"tag": tag})
    return push(s, "other", {"tag.yaml": "other\n"}, annotations=NOTED)


def ref_case(s, ref, **spec):
    digest = tags(s)
    ref = json.loads(json.dumps(ref).replace("DIGEST", digest)) if ref else None
    s.apply(oci(s, ref=ref, **spec))
    settle(s, "OCIRepository/app")
    look(s, "applied")
    s.annotate("OCIRepository", "app", requestedAt="1")
    settle(s, "OCIRepository/app")
    look(s, "asked for")


def spec_case(s, spec):
    ref_case(s, {"tag": "other"}, **spec)


cases({
    "sources_oci_latest": ("no reference", None),
    "sources_oci_tag": ("a tag", {"tag": "other"}),
    "sources_oci_no_tag": ("no such tag", {"tag": "none"}),
    "sources_oci_bad_tag": ("a tag that is none", {"tag": "a b"}),
    "sources_oci_semver": ("a range", {"semver": "1.x"}),
    "sources_oci_semver_pre": ("a range with prereleases", {"semver": ">=1.4.0-0 <2.0.0"}),
    "sources_oci_semver_none": ("nothing in the range", {"semver": "3.x"}),
    "sources_oci_semver_bad": ("no range", {"semver": "not a range"}),
    "sources_oci_filter": ("a filter", {"semver": "*", "semverFilter": "^1\\."}),
    "sources_oci_filter_rc": ("a filter of prereleases", {"semver": ">=1.0.0-0", "semverFilter": ".*-rc.*"}),
    "sources_oci_filter_bad": ("a filter that is none", {"semver": "*", "semverFilter": "("}),
    "sources_oci_filter_none": ("a filter that lets nothing through", {"semver": "*", "semverFilter": "zzz"}),
    "sources_oci_filter_alone": ("a filter without a range", {"tag": "other", "semverFilter": "^2"}),
    "sources_oci_digest": ("a digest, and a tag beside it", {"tag": "1.0.0", "digest": "DIGEST"}),
    "sources_oci_no_digest": ("no such digest", {"digest": "sha256:" + "0" * 64}),
    "sources_oci_bad_digest": ("no digest", {"digest": "sha256:xyz"}),
    "sources_oci_all": ("all at once", {"tag": "1.0.0", "semver": "2.x", "digest": "DIGEST"}),
    "sources_oci_tag_semver": ("a tag and a range", {"tag": "other", "semver": "2.x"}),
}, ref_case)
cases({
    "sources_oci_insecure": ("insecure", {"insecure": True}),
    "sources_oci_copy": ("the layer as it is", {"layerSelector": {"operation": "copy"}}),
    "sources_oci_selected": ("the layer of a type", {"layerSelector": {"mediaType": FLUX_LAYER}}),
    "sources_oci_wrong_layer": ("no layer of the type", {"layerSelector": {"mediaType": "text/plain"}}),
    "sources_oci_wrong_layer_copied": ("no layer of the type, to be copied", {"layerSelector": {"mediaType": "text/plain", "operation": "copy"}}),
    "sources_oci_secret_missing": ("no such Secret", {"secretRef": {"name": "none"}}),
    "sources_oci_account_missing": ("no such ServiceAccount", {"serviceAccountName": "none"}),
    "sources_oci_certificate_missing": ("no such Secret of certificates", {"certSecretRef": {"name": "none"}}),
    "sources_oci_proxy_missing": ("no such Secret of a proxy", {"proxySecretRef": {"name": "none"}}),
    "sources_oci_verify_missing": ("no such Secret of keys", {"verify": {"provider": "cosign", "secretRef": {"name": "none"}}}),
    "sources_oci_verify_notation_missing": ("notation: no such Secret", {"verify": {"provider": "notation", "secretRef": {"name": "none"}}}),
    "sources_oci_provider": ("a cloud that is not there", {"provider": "generic", "timeout": "20s"}),
}, spec_case)


def url_case(s, url):
    tags(s)
    s.apply(oci(s, url=url(s) if callable(url) else url))
    settle(s, "OCIRepository/app")
    look(s, "applied")


cases({
    "sources_oci_url_tag": ("a tag in the URL", lambda s: s.url("oci") + ":1.0.0"),
    "sources_oci_url_digest": ("a digest in the URL", lambda s: s.url("oci") + "@sha256:" + "0" * 64),
    "sources_oci_url_upper": ("capitals in the URL", lambda s: s.url("oci").replace("/app", "/App")),
    "sources_oci_url_slash": ("a slash at the end", lambda s: s.url("oci") + "/"),
    "sources_oci_url_empty": ("nothing in the URL", "oci://"),
    "sources_oci_url_host_only": ("only a host", lambda s: "oci://" + s.url("oci").split("/")[2]),
    "sources_oci_url_space": ("a space in the URL", "oci://127.0.0.1:1/a b"),
    "sources_oci_url_none": ("no such repository", lambda s: s.url("oci", "none")),
    "sources_oci_url_unreachable": ("nobody there", "oci://127.0.0.1:1/app"),
    "sources_oci_url_no_host": ("no such host", "oci://nowhere.invalid/app"),
}, url_case)


@scenario
def sources_oci_refused(s):
    "specs that the API server refuses"
    good = {"url": "oci://x/y"}
    for change in ({"url": "http://x/y"}, {"url": "x/y"}, {"interval": "1"}, {"layerSelector": {"operation": "move"}}, {"verify": {"provider": "x"}},
                   {"provider": "x"}, {"timeout": "1h"}, {"ref": "latest"}):
        s.refused(source("OCIRepository", "app", **{**good, **change}))
    look(s, "refused")


def files_case(s, files, **spec):
    push(s, "latest", files)
    s.apply(oci(s, **spec))
    settle(s, "OCIRepository/app")
    look(s, "applied")
    s.patch("OCIRepository", "app", {"spec": {"ignore": "/*\n!/sub\n"}})
    settle(s, "OCIRepository/app")
    look(s, "other rules")
    s.patch("OCIRepository", "app", {"spec": {"ignore": None, "layerSelector": {"operation": "copy"}}})
    settle(s, "OCIRepository/app")
    look(s, "copied")


def ignore_case(s, ignore, source_ignore):
    files_case(s, {**FILES, **({".sourceignore": source_ignore} if source_ignore is not None else {})}, ignore=ignore)


cases({
    "sources_oci_files": ("what is left out by itself", None, None),
    "sources_oci_ignore": ("rules of the spec", "*.sh\nsub/\n!sub/b.yaml\n", None),
    "sources_oci_ignore_comment": ("rules that say nothing", "# nothing\n", None),
    "sources_oci_sourceignore": ("rules of a file", None, "a.yaml\n"),
    "sources_oci_both_ignore": ("rules of both", "!a.yaml\n", "*.yaml\n"),
}, ignore_case)


def layers_case(s, *layers, **spec):
    """Layers as they come."""
    push(s, "latest", None, layers=list(layers))
    s.apply(oci(s, **spec))
    settle(s, "OCIRepository/app")
    look(s, "applied")


@scenario
def sources_oci_no_layers(s):
    "an artifact without layers"
    layers_case(s)


@scenario
def sources_oci_no_archive(s):
    "a layer that is no archive"
    layers_case(s, ("text/plain", b"text\n"))


@scenario
def sources_oci_no_archive_copied(s):
    "a layer that is no archive, copied"
    layers_case(s, ("text/plain", b"text\n"), layerSelector={"operation": "copy"})


@scenario
def sources_oci_broken_archive(s):
    "an archive that ends early"
    layers_case(s, (FLUX_LAYER, tarball(FILES)[:-30]))


@scenario
def sources_oci_two_layers(s):
    "the first of two layers, then the other"
    layers_case(s, (FLUX_LAYER, tarball({"one.yaml": "1\n"})), ("application/vnd.example.second", tarball({"two.yaml": "2\n"})))
    s.patch("OCIRepository", "app", {"spec": {"layerSelector": {"mediaType": "application/vnd.example.second"}}})
    settle(s, "OCIRepository/app")
    look(s, "the other")


@scenario
def sources_oci_outside(s):
    "paths that lead out of the archive"
    layers_case(s, (FLUX_LAYER, tarball({"ok.yaml": "1\n", "../out.yaml": "2\n"})))


@scenario
def sources_oci_charts(s):
    "charts: metadata of versions in tags, copied and unpacked"
    for v in ("1.0.0", "1.2.0+b.1"):
        s.push_chart(chart_tree(v), v.replace("+", "_"))
    layer = {"mediaType": CHART_LAYER, "operation": "copy"}
    s.apply(oci(s, ref={"semver": "*"}, layerSelector=layer), oci(s, "exact", ref={"tag": "1.2.0+b.1"}, layerSelector=layer),
            oci(s, "plain", ref={"tag": "1.2.0+b.1"}), oci(s, "unpacked", ref={"tag": "1.0.0"}, layerSelector={"mediaType": CHART_LAYER}))
    settle(s, *["OCIRepository/" + n for n in ("app", "exact", "plain", "unpacked")])
    look(s, "applied")


def shared(s, name, make):
    """A repository that both worlds read, as what is pushed into it bears a time."""
    place = "127.0.0.1:%s/both/%s" % (s.world.servers.registry, s.ns)
    once(s.ns + name, lambda: make(place))
    return "oci://" + place


@scenario
def sources_oci_flux_push(s):
    "an artifact of `flux push artifact`"
    def make(place):
        folder = s.world.servers.work + "/pushed"
        os.makedirs(folder + "/sub", exist_ok=True)
        for path in ("a.yaml", "sub/b.yaml", "logo.png"):
            with open(folder + "/" + path, "w") as out:
                out.write("kind: X\n")
        subprocess.run([worlds.PEERS + "/flux", "push", "artifact", "oci://%s/app:v1" % place, "--path", folder, "--source=https://example.com/app",
                        "--revision=main@sha1:0123456789abcdef", "--annotations=team=a"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT)
    s.apply(oci(s, url=shared(s, "flux", make) + "/app", ref={"tag": "v1"}))
    settle(s, "OCIRepository/app")
    look(s, "applied")


@scenario
def sources_oci_helm_push(s):
    "a chart of `helm push`, by OCIRepository and by HelmChart"
    def make(place):
        file = "%s/app-1.0.0.tgz" % s.world.servers.work
        with open(file, "wb") as out:
            out.write(charts.package(chart_tree()))
        code, text = s.helm("push", file, "oci://" + place, "--plain-http")
        assert code == 0, text
    url = shared(s, "helm", make)
    s.apply(oci(s, url=url + "/app", ref={"tag": "1.0.0"}, layerSelector={"mediaType": CHART_LAYER, "operation": "copy"}),
            source("HelmRepository", "charts", url=url, type="oci", insecure=True),
            source("HelmChart", "web", chart="app", version="1.x", sourceRef={"kind": "HelmRepository", "name": "charts"}))
    settle(s, "OCIRepository/app", "HelmChart/web")
    look(s, "applied")


@scenario
def sources_oci_index(s):
    "an index of images"
    name = "%s/%s/app" % (s.world.name, s.ns)
    digest = push(s, "one", {"one.yaml": "1\n"})
    connection = http.client.HTTPConnection("127.0.0.1", s.world.servers.registry, timeout=30)
    connection.request("GET", "/v2/%s/manifests/%s" % (name, digest), headers={"Accept": "application/vnd.oci.image.manifest.v1+json"})
    size = len(connection.getresponse().read())
    kind = "application/vnd.oci.image.index.v1+json"
    index = {"schemaVersion": 2, "mediaType": kind, "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest,
                                                                   "size": size, "platform": {"os": "linux", "architecture": "amd64"}}]}
    connection.request("PUT", "/v2/%s/manifests/latest" % name, json.dumps(index).encode(), {"Content-Type": kind})
    assert connection.getresponse().status == 201
    s.apply(oci(s))
    settle(s, "OCIRepository/app")
    look(s, "applied")


@scenario
def sources_oci_login(s):
    "a closed registry: with a login, a wrong one, another registry's, Secrets that are none, by a ServiceAccount, without"
    closed = closed_registry(s)
    push(s, "latest", {"a.yaml": "1\n"})
    url = "oci://%s/%s/%s/app" % (closed, s.world.name, s.ns)
    broken = docker_login("broken", closed)
    broken["data"][".dockerconfigjson"] = base64.b64encode(b'{"auths": "x"}').decode()
    s.apply(docker_login("right", closed), docker_login("wrong", closed, password="other"), docker_login("elsewhere", "example.com"),
            docker_login("opaque", closed, kind="Opaque"), secret("plain", username="you", password="secret"), broken)
    for account, names in (("with", ["right"]), ("with-wrong", ["wrong"]), ("with-missing", ["none"]), ("bare", [])):
        s.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}, "imagePullSecrets": [{"name": n} for n in names]})
        s.apply(oci(s, "account-" + account, url=url, serviceAccountName=account))
    for name in ("right", "wrong", "elsewhere", "opaque", "plain", "broken"):
        s.apply(oci(s, "secret-" + name, url=url, secretRef={"name": name}))
        s.apply(oci(s, "range-" + name, url=url, secretRef={"name": name}, ref={"semver": "*"}))
    s.apply(oci(s, "none", url=url))
    settle(s, "OCIRepository/none", *["OCIRepository/secret-" + n for n in ("right", "wrong", "elsewhere", "opaque", "plain", "broken")],
           *["OCIRepository/range-" + n for n in ("right", "wrong", "elsewhere", "opaque", "plain", "broken")],
           *["OCIRepository/account-" + n for n in ("with", "with-wrong", "with-missing", "bare")])
    look(s, "applied")


def secrets_case(s, field, data):
    push(s, "latest", {"a.yaml": "1\n"})
    s.apply(secret("given", **data))
    s.apply(oci(s, timeout="5s", **{field: {"name": "given"}}))
    settle(s, "OCIRepository/app")
    look(s, "applied")


cases({
    "sources_oci_certificate_empty": ("certificates that are not there", "certSecretRef", {"other": "x"}),
    "sources_oci_certificate_half": ("a certificate without its key", "certSecretRef", {"tls__crt": "x"}),
    "sources_oci_certificate_bad": ("nonsense for certificates", "certSecretRef", {"ca__crt": "x"}),
    "sources_oci_proxy_empty": ("a proxy without an address", "proxySecretRef", {"username": "x"}),
    "sources_oci_proxy_bad": ("an address that is none", "proxySecretRef", {"address": "http://bad host"}),
    "sources_oci_proxy_scheme": ("a proxy of another scheme", "proxySecretRef", {"address": "ftp://127.0.0.1:1"}),
    "sources_oci_proxy_unreachable": ("a proxy that is not there", "proxySecretRef", {"address": "http://127.0.0.1:1"}),
}, secrets_case)


@scenario
def sources_oci_moved(s):
    "a tag that moves, that is gone, and an artifact that is asked for"
    push(s, "latest", {"a.yaml": "1\n"}, annotations={"org.opencontainers.image.revision": "one"})
    s.apply(oci(s))
    settle(s, "OCIRepository/app")
    look(s, "applied")
    digest = push(s, "latest", {"a.yaml": "2\n"}, annotations=NOTED)
    s.annotate("OCIRepository", "app", requestedAt="1")
    until_revision(s, "OCIRepository", "app", lambda r: r.endswith(digest))
    look(s, "moved")
    s.patch("OCIRepository", "app", {"spec": {"ref": {"tag": "gone"}}})
    settle(s, "OCIRepository/app")
    look(s, "gone")
    s.patch("OCIRepository", "app", {"spec": {"ref": {"digest": digest}}})
    settle(s, "OCIRepository/app")
    look(s, "the same by its digest")


@scenario
def sources_oci_suspend(s):
    "suspended from the start, resumed, suspended and asked for, deleted while suspended"
    push(s, "latest", {"a.yaml": "1\n"})
    s.apply(oci(s, suspend=True))
    s.until_field("app", "metadata.finalizers", bool, kind="OCIRepository", timeout=20)
    time.sleep(6)  # Flux comes back to it once
    look(s, "suspended")
    s.patch("OCIRepository", "app", {"spec": {"suspend": False}})
    settle(s, "OCIRepository/app")
    look(s, "resumed")
    push(s, "latest", {"a.yaml": "2\n"})
    s.patch("OCIRepository", "app", {"spec": {"suspend": True}})
    s.annotate("OCIRepository", "app", requestedAt="1")
    s.until_field("app", "status.lastHandledReconcileAt", "1", kind="OCIRepository", timeout=20)
    look(s, "asked for")
    s.delete("OCIRepository", "app")
    look(s, "deleted")


@scenario
def sources_oci_interval(s):
    "what is new is found at the interval"
    push(s, "1.0.0", {"a.yaml": "1\n"})
    s.apply(oci(s, ref={"semver": "*"}, interval="3s"))
    settle(s, "OCIRepository/app")
    push(s, "1.1.0", {"a.yaml": "2\n"})
    until_revision(s, "OCIRepository", "app", lambda r: r.startswith("1.1.0@"))
    look(s, "found")


@scenario
def sources_oci_broken_and_mended(s):
    "no such tag, until it is pushed"
    push(s, "other", {"a.yaml": "1\n"})
    s.apply(oci(s))
    s.until_condition("app", "FetchFailed", kind="OCIRepository", timeout=30)
    push(s, "latest", {"a.yaml": "1\n"})
    s.until_ready("app", kind="OCIRepository", timeout=40)
    look(s, "found")
