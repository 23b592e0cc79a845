"""The rarer fields of kustomizations and the odder manifests, for kustomize_random.py: a mixin of its Tree."""
import base64
import copy
import json

import odd_yaml

NAMES = ["web", "api", "db", "cache", "job-a", "x"]

# Kinds whose fields refer to others, as (apiVersion, kind, body).
RARE = [
    ("v1", "PersistentVolume", lambda t: {"spec": {"storageClassName": t.pick(NAMES), "claimRef": {"name": t.pick(NAMES), "namespace": "default"}}}),
    ("storage.k8s.io/v1", "StorageClass", lambda t: {"provisioner": "x", "parameters": {"a": t.value()}}),
    ("v1", "Endpoints", lambda t: {"subsets": [{"addresses": [{"ip": "1.1.1.1"}]}]}),
    ("batch/v1", "Job", lambda t: {"spec": {"template": {"metadata": {"labels": t.pairs(1)}, "spec": t.pod_spec()}, "parallelism": t.pick([1, "2"])}}),
    ("policy/v1", "PodDisruptionBudget", lambda t: {"spec": {"selector": {"matchLabels": t.pairs(1)}, "minAvailable": t.pick([1, "50%"])}}),
    ("networking.k8s.io/v1", "NetworkPolicy", lambda t: {"spec": {"podSelector": {"matchLabels": t.pairs(1)}, "ingress": [{"from": [{"podSelector": {"matchLabels": t.pairs(1)}},
        {"namespaceSelector": {}}]}], "egress": [{"to": [{"podSelector": {}}]}]}}),
    ("networking.k8s.io/v1", "IngressClass", lambda t: {"spec": {"controller": "x", "parameters": {"kind": "ConfigMap", "name": t.pick(NAMES)}}}),
    ("networking.k8s.io/v1", "Ingress", lambda t: {"spec": {"ingressClassName": t.pick(NAMES), "defaultBackend": {"service": {"name": t.pick(NAMES)}}, "tls": [{"secretName": t.pick(NAMES)}]}}),
    ("apiregistration.k8s.io/v1", "APIService", lambda t: {"spec": {"service": {"name": t.pick(NAMES), "namespace": t.pick(["default", "prod"])}, "group": "g"}}),
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", lambda t: {"webhooks": [{"name": "a", "clientConfig": {"service": {"name": t.pick(NAMES), "namespace": "default"}}},
        {"name": "b", "clientConfig": {"url": "https://x"}}]}),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", lambda t: {"spec": {"group": "example.com", "names": {"kind": "Widget", "plural": "widgets"}, "scope": "Namespaced",
        "conversion": {"webhook": {"clientConfig": {"service": {"name": t.pick(NAMES), "namespace": "default"}}}}, "versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"type": "object"}}}]}}),
    ("scheduling.k8s.io/v1", "PriorityClass", lambda t: {"value": 5}),
    ("v1", "ReplicationController", lambda t: {"spec": {"replicas": 1, "selector": t.pairs(1), "template": {"metadata": {"labels": t.pairs(1)}, "spec": t.pod_spec()}}}),
    ("apps/v1", "ReplicaSet", lambda t: t.workload("ReplicaSet")),
    ("v1", "LimitRange", lambda t: {"spec": {"limits": [{"type": "Container", "max": {"cpu": t.pick([1, "2"])}}]}}),
    ("v1", "ConfigMapList", lambda t: {"items": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": n}, "data": {"a": "b"}} for n in ("l1", "l2")]}),
    ("cert-manager.io/v1", "Certificate", lambda t: {"spec": {"secretName": t.pick(NAMES), "issuerRef": {"name": t.pick(NAMES)}, "dnsNames": ["a.b"]}}),
    ("monitoring.coreos.com/v1", "ServiceMonitor", lambda t: {"spec": {"selector": {"matchLabels": t.pairs(1)}, "endpoints": [{"port": "http"}]}}),
    ("example.com/v1alpha1", "Gadget", lambda t: {"spec": {"template": {"spec": {"containers": [t.container("g")]}}, "ref": {"name": t.pick(NAMES)}, "sel": {"a": "b"}}}),
    ("autoscaling/v1", "HorizontalPodAutoscaler", lambda t: {"spec": {"scaleTargetRef": {"kind": t.pick(["StatefulSet", "Deployment", "Widget"]), "name": t.pick(NAMES), "apiVersion": t.pick(["apps/v1", "extensions/v1beta1"])}}}),
    ("policy/v1beta1", "PodSecurityPolicy", lambda t: {"spec": {"privileged": False}}),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", lambda t: {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": t.pairs(1)}]}, "rules": []}),
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization", lambda t: {"spec": {"path": "./x", "targetNamespace": "a", "postBuild": {"substitute": {"A": "${B}"}}}}),
    ("v1", "Service", lambda t: {"spec": {"selector": None, "ports": [{"port": 80, "protocol": "TCP"}, {"port": 80, "protocol": "UDP"}], "type": "ExternalName"}}),
]
CLUSTER = ("PersistentVolume", "StorageClass", "IngressClass", "APIService", "MutatingWebhookConfiguration", "CustomResourceDefinition", "PriorityClass", "PodSecurityPolicy", "ClusterRole")

WIDGET_SCHEMA = {"definitions": {"com.example.v1.Widget": {"type": "object", "properties": {
    "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
    "spec": {"type": "object", "properties": {
        "list": {"type": "array", "items": {"type": "object"}, "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge"},
        "nested": {"type": "object"},
        "containers": {"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "x-kubernetes-patch-merge-key": "name",
                       "x-kubernetes-patch-strategy": "merge"}}}},
    "x-kubernetes-group-version-kind": [{"group": "example.com", "kind": "Widget", "version": "v1"}]}}}

CRD_TYPES = {"example.com/v1.Widget": {"Schema": {"properties": {
    "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}, "spec": {"$ref": "example.com/v1.WidgetSpec"}}}, "Dependencies": []},
    "example.com/v1.WidgetSpec": {"Schema": {"properties": {"nested": {"$ref": "example.com/v1.Nested"}}}},
    "example.com/v1.Nested": {"Schema": {"properties": {
        "x": {"type": "string", "x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ConfigMap"},
        "ref": {"type": "object", "x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "Secret", "x-kubernetes-object-ref-name-key": "n"},
        "lbl": {"x-kubernetes-label-selector": ""}, "ann": {"x-kubernetes-annotation": ""}, "idn": {"x-kubernetes-identity": ""}}}}}

ANCHORED = [
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\n  labels: &l {app: web, tier: x}\n  annotations: *l\ndata: *l\n",
    "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: NAME}\nspec:\n  base: &b\n    a: 1\n    c: {d: e}\n  other:\n    <<: *b\n    a: 2\n  list:\n  - &i {name: one, v: x}\n  - <<: *i\n    name: two\n",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: NAME\nspec:\n  template:\n    spec:\n      containers:\n      - &c\n        name: a\n        image: nginx\n        env: &e\n        - {name: A, value: x}\n      - name: b\n        image: nginx:1\n        env: *e\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\ndata:\n  a: one\n  a: two\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\n  name: NAME\ndata: {}\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\ndata:\n  ? complex\n  : value\n  ? |\n    block\n  : x\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\nbinaryData:\n  x: !!binary aGVsbG8=\ndata:\n  1: one\n  true: yes\n  1.5: f\n  ~: n\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\ndata:\n  k: >\n    folded text\n    here\n\n      more indented\n    back\n\n\n  l: |2\n      two spaces\n    end\n  m: plain\n    continued\n    here\n  n: 'single\n    continued\n\n    para'\n  o: \"double \\\n    joined\n    line\"\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\ndata:\n\tk: tab\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name:NAME\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME, labels: {a: b,}, }\ndata: {a, b: , c: d}\n",
    "# only a comment\n", "", "---\n---\n", "null\n", "[]\n", "{}\n", "text\n", "- a\n- b\n",
    "apiVersion: v1\nkind: List\nitems: []\n", "apiVersion: v1\nkind: List\nitems:\n", "apiVersion: v1\nkind: List\nmetadata: {name: x}\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: v1, kind: ConfigMap, metadata: {name: NAME}}\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\n  namespace:\n", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: 5\n", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\n  labels:\n  annotations: {}\n",
    "kind: ConfigMap\nmetadata:\n  name: NAME\n", "apiVersion: v1\nmetadata:\n  name: NAME\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: NAME-\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\n  annotations:\n    config.kubernetes.io/local-config: 'true'\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\n  annotations:\n    kustomize.config.k8s.io/needs-hash: 'true'\n    kustomize.config.k8s.io/behavior: merge\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\n  annotations:\n    internal.config.kubernetes.io/path: a\n    config.kubernetes.io/index: '0'\n    config.kubernetes.io/origin: x\n",
]

PATHS = ["metadata.name", "metadata.namespace", "metadata.labels.app", "metadata.labels", "metadata.annotations.[x/y]", r"metadata.annotations.a\.b/c", "data.k", r"data.m\.txt", "data.new", "spec.replicas",
         "spec.template.spec.containers.*.image", "spec.template.spec.containers.0.image", "spec.template.spec.containers.5.image", "spec.template.spec.containers.-.name", "spec.template.spec.containers.[name=main].image",
         "spec.template.spec.containers.[name=nosuch].image", "spec.template.spec.containers.[name=main].env.[name=A].value", "spec.template.spec.containers.[name=main].env.*.value", "spec.nested.x", "spec.nested",
         "spec.list.[name=a].v", "spec.list.*", "spec.rules.0.host", "spec.ports.[port=80].targetPort", "subjects.*.namespace", "webhooks.*.clientConfig.service.name", "spec.template.metadata.labels", "kind", "apiVersion",
         "spec.new.deep.field", "spec.template.spec.volumes.[name=v].configMap.name", "stringData.k", "a..b", "", "."]


class Fields:
    def sprinkle(self, value, path):
        """Odd scalars in the places of strings that name nothing."""
        if isinstance(value, dict): return {k: self.sprinkle(v, path + (k,)) for k, v in value.items()}
        if isinstance(value, list): return [self.sprinkle(v, path) for v in value]
        fixed = {"apiVersion", "kind", "name", "namespace", "op", "path", "resources", "target", "secretName", "image", "$patch", "metadata", "prefix", "from", "fieldPath", "fieldPaths"}
        if not isinstance(value, (str, int)) or isinstance(value, bool) or path and path[-1] in fixed or not self.chance(self.rate): return value
        return self.pick(odd_yaml.SCALARS if self.chance(0.5) else odd_yaml.STRINGS)

    def strip_odd(self, value):
        if isinstance(value, dict): return {k: self.strip_odd(v) for k, v in value.items()}
        if isinstance(value, list): return [self.strip_odd(v) for v in value]
        return str(value) if isinstance(value, odd_yaml.Odd) else value

    def dump_kustomization(self, k):
        style, rate, self.rate = self.style, self.rate, 0
        if self.style == "wild" and self.chance(0.7): self.style = "odd"
        text = self.dump(k)
        self.style, self.rate = style, rate
        if self.chance(0.01): text += "unknownField: x\n"
        if self.chance(0.005): text = text.replace("resources:", "resource:", 1)
        if self.chance(0.005): text += "namePrefix: again-\n"
        return text

    def documents(self, docs):
        if self.chance(0.05): return self.dump({"apiVersion": "v1", "kind": "List", "items": docs})
        texts = [self.dump(d) for d in docs]
        if self.wide and self.chance(0.1):
            name = "anch-%d" % self.count
            texts.insert(self.r.randint(0, len(texts)), self.pick(ANCHORED).replace("NAME", name))
            self.known.append(("v1", "ConfigMap", name, ""))
        out = texts[0]
        for text in texts[1:]:
            if not out.endswith("\n"): out += "\n"
            out += self.pick(["---\n"] * 8 + ["--- # next\n", "---   \n", "---\n\n---\n", "---\n# only a comment\n---\n", "---\nnull\n---\n"]) + text.removeprefix("\ufeff")
        if self.chance(0.02): out = out.replace("\n", "\r\n")
        return out

    def rare_manifest(self):
        api, kind, body = self.pick(RARE)
        name = "%s-%d" % (self.pick(NAMES), len(self.known)) if self.chance(0.8) else self.pick(NAMES)
        space = "" if kind in CLUSTER or self.chance(0.5) else self.pick(["default", "prod", "dev"])
        o = {"apiVersion": api, "kind": kind, "metadata": self.metadata(name, space)}
        o.update(body(self))
        if kind == "ConfigMapList": o.pop("metadata")
        else: self.known.append((api, kind, name, space))
        if self.chance(0.03): o["status"] = {"a": 1}
        if self.chance(0.02) and "metadata" in o: o["metadata"]["annotations"] = self.pick([{"config.kubernetes.io/local-config": self.pick(["true", "false", "x"])}, {"kustomize.config.k8s.io/id": "x"}, {"internal.config.kubernetes.io/x": "y"}])
        return o

    def someone(self):
        return self.pick(self.known) if self.known else ("apps/v1", "Deployment", "web", "")

    def odd_target(self):
        api, kind, name, space = self.someone()
        t = {}
        if self.chance(0.6): t["kind"] = self.pick([kind, kind, kind[:4] + ".*", "Deploy|Service", "^" + kind + "$", "(?i)" + kind.lower(), "deployment"])
        if self.chance(0.4): t["name"] = self.pick([name, name + "|web", "^" + name, ".+", "[a-d].*", "w", ""])
        if self.chance(0.2): t["namespace"] = self.pick([space, "prod", ".*", "default", "p.*"])
        if self.chance(0.2): t["group"] = self.pick(["apps", "", ".*", "app", "batch|apps"])
        if self.chance(0.2): t["version"] = self.pick(["v1", "v.*", "v2"])
        if self.chance(0.2): t["annotationSelector"] = self.pick(["a", "a=b", "app=web", "app in (web)", "!a", "a=b,c=d"])
        if self.chance(0.2): t["labelSelector"] = self.pick(["app=web,tier=backend", "app==web", "app notin (x)", "app", "!app", "tier in (backend,web),app", "=", "app=", "app.kubernetes.io/name=web"])
        return t or {"name": ".*"}

    def odd_merge_patch(self, o, kind):
        pick, chance = self.pick, self.chance
        meta = o["metadata"]
        if chance(0.1): meta["name"] = pick([meta["name"], "other", "not-important", ""])
        if chance(0.2): meta["labels"] = pick([{"$patch": "replace", "a": "b"}, {"$patch": "delete"}, {"app": None}, None, {}, {"$retainKeys": ["app"], "app": "x"}])
        if chance(0.1): meta["annotations"] = pick([{"$patch": "replace"}, {"x/y": "z", "n": 5}, {"b": True}])
        if chance(0.1): meta["$deleteFromPrimitiveList/finalizers"] = ["a/b"]
        if chance(0.1): meta["finalizers"] = pick([["z/z"], [], None])
        if kind in ("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "Pod", "CronJob", "ReplicationController"):
            spec = pick([
                {"containers": [{"name": "main", "env": [{"name": "A", "$patch": "delete"}, {"name": "Z", "value": "1"}]}]},
                {"containers": [{"name": "main", "image": "x:1", "command": ["a", "b"], "args": None}]},
                {"$setElementOrder/containers": [{"name": "side"}, {"name": "main"}], "containers": [{"name": "main", "image": "o"}]},
                {"containers": [{"name": "main", "ports": [{"containerPort": 80, "protocol": "UDP"}, {"containerPort": 9}]}]},
                {"containers": [{"name": "main", "ports": [{"containerPort": 80, "$patch": "delete"}]}]},
                {"containers": [{"image": "noname"}]}, {"containers": {"name": "main"}}, {"containers": []}, {"containers": None},
                {"containers": [{"$patch": "replace"}, {"name": "only"}]}, {"containers": [{"$patch": "delete", "name": "side"}, {"name": "fresh", "image": "f"}]},
                {"volumes": [{"name": "v", "$patch": "replace", "emptyDir": {}}]}, {"volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/"}}]},
                {"volumes": [{"name": "v", "configMap": None, "secret": {"secretName": "web"}}]},
                {"tolerations": [{"key": "b"}]}, {"imagePullSecrets": [{"name": "z"}]}, {"hostAliases": [{"ip": "2.2.2.2"}]},
                {"topologySpreadConstraints": [{"topologyKey": "zone", "maxSkew": 2, "whenUnsatisfiable": "DoNotSchedule"}, {"topologyKey": "host", "whenUnsatisfiable": "x"}]},
                {"$patch": "delete"}, {"$patch": "replace", "containers": [{"name": "r"}]}, {"nodeSelector": {"a": None, "b": "c"}}, {"securityContext": {}},
                {"containers": [{"name": "main", "resources": {"limits": {"cpu": None, "x": 1}}, "securityContext": {"$patch": "replace", "a": 1}}]},
                {"containers": [{"name": "main", "env": [{"name": "A", "valueFrom": None, "value": "v"}, {"name": "B", "value": None}]}]},
                {"initContainers": [{"name": "init", "$patch": "delete"}, {"name": "init2", "image": "i"}]}, {"affinity": {"a": [{"b": 1}]}},
                {"containers": [{"name": "main", "volumeMounts": [{"mountPath": "/a", "name": "n"}, {"mountPath": "/b", "$patch": "delete"}]}]},
                {"containers": [{"name": "main", "envFrom": [{"configMapRef": {"name": "q"}}]}, {"name": "main", "image": "twice"}]},
            ])
            if kind == "Pod": o["spec"] = spec
            elif kind == "CronJob": o["spec"] = {"jobTemplate": {"spec": {"template": {"spec": spec}}}}
            else:
                o["spec"] = {"template": {"spec": spec}}
                if chance(0.15): o["spec"]["selector"] = pick([{"matchLabels": {"$patch": "replace", "q": "r"}}, {"$patch": "replace", "matchLabels": {"s": "t"}}, None])
                if chance(0.1): o["spec"]["template"]["metadata"] = {"labels": pick([None, {"n": "1"}, {"$patch": "delete"}])}
        elif kind == "Service": o["spec"] = pick([{"ports": [{"port": 80, "nodePort": 5}]}, {"ports": [{"port": 80, "protocol": "UDP", "name": "u"}]}, {"ports": [{"port": 80, "$patch": "delete"}]}, {"ports": None}, {"selector": {"$patch": "replace", "z": "y"}}, {"ports": [{"$patch": "replace"}, {"port": 1}]}, {"ports": [{"name": "noport"}]}])
        elif kind in ("RoleBinding", "ClusterRoleBinding"): o["subjects"] = pick([[{"kind": "User", "name": "p"}], None, [{"$patch": "replace"}]])
        elif kind in ("Widget", "Gadget"): o["spec"] = pick([{"list": [{"name": "a", "w": 2}]}, {"list": [{"name": "a", "$patch": "delete"}]}, {"containers": [{"name": "c", "image": "p"}]}, {"nested": None}, {"nested": {"x": None, "deep": {"a": {"b": None}}}}, {"$patch": "replace", "z": 1}, {"template": {"spec": {"containers": [{"name": "g", "image": "h"}]}}}])
        elif kind in ("ConfigMap", "Secret"): o["data"] = pick([{"k": None}, None, {}, {"$patch": "replace", "only": "x"}, {"new": 5, "b": True}, {"k": "multi\nline\n"}, {"$patch": "merge", "k": "z"}, {"$patch": "odd", "k": "z"}])
        elif kind == "Ingress": o["spec"] = pick([{"rules": [{"host": "n"}]}, {"tls": None}, {"tls": [{"hosts": ["q"]}]}])
        else: o["spec"] = pick([{"a": 1}, None, {"selector": {"matchLabels": {"x": "y"}}}])
        return o

    def odd_operations(self):
        ops = []
        for _ in range(self.r.randint(1, 4)):
            path = self.pick(["/metadata/labels/app", "/metadata/labels/app.kubernetes.io~1name", "/metadata/annotations/a~0b", "/metadata/name", "/metadata/namespace", "/kind", "/spec/replicas", "/spec/template/spec/containers/0", "/spec/template/spec/containers/1",
                              "/spec/template/spec/containers/-", "/spec/template/spec/containers/-1", "/spec/template/spec/containers/00", "/spec/template/spec/containers/0/env/0", "/spec/template/spec/containers/0/env", "/spec/template/spec/containers/9",
                              "/spec/ports/0/port", "/spec/list/0", "/spec/list/1/name", "/data", "/data/k", "/data/m.txt", "/spec/nested/n", "", "/", "/spec/", "spec/replicas", "/rules/0", "/subjects/0/namespace", "/a/b/c"])
            op = self.pick(["add", "add", "replace", "remove", "test", "move", "copy", "Add", "x"] if self.chance(0.1) else ["add", "add", "replace", "remove"] if self.chance(0.8) else ["test", "move", "copy"])
            o = {"op": op, "path": path}
            if op in ("move", "copy"): o["from"] = self.pick(["/metadata/name", "/metadata/labels", "/spec/replicas", "/data/k", "/nosuch", "/spec/template/spec/containers/0"])
            elif op != "remove" and not self.chance(0.03): o["value"] = self.pick(["v", 3, 1.5, True, None, {"a": "b"}, ["x", 1], [], {}, {"name": "new", "image": "nginx", "env": None}, "multi\nline", 10000000000, 1e30, "0123", {"z": 1, "a": {"y": 2, "b": None}}])
            if self.chance(0.03): o["extra"] = 1
            if self.chance(0.03): o.pop("path")
            ops.append(o)
        return ops

    def odd_replacement(self):
        api, kind, name, space = self.someone()
        source = {"kind": self.pick([kind] * 6 + ["Kin", ""]), "name": self.pick([name] * 6 + ["w", ".*"])}
        if self.chance(0.2): source.pop("name")
        if self.chance(0.15): source["namespace"] = space
        if self.chance(0.1): source["version"] = "v1"
        if self.chance(0.1) and "/" in api: source["group"] = api.split("/")[0]
        if self.chance(0.8): source["fieldPath"] = self.pick(PATHS)
        if self.chance(0.3): source["options"] = {"delimiter": self.pick([":", "/", "-", "", ".", "n"]), "index": self.pick([0, 1, 2, -1, 9])}
        targets = []
        for _ in range(self.r.randint(1, 2)):
            a2, k2, n2, s2 = self.someone()
            t = {"select": {"kind": self.pick([k2, k2, k2, "Dep.*"])}}
            if self.chance(0.5): t["select"]["name"] = self.pick([n2, n2, "w.*"])
            if self.chance(0.2): t["select"]["namespace"] = self.pick([s2, "prod"])
            if self.chance(0.2): t["select"]["labelSelector"] = self.pick(["app=web", "!tier"])
            if self.chance(0.2): t["reject"] = [self.pick([{"name": n2}, {"kind": k2}, {"labelSelector": "app"}, {}, {"namespace": "prod"}])]
            if self.chance(0.9): t["fieldPaths"] = [self.pick(PATHS) for _ in range(self.r.randint(1, 2))]
            if self.chance(0.6): t["options"] = {"create": True}
            if self.chance(0.25): t.setdefault("options", {}).update({"delimiter": self.pick([":", "/", ".", "-", "e"]), "index": self.pick([-1, 0, 1, 2, 5])})
            if self.chance(0.02): t.pop("select")
            targets.append(t)
        r = {"source": source, "targets": targets}
        if self.chance(0.02): r.pop("source")
        if self.chance(0.1): r.pop("source", None); r["sourceValue"] = self.value()
        return r

    def plugin(self, directory):
        """The config of a built-in transformer, as a plugin file holds it."""
        meta = {"name": self.pick(["t", "t1", "t2"])}
        fieldspecs = [{"path": self.pick(["metadata/labels", "metadata/annotations", "spec/template/metadata/labels", "spec/nested/new", "spec/list[]/l", "spec/selector/matchLabels"]), "create": self.chance(0.7)}]
        if self.chance(0.3): fieldspecs[0].update(self.pick([{"kind": "Deployment"}, {"group": "apps"}, {"version": "v1"}, {"group": "example.com", "kind": "Widget"}]))
        make = self.pick([
            lambda: {"kind": "PatchTransformer", "patch": self.dump_plain(self.merge_patch()), **({"target": self.target()} if self.chance(0.5) else {})},
            lambda: {"kind": "PatchTransformer", "patch": self.dump_plain(self.operations()), "target": self.target()},
            lambda: {"kind": "PatchStrategicMergeTransformer", self.pick(["patches", "paths"]): self.dump_plain(self.merge_patch()) if self.chance(0.7) else [self.dump_plain(self.merge_patch())]},
            lambda: {"kind": "PatchJson6902Transformer", "target": {"kind": self.someone()[1], "name": self.someone()[2]}, "jsonOp": self.dump_plain(self.operations())},
            lambda: {"kind": "ReplacementTransformer", "replacements": [self.replacement()]},
            lambda: {"kind": "AnnotationsTransformer", "annotations": self.pairs(), "fieldSpecs": fieldspecs},
            lambda: {"kind": "LabelTransformer", "labels": self.pairs(), "fieldSpecs": fieldspecs},
            lambda: {"kind": "SuffixTransformer", "suffix": "-st", "fieldSpecs": [{"path": "metadata/name"}]},
            lambda: {"kind": "PrefixTransformer", "prefix": "pt-", "fieldSpecs": [{"path": "metadata/name", "kind": self.someone()[1]}]},
            lambda: {"kind": "PrefixSuffixTransformer", "prefix": "a-", "suffix": "-z", "fieldSpecs": [{"path": "metadata/name"}]},
            lambda: {"kind": "ImageTagTransformer", "imageTag": self.image(), "fieldSpecs": [{"path": "spec/template/spec/containers[]/image"}]},
            lambda: {"kind": "HashTransformer"},
            lambda: {"kind": "SortOrderTransformer", "sortOptions": {"order": self.pick(["fifo", "legacy"])}},
            lambda: {"kind": "ValueAddTransformer", "value": self.value(), "targets": [{"fieldPath": self.pick(["metadata/labels/va", "metadata/namespace", "spec/nested/x"]), **({"selector": {"kind": self.someone()[1]}} if self.chance(0.5) else {}),
                      **({"filePathPosition": self.pick([0, 1, 2, -1])} if self.chance(0.4) else {})}]},
            lambda: {"kind": "NamespaceTransformer", "fieldSpecs": [{"path": "metadata/namespace", "create": True}], "unsetOnly": self.chance(0.5)},
            lambda: {"kind": "ReplicaCountTransformer", "replica": {"name": self.someone()[2], "count": 3}, "fieldSpecs": [{"path": "spec/replicas", "create": True}]},
            lambda: {"kind": "NoSuchTransformer"},
        ])
        config = {"apiVersion": "builtin", "kind": "", "metadata": meta, **make()}
        if config["kind"] == "NamespaceTransformer": meta["namespace"] = "tns"
        return config

    def dump_plain(self, data):
        style, self.style = self.style, "plain"
        text = self.dump(data)
        self.style = style
        return text

    def generator_plugin(self, directory):
        meta = {"name": self.pick(NAMES) + "-gen%d" % self.count}
        kind = self.pick(["ConfigMapGenerator", "SecretGenerator", "ConfigMapGenerator", "IAMPolicyGenerator"])
        if kind == "IAMPolicyGenerator":
            return {"apiVersion": "builtin", "kind": kind, "metadata": meta, "cloud": "gke", "kubernetesService": {"name": "sa-%d" % self.count, "namespace": "ns"}, "serviceAccount": {"name": "n", "projectId": "p"}}
        args = self.generator(directory, kind == "SecretGenerator")
        self.count += 1
        args["name"] = meta["name"]
        if "namespace" in args: meta["namespace"] = args["namespace"]
        return {"apiVersion": "builtin", "kind": kind, "metadata": meta, **args}

    def plugin_entries(self, directory, make):
        entries = []
        for _ in range(self.r.randint(1, 2)):
            self.count += 1
            text = self.dump_plain(make(directory))
            how = self.r.random()
            if how < 0.4: entries.append(text)
            elif how < 0.8:
                name = "plugin-%d.yaml" % self.count
                self.write(directory + "/" + name, text)
                entries.append(name)
            else:
                name = "plugins-%d" % self.count
                self.write(directory + "/" + name + "/kustomization.yaml", "resources: [p.yaml]\n")
                self.write(directory + "/" + name + "/p.yaml", text)
                entries.append(name)
        return entries

    def more_fields(self, k, directory):
        pick, level = self.pick, self.level
        chance = lambda p: self.chance(p * level)
        if chance(0.08): k.setdefault("transformers", []).extend(self.plugin_entries(directory, self.plugin))
        if chance(0.05): k["generators"] = self.plugin_entries(directory, self.generator_plugin)
        if chance(0.02): k["validators"] = self.plugin_entries(directory, self.plugin)
        if chance(0.04):
            self.write(directory + "/schema.json", json.dumps(WIDGET_SCHEMA) if chance(0.5) else self.dump_plain(WIDGET_SCHEMA))
            k["openapi"] = {"path": "schema.json"}
        elif chance(0.01): k["openapi"] = {"version": pick(["v1.21.2", "v1.20.4", "v9"])}
        if chance(0.04):
            self.write(directory + "/crd.json", json.dumps(CRD_TYPES))
            k["crds"] = ["crd.json"]
        if chance(0.06): k["configurations"] = k.get("configurations", []) + [self.configuration(directory)]
        if chance(0.05): k["sortOptions"] = pick([{"order": "legacy", "legacySortOptions": {"orderFirst": ["Service", "Widget"], "orderLast": pick([["Namespace"], []])}}, {"order": "legacy", "legacySortOptions": {}}, {"order": "odd"}, {"order": "fifo", "legacySortOptions": {"orderFirst": []}}])
        if chance(0.05): k["buildMetadata"] = pick([["originAnnotations"], ["transformerAnnotations"], ["managedByLabel"], ["managedByLabel", "originAnnotations", "transformerAnnotations"], ["nosuch"], []])
        if chance(0.06): k["labels"] = [pick([
            {"pairs": self.pairs(), "includeSelectors": True, "includeTemplates": True}, {"pairs": self.pairs(), "fields": [{"path": "spec/template/metadata/labels", "create": True, "kind": "Deployment"}]},
            {"pairs": self.pairs(), "includeSelectors": True, "fields": [{"path": "spec/nested/l", "create": chance(0.5), "group": "example.com"}]}, {"pairs": {}}, {"includeSelectors": True}, {"pairs": {"a": 5}}, {"pairs": self.pairs(), "fields": [{"path": "metadata/labels"}]}])
            for _ in range(self.r.randint(1, 2))]
        if chance(0.05): k["vars"] = [self.var() for _ in range(self.r.randint(1, 2))]
        if chance(0.04): k["generatorOptions"] = pick([{"disableNameSuffixHash": True, "labels": {"a": "b"}, "annotations": {"c": "d"}, "immutable": True}, {"immutable": True}, {}, {"labels": {"n": 5}}])
        if chance(0.05): k["configMapGenerator"] = k.get("configMapGenerator", []) + [self.odd_generator(directory, False)]
        if chance(0.03): k["secretGenerator"] = k.get("secretGenerator", []) + [self.odd_generator(directory, True)]
        if chance(0.03) and self.known: k["replacements"] = k.get("replacements", []) + [{"path": self.replacement_file(directory)}]
        if chance(0.04): k["images"] = pick([[{"name": "nginx", "newName": "a"}, {"name": "a", "newTag": "2"}], [{"name": "ngin.", "newTag": "r"}], [{"name": ""}], [{"newTag": "x"}], [{"name": "nginx", "digest": "sha256:" + "cd" * 32}], [{"name": "nginx", "newTag": 1.5}],
            [{"name": "registry.io:5000/team/app", "newName": "h:1/x"}], [{"name": "nginx", "tagSuffix": "-z"}, {"name": "nginx", "newTag": "1"}], [{"name": "*", "newTag": "x"}]])
        if chance(0.03) and self.scalable(): k["replicas"] = [{"name": pick(self.scalable()), "count": pick([0, 5, "3", -1])}, {"name": pick(self.scalable() + ["nosuch"]), "count": 2}]
        if chance(0.02): k["metadata"] = pick([{"name": "k"}, {"annotations": {"a": "b"}}, None, {"name": "arbitrary", "labels": {"x": "y"}}])
        if chance(0.02): k["namespace"] = pick(["", None, 5, "default"])
        if chance(0.02): k["resources"] = k.get("resources", []) + pick([["missing.yaml"], [""], ["."], [".."], k.get("resources", [])[:1], ["./" + str(k.get("resources", ["x"])[0])], [None], [5]])
        if chance(0.02): k["components"] = pick([[], None, ["missing"]])
        if chance(0.02): k["bases"] = k.pop("resources", [])[:1] if chance(0.5) else []
        if chance(0.02): k["commonLabels"] = pick([{"app": None}, {"a": 5}, {}, {"bad key!": "x"}, {"a": "x" * 70}])
        if chance(0.02): k["commonAnnotations"] = pick([{"a": None}, {"n": 5}, {"t": True}, {}, {"multi": "a\nb\n"}, {"u": "é"}])
        if chance(0.02): k["patchesStrategicMerge"] = [pick([self.dump_plain(self.merge_patch()) + "---\n" + self.dump_plain(self.merge_patch()), "missing.yaml", "", "{}"])]
        if chance(0.02): k["patches"] = k.get("patches", []) + pick([[{"patch": ""}], [{}], [{"path": "missing.yaml"}], [{"patch": "- op: x", "target": {"kind": "Deployment"}}], [{"patch": "[]", "target": {"name": "x"}}], [{"patch": "text"}], [{"patch": "kind: X"}],
            [{"target": self.target(), "patch": self.dump_plain([self.merge_patch()])}]])
        if chance(0.03): k["nameSuffix"] = pick(["", "-x", "_bad", "-é"])
        if chance(0.01): k["kind"] = pick(["Kustomization", "Component", "X"])
        if chance(0.01): k["apiVersion"] = pick(["kustomize.config.k8s.io/v1beta1", "v1", "kustomize.config.k8s.io/v1"])

    def configuration(self, directory):
        self.count += 1
        name = "conf-%d.yaml" % self.count
        spec = lambda path, **more: dict({"path": path}, **more)
        self.write(directory + "/" + name, self.dump_plain(self.pick([
            {"namePrefix": [spec("metadata/name", kind="ConfigMap")]}, {"nameSuffix": [spec("spec/nested/x")]}, {"commonAnnotations": [spec("spec/template/metadata/annotations", create=True, kind="Widget")]},
            {"namespace": [spec("spec/nested/ns", create=True), spec("metadata/namespace", kind="ClusterRole", create=True)]}, {"replicas": [spec("spec/nested/count", create=True, kind="Widget")]},
            {"images": [spec("spec/containers[]/image", kind="Widget"), spec("spec/list/v")]}, {"labels": [spec("spec/nested/lab", create=True)]}, {"templateLabels": [spec("spec/nested/tl", create=True)]},
            {"nameReference": [{"kind": "Widget", "group": "example.com", "version": "v1", "fieldSpecs": [spec("spec/ref/name", kind="Gadget"), spec("spec/nested/x")]}]},
            {"nameReference": [{"kind": "Deployment", "fieldSpecs": [spec("data/k", kind="ConfigMap")]}, {"kind": "Service", "version": "v1", "fieldSpecs": [spec("spec/rules/host", kind="Ingress"), spec("data/l")]}]},
            {"varReference": [spec("metadata/annotations"), spec("data/k", kind="ConfigMap"), spec("spec/nested")]}, {"commonLabels": [spec("spec/nested/a/b", create=True), spec("metadata/labels", create=True, behavior="x")]},
            {}, {"unknown": []}, {"commonLabels": [spec("spec/selector", kind="Service", skip=True)]}])))
        return name

    def var(self):
        api, kind, name, space = self.someone()
        ref = {"kind": kind, "name": name, "apiVersion": api}
        if self.chance(0.2): ref["namespace"] = space
        v = {"name": self.pick(["FOO", "BAR", "BAZ"]), "objref": ref}
        if self.chance(0.5): v["fieldref"] = {"fieldPath": self.pick(["metadata.name", "metadata.namespace", "spec.replicas", "data.k", "spec.template.spec.containers[0].image", "spec.nested", "nosuch.x", "metadata.labels.app", "spec.ports[0].port"])}
        return v

    def odd_generator(self, directory, secret):
        self.count += 1
        name = "%s-og%d" % (self.pick(NAMES), self.count)
        files = {"bin-%d" % self.count: "\x00\x01\xff", "crlf-%d.txt" % self.count: "a\r\nb\r\n", "tabs-%d.txt" % self.count: "\ta\n b \n", "long-%d.txt" % self.count: ("word " * 40 + "\n") * 2, "uni-%d" % self.count: "éx\n",
                 "empty-%d" % self.count: "", "sp-%d" % self.count: "  lead\n\ntrail  \n\n", "json-%d.json" % self.count: '{"a": [1, 2]}\n'}
        g = {"name": name}
        if self.chance(0.6):
            f, text = self.pick(sorted(files.items()))
            self.write(directory + "/" + f, text)
            g["files"] = [self.pick([f, "k.e-y_1=" + f, "./" + f, "=" + f, "a=b=" + f, f + "=", "bad key=" + f])]
        if self.chance(0.5): g["literals"] = [self.pick(["a=b", "c='quoted'", 'd="dq"', "e=", "f=x=y", "g= sp ", "h=multi\nline", "noequals", "=x", "i='half", "j=1e3", "k=${X}", "l=é", "a=dup"]) for _ in range(self.r.randint(1, 3))]
        if self.chance(0.3):
            f = "odd-%d.env" % self.count
            self.write(directory + "/" + f, self.pick(["A=1\nB='q'\nC=\"d\"\n", "\ufeffA=1\n", "A=1\r\nB=2\r\n", "# c\n\n  D = e f \nE\n", "bad key=1\n", "A=1\nA=2\n", "A==b\n", "A\n=x\n", "export A=1\n", "A=a # c\n", "1A=x\n", "A.b-c=1\n"]))
            g[self.pick(["envs", "env"])] = [f] if self.chance(0.9) else f
            if "env" in g: g["env"] = f
        if self.chance(0.2): g["behavior"] = self.pick(["merge", "replace", "create", "odd"])
        if self.chance(0.2): g["options"] = self.pick([{"labels": {"a": "b"}, "annotations": {"c": "d"}, "disableNameSuffixHash": True, "immutable": True}, {}, None, {"immutable": False}])
        if secret and self.chance(0.3): g["type"] = self.pick(["Opaque", "kubernetes.io/tls", "x"])
        return g

    def replacement_file(self, directory):
        self.count += 1
        name = "repl-%d.yaml" % self.count
        r = self.replacement()
        self.write(directory + "/" + name, self.dump_plain(r if self.chance(0.5) else [r, self.replacement()]))
        return name
