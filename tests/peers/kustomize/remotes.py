#!/usr/bin/env python3
"""Remote resources in every spelling: the real tool and weir build the same overlays from one local Git server.

  remotes.py --weir 'BINARY kustomize' [--kubectl PATH]

What the real tool refuses must be refused. Needs git and tests/support/git_http_server.py.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def sh(script, cwd):
    subprocess.run(["sh", "-ec", script], cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_repositories(root):
    os.makedirs(root + "/repos")
    sh("""
    git config --global protocol.file.allow always; git config --global user.name Ann; git config --global user.email a@example.com
    git init -q -b main lib; cd lib; mkdir -p deep
    printf 'resources: [c.yaml]\\n' > deep/kustomization.yaml
    printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: lib}\\n' > deep/c.yaml
    git add .; git commit -q -m lib; cd ..; git clone -q --bare lib repos/lib.git
    git init -q -b main app; cd app; mkdir -p base over
    printf 'resources: [c.yaml]\\nnamePrefix: v1-\\n' > base/kustomization.yaml
    printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: c}\\n' > base/c.yaml
    printf 'resources: [../base]\\nnameSuffix: -o\\nbuildMetadata: [originAnnotations]\\n' > over/kustomization.yaml
    printf 'resources: [base]\\n' > kustomization.yaml
    mkdir escape; printf 'resources: [../../../etc]\\n' > escape/kustomization.yaml
    mkdir files; printf 'resources: [../base/c.yaml]\\n' > files/kustomization.yaml
    ln -s base link
    git add .; git commit -q -m one; git tag v1
    sed -i s/v1-/v2-/ base/kustomization.yaml; git commit -q -a -m two; git tag -a v2 -m v2
    git checkout -q -b feature/x; sed -i s/v2-/fx-/ base/kustomization.yaml; git commit -q -a -m three; git checkout -q main
    git submodule add -q ../repos/lib.git vendored; git config -f .gitmodules submodule.vendored.url ../lib.git
    mkdir withsub; printf 'resources: [../vendored/deep, ../base]\\n' > withsub/kustomization.yaml
    git add .; git commit -q -m four
    cd ..; git clone -q --bare app repos/app.git
    """, root)
    return subprocess.run(["git", "-C", root + "/app", "rev-parse", "v1"], capture_output=True, text=True).stdout.strip()


def cases(http, root, sha):
    app = "http://127.0.0.1:%s/plain/app.git" % http
    local = "file://%s/repos/app.git" % root
    for query in ("", "?ref=v1", "?ref=v2", "?version=v1", "?ref=feature/x", "?ref=" + sha, "?ref=main&timeout=90s",
                  "?ref=v1&depth=1", "?ref=refs/tags/v1", "?ref=nosuch", "?submodules=false", "?ref=heads/main"):
        yield app + "//base" + query
        yield app + "/base" + query
    for place in ("", "//", "/over", "//over/", "//withsub", "//withsub?submodules=false", "//escape", "//files",
                  "//link", "//nosuch", "//base/c.yaml", "/../x"):
        yield app + place
        yield local + place
    yield "git::" + app + "//base"
    yield app.replace("/app.git", "/none.git") + "//base"
    yield app.replace("/plain/", "/basic/").replace("//127", "//alice:secret@127") + "//base"
    yield app.replace("/plain/", "/redirect/") + "//base"
    yield app.replace("/plain/", "/e403/") + "//base"


def run(command, directory, env):
    p = subprocess.run(command + [directory, "--load-restrictor", "LoadRestrictionsNone"], capture_output=True, text=True, env=env, timeout=120)
    return p.returncode, p.stdout, p.stderr


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--weir", default="weir kustomize")
    ap.add_argument("--kubectl", default=os.path.expanduser("~/.cache/weir-peers/kubectl"))
    ap.add_argument("--show", action="store_true", help="print the error texts of both")
    o = ap.parse_args()
    if not os.path.exists(o.kubectl):
        print("SKIPPED: no kubectl at " + o.kubectl)
        return 0
    root = tempfile.mkdtemp(prefix="weir-remotes-")
    env = dict(os.environ, HOME=root, GIT_TERMINAL_PROMPT="0")
    os.environ["HOME"] = root
    bad = count = 0
    server = None
    try:
        sha = make_repositories(root)
        server = subprocess.Popen([sys.executable, HERE + "/../../support/git_http_server.py", root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ports = {}
        for line in server.stdout:
            if line.strip() == "ready": break
            name, _, value = line.strip().partition(" ")
            ports[name] = value
        overlay = root + "/overlay"
        os.makedirs(overlay)
        for url in cases(ports["http"], root, sha):
            for argument in (overlay, url):
                with open(overlay + "/kustomization.yaml", "w") as f:
                    f.write("buildMetadata: [originAnnotations]\nresources:\n- %s\n" % url)
                theirs, ours = run([o.kubectl, "kustomize"], argument, env), run(o.weir.split(), argument, env)
                count += 1
                same = (theirs[0] == 0) == (ours[0] == 0) and theirs[1] == ours[1]
                if o.show and theirs[0]: print("%s\n  theirs: %s\n  ours:   %s" % (url, theirs[2].strip(), ours[2].strip()))
                if same: continue
                bad += 1
                print("DIFFERS %s (%s)\n  theirs: %d %s\n  ours: %d %s" % (url, "base" if argument == overlay else "root", theirs[0], theirs[2] or theirs[1], ours[0], ours[2] or ours[1]))
    finally:
        if server: server.stdin.close()
        shutil.rmtree(root)
    print("%d URLs, %d differ" % (count, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
