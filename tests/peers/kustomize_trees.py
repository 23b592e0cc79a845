#!/usr/bin/env python3
"""Builds every kustomization below some folders with the real tool and with weir: the outputs must be the same bytes.

  kustomize_trees.py --weir 'BINARY kustomize' [--kubectl PATH | --library BINARY] [--cache DIR] [--most N] FOLDER...

For trees that people wrote: clones of public repositories, say. Kustomizations that reach for the network (a remote
base or file, also of a base) are left out. A tree that the real tool refuses must be refused, in its words; other
words are counted, and shown with --texts. --cache keeps the real tool's answers, so that the next run asks again
only for what is new. --most takes N of each folder, evenly spread. Needs PyYAML.
"""
import argparse, functools, hashlib, importlib.util, os, pickle, re, sys
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location("kustomize_random", os.path.join(HERE, "kustomize_random.py"))
kustomize_random = importlib.util.module_from_spec(spec)
spec.loader.exec_module(kustomize_random)

FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
REMOTE = re.compile(r"://|^git@|^gh:|github\.com[:/]|gitlab\.com[:/]|bitbucket\.org|\.git\b|\?ref=|^git::")


@functools.lru_cache(None)
def fields(directory):
    """The kustomization of a folder as data; {} when there is none or it does not parse."""
    for name in FILES:
        try:
            with open(os.path.join(directory, name), encoding="utf-8") as f: data = yaml.load(f, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            return data if isinstance(data, dict) else {}
        except (OSError, yaml.YAMLError, UnicodeDecodeError, ValueError): pass
    return {}


def reaches_out(directory, seen):
    """Does a build of this folder ask the network for anything?"""
    directory = os.path.realpath(directory)
    if directory in seen: return False
    seen.add(directory)
    data = fields(directory)
    entries = []
    for field in ("resources", "bases", "components", "crds", "configurations", "generators", "transformers", "validators", "patchesStrategicMerge"):
        entries += [e for e in data.get(field) or [] if isinstance(e, str) and "\n" not in e]
    for field in ("patches", "patchesJson6902", "replacements"):
        entries += [e["path"] for e in data.get(field) or [] if isinstance(e, dict) and isinstance(e.get("path"), str)]
    openapi = data.get("openapi")
    if isinstance(openapi, dict) and isinstance(openapi.get("path"), str): entries.append(openapi["path"])
    for entry in entries:
        below = os.path.join(directory, entry)
        if REMOTE.search(entry) and not os.path.exists(below): return True
        if os.path.isdir(below) and reaches_out(below, seen): return True
    return False


def key_of(directory):
    return os.path.realpath(directory)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--weir", default="weir kustomize")
    ap.add_argument("--kubectl", default=os.path.expanduser("~/.cache/weir-peers/kubectl"))
    ap.add_argument("--library")
    ap.add_argument("--cache")
    ap.add_argument("--most", type=int, default=1 << 30)
    ap.add_argument("--texts", action="store_true", help="print both error texts where they differ")
    ap.add_argument("folders", nargs="+")
    o = ap.parse_args()
    if not o.library and not os.path.exists(o.kubectl):
        print("SKIPPED: no kubectl at " + o.kubectl)
        return 0
    library = kustomize_random.Library(o.library) if o.library else None
    found, remote = [], 0
    for folder in o.folders:
        here = []
        for directory, folders, names in os.walk(folder):
            folders.sort()
            if any(name in FILES for name in names): here.append(directory)
        for directory in here[::-(-len(here) // o.most) or 1]:
            if reaches_out(directory, set()): remote += 1
            else: found.append(directory)
    built = errors = bad = texts = 0
    for directory in found:
        slot = o.cache and os.path.join(o.cache, hashlib.sha1(key_of(directory).encode()).hexdigest())
        want = None
        if slot and os.path.exists(slot):
            with open(slot, "rb") as f: want = pickle.load(f)
        if want is None:
            typed = library and any("openapi" in open(os.path.join(directory, n), errors="replace").read() for n in FILES if os.path.exists(os.path.join(directory, n)))
            if typed: library.restart()
            want = library.build(directory, "None") if library else kustomize_random.run([o.kubectl, "kustomize"], directory, "None")
            if typed: library.restart()
            if slot:
                os.makedirs(o.cache, exist_ok=True)
                with open(slot, "wb") as f: pickle.dump(want, f)
        try: mine = kustomize_random.run(o.weir.split(), directory, "None")
        except Exception as error: mine = (-99, b"", str(error))
        why = None
        if mine[0] < 0: why = "killed: %s" % mine[2]
        elif want[0] == 2: pass
        elif (want[0] == 0) != (mine[0] == 0): why = "exit %d, expected %d\n  theirs: %s\n  ours: %s" % (mine[0], want[0], want[2].strip()[:600], mine[2].strip()[:600])
        elif want[0] == 0 and want[1] != mine[1]: why = "output differs" + kustomize_random.difference(want[1], mine[1])
        elif want[0] and want[2].strip().removeprefix("error: ") not in mine[2]:
            texts += 1
            if o.texts: print("%s: texts\n  theirs: %s\n  ours:   %s" % (directory, want[2].strip()[:900], mine[2].strip()[:900]))
        built += want[0] == 0
        errors += want[0] != 0
        if why:
            bad += 1
            print("%s: %s" % (directory, why), flush=True)
    print("%d differ of %d (%d built, %d refused, %d of them with other words); %d reach for the network and were left out" % (bad, len(found), built, errors, texts, remote))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
