#!/usr/bin/env python3
"""Runs the same scenarios by Flux's own controllers and by weir, each on a fresh real Kubernetes control plane, and compares what they leave.

usage: beside.py [--weir BINARY] [--port N] [--jobs N] [--only REGEX] [--from MODULE,...] [--keep DIR] [--list] [--all]

Scenarios are the functions that @scenario marks in the modules beside this file (helm_*.py, sources*.py, ...); --from names modules,
--only scenarios. A difference is printed as
    SCENARIO, step STEP: PATH
      flux: ...
      weir: ...
and the last line counts. Exit 1 when there are differences that known.py does not explain, 2 when there was nothing to compare with.
--keep leaves clusters' logs and both dumps of every scenario in DIR (as JSON); --all prints known differences too."""
import argparse, concurrent.futures, glob, importlib, json, os, re, shutil, subprocess, sys, tempfile, threading, time, traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compare, known, stage, world as worlds

NEEDED = ("kubectl", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "kwok", "registry", "versitygw", "helm", "source-controller",
          "helm-controller", "kustomize-controller")


def load(names):
    here = os.path.dirname(os.path.abspath(__file__))
    if not names:
        names = sorted(os.path.basename(p)[:-3] for p in glob.glob(here + "/helm_*.py") + glob.glob(here + "/sources*.py"))
    for name in names:
        importlib.import_module(name)
    return list(stage.SCENARIOS)


def short(value):
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) < 3000 else text[:3000] + " ..."


def perform(function, world, factor):
    s = None
    try:
        s = stage.Stage(world, function.__name__, factor)
        function(s)
    except Exception:  # a scenario that breaks off in one world is a difference, not the end of the run
        trouble = {"step": "broke off", "trouble": traceback.format_exc(limit=-3)}
        return (s.dumps if s else []) + [trouble]
    return s.dumps


def run_one(function, both, factor, keep):
    """Both worlds at the same time; (known, unknown) differences."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        flux, weir = [f.result() for f in [pool.submit(perform, function, w, factor) for w in both]]
    if keep:
        for name, dumps in (("flux", flux), ("weir", weir)):
            with open("%s/%s.%s.json" % (keep, function.__name__, name), "w") as out:
                json.dump(dumps, out, indent=1, sort_keys=True)
    explained, unknown = [], []
    for step, path, x, y in compare.compare(flux, weir):
        reason = known.why(function.__module__ + "." + function.__name__, path, x, y)
        (explained if reason else unknown).append((step, path, x, y, reason))
    for dumps, name in ((flux, "flux"), (weir, "weir")):  # what neither came to is a scenario that shows nothing
        for d in dumps:
            if d["step"] == "broke off" or any(w.startswith("not reached") for w in d.get("waits", [])):
                row = (d["step"], "/waits", d.get("trouble") or d["waits"], "(%s; by itself no difference, but the scenario does not say what it means to)" % name, None)
                if flux and not any(u[:2] == row[:2] for u in unknown):
                    unknown.append(row)
    return explained, unknown


def tell(name, rows):
    for step, path, flux, weir, reason in rows:
        print("%s, step %s: %s%s\n  flux: %s\n  weir: %s" % (name, step, path, "  (known: %s)" % reason if reason else "", short(flux), short(weir)))


def run_all(scenarios, options, work):
    crds = subprocess.run([options.weir, "install", "crds"], check=True, stdout=subprocess.PIPE).stdout
    servers = worlds.Servers(work)
    both = [worlds.World("flux", work, options.port, servers, options.weir), worlds.World("weir", work, options.port + 200, servers, options.weir)]
    lock, equal, different, known_count, begin = threading.Lock(), 0, [], 0, time.monotonic()
    try:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda w: w.start(crds), both))
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            waiting = {pool.submit(run_one, f, both, options.patience, options.keep): f.__name__ for f in scenarios}
            for future in concurrent.futures.as_completed(waiting):
                explained, unknown = future.result()
                with lock:
                    known_count += len(explained)
                    equal += not unknown
                    if unknown:
                        different.append(waiting[future])
                    tell(waiting[future], (explained if options.all else []) + unknown)
                    print("%s %s" % ("✗" if unknown else "✔", waiting[future]), flush=True)
        for world in both:
            for program in world.ended():
                print("✗ %s ended by itself; see its log" % program)
                different.append(program)
    finally:
        for world in both:
            world.stop()
        servers.stop()
    print("%d scenarios: %d equal, %d differ, %d differences are known (%d s)"
          % (len(scenarios), equal, len(different), known_count, time.monotonic() - begin))
    if different:
        print("differ: " + " ".join(sorted(different)))
    return 1 if different else 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    parser.add_argument("--weir", default=os.environ.get("WEIR", worlds.ROOT + "/build/release/weir"))
    parser.add_argument("--port", type=int, default=21000)
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--patience", type=float, default=1.0, help="factor of all time-outs, for a busy machine")
    parser.add_argument("--only", default="")
    parser.add_argument("--from", dest="modules", default="")
    parser.add_argument("--keep", default="")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    scenarios = [s for s in load([m for m in options.modules.split(",") if m]) if re.search(options.only, s.__name__)]
    if options.list:
        for s in scenarios:
            print("%-40s %s" % (s.__name__, (s.__doc__ or "").strip().split("\n")[0]))
        return 0
    missing = [name for name in NEEDED if not os.access(worlds.PEERS + "/" + name, os.X_OK)]
    if missing or not scenarios:
        print("SKIPPED flux_beside: " + ("no %s (run tests/peers/install, and with `controllers`)" % ", ".join(missing) if missing else "no such scenario"))
        return 0 if missing else 2
    work = os.path.abspath(options.keep or tempfile.mkdtemp(prefix="flux_beside."))
    options.weir, options.keep = os.path.abspath(options.weir), work if options.keep else ""
    os.makedirs(work, exist_ok=True)
    try:
        return run_all(scenarios, options, work)
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
