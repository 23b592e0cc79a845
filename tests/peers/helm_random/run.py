#!/usr/bin/env python3
"""Random umbrella charts, rendered by the real helm and by weir template: values, nulls, globals, aliases, conditions, tags, import-values.
usage: run.py --weir BINARY --helm BINARY [--compat helm-4.1|helm-4.2] [--seed N] [--count N] [--keep FOLDER]
Prints the seed and each case that differs; the last line is "N equal, M differ". A chart shows all of its .Values; outputs are compared as bytes,
failures by their first line. --keep saves the charts that differ."""
import argparse, json, os, random, shutil, subprocess, sys, tempfile

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


def run(command, environment):
    done = subprocess.run(command, capture_output=True, env=environment)
    if done.returncode == 0: return "ok", done.stdout
    error = done.stderr[max(done.stderr.find(b"Error: "), 0):]
    return "error", error.split(b"\n")[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weir", required=True)
    parser.add_argument("--helm", required=True)
    parser.add_argument("--compat", default="helm-4.2")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--keep")
    o = parser.parse_args()
    print("seed %d" % o.seed)
    environment = {**os.environ, "KUBECONFIG": "/nonexistent"}
    equal = differ = 0
    for i in range(o.count):
        generator = Generator(o.seed * 1_000_003 + i)
        with tempfile.TemporaryDirectory() as folder:
            for path, text in generator.chart("root", 3).items():
                full = os.path.join(folder, "root", path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w") as f: f.write(text)
            arguments = ["template", "rel", folder + "/root"]
            for n in range(generator.r.randint(0, 2)):
                with open("%s/values%d.yaml" % (folder, n), "w") as f: json.dump(generator.values(CHARTS), f)
                arguments += ["-f", "%s/values%d.yaml" % (folder, n)]
            theirs = run([o.helm] + arguments, environment)
            ours = run([o.weir] + arguments + ["--compat", o.compat], environment)
            if theirs == ours:
                equal += 1
                continue
            differ += 1
            print("case %d: helm %s, weir %s" % (i, theirs[0], ours[0]))
            a, b = theirs[1].split(b"\n"), ours[1].split(b"\n")
            for x, y in zip(a + [b""] * len(b), b + [b""] * len(a)):
                if x != y:
                    print("  helm %s\n  weir %s" % (x[:300].decode(errors="replace"), y[:300].decode(errors="replace")))
                    break
            if o.keep: shutil.copytree(folder, os.path.join(o.keep, "%d-%d" % (o.seed, i)), dirs_exist_ok=True)
    print("%d equal, %d differ" % (equal, differ))
    return 1 if differ else 0


sys.exit(main())
