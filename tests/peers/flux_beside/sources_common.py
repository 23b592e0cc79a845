"""What the scenarios of sources share: what a world is served over HTTP, registries, waiting, and what stands in the artifacts."""
import crypt, gzip, hashlib, io, json, os, re, subprocess, tarfile, threading, time, urllib.error, urllib.request
import yaml
import charts, stage, world as worlds

SOURCE_KINDS = ("GitRepository", "OCIRepository", "HelmRepository", "HelmChart", "Bucket")
CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
FLUX_LAYER = "application/vnd.cncf.flux.content.v1.tar+gzip"
FLUX_CONFIG = "application/vnd.cncf.flux.config.v1+json"
LOCK = threading.Lock()
PAGES = {}  # {(world, scenario): {path: function(handler) or (code, bytes, headers)}}
ONCE = {}


def source(kind, name, **spec):
    return {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": kind, "metadata": {"name": name},
            "spec": {k: v for k, v in {"interval": "10m", **spec}.items() if v is not None}}


def chart(name="web", chart="app", version="1.0.0", origin="HelmRepository/charts", **spec):
    kind, _, of = origin.partition("/")
    return source("HelmChart", name, chart=chart, version=version, sourceRef={"kind": kind, "name": of}, **spec)


def docker_login(name, host, user="you", password="secret", kind="kubernetes.io/dockerconfigjson"):
    config = '{"auths":{"%s":{"username":"%s","password":"%s"}}}' % (host, user, password)
    return {"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": {"name": name},
            "data": stage.secret_data(**{".dockerconfigjson": config})}


# ---- HTTP
def serve_page(handler, rest):
    world, _, rest = rest.partition("/")
    scenario, _, path = rest.partition("/")
    with LOCK:
        page = PAGES.get((world, scenario), {}).get(path, (404, b"not found\n", ()))
    if callable(page):
        page = page(handler)
    try:
        handler.answer(page[0], page[1], page[2] if len(page) > 2 else ())
    except ConnectionError:  # an engine that did not wait for it
        handler.close_connection = True


def web(s, path="", host="127.0.0.1", world=None):
    """An address of the world's own, or, for what stands in a text that both are served alike, of world="both"."""
    s.world.servers.routes.setdefault("web", serve_page)
    return "http://%s:%d/web/%s/%s%s" % (host, s.world.servers.http, world or s.world.name, s.ns, "/" + path if path else "")


def serve(s, path, data=b"", code=200, headers=(), world=None):
    """`data` at web(s, path, world=world); or what a function of the request says."""
    web(s)
    page = data if callable(data) else (code, data.encode() if isinstance(data, str) else data, headers)
    with LOCK:
        PAGES.setdefault((world or s.world.name, s.ns), {})[path] = page


def basic(data, login="Basic YWxpY2U6c2VjcmV0"):
    """A page that asks for alice:secret."""
    def page(handler):
        if handler.headers.get("Authorization", "") != login:
            return 401, b"", [("WWW-Authenticate", "Basic")]
        return 200, data, ()
    return page


def slow(data, seconds):
    def page(handler):
        time.sleep(seconds)
        return 200, data, ()
    return page


# ---- registries
def once(key, make):
    """Of what both worlds see: made by the first that asks."""
    with LOCK:
        if key not in ONCE:
            ONCE[key] = make()
        return ONCE[key]


def closed_registry(s):
    """host:port of a registry with the contents of the open one, for you:secret."""
    servers = s.world.servers

    def start():
        port, work = worlds.free_port(), servers.work
        with open(work + "/htpasswd", "w") as out:
            out.write("you:" + crypt.crypt("secret", "$2b$05$abcdefghijklmnopqrstuu") + "\n")
        with open(work + "/closed.yml", "w") as out:
            out.write("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: \"%s/registry\"}}\n"
                      "http: {addr: \"127.0.0.1:%d\"}\nauth: {htpasswd: {realm: test, path: \"%s/htpasswd\"}}\n" % (work, port, work))
        servers.processes.append(subprocess.Popen(
            [worlds.PEERS + "/registry", "serve", work + "/closed.yml"], stdin=subprocess.DEVNULL,
            env=dict(os.environ, OTEL_TRACES_EXPORTER="none"), stdout=open(work + "/closed.log", "w"), stderr=subprocess.STDOUT))
        worlds.wait_until(lambda: worlds.answers(port), 30, "the closed registry")
        for name, word in (("flux/", ""), ("weir/", ""), ("v2/flux/", "v2/"), ("v2/weir/", "v2/"), ("", "")):
            servers.words["127.0.0.1:%d/%s" % (port, name)] = "<closed>/" + word
        servers.words["127.0.0.1:%d" % port] = "<closed>"
        return port
    return "127.0.0.1:%d" % once("closed", start)


def tarball(files, root=""):
    """A gzip'd tar of {path: text}; a path that ends in / is a folder, a text that begins with -> a symbolic link, one with #! a program."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in files:
            data = files[path].encode()
            info = tarfile.TarInfo(root + path)
            info.mode = 0o755 if data.startswith(b"#!") or path.endswith("/") else 0o644
            if path.endswith("/"):
                info.type = tarfile.DIRTYPE
            elif data.startswith(b"->"):
                info.type, info.linkname, data = tarfile.SYMTYPE, data[2:].decode(), b""
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0)


def push(s, tag, files, repository="app", annotations=None, layers=None, **more):
    """An artifact as Flux makes them; its digest, the same in both worlds."""
    layers = [(FLUX_LAYER, tarball(files))] if layers is None else layers
    return s.world.servers.push_oci("%s/%s/%s" % (s.world.name, s.ns, repository), tag, layers, config_type=FLUX_CONFIG,
                                    annotations=annotations, **more)


def oci(s, name="app", **spec):
    return source("OCIRepository", name, url=spec.pop("url", None) or s.url("oci"), **spec)


def both(s, path):
    """An OCI address that both worlds push the same to, and read."""
    return "oci://127.0.0.1:%s/both/%s/%s" % (s.world.servers.registry, s.ns, path)


def push_chart_to_both(s, tree, path):
    lines = dict(line.split(": ", 1) for line in tree["Chart.yaml"].splitlines())
    s.world.servers.push_oci("both/%s/%s" % (s.ns, path), charts.field(tree, "version"), [(CHART_LAYER, charts.package(tree))],
                             json.dumps(lines).encode(), "application/vnd.cncf.helm.config.v1+json")


# ---- waiting and looking
def settled(item):
    ready = stage.condition(item, "Ready")
    return ready.get("status") in ("True", "False") and ready.get("observedGeneration") == item["metadata"]["generation"]


def settle(s, *names, timeout=30):
    """Each KIND/NAME says of its present generation, and of what was asked, whether it is ready."""
    for whole in names:
        kind, _, name = whole.partition("/")

        def holds():
            item = s.get(kind, name)
            return bool(item) and settled(item) and s.handled(item)
        s.until(whole + " settled", holds, timeout)


def until_revision(s, kind, name, holds, timeout=30):
    s.until_field(name, "status.artifact.revision", holds, kind=kind, timeout=timeout)


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.read()
    except (urllib.error.URLError, OSError) as error:
        return str(error)


def archive(data):
    """Its files; a folder is there where a file is, whatever the rules say of the folder alone."""
    out = {}
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        for info in tar:
            if info.isdir():
                continue
            text = tar.extractfile(info).read() if info.isfile() else b""
            row = {"type": info.type.decode(), "mode": oct(info.mode), "uid": info.uid, "user": info.uname, "link": info.linkname,
                   "sha256": hashlib.sha256(text).hexdigest()}
            if len(text) < 4000:
                row["text"] = text.decode(errors="replace")
            name = info.name if info.name not in out else info.name + " again"
            out[name] = row
        out["order"] = [info.name for info in tar.getmembers() if not info.isdir()]
    return out


def chart_content(data, folder=""):
    """{path: text} of a package, with charts in it unpacked; documents of YAML that Helm writes anew as what they say."""
    out = {}
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        for info in tar:
            path = info.name.partition("/")[2]
            if not info.isfile():
                continue
            content = tar.extractfile(info).read()
            if path.startswith("charts/") and path.endswith(".tgz"):
                inner = chart_content(content)
                out.update({"charts/%s/%s" % (inner["Chart.yaml"]["name"], name): text for name, text in inner.items()})
                continue
            text = content.decode(errors="replace")
            written_anew = path.rpartition("/")[2] in ("Chart.yaml", "Chart.lock") or path == "values.yaml"
            out[path] = (yaml.safe_load(text) or {}) if written_anew else text
            if path.endswith("Chart.yaml"):  # what Helm fills in
                out[path].setdefault("apiVersion", "v1")
                for dependency in out[path].get("dependencies", []):
                    dependency.setdefault("repository", "")
    return out


def artifact_of(item):
    """What is served of an object, and whether it is what the status tells."""
    status = item.get("status", {})
    artifact, data = status["artifact"], fetch(status["artifact"]["url"])
    if isinstance(data, str):
        return {"not served": data}
    out = {"digest is right": "sha256:" + hashlib.sha256(data).hexdigest() == artifact["digest"],
           "size is right": len(data) == artifact.get("size"), "path is in url": artifact["url"].endswith("/" + artifact["path"])}
    if status.get("url"):
        out["latest is the same"] = fetch(status["url"]) == data
    reason = stage.condition(item, "ArtifactInStorage").get("reason")
    if item["kind"] == "HelmRepository":
        out["text"] = data.decode()
        return out
    if reason == "ChartPullSucceeded":  # the very bytes
        out["sha256"] = hashlib.sha256(data).hexdigest()
    try:
        # How Helm packs a chart (order, modes, folders) is not how weir does; what is in it is the same.
        out["files"] = chart_content(data) if reason == "ChartPackageSucceeded" else archive(data)
    except (tarfile.TarError, OSError, EOFError) as error:
        out["no archive"] = type(error).__name__
        out["sha256"] = hashlib.sha256(data).hexdigest()
    return out


SOURCE_DIGEST = "source.toolkit.fluxcd.io/digest"
# What two engines cannot have alike, or weir has its own of on purpose (README.md, "Known to differ").
WORDS = ((re.compile(r"/tmp/helmchart-[\w.-]+-\d+/source/"), ""),  # a folder of a random name
         (re.compile(r"stored fetched index of size \S+ from"), "stored fetched index of <size> from"),
         (re.compile(r"Reconciliation finished in [\d.]+\w+"), "Reconciliation finished in <time>"),
         (re.compile(r"\b(?:flux|weir)/(?=sources-)"), ""),  # the world, in the name of a repository that a registry tells
         (re.compile(r"(lookup \S+) on [\d.]+:53:"), r"\1:"))


def plain_text(text):
    for pattern, word in WORDS:
        text = pattern.sub(word, text)
    return text.rstrip()


def plain(value):
    if isinstance(value, dict):
        out = {k: plain(v) for k, v in value.items()}
        if SOURCE_DIGEST in out:
            out[SOURCE_DIGEST] = "<digest>"  # of what the engine itself has packed; `artifacts` has whether it is right
        return out
    if isinstance(value, list):
        return [plain(v) for v in value]
    return plain_text(value) if isinstance(value, str) else value


def index_content(text):
    """An index is kept in another order and form: versions by name and version, what is empty left out."""
    index = json.loads(text)
    empty = ("", None, [], {}, "0001-01-01T00:00:00Z")
    entries = {name: sorted(({k: v for k, v in version.items() if v not in empty} for version in versions), key=lambda v: json.dumps(v, sort_keys=True))
               for name, versions in (index["entries"] or {}).items() if versions}
    return {"apiVersion": index.get("apiVersion"), "entries": entries}


def kubernetes_once(events):
    """Kubernetes' own recorder counts up an event that was there before, whatever its annotations, and joins those of many words. Nothing to
    do is told by Flux at each pass, by weir to who asked (tests/unit/reconcile/sources_test.cc); what a pass collects is told by Flux alone."""
    out = {}
    for event in sorted(events, key=lambda e: json.dumps(e, sort_keys=True)):
        passing = event["reason"] in ("ArtifactUpToDate", "GitOperationSucceeded") or event["message"].startswith("(combined from similar events)")
        if not passing and not re.match(r"garbage collected \d+ artifacts", event["message"]):
            out.setdefault((event["type"], event["reason"], event["message"]), event)
    return list(out.values())


def once_each(events, seen):
    """Those that no earlier step had: how often a failure is told depends on how often an engine got to try."""
    out = {}
    for key, row in events.items():
        fresh = [e for e in row if json.dumps([key, e], sort_keys=True) not in seen]
        seen.update(json.dumps([key, e], sort_keys=True) for e in row)
        if fresh:
            out[key] = fresh
    return out


def make_plain(dump, seen):
    for key, item in dump.get("objects", {}).items():
        artifact = item.get("status", {}).get("artifact")
        if key.startswith("HelmRepository/") and artifact:
            artifact["digest"], artifact["size"] = True, True
    for key, item in dump.get("artifacts", {}).items():
        if key.startswith("HelmRepository/") and "text" in item:
            item["index"] = index_content(item.pop("text"))
    for key in list(dump):
        dump[key] = plain(dump[key])
    dump["events"] = once_each(dump.get("events", {}), seen)
    for key, events in list(dump.get("kubernetesEvents", {}).items()):
        dump["kubernetesEvents"][key] = kubernetes_once(events)


def recorded(s):
    """Whether Kubernetes has the events that were posted: both are written at the same time, and seen one after the other."""
    there = {(e["involvedObject"].get("name"), e["reason"], (e["message"] or "")[:900]) for e in s.api.list("Event", s.ns)}
    posted = s.world.servers.events_of(s.world.name, s.ns)
    return all((e["involvedObject"]["name"], e["reason"], e["message"][:900]) in there for e in posted)


def look(s, step, quiet=True):
    """A dump with what is in the artifacts."""
    end = time.monotonic() + 8
    while not recorded(s) and time.monotonic() < end:
        time.sleep(0.5)
    s.dump(step, quiet)
    found = {}
    for kind in SOURCE_KINDS:
        for item in s.api.list(kind, s.ns):
            if item.get("status", {}).get("artifact"):
                found["%s/%s" % (kind, item["metadata"]["name"])] = artifact_of(item)
    s.dumps[-1]["artifacts"] = found
    make_plain(s.dumps[-1], s.__dict__.setdefault("seen", set()))


def cases(table, perform):
    """A scenario of each row {name: (what it shows, ...)}, played by `perform`(stage, ...)."""
    for name, row in table.items():
        def play(s, row=row):
            perform(s, *row[1:])
        play.__name__, play.__doc__ = name, row[0]
        stage.scenario(play)


def chart_tree(version="1.0.0", name="app", **extra):
    """A small chart; `extra` files, with __ for a slash and _dot_ for a dot."""
    tree = {"Chart.yaml": "apiVersion: v2\nname: %s\nversion: %s\n" % (name, version),
            "values.yaml": "message: hello\ndeep: {one: 1, two: 2}\n# a comment\nlist: [a, b]\n",
            "templates/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {message: \"{{ .Values.message }}\"}\n"}
    tree.update({k.replace("__", "/").replace("_dot_", "."): v for k, v in extra.items()})
    return tree


def under(folder, tree):
    return {folder + "/" + path: text for path, text in tree.items()}


def index_of(*trees, base=""):
    return charts.index({"%s-%s.tgz" % (charts.field(t, "name"), charts.field(t, "version")): t for t in trees}, base)
