#!/usr/bin/env python3
"""Writes the charts of small_charts.py and function_charts.py to charts/small/ and what the real helm makes of every case to expected/.
usage: generate.py HELM_4_1 HELM_4_2      (binaries of helm 4.1 and 4.2; the goldens carry their versions in ORIGIN)
A case is a line of cases.tsv: name, version, exit status, arguments as JSON."""
import json, os, shutil, subprocess, sys
import function_charts, small_charts

HERE = os.path.dirname(os.path.abspath(__file__))
ARGUMENTS = {
    "charts/basic": [[], ["-f", "charts/basic/ci/override.yaml"], ["--include-crds"], ["--no-hooks"], ["--skip-tests"], ["--is-upgrade"],
                     ["-s", "templates/values.yaml"], ["-s", "templates/k*.yaml", "-s", "templates/hooks.yaml"], ["-s", "templates/nope.yaml"],
                     ["--kube-version", "1.18"], ["--kube-version", "v1.31.2-gke.100"], ["-a", "x/v1/Y,foo/v1", "-a", "bar/v2"],
                     ["--set", "a=b,nested.one=null,list={x}"], ["--set-string", "replicas=7", "--set", "nested=x"], ["--set", "nested.deep=null"],
                     ["--set-json", 'nested={"x":1}', "--set-json", "replicas=5"], ["--set-file", "text=charts/basic/files/lines.txt"],
                     ["-n", "other"], ["--skip-tests", "--no-hooks", "--include-crds"]],
    "charts/umbrella": [[], ["-f", "charts/umbrella/ci/override.yaml"], ["--set", "plain=null"], ["--set", "plain=str"], ["--set", "global=null"],
                        ["--set", "global=x"], ["--set", "tags.frontend=false,first.global.x=1"], ["--set", "bycondition.enabled=yes,both=null"]],
    "charts/v1chart": [[]],
    "charts/ignored": [[]],
}


def cases():
    for chart, all_arguments in ARGUMENTS.items():
        for i, arguments in enumerate(all_arguments):
            yield "%s-%d" % (os.path.basename(chart), i), [chart] + arguments
    for name in [*small_charts.CHARTS, *function_charts.CHARTS]:
        yield name, ["charts/small/" + name]


def write_small_charts():
    root = os.path.join(HERE, "charts", "small")
    shutil.rmtree(root, ignore_errors=True)
    for name, files in {**small_charts.CHARTS, **function_charts.CHARTS}.items():
        files = {"Chart.yaml": small_charts.PLAIN, **files}
        for path, text in files.items():
            full = os.path.join(root, name, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", newline="") as f: f.write(text)


def main():
    write_small_charts()
    out = os.path.join(HERE, "expected")
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    lines = []
    environment = {**os.environ, "KUBECONFIG": "/nonexistent"}
    for name, arguments in cases():
        results = {}
        for version, helm in zip(("4.1", "4.2"), sys.argv[1:3]):
            command = [helm, "template", "rel"] + arguments
            if "--kube-version" not in arguments: command += ["--kube-version", "1.35.0"]
            done = subprocess.run(command, cwd=HERE, capture_output=True, env=environment)
            text = done.stdout
            if done.returncode:
                text = done.stderr[done.stderr.index(b"Error: "):]
            results[version] = (done.returncode, text)
        for version, (code, text) in results.items():
            # One file for both where they agree.
            stem = name if results["4.1"] == results["4.2"] else name + "." + version
            with open(os.path.join(out, stem), "wb") as f: f.write(text)
            lines.append("\t".join([name, version, str(code), stem, json.dumps(arguments)]))
    with open(os.path.join(HERE, "cases.tsv"), "w") as f: f.write("\n".join(lines) + "\n")
    print(len(lines), "cases")


main()
