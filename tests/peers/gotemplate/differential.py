#!/usr/bin/env python3
"""Random templates and data through Go's text/template and through ours; prints every difference.
usage: differential.py TEMPLATE_RENDER [--seed N] [--count N] [--kind templates|formats|broken|all] [--show N]
Needs Go. The same seed and count give the same cases."""
import argparse, base64, json, os, random, re, subprocess, sys

# Addresses differ from run to run.
ADDRESS = re.compile(rb"\+?0[xX][0-9a-fA-F]{6,16}")
HERE = os.path.dirname(os.path.abspath(__file__))
GO = "/usr/local/go/bin/go" if os.path.exists("/usr/local/go/bin/go") else "go"

KEYS = ["a", "b", "name", "items", "m", "nested", "x-y", "Z", "zero", "empty", "long_key_number_one", "é", "nothing"]
STRINGS = ["", "x", "hello world", "<a href=\"x\">'&'</a>", "tab\tnew\nline", "é世界", "1", "true", "a=b&c d", "%d %s",
           "back\\slash `tick`", "\u00a0\u200b", "0", "long text over ten characters"]
NUMBERS = [0, 1, -1, 2, 3.5, 1e6, 1e21, 123456789, 0.1, -0.0, 1e-7, 100000, 3, 65, 9007199254740993, 2.5e-5, 42]
VERBS = "vdsqxXtTeEfFgGbcoOUp%w" + "vvvdddsssqqq" + "zk"


class Maker:
    def __init__(self, rng):
        self.r = rng
        self.vars = ["$"]
        self.depth = 0
        self.loop = 0
        self.defined = []

    def pick(self, items):
        return items[self.r.randrange(len(items))]

    # ---- data
    def data(self, depth=0):
        k = self.r.random()
        if depth < 4 and k < 0.35:
            return {self.pick(KEYS): self.data(depth + 1) for _ in range(self.r.randrange(6))}
        if depth < 4 and k < 0.5:
            return [self.data(depth + 1) for _ in range(self.r.randrange(4))]
        if k < 0.72:
            return self.pick(STRINGS)
        if k < 0.88:
            return self.pick(NUMBERS)
        if k < 0.95:
            return self.r.random() < 0.5
        return None

    def top(self):
        if self.r.random() < 0.06:
            return self.data()
        d = {k: self.data(1) for k in self.r.sample(KEYS, self.r.randrange(4, len(KEYS)))}
        d["items"] = [self.data(2) for _ in range(self.r.randrange(4))]
        d["m"] = {self.pick(KEYS): self.data(2) for _ in range(4)}
        return d

    # ---- expressions
    def quote(self, s):
        if "`" not in s and "\r" not in s and self.r.random() < 0.25:
            return "`%s`" % s
        return json.dumps(s, ensure_ascii=self.r.random() < 0.3)

    def number(self):
        return self.pick(["0", "1", "2", "-1", "+3", "1.5", "1e3", "1.0", "0x1F", "0b101", "0o17", "017", "1_000", "0x_f",
                          "'a'", "'\\n'", "'世'", "'\\x41'", "1i", "1+2i", "0x1p-2", "1e-7", "9223372036854775807",
                          "9223372036854775808", "18446744073709551615", "-0", "08", "1__0", "3", "65", "1.5e300", "1e400",
                          "-9223372036854775808", "100000000000000000000", "0x", ".5", "5.", "1_0.5", "1.e2", "0i", "300", "127"])

    def field(self):
        names = [n for n in KEYS if "-" not in n] + ["missing", "Name", "Count", "Inner"]
        return "." + ".".join(self.pick(names) for _ in range(self.r.choice([1, 1, 1, 2, 2, 3])))

    def var(self):
        v = self.pick(self.vars)
        if self.r.random() < 0.4:
            v += self.field()
        return v

    def function(self, depth):
        a = lambda: self.operand(depth + 1)
        many = lambda n: " ".join(a() for _ in range(self.r.randrange(n)))
        f = self.pick(["eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "len", "index", "slice", "print", "println",
                       "printf", "html", "js", "urlquery", "list", "strs", "ints", "bytes", "int", "i64", "u8", "u64", "i8",
                       "f32", "smap", "err", "fails", "nilmap", "nillist", "nilany", "thing", "nilthing", "word", "dur",
                       "fn", "upper", "add", "any", "set", "call"] + ["eq", "index", "printf", "print", "and", "or", "list"] * 2)
        if f in ("eq",):
            return "eq %s %s %s" % (a(), a(), many(2))
        if f in ("ne", "lt", "le", "gt", "ge"):
            return "%s %s %s" % (f, a(), a())
        if f in ("not", "len", "any"):
            return "%s %s" % (f, a())
        if f in ("upper", "bytes", "word", "err", "fails"):
            return "%s %s" % (f, self.quote(self.pick(STRINGS)) if self.r.random() < 0.7 else a())
        if f in ("int", "i64", "u8", "u64", "i8", "f32", "dur"):
            return "%s %s" % (f, self.number() if self.r.random() < 0.7 else a())
        if f == "strs":
            return "strs " + " ".join(self.quote(self.pick(STRINGS)) for _ in range(self.r.randrange(4)))
        if f == "ints":
            return "ints " + " ".join(self.pick(["0", "1", "2", "-5"]) for _ in range(self.r.randrange(4)))
        if f == "thing":
            return "thing %s %s %s" % (self.quote(self.pick(STRINGS)), self.pick(["0", "1", "7"]), a())
        if f == "smap":
            return "smap %s %s" % (self.quote(self.pick(KEYS)), self.quote(self.pick(STRINGS)))
        if f == "index":
            return "index %s %s" % (a(), " ".join(self.pick(["0", "1", '"a"', '"m"', '"x-y"', a()]) for _ in range(self.r.randrange(3))))
        if f == "slice":
            return "slice %s %s" % (self.pick([self.quote(self.pick(STRINGS)), "(strs \"a\" \"b\")", ".name", a()]),
                                    " ".join(self.pick(["0", "1", "2", a()]) for _ in range(self.r.randrange(4))))
        if f == "printf":
            return "printf %s %s" % (self.quote(self.format()), many(4))
        if f == "add":
            return "add %s %s" % (self.pick(["1", "2", a()]), self.pick(["3", a()]))
        if f == "set":
            return "set %s %s %s" % (self.pick([".m", ".nested", "."]), self.quote(self.pick(KEYS)), self.quote(self.pick(STRINGS)))
        if f == "call":
            return "call %s %s" % (self.pick(["fn", "(fn)", a()]), self.pick(["1 \"a\"", "2 .name", many(3)]))
        return "%s %s" % (f, many(4))

    def operand(self, depth=0):
        k = self.r.random()
        if k < 0.30:
            return self.field()
        if k < 0.42:
            return self.var()
        if k < 0.47:
            return "."
        if k < 0.60:
            return self.quote(self.pick(STRINGS))
        if k < 0.72:
            return self.number() if self.r.random() < 0.4 else self.pick(["0", "1", "2", "3", "1.5"])
        if k < 0.76:
            return self.pick(["true", "false"])
        if k < 0.78:
            return "nil"
        if k < 0.81:
            return self.pick(["nilmap", "nillist", "nilany", "nilthing", "fn"])
        if depth > 3:
            return ".name"
        inner = "(%s)" % self.pipe(depth + 1)
        if self.r.random() < 0.15:
            inner += self.pick([".name", ".a.b", ".Name", ".Count", ".Inner", ".Double 2", ".Join \"x\" \"y\"", ".Fail", ".Nope"])
        return inner

    def command(self, depth=0):
        k = self.r.random()
        if k < 0.45:
            return self.function(depth)
        if k < 0.97:
            return self.operand(depth)
        return self.operand(depth) + " " + self.operand(depth)

    def format(self):
        out = ""
        for _ in range(self.r.randrange(1, 4)):
            out += self.pick(["", "x", " ", "é"])
            out += "%" + "".join(self.pick(["", "", "", "+", "-", "#", "0", " "]) for _ in range(2))
            out += self.pick(["", "", "", "5", "10", "*", "[1]", "[2]*", "[9]", "[", "1000001"])
            out += self.pick(["", "", "", ".2", ".0", ".", ".*", ".[1]*", ".20"])
            out += self.pick(["", "", "", "", "[1]", "[2]", "[x]"])
            out += self.pick(VERBS)
        if self.r.random() < 0.03:
            out += "%"
        return out

    def pipe(self, depth=0, declare=True):
        out = self.command(depth)
        while self.r.random() < 0.22:
            out += self.pick([" | ", "|", " |"]) + self.pick(
                [lambda: self.function(depth), lambda: self.pick(["len", "print", "not", "html", "js", "urlquery", "upper",
                 "printf \"%v\"", "printf \"%q\"", "printf \"%d|\"", "eq 1.0", "eq \"x\"", "index .m", "and .a", "or .b", "any",
                 "list 1", "int", "println", ".name", "$", "add 1", "call"])])()
        if declare and depth == 0 and self.r.random() < 0.12:
            v = self.pick(["$x", "$y", "$long", "$é"])
            if v in self.vars and self.r.random() < 0.6:
                return "%s = %s" % (v, out)
            self.vars.append(v)
            return "%s := %s" % (v, out)
        return out

    # ---- actions
    def open(self):
        return "{{- " if self.r.random() < 0.15 else "{{"

    def close(self):
        return " -}}" if self.r.random() < 0.15 else "}}"

    def act(self, text):
        return self.open() + text + self.close()

    def text(self):
        return self.pick(["", " ", "\n", "text", "a: b\n", "  indented\n", "}", "{ {", "é ", "\t", "-", "x\n\n"])

    def scope(self, depth):
        mark = len(self.vars)
        body = self.body(depth + 1)
        del self.vars[mark:]
        return body

    def node(self, depth):
        k = self.r.random()
        if depth > 3 or k < 0.55:
            return self.act(self.pipe())
        mark = len(self.vars)
        if k < 0.68:
            out = self.act("if " + self.pipe()) + self.scope(depth)
            while self.r.random() < 0.2:
                out += self.act("else if " + self.pipe()) + self.scope(depth)
            if self.r.random() < 0.4:
                out += self.act("else") + self.scope(depth)
        elif k < 0.82:
            head = self.pipe(0, False) if self.r.random() < 0.4 else self.pick([".items", ".m", ".", "3", ".nested", "(list 1 2)", "$"])
            form = self.r.randrange(5)
            if form == 0:
                self.vars.append("$i")
                head = "$i := " + head
            elif form == 1:
                self.vars += ["$k", "$v"]
                head = "$k, $v := " + head
            elif form == 2 and len(self.vars) > 1:
                head = "%s = %s" % (self.vars[-1], head)
            self.loop += 1
            out = self.act("range " + head)
            out += self.scope(depth)
            if self.r.random() < 0.3:
                out += self.act("if " + self.operand()) + self.act(self.pick(["break", "continue"])) + self.act("end")
            self.loop -= 1
            if self.r.random() < 0.3:
                out += self.act("else") + self.scope(depth)
        elif k < 0.92:
            out = self.act("with " + self.pipe()) + self.scope(depth)
            if self.r.random() < 0.2:
                out += self.act("else with " + self.pipe()) + self.scope(depth)
            if self.r.random() < 0.3:
                out += self.act("else") + self.scope(depth)
        elif k < 0.95:
            name = self.pick(["t1", "t2", "missing"] if self.r.random() < 0.2 else ["t1", "t2"])
            return self.act("template \"%s\" %s" % (name, self.pick(["", self.pipe(1)])))
        elif k < 0.97:
            saved, self.vars = self.vars, ["$"]
            body = self.body(depth + 1)
            self.vars = saved
            return self.act("block \"%s\" %s" % (self.pick(["b1", "b2"]), self.pipe(1))) + body + self.act("end")
        else:
            return self.pick(["{{/* c */}}", "{{- /* c\nd */ -}}", "{{/**/}}"])
        del self.vars[mark:]
        return out + self.act("end")

    def body(self, depth=0):
        return "".join(self.text() + self.node(depth) for _ in range(self.r.randrange(1, 4))) + self.text()

    def template(self):
        out = ""
        for name in ("t1", "t2"):
            if self.r.random() < 0.9:
                saved, self.vars = self.vars, ["$"]
                out += self.act('define "%s"' % name) + self.body(2) + self.act("end")
                self.vars = saved
        return self.body() + out if self.r.random() < 0.5 else out + self.body()

    def broken(self):
        t = self.template() if self.r.random() < 0.7 else self.body()
        for _ in range(self.r.randrange(1, 4)):
            at = self.r.randrange(len(t) + 1)
            k = self.r.randrange(6)
            if k == 0:
                t = t[:at] + t[at + self.r.randrange(1, 6):]
            elif k == 1:
                t = t[:at] + self.pick(list("{}()|.$\"'`:=,-/* \n\tx0é\\#@!")) + t[at:]
            elif k == 2:
                t = t[:at] + self.pick(["{{end}}", "{{else}}", "{{", "}}", "{{if}}", "{{range}}", "{{break}}", "{{continue}}", "{{nope}}",
                                        "{{define \"t1\"}}x{{end}}", "{{define}}", "{{template}}", "{{else if .a}}", "{{$nope}}", "{{1 | 2}}",
                                        "{{|}}", "{{()}}", "{{(1}}", "{{)}}", "{{nil}}", "{{.a.}}", "{{. .a}}", "{{\"a\".b}}", "{{1.a}}", "{{/* x",
                                        "{{/* x */", "{{- -}}", "{{-}}", "{{ -3 }}", "{{$x, $y := 1}}", "{{range $a, $b, $c := .}}", "{{range $a, 1 := .}}",
                                        "{{'ab'}}", "{{''}}", "{{'\\q'}}", "{{\"\\q\"}}", "{{\"a\nb\"}}", "{{`a\nb`}}", "{{a\nb}}", "{{.a}", "{{with}}", "{{block \"q\"}}",
                                        "{{if .a}}{{else}}{{else}}{{end}}", "{{1+}}", "{{$x := }}", "{{$ := 1}}{{$}}", "{{(1).a}}", "{{(.a).b.c}}", "{{eq}}", "{{printf}}"]) + t[at:]
            elif k == 3:
                t = t[:at]
            elif k == 4:
                b = self.r.randrange(len(t) + 1)
                t = t[:at] + t[b:b + 12] + t[at:]
            else:
                t = t.replace(self.pick(["{{", "}}", " ", ".", "end", "\""]), self.pick(["", "{{", " ", "\n"]), 1)
        return t

    def formats(self):
        return "".join("{{printf %s %s}}|" % (self.quote(self.format()), " ".join(self.operand(2) for _ in range(self.r.randrange(4))))
                       for _ in range(3))

    # ---- templates that mostly succeed: operands of known types
    def typed(self, kind, depth=0):
        deep = depth < 3
        leaf = {
            "string": [".s", "$.s", ".m.s", "\"lit\"", "`raw`", ".e", "$.long", ".u", "(word \"w\")"],
            "number": [".n", ".f", "$.n", ".m.n", ".big", ".neg"],
            "int": ["1", "0", "7", "0x10", "'a'", "(len .l)", "(int 3.0)", "-3", "(u8 9)", "(i64 5)", "(dur 90000000000)"],
            "bool": ["true", "false", ".t", ".o", "$.t"],
            "list": [".l", "$.l", ".strs", "(list 1 \"a\" nil)", "(ints 1 2 3)", "(strs \"x\" \"y\")", ".none", "nillist", "(bytes \"ab\")"],
            "map": [".m", "$.m", ".m.m", "$", "(smap \"k\" \"v\")", "nilmap"],
        }
        if not deep or self.r.random() < 0.55:
            return self.pick(leaf[kind])
        sub = lambda k: self.typed(k, depth + 1)
        anything = lambda: sub(self.pick(list(leaf)))
        make = {
            "string": [lambda: "(print %s %s)" % (anything(), anything()), lambda: "(printf %s %s %s)" % (self.quote(self.format()), anything(), anything()),
                       lambda: "(%s | upper)" % sub("string"), lambda: "(html %s)" % anything(), lambda: "(js %s %s)" % (anything(), anything()),
                       lambda: "(urlquery %s)" % anything(), lambda: "(println %s)" % anything(), lambda: "(index .m \"s\")",
                       lambda: "(or %s %s)" % (sub("string"), sub("string")), lambda: "(slice \"abcdef\" 1 %d)" % self.r.randrange(1, 7)],
            "number": [lambda: "(index .m \"n\")", lambda: "(or %s %s)" % (sub("number"), sub("number")), lambda: "(index .nums %d)" % self.r.randrange(3)],
            "int": [lambda: "(add %s %s)" % (self.pick(["1", "2", "-4"]), self.pick(["3", "(int .f)"])), lambda: "(len %s)" % sub(self.pick(["list", "map"])),
                    lambda: "(and %s %s)" % (sub("int"), sub("int"))],
            "bool": [lambda: "(not %s)" % anything(), lambda: "(eq %s %s %s)" % (sub("string"), sub("string"), sub("string")),
                     lambda: "(%s %s %s)" % (self.pick(["lt", "le", "gt", "ge", "eq", "ne"]), sub("number"), sub("number")),
                     lambda: "(%s %s %s)" % (self.pick(["lt", "le", "gt", "ge", "eq", "ne"]), sub("int"), sub("int")),
                     lambda: "(and %s %s)" % (sub("bool"), sub("bool")), lambda: "(eq %s nil)" % anything()],
            "list": [lambda: "(list %s %s)" % (anything(), anything()), lambda: "(or %s %s)" % (sub("list"), sub("list")),
                     lambda: "(slice .nums %d)" % self.r.randrange(3)],
            "map": [lambda: "(set .m \"%s\" %s)" % (self.pick("xyz"), sub(self.pick(["string", "number", "bool"]))), lambda: "(or %s %s)" % (sub("map"), sub("map")),
                    lambda: "(any %s)" % sub("map")],
        }
        return self.pick(make[kind])()

    def typed_any(self):
        return self.typed(self.pick(["string", "string", "number", "int", "bool", "list", "map"]))

    def typed_node(self, depth=0):
        k = self.r.random()
        if depth > 2 or k < 0.5:
            return self.act(self.typed_any() + self.pick(["", "", " | print", " | printf \"%v/%v\" 1", " | println", " | html", " | not"]))
        body = lambda: self.text() + self.typed_node(depth + 1)
        if k < 0.65:
            return self.act("if " + self.typed_any()) + body() + self.act("else if " + self.typed_any()) + body() + self.act("else") + body() + self.act("end")
        if k < 0.85:
            head = self.pick(["$a := ", "$a, $b := ", ""])
            shown = self.pick(["{{$a}}", "{{$a}}"]) + ("{{$b}}" if "$b" in head else "") if head else "{{.}}"
            return (self.act("range " + head + self.typed(self.pick(["list", "map", "int"]), 2)) + shown +
                    self.pick(["", self.act("if eq 1 (len (print .))") + self.act(self.pick(["break", "continue"])) + self.act("end")]) +
                    "," + self.act("else") + "none" + self.act("end"))
        if k < 0.93:
            return self.act("with " + self.pick(["$w := ", ""]) + self.typed(self.pick(["string", "list", "bool", "int"]))) + "{{.}}" + self.act("else") + body() + self.act("end")
        return self.act("$v := " + self.typed_any()) + self.act("$v") + self.act("$v = " + self.typed_any()) + "{{$v}}{{template \"t\" $v}}"

    def typed_case(self):
        data = {"s": self.pick(STRINGS), "e": "", "long": "long text over ten characters", "u": "é世界\u200b\t", "n": self.pick(NUMBERS), "f": 1.5,
                "big": self.pick([1e21, 1e20, 123456789.0, 1e6, 1e-5]), "neg": -7, "t": True, "o": False, "none": [], "strs": ["b", "a", ""],
                "nums": [1, 2.5, -3], "l": [self.data(2) for _ in range(3)], "nil": None,
                "m": {"s": "inner", "n": 4, "m": {"deep": self.data(2), "nil": None}, "l": [1, None, "x"]}}
        text = "".join(self.text() + self.typed_node() for _ in range(self.r.randrange(1, 4)))
        return {"template": text + "{{define \"t\"}}[{{.}}]{{end}}", "data": data, "missingkey": self.pick(["", "zero", "error"])}

    def case(self, kind):
        if kind == "all":
            kind = self.pick(["typed", "typed", "typed", "templates", "formats", "broken"])
        if kind == "typed":
            return self.typed_case()
        text = {"templates": self.template, "formats": self.formats, "broken": self.broken}[kind]()
        return {"template": text, "data": self.top(), "missingkey": self.pick(["", "", "zero", "error", "default"])}


def normal(text):
    """Without what is known to differ: addresses, the static type of a function that returns an error, and whether a nil
    pointer's struct has a field of that name."""
    if ADDRESS.search(text):
        text = re.sub(rb" +", b" ", ADDRESS.sub(b"0x", text))
    text = text.replace(b"in type *errors.errorString", b"in type error")
    text = text.replace(b"unexported field of struct type *errors.errorString", b"unexported field of struct type error")
    text = text.replace(b"<*errors.errorString Value>", b"<error Value>")
    return re.sub(rb"nil pointer evaluating \*main\.thing\.(\w+)", rb"can't evaluate field \1 in type *main.thing", text)


def answers(command, lines, cwd=None):
    done = subprocess.run(command, input=lines.encode(), stdout=subprocess.PIPE, cwd=cwd, timeout=120)
    out = [json.loads(l) for l in done.stdout.decode().splitlines()]
    return [((base64.b64decode(a["out"] or "")), base64.b64decode(a["error"] or "")) for a in out], done.returncode


def main():
    p = argparse.ArgumentParser()
    p.add_argument("binary")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--count", type=int, default=2000)
    p.add_argument("--kind", default="all")
    p.add_argument("--show", type=int, default=10)
    o = p.parse_args()
    cases = [Maker(random.Random("%d/%d" % (o.seed, i))).case(o.kind) for i in range(o.count)]
    # The addresses of functions have other lengths in Go.
    cases = [c for c in cases if o.kind != "formats" or not re.search(r"\b(fn|thing)\b|%[^a-zA-Z%]*p", c["template"])]
    lines = "".join(json.dumps(c, ensure_ascii=True) + "\n" for c in cases)
    peer = os.path.join(os.environ.get("TMPDIR", "/tmp"), "weir-gotemplate-render")
    subprocess.check_call([GO, "build", "-o", peer, "./render"], cwd=HERE)
    ours, code = answers([os.path.abspath(o.binary)], lines)
    if len(ours) != len(cases):
        print("seed %d: stopped at case %d (code %d):\n%s" % (o.seed, len(ours), code, json.dumps(cases[len(ours)])))
        return 1
    # What runs into our caps would not end in Go.
    kept = [i for i, (_, error) in enumerate(ours) if b"(template_" not in error and b"template_value_depth_max" not in error]
    cases, ours = [cases[i] for i in kept], [ours[i] for i in kept]
    theirs, _ = answers([peer], "".join(json.dumps(c, ensure_ascii=True) + "\n" for c in cases))
    different = failed = 0
    for i, (a, b) in enumerate(zip(theirs, ours)):
        failed += bool(a[1])
        if a == b or [normal(part) for part in a] == [normal(part) for part in b]:
            continue
        different += 1
        if different <= o.show:
            print("--- seed %d case %d" % (o.seed, i))
            print(json.dumps(cases[i], ensure_ascii=False))
            print("go:   %r\n      %r" % a)
            print("weir: %r\n      %r" % b)
    print("seed %d: %d cases, %d of them errors, %d different" % (o.seed, len(cases), failed, different))
    return 1 if different else 0


sys.exit(main())
