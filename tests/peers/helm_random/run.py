#!/usr/bin/env python3
"""Random charts, rendered by the real helm and by weir template. --kind umbrella: values, nulls, globals, aliases, conditions, tags, import-values;
a chart shows all of its .Values. --kind whole: one chart with everything a chart can have, a third of them broken in some way (whole.py).
schema, ignore, files, sets, calls, meta: charts that go deep in one thing (kinds.py).
usage: run.py --weir BINARY (--helm BINARY | --library BINARY) [--kind KIND] [--compat helm-4.1|helm-4.2] [--seed N] [--count N] [--from N] [--keep FOLDER]
Prints the seed and each case that differs; the last line is "N equal, M differ". Outputs are compared as bytes, failures by their whole text
(of umbrellas the first line). --library: a program that answers many cases in one process, built of tests/peers/helm_library (Helm 4.2). --keep saves the charts that differ, with the command line."""
import argparse, json, os, random, shutil, signal, sys, tempfile
import kinds
from peer import Library, add_programs, first_difference, run, same
from whole import Whole

NAMES = ["a", "b", "c", "d"]
CHARTS = ["red", "blue", "green", "lime"]
SHOW = "kind: Show\nmetadata: {name: \"{{ .Chart.Name }}\"}\npath: {{ .Template.Name }}\nvalues: {{ toJson .Values }}\ndependencies: {{ toJson .Chart.Dependencies }}\n"


class Generator:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def chance(self, p): return self.r.random() < p

    def scalar(self):
        return self.r.choice([None, None, True, False, 0, 1, -7, 1.5, 1e21, "", "text", "x y", "true", "{{ .x }}", 12345678901234567890, [], {}])

    def value(self, depth):
        if depth > 0 and self.chance(0.45): return self.table(depth - 1)
        if self.chance(0.12): return [self.value(0) for _ in range(self.r.randint(0, 3))]
        return self.scalar()

    def table(self, depth):
        return {k: self.value(depth) for k in self.r.sample(NAMES + ["exports", "on"], self.r.randint(0, 4))}

    def values(self, below, depth=3):
        out = self.table(depth)
        if self.chance(0.6): out["global"] = self.value(3) if self.chance(0.15) else self.table(3)
        if self.chance(0.3): out["tags"] = {k: self.r.choice([True, False, None, "no"]) for k in self.r.sample(["t1", "t2"], self.r.randint(0, 2))}
        for name in below:
            if self.chance(0.5): out[name] = self.values([], 2) if self.chance(0.93) else self.scalar()
        return out

    def imports(self):
        out = []
        for _ in range(self.r.randint(0, 2)):
            path = lambda: ".".join(self.r.choice(NAMES) for _ in range(self.r.randint(1, 2)))
            out.append(self.r.choice([self.r.choice(NAMES), {"child": path(), "parent": self.r.choice([".", path()])}, {"child": "exports", "parent": path()}]))
        return out

    def dependency(self, name, path):
        out = {"name": name, "version": self.r.choice(["1.x", "^1.0.0", "*", ">=0.5", "1.0.0", "2.x", "~1.0"]), "repository": ""}
        if self.chance(0.25): out["alias"] = self.r.choice(["other", "alias-" + name])
        if self.chance(0.4): out["condition"] = ",".join(self.r.choice([path + name + ".on", name + ".on", "on", "global.a", "a.b"]) for _ in range(self.r.randint(1, 2)))
        if self.chance(0.3): out["tags"] = self.r.sample(["t1", "t2"], self.r.randint(1, 2))
        if self.chance(0.35): out["import-values"] = self.imports()
        return out

    def chart(self, name, depth, path=""):
        files, below = {}, self.r.sample(CHARTS, self.r.randint(0, 3)) if depth > 0 else []
        listed, keys = [], set()
        for sub in below:
            for _ in range(2 if self.chance(0.1) else 1):
                if self.chance(0.2): continue
                entry = self.dependency(sub, path)
                key = entry.get("alias", sub)
                if key not in keys:
                    keys.add(key)
                    listed.append(entry)
            for f, text in self.chart(sub, depth - 1, path + sub + ".").items(): files["charts/%s/%s" % (sub, f)] = text
        meta = {"apiVersion": "v2", "name": name, "version": "1.0.0"}
        if listed: meta["dependencies"] = listed
        if depth < 2 and self.chance(0.07): meta["type"] = "library"
        files["Chart.yaml"] = json.dumps(meta)
        if self.chance(0.9): files["values.yaml"] = json.dumps(self.values(list(dict.fromkeys(list(keys) + below))))
        files["templates/show.yaml"] = SHOW
        return files


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", newline="") as f: f.write(text)


def umbrella(seed, folder):
    generator = Generator(seed)
    for path, text in generator.chart("root", 3).items(): write(os.path.join(folder, "root", path), text)
    arguments = []
    for n in range(generator.r.randint(0, 2)):
        write("%s/values%d.yaml" % (folder, n), json.dumps(generator.values(CHARTS)))
        arguments += ["-f", "%s/values%d.yaml" % (folder, n)]
    return arguments


def whole(seed, folder, kind):
    generator = {"whole": Whole, "schema": kinds.Schema, "ignore": kinds.Ignore, "files": kinds.Files, "sets": kinds.Sets, "calls": kinds.Calls, "meta": kinds.Meta}[kind](seed)
    for path, text in generator.chart().items(): write(os.path.join(folder, "root", path), text)
    arguments, files = generator.flags(folder)
    for path, text in files.items(): write(os.path.join(folder, path), text)
    return arguments


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_programs(parser)
    parser.add_argument("--kind", choices=["umbrella", "whole", "schema", "ignore", "files", "sets", "calls", "meta"], default="umbrella")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--keep")
    o = parser.parse_args()
    print("seed %d" % o.seed)
    environment = {**os.environ, "KUBECONFIG": "/nonexistent"}
    lines = 1 if o.kind == "umbrella" else None
    library = Library(o.library, environment) if o.library else None
    equal = differ = failed = 0
    stopped = []
    signal.signal(signal.SIGINT, lambda *_: stopped.append(True))  # the figures so far, and an end
    for i in range(o.first, o.first + o.count):
        if stopped: break
        with tempfile.TemporaryDirectory() as folder:
            seed = o.seed * 1_000_003 + i
            arguments = umbrella(seed, folder) if o.kind == "umbrella" else whole(seed, folder, o.kind)
            arguments = ["template", "rel", folder + "/root"] + arguments
            theirs = library.answer(arguments, lines) if library else run([o.helm] + arguments, environment, lines)
            ours = run([o.weir] + arguments + ["--compat", o.compat], environment, lines)
            failed += theirs[0] == "error"
            if same(theirs, ours):
                equal += 1
                continue
            differ += 1
            print("case %d: helm %s, weir %s%s" % (i, theirs[0], ours[0], first_difference(theirs[1], ours[1])))
            sys.stdout.flush()
            if not o.keep: continue
            kept = os.path.join(o.keep, "%d-%d" % (o.seed, i))
            shutil.copytree(folder, kept, dirs_exist_ok=True)
            write(kept + "/command", " ".join(json.dumps(a.replace(folder, ".")) for a in arguments) + "\n")
    print("%d equal, %d differ ; helm failed in %d" % (equal, differ, failed))
    return 1 if differ else 0


sys.exit(main())
