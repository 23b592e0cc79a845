"""What a scenario is written with. A scenario is a function of a Stage; it runs once in each world, in namespaces of its own:

    @scenario
    def upgrade_by_values(s):
        "what it shows"
        s.apply(s.helm_repository(), s.release("web", values={"message": "one"}))
        s.until_ready("web")
        s.dump("installed")

The function's name is the scenario's, and its namespace's. It ends each step by waiting for the state that Flux comes to, then `dump`s;
the dumps of both worlds are compared, step by step. What is not reached in time is a difference of its own, and the scenario goes on."""
import base64, copy, json, os, re, subprocess, time
import charts, dump, world as worlds

SCENARIOS = []
QUIET = 1.6  # seconds without a change before a dump; less than the first delay of a retry


def scenario(function):
    SCENARIOS.append(function)
    return function


def condition(item, type):
    for c in (item or {}).get("status", {}).get("conditions") or []:
        if c["type"] == type:
            return c
    return {}


class Stage:
    def __init__(self, world, name, timeout_factor=1.0):
        self.world, self.api, self.name, self.factor = world, world.api, name, timeout_factor
        self.ns = name.replace("_", "-")
        self.namespaces, self.cluster_objects, self.dumps, self.told = [], [], [], 0
        self.missed, self.git_count, self.heard = [], {}, []
        self.namespace()

    # ---- what the world is told
    def namespace(self, suffix="", create=True):
        """Another namespace of this scenario, looked at by dumps; its name."""
        name = self.ns + ("-" + suffix if suffix else "")
        if create:
            self.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.namespaces.append(name)
        return name

    def look_at(self, kind, name):
        """An object of the cluster that dumps look at too."""
        self.cluster_objects.append((kind, name))

    def apply(self, *items):
        for item in items:
            item = copy.deepcopy(item)
            if self.api.KINDS[item["kind"]][2]:
                item["metadata"].setdefault("namespace", self.ns)
            self.api.apply(item)

    def refused(self, *items):
        """Creates what the API server is to refuse; its words are part of the next dump."""
        for item in items:
            item = copy.deepcopy(item)
            item["metadata"].setdefault("namespace", self.ns)
            try:
                self.api.call("POST", self.api.path(item["kind"], item["metadata"]["namespace"]) + "?dryRun=All", item)
                self.missed.append("accepted: " + json.dumps(item["spec"], sort_keys=True))
            except worlds.KubeError as error:
                self.missed.append("refused: " + str(error))

    def patch(self, kind, name, change, ns=None, subresource=""):
        return self.api.patch(kind, ns or self.ns, name, change, subresource)

    def annotate(self, kind, name, **annotations):
        """requestedAt="1" is reconcile.fluxcd.io/requestedAt."""
        return self.patch(kind, name, {"metadata": {"annotations": {"reconcile.fluxcd.io/" + k: v for k, v in annotations.items()}}})

    def delete(self, kind, name, ns=None, gone=True):
        self.api.delete(kind, ns or self.ns, name)
        if gone:
            self.until("%s/%s gone" % (kind, name), lambda: self.get(kind, name, ns) is None)

    def get(self, kind, name, ns=None):
        return self.api.get(kind, ns or self.ns, name)

    # ---- what the world is served
    def url(self, server, name=""):
        servers = self.world.servers
        if server == "helm":
            return "http://127.0.0.1:%d/helm/%s/%s" % (servers.http, self.world.name, self.ns)
        if server == "git":
            return "http://127.0.0.1:%s/plain/%s/%s/%s.git" % (servers.git["http"], self.world.name, self.ns, name or "app")
        return "oci://127.0.0.1:%s/%s/%s/%s" % (servers.registry, self.world.name, self.ns, name or "app")

    def publish(self, *trees):
        """Charts into this scenario's Helm repository."""
        for tree in trees:
            self.world.servers.publish(self.world.name, self.ns, tree)

    def push_chart(self, tree, tag=None, repository="app"):
        """A chart into the OCI registry, as `helm push` does; its digest."""
        lines = dict(line.split(": ", 1) for line in tree["Chart.yaml"].splitlines() if ": " in line)
        config = json.dumps({k: v.strip('"') for k, v in lines.items()}).encode()
        return self.world.servers.push_oci("%s/%s/%s" % (self.world.name, self.ns, repository), tag or charts.field(tree, "version"),
                                           [("application/vnd.cncf.helm.chart.content.v1.tar+gzip", charts.package(tree))], config,
                                           "application/vnd.cncf.helm.config.v1+json")

    def commit(self, files, repository="app", message="a change"):
        """A commit of exactly `files` on the branch main; its hash, which is the same in both worlds."""
        bare = "%s/git/repos/%s/%s/%s.git" % (self.world.servers.work, self.world.name, self.ns, repository)
        tree = bare[:-4] + ".tree"
        count = self.git_count[repository] = self.git_count.get(repository, 0) + 1
        date = "2024-01-02T03:%02d:00Z" % count
        env = dict(os.environ, GIT_DIR=bare, GIT_WORK_TREE=tree, GIT_AUTHOR_NAME="you", GIT_AUTHOR_EMAIL="you@example.com",
                   GIT_COMMITTER_NAME="you", GIT_COMMITTER_EMAIL="you@example.com", GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)

        def git(*args):
            return subprocess.run(["git", *args], env=env, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout.strip()

        if not os.path.isdir(bare):
            os.makedirs(tree)
            subprocess.run(["git", "init", "-q", "--bare", "-b", "main", bare], check=True)
            git("config", "core.bare", "false")
        else:
            subprocess.run(["find", tree, "-mindepth", "1", "-delete"], check=True)
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(tree, path)), exist_ok=True)
            with open(os.path.join(tree, path), "wb") as out:
                out.write(text if isinstance(text, bytes) else text.encode())
        git("add", "-A", "--", tree)
        git("commit", "-qm", message, "--allow-empty")
        return git("rev-parse", "HEAD")

    def helm(self, *args, ns=None):
        """The real helm, by hand; (exit code, what it said)."""
        home = self.world.dir + "/helm"
        env = dict(os.environ, KUBECONFIG=self.world.kubeconfig, HELM_CACHE_HOME=home, HELM_CONFIG_HOME=home, HELM_DATA_HOME=home)
        out = subprocess.run([worlds.PEERS + "/helm", "-n", ns or self.ns, *args], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
        return out.returncode, out.stdout

    def chart_folder(self, tree):
        """The chart as a folder, for `helm`."""
        folder = "%s/charts/%s/%s-%s" % (self.world.dir, self.ns, charts.field(tree, "name"), charts.field(tree, "version"))
        for path, text in tree.items():
            os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
            with open(os.path.join(folder, path), "w") as out:
                out.write(text)
        return folder

    # ---- objects that most scenarios have
    def helm_repository(self, name="charts", **spec):
        return {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmRepository", "metadata": {"name": name},
                "spec": {"interval": "10m", "url": self.url("helm"), **spec}}

    def git_repository(self, name="app", **spec):
        return {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {"name": name},
                "spec": {"interval": "10m", "url": self.url("git", name), "ref": {"branch": "main"}, **spec}}

    def oci_repository(self, name="app", **spec):
        layer = {"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "operation": "copy"}
        return {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository", "metadata": {"name": name},
                "spec": {"interval": "10m", "url": self.url("oci", name), "ref": {"semver": "*"}, "layerSelector": layer, "insecure": True, **spec}}

    def release(self, name="web", chart="app", version="1.0.0", metadata=None, **spec):
        """A HelmRelease of a chart in the HelmRepository `charts`, or of a whole `spec.chart`; what `spec` sets to None is not there."""
        if isinstance(chart, str):
            chart = {"spec": {"chart": chart, "version": version, "sourceRef": {"kind": "HelmRepository", "name": "charts"}}}
        whole = {"interval": "10m", "timeout": "60s", "chart": chart}
        whole.update(spec)
        if "chartRef" in spec:
            del whole["chart"]
        return {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": name, **(metadata or {})},
                "spec": {k: v for k, v in whole.items() if v is not None}}

    # ---- waiting
    def until(self, what, holds, timeout=60):
        end = time.monotonic() + timeout * self.factor
        while True:
            if holds():
                return True
            if time.monotonic() > end:
                self.missed.append("not reached: " + what)
                return False
            time.sleep(0.3)

    def handled(self, item):
        asked = (item["metadata"].get("annotations") or {}).get("reconcile.fluxcd.io/requestedAt")
        return asked is None or item.get("status", {}).get("lastHandledReconcileAt") == asked

    def until_ready(self, name, kind="HelmRelease", timeout=60, ns=None):
        def holds():
            item = self.get(kind, name, ns)
            return bool(item) and condition(item, "Ready").get("status") == "True" and self.handled(item) and \
                item.get("status", {}).get("observedGeneration") == item["metadata"]["generation"]
        return self.until("%s/%s ready" % (kind, name), holds, timeout)

    def until_condition(self, name, type, status=None, reason=None, message=None, kind="HelmRelease", timeout=60, current=True, ns=None):
        """`current`: of the object's present generation."""
        def holds():
            item = self.get(kind, name, ns)
            c = condition(item, type)
            return bool(c) and status in (None, c["status"]) and reason in (None, c["reason"]) and (message or "") in c["message"] and \
                (not current or c.get("observedGeneration") == item["metadata"]["generation"]) and self.handled(item)
        wanted = " ".join(filter(None, (type, status, reason, message)))
        return self.until("%s/%s %s" % (kind, name, wanted), holds, timeout)

    def until_field(self, name, field, value, kind="HelmRelease", timeout=60, ns=None):
        """A dotted field of an object is `value`, or the function `value` says so."""
        def holds():
            at = self.get(kind, name, ns)
            for part in field.split("."):
                at = (at[int(part)] if int(part) < len(at) else None) if isinstance(at, list) else (at or {}).get(part)
            return value(at) if callable(value) else at == value
        return self.until("%s/%s %s" % (kind, name, field), holds, timeout)

    def until_event(self, reason, message="", name=None, timeout=60):
        def holds():
            return any(e["reason"] == reason and message in e["message"] and name in (None, e["involvedObject"]["name"])
                       for ns in self.namespaces for e in self.world.servers.events_of(self.world.name, ns))
        return self.until("event %s %s" % (reason, message), holds, timeout)

    # ---- the dump
    def quiet(self, timeout=15):
        """Waits until nothing has changed for QUIET seconds; the objects then."""
        def mark(items):
            return sorted((i["metadata"].get("uid", ""), i["metadata"].get("resourceVersion", "")) for i in items), self.event_count()
        end, before = time.monotonic() + timeout * self.factor, None
        while True:
            items = dump.collect(self.world, self.namespaces, self.cluster_objects)
            now = mark(items)
            if now == before or time.monotonic() > end:
                return items
            before = now
            time.sleep(QUIET)

    def event_count(self):
        return sum(len(self.world.servers.events_of(self.world.name, ns)) for ns in self.namespaces)

    def dump(self, step, quiet=True):
        items = self.quiet() if quiet else dump.collect(self.world, self.namespaces, self.cluster_objects)
        events = []
        for ns in self.namespaces:
            events += self.world.servers.events_of(self.world.name, ns)
        out = {"step": step, "waits": self.missed, "objects": dump.clean_up(self.world, items),
               "events": dump.posted_events(self.world, events[self.told:], self.heard),
               "kubernetesEvents": dump.kubernetes_events(self.world, self.namespaces)}
        self.told, self.missed = len(events), []
        self.dumps.append(out)


def secret_data(**texts):
    return {k: base64.b64encode(v.encode()).decode() for k, v in texts.items()}


def config_map(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {re.sub("__", ".", k): v for k, v in data.items()}}


def secret(name, **data):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": secret_data(**{re.sub("__", ".", k): v for k, v in data.items()})}
