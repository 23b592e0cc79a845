#!/usr/bin/env python3
"""Puts generated expressions to weir and to the Go libraries, and prints where the answers differ.
usage: differential.py OURS PEER [--seed N] [--count N] [--kind cel|ready|envsubst|jsonpath] [--file FILE]
OURS and PEER read the same JSON requests (main.go says which). Values must be equal. Of errors, only that both fail
(and for words users see, --words compares the text too). Exits 1 when something differs."""
import argparse
import json
import random
import subprocess
import sys

VARS = {
    "status": {"x": 1, "l": [1, 2, 3], "s": "str", "n": None, "f": 1.5, "t": True, "m": {"k": "v", "a": "b"},
               "conditions": [{"type": "Ready", "status": "True", "observedGeneration": 3},
                              {"type": "Stalled", "status": "False"}]},
    "spec": {"replicas": 3, "name": "a.b-c", "when": "2024-02-29T12:30:45.5Z", "list": ["a", "b", "é"]},
    "metadata": {"generation": 3, "name": "web", "labels": {"app": "web"}},
}
ATOMS = ["1", "2", "0", "-1", "3u", "1.5", "0.0", "1e3", "'a'", "'abc'", "''", "'é'", "b'ab'", "true", "false", "null",
         "[]", "[1, 2]", "['a', 'b']", "{}", "{'a': 1}", "{1: 'x'}", "status", "status.x", "status.l", "status.s",
         "status.n", "status.f", "status.m", "status.conditions", "spec.replicas", "spec.name", "spec.list",
         "metadata.generation", "metadata.labels", "nope", "status.nope", "duration('90s')", "duration('-1h')",
         "timestamp('2024-02-29T12:30:45.5Z')", "timestamp(spec.when)", "int", "string", "optional.of(1)",
         "optional.none()", "9223372036854775807", "-9223372036854775808", "18446744073709551615u"]
BINARY = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "&&", "||"]
GLOBAL = ["size", "int", "uint", "double", "string", "bool", "bytes", "type", "dyn", "timestamp", "duration",
          "base64.encode", "base64.decode", "strings.quote", "optional.of", "optional.ofNonZeroValue"]
MEMBER0 = ["size", "lowerAscii", "upperAscii", "trim", "reverse", "join", "hasValue", "value", "first", "last", "getHours",
           "getDayOfYear", "getMilliseconds", "getFullYear", "getSeconds"]
MEMBER1 = ["contains", "startsWith", "endsWith", "matches", "charAt", "indexOf", "lastIndexOf", "split", "substring", "join",
           "orValue", "or", "format", "getHours"]
MEMBER2 = ["replace", "substring", "split", "indexOf", "lastIndexOf"]
MACROS = ["all", "exists", "exists_one", "filter", "map"]


def expression(rng, depth, names=()):
    if depth <= 0 or rng.random() < 0.12:
        return rng.choice(names) if names and rng.random() < 0.5 else rng.choice(ATOMS)
    sub = lambda n=names: expression(rng, depth - 1, n)
    pick = rng.randrange(15)
    if pick < 4:
        return f"({sub()} {rng.choice(BINARY)} {sub()})"
    if pick == 4:
        return f"({sub()} ? {sub()} : {sub()})"
    if pick == 5:
        return rng.choice("!-") + f"({sub()})"
    if pick == 6:
        return f"{rng.choice(GLOBAL)}({sub()})"
    if pick == 7:
        return f"({sub()}).{rng.choice(MEMBER0)}()"
    if pick == 8:
        return f"({sub()}).{rng.choice(MEMBER1)}({sub()})"
    if pick == 9:
        return f"({sub()}).{rng.choice(MEMBER2)}({sub()}, {sub()})"
    if pick in (10, 11):
        name = "v%d" % len(names)
        inner = tuple(names) + (name,)
        bodies = sub(inner) if rng.random() < 0.8 else f"{sub(inner)}, {sub(inner)}"
        macro = "map" if "," in bodies and rng.random() < 0.9 else rng.choice(MACROS)
        return f"({sub()}).{macro}({name}, {bodies})"
    if pick == 12:
        return f"({sub()})[{rng.choice(['', '', '?'])}{sub()}]"
    if pick == 13:
        return f"{rng.choice(['status', 'spec', 'metadata', sub()])}.{rng.choice(['', '', '?'])}{rng.choice(['x', 'k', 'name', 'l', 'm'])}" \
            if rng.random() < 0.7 else f"has(status.{rng.choice(['x', 'nope', 'm.k', 'nope.a'])})"
    return f"[{sub()}, {sub()}]" if rng.random() < 0.5 else f"{{{sub()}: {sub()}}}"


def envsubst(rng, depth=0):
    out = []
    for _ in range(rng.randrange(1, 4)):
        pick = rng.random()
        if pick < 0.35 or depth > 3:
            out.append(rng.choice(["a", "$", "$$", "/", "}", ":", "x y", "\\", "é", "#", "-", "*", "?", "[ab]"]))
        else:
            name = rng.choice(["a", "e", "p", "u", "x", "long", "1", ""])
            op = rng.choice(["", ":-", ":=", "=", ":+", ":?", ":", "#", "##", "%", "%%", "/", "//", "/#", "/%", "^", "^^", ",", ",,", "-"])
            args = "/".join(envsubst(rng, depth + 1) for _ in range(rng.randrange(1, 3))) if rng.random() < 0.8 else rng.choice(["1", "1:1", "-1", "*/", "?", "*.*", ""])
            out.append("${" + name + op + (args if op else "") + rng.choice(["}", "}", "}", ""]))
    return "".join(out)


def jsonpath(rng):
    def path(depth=0):
        out = []
        for _ in range(rng.randrange(1, 4)):
            out.append(rng.choice([".status", ".spec", ".l", ".conditions", ".x", ".*", "..type", "[0]", "[-1]", "[*]", "[0:2]", "[1:]",
                                   "[:-1]", "[::2]", "['x']", "['x','l']", "[0,1]", ".metadata", ".name", ".labels", ".m", "..", ".nope",
                                   "[?(@.type==\"Ready\")]", "[?(@.type!='Ready')]", "[?(@>1)]", "[?(@.status)]", "[?(@.type in 1)]"]))
        return "".join(out)
    pick = rng.random()
    if pick < 0.7:
        return "{" + rng.choice(["", "", "$", "@"]) + path() + "}"
    if pick < 0.9:
        return "a{range " + path() + "}{" + path() + "}{\"\\n\"}{end}b"
    return rng.choice(["{", "{.a", "{end}", "{range .a}", "{'t'}", "{\"t\\t\"}", "{.spec['name', 'when']}", "{.spec.list[5]}", "{1}", "{true}", "text"])


def ask(program, requests):
    text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in requests)
    out = subprocess.run([program], input=text, capture_output=True, text=True)
    answers = [json.loads(line) for line in out.stdout.splitlines()]
    if len(answers) != len(requests):
        sys.exit(f"{program}: {len(answers)} answers to {len(requests)} requests; died on {requests[len(answers)]}\n{out.stderr[-500:]}")
    return answers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ours")
    parser.add_argument("peer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--kind", default="cel")
    parser.add_argument("--file")
    parser.add_argument("--words", action="store_true")
    parser.add_argument("--show", type=int, default=25)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    if args.file:
        texts = [line.rstrip("\n") for line in open(args.file) if line.strip()]
    else:
        make = {"envsubst": lambda: envsubst(rng), "jsonpath": lambda: jsonpath(rng)}.get(args.kind, lambda: expression(rng, rng.randrange(1, 5)))
        texts = [make() for _ in range(args.count)]
        if args.kind == "ready":
            texts = [t.replace("status", "dep.status").replace("spec", "self.spec").replace("metadata", "self.metadata") for t in texts]
    variables = {"ready": {"self": VARS, "dep": VARS}, "envsubst": {"a": "abc", "e": "", "p": "/home/b/x.tar.gz", "u": "aéÉb", "long": "aXbaXb"}}.get(args.kind, VARS)
    requests = [{"kind": args.kind, "expr": t, "vars": variables, "strict": i % 2 == 0, "relaxed": i % 2 == 0} for i, t in enumerate(texts)]
    differ = both_fail = 0
    for request, ours, peer in zip(requests, ask(args.ours, requests), ask(args.peer, requests)):
        both_fail += "error" in ours and "error" in peer
        error = peer.get("error")
        for prefix in ("parse: ", "program: "):
            error = error.removeprefix(prefix) if error else error
        values = [ours.get("value"), peer.get("value")]
        if args.kind == "jsonpath" and ("*" in request["expr"] or ".." in request["expr"]):
            values = [sorted(v) if v is not None else v for v in values]  # Go walks a map in no order
        same = values[0] == values[1] and ("error" in ours) == ("error" in peer)
        if same and args.words and error and "cannot be filtered" not in error:
            same = ours["error"] == error
        if not same:
            differ += 1
            if differ <= args.show:
                print(f"{request['expr']!r} relaxed/strict={request['strict']}\n   ours {str(ours)[:300]}\n   peer {str(peer)[:300]}")
    print(f"{len(requests)} requests, {both_fail} fail in both, {differ} differ")
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
