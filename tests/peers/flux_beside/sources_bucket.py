"""Bucket. Each world has an S3 server of its own (versitygw, which checks signatures), with a bucket for each scenario; what a real server
would not keep (hostile keys, odd listings) is answered by a page."""
import hashlib, json, os, subprocess, sys, urllib.parse

import charts, stage, world as worlds
from stage import scenario, secret
from sources_common import cases, chart, chart_tree, look, once, serve, settle, source, under, until_revision, web

sys.path.insert(0, worlds.ROOT + "/tests/support")
import s3_client

ACCESS, SECRET = "reader", "a-secret-key"
FILES = {"a.yaml": "kind: A\n", "sub/b.yaml": "kind: B\n", "sub/logo.png": "png", ".git/config": "x", ".github/x.yml": "x", "run.sh": "#!/bin/sh\n",
         "with space+plus&amp.txt": "odd\n", "sub/übung.txt": "umlaut\n", "empty": ""}
SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {key: %s}\n"


def server(s):
    """The client of the world's own server."""
    world, servers = s.world.name, s.world.servers

    def start():
        port, folder = worlds.free_port(), "%s/s3-%s" % (servers.work, world)
        os.makedirs(folder + "/buckets")
        servers.processes.append(subprocess.Popen(
            [worlds.PEERS + "/versitygw", "--quiet", "--port", "127.0.0.1:%d" % port, "--access", ACCESS, "--secret", SECRET, "posix", folder + "/buckets"],
            stdin=subprocess.DEVNULL, stdout=open(folder + "/log", "w"), stderr=subprocess.STDOUT))
        worlds.wait_until(lambda: worlds.answers(port), 30, "the S3 server")
        servers.words["127.0.0.1:%d" % port] = "<s3>"
        return s3_client.Client("127.0.0.1:%d" % port, ACCESS, SECRET)
    return once("s3-" + world, start)


def fill(s, files, make=True):
    client = server(s)
    if make:
        client.make(s.ns)
    for path, text in files.items():
        client.put(s.ns, path, text.encode())


def keys(name="keys", access=ACCESS, secret_key=SECRET, **more):
    return secret(name, **{k: v for k, v in dict(accesskey=access, secretkey=secret_key, **more).items() if v is not None})


def bucket(s, name="app", **spec):
    values = dict(bucketName=s.ns, endpoint=server(s).endpoint, insecure=True, region="us-east-1", secretRef={"name": "keys"})
    values.update(spec)
    return source("Bucket", name, **values)


def listed(s, files=FILES, secrets=True, **spec):
    if files is not None:
        fill(s, files)
    if secrets:
        s.apply(keys())
    s.apply(bucket(s, **spec))
    settle(s, "Bucket/app")
    look(s, "applied")


cases({
    "sources_bucket_files": ("objects of a bucket, nothing left out", FILES, {}),
    "sources_bucket_region": ("the region is asked for", FILES, {"region": None}),
    "sources_bucket_region_wrong": ("a region that the server does not have", FILES, {"region": "eu-west-1"}),
    "sources_bucket_aws": ("static keys of the provider aws", FILES, {"provider": "aws"}),
    "sources_bucket_empty": ("a bucket without objects", {}, {}),
    "sources_bucket_prefix": ("the objects whose keys begin so", FILES, {"prefix": "sub/"}),
    "sources_bucket_prefix_half": ("a prefix that is no folder", FILES, {"prefix": "su"}),
    "sources_bucket_prefix_none": ("a prefix of no object", FILES, {"prefix": "none"}),
    "sources_bucket_ignore_file": ("what the bucket's own file leaves out", {**FILES, ".sourceignore": "*.png\nsub/\n!sub/b.yaml\n"}, {}),
    "sources_bucket_ignore_file_below": ("a .sourceignore in a folder is an object", {**FILES, "sub/.sourceignore": "*\n"}, {}),
    "sources_bucket_ignore_spec": ("what the spec leaves out", FILES, {"ignore": "# all but one\n/*\n!/sub\n/sub/*\n!/sub/b.yaml\n"}),
    "sources_bucket_ignore_both": ("the spec overrules the file", {**FILES, ".sourceignore": "*.yaml\n"}, {"ignore": "!a.yaml\n*.png\n"}),
    "sources_bucket_ignore_prefix": ("the root's .sourceignore beside a prefix", {**FILES, ".sourceignore": "*.png\n"}, {"prefix": "sub/"}),
    "sources_bucket_ignore_all": ("nothing is left", FILES, {"ignore": "*"}),
    "sources_bucket_not_there": ("a bucket that is not there", None, {}),
    "sources_bucket_name_short": ("a name that no bucket has", None, {"bucketName": "ab"}),
    "sources_bucket_name_odd": ("a name that is a path", None, {"bucketName": "../etc"}),
    "sources_bucket_name_address": ("a name that is an address", None, {"bucketName": "127.0.0.1"}),
    "sources_bucket_endpoint_path": ("an endpoint with a path", None, {"endpoint": "127.0.0.1:9/x"}),
    "sources_bucket_endpoint_scheme": ("an endpoint with a scheme", None, {"endpoint": "https://127.0.0.1:9"}),
    "sources_bucket_endpoint_odd": ("an endpoint that is no host", None, {"endpoint": "not_a host"}),
    "sources_bucket_sts_without_secret": ("a token service that is not there", None,
                                          {"sts": {"provider": "ldap", "endpoint": "http://127.0.0.1:9"}, "secretRef": {"name": "none"}}),
    "sources_bucket_proxy_missing": ("a proxy's Secret that is not there", None, {"proxySecretRef": {"name": "none"}}),
    "sources_bucket_certificate_missing": ("a certificate's Secret that is not there", None, {"certSecretRef": {"name": "none"}}),
}, lambda s, files, spec: listed(s, files, **spec))

cases({
    "sources_bucket_login_missing": ("a Secret that is not there", None),
    "sources_bucket_login_empty": ("a Secret without keys", keys(access=None, secret_key=None, other="x")),
    "sources_bucket_login_half": ("a Secret with half of the keys", keys(secret_key=None)),
    "sources_bucket_login_unknown": ("keys that the server does not know", keys(access="nobody")),
    "sources_bucket_login_wrong": ("a secret key that is another's", keys(secret_key="another-secret")),
}, lambda s, login: (login and s.apply(login), listed(s, {"a": "a"}, secrets=False)))


@scenario
def sources_bucket_login_corrected(s):
    "wrong keys, then right ones, then none"
    fill(s, {"a.yaml": "kind: A\n"})
    s.apply(keys(secret_key="another-secret"), bucket(s, region=None))
    settle(s, "Bucket/app")
    look(s, "wrong")
    s.apply(keys())
    s.annotate("Bucket", "app", requestedAt="1")
    s.until_ready("app", kind="Bucket")
    look(s, "right")
    s.delete("Secret", "keys")
    s.annotate("Bucket", "app", requestedAt="2")
    s.until_condition("app", "Ready", "False", kind="Bucket")
    look(s, "none")


PUBLIC = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"],
                                                 "Resource": ["arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"]}]}


@scenario
def sources_bucket_anonymous(s):
    "a bucket that everybody may read, and then nobody"
    fill(s, FILES)
    server(s).policy(s.ns, json.dumps(PUBLIC).replace("BUCKET", s.ns))
    s.apply(bucket(s, secretRef=None))
    settle(s, "Bucket/app")
    look(s, "public")
    server(s).policy(s.ns, json.dumps(PUBLIC).replace("BUCKET", s.ns).replace("Allow", "Deny"))
    s.annotate("Bucket", "app", requestedAt="1")
    s.until_condition("app", "Ready", "False", kind="Bucket")
    look(s, "closed")


@scenario
def sources_bucket_changes(s):
    "objects change, are added and deleted; nothing changes; what is ignored changes"
    listed(s)
    client = server(s)
    steps = (("changed", lambda: client.put(s.ns, "a.yaml", b"kind: Other\n")), ("added", lambda: client.put(s.ns, "new/c.yaml", b"kind: C\n")),
             ("deleted", lambda: client.delete(s.ns, "sub/b.yaml")), ("nothing", lambda: None),
             ("back", lambda: client.put(s.ns, "sub/b.yaml", b"kind: B\n")), ("ignored", lambda: s.patch("Bucket", "app", {"spec": {"ignore": "*.png"}})),
             ("ignored otherwise", lambda: s.patch("Bucket", "app", {"spec": {"ignore": "*.png\n*.none"}})),
             ("prefix", lambda: s.patch("Bucket", "app", {"spec": {"prefix": "sub/"}})))
    for number, (name, change) in enumerate(steps):
        change()
        s.annotate("Bucket", "app", requestedAt=str(number))
        settle(s, "Bucket/app")
        look(s, name)


@scenario
def sources_bucket_comes(s):
    "a bucket that is made after its object"
    server(s)
    s.apply(keys(), bucket(s))
    settle(s, "Bucket/app")
    look(s, "missing")
    fill(s, {"a.yaml": "kind: A\n"})
    s.until_ready("app", kind="Bucket")
    look(s, "made")


@scenario
def sources_bucket_suspended(s):
    "suspended, changed, resumed, deleted"
    listed(s)
    s.patch("Bucket", "app", {"spec": {"suspend": True}})
    server(s).put(s.ns, "a.yaml", b"kind: Other\n")
    s.annotate("Bucket", "app", requestedAt="1")
    s.until_field("app", "status.lastHandledReconcileAt", "1", kind="Bucket")
    look(s, "suspended")
    s.patch("Bucket", "app", {"spec": {"suspend": False}})
    s.until_field("app", "status.observedGeneration", 3, kind="Bucket")
    settle(s, "Bucket/app")
    look(s, "resumed")
    s.delete("Bucket", "app")
    look(s, "deleted")


@scenario
def sources_bucket_other_bucket(s):
    "another bucket, and back to one that is not there"
    listed(s)
    server(s).make(s.ns + "-b")
    server(s).put(s.ns + "-b", "other.yaml", b"kind: Other\n")
    for number, name in enumerate((s.ns + "-b", s.ns + "-none", s.ns)):
        s.patch("Bucket", "app", {"spec": {"bucketName": name}})
        settle(s, "Bucket/app")
        look(s, "bucket %d" % number)


@scenario
def sources_bucket_refused(s):
    "what the API server refuses"
    sts = {"provider": "ldap", "endpoint": "https://sts.example.com"}
    s.refused(bucket(s, provider="azure", sts=sts), bucket(s, provider="aws", sts=sts), bucket(s, sts={**sts, "provider": "aws"}),
              bucket(s, sts={**sts, "endpoint": "sts.example.com"}), bucket(s, serviceAccountName="x"), bucket(s, provider="aws", serviceAccountName="x"),
              bucket(s, provider="other"), bucket(s, endpoint=None), bucket(s, bucketName=None), bucket(s, interval="x"))
    look(s, "refused")


@scenario
def sources_bucket_kustomization(s):
    "a Kustomization of a bucket, and a change of it"
    fill(s, {"deploy/settings.yaml": SETTINGS % "one"})
    s.apply(keys(), bucket(s), {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": "app"},
                                "spec": {"interval": "10m", "prune": True, "path": "./deploy", "targetNamespace": s.ns,
                                         "sourceRef": {"kind": "Bucket", "name": "app"}}})
    s.until_ready("app", kind="Kustomization")
    look(s, "applied")
    server(s).put(s.ns, "deploy/settings.yaml", (SETTINGS % "two").encode())
    s.annotate("Bucket", "app", requestedAt="1")
    settle(s, "Bucket/app")
    revision = s.get("Bucket", "app")["status"]["artifact"]["revision"]
    s.until_field("app", "status.lastAppliedRevision", revision, kind="Kustomization")
    s.until_ready("app", kind="Kustomization")
    look(s, "changed")


def chart_files(version="1.0.0"):
    return {**under("charts/app", chart_tree(version)), "values/one.yaml": "message: one\n", "values/two.yaml": "deep: {two: 3}\n"}


def bucket_chart(s, name="web", path="charts/app", **spec):
    return chart(name, chart=path, version=None, origin="Bucket/app", **spec)


@scenario
def sources_bucket_chart(s):
    "a chart's folder in a bucket, by version and by revision, with values files"
    fill(s, chart_files())
    client = server(s)
    client.put(s.ns, "packed/app-2.0.0.tgz", charts.package(chart_tree("2.0.0")))
    s.apply(keys(), bucket(s))
    settle(s, "Bucket/app")
    s.apply(bucket_chart(s), bucket_chart(s, "revision", reconcileStrategy="Revision"),
            bucket_chart(s, "values", valuesFiles=["values/one.yaml", "values/two.yaml"]),
            bucket_chart(s, "missing-values", valuesFiles=["values/none.yaml"]),
            bucket_chart(s, "ignored-values", valuesFiles=["values/none.yaml", "values/one.yaml"], ignoreMissingValuesFiles=True),
            bucket_chart(s, "packed", "packed/app-2.0.0.tgz"), bucket_chart(s, "packed-values", "packed/app-2.0.0.tgz", valuesFiles=["values/one.yaml"]),
            bucket_chart(s, "none", "charts/none"), bucket_chart(s, "outside", "../../etc"), bucket_chart(s, "file", "values/one.yaml"))
    names = ("web", "revision", "values", "missing-values", "ignored-values", "packed", "packed-values", "none", "outside", "file")
    settle(s, *["HelmChart/" + n for n in names])
    look(s, "applied")
    client.put(s.ns, "charts/app/values.yaml", b"message: new\n")
    s.annotate("Bucket", "app", requestedAt="1")
    settle(s, "Bucket/app")
    revision = s.get("Bucket", "app")["status"]["artifact"]["revision"]
    for name in ("web", "revision", "values"):
        s.until_field(name, "status.observedSourceArtifactRevision", revision, kind="HelmChart", timeout=30)
    settle(s, "HelmChart/web", "HelmChart/revision", "HelmChart/values")
    look(s, "values changed")
    client.put(s.ns, "charts/app/Chart.yaml", chart_tree("1.1.0")["Chart.yaml"].encode())
    s.annotate("Bucket", "app", requestedAt="2")
    settle(s, "Bucket/app")
    until_revision(s, "HelmChart", "web", "1.1.0")
    settle(s, "HelmChart/web", "HelmChart/revision", "HelmChart/values")
    look(s, "version changed")


@scenario
def sources_bucket_chart_dependencies(s):
    "a chart in a bucket with dependencies in the bucket"
    parent = chart_tree("1.0.0", "parent")
    parent["Chart.yaml"] += "dependencies:\n- {name: app, version: 1.0.0, repository: \"file://../app\"}\n"
    fill(s, {**chart_files(), **under("charts/parent", parent)})
    s.apply(keys(), bucket(s))
    settle(s, "Bucket/app")
    s.apply(bucket_chart(s, path="charts/parent"))
    settle(s, "HelmChart/web")
    look(s, "applied")


@scenario
def sources_bucket_chart_before(s):
    "a chart of a bucket that has no artifact yet"
    server(s)
    s.apply(keys(), bucket(s))
    settle(s, "Bucket/app")
    s.apply(bucket_chart(s))
    settle(s, "HelmChart/web")
    look(s, "not there")
    fill(s, chart_files())
    s.until_ready("app", kind="Bucket")
    s.until_ready("web", kind="HelmChart")
    look(s, "there")


@scenario
def sources_bucket_release(s):
    "a HelmRelease whose chart is in a bucket"
    fill(s, chart_files())
    s.apply(keys(), bucket(s))
    settle(s, "Bucket/app")
    s.apply({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "web"},
                                "spec": {"interval": "10m", "chart": {"spec": {"chart": "charts/app", "sourceRef": {"kind": "Bucket", "name": "app"},
                                                                               "reconcileStrategy": "Revision"}}}})
    s.until_ready("web")
    look(s, "installed")


# ---- TLS
def tls_server(s):
    """(host:port, the certificate that it is trusted by) of the same buckets over TLS."""
    world, servers = s.world.name, s.world.servers
    server(s)

    def make():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=s3", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", file], check=True, stderr=subprocess.DEVNULL)

    def start():
        port, folder = worlds.free_port(), "%s/s3-%s" % (servers.work, world)
        servers.processes.append(subprocess.Popen(
            [worlds.PEERS + "/versitygw", "--quiet", "--port", "127.0.0.1:%d" % port, "--access", ACCESS, "--secret", SECRET, "--cert", file,
             "--key", key, "posix", folder + "/buckets"],
            stdin=subprocess.DEVNULL, stdout=open(folder + "/tls-log", "w"), stderr=subprocess.STDOUT))
        worlds.wait_until(lambda: worlds.answers(port), 30, "the S3 server over TLS")
        servers.words["127.0.0.1:%d" % port] = "<s3>"
        with open(file) as certificate:
            return "127.0.0.1:%d" % port, certificate.read()
    key, file = servers.work + "/s3.key", servers.work + "/s3.crt"
    once("s3-certificate", make)
    return once("s3-tls-" + world, start)


def over_tls(s, data, spec):
    endpoint, certificate = tls_server(s)
    if data is not None:
        s.apply(secret("tls", **{k: v or certificate for k, v in data.items()}))
    listed(s, endpoint=spec.pop("endpoint", endpoint) or server(s).endpoint, **{"insecure": None, **spec})


cases({
    "sources_bucket_tls": ("a server that a Secret's certificate vouches for", {"ca__crt": ""}, {"certSecretRef": {"name": "tls"}}),
    "sources_bucket_tls_old_name": ("the same by the key's old name", {"caFile": ""}, {"certSecretRef": {"name": "tls"}}),
    "sources_bucket_tls_unknown": ("a server that nobody vouches for", None, {}),
    "sources_bucket_tls_empty": ("a Secret with nothing of use", {"other": "x"}, {"certSecretRef": {"name": "tls"}}),
    "sources_bucket_tls_half": ("a certificate without its key", {"tls__crt": ""}, {"certSecretRef": {"name": "tls"}}),
    "sources_bucket_tls_bad_ca": ("a certificate that is none", {"ca__crt": "nonsense"}, {"certSecretRef": {"name": "tls"}}),
    "sources_bucket_tls_insecure": ("plain HTTP, whose certificate is not looked at", {"ca__crt": ""},
                                    {"certSecretRef": {"name": "tls"}, "endpoint": None, "insecure": True}),
    "sources_bucket_tls_by_plain": ("plain HTTP to a server of TLS", None, {"insecure": True}),
    "sources_bucket_plain_by_tls": ("TLS to a server of plain HTTP", None, {"endpoint": None}),
}, lambda s, data, spec: over_tls(s, data, dict(spec)))


# ---- proxies and token services
def proxied(s, data):
    server(s)
    s.apply(secret("proxy", **data))
    listed(s, None, proxySecretRef={"name": "proxy"})


cases({
    "sources_bucket_proxy_empty": ("a proxy without an address", {"username": "x"}),
    "sources_bucket_proxy_scheme": ("a proxy of another scheme", {"address": "ftp://127.0.0.1:1"}),
    "sources_bucket_proxy_unreachable": ("a proxy that is not there", {"address": "http://127.0.0.1:1"}),
}, proxied)


KEYS = """<AssumeRoleWithLDAPIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithLDAPIdentityResult><Credentials>
<AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken></SessionToken><Expiration>2036-01-02T03:04:05Z</Expiration>
</Credentials></AssumeRoleWithLDAPIdentityResult></AssumeRoleWithLDAPIdentityResponse>""" % (ACCESS, SECRET)
DENIED = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type></Type><Code>InvalidParameterValue</Code>
<Message>no such user</Message></Error><RequestId>1</RequestId></ErrorResponse>"""


def by_token(s, data, spec):
    fill(s, {"a.yaml": "kind: A\n"})

    def answer(handler):
        form = urllib.parse.parse_qs(handler.body().decode())
        good = form == {"Action": ["AssumeRoleWithLDAPIdentity"], "Version": ["2011-06-15"], "LDAPUsername": ["alice"], "LDAPPassword": ["pass word"]}
        return (200, KEYS.encode(), ()) if good else (400, DENIED.encode(), ())
    serve(s, "sts", answer)
    if data is not None:
        s.apply(secret("ldap", **data))
    s.apply(bucket(s, secretRef=None, sts={"provider": "ldap", "endpoint": web(s, "sts"), **spec}))
    settle(s, "Bucket/app")
    look(s, "applied")


cases({
    "sources_bucket_sts": ("keys of a token service", {"username": "alice", "password": "pass word"}, {"secretRef": {"name": "ldap"}}),
    "sources_bucket_sts_wrong": ("a password that is wrong", {"username": "alice", "password": "other"}, {"secretRef": {"name": "ldap"}}),
    "sources_bucket_sts_anonymous": ("no name and no password", None, {}),
    "sources_bucket_sts_half": ("a Secret without a password", {"username": "alice"}, {"secretRef": {"name": "ldap"}}),
    "sources_bucket_sts_missing": ("a Secret that is not there", None, {"secretRef": {"name": "ldap"}}),
    "sources_bucket_sts_unreachable": ("a token service that is not there", {"username": "alice", "password": "pass word"},
                                       {"secretRef": {"name": "ldap"}, "endpoint": "http://127.0.0.1:1"}),
}, by_token)


# ---- what real servers do not keep
def page_server(s, objects, listing=None):
    """A server that anybody may read, with `objects` {key: text} whatever the keys; in the place of the bucket's name."""
    name = s.ns + "-" + s.world.name

    def answer(handler, rest):
        url = urllib.parse.urlsplit(handler.path)
        key = urllib.parse.unquote(url.path)[len(name) + 2:]
        etag = lambda text: '"%s"' % hashlib.md5(text.encode()).hexdigest()
        if not key and "location" in url.query:
            return handler.answer(200, b"<LocationConstraint/>")
        if not key:
            items = "".join("<Contents><Key>%s</Key><ETag>%s</ETag><Size>%d</Size></Contents>" % (urllib.parse.quote(k), etag(t), len(t))
                            for k, t in sorted(objects.items()))
            body = listing if listing is not None else "<ListBucketResult><EncodingType>url</EncodingType>%s</ListBucketResult>" % items
            return handler.answer(200, body.encode(), [("Content-Type", "application/xml")])
        if key in objects:
            return handler.answer(200, objects[key].encode(), [("ETag", etag(objects[key])), ("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")])
        return handler.answer(404, b"<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>")
    s.world.servers.routes[name] = answer
    s.world.servers.words[name] = s.ns
    return bucket(s, bucketName=name, endpoint="127.0.0.1:%d" % s.world.servers.http, secretRef=None)


def odd(s, objects, listing=None):
    s.apply(page_server(s, objects, listing))
    settle(s, "Bucket/app")
    look(s, "applied")


cases({
    "sources_bucket_keys_climbing": ("keys with .. stay in the artifact", {"../../up.yaml": "a", "x/../../y.yaml": "b"}, None),
    "sources_bucket_keys_absolute": ("keys that begin with a slash, and empty parts", {"/etc/x.yaml": "a", "b//c.yaml": "b", "./d.yaml": "c"}, None),
    "sources_bucket_keys_collide": ("an object in a folder that is an object", {"a": "file", "a/b": "below"}, None),
    "sources_bucket_keys_same": ("two objects at one path", {"a/b": "one", "a//b": "two"}, None),
    "sources_bucket_keys_folder": ("a key of a folder is left out", {"a/": "", "a/b": "below"}, None),
    "sources_bucket_list_html": ("an answer that is no listing", {}, "<html><body>no</body></html>"),
    "sources_bucket_list_empty": ("an empty answer", {}, ""),
}, odd)
