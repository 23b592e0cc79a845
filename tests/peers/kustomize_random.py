#!/usr/bin/env python3
"""Random kustomization trees, built by the real tool and by weir: the outputs must be the same bytes.

  kustomize_random.py --weir 'BINARY kustomize' [--kubectl PATH | --library BINARY] [--seed N] [--runs N] [--keep DIR]
                      [--manifests FOLDER]

--library is the program of tests/peers/kustomize (go build there): the real tool's own code, many trees in one
process, so that ten thousand take minutes.

--manifests takes half of the resources from files below that folder, as they stand, and patches what is in them.

Every tree follows from its seed (and that folder), which is printed when something differs; --keep saves such trees. A tree that
the real tool refuses must be refused, and one that it builds must be built. Needs PyYAML.
"""
import argparse, json, os, random, shutil, subprocess, sys, tempfile
import yaml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "kustomize"))
import odd_yaml
import fields
import manifests

NAMES = ["web", "api", "db", "cache", "job-a", "x"]
SPACES = ["", "", "default", "prod", "dev"]
IMAGES = ["nginx", "nginx:1.19", "registry.io:5000/team/app:v1", "app@sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3", "busybox:latest"]
KEYS = ["app", "tier", "team", "app.kubernetes.io/name"]
VALUES = ["web", "backend", "true", "1.0", "123", "", "a b", "x:y", "null", "on", "0755", "~", "#no", "multi\nline\n", "- dash", "é"]


class Tree(fields.Fields, manifests.Manifests):
    def __init__(self, seed, pool=None):
        self.pool = pool
        self.r = random.Random(seed)
        self.files = {}
        self.known = []          # (apiVersion, kind, name, namespace) of the objects written so far
        self.count = 0
        self.style = self.r.choice(["plain", "plain", "odd", "wild"])  # of the YAML
        self.rate = self.r.choice([0, 0, 0.01, 0.03])                  # of odd scalars
        self.level = self.pick([0.2, 0.4, 1])                          # how many of the rare fields
        self.wide = self.chance(0.6)                                   # the rare fields too

    def chance(self, p): return self.r.random() < p
    def pick(self, items): return self.r.choice(items)
    def value(self): return self.pick(VALUES)
    def pairs(self, most=2): return {self.pick(KEYS): self.value() for _ in range(self.r.randint(1, most))}

    def dump(self, data):
        if self.rate and data: data = self.sprinkle(data, ())
        if self.style != "plain": return odd_yaml.dump(data, self.r, self.style == "wild")
        if self.chance(0.02): return json.dumps(data, indent=self.pick([None, 2]), default=str)
        data = self.strip_odd(data)
        style = False if self.chance(0.85) else None
        text = yaml.safe_dump(data, default_flow_style=style, sort_keys=self.chance(0.3), allow_unicode=True,
                              width=self.pick([40, 80, 1000]), indent=self.pick([2, 4]))
        if self.chance(0.15): text = "# a comment\n" + text
        if self.chance(0.1): text = text.replace(": null\n", ":\n")
        return text

    def write(self, path, text): self.files[path] = text

    def metadata(self, name, space):
        m = {"name": name}
        if space: m["namespace"] = space
        if self.chance(0.4): m["labels"] = self.pairs()
        if self.chance(0.3): m["annotations"] = self.pairs()
        if self.chance(0.06): m["annotations"] = {"a": self.pick([1, 1.5, True, None, "x"]), "b": 3}
        if self.chance(0.04): m["finalizers"] = ["a/b", "c/d"]
        if self.chance(0.04): m["creationTimestamp"] = None
        return m

    def container(self, name):
        c = {"name": name, "image": self.pick(IMAGES)}
        if self.chance(0.4):
            c["env"] = [self.env(n) for n in self.r.sample(["A", "B", "C", "D"], self.r.randint(1, 3))]
        if self.chance(0.2): c["envFrom"] = [{self.pick(["configMapRef", "secretRef"]): {"name": self.pick(NAMES)}}]
        if self.chance(0.3):
            c["ports"] = [self.port() for _ in range(self.r.randint(1, 3))]
        if self.chance(0.3): c["args"] = [self.pick(["--x", "$(FOO)", "a=$(BAR)-$(FOO)", "$$(FOO)"]) for _ in range(2)]
        if self.chance(0.2): c["volumeMounts"] = [{"name": "v", "mountPath": p} for p in self.r.sample(["/a", "/b", "/c"], 2)]
        if self.chance(0.1): c["resources"] = self.pick([{}, None, {"limits": {"cpu": 1, "memory": "1Gi"}}])
        return c

    def env(self, name):
        kind = self.r.randint(0, 3)
        if kind == 0: return {"name": name, "valueFrom": {"configMapKeyRef": {"name": self.pick(NAMES), "key": "k"}}}
        if kind == 1: return {"name": name, "valueFrom": {"secretKeyRef": {"name": self.pick(NAMES), "key": "k"}}}
        return {"name": name, "value": self.value()}

    def port(self):
        p = {"containerPort": self.pick([80, 443, 8080])}
        if self.chance(0.5): p["protocol"] = self.pick(["TCP", "UDP"])
        if self.chance(0.5): p["name"] = self.pick(["http", "https", "dns"])
        return p

    def pod_spec(self):
        s = {"containers": [self.container(n) for n in self.r.sample(["main", "side", "log"], self.r.randint(1, 3))]}
        if self.chance(0.2): s["initContainers"] = [self.container("init")]
        if self.chance(0.3):
            s["volumes"] = [self.pick([
                {"name": "v", "configMap": {"name": self.pick(NAMES)}},
                {"name": "v", "secret": {"secretName": self.pick(NAMES)}},
                {"name": "v", "emptyDir": {}},
                {"name": "v", "persistentVolumeClaim": {"claimName": self.pick(NAMES)}},
                {"name": "v", "projected": {"sources": [{"configMap": {"name": self.pick(NAMES)}}]}}])]
        if self.chance(0.3): s["serviceAccountName"] = self.pick(NAMES)
        if self.chance(0.1): s["imagePullSecrets"] = [{"name": self.pick(NAMES)}]
        if self.chance(0.1): s["tolerations"] = [{"key": "a", "operator": "Exists"}]
        if self.chance(0.05): s["hostAliases"] = [{"ip": "1.1.1.1", "hostnames": ["a"]}]
        if self.chance(0.05): s["topologySpreadConstraints"] = [
            {"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"a": "b"}}}]
        return s

    def workload(self, kind):
        spec = {"selector": {"matchLabels": self.pairs(1)}, "template": {"metadata": {"labels": self.pairs(1)}, "spec": self.pod_spec()}}
        if self.chance(0.1): spec["template"]["metadata"] = self.pick([{}, None])
        if self.chance(0.5): spec["replicas"] = self.r.randint(0, 5)
        if kind == "StatefulSet":
            spec["serviceName"] = self.pick(NAMES)
            if self.chance(0.4): spec["volumeClaimTemplates"] = [{"metadata": {"name": "d"}, "spec": {"storageClassName": self.pick(NAMES)}}]
        return {"spec": spec}

    def body(self, kind):
        r = self.r
        if kind in ("Deployment", "StatefulSet", "DaemonSet"): return self.workload(kind)
        if kind == "Service":
            return {"spec": {"selector": self.pairs(1), "ports": [{"port": p, "targetPort": self.pick([80, "http"])} for p in r.sample([80, 443, 53], r.randint(1, 2))]}}
        if kind == "ConfigMap":
            return {"data": {k: self.value() for k in r.sample(["k", "l", "m.txt"], r.randint(1, 3))}}
        if kind == "Secret": return {"type": "Opaque", "stringData": {"k": self.value()}}
        if kind == "Pod": return {"spec": self.pod_spec()}
        if kind == "CronJob": return {"spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": self.pod_spec()}}}}}
        if kind == "Ingress":
            return {"spec": {"rules": [{"host": "h", "http": {"paths": [{"path": "/", "backend": {"service": {"name": self.pick(NAMES), "port": {"number": 80}}}}]}}],
                             "tls": [{"secretName": self.pick(NAMES), "hosts": ["h"]}]}}
        if kind in ("RoleBinding", "ClusterRoleBinding"):
            subjects = [{"kind": self.pick(["ServiceAccount", "User"]), "name": self.pick(NAMES + ["default"])} for _ in range(r.randint(1, 2))]
            if self.chance(0.02): subjects[0]["name"] = None
            for s in subjects:
                if self.chance(0.6): s["namespace"] = self.pick(["default", "prod", "dev", "other"])
            return {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": self.pick(["Role", "ClusterRole"]), "name": self.pick(NAMES)}, "subjects": subjects}
        if kind in ("Role", "ClusterRole"):
            return {"rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": [self.pick(NAMES)]}]}
        if kind == "HorizontalPodAutoscaler":
            return {"spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": self.pick(NAMES)}, "maxReplicas": 3}}
        if kind == "ValidatingWebhookConfiguration":
            return {"webhooks": [{"name": "w", "clientConfig": {"service": {"name": self.pick(NAMES), "namespace": self.pick(["default", "prod"])}}}]}
        if kind == "Widget":
            return {"spec": {"list": [{"name": "a", "v": 1}, {"name": "b", "v": self.value()}], "nested": {"x": self.value(), "n": None, "f": self.pick([1.5, 1e21, 0.1, 100])},
                             "containers": [{"name": "c", "image": self.pick(IMAGES)}]}}
        return {}

    KINDS = [("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("v1", "Service"), ("v1", "ConfigMap"), ("v1", "Secret"),
             ("v1", "Pod"), ("batch/v1", "CronJob"), ("networking.k8s.io/v1", "Ingress"), ("rbac.authorization.k8s.io/v1", "RoleBinding"),
             ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"), ("rbac.authorization.k8s.io/v1", "Role"), ("rbac.authorization.k8s.io/v1", "ClusterRole"),
             ("v1", "ServiceAccount"), ("autoscaling/v2", "HorizontalPodAutoscaler"), ("v1", "Namespace"), ("example.com/v1", "Widget"),
             ("v1", "PersistentVolumeClaim"), ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"), ("apps/v1", "Deployment"), ("apps/v1", "Deployment")]

    def manifest(self):
        if self.wide and self.chance(0.25): return self.rare_manifest()
        api, kind = self.pick(self.KINDS)
        name, space = self.pick(NAMES), self.pick(SPACES)
        if any(k[1] == kind and k[2] == name for k in self.known) and self.chance(0.9): name += "-%d" % len(self.known)
        if kind in ("ClusterRole", "ClusterRoleBinding", "Namespace", "ValidatingWebhookConfiguration") and self.chance(0.9): space = ""
        o = {"apiVersion": api, "kind": kind, "metadata": self.metadata(name, space)}
        o.update(self.body(kind))
        self.known.append((api, kind, name, space))
        return o

    def target(self):
        t = {}
        if self.real and self.chance(0.5):
            o = self.real_object()
            return {"kind": o["kind"], "name": self.pick([o["metadata"]["name"], ".*"])} if self.chance(0.7) else {"kind": o["kind"]}
        if self.wide and self.chance(0.3): return self.odd_target()
        if self.known and self.chance(0.8):
            api, kind, name, space = self.pick(self.known)
            if self.chance(0.7): t["kind"] = kind
            if self.chance(0.5): t["name"] = self.pick([name, name, ".*", name[:1] + ".*"])
            if self.chance(0.2) and "/" in api: t["group"], t["version"] = api.split("/")
            if self.chance(0.1) and space: t["namespace"] = space
        if self.chance(0.15): t["labelSelector"] = self.pick(["app", "app=web", "app in (web, backend)", "!tier", "app!=web"])
        return t or {"kind": "Deployment"}

    def merge_patch(self):
        if self.real and self.chance(0.6): return self.real_patch()
        api, kind, name, space = self.pick(self.known) if self.known else ("apps/v1", "Deployment", "web", "")
        o = {"apiVersion": api, "kind": kind, "metadata": {"name": name}}
        if space: o["metadata"]["namespace"] = space
        if self.wide and self.chance(0.25): return self.odd_merge_patch(o, kind)
        roll = self.r.random()
        if roll < 0.06: o["$patch"] = "delete"; return o
        if self.chance(0.3): o["metadata"]["labels"] = self.pairs()
        if self.chance(0.2): o["metadata"]["annotations"] = self.pick([self.pairs(), None, {"a": None}])
        if self.chance(0.05): o["metadata"]["finalizers"] = ["e/f", "a/b"]
        if kind in ("Deployment", "StatefulSet", "DaemonSet"):
            s = self.pod_spec()
            for c in s["containers"]:
                if self.chance(0.15): c["$patch"] = self.pick(["delete", "replace", "merge"])
                if self.chance(0.3): c.pop("image")
                if "env" in c and self.chance(0.3): c["env"][0] = {"name": c["env"][0]["name"], "$patch": "delete"}
                if "env" in c and self.chance(0.1): c["env"].append({"$patch": "replace"})
                if "ports" in c and self.chance(0.1): c["ports"].append({"$patch": "replace"})
                if self.chance(0.1): c["env"] = None
            if self.chance(0.1): s["containers"].append({"$patch": "replace"})
            if self.chance(0.1): s["volumes"] = None
            o["spec"] = {"template": {"spec": s}}
            if self.chance(0.3): o["spec"]["replicas"] = self.pick([2, 7, None])
            if self.chance(0.05): o["spec"]["template"]["$patch"] = "replace"
            if self.chance(0.1): o["spec"]["strategy"] = {"type": "Recreate", "rollingUpdate": None}
        elif self.chance(0.8):
            o.update(self.body(kind))
            if kind == "ConfigMap" and self.chance(0.3): o["data"]["k"] = None
            if kind == "Widget" and self.chance(0.3): o["spec"]["nested"]["$patch"] = "replace"
        return o

    def operations(self):
        ops = []
        if self.wide and self.chance(0.3): return self.odd_operations()
        if self.chance(0.7):
            return [{"op": "add", "path": self.pick(["/metadata/annotations/x~1y", "/metadata/labels", "/metadata/annotations", "/spec", "/extra"]),
                     "value": self.pick([{"a": "b"}, {"nn": None, "m": [1, 1.5]}])} if self.chance(0.5) else
                    {"op": "add", "path": "/metadata/annotations/p~1q", "value": self.pick(["v", 3, True])} for _ in range(self.r.randint(1, 2))]
        for _ in range(self.r.randint(1, 3)):
            path = self.pick(["/metadata/labels/app", "/metadata/annotations/x~1y", "/spec/replicas", "/spec/template/spec/containers/0/image",
                              "/spec/template/spec/containers/-", "/metadata/labels", "/spec/new", "/data/k", "/metadata/annotations"])
            op = self.pick(["add", "add", "add", "replace", "remove", "test"])
            o = {"op": op, "path": path}
            if op != "remove": o["value"] = self.pick(["v", 3, True, None, {"a": "b"}, ["x"], {"name": "new", "image": "nginx"}])
            ops.append(o)
        return ops

    def patch(self, directory):
        p = {}
        if self.real and self.chance(0.2):
            o = self.real_object()
            text, p["target"] = self.dump(self.real_operations(o)), {"kind": o["kind"], "name": o["metadata"]["name"]}
        elif self.chance(0.35):
            text, p["target"] = self.dump(self.operations()), self.target()
        else:
            text = self.dump(self.merge_patch())
            if self.chance(0.3): p["target"] = self.target()
            elif self.chance(0.15): text += "---\n" + self.dump(self.merge_patch())
            if self.chance(0.08): p["options"] = {"allowNameChange": True}
            if self.chance(0.05): p.setdefault("options", {})["allowKindChange"] = True
        if self.chance(0.5): p["patch"] = text
        else:
            self.count += 1
            p["path"] = "patch-%d.yaml" % self.count
            self.write(directory + "/" + p["path"], text)
        return p

    def generator(self, directory, secret):
        g = {"name": self.pick(NAMES)}
        if any(k[1] in ("ConfigMap", "Secret") and k[2] == g["name"] for k in self.known) and self.chance(0.9): g["name"] += "-%d" % len(self.known)
        if self.chance(0.6): g["literals"] = ["%s=%s" % (k, self.value().replace("\n", " ")) for k in self.r.sample(["k", "l", "m"], self.r.randint(1, 2))]
        if self.chance(0.3):
            self.count += 1
            f = "data-%d.txt" % self.count
            self.write(directory + "/" + f, self.pick(["hello\n", "a: b\n", "no newline", "", "x" * 100, "tab\there\n  indented\n", "trailing \n"]))
            g["files"] = [self.pick([f, "key=" + f])]
        if self.chance(0.2):
            self.count += 1
            f = "env-%d.env" % self.count
            self.write(directory + "/" + f, "# c\nE1=1\nE2=two words\n\nE3\n E4 = x\n")
            g["envs"] = [f]
        if self.chance(0.2): g["namespace"] = self.pick(["prod", "dev"])
        if self.chance(0.04): g["behavior"] = self.pick(["create", "merge", "replace"])
        if self.chance(0.2): g["options"] = self.pick([{"disableNameSuffixHash": True}, {"labels": {"g": "1"}}, {"annotations": {"g": "x"}, "immutable": True}])
        if secret and self.chance(0.3): g["type"] = "kubernetes.io/tls"
        self.known.append(("v1", "Secret" if secret else "ConfigMap", g["name"], g.get("namespace", "")))
        return g

    def replacement(self):
        if self.real and self.chance(0.6): return self.real_replacement()
        if self.wide and self.chance(0.5): return self.odd_replacement()
        api, kind, name, space = self.pick(self.known) if self.known else ("v1", "Service", "web", "")
        source = {"kind": kind, "name": name}
        if self.chance(0.7): source["fieldPath"] = self.pick(["metadata.name", "metadata.namespace", "data.k", "spec.replicas", "spec.template.spec.containers.0.image",
                                                               "spec.template.spec.containers.[name=main].image", "metadata.labels.app", "metadata.labels"])
        if self.chance(0.15): source["options"] = {"delimiter": self.pick([":", "/", "-"]), "index": self.pick([0, 0, 1])}
        targets = []
        for _ in range(self.r.randint(1, 2)):
            api2, kind2, name2, space2 = self.pick(self.known) if self.known else ("v1", "Service", "web", "")
            t = {"select": {"kind": kind2}}
            if self.chance(0.6): t["select"]["name"] = name2
            if self.chance(0.2): t["reject"] = [{"name": self.pick(NAMES)}]
            t["fieldPaths"] = [self.pick(["metadata.name", "metadata.labels.app", "metadata.annotations.[x/y]", "spec.template.spec.containers.*.image", "spec.replicas",
                                          "spec.template.spec.containers.[name=main].env.[name=A].value", "data.k", "data.new", "spec.nested.x"])]
            if self.chance(0.6): t["options"] = {"create": True}
            if self.chance(0.15): t.setdefault("options", {}).update({"delimiter": ":", "index": self.pick([-1, 0, 1, 5])})
            targets.append(t)
        return {"source": source, "targets": targets}

    def label(self):
        l = {"pairs": self.pairs()}
        if self.chance(0.3): l["includeSelectors"] = True
        if self.chance(0.3): l["includeTemplates"] = True
        if self.chance(0.1): l["fields"] = [{"path": "spec/extra/labels", "create": True, "kind": "Widget"}]
        return l

    def transformers(self, directory):
        configs = self.pick([
            {"apiVersion": "builtin", "kind": "PrefixTransformer", "metadata": {"name": "t"}, "prefix": "pt-", "fieldSpecs": [{"path": "metadata/name"}]},
            {"apiVersion": "builtin", "kind": "NamespaceTransformer", "metadata": {"name": "t", "namespace": "tns"}, "unsetOnly": self.chance(0.5),
             "setRoleBindingSubjects": self.pick(["none", "allServiceAccounts", "defaultOnly"]), "fieldSpecs": [{"path": "metadata/name", "kind": "Namespace", "create": True}]},
            {"apiVersion": "builtin", "kind": "LabelTransformer", "metadata": {"name": "t"}, "labels": {"lt": "1"}, "fieldSpecs": [{"path": "metadata/labels", "create": True}]},
            {"apiVersion": "builtin", "kind": "ImageTagTransformer", "metadata": {"name": "t"}, "imageTag": {"name": "nginx", "newTag": "9"}},
            {"apiVersion": "builtin", "kind": "ReplicaCountTransformer", "metadata": {"name": "t"}, "replica": {"name": "web", "count": 9},
             "fieldSpecs": [{"path": "spec/replicas", "create": True, "kind": "Deployment"}]},
            {"apiVersion": "builtin", "kind": "ValueAddTransformer", "metadata": {"name": "t"}, "value": "va", "targets": [{"fieldPath": "metadata/annotations/va"}]},
        ])
        return [self.dump(configs)]

    def kustomization(self, directory, bases, component):
        k = {"apiVersion": "kustomize.config.k8s.io/" + ("v1alpha1" if component else "v1beta1"), "kind": "Component" if component else "Kustomization"}
        resources = list(bases)
        for _ in range(self.r.randint(0 if bases or component else 1, 2)):
            self.count += 1
            f = "res-%d.yaml" % self.count
            text = self.draw_file() if self.pool and self.chance(0.6) else None
            if text is None: text = self.documents([self.manifest() for _ in range(self.r.randint(1, 3))])
            self.write(directory + "/" + f, text)
            resources.append(f)
        if resources: k["resources"] = resources
        chance = self.chance
        if chance(0.35): k["namespace"] = self.pick(["prod", "stage"])
        if chance(0.35): k["namePrefix"] = self.pick(["p-", "q-"])
        if chance(0.2): k["nameSuffix"] = self.pick(["-s", "-v2"])
        if chance(0.2): k["labels"] = [self.label() for _ in range(self.r.randint(1, 2))]
        if chance(0.15): k["commonLabels"] = self.pairs()
        if chance(0.15): k["commonAnnotations"] = self.pairs()
        if chance(0.3): k["configMapGenerator"] = [self.generator(directory, False) for _ in range(self.r.randint(1, 2))]
        if chance(0.15): k["secretGenerator"] = [self.generator(directory, True)]
        if chance(0.1): k["generatorOptions"] = self.pick([{"disableNameSuffixHash": True}, {"labels": {"go": "1"}}, {"annotations": {"go": "2"}}])
        if chance(0.4): k["patches"] = [self.patch(directory) for _ in range(self.r.randint(1, 2))]
        if chance(0.06): k["patchesStrategicMerge"] = [self.dump(self.merge_patch())]
        if chance(0.06): k["patchesJson6902"] = [{"target": {"version": "v1", "group": "apps", "kind": "Deployment", "name": self.pick(NAMES)}, "patch": self.dump(self.operations())}]
        if chance(0.3):
            k["images"] = [self.image() for _ in range(self.r.randint(1, 2))]
        if chance(0.1) and self.scalable(): k["replicas"] = [{"name": self.pick(self.scalable()), "count": self.r.randint(0, 9)}]
        if chance(0.12) and self.known: k["replacements"] = [self.replacement()]
        if chance(0.08) and self.known:
            api, kind, name, space = self.pick(self.known)
            k["vars"] = [{"name": self.pick(["FOO", "BAR"]), "objref": {"kind": kind, "name": name, "apiVersion": api}}]
        if chance(0.08): k["transformers"] = self.transformers(directory)
        if chance(0.05): k["buildMetadata"] = self.r.sample(["originAnnotations", "transformerAnnotations"], self.r.randint(1, 2))
        if chance(0.05): k["sortOptions"] = {"order": self.pick(["fifo", "legacy"])}
        if chance(0.05):
            self.write(directory + "/config.yaml", self.dump(self.pick([
                {"nameReference": [{"kind": "ConfigMap", "fieldSpecs": [{"path": "spec/nested/x", "kind": "Widget"}]}]},
                {"varReference": [{"path": "spec/nested/x", "kind": "Widget"}]}, {"images": [{"path": "spec/nested/x", "kind": "Widget"}]},
                {"namespace": [{"path": "spec/nested/ns", "kind": "Widget", "create": True}]}, {"commonLabels": [{"path": "spec/nested/l", "kind": "Widget", "create": True}]}])))
            k["configurations"] = ["config.yaml"]
        if self.wide: self.more_fields(k, directory)
        return k

    def scalable(self): return [name for _, kind, name, _ in self.known if kind in ("Deployment", "StatefulSet")]

    def image(self):
        i = {"name": self.pick(["nginx", "app", "registry.io:5000/team/app", "busybox"])}
        if self.chance(0.5): i["newName"] = self.pick(["mirror/nginx", "nginx"])
        if self.chance(0.6): i["newTag"] = self.pick(["1.2", "v9"])
        if self.chance(0.15): i["digest"] = "sha256:" + "ab" * 32
        if self.chance(0.05): i["tagSuffix"] = "-x"
        return i

    def build(self):
        layers = self.r.randint(1, 3)
        below = []
        for level in range(layers):
            directory = "l%d" % level
            components = []
            if self.chance(0.15):
                c = "c%d" % level
                self.write(c + "/kustomization.yaml", self.dump_kustomization(self.kustomization(c, [], True)))
                components = ["../" + c]
            bases = ["../" + b for b in below]
            if self.chance(0.15) and level:
                side = "s%d" % level
                self.write(side + "/kustomization.yaml", self.dump_kustomization(self.kustomization(side, ["../" + b for b in below] if self.chance(0.2) else [], False)))
                bases.append("../" + side)
            k = self.kustomization(directory, bases, False)
            if components: k["components"] = components
            self.write(directory + "/" + ("kustomization.yaml" if self.chance(0.95) else self.pick(["Kustomization", "kustomization.yml"])), self.dump_kustomization(k))
            below = [directory]
        return below[0]

    def save(self, root):
        for path, text in self.files.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8", newline="") as f: f.write(text)


def run(command, directory, restriction):
    p = subprocess.run(command + [directory, "--load-restrictor", "LoadRestrictions" + restriction], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return p.returncode, p.stdout, p.stderr.decode("utf-8", "replace")


def difference(theirs, ours):
    a, b = theirs.decode("utf-8", "replace").split("\n"), ours.decode("utf-8", "replace").split("\n")
    for i in range(max(len(a), len(b))):
        x, y = a[i] if i < len(a) else None, b[i] if i < len(b) else None
        if x != y: return "\n  line %d theirs: %s\n  line %d ours:   %s" % (i + 1, repr(x)[:200], i + 1, repr(y)[:200])
    return ""


class Library:
    def __init__(self, path): self.path, self.process = path, None

    def restart(self):
        if self.process: self.process.kill(); self.process.wait()
        self.process = None

    def build(self, directory, restriction):
        if not self.process or self.process.poll() is not None:
            self.process = subprocess.Popen([self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(("%s\t%s\n" % (directory, "none" if restriction == "None" else "root")).encode())
        self.process.stdin.flush()
        line = self.process.stdout.readline().split()
        if len(line) != 2: return 2, b"", "the library died"
        text = self.process.stdout.read(int(line[1]))
        if line[0] == b"ok": return 0, text.replace(b"kustomize-(devel)", b"kustomize-v5.7.1"), ""  # it does not know its version
        return 1 if line[0] == b"error" else 2, b"", text.decode("utf-8", "replace")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--weir", default="weir kustomize")
    ap.add_argument("--kubectl", default=os.path.expanduser("~/.cache/weir-peers/kubectl"))
    ap.add_argument("--library")
    ap.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    ap.add_argument("--runs", type=int, default=200)
    ap.add_argument("--keep", help="save trees that differ here, by seed")
    ap.add_argument("--stop", type=int, default=10, help="stop after this many differences")
    ap.add_argument("--manifests", help="a folder of manifests to draw from")
    ap.add_argument("--texts", action="store_true", help="print both error texts where they differ")
    o = ap.parse_args()
    if not o.library and not os.path.exists(o.kubectl):
        print("SKIPPED: no kubectl at " + o.kubectl)
        return 0
    print("seed %d, %d runs" % (o.seed, o.runs))
    library = Library(o.library) if o.library else None
    pool = manifests.Pool(o.manifests) if o.manifests else None
    shared = "/dev/shm" if os.path.isdir("/dev/shm") else None
    bad = errors = panics = texts = 0
    for seed in range(o.seed, o.seed + o.runs):
        tree = Tree(seed, pool)
        top = tree.build()
        root = tempfile.mkdtemp(prefix="kustomize-random-", dir=shared)
        restriction = "RootOnly" if seed % 4 == 0 else "None"
        try:
            tree.save(root)
            directory = os.path.join(root, top)
            # The library keeps schemas from one build to the next: such trees get a process of their own.
            typed = library and any("openapi" in text for text in tree.files.values())
            if typed: library.restart()
            want = library.build(directory, restriction) if library else run([o.kubectl, "kustomize"], directory, restriction)
            if typed: library.restart()
            mine = run(o.weir.split(), directory, restriction)
            errors += want[0] != 0
            why = None
            if want[0] == 2:  # the real tool panicked: nothing to compare, but we must not
                panics += 1
                if mine[0] < 0: why = "killed by signal %d" % -mine[0]
            elif mine[0] < 0: why = "killed by signal %d" % -mine[0]
            elif (want[0] == 0) != (mine[0] == 0): why = "exit %d, expected %d\n  theirs: %s\n  ours: %s" % (mine[0], want[0], want[2].strip()[:600], mine[2].strip()[:600])
            elif want[0] == 0 and want[1] != mine[1]: why = "output differs" + difference(want[1], mine[1])
            elif want[0] and want[2].strip().removeprefix("error: ") != mine[2].strip().removeprefix("error: "):
                texts += 1
                if o.texts: print("seed %d: texts\n  theirs: %s\n  ours:   %s" % (seed, want[2].strip()[:700], mine[2].strip()[:700]))
            if why:
                bad += 1
                print("seed %d: %s" % (seed, why), flush=True)
                if o.keep: shutil.copytree(root, os.path.join(o.keep, str(seed)), dirs_exist_ok=True)
                if bad >= o.stop: break
        finally:
            shutil.rmtree(root)
    print("%d differ, %d of the trees were refused (%d with other words), %d panics there" % (bad, errors, texts, panics))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
