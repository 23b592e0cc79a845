"""Manifests that people wrote, as material for random trees: verbatim as resources, and patches, operations and
replacement paths drawn from what is in them. A mixin of kustomize_random.py's Tree; the pool is a folder of YAML."""
import copy
import os

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
VALUES = ["v", "a b", 3, 0, True, False, None, "true", "0755", "1.10", "multi\nline\n", "x: y", "#no", "", "$(FOO)", {"a": "b"}, ["x"], [], {}]


def objects_of(text):
    """The objects of a manifest file; none when it is anything else."""
    try: docs = [d for d in yaml.load_all(text, LOADER) if d is not None]
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, AttributeError, RecursionError): return []
    for d in docs:
        if not isinstance(d, dict) or not isinstance(d.get("kind"), str) or not isinstance(d.get("apiVersion"), str): return []
        if not isinstance(d.get("metadata"), dict) or not isinstance(d["metadata"].get("name"), str): return []
    return docs


class Pool:
    """Files of at most `most` bytes below a folder, in a settled order; read when they are drawn."""
    def __init__(self, folder, most=40000):
        self.files = []
        for directory, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(directory, name)
                if name.endswith((".yaml", ".yml")) and not name.startswith("kustomization.") and os.path.isfile(path) and os.path.getsize(path) <= most: self.files.append(path)
        self.known = {}

    def draw(self, random):
        for _ in range(200):
            path = random.choice(self.files)
            if path not in self.known:
                try:
                    with open(path, encoding="utf-8", newline="") as f: text = f.read()
                except (UnicodeDecodeError, OSError): text = ""
                self.known[path] = (text, objects_of(text))
            text, objects = self.known[path]
            if objects: return text, objects
        return None


def paths_of(value, path=(), depth=0):
    """All paths into a value, as tuples of keys and indices."""
    found = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        if not isinstance(key, (str, int)): continue
        found.append(path + (key,))
        if depth < 12: found += paths_of(below, path + (key,), depth + 1)
    return found


class Manifests:
    pool = None
    real = ()      # objects out of the pool

    def draw_file(self):
        drawn = self.pool.draw(self.r) if self.pool else None
        if not drawn: return None
        text, objects = drawn
        self.real = list(self.real) + objects
        for o in objects: self.known.append((o["apiVersion"], o["kind"], o["metadata"]["name"], o["metadata"].get("namespace") or ""))
        return text

    def real_object(self):
        return self.pick(self.real)

    def prune_to(self, value, path, leaf):
        """`value` cut down to one path; list items keep what could be their keys."""
        if not path: return leaf
        key = path[0]
        if isinstance(value, dict): return {key: self.prune_to(value[key], path[1:], leaf)}
        item = self.prune_to(value[key], path[1:], leaf)
        if isinstance(value[key], dict) and isinstance(item, dict):
            for name in ("name", "containerPort", "port", "mountPath", "key", "ip", "topologyKey", "protocol", "type"):
                if name in value[key] and name not in item: item[name] = copy.deepcopy(value[key][name])
            if self.chance(0.08): item["$patch"] = self.pick(["delete", "replace"])
        return [item]

    def join(self, a, b):
        if isinstance(a, dict) and isinstance(b, dict):
            for k, v in b.items(): a[k] = self.join(a[k], v) if k in a else v
            return a
        if isinstance(a, list) and isinstance(b, list): return a + b
        return b

    def real_patch(self):
        """A strategic merge patch of fields that the object has."""
        o = self.real_object()
        head = {"apiVersion": o["apiVersion"], "kind": o["kind"], "metadata": {"name": o["metadata"]["name"]}}
        if o["metadata"].get("namespace"): head["metadata"]["namespace"] = o["metadata"]["namespace"]
        if self.chance(0.04): head["$patch"] = "delete"; return head
        paths = [p for p in paths_of(o) if p[0] not in ("apiVersion", "kind") and p not in (("metadata",), ("metadata", "name"), ("metadata", "namespace"))]
        for _ in range(self.r.randint(1, 3)):
            if not paths: break
            path = self.pick(paths)
            old = o
            for key in path: old = old[key]
            leaf = self.pick(VALUES) if self.chance(0.3) or not isinstance(old, (dict, list)) and self.chance(0.6) else copy.deepcopy(old)
            head = self.join(head, self.prune_to(o, path, leaf))
        return head

    def pointer(self, path):
        return "".join("/" + str(k).replace("~", "~0").replace("/", "~1") for k in path)

    def real_operations(self, o):
        ops, paths = [], paths_of(o)
        for _ in range(self.r.randint(1, 3)):
            path = self.pick(paths)
            op = self.pick(["add", "add", "replace", "replace", "remove", "test", "copy", "move"])
            if op == "add" and isinstance(path[-1], int) and self.chance(0.5): path = path[:-1] + ("-",)
            elif op == "add" and self.chance(0.5): path = path[:-1] + ("new",)
            one = {"op": op, "path": self.pointer(path)}
            if op in ("copy", "move"): one["from"] = self.pointer(self.pick(paths))
            elif op != "remove": one["value"] = self.pick(VALUES)
            ops.append(one)
        return ops

    def field_path(self, o, path):
        parts, at = [], o
        for key in path:
            if isinstance(key, int):
                name = at[key].get("name") if isinstance(at[key], dict) else None
                parts.append(self.pick([str(key), "*", "[name=%s]" % name if isinstance(name, str) else str(key)]))
            elif "." in key or "/" in key: parts.append(self.pick(["[%s]" % key, key.replace(".", "\\.")]))
            else: parts.append(key)
            at = at[key]
        return ".".join(parts)

    def real_replacement(self):
        source, target = self.real_object(), self.real_object()
        r = {"source": {"kind": source["kind"], "name": source["metadata"]["name"], "fieldPath": self.field_path(source, self.pick(paths_of(source)))},
             "targets": [{"select": {"kind": target["kind"], "name": target["metadata"]["name"]}, "fieldPaths": [self.field_path(target, self.pick(paths_of(target))) for _ in range(self.r.randint(1, 2))]}]}
        if self.chance(0.3): r["targets"][0]["options"] = {"create": True}
        if self.chance(0.2): r["source"]["options"] = {"delimiter": self.pick([":", "/", "-", "."]), "index": self.pick([0, 1])}
        if self.chance(0.2): r["targets"][0].setdefault("options", {}).update({"delimiter": self.pick([":", "/", "-", "."]), "index": self.pick([0, 1, -1, 9])})
        if self.chance(0.1): r["targets"][0]["select"].pop("name")
        return r
