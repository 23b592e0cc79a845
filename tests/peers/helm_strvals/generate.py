#!/usr/bin/env python3
"""Writes tests/golden/helm/strvals.tsv: what real helm makes of the texts of --set and its kin.
usage: generate.py HELM > strvals.tsv
Each line: kind, text, "ok" with the values as JSON or "error" with helm's message (texts JSON-quoted)."""
import json, os, subprocess, sys, tempfile

CASES = {
    "set": [
        "a=b", "a=1", "a=-5", "a=+5", "a=007", "a=0", "a=1.5", "a=true", "a=TRUE", "a=False", "a=null", "a=NULL", "a=",
        "a", "a,b", "a=1,b=2", "a=1,", ",a=1", "a.b=c", "a.b.c=1,a.b.d=2", "a.b", "a.=1", ".a=1", "a..b=1",
        "a={}", "a={x}", "a={x,y}", "a={1,true,null,x}", "a={x,y", "a={x,y}z=1", "a={x},b=2", "a={ x , y }",
        "a[0]=x", "a[1]=x", "a[0].b=c", "a[0].b=c,a[0].d=e", "a[2].b=1", "a[0][1]=x", "a[0]", "a[0]x=1", "a[x]=1",
        "a[-1]=1", "a[0", "a[]=1", "a[65536]=1", "a[65537]=1", "a[0].b=", "a[0]=", "a[0]={x,y}",
        "a\\,b=c", "a=b\\,c", "a\\.b=c", "a=b\\=c", "a=b=c", "a\\[0\\]=x", "a=\\{x", "a\\", "a=b\\",
        "a=1,a=2", "a=1,a.b=2", "a=1,a[0]=2", "a.b=1,a=2", "a.b=1,a[0]=3", "a={x},a[1]=y", "a={x},a.b=y",
        "a=hello world", " a = b ", "a=b , c=d", "ä=ö", "a=9223372036854775807", "a=9223372036854775808",
        "a=1e3", "a=0x10", "a=1_000", "list[0].x=1,list[1].x=2", "a[0]=1,a[0].b=2", "a.b[1].c.d=1",
        "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.A.B.C.D.E=1",
        "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.A.B.C.D.E.F=1", "=1", "a=,b=1", "a.b=,c=1", "a[0]=x,a[0]=y",
        "nested[0][0][1]=a", "a={},b={}", "a={{x}}", "a={a\\,b,c}", "x.y=null", "x=nil", "a[0].b.c=1,a[0].b.d=2",
    ],
    "set-string": ["a=1", "a=true", "a=null", "a={1,2}", "a.b=007", "a=", "a[1]=5", "a"],
    "set-json": [
        "a=1", "a=\"x\"", "a={\"b\":1}", "a=[1,2,3]", "a=1,b=2", "a={\"b\":1},c=[true]", "a=null", "a=", "a=,b=1",
        "a=x", "a.b=1.5", "a[0]=\"x\"", "a[1]={\"x\":1}", "a=[1,2", "{\"a\":1,\"b\":{\"c\":2}}", "{\"a\":", "[1,2]",
        " a=1 , b=2", "a=1 2", "a=\"x\\\"y\"", "a=1e3", "a=true,b=false", "a={} ,b=[]",
    ],
    "set-literal": [
        "a=b,c=d", "a=1", "a={x,y}", "a.b=x=y", "a[0]=x,y", "a[1].b=z", "a", "a=", "a.b", "a\\.b=c", "a[0]=", "a.b[0].c=1\\,2",
    ],
}

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "values.yaml": "",
    "templates/v.yaml": "v: {{ .Values | toJson | quote }}\n",
}

def main():
    helm = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in CHART.items():
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            with open(os.path.join(folder, name), "w") as f: f.write(text)
        for kind, texts in CASES.items():
            for text in texts:
                done = subprocess.run([helm, "template", "r", folder, "--" + kind, text], capture_output=True, text=True)
                if done.returncode == 0:
                    line = next(l for l in done.stdout.split("\n") if l.startswith("v: "))
                    print(kind, json.dumps(text), "ok", json.loads(line[3:]), sep="\t")
                else:
                    print(kind, json.dumps(text), "error", json.dumps(done.stderr.strip().removeprefix("Error: ")), sep="\t")

main()
