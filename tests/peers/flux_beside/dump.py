"""What an engine has left in the namespaces of a scenario, as plain data that two worlds can be compared by. Everything that is left
out or replaced is said where it is done; anything else that differs is a difference."""
import base64, gzip, hashlib, json, re

FLUX_GROUPS = ("source.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io")
OWN_KINDS = ("GitRepository", "OCIRepository", "HelmRepository", "HelmChart", "Bucket", "ExternalArtifact", "Kustomization", "HelmRelease")
# Pods and ReplicaSets are left out: the controllers of Kubernetes make them, under random names.
OTHER_KINDS = ("ConfigMap", "Secret", "Service", "ServiceAccount", "Deployment", "StatefulSet", "Job", "CronJob", "Role", "RoleBinding")
ENGINE_MANAGERS = ("helm-controller", "source-controller", "kustomize-controller", "gotk-", "weir")

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
DURATION = re.compile(r"^(\d+(\.\d+)?(h|ms|m|s|µs|ns))+$")


def clean_text(world, text):
    """Times, uids, and the parts of addresses that name a world or a port become words."""
    servers = world.servers
    for old, new in ((world.events_url(), "<events>"),
                     ("http://127.0.0.1:%d/helm/%s/" % (servers.http, world.name), "<helm>/"),
                     ("127.0.0.1:%s/%s/" % (servers.registry, world.name), "<registry>/"),
                     ("127.0.0.1:%s/v2/%s/" % (servers.registry, world.name), "<registry>/v2/"), ("127.0.0.1:%s" % servers.registry, "<registry>"),
                     ("map[name:%s/" % world.name, "map[name:"),  # of a repository, in a registry's answer
                     ("127.0.0.1:%d" % (world.port + 70), "<artifacts>"), ("127.0.0.1:%d" % (world.port + 43), "<cluster>"),
                     ("127.0.0.1:%d/web/%s/" % (servers.http, world.name), "<web>/"), ("localhost:%d/web/%s/" % (servers.http, world.name), "<other web>/"),
                     ("127.0.0.1:%d" % servers.http, "<http>"), (world.dir, "<dir>"), *servers.words.items()):
        text = text.replace(old, new)
    for scheme, port in servers.git.items():
        text = re.sub(r"(127\.0\.0\.1:%s)(/\w+/)%s/" % (port, world.name), r"<git %s>\2" % scheme, text)
        text = text.replace("127.0.0.1:" + port, "<git %s>" % scheme)
    text = re.sub(r"127\.0\.0\.1:\d{5}(?=->)", "<port>", text)  # the near end of a connection, in errors of the network
    # The lines of Helm's own debug log that Flux appends to failures: weir is not Helm and has no such log.
    text = re.sub(r"\n\nLast Helm logs:\n\n[\s\S]*", "", text)
    text = re.sub(r"(stored fetched index of size )[\d.]+\w+", r"\1<size>", text)  # as it is stored, see `clean_own`
    return UUID.sub("<uid>", TIME.sub("<time>", text))


def clean(world, value):
    if isinstance(value, dict):
        return {clean_text(world, k): clean(world, v) for k, v in value.items()}
    if isinstance(value, list):
        return [clean(world, v) for v in value]
    return clean_text(world, value) if isinstance(value, str) else value


def go_json(value):
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, "\\u%04x" % ord(sign))
    return text


def sorted_maps(value):
    if isinstance(value, dict):
        return {k: sorted_maps(value[k]) for k in sorted(value)}
    return [sorted_maps(v) for v in value] if isinstance(value, list) else value


def decode_record(secret):
    return json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))


def snapshot_digest(record, oci_digest=""):
    """The digest that a HelmRelease's history keeps of a stored release (contract H11.2): over times too, hence it cannot be compared
    between worlds, but must be the one of the record that stands beside it."""
    info = record.get("info", {})
    kept = {k: info[k] for k in ("first_deployed", "last_deployed", "deleted", "description", "status", "notes", "resources") if info.get(k)}
    hooks = [h for h in record.get("hooks") or [] if "test" not in (h.get("events") or [])]
    out = {"name": record["name"], "version": record["version"], "info": kept, "chartMetadata": record["chart"]["metadata"],
           "config": sorted_maps(record.get("config")) or None, "manifest": record.get("manifest", ""), "hooks": hooks or None,
           "namespace": record.get("namespace", "")}
    if oci_digest:
        out["ociDigest"] = oci_digest
    return "sha256:" + hashlib.sha256((go_json(out) + "\n").encode()).hexdigest()


def managers(item, engine_fields):
    """Who owns fields, without times. Fields only of the engine's own entries: what Kubernetes' controllers write is not ours."""
    out = {}
    for entry in item["metadata"].get("managedFields", []):
        key = "%s %s%s" % (entry["manager"], entry["operation"], " " + entry["subresource"] if entry.get("subresource") else "")
        own = any(entry["manager"].startswith(m) for m in ENGINE_MANAGERS)
        if own:
            out[key] = entry.get("fieldsV1") if engine_fields else True
    return out


def clean_metadata(item, engine_fields):
    metadata = {k: v for k, v in item["metadata"].items() if k not in ("uid", "resourceVersion", "creationTimestamp", "managedFields")}
    metadata["managers"] = managers(item, engine_fields)
    if "deletionTimestamp" in metadata:
        metadata["deletionTimestamp"] = True
    return metadata


def clean_conditions(status):
    """By type, their order beside them; lastTransitionTime left out."""
    conditions = status.get("conditions")
    if conditions is not None:
        status["conditions"] = {c["type"]: {k: v for k, v in c.items() if k not in ("lastTransitionTime", "type")} for c in conditions}
        status["conditionOrder"] = [c["type"] for c in conditions]


def clean_own(item, records):
    """An object of Flux's kinds."""
    out = {"metadata": clean_metadata(item, False), "spec": item.get("spec")}
    status = json.loads(json.dumps(item.get("status", {})))
    clean_conditions(status)
    artifact = status.get("artifact")
    copied = item["spec"].get("layerSelector", {}).get("operation") == "copy"
    if artifact and (item["kind"] in ("GitRepository", "Bucket", "HelmChart", "HelmRepository") or item["kind"] == "OCIRepository" and not copied):
        # Packed by the engine itself: bytes of an archive (its times, its compression) or of a stored index are nobody's contract.
        for name in ("digest", "size"):
            artifact[name] = bool(artifact.get(name))
    for name in ("lastAttemptedReleaseActionDuration", "lastReconciledDuration"):
        if DURATION.match(str(status.get(name, ""))):
            status[name] = "<duration>"  # how long it took
    if item["kind"] == "HelmRelease":
        for snapshot in status.get("history", []):
            record = records.get((snapshot["name"], snapshot["version"]))
            if record is None:
                snapshot["digest"] = "<no such record>"
            else:
                matches = snapshot_digest(record, snapshot.get("ociDigest", "")) == snapshot["digest"]
                snapshot["digest"] = "<of the record>" if matches else "<not of the record>"
    for entry in status.get("history", []):
        if "lastReconciledDuration" in entry:
            entry["lastReconciledDuration"] = "<duration>"
    out["status"] = status
    return out


def clean_record(secret, record):
    """A release in Helm's storage; createdAt and modifiedAt are times."""
    labels = {k: v if k not in ("createdAt", "modifiedAt") else "<time>" for k, v in secret["metadata"].get("labels", {}).items()}
    for part in [record.get("chart") or {}] + list((record.get("chart") or {}).get("templates") or []) + list((record.get("chart") or {}).get("files") or []):
        part.pop("modtime", None)  # of the files in a package; nothing reads it
    return {"type": secret.get("type"), "labels": labels, "managers": managers(secret, False), "record": record}


def clean_other(item):
    out = {k: v for k, v in item.items() if k not in ("metadata", "status", "apiVersion", "kind")}
    out["metadata"] = clean_metadata(item, True)
    spec = out.get("spec")
    if item["kind"] == "Service" and spec:  # given by the API server, by chance
        for name in ("clusterIP", "clusterIPs"):
            if spec.get(name) not in ("None", ["None"]):
                spec.pop(name, None)
    if item["kind"] in ("Deployment", "StatefulSet"):  # grows with the rollouts of its controller's speed
        out["metadata"].get("annotations", {}).pop("deployment.kubernetes.io/revision", None)
    return out


def collect(world, namespaces, cluster_objects):
    """The raw objects: what `clean_up` makes plain, and what tells whether all is quiet."""
    items = []
    for ns in namespaces:
        for kind in OWN_KINDS + OTHER_KINDS:
            items += world.api.list(kind, ns)
    for kind, name in cluster_objects:
        found = world.api.get(kind, None, name)
        if found:
            items.append(found)
    return items


def clean_up(world, items):
    records, out = {}, {}
    for item in items:
        if item["kind"] == "Secret" and item.get("type") == "helm.sh/release.v1":
            try:
                record = decode_record(item)
                records[(record["name"], record["version"])] = record
            except (KeyError, ValueError, OSError):
                pass  # made by hand, and no record
    for item in items:
        metadata = item["metadata"]
        if item["kind"] == "ConfigMap" and metadata["name"] == "kube-root-ca.crt" or item["kind"] == "ServiceAccount" and metadata["name"] == "default":
            continue  # of Kubernetes itself
        if item["kind"] == "Secret" and item.get("type") == "helm.sh/release.v1":
            name = metadata["name"]
            labels = metadata.get("labels", {})
            plain = clean_record(item, records.get((labels.get("name"), int(labels.get("version", 0)))))
        else:
            name = metadata["name"]
            plain = clean_own(item, records) if item["kind"] in OWN_KINDS else clean_other(item)
        out["%s/%s/%s" % (item["kind"], metadata.get("namespace", ""), name)] = plain
    return clean(world, out)


def without_digest(metadata):
    return {k: v if k != "source.toolkit.fluxcd.io/digest" else bool(v) for k, v in (metadata or {}).items()}


def plain_event(event):
    """One that was posted to the receiver, without its time; reportingInstance is the name of the host or the pod."""
    involved = {k: v for k, v in event["involvedObject"].items() if k not in ("uid", "resourceVersion")}
    if involved.get("kind") != "OCIRepository":  # of what is packed or stored by the engine itself
        event = dict(event, metadata=without_digest(event.get("metadata")))
    out = {k: v for k, v in event.items() if k not in ("timestamp", "reportingInstance", "involvedObject")}
    out["involvedObject"] = involved
    return out


def posted_events(world, events, heard):
    """By object, in their order, each once in a scenario (`heard`): how often the same is said depends on how often an engine got to try."""
    out = {}
    for event in events:
        plain = clean(world, plain_event(event))
        involved = plain["involvedObject"]
        if plain not in heard:
            heard.append(plain)
            out.setdefault("%s/%s" % (involved.get("kind"), involved.get("name")), []).append(plain)
    return out


def kubernetes_events(world, namespaces):
    """Those about objects of Flux's kinds, by object, each once, sorted (their times have whole seconds only)."""
    out = {}
    for ns in namespaces:
        for event in world.api.list("Event", ns):
            involved = event["involvedObject"]
            if not involved.get("apiVersion", "").startswith(FLUX_GROUPS):
                continue
            plain = clean(world, {
                "type": event.get("type"), "reason": event.get("reason"), "message": event.get("message"),
                "annotations": event["metadata"].get("annotations") if involved.get("kind") == "OCIRepository" else without_digest(event["metadata"].get("annotations")), "component": event.get("source", {}).get("component"),
                "reportingComponent": event.get("reportingComponent"), "apiVersion": involved.get("apiVersion"),
                "namespace": involved.get("namespace"), "fieldPath": involved.get("fieldPath")})
            row = out.setdefault("%s/%s" % (involved.get("kind"), involved.get("name")), [])
            if plain not in row:
                row.append(plain)
    for row in out.values():
        row.sort(key=lambda e: json.dumps(e, sort_keys=True))
    return out
