"""The two worlds that a scenario runs in: a fresh control plane each, in one of them Flux's own controllers, in the other weir; and what
both reach over the network: repositories of Git, of charts and of OCI artifacts, and a receiver of events. A world's part of each server
has the world's name in its address, so that a scenario may change what it is served without the other world seeing it."""
import glob, hashlib, http.client, http.server, json, os, socket, ssl, subprocess, threading, time, urllib.parse
import charts

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
PEERS = os.environ.get("WEIR_PEERS", os.path.expanduser("~/.cache/weir-peers"))
# What the engines are told alike: short enough for a run of minutes, long enough that what stands between two tries can be looked at.
RETRY_MIN, RETRY_MAX, REQUEUE = "4s", "30s", "5s"
# What weir does without being told to.
HELM_GATES = "ExternalArtifact=true,CancelHealthCheckOnNewRevision=true"


class KubeError(Exception):
    def __init__(self, code, message):
        super().__init__("HTTP %d: %s" % (code, message))
        self.code, self.message = code, message


class Api:
    """The Kubernetes API as cluster-admin, in JSON; a connection per thread."""
    KINDS = {  # kind: (path of the group and version, plural, namespaced)
        "Namespace": ("api/v1", "namespaces", False), "ConfigMap": ("api/v1", "configmaps", True),
        "Secret": ("api/v1", "secrets", True), "Service": ("api/v1", "services", True), "Pod": ("api/v1", "pods", True),
        "ServiceAccount": ("api/v1", "serviceaccounts", True), "Event": ("api/v1", "events", True),
        "Deployment": ("apis/apps/v1", "deployments", True), "StatefulSet": ("apis/apps/v1", "statefulsets", True),
        "Job": ("apis/batch/v1", "jobs", True), "CronJob": ("apis/batch/v1", "cronjobs", True),
        "Role": ("apis/rbac.authorization.k8s.io/v1", "roles", True),
        "RoleBinding": ("apis/rbac.authorization.k8s.io/v1", "rolebindings", True),
        "ClusterRole": ("apis/rbac.authorization.k8s.io/v1", "clusterroles", False),
        "ClusterRoleBinding": ("apis/rbac.authorization.k8s.io/v1", "clusterrolebindings", False),
        "CustomResourceDefinition": ("apis/apiextensions.k8s.io/v1", "customresourcedefinitions", False),
        "GitRepository": ("apis/source.toolkit.fluxcd.io/v1", "gitrepositories", True),
        "OCIRepository": ("apis/source.toolkit.fluxcd.io/v1", "ocirepositories", True),
        "HelmRepository": ("apis/source.toolkit.fluxcd.io/v1", "helmrepositories", True),
        "HelmChart": ("apis/source.toolkit.fluxcd.io/v1", "helmcharts", True),
        "Bucket": ("apis/source.toolkit.fluxcd.io/v1", "buckets", True),
        "ExternalArtifact": ("apis/source.toolkit.fluxcd.io/v1", "externalartifacts", True),
        "Kustomization": ("apis/kustomize.toolkit.fluxcd.io/v1", "kustomizations", True),
        "HelmRelease": ("apis/helm.toolkit.fluxcd.io/v2", "helmreleases", True),
    }

    def __init__(self, port):
        self.port, self.local = port, threading.local()

    def path(self, kind, ns=None, name=None):
        group, plural, namespaced = self.KINDS[kind]
        parts = ["", group] + (["namespaces", ns] if namespaced and ns else []) + [plural] + ([name] if name else [])
        return "/".join(parts)

    def call(self, method, path, body=None, content="application/json"):
        headers = {"Authorization": "Bearer admin-token", "Accept": "application/json", "Content-Type": content}
        for attempt in range(40):
            if getattr(self.local, "connection", None) is None:
                context = ssl._create_unverified_context()
                self.local.connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=60)
            try:
                self.local.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
                answer = self.local.connection.getresponse()
                data = answer.read()
                if answer.status != 429 or attempt == 39:
                    break
                time.sleep(0.5)  # a kind that was just defined
            except (OSError, http.client.HTTPException):
                self.local.connection = None
                if attempt >= 3:
                    raise
        out = json.loads(data) if data[:1] in (b"{", b"[") else {"message": data.decode(errors="replace")}
        if answer.status >= 300:
            raise KubeError(answer.status, out.get("message", ""))
        return out

    def get(self, kind, ns, name):
        try:
            return self.call("GET", self.path(kind, ns, name))
        except KubeError as error:
            if error.code == 404:
                return None
            raise

    def list(self, kind, ns=None):
        try:
            items = self.call("GET", self.path(kind, ns))
        except KubeError as error:
            if error.code == 404:  # no such kind (yet)
                return []
            raise
        for item in items["items"]:
            item.setdefault("kind", items["kind"][:-4])
            item.setdefault("apiVersion", items["apiVersion"])
        return items["items"]

    def apply(self, item, manager="beside"):
        metadata = item["metadata"]
        path = self.path(item["kind"], metadata.get("namespace"), metadata["name"])
        return self.call("PATCH", path + "?fieldManager=%s&force=true" % manager, item, "application/apply-patch+yaml")

    def patch(self, kind, ns, name, change, subresource=""):
        path = self.path(kind, ns, name) + subresource + "?fieldManager=beside"
        content = "application/json-patch+json" if isinstance(change, list) else "application/merge-patch+json"
        return self.call("PATCH", path, change, content)

    def delete(self, kind, ns, name):
        try:
            return self.call("DELETE", self.path(kind, ns, name))
        except KubeError as error:
            if error.code != 404:
                raise


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Servers:
    """What both worlds reach. `routes` may be added to: {first part of the path: function(handler, rest of the path)}."""

    def __init__(self, work):
        self.work, self.lock = work, threading.Lock()
        self.events, self.repositories, self.processes = {}, {}, []
        self.words = {}  # what dumps say for an address of a further server
        self.routes = {"events": self.take_event, "helm": self.serve_chart}
        self.http = self.start_http()
        self.git = self.start_git()
        self.registry = self.start_registry()

    def start_http(self):
        servers = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def body(self):
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))

            def answer(self, code, data=b"", headers=()):
                self.send_response(code)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def serve(self):
                first, _, rest = urllib.parse.unquote(self.path.partition("?")[0]).lstrip("/").partition("/")
                route = servers.routes.get(first)
                return route(self, rest) if route else self.answer(404, b"not found\n")

            do_GET = do_POST = do_PUT = do_HEAD = serve

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 128

        server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_port

    def take_event(self, handler, world):
        event = json.loads(handler.body())
        with self.lock:
            self.events.setdefault((world.strip("/"), event["involvedObject"].get("namespace", "")), []).append(event)
        handler.answer(200)

    def events_of(self, world, ns):
        with self.lock:
            return list(self.events.get((world, ns), []))

    def serve_chart(self, handler, rest):
        """helm/WORLD/SCENARIO/index.yaml or a package; `helm/WORLD/SCENARIO/basic/...` asks for alice:secret."""
        world, _, rest = rest.partition("/")
        scenario, _, file = rest.partition("/")
        if file.startswith("basic/"):
            file = file[6:]
            if handler.headers.get("Authorization", "") != "Basic YWxpY2U6c2VjcmV0":
                return handler.answer(401, b"", [("WWW-Authenticate", "Basic")])
        with self.lock:
            packages = dict(self.repositories.get((world, scenario), {}))
        if file == "index.yaml":
            return handler.answer(200, charts.index(packages)) if packages else handler.answer(404, b"not found\n")
        return handler.answer(200, charts.package(packages[file])) if file in packages else handler.answer(404, b"not found\n")

    def publish(self, world, scenario, chart):
        file = "%s-%s.tgz" % (charts.field(chart, "name"), charts.field(chart, "version"))
        with self.lock:
            self.repositories.setdefault((world, scenario), {})[file] = chart
        return file

    def start_git(self):
        """Answers the ports by name (http, https, ssh, ...) of tests/support/git_http_server.py over WORK/git/repos."""
        os.makedirs(self.work + "/git/repos", exist_ok=True)
        log = open(self.work + "/git.log", "w")
        process = subprocess.Popen(["python3", ROOT + "/tests/support/git_http_server.py", self.work + "/git"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=log, text=True)
        self.processes.append(process)
        ports = {}
        for line in process.stdout:
            name, _, value = line.strip().partition(" ")
            if name == "ready":
                break
            ports[name] = value
        return ports

    def start_registry(self):
        if not os.access(PEERS + "/registry", os.X_OK):
            return None
        port = free_port()
        with open(self.work + "/registry.yml", "w") as out:
            out.write("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: \"%s/registry\"}}\nhttp: {addr: \"127.0.0.1:%d\"}\n"
                      % (self.work, port))
        self.processes.append(subprocess.Popen([PEERS + "/registry", "serve", self.work + "/registry.yml"], stdin=subprocess.DEVNULL,
                                               env=dict(os.environ, OTEL_TRACES_EXPORTER="none"), stdout=open(self.work + "/registry.log", "w"),
                                               stderr=subprocess.STDOUT))
        wait_until(lambda: answers(port), 30, "the registry")
        return port

    def push_oci(self, repository, tag, layers, config=b"{}", config_type="application/vnd.oci.image.config.v1+json", annotations=None):
        """Pushes an artifact of `layers` [(media type, bytes)]; its digest."""
        connection = http.client.HTTPConnection("127.0.0.1", self.registry, timeout=30)

        def send(method, path, body=b"", kind="application/octet-stream"):
            connection.request(method, path, body, {"Content-Type": kind})
            answer = connection.getresponse()
            answer.read()
            if answer.status >= 300:
                raise RuntimeError("%s %s: HTTP %d" % (method, path, answer.status))
            return answer.headers

        def blob(kind, data):
            digest = "sha256:" + hashlib.sha256(data).hexdigest()
            place = urllib.parse.urlsplit(send("POST", "/v2/%s/blobs/uploads/" % repository)["Location"])
            send("PUT", place.path + "?" + place.query + "&digest=" + digest, data)
            return {"mediaType": kind, "digest": digest, "size": len(data)}

        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": blob(config_type, config),
                    "layers": [blob(kind, data) for kind, data in layers]}
        if annotations:
            manifest["annotations"] = annotations
        data = json.dumps(manifest).encode()
        send("PUT", "/v2/%s/manifests/%s" % (repository, tag), data, manifest["mediaType"])
        connection.close()
        return "sha256:" + hashlib.sha256(data).hexdigest()

    def stop(self):
        for process in self.processes:
            if process.stdin:
                process.stdin.close()  # the Git server ends by it, and its sshd with it
            else:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def wait_until(holds, seconds, what):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError("%s did not come within %d s" % (what, seconds))
        time.sleep(0.2)


def flux_crds():
    """The definitions of Flux's own kinds, which its modules carry; b"" where those are not at hand."""
    out = b""
    for name in ("source-controller", "helm-controller", "kustomize-controller"):
        found = subprocess.run(["go", "list", "-m", "-f", "{{.Dir}}", "github.com/fluxcd/" + name], cwd=ROOT + "/tests/peers/controllers",
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for file in glob.glob(found.stdout.strip() + "/config/crd/bases/*.yaml") if found.returncode == 0 else []:
            with open(file, "rb") as content:
                out += b"\n---\n" + content.read()
    return out


class World:
    """One engine on one control plane. `name` is "flux" or "weir"."""

    def __init__(self, name, work, port, servers, binary):
        self.name, self.dir, self.port, self.servers, self.binary = name, work + "/" + name, port, servers, binary
        self.kubeconfig, self.processes = self.dir + "/cluster/kubeconfig", []
        self.api = Api(port + 43)
        os.makedirs(self.dir, exist_ok=True)

    def spawn(self, program, *args):
        env = dict(os.environ, KUBECONFIG=self.kubeconfig, RUNTIME_NAMESPACE="flux-system", WEIR_DATA_DIR=self.dir + "/data")
        log = open("%s/%s.log" % (self.dir, os.path.basename(program)), "a")
        self.processes.append(subprocess.Popen([program, *args], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=env))

    def start(self, crds):
        """`crds`: weir's definitions; Flux has its own."""
        if self.name == "flux":
            crds = flux_crds() or crds
        subprocess.run([ROOT + "/tests/peers/cluster", "up", self.dir + "/cluster", str(self.port)], check=True,
                       env=dict(os.environ, WEIR_CLUSTER_QPS="500"), stdin=subprocess.DEVNULL)
        subprocess.run([PEERS + "/kubectl", "--kubeconfig", self.kubeconfig, "apply", "--server-side", "-f", "-"], input=crds, check=True,
                       stdout=subprocess.DEVNULL)
        wait_until(self.kinds_served, 60, "Flux's kinds")
        self.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}})
        (self.start_flux if self.name == "flux" else self.start_weir)()

    def kinds_served(self):
        for crd in self.api.list("CustomResourceDefinition"):
            if not any(c["type"] == "Established" and c["status"] == "True" for c in crd.get("status", {}).get("conditions") or []):
                return False
        return True

    def events_url(self):
        return "http://127.0.0.1:%d/events/%s" % (self.servers.http, self.name)

    def start_flux(self):
        common = ["--enable-leader-election=false", "--kube-api-qps=1000", "--kube-api-burst=2000", "--log-level=debug", "--concurrent=8",
                  "--events-addr=" + self.events_url(), "--interval-jitter-percentage=0", "--min-retry-delay=" + RETRY_MIN,
                  "--max-retry-delay=" + RETRY_MAX]
        storage = "127.0.0.1:%d" % (self.port + 70)
        os.makedirs(self.dir + "/artifacts", exist_ok=True)
        self.spawn(PEERS + "/source-controller", *common, "--storage-path=" + self.dir + "/artifacts", "--storage-addr=" + storage,
                   "--storage-adv-addr=" + storage, "--requeue-dependency=" + REQUEUE, "--metrics-addr=127.0.0.1:%d" % (self.port + 71),
                   "--health-addr=127.0.0.1:%d" % (self.port + 72))
        for number, name in enumerate(("helm-controller", "kustomize-controller")):
            gates = ["--feature-gates=" + HELM_GATES] if name == "helm-controller" else []
            self.spawn(PEERS + "/" + name, *common, *gates, "--requeue-dependency=" + REQUEUE,
                       "--metrics-addr=127.0.0.1:%d" % (self.port + 73 + 2 * number),
                       "--health-addr=127.0.0.1:%d" % (self.port + 74 + 2 * number))

    def start_weir(self):
        self.spawn(self.binary, "run", "--kubeconfig", self.kubeconfig, "--data-dir", self.dir + "/data", "--listen",
                   "127.0.0.1:%d" % (self.port + 70), "--events-addr", self.events_url(), "--interval-jitter-percentage", "0",
                   "--min-retry-delay", RETRY_MIN, "--max-retry-delay", RETRY_MAX, "--requeue-dependency", REQUEUE, "--log-level", "debug")

    def ended(self):
        """Programs of this world that have ended by themselves."""
        return [p.args[0] for p in self.processes if p.poll() is not None]

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
        subprocess.run([ROOT + "/tests/peers/cluster", "down", self.dir + "/cluster"], stdin=subprocess.DEVNULL)
