"""HelmRepository: what is made of an index over HTTP, how it fails, and what its fields do."""
import time

import charts
from stage import scenario, secret
from sources_common import basic, cases, chart, chart_tree, index_of, look, serve, settle, slow, source, web

INDEX = index_of(chart_tree("1.0.0"), chart_tree("1.1.0"), chart_tree("0.1.0-rc.1", "other"))
TLS_CRT = "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n"


def repository(s, name="charts", **spec):
    return source("HelmRepository", name, url=spec.pop("url", None) or web(s), **spec)


def index_page(s, page, code=200, headers=(), then=None):
    """A repository with that index, and with a good one (or `then`) afterwards."""
    if page is not None:
        serve(s, "index.yaml", page, code, headers)
    s.apply(repository(s))
    settle(s, "HelmRepository/charts")
    look(s, "first")
    serve(s, "index.yaml", then or INDEX)
    s.annotate("HelmRepository", "charts", requestedAt="1")
    settle(s, "HelmRepository/charts")
    look(s, "second")


HUGE = "x" * 300
ODD = """\
apiVersion: v1
generated: 2024-01-02T03:04:05Z
extra: [1, two]
entries:
  zero: []
  none:
  app:
  - {apiVersion: v2, name: app, version: 1.0.0, urls: [app-1.0.0.tgz], created: 2024-01-02T03:04:05.678+02:00, digest: abc,
     annotations: {b: "2", a: "1"}, keywords: [k], maintainers: [{name: you, email: you@example.com}], unknown: field,
     dependencies: [{name: d, version: 1.x, repository: "https://example.com", condition: d.enabled, tags: [t]}], deprecated: true}
  - {apiVersion: v2, name: app, version: not-a-version, urls: [app-x.tgz]}
  - {apiVersion: v2, version: 3.0.0, urls: [app-3.tgz]}
  - {name: app, version: 2.0.0, urls: [app-2.0.0.tgz], home: "<a&b>", icon: "https://example.com/é.png"}
  - {apiVersion: v2, name: app, version: 1.10.0, urls: []}
  - null
  - {apiVersion: v2, name: app, version: v1.9, type: nonsense}
"""
cases({
    "sources_index_found": ("an index that is found, and found again", INDEX),
    "sources_index_404": ("no index yet", None),
    "sources_index_500": ("a server in trouble", b"no\n", 500),
    "sources_index_bad_yaml": ("no YAML", "apiVersion: v1\nentries: [\n"),
    "sources_index_html": ("a page for people", "<html><body>Hello</body></html>\n"),
    "sources_index_empty": ("an empty body", ""),
    "sources_index_no_api_version": ("no apiVersion", "entries: {}\n"),
    "sources_index_no_entries": ("no entries", "apiVersion: v1\nentries: {}\n"),
    "sources_index_entries_null": ("null entries", "apiVersion: v1\nentries:\ngenerated: \"2024-01-02T03:04:05Z\"\n"),
    "sources_index_wrong_types": ("entries of another type", "apiVersion: v1\nentries: text\n"),
    "sources_index_wrong_field": ("a field of another type", "apiVersion: v1\nentries: {app: [{name: app, version: {a: 1}}]}\n"),
    "sources_index_duplicate_key": ("the same key twice", "apiVersion: v1\nentries: {}\nentries: {}\n"),
    "sources_index_bad_json": ("JSON that ends early", "{\"apiVersion\": \"v1\", \"entries\": {"),
    "sources_index_odd_entries": ("entries that are dropped, filled, sorted", ODD),
    "sources_index_huge_name": ("the name of a chart is long", index_of(chart_tree("1.0.0", HUGE))),
    "sources_index_comments_only": ("nothing but a comment", "# nothing\n"),
}, index_page)


def url_case(s, url):
    serve(s, "index.yaml", INDEX)
    serve(s, "sub/index.yaml", index_of(chart_tree("7.0.0")))
    serve(s, "moved/index.yaml", b"", 302, [("Location", web(s, "sub/index.yaml"))])
    serve(s, "loop/index.yaml", b"", 302, [("Location", web(s, "loop/index.yaml"))])
    s.apply(repository(s, url=url(s) if callable(url) else url))
    settle(s, "HelmRepository/charts")
    look(s, "applied")


cases({
    "sources_url_trailing_slash": ("a slash at the end", lambda s: web(s) + "/"),
    "sources_url_slashes": ("more slashes at the end", lambda s: web(s) + "///"),
    "sources_url_query": ("a query", lambda s: web(s) + "?a=b&c=d"),
    "sources_url_user": ("a login in the URL", lambda s: web(s).replace("://", "://alice:secret@")),
    "sources_url_redirect": ("the index has moved", lambda s: web(s, "moved")),
    "sources_url_redirect_loop": ("moved in a circle", lambda s: web(s, "loop")),
    "sources_url_unreachable": ("nobody there", "http://127.0.0.1:1/charts"),
    "sources_url_no_host": ("no such host", "http://nowhere.invalid/charts"),
    "sources_url_bad_port": ("a port that is none", "http://127.0.0.1:port/charts"),
    "sources_url_bad_escape": ("an escape that is none", "http://127.0.0.1/%zz"),
    "sources_url_space_in_host": ("a space in the host", "http://bad host/"),
    "sources_url_https_of_http": ("TLS with a server that has none", lambda s: web(s).replace("http:", "https:")),
    "sources_url_oci_default": ("an OCI URL without the type", "oci://127.0.0.1:1/charts"),
}, url_case)


@scenario
def sources_url_refused(s):
    "specs that the API server refuses"
    for spec in ({"url": "ftp://example.com"}, {"url": ""}, {"url": "http://x", "type": "git"}, {"url": "http://x", "interval": "1d"},
                 {"url": "http://x", "timeout": "1h"}, {"url": "http://x", "provider": "other"}, {"url": "http://x", "secretRef": {}}):
        s.refused(source("HelmRepository", "charts", **spec))
    look(s, "refused")


@scenario
def sources_url_change(s):
    "another URL, one that fails, and back"
    serve(s, "index.yaml", INDEX)
    serve(s, "sub/index.yaml", index_of(chart_tree("7.0.0")))
    s.apply(repository(s))
    settle(s, "HelmRepository/charts")
    for step, path in (("sub", "sub"), ("none", "none"), ("back", "")):
        s.patch("HelmRepository", "charts", {"spec": {"url": web(s, path)}})
        settle(s, "HelmRepository/charts")
        look(s, step)


def login_case(s, data, **spec):
    serve(s, "index.yaml", basic(INDEX))
    if data is not None:
        s.apply(secret("login", **data))
    s.apply(repository(s, secretRef={"name": "login"}, **spec))
    settle(s, "HelmRepository/charts")
    look(s, "applied")


cases({
    "sources_login_right": ("a login", {"username": "alice", "password": "secret"}),
    "sources_login_wrong": ("a wrong password", {"username": "alice", "password": "wrong"}),
    "sources_login_missing": ("no such Secret", None),
    "sources_login_half": ("no password", {"username": "alice"}),
    "sources_login_password_only": ("no user", {"password": "secret"}),
    "sources_login_empty": ("a Secret with nothing of use", {"other": "x"}),
    "sources_login_bad_tls": ("certificates beside a login", {"username": "alice", "password": "secret", "tls__crt": TLS_CRT}),
    "sources_login_bad_ca": ("a CA that is none", {"username": "alice", "password": "secret", "ca__crt": "x"}),
}, login_case)


@scenario
def sources_login_later(s):
    "the Secret comes later"
    serve(s, "index.yaml", basic(INDEX))
    s.apply(repository(s, secretRef={"name": "login"}))
    s.until_condition("charts", "FetchFailed", kind="HelmRepository", timeout=30)
    s.apply(secret("login", username="alice", password="secret"))
    s.until_ready("charts", kind="HelmRepository", timeout=40)
    look(s, "found")
    s.patch("HelmRepository", "charts", {"spec": {"secretRef": None}})
    settle(s, "HelmRepository/charts")
    look(s, "without")


def certificate_case(s, data):
    serve(s, "index.yaml", INDEX)
    if data is not None:
        s.apply(secret("tls", **data))
    s.apply(repository(s, certSecretRef={"name": "tls"}))
    settle(s, "HelmRepository/charts")
    look(s, "applied")


cases({
    "sources_certificate_missing": ("no such Secret", None),
    "sources_certificate_empty": ("a Secret with nothing of use", {"other": "x"}),
    "sources_certificate_half": ("a certificate without a key", {"tls__crt": TLS_CRT}),
    "sources_certificate_bad": ("nonsense", {"tls__crt": TLS_CRT, "tls__key": TLS_CRT}),
    "sources_certificate_bad_ca": ("a CA that is none", {"ca__crt": "nonsense"}),
}, certificate_case)


def credentials_case(s, passing):
    """Packages on another host than the index."""
    tree = chart_tree()
    serve(s, "index.yaml", basic(index_of(tree, base=web(s, "packages/", host="localhost", world="both"))))
    serve(s, "packages/app-1.0.0.tgz", basic(charts.package(tree)), world="both")
    s.apply(secret("login", username="alice", password="secret"),
            repository(s, secretRef={"name": "login"}, passCredentials=passing))
    settle(s, "HelmRepository/charts")
    s.apply(chart())
    settle(s, "HelmChart/web")
    look(s, "applied")


cases({"sources_credentials_passed": ("logins go to other hosts", True),
       "sources_credentials_kept": ("logins stay with their host", False)}, credentials_case)


@scenario
def sources_repository_timeout(s):
    "a server that is slower than the timeout"
    serve(s, "index.yaml", slow(INDEX, 3))
    s.apply(repository(s, timeout="1s"))
    settle(s, "HelmRepository/charts")
    look(s, "applied")


@scenario
def sources_repository_interval(s):
    "what is new is found at the interval"
    serve(s, "index.yaml", INDEX)
    s.apply(repository(s, interval="3s"))
    settle(s, "HelmRepository/charts")
    before = s.get("HelmRepository", "charts")["status"]["artifact"]["revision"]
    serve(s, "index.yaml", index_of(chart_tree("8.0.0")))
    s.until_field("charts", "status.artifact.revision", lambda r: r != before, kind="HelmRepository", timeout=20)
    look(s, "found")
    serve(s, "index.yaml", b"", 503)
    s.until_condition("charts", "FetchFailed", kind="HelmRepository", timeout=20)
    s.patch("HelmRepository", "charts", {"spec": {"suspend": True}})
    s.until_field("charts", "status.observedGeneration", 2, kind="HelmRepository", timeout=20)
    look(s, "suspended while it fails")


@scenario
def sources_repository_no_interval(s):
    "no interval is given"
    serve(s, "index.yaml", INDEX)
    s.apply(repository(s, interval=None))
    settle(s, "HelmRepository/charts")
    look(s, "applied")


@scenario
def sources_repository_suspend(s):
    "suspended from the start, resumed, suspended, asked for"
    serve(s, "index.yaml", INDEX)
    s.apply(repository(s, suspend=True))
    s.until_field("charts", "metadata.finalizers", bool, kind="HelmRepository", timeout=20)
    time.sleep(6)  # Flux comes back to it once
    look(s, "suspended")
    s.patch("HelmRepository", "charts", {"spec": {"suspend": False}})
    settle(s, "HelmRepository/charts")
    look(s, "resumed")
    s.patch("HelmRepository", "charts", {"spec": {"suspend": True}})
    serve(s, "index.yaml", index_of(chart_tree("8.0.0")))
    s.annotate("HelmRepository", "charts", requestedAt="1")
    s.until_field("charts", "status.lastHandledReconcileAt", "1", kind="HelmRepository", timeout=20)
    look(s, "asked for")


@scenario
def sources_repository_requested(s):
    "asked for, with and without something new"
    serve(s, "index.yaml", INDEX)
    s.apply(repository(s))
    settle(s, "HelmRepository/charts")
    for number, page in enumerate((INDEX, index_of(chart_tree("8.0.0")), b"{", INDEX)):
        serve(s, "index.yaml", page)
        s.annotate("HelmRepository", "charts", requestedAt=str(number))
        settle(s, "HelmRepository/charts")
        look(s, "asked %d" % number)


@scenario
def sources_repository_oci(s):
    "a static repository, of what was an HTTP one, and back"
    serve(s, "index.yaml", INDEX)
    s.apply(repository(s, "static", url=s.url("oci"), type="oci"), repository(s))
    settle(s, "HelmRepository/charts")
    s.until_field("static", "status", lambda v: not v, kind="HelmRepository", timeout=20)
    look(s, "static")
    s.patch("HelmRepository", "charts", {"spec": {"url": s.url("oci"), "type": "oci"}})
    s.until_field("charts", "status", lambda v: not v, kind="HelmRepository", timeout=20)
    look(s, "made static")
    s.annotate("HelmRepository", "charts", requestedAt="1")
    look(s, "asked for")
    s.patch("HelmRepository", "charts", {"spec": {"url": web(s), "type": "default"}})
    settle(s, "HelmRepository/charts")
    look(s, "back")


@scenario
def sources_repository_type_oci_of_http(s):
    "type oci with an HTTP URL"
    s.apply(repository(s, type="oci"))
    s.until_field("charts", "status", lambda v: not v, kind="HelmRepository", timeout=20)
    s.apply(chart())
    settle(s, "HelmChart/web")
    look(s, "applied")


@scenario
def sources_repository_access_from(s):
    "accessFrom, insecure, provider: kept, and of no effect"
    serve(s, "index.yaml", INDEX)
    s.apply(repository(s, accessFrom={"namespaceSelectors": [{"matchLabels": {"a": "b"}}]}, insecure=True, provider="generic"))
    settle(s, "HelmRepository/charts")
    look(s, "applied")


@scenario
def sources_repository_deleted(s):
    "deleted, deleted while suspended, and made anew"
    serve(s, "index.yaml", INDEX)
    serve(s, "app-1.0.0.tgz", charts.package(chart_tree()))
    s.apply(repository(s), repository(s, "quiet"))
    settle(s, "HelmRepository/charts")
    s.apply(chart())
    settle(s, "HelmRepository/charts", "HelmRepository/quiet", "HelmChart/web")
    look(s, "ready")
    s.patch("HelmRepository", "quiet", {"spec": {"suspend": True}})
    s.delete("HelmRepository", "charts")
    s.delete("HelmRepository", "quiet")
    s.annotate("HelmChart", "web", requestedAt="1")
    settle(s, "HelmChart/web")
    look(s, "deleted")
    s.apply(repository(s))
    settle(s, "HelmRepository/charts")
    s.annotate("HelmChart", "web", requestedAt="2")
    settle(s, "HelmChart/web")
    look(s, "made anew")


@scenario
def sources_repository_event_metadata(s):
    "annotations of events are passed on; labels and others are not looked at"
    serve(s, "index.yaml", INDEX)
    whole = repository(s)
    whole["metadata"].update(annotations={"event.toolkit.fluxcd.io/team": "a", "other": "x"}, labels={"l": "1"})
    s.apply(whole)
    settle(s, "HelmRepository/charts")
    look(s, "applied")
