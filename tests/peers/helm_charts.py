#!/usr/bin/env python3
"""Renders charts that people wrote with the real helm and with weir template: with their own values, each values file
beside them (ci/, values-*.yaml, examples) and changed values. Outputs must be the same bytes, failures the same texts.

  helm_charts.py --weir BINARY (--helm BINARY | --library BINARY) [--compat helm-4.1] [--seed N] [--mutations N]
                 [--most N] [--only REGEX] FOLDER|REPOSITORY.git...

A folder is searched for Chart.yaml; of a bare repository the newest commit is. Nothing is fetched: a dependency that is
not in charts/ is taken from another chart of that name found (any version), or else left out of Chart.yaml. What differs
between two runs of helm (random names, keys, dates) is no difference. --library: a program that answers many cases in
one process, built of tests/peers/helm_library (Helm 4.2). Needs PyYAML. The last line is "N equal, M differ"."""
import argparse, io, json, os, random, re, shutil, subprocess, sys, tarfile, tempfile
import yaml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "helm_random"))
from peer import Library, add_programs, run, same, first_difference

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NOISE = [None, True, False, 0, 1, 42, -1, 1.5, "", "text", "true", "1", "10Mi", [], {}, ["a", "b"], {"k": "v"}, "{{ .Release.Name }}", "a.b/c", 12345678901, "0777", [{"name": "n", "value": "v"}]]


def read_yaml(path):
    try:
        with open(path, encoding="utf-8") as f: data = yaml.load(f, LOADER)
        return data if isinstance(data, dict) else {}
    except Exception: return {}


def unpack(repository, into):
    """The charts of a bare repository's newest commit, with all that stands beside them."""
    names = subprocess.run(["git", "--git-dir", repository, "ls-tree", "-r", "-z", "--name-only", "HEAD"], capture_output=True).stdout.decode(errors="replace").split("\0")
    roots = sorted({os.path.dirname(n) for n in names if os.path.basename(n) == "Chart.yaml"})
    top, out = [], []
    for root in roots:
        if not top or not (root + "/").startswith(top[-1] + "/") or top[-1] == "": top.append(root)
    for root in top:
        command = ["git", "--git-dir", repository, "archive", "HEAD"] + ([root] if root else [])
        data = subprocess.run(command, capture_output=True).stdout
        try:
            with tarfile.open(fileobj=io.BytesIO(data)) as tar: tar.extractall(into, filter="data")
        except Exception: continue
    return into


def find_charts(folder):
    for directory, folders, names in os.walk(folder):
        folders.sort()
        if "Chart.yaml" in names:
            yield directory
            folders[:] = [f for f in folders if f not in ("charts", "templates")]


class Shelf:
    """All charts found, by name: where missing dependencies are taken from."""
    def __init__(self): self.by_name = {}

    def add(self, chart):
        name = read_yaml(os.path.join(chart, "Chart.yaml")).get("name")
        if isinstance(name, str): self.by_name.setdefault(name, []).append(chart)

    def complete(self, chart, depth=0):
        """Puts the dependencies of a copied chart into its charts/."""
        meta_path = os.path.join(chart, "Chart.yaml")
        meta = read_yaml(meta_path)
        where = meta
        wanted = meta.get("dependencies")
        requirements = os.path.join(chart, "requirements.yaml")
        if wanted is None and os.path.exists(requirements): where, meta_path, wanted = (lambda d: (d, requirements, d.get("dependencies")))(read_yaml(requirements))
        if not isinstance(wanted, list) or not wanted: return
        charts = os.path.join(chart, "charts")
        there = {read_yaml(os.path.join(charts, f, "Chart.yaml")).get("name") for f in os.listdir(charts)} if os.path.isdir(charts) else set()
        packed = [f for f in os.listdir(charts) if f.endswith(".tgz")] if os.path.isdir(charts) else []
        kept, changed = [], False
        for entry in wanted:
            name = entry.get("name") if isinstance(entry, dict) else None
            if name in there or any(re.fullmatch(re.escape(str(name)) + r"-v?\d.*\.tgz", p) for p in packed):
                kept.append(entry)
                continue
            changed = True
            found = [c for c in self.by_name.get(name, []) if not os.path.realpath(c).startswith(os.path.realpath(chart))]
            if not found or depth > 2: continue
            wanted_major = str(entry.get("version", "")).lstrip("^~>=v ").split(".")[0]
            best = next((c for c in found if str(read_yaml(os.path.join(c, "Chart.yaml")).get("version", "")).split(".")[0] == wanted_major), found[0])
            target = os.path.join(charts, name)
            try: shutil.copytree(best, target, symlinks=False, ignore_dangling_symlinks=True)
            except Exception: continue
            self.complete(target, depth + 1)
            kept.append({**entry, "version": ">=0.0.0-0"})
            there.add(name)
        if changed:
            where["dependencies"] = kept
            if not kept: del where["dependencies"]
            with open(meta_path, "w") as f: yaml.safe_dump(where, f, sort_keys=False)


class Mutator:
    def __init__(self, seed): self.r = random.Random(seed)

    def leaves(self, value, path=()):
        if isinstance(value, dict) and value:
            for k, v in value.items(): yield from self.leaves(v, path + (k,))
        elif path: yield path, value

    def change(self, value):
        n = self.r.random()
        if isinstance(value, bool): return not value if n < 0.9 else self.r.choice(NOISE)
        if n < 0.35: return self.r.choice(NOISE)
        if isinstance(value, str): return self.r.choice([value + "-x", value.upper(), "x", value, "a: b", "line\nline\n", "'q\""]) if n < 0.8 else None
        if isinstance(value, (int, float)): return self.r.choice([value + 1, 0, -value, value * 1000, float(value), str(value)])
        if isinstance(value, list): return self.r.choice([["x"], [{"name": "x", "value": "y"}], value + value, [], value[:1]])
        if isinstance(value, dict): return self.r.choice([{"a": "b"}, {"enabled": True}, {"k": {"l": [1]}}, {}])
        return self.r.choice(NOISE)

    def override(self, values, share):
        """Some leaves changed: as values laid over the chart's own."""
        out = {}
        for path, value in self.leaves(values):
            flip = isinstance(value, bool) and self.r.random() < max(share, 0.3)
            if not flip and self.r.random() > share: continue
            at = out
            for key in path[:-1]: at = at.setdefault(key, {})
            if isinstance(at, dict): at[path[-1]] = self.change(value)
        return out

    def all_on(self, values):
        out = {}
        for path, value in self.leaves(values):
            if value is not False: continue
            at = out
            for key in path[:-1]: at = at.setdefault(key, {})
            at[path[-1]] = True
        return out


def value_files(chart):
    out = []
    for folder in ("ci", "", "examples", "tests", "test-values", "test"):
        below = os.path.join(chart, folder)
        if not os.path.isdir(below): continue
        for name in sorted(os.listdir(below)):
            if re.search(r"\.ya?ml$", name) and (folder or re.match(r"values[-_.].+\.ya?ml$", name)) and name not in ("ct.yaml",) and os.path.isfile(os.path.join(below, name)): out.append(os.path.join(below, name))
    return out[:25]


def masked(a, b, c):
    """Whether weir's c is helm's a, but for what differs between helm's a and b."""
    a, b, c = a.split(b"\n"), b.split(b"\n"), c.split(b"\n")
    if len(a) != len(b) or len(a) != len(c): return False
    return all(x == z or x != y for x, y, z in zip(a, b, c))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_programs(parser)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutations", type=int, default=3)
    parser.add_argument("--most", type=int, default=1 << 30, help="charts of each source, evenly spread")
    parser.add_argument("--only")
    parser.add_argument("--keep", help="folder for the charts that differ, with their values and command")
    parser.add_argument("sources", nargs="+")
    o = parser.parse_args()
    environment = {**os.environ, "KUBECONFIG": "/nonexistent"}
    library = Library(o.library, environment) if o.library else None
    render = library.answer if library else lambda arguments: run([o.helm] + arguments, environment)
    equal = differ = failed = charts_seen = 0
    with tempfile.TemporaryDirectory() as work:
        shelf, charts = Shelf(), []
        for n, source in enumerate(o.sources):
            folder = source
            if os.path.exists(os.path.join(source, "HEAD")): folder = unpack(source, os.path.join(work, "s%d" % n))
            here = list(find_charts(folder))
            for chart in here: shelf.add(chart)
            here = [c for c in here if not o.only or re.search(o.only, c)]
            charts += [(source, folder, c) for c in here[::-(-len(here) // o.most) or 1]]
        for source, folder, chart in charts:
            copy = os.path.join(work, "case")
            shutil.rmtree(copy, ignore_errors=True)
            try: shutil.copytree(chart, copy, symlinks=True)
            except Exception: continue
            shelf.complete(copy)
            charts_seen += 1
            defaults = read_yaml(os.path.join(copy, "values.yaml"))
            mutator = Mutator("%d %s" % (o.seed, os.path.relpath(chart, folder)))
            cases = [[]] + [["-f", f] for f in value_files(copy)]
            changed = [mutator.all_on(defaults)] + [mutator.override(defaults, s) for s in ([0.05, 0.2, 0.02] * o.mutations)[:o.mutations]]
            for n, values in enumerate(changed if o.mutations else []):
                path = os.path.join(work, "changed%d.yaml" % n)
                with open(path, "w") as f: json.dump(values, f, default=str)
                cases.append(["-f", path])
            for case in cases:
                arguments = ["template", "rel", copy, "--namespace", "test-ns", "--kube-version", "1.35.0", "--include-crds"] + case
                theirs = render(arguments)
                ours = run([o.weir] + arguments + ["--compat", o.compat], environment)
                failed += theirs[0] == "error"
                if same(theirs, ours) or (theirs[0] == ours[0] and masked(theirs[1], render(arguments)[1], ours[1])):
                    equal += 1
                    continue
                differ += 1
                print("%s %s %s: helm %s, weir %s%s" % (source, os.path.relpath(chart, folder), " ".join(case[1:]).replace(copy + "/", "").replace(work + "/", ""), theirs[0], ours[0], first_difference(theirs[1], ours[1])), flush=True)
                if not o.keep: continue
                kept = os.path.join(o.keep, re.sub(r"\W+", "-", "%s-%d" % (os.path.relpath(chart, folder), cases.index(case))))
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(copy, os.path.join(kept, "chart"), symlinks=True)
                if case: shutil.copy(case[1], os.path.join(kept, "values.yaml"))
                with open(os.path.join(kept, "command"), "w") as f: f.write("template rel chart --namespace test-ns --kube-version 1.35.0 --include-crds" + (" -f values.yaml" if case else "") + "\n")
    print("%d equal, %d differ ; %d charts, helm failed in %d" % (equal, differ, charts_seen, failed))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
