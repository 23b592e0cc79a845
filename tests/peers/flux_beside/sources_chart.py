"""HelmChart: of a HelmRepository (over HTTP and in a registry) and of a GitRepository."""
import json, time

import charts
from stage import scenario, secret
from sources_common import (basic, both, cases, chart, chart_tree, closed_registry, docker_login, index_of, look, push_chart_to_both, serve, settle, source, tarball,
                            under, until_revision, web)

VERSIONS = ("1.0.0", "1.2.0", "1.10.0", "2.0.0-rc.1", "0.9.0+build.1")


def repository(s, name="charts", **spec):
    return source("HelmRepository", name, url=spec.pop("url", None) or web(s), **spec)


def publish(s, *trees):
    """An index of them, and their packages."""
    serve(s, "index.yaml", index_of(*trees))
    for tree in trees:
        serve(s, "%s-%s.tgz" % (charts.field(tree, "name"), charts.field(tree, "version")), charts.package(tree))


def version_case(s, version, **spec):
    publish(s, *[chart_tree(v) for v in VERSIONS])
    s.apply(repository(s))
    settle(s, "HelmRepository/charts")
    s.apply(chart(version=version, **spec))
    settle(s, "HelmChart/web")
    look(s, "applied")


def named_case(s, name):
    version_case(s, "*", chart=name)


cases({
    "sources_chart_exact": ("an exact version", "1.2.0"),
    "sources_chart_exact_v": ("an exact version with a v", "v1.2.0"),
    "sources_chart_range": ("a range", "1.x"),
    "sources_chart_latest": ("no version", None),
    "sources_chart_prerelease": ("a range with prereleases", ">=1.0.0-0"),
    "sources_chart_exact_prerelease": ("exactly a prerelease", "2.0.0-rc.1"),
    "sources_chart_metadata": ("exactly a version with metadata", "0.9.0+build.1"),
    "sources_chart_no_version": ("no such version", "9.9.9"),
    "sources_chart_no_range": ("no version in the range", ">9"),
    "sources_chart_bad_range": ("no range", "not a range"),
    "sources_chart_empty_version": ("an empty version", ""),
}, version_case)
cases({
    "sources_chart_no_name": ("no such chart", "nothing"),
    "sources_chart_bad_name": ("a name that is none", "a/../b"),
    "sources_chart_upper_name": ("a name in capitals", "APP"),
    "sources_chart_underscore_name": ("a name with a sign", "my_app"),
}, named_case)


@scenario
def sources_chart_refused(s):
    "specs that the API server refuses"
    good = chart()["spec"]
    for change in ({"interval": "1d"}, {"reconcileStrategy": "Always"}, {"sourceRef": {"kind": "OCIRepository", "name": "x"}},
                   {"sourceRef": {"kind": "GitRepository", "name": "x"}, "verify": {"provider": "cosign"}}, {"verify": {"provider": "x"}},
                   {"chart": None}, {"valuesFiles": "x"}):
        s.refused(source("HelmChart", "web", **{**good, **change}))
    look(s, "refused")


def values_case(s, files, ignore):
    publish(s, chart_tree(prod_dot_yaml="message: prod\ndeep: {two: 3, three: null}\nlist: []\n", conf__eu_dot_yaml="deep: {four: 4}\n",
                          bad_dot_yaml="a: [\n", text_dot_yaml="just text\n", empty_dot_yaml=""))
    s.apply(repository(s))
    settle(s, "HelmRepository/charts")
    s.apply(chart(valuesFiles=files, ignoreMissingValuesFiles=ignore))
    settle(s, "HelmChart/web")
    look(s, "applied")
    s.annotate("HelmChart", "web", requestedAt="1")
    settle(s, "HelmChart/web")
    look(s, "asked for")


cases({
    "sources_values_one": ("one file", ["prod.yaml"], None),
    "sources_values_many": ("files in order", ["values.yaml", "prod.yaml", "conf/eu.yaml"], None),
    "sources_values_own": ("only the chart's own", ["values.yaml"], None),
    "sources_values_own_twice": ("the chart's own, twice", ["values.yaml", "./values.yaml"], None),
    "sources_values_missing": ("one that is missing", ["values.yaml", "none.yaml"], None),
    "sources_values_ignored": ("one that may be missing", ["values.yaml", "none.yaml", "prod.yaml"], True),
    "sources_values_all_ignored": ("all are missing, and may", ["none.yaml"], True),
    "sources_values_bad": ("no YAML", ["bad.yaml"], None),
    "sources_values_text": ("no map", ["text.yaml"], None),
    "sources_values_empty": ("an empty file", ["empty.yaml"], None),
    "sources_values_outside": ("outside of the chart", ["../values.yaml"], None),
}, values_case)


def package_case(s, data, code=200, name="app", version="1.0.0"):
    """What stands behind the index is not the chart."""
    serve(s, "index.yaml", index_of(chart_tree(version, name)))
    serve(s, "%s-%s.tgz" % (name, version), data, code)
    s.apply(repository(s))
    settle(s, "HelmRepository/charts")
    s.apply(chart(chart=name, version=version, valuesFiles=["prod.yaml"] if data is None else None))
    settle(s, "HelmChart/web")
    look(s, "applied")


cases({
    "sources_package_404": ("not there", b"no\n", 404),
    "sources_package_401": ("for nobody", b"no\n", 401),
    "sources_package_500": ("a server in trouble", b"no\n", 500),
    "sources_package_text": ("no archive", b"just text\n"),
    "sources_package_empty": ("nothing", b""),
    "sources_package_other_name": ("another chart", charts.package(chart_tree("1.0.0", "other"))),
    "sources_package_other_version": ("another version", charts.package(chart_tree("3.0.0"))),
    "sources_package_no_chart": ("an archive without Chart.yaml", tarball({"app/values.yaml": "a: 1\n"})),
    "sources_package_flat": ("an archive without a folder", tarball({"Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n"})),
    "sources_package_bad_chart": ("Chart.yaml is no YAML", tarball({"app/Chart.yaml": "a: [\n"})),
}, package_case)


@scenario
def sources_chart_urls(s):
    "entries without a URL, and with an absolute one"
    index = {"apiVersion": "v1", "entries": {"app": [{"apiVersion": "v2", "name": "app", "version": "1.0.0", "urls": []}],
                                             "two": [{"apiVersion": "v2", "name": "two", "version": "1.0.0", "urls": [web(s, "x/two-1.0.0.tgz", world="both"), "none"]}]}}

    serve(s, "index.yaml", json.dumps(index))
    serve(s, "x/two-1.0.0.tgz", charts.package(chart_tree("1.0.0", "two")), world="both")
    s.apply(repository(s))
    settle(s, "HelmRepository/charts")
    s.apply(chart(), chart("two", "two"))
    settle(s, "HelmChart/web", "HelmChart/two")
    look(s, "applied")


@scenario
def sources_chart_new_version(s):
    "a new version, another range, the values of a file, and back"
    publish(s, chart_tree("1.0.0", prod_dot_yaml="message: prod\n"))
    s.apply(repository(s))
    settle(s, "HelmRepository/charts")
    s.apply(chart(version="1.x"))
    settle(s, "HelmChart/web")
    look(s, "applied")
    publish(s, *[chart_tree(v, prod_dot_yaml="message: prod\n") for v in ("1.0.0", "1.1.0", "2.0.0")])
    s.annotate("HelmRepository", "charts", requestedAt="1")
    until_revision(s, "HelmChart", "web", lambda r: r == "1.1.0")
    look(s, "a new version")
    for step, change in (("2", {"version": "2.x"}), ("values", {"valuesFiles": ["prod.yaml"]}), ("none", {"version": "3.x"}),
                         ("back", {"version": "1.0.0", "valuesFiles": None})):
        s.patch("HelmChart", "web", {"spec": change})
        settle(s, "HelmChart/web")
        look(s, step)


@scenario
def sources_chart_stalled_then_published(s):
    "a version that is missing, until it is published"
    publish(s, chart_tree("1.0.0"))
    s.apply(repository(s))
    settle(s, "HelmRepository/charts")
    s.apply(chart(version="2.x"))
    settle(s, "HelmChart/web")
    look(s, "missing")
    publish(s, chart_tree("1.0.0"), chart_tree("2.0.0"))
    s.annotate("HelmRepository", "charts", requestedAt="1")
    s.until_ready("web", kind="HelmChart", timeout=30)
    look(s, "published")


@scenario
def sources_chart_source_missing(s):
    "the source comes later, and is not ready at first"
    s.apply(chart())
    settle(s, "HelmChart/web")
    look(s, "missing")
    s.apply(repository(s))
    settle(s, "HelmRepository/charts")
    s.until_condition("web", "FetchFailed", reason="NoSourceArtifact", kind="HelmChart", timeout=40)
    look(s, "not ready")
    publish(s, chart_tree())
    s.annotate("HelmRepository", "charts", requestedAt="1")
    s.until_ready("web", kind="HelmChart", timeout=40)
    look(s, "ready")


@scenario
def sources_chart_source_suspended(s):
    "a source that is suspended with an artifact, and one without"
    publish(s, chart_tree())
    s.apply(repository(s), repository(s, "never", suspend=True))
    settle(s, "HelmRepository/charts")
    s.patch("HelmRepository", "charts", {"spec": {"suspend": True}})
    s.apply(chart(), chart("two", origin="HelmRepository/never"))
    settle(s, "HelmChart/web", "HelmChart/two")
    s.until_field("charts", "status.observedGeneration", 2, kind="HelmRepository", timeout=20)
    look(s, "applied")


@scenario
def sources_chart_source_fails(s):
    "a source that had an artifact, and fails now"
    publish(s, chart_tree())
    s.apply(repository(s))
    settle(s, "HelmRepository/charts")
    look(s, "ready")
    serve(s, "index.yaml", b"", 503)
    s.annotate("HelmRepository", "charts", requestedAt="1")
    settle(s, "HelmRepository/charts")
    s.apply(chart())
    settle(s, "HelmChart/web")
    look(s, "applied")


@scenario
def sources_chart_suspend(s):
    "suspended from the start, resumed, suspended and asked for, deleted"
    publish(s, chart_tree())
    s.apply(repository(s))
    settle(s, "HelmRepository/charts")
    s.apply(chart(suspend=True))
    s.until_field("web", "metadata.finalizers", bool, kind="HelmChart", timeout=20)
    time.sleep(6)  # Flux comes back to it once
    look(s, "suspended")
    s.patch("HelmChart", "web", {"spec": {"suspend": False}})
    settle(s, "HelmChart/web")
    look(s, "resumed")
    s.patch("HelmChart", "web", {"spec": {"suspend": True}})
    s.annotate("HelmChart", "web", requestedAt="1")
    s.until_field("web", "status.lastHandledReconcileAt", "1", kind="HelmChart", timeout=20)
    look(s, "asked for")
    s.delete("HelmChart", "web")
    look(s, "deleted")


@scenario
def sources_chart_login(s):
    "packages for those with a login"
    tree = chart_tree()
    serve(s, "index.yaml", index_of(tree))
    serve(s, "app-1.0.0.tgz", basic(charts.package(tree)))
    s.apply(repository(s), repository(s, "mine", secretRef={"name": "login"}), secret("login", username="alice", password="secret"))
    settle(s, "HelmRepository/charts", "HelmRepository/mine")
    s.apply(chart(), chart("two", origin="HelmRepository/mine"))
    settle(s, "HelmChart/web", "HelmChart/two")
    look(s, "applied")
    s.apply(secret("login", username="alice", password="wrong"))
    s.api.delete("Secret", s.ns, "login")
    s.annotate("HelmChart", "two", requestedAt="1")
    settle(s, "HelmChart/two")
    look(s, "without the Secret")


def verify_case(s, provider, name, oci):
    tree = chart_tree()
    publish(s, tree)
    s.push_chart(tree, repository="charts/app")
    s.apply(repository(s, **({"url": s.url("oci", "charts"), "type": "oci", "insecure": True} if oci else {})))
    if not oci:
        settle(s, "HelmRepository/charts")
    s.apply(secret("keys", some__pub="no key\n"))
    s.apply(chart(verify={"provider": provider, **({"secretRef": {"name": name}} if name else {})}))
    settle(s, "HelmChart/web")
    look(s, "applied")


cases({
    "sources_verify_http": ("cosign, and not in a registry", "cosign", "keys", False),
    "sources_verify_no_secret": ("no such Secret", "cosign", "none", True),
    "sources_verify_notation_no_secret": ("notation, and no such Secret", "notation", "none", True),
}, verify_case)


@scenario
def sources_chart_switched(s):
    "from a HelmRepository to Git, to a registry, and to nothing"
    publish(s, chart_tree())
    s.commit(under("charts/app", chart_tree("1.5.0")))
    s.push_chart(chart_tree("1.7.0"), repository="charts/app")
    s.apply(repository(s), s.git_repository(), repository(s, "registry", url=s.url("oci", "charts"), type="oci", insecure=True))
    settle(s, "HelmRepository/charts", "GitRepository/app")
    s.apply(chart(version="*"))
    settle(s, "HelmChart/web")
    look(s, "HelmRepository")
    for step, kind, name, path in (("Git", "GitRepository", "app", "./charts/app"), ("registry", "HelmRepository", "registry", "app"),
                                   ("none", "GitRepository", "none", "charts/app"), ("back", "HelmRepository", "charts", "app")):
        s.patch("HelmChart", "web", {"spec": {"chart": path, "sourceRef": {"kind": kind, "name": name}}})
        settle(s, "HelmChart/web")
        look(s, step)


# ---- registries
def registry_case(s, name, version, **spec):
    for v in ("1.0.0", "1.2.0+b.1", "1.1.0", "2.0.0-rc.1"):
        s.push_chart(chart_tree(v), v.replace("+", "_"), "charts/app")
    s.world.servers.push_oci("%s/%s/charts/image" % (s.world.name, s.ns), "1.0.0", [("text/plain", b"no chart")])
    s.world.servers.push_oci("%s/%s/charts/odd" % (s.world.name, s.ns), "latest", [("text/plain", b"no chart")])
    s.apply(repository(s, url=spec.pop("url", None) or s.url("oci", "charts"), type="oci", **{"insecure": True, **spec}))
    s.apply(chart(chart=name, version=version))
    settle(s, "HelmChart/web")
    look(s, "applied")


cases({
    "sources_registry_exact": ("an exact version", "app", "1.0.0"),
    "sources_registry_range": ("a range", "app", "1.0.x || 1.1.x"),
    "sources_registry_latest": ("no version", "app", None),
    "sources_registry_metadata": ("a version with metadata", "app", "1.2.0+b.1"),
    "sources_registry_prerelease": ("a range with prereleases", "app", ">1.9.0-0"),
    "sources_registry_no_version": ("no such version", "app", "9.9.9"),
    "sources_registry_no_range": ("no version in the range", "app", "9.x"),
    "sources_registry_bad_range": ("no range", "app", "not a range"),
    "sources_registry_no_chart": ("no such chart", "nothing", "1.x"),
    "sources_registry_no_chart_exact": ("no such chart, exactly", "nothing", "1.0.0"),
    "sources_registry_image": ("no chart", "image", "1.0.0"),
    "sources_registry_no_tags": ("no version among the tags", "odd", "*"),
}, registry_case)


@scenario
def sources_registry_unreachable(s):
    "nobody there"
    s.apply(repository(s, url="oci://127.0.0.1:1/charts", type="oci", insecure=True))
    s.apply(chart(), chart("two", version="1.x"))
    settle(s, "HelmChart/web", "HelmChart/two")
    look(s, "applied")


@scenario
def sources_registry_login(s):
    "a closed registry: with a login of each kind, a wrong one, none"
    closed = closed_registry(s)
    s.push_chart(chart_tree(), repository="charts/app")
    url = "oci://%s/%s/%s/charts" % (closed, s.world.name, s.ns)
    s.apply(docker_login("right", closed), docker_login("wrong", closed, password="other"), docker_login("elsewhere", "example.com"),
            secret("plain", username="you", password="secret"), secret("empty", other="x"), secret("half", username="you"))
    names = ("right", "wrong", "elsewhere", "plain", "empty", "half", "missing")
    for name in names:
        s.apply(repository(s, name, url=url, type="oci", insecure=True, secretRef={"name": name}))
        s.apply(chart(name, origin="HelmRepository/" + name), chart(name + "-range", version="1.x", origin="HelmRepository/" + name))
    s.apply(repository(s, "none", url=url, type="oci", insecure=True), chart("none", origin="HelmRepository/none"))
    settle(s, "HelmChart/none", *["HelmChart/" + n for n in names], *["HelmChart/%s-range" % n for n in names])
    look(s, "applied")


# ---- Git
def git_case(s, files, **spec):
    s.commit(files)
    s.apply(s.git_repository())
    settle(s, "GitRepository/app")
    s.apply(chart(origin="GitRepository/app", **{"chart": "charts/app", "version": None, **spec}))
    settle(s, "HelmChart/web")
    look(s, "applied")


def git_tree(**extra):
    return {**under("charts/app", chart_tree(**extra)), "prod.yaml": "message: prod\n", "charts/eu.yaml": "deep: {two: 3}\n"}


def metadata(text):
    return under("charts/app", {**chart_tree(), "Chart.yaml": text})


def played(table):
    for name, row in table.items():
        cases({name: (row[0],)}, lambda s, row=row: git_case(s, row[1], **(row[2] if len(row) > 2 else {})))


played({
    "sources_git_chart": ("a folder", git_tree()),
    "sources_git_revision": ("with the commit in its version", git_tree(), {"reconcileStrategy": "Revision"}),
    "sources_git_version_ignored": ("a version, which does not matter", git_tree(), {"version": "9.9.9"}),
    "sources_git_values": ("values of the root", git_tree(), {"valuesFiles": ["charts/app/values.yaml", "prod.yaml", "./charts/eu.yaml"]}),
    "sources_git_values_revision": ("values, and the commit in its version", git_tree(), {"valuesFiles": ["prod.yaml"], "reconcileStrategy": "Revision"}),
    "sources_git_values_missing": ("values that are missing", git_tree(), {"valuesFiles": ["prod.yaml", "none.yaml"]}),
    "sources_git_values_ignored": ("values that may be missing", git_tree(), {"valuesFiles": ["none.yaml", "prod.yaml"], "ignoreMissingValuesFiles": True}),
    "sources_git_values_outside": ("values outside of the repository", git_tree(), {"valuesFiles": ["../../prod.yaml"]}),
    "sources_git_values_folder": ("values that are a folder", git_tree(), {"valuesFiles": ["charts"]}),
    "sources_git_no_path": ("no such path", git_tree(), {"chart": "charts/none"}),
    "sources_git_no_chart": ("no chart", {"a/b.txt": "x\n"}, {"chart": "a"}),
    "sources_git_outside": ("a path that leads out", git_tree(), {"chart": "../../charts/app"}),
    "sources_git_file": ("a file that is no package", git_tree(), {"chart": "prod.yaml"}),
    "sources_git_package": ("a package", {"charts/app.tgz": charts.package(chart_tree())}, {"chart": "charts/app.tgz"}),
    "sources_git_package_values": ("a package with values", {"app.tgz": charts.package(chart_tree()), "prod.yaml": "message: prod\n"},
                                   {"chart": "app.tgz", "valuesFiles": ["prod.yaml"]}),
    "sources_git_bad_package": ("a package that is none", {"app.tgz": b"text"}, {"chart": "app.tgz"}),
    "sources_git_root": ("the root", chart_tree(), {"chart": "."}),
    "sources_git_bad_yaml": ("Chart.yaml is no YAML", metadata("name: [\n")),
    "sources_git_empty_chart": ("Chart.yaml is empty", metadata("")),
    "sources_git_no_name": ("no name", metadata("apiVersion: v2\nversion: 1.0.0\n")),
    "sources_git_no_version": ("no version", metadata("apiVersion: v2\nname: app\n")),
    "sources_git_bad_version": ("a version that is none", metadata("apiVersion: v2\nname: app\nversion: one\n")),
    "sources_git_short_version": ("a version of two parts", metadata("apiVersion: v2\nname: app\nversion: v1.2\n")),
    "sources_git_no_api_version": ("no apiVersion", metadata("name: app\nversion: 1.0.0\n")),
    "sources_git_bad_type": ("another type", metadata("apiVersion: v2\nname: app\nversion: 1.0.0\ntype: other\n")),
    "sources_git_bad_name": ("a name with a slash", metadata("apiVersion: v2\nname: a/b\nversion: 1.0.0\n")),
    "sources_git_ignored_files": (".helmignore", git_tree(_dot_helmignore="*.txt\n/docs\n!keep.txt\n", notes_dot_txt="x\n", docs__a_dot_md="x\n",
                                                          templates___tests_dot_txt="x\n")),
    "sources_git_bad_values": ("the chart's own values are no YAML", under("charts/app", {**chart_tree(), "values.yaml": "a: [\n"})),
})

DEPENDENCIES = "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n"


def parent(*lines, **extra):
    text = DEPENDENCIES + "".join("- {%s}\n" % line for line in lines)
    return {**under("charts/app", {**chart_tree(**extra), "Chart.yaml": text}), **under("charts/sub", chart_tree("0.1.0", "sub"))}


LOCK = "dependencies:\n- {name: sub, version: 0.1.0, repository: \"file://../sub\"}\ndigest: sha256:abc\ngenerated: \"2024-01-02T03:04:05Z\"\n"
played({
    "sources_dependency_local": ("a folder beside it", parent("name: sub, version: 0.x, repository: \"file://../sub\"")),
    "sources_dependency_alias": ("under another name", parent("name: sub, alias: other, version: 0.1.0, repository: \"file://../sub\"")),
    "sources_dependency_missing": ("no such folder", parent("name: sub, version: 0.x, repository: \"file://../none\"")),
    "sources_dependency_version": ("another version", parent("name: sub, version: 2.x, repository: \"file://../sub\"")),
    "sources_dependency_bad_range": ("no range", parent("name: sub, version: \"not a range\", repository: \"file://../sub\"")),
    "sources_dependency_no_repository": ("in charts/", parent("name: inner, version: 0.x", charts__inner__Chart_dot_yaml="apiVersion: v2\nname: inner\nversion: 0.1.0\n")),
    "sources_dependency_nowhere": ("neither a repository nor there", parent("name: inner, version: 0.x")),
    "sources_dependency_outside": ("outside of the repository", parent("name: sub, version: 0.x, repository: \"file://../../../../sub\"")),
    "sources_dependency_alias_repository": ("of an alias", parent("name: sub, version: 0.x, repository: \"@mine\"")),
    "sources_dependency_scheme": ("of an unknown scheme", parent("name: sub, version: 0.x, repository: \"git://example.com/x\"")),
    "sources_dependency_lock": ("a lock", parent("name: sub, version: 0.x, repository: \"file://../sub\"", Chart_dot_lock=LOCK)),
    "sources_dependency_bad_lock": ("a lock that is no YAML", parent("name: sub, version: 0.x, repository: \"file://../sub\"", Chart_dot_lock="a: [\n")),
    "sources_dependency_unreachable": ("nobody there", parent("name: sub, version: 0.x, repository: \"http://127.0.0.1:1/charts\"")),
})


def remote_case(s, kind, version, declared):
    """A dependency out of a repository."""
    sub = [chart_tree("0.1.0", "sub"), chart_tree("0.2.0", "sub")]
    serve(s, "index.yaml", basic(index_of(*sub)) if declared else index_of(*sub), world="both")
    for tree in sub:
        serve(s, "sub-%s.tgz" % charts.field(tree, "version"), charts.package(tree), world="both")
        push_chart_to_both(s, tree, "charts/sub")
    url = both(s, "charts") if kind == "oci" else web(s, world="both")
    if kind == "oci":
        s.apply(repository(s, "registry", url=url, type="oci", insecure=True))
    if declared:
        s.apply(secret("login", username="alice", password="secret"), repository(s, "mine", url=url + "/", secretRef={"name": "login"}))
        settle(s, "HelmRepository/mine")
    s.commit(parent("name: %s, version: \"%s\", repository: \"%s\"" % ("sub" if version else "none", version or "*", url)))
    s.apply(s.git_repository())
    settle(s, "GitRepository/app")
    s.apply(chart(origin="GitRepository/app", chart="charts/app", version=None))
    settle(s, "HelmChart/web")
    look(s, "applied")


cases({
    "sources_remote_dependency": ("over HTTP", "http", "0.x", False),
    "sources_remote_dependency_declared": ("with the login of a HelmRepository", "http", "~0.1.0", True),
    "sources_remote_dependency_version": ("no such version", "http", "3.x", False),
    "sources_remote_dependency_name": ("no such chart", "http", None, False),
    "sources_remote_dependency_oci": ("out of a registry", "oci", "0.x", False),
    "sources_remote_dependency_oci_version": ("no such version in a registry", "oci", "3.x", False),
}, remote_case)


@scenario
def sources_git_new_commits(s):
    "ChartVersion looks at the version alone, Revision at the commit"
    s.commit(git_tree())
    s.apply(s.git_repository())
    settle(s, "GitRepository/app")
    s.apply(chart(origin="GitRepository/app", chart="charts/app", version=None),
            chart("revision", origin="GitRepository/app", chart="charts/app", version=None, reconcileStrategy="Revision"))
    settle(s, "HelmChart/web", "HelmChart/revision")
    look(s, "applied")
    for number, files in enumerate((git_tree(values_dot_yaml="message: new\n"), under("charts/app", chart_tree("1.1.0")), {"gone": "x\n"}, git_tree())):
        commit = s.commit(files, message="change %d" % number)
        s.annotate("GitRepository", "app", requestedAt=str(number))
        settle(s, "GitRepository/app")
        for name in ("web", "revision"):
            s.until_field(name, "status.observedSourceArtifactRevision", "main@sha1:" + commit, kind="HelmChart", timeout=30)
        settle(s, "HelmChart/web", "HelmChart/revision")
        look(s, "commit %d" % number)


@scenario
def sources_git_not_ready(s):
    "a GitRepository without an artifact"
    s.apply(s.git_repository(url=s.url("git", "none")))
    s.apply(chart(origin="GitRepository/app", chart="charts/app", version=None))
    settle(s, "GitRepository/app", "HelmChart/web")
    look(s, "applied")


@scenario
def sources_bucket_missing(s):
    "a chart of a Bucket that is not there"
    s.apply(chart(origin="Bucket/none", chart="charts/app", version=None))
    settle(s, "HelmChart/web")
    look(s, "applied")


@scenario
def sources_git_login_missing(s):
    "a GitRepository whose Secret is not there, and its chart"
    s.commit(git_tree())
    s.apply(s.git_repository(secretRef={"name": "none"}))
    s.apply(chart(origin="GitRepository/app", chart="charts/app", version=None))
    settle(s, "GitRepository/app", "HelmChart/web")
    look(s, "applied")
