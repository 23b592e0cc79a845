#!/usr/bin/env python3
"""Writes recorded objects, managedFields and status included, into an API server.
usage: adoption_load.py OBJECTS.jsonl.gz KUBECONFIG GIT_URL   (GIT_URL replaces the recorded repository's address)"""
import gzip, json, re, ssl, sys, urllib.error, urllib.request

objects_file, kubeconfig, git_url = sys.argv[1:4]
text = open(kubeconfig).read()
server = re.search(r'server: "?(https://[^",}]+)', text).group(1)
token = re.search(r"token: ([^},\s]+)", text).group(1)
context = ssl._create_unverified_context()
PLURALS = {"Ingress": "ingresses", "GitRepository": "gitrepositories"}
FLUX_KINDS = ("Kustomization", "GitRepository", "HelmChart", "HelmRelease")
ORDER = ["Namespace", "ServiceAccount", "ConfigMap", "Secret", "ClusterRole", "Service", "Deployment", "Ingress", "GitRepository",
         "Kustomization", "HelmChart", "HelmRelease"]


def call(method, path, body):
    request = urllib.request.Request(server + path, json.dumps(body).encode(), method=method,
                                     headers={"Authorization": "Bearer " + token, "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, context=context) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 409:
            return None
        raise SystemExit("%s %s: %s %s" % (method, path, error.code, error.read().decode()[:400]))


def path_of(item):
    version, kind, meta = item["apiVersion"], item["kind"], item["metadata"]
    root = "/api/v1" if version == "v1" else "/apis/" + version
    if "namespace" in meta:
        root += "/namespaces/" + meta["namespace"]
    return root + "/" + PLURALS.get(kind, kind.lower() + "s")


items = [json.loads(line) for line in gzip.open(objects_file, "rt")]
items.sort(key=lambda item: ORDER.index(item["kind"]))
for item in items:
    meta = item["metadata"]
    for field in ("uid", "resourceVersion", "creationTimestamp"):
        meta.pop(field, None)
    if item["kind"] == "GitRepository":
        item["spec"]["url"] = git_url
    if item["kind"] == "Service":
        for field in ("clusterIP", "clusterIPs"):
            item["spec"].pop(field, None)
    status = item.pop("status", None)
    made = call("POST", path_of(item), item)
    if made is None:
        continue
    if item["kind"] in FLUX_KINDS:
        made["status"] = status
        made["metadata"]["managedFields"] = meta["managedFields"]
        call("PUT", path_of(item) + "/" + meta["name"] + "/status", made)
print("%d objects written" % len(items))
