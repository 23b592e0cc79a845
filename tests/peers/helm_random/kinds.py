"""Random charts that go deep in one thing each: schemas, .helmignore, globs over .Files, --set and its kin, calls through include and tpl, Chart.yaml.
Each class makes, of a seed, the files of a chart and the flags to render it with (and the files that those need)."""
import json, random


class Kind:
    SHOW = "kind: Show\nvalues: {{ toJson .Values }}\n"

    def __init__(self, seed): self.r = random.Random(seed)
    def chance(self, p): return self.r.random() < p
    def pick(self, items): return self.r.choice(items)
    def some(self, items, most): return self.r.sample(items, min(len(items), self.r.randint(0, most)))
    def flags(self, folder): return [], {}
    def meta(self): return "apiVersion: v2\nname: root\nversion: 1.0.0\n"


class Schema(Kind):
    """Values against a schema: all keywords, all drafts, references, formats."""
    DRAFTS = ["http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-06/schema#", "http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-07/schema",
              "https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/schema#", None, None]
    FORMATS = ["date", "date-time", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri", "iri-reference", "uri-template", "uuid", "json-pointer", "relative-json-pointer", "regex", "semver", "period", "unknown"]
    TEXTS = ["", "a", "abc", "abcdef", "2020-02-30", "2020-02-29", "2020-02-29T12:30:00Z", "12:30:00Z", "P1D", "PT", "a@b.c", "a@", "example.com", "-bad-", "1.2.3.4", "01.2.3.4", "::1", "1::2::3", "http://a/b", "//x", "a b", "%zz", "{x}", "{x",
             "123e4567-e89b-12d3-a456-426614174000", "/a/b", "a/b", "/a~2", "0/a", "1#", "^[a-z]+$", "[", "1.2.3", "1.2", "é世", "x" * 70, "true", "null", "1", "a.b.c.d.e", "10.0.0.0/8",
             "x\\", "1.2.3-a.01", "1.2.3+b", "P1D/2020-01-01T00:00:00Z", "/", "P1D1Y", "PT1H1M", "1x:2", "::1.2.3", "fe80::1%a", "-1.2.3.4", "2020-1-01", "12:30:00+-1:00", "http://[::g]", "http://a:80:90", "(?<=a)b", "\\Z", "a@[IPv6:::1]", "a'b@c"]
    KINDS = ["string", "integer", "number", "boolean", "object", "array", "null"]
    NAMES = ["a", "b", "c", "d", "a-b", "x.y", "é", "a/b", "t~u"]
    HELD = ["type", "minLength", "required", "properties", "enum", "pattern", "items", "multipleOf", "$ref", "format", "title", "if", "then", "allOf", "not", "dependencies", "dependentRequired", "$anchor", "$id", "id", "$comment", "patternProperties", "const", "exclusiveMinimum", "additionalItems", "prefixItems",
            "contentSchema", "$vocabulary", "definitions", "$defs", "examples", "maxContains", "uniqueItems", "$recursiveAnchor", "$dynamicAnchor", "additionalProperties", "propertyNames"]

    def value(self, depth=3):
        n = self.r.random()
        if depth and n < 0.3: return {k: self.value(depth - 1) for k in self.some(self.NAMES, 4)}
        if depth and n < 0.5: return [self.value(depth - 1) for _ in range(self.r.randint(0, 4))]
        return self.pick(self.TEXTS + [0, 1, 2, -1, 3, 1.5, 2.0, 0.1, 1e10, 1e21, 100000000000, True, False, None, 7, 10, 0.3, 12345678901234567890, 0.005, 1e-7, 99.99]) if n < 0.97 else self.pick([[1, 1], [1, 1.0], [{"a": 1}, {"a": 1}], [[], {}], [None, None]])

    def reference(self):
        return self.pick(["#/definitions/d", "#/$defs/e", "#/definitions/d", "#", "#/properties/a", "#anc", "#/definitions/missing", "#/definitions/d/properties/a", "#/$defs/e/items", "#/definitions/a~1b", "#/definitions/x%20y", "root.json#/definitions/d", "urn:x"][:6 if self.chance(0.9) else 13])

    def rule(self, depth):
        sub = lambda: self.schema(depth - 1)
        many = lambda: [sub() for _ in range(self.r.randint(1, 3))]
        number = lambda: self.pick([0, 1, 2, 3, 5, 1.5, 10, -1, 0.1, 0.01, 100])
        count = lambda: self.pick([0, 1, 2, 3, 5])
        flat = [("type", lambda: self.pick(self.KINDS + [self.r.sample(self.KINDS, 2), self.r.sample(self.KINDS, 3)])), ("enum", lambda: [self.value(1) for _ in range(self.r.randint(1, 4))]), ("const", lambda: self.value(1)),
                ("pattern", lambda: self.pick(["^a", "b$", "^[a-z]+$", "\\d+", "^.{3}$", "a|b", "(?i)ABC", "[^x]", "\\p{L}", "^\\S+$"])), ("minLength", count), ("maxLength", count), ("minimum", number), ("maximum", number),
                ("exclusiveMinimum", number), ("exclusiveMaximum", number), ("multipleOf", lambda: self.pick([1, 2, 0.1, 0.01, 3, 1.5, 7])), ("format", lambda: self.pick(self.FORMATS)), ("minItems", count), ("maxItems", count), ("uniqueItems", lambda: self.chance(0.8)),
                ("minProperties", count), ("maxProperties", count), ("required", lambda: self.r.sample(self.NAMES, self.r.randint(1, 3))), ("title", lambda: "t"), ("description", lambda: "d"), ("default", lambda: self.value(1)), ("examples", lambda: [1]), ("deprecated", lambda: True),
                ("contentEncoding", lambda: self.pick(["base64", "x"])), ("contentMediaType", lambda: self.pick(["application/json", "y/z"])), ("readOnly", lambda: True), ("$comment", lambda: "c")]
        deep = [("properties", lambda: {k: sub() for k in self.some(self.NAMES, 4)}), ("patternProperties", lambda: {k: sub() for k in self.some(["^a", "b", ".", "é", "^x\\."], 2)}), ("additionalProperties", lambda: self.pick([False, True, sub()])), ("propertyNames", sub),
                ("items", lambda: self.pick([sub(), sub(), many()] if self.chance(0.5) else [sub()])), ("additionalItems", lambda: self.pick([False, sub()])), ("prefixItems", many), ("contains", sub), ("minContains", count), ("maxContains", count), ("allOf", many), ("anyOf", many), ("oneOf", many), ("not", sub),
                ("if", sub), ("then", sub), ("else", sub), ("dependencies", lambda: {self.pick(self.NAMES): self.pick([["a"], ["b", "c"], sub()])}), ("dependentRequired", lambda: {self.pick(self.NAMES): self.r.sample(self.NAMES, 2)}), ("dependentSchemas", lambda: {self.pick(self.NAMES): sub()}),
                ("unevaluatedProperties", lambda: self.pick([False, False, sub()])), ("unevaluatedItems", lambda: self.pick([False, sub()])), ("$ref", self.reference), ("$dynamicRef", lambda: self.pick(["#anc", "#/definitions/d"])), ("$recursiveRef", lambda: "#"), ("contentSchema", sub)]
        return self.pick(flat if depth <= 0 or self.chance(0.4) else deep)

    def schema(self, depth):
        if self.chance(0.06): return self.chance(0.6)
        out = {}
        for _ in range(self.pick([0, 1, 1, 2, 2, 3, 4])):
            name, make = self.rule(depth)
            out[name] = make()
        if self.chance(0.02): out[self.pick(self.HELD)] = self.pick([3, "bad", None, {}, [], -1, "[", ["a", "a"], True, 1.5, 0, {"a": 3}, {"a": ["x", "x"]}, [3, {}], [{"minLength": -1}], {"[": {}}, "%zz", "#anc", 1e30])
        if self.chance(0.02): out["$id"] = self.pick(["part/" + self.pick("abc"), "part/a b", "#frag"])
        if self.chance(0.015): out[self.pick(["$anchor", "$dynamicAnchor"])] = self.pick(["anc", "dyn"])
        if self.chance(0.015): out[self.pick(["$dynamicRef", "$ref"])] = self.pick(["#dyn", "part/a", "part/b#/properties/a"])
        if self.chance(0.01): out["$recursiveAnchor"] = True
        if self.chance(0.01): out[self.pick(["$ref", "$schema"])] = self.pick([d for d in self.DRAFTS if d])
        return out

    def chart(self):
        top = self.schema(4)
        if not isinstance(top, dict): top = {}
        top.setdefault("properties", {})
        if isinstance(top["properties"], dict):
            for name in self.some(self.NAMES, 5): top["properties"].setdefault(name, self.schema(3))
        draft = self.pick(self.DRAFTS)
        if draft: top["$schema"] = draft
        if self.chance(0.6): top["definitions"] = {"d": self.schema(2), "a/b": self.schema(1), "x y": self.schema(1)}
        if self.chance(0.5): top["$defs"] = {"e": self.schema(2)}
        if self.chance(0.2) and isinstance(top.setdefault("$defs", {}), dict): top["$defs"]["f"] = {"$anchor": "anc", "type": "string"}
        if self.chance(0.1): top["$id"] = self.pick(["http://x/root.json", "root.json", "#anc", "http://x/y/"])
        if self.chance(0.8): top["type"] = "object"
        files = {"Chart.yaml": self.meta(), "values.yaml": json.dumps({k: self.value() for k in self.some(self.NAMES, 7)}), "values.schema.json": json.dumps(top, indent=1, ensure_ascii=self.chance(0.5)), "templates/a.yaml": self.SHOW}
        if self.chance(0.2):
            files.update({"charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n", "charts/sub/values.yaml": json.dumps({k: self.value() for k in self.some(self.NAMES, 4)}), "charts/sub/values.schema.json": json.dumps({**(lambda s: s if isinstance(s, dict) else {})(self.schema(3)), **({"$schema": draft} if draft else {})})})
        return files


PARTS = ["a", "b", "ab", "abc", "x.txt", "y.yaml", "z", ".h", "a b", "é", "A", "a-1", "[x]", "n.tar.gz", "templates2", "tests"]


class Ignore(Kind):
    """.helmignore over a tree of files."""
    def name(self): return self.pick(PARTS)

    def pattern(self):
        part = lambda: self.pick([self.name(), "*", "?", "*.txt", "a*", "*b", "[a-c]*", "[!a]*", "[^a]", "a?c", "*.*", "\\a", "x.t[xy]t", "{a,b}", ".*", "*a*", "é", "[é]", "\\*", "a\\", "[a", "[]", "[a-]", "??", "*[0-9]"][:18 if self.chance(0.93) else 25])
        out = "/".join(part() for _ in range(self.pick([1, 1, 1, 1, 2, 2, 3])))
        out = self.pick(["", "", "", "", "/", "!", "./", "!/", " ", "../"][:6 if self.chance(0.9) else 10]) + out + self.pick(["", "", "", "/", "/*", " ", "  # c", "/.", "//", "\t"][:5 if self.chance(0.9) else 10])
        return self.pick([out] * 20 + ["", "# comment", "  # indented", "**", "a**", "**/b", "!", "/", "*", ".", "templates", "templates/", "!templates/a.yaml", "/*.txt", "charts/", "Chart.yaml", "values.yaml", "!values.yaml", "*.yaml", "\\#x", "\ufeffz", ".helmignore"])

    def chart(self):
        files = {"Chart.yaml": self.meta(), "values.yaml": "v: 1\n", "templates/a.yaml": "kind: Show\nvalues: {{ toJson .Values }}\n{{ range $n, $_ := .Files }}{{ $n | quote }}: {{ $.Files.Get $n | quote }}\n{{ end }}"}
        taken = {"templates", "charts"}
        for _ in range(self.r.randint(3, 14)):
            path = [self.name() for _ in range(self.pick([1, 1, 1, 2, 2, 3]))]
            if path[0] in taken or any("/".join(path[:n]) in files for n in range(1, len(path))) or any(f.startswith("/".join(path) + "/") for f in files): continue
            files["/".join(path)] = "t"
        for n in self.some(["b.yaml", "ab.yaml", "_h.tpl", "sub/a.yaml", "sub/abc.yaml", "tests/a.yaml", "x.txt", ".h.yaml"], 4): files["templates/" + n] = "kind: K%s\n" % n.replace("/", "-").replace(".", "-")
        for sub in self.some(["a", "abc", "z"], 2):
            files["charts/%s/Chart.yaml" % sub] = "apiVersion: v2\nname: %s\nversion: 1.0.0\n" % sub
            files["charts/%s/templates/s.yaml" % sub] = "kind: S\nfiles: {{ range $n, $_ := .Files }}{{ $n }} {{ end }}\n"
            files["charts/%s/a" % sub] = "t"
            if self.chance(0.4): files["charts/%s/.helmignore" % sub] = self.pattern() + "\n"
        files[".helmignore"] = self.pick(["\n", "\n", "\n", "\r\n"]).join(self.pattern() for _ in range(self.pick([1, 1, 2, 3, 5]))) + self.pick(["\n", ""])
        return files


class Files(Kind):
    """Globs over names, and what becomes of contents."""
    TEXTS = ["", "x", "a: b\n", "one\ntwo\n", "\n", "no end\n ", "# c\n", "'q'", "\"d\"", "true", "1e3", "- l\n", "tab\there\n", "\u00e9\n", "a\r\nb", "long " * 30, "{{ .Values }}", "---\nx\n", " lead\n", "x: |\n  y\n", "\u2028", "trail \n", "a\n\n\n", "%p", "null", "0x1f", "2001-01-01", "<<", "!t v", "&a", "@x", "`b`", "a #b", "a: ", ": a", "?", "[1", "}"]

    def pattern(self):
        part = lambda: self.pick(["*", "**", "?", "a", "b", "*.txt", "x.*", "[ab]", "[!a]*", "[a-z]", "{a,b}", "{x,y}.*", "{a*,*b}", "a*", "*b*", "\\a", "[^a]", "é", "??", "**.txt", "{,a}", "[x]", "{a,{b,c}}", "[a", "{a", "}", "[a-", "[]a]", "[!]", "\\", "a**b", "***"][:21 if self.chance(0.93) else 32])
        return self.pick(["", "", "", "", "/", "./", "d/", "d/"]) + "/".join(part() for _ in range(self.pick([1, 1, 2, 2, 3]))) + self.pick(["", "", "", "", "/"])

    def chart(self):
        files = {"Chart.yaml": self.meta()}
        for _ in range(self.r.randint(2, 14)):
            path = self.pick(["", "", "d/", "d/e/", "a/", "b/c/"]) + self.pick(PARTS + ["x.txt", "y.txt", "a.txt", "ab.txt", "x", "b"])
            if path in files or any(f.startswith(path + "/") or path.startswith(f + "/") for f in files) or path.split("/")[0] in ("templates", "charts", "tests"): continue
            files[path] = self.pick(self.TEXTS)
        quoted = lambda p: json.dumps(p, ensure_ascii=False)
        text = "kind: Show\n"
        for n in range(self.r.randint(2, 8)):
            p = quoted(self.pattern())
            text += self.pick(["g%d: \"{{ range $n, $b := .Files.Glob %s }}{{ $n }}={{ len $b }} {{ end }}\"\n", "g%d: \"{{ range $n, $b := .Files.Glob %s }}{{ $n }}={{ len $b }} {{ end }}\"\n", "c%d:\n{{ (.Files.Glob %s).AsConfig | indent 2 }}\n", "s%d:\n{{ (.Files.Glob %s).AsSecrets | indent 2 }}\n", "j%d: {{ (.Files.Glob %s) | toJson }}\n",
                               "l%d: {{ len (.Files.Glob %s) }}\n", "y%d: |\n{{ (.Files.Glob %s) | toYaml | indent 2 }}\n", "k%d: {{ (.Files.Glob %s) | keys | sortAlpha | toJson }}\n"][:7]) % (n, p)
        for n, name in enumerate(self.some(sorted(set(files) - {"Chart.yaml"}), 4)):
            if files[name]: text += "t%d: {{ .Files.Lines %s | toJson }}\n" % (n, quoted(name))
            text += "f%d: {{ .Files.Get %s | quote }}\n" % (n, quoted(name))
        files["templates/show.yaml"] = text
        return files


class Sets(Kind):
    """--set, --set-string, --set-json, --set-literal, --set-file over values."""
    def key(self):
        step = lambda: self.pick(["a", "b", "c", "l", "m", "n"] * 4 + ["a\\.b", "x-y", "é", "a\\,b", "a b", "\"q\"", "", "1", "null", "global", "a\\=b", "sub", " a"])
        index = lambda: self.pick(["[0]", "[1]", "[2]", "[0][1]", "[0]", "[5]"] * 5 + ["[-1]", "[x]", "[", "[]", "[1", "]", "[65537]", "[ 1 ]", "[01]", "[0]x"])
        out = step()
        for _ in range(self.pick([0, 0, 1, 1, 2, 3])): out += index() if self.chance(0.3) else "." + step()
        return out

    def value(self):
        return self.pick(["x", "1", "true", "null", "", "{a,b}", "{1,null,x}", "1.5", "0777", "a\\,b", "[]", "{}", "9007199254740993", "1e3", "-5", "v=w", "012", "'q'", "~", "0", "-0", "+1", "0x1F", "1_000", "True", "nil", "false", "{}", "{a}", "{a,}", "{,a}", "{{a,b}}", "{a,{b}}", "a}b", "é", " x ", "99999999999999999999", ".5", "5.",
                          "{a", "{a}b", "a=b=c", "\"quoted\"", "\\{a\\}", "\\", "a\\b", "a.b", "a[0]", "{\\,}", "{ a , b }", "inf", "NaN", "0b1", "0o7", "1e400", "9223372036854775808", "-9223372036854775808", "a\nb", "\t"])

    def assignments(self): return ",".join(self.key() + self.pick(["="] * 15 + ["", "=="]) + self.value() for _ in range(self.pick([1, 1, 1, 2, 3]))) + self.pick([""] * 20 + [",", "=", ","])

    def json_value(self): return self.pick(["1", "1.50", "\"s\"", "null", "true", "[1,2,{\"a\":null}]", "{\"a\":{\"b\":1}}", "{}", "[]", "1e3", "[1,", "{\"a\"}", "x", "\"a,b\"", "9007199254740993", "-0", "{\"a\":1,\"a\":2}", " 1 ", "1 2", "\"\\u00e9\"", "12345678901234567890", "1.0", ""])

    def chart(self):
        values = "a: 1\nb: {c: x, m: {n: 1}}\nl: [1, two, {a: b}]\nm: {l: [[1, 2], [3]], n: null}\nglobal: {a: g}\n"
        return {"Chart.yaml": self.meta(), "values.yaml": values, "templates/a.yaml": self.SHOW + "kinds: {{ range $k, $v := .Values }}{{ $k }}={{ typeOf $v }} {{ end }}\n{{ toYaml .Values }}\n", "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n", "charts/sub/values.yaml": "a: 1\n", "charts/sub/templates/s.yaml": self.SHOW}

    def flags(self, folder):
        out, files = [], {}
        if self.chance(0.3):
            files["over.yaml"] = self.pick(["a: {b: 1}\n", "b: null\nl: [9]\n", "m: text\n", "{}\n", "", "l: {a: b}\nb: {m: null}\n"])
            out += ["-f", folder + "/over.yaml"]
        files["f.txt"] = "from a file, with = and {}\n"
        for _ in range(self.pick([1, 1, 2, 3])):
            flag = self.pick(["--set", "--set", "--set", "--set-string", "--set-literal", "--set-json", "--set-file"])
            if flag == "--set-json": text = self.pick(["%s=%s" % (self.key(), self.json_value()), "%s=%s" % (self.key(), self.json_value()), "%s=%s,%s=%s" % (self.key(), self.json_value(), self.key(), self.json_value()), json.dumps({"a": {"b": [1]}, "m": None}), " {\"b\":{\"c\":1}}", "{bad", "{\"a\":1}x"])
            elif flag == "--set-file": text = self.key() + "=" + self.pick([folder + "/f.txt", folder + "/f.txt", folder + "/none.txt", ""])
            else: text = self.assignments()
            out += [flag, text]
        return out, files


class Calls(Kind):
    """Templates calling one another through include, template and tpl, with contexts that fit or do not: what is at fault deep inside, and its trace."""
    def fault(self):
        return self.pick(["{{ .Values.none.deeper }}", "{{ .none.deeper }}", "{{ required \"need it\" .x }}", "{{ fail \"stop\" }}", "{{ index .l 9 }}", "{{ trunc \"a\" \"b\" }}", "{{ include \"nowhere\" . }}", "{{ template \"nowhere\" . }}", "{{ .s.field }}", "{{ len 3 }}", "{{ tpl \"{{ .a.b.c }}\" . }}", "{{ tpl \"{{ nofunc }}\" . }}",
                          "{{ tpl \"{{\" . }}", "{{ fromJson 3 }}", "{{ mustToJson . | fail }}", "{{ 1 | atoi }}", "{{ mustRegexMatch \"(\" \"a\" }}", "{{ div 1 0 }}", "{{ semver \"x\" }}", "{{ (index . \"s\").x }}", "{{ .Values.s.t.u }}", "{{ toJson . | .x }}", "{{ $.nope.x }}", "{{ get . 3 }}", "{{ dig \"a\" . }}", "{{ lt 1 \"a\" }}", "{{ first 3 }}",
                          "{{ b64dec \"!\" }}", "{{ dict \"a\" }}", "{{ set . }}", "{{ .s | first }}", "{{ call .s }}", "{{ mustFirst nil }}", "{{ slice .s 5 9 }}", "{{ printf \"%d\" }}", "{{ eq 1 \"1\" }}", "{{ ternary 1 }}", "{{ substr 5 2 .s }}", "{{ range 3.5 }}{{ end }}", "{{ mustDateModify \"x\" now }}", "{{ mustToDate \"2006\" \"x\" }}"])

    def context(self): return self.pick([".", "$", ".", "(dict \"Values\" .Values \"x\" 1 \"s\" \"text\" \"l\" (list 1 2))", "(dict \"s\" \"t\" \"l\" (list))", "(merge (dict \"x\" \"y\") .)", ".Values", "(list . 1)", "nil", "\"text\"", "3", "(omit . \"Values\")", "(deepCopy .)", "(mustMergeOverwrite (dict) .)", ".Values.m", "(set (dict) \"Values\" .Values)", "(pick .Values \"m\" \"s\")"])

    def good(self): return self.pick(["text", "{{ . | kindOf }}", "{{ \"x\" | upper }}", "{{ if . }}yes{{ end }}", "{{- /* c */ -}}", "{{ $x := 1 }}{{ $x }}", "{{ list 1 2 | join \",\" }}", "{{ range list 1 2 }}{{ . }}{{ end }}", "{{ with dict \"a\" 1 }}{{ .a }}{{ end }}", "{{ typeOf . }}", "{{ toJson \"a\" }}", "\n", "  ", "{{ \"<no value>\" }}", "{{ .none }}", "{{ now | kindOf }}", "{{ default \"d\" \"\" }}", "{{ coalesce nil \"c\" }}", "{{ ternary 1 2 true }}"])

    def call(self, depth):
        name = "t%d" % self.r.randint(depth, 7)
        quoted = lambda text: json.dumps(text)
        n = self.r.random()
        if n < 0.45: return "{{ include \"%s\" %s%s }}" % (name, self.context(), self.pick(["", "", " | indent 2", " | quote", " | nindent 4", " | fromYaml | toJson", " | trim", " | upper", " | toString | len"]))
        if n < 0.55: return "{{ template \"%s\" %s }}" % (name, self.context())
        if n < 0.8: return "{{ tpl %s %s%s }}" % (quoted(self.body(depth + 1, 1)) if self.chance(0.7) else self.pick([".Values.t1", ".Values.t2", ".Values.s", "(toYaml .Values.m)", ".Values.n", "(.Files.Get \"f.tpl\")", ".none"]), self.context(), self.pick(["", "", " | quote", " | trim"]))
        if n < 0.9: return "{{ range $i, $e := %s }}%s{{ else }}none{{ end }}" % (self.pick(["list 1 2", ".Values.m", ".l", ".Values.l", "until 2", ".Values.none", "dict \"a\" 1"]), self.body(depth + 1, 1))
        return "{{ with %s }}%s{{ else }}none{{ end }}" % (self.pick([".Values", ".x", ".Values.m", "$", ".Values.none", "list 1"]), self.body(depth + 1, 1))

    def body(self, depth, most=3):
        out = ""
        for _ in range(self.r.randint(1, most)):
            n = self.r.random()
            out += self.fault() if n < 0.06 else self.call(depth) if n < 0.5 and depth < 7 else self.good()
            out += self.pick(["", "", "\n", " "])
        return out

    def chart(self):
        files = {"Chart.yaml": self.meta(), "f.tpl": self.body(5, 2), "values.yaml": json.dumps({"s": "text", "l": [1, {"a": "b"}], "m": {"k": "v", "deep": {"x": 1}}, "n": 5, "t1": self.body(4, 2), "t2": self.body(6, 2)})}
        for n in range(8):
            text = "{{ define \"t%d\" }}%s{{ end }}" % (n, self.body(n + 1))
            path = self.pick(["templates/_a.tpl", "templates/_b.tpl", "templates/lib/_c.tpl", "charts/sub/templates/_d.tpl"])
            files[path] = files.get(path, "") + text + "\n"
        files["charts/sub/Chart.yaml"] = "apiVersion: v2\nname: sub\nversion: 1.0.0\n" + self.pick(["", "", "type: library\n"])
        for n in range(self.r.randint(1, 3)): files["templates/%d.yaml" % n] = "kind: K\na: {{ include \"body%d\" . | toJson }}\n" % n; files["templates/_body.tpl"] = files.get("templates/_body.tpl", "") + "{{ define \"body%d\" }}%s{{ end }}\n" % (n, self.body(0))
        if self.chance(0.3): files["charts/sub/templates/s.yaml"] = "kind: S\na: {{ include \"t3\" . | toJson }}\n"
        if self.chance(0.2): files["templates/NOTES.txt"] = self.body(3)
        return files


class Meta(Kind):
    """Chart.yaml, requirements.yaml and Chart.lock as people may write them; manifests and hooks of all kinds."""
    SCALARS = ["x", "1", "1.0", "1.10", "1.0.0", "v1", "true", "null", "~", "", "''", "2020-01-01", "0x10", "1e3", "[a, b]", "{a: b}", "|\n  block\n  text\n", ">-\n  folded\n  text\n", "\"q\\n\"", "é", "1.2.3-rc.1+b", "yes", "- a", "*x", "!!str 1", "'1.0'", "1_0", "  spaced  ", "a: b", "# c", "a # c", "http://x/y", "\n- one\n- two\n", "\n  a: b\n", "&x y", "\u200bz", "a\tb", "+1", ".5", "0o17", "017", "-1", "99999999999999999999"]
    HELD = ["Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy", "PodDisruptionBudget", "ServiceAccount", "Secret", "SecretList", "ConfigMap", "StorageClass", "PersistentVolume", "PersistentVolumeClaim", "CustomResourceDefinition", "ClusterRole", "ClusterRoleList", "ClusterRoleBinding", "ClusterRoleBindingList", "Role", "RoleList",
            "RoleBinding", "RoleBindingList", "Service", "DaemonSet", "Pod", "ReplicationController", "ReplicaSet", "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass", "Ingress", "APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "PriorityClass", "Unknown", "Alpha", "", "List", "configmap", "ValidatingAdmissionPolicy", "Gateway"]

    def meta(self):
        lines = ["apiVersion: %s" % self.pick(["v2", "v2", "v2", "v1", "v1", "\"v2\"", "v3", ""] if self.chance(0.3) else ["v2", "v1"]), "name: %s" % self.pick(["root"] * 20 + self.SCALARS), "version: %s" % self.pick(["1.0.0", "0.1.0", "1.2.3-rc.1", "v1.0.0", "1.0.0+b"] * 6 + self.SCALARS)]
        for key in self.some(["appVersion", "description", "home", "icon", "kubeVersion", "type", "deprecated", "condition", "tags", "engine"], 4):
            lines.append("%s: %s" % (key, self.pick({"kubeVersion": [">=1.20-0", "*", ">= 1.0.0 < 99", "1.x", ""], "type": ["application", "library", "", "application"], "deprecated": ["true", "false"]}.get(key, []) * 5 + self.SCALARS)))
        for key in self.some(["keywords", "sources"], 1): lines.append("%s: %s" % (key, self.pick(["[a, b]", "[1, true, null]", "[]", "null", "x", "\n- a\n- 'b'", "[[a]]", "[~]", "[é]"])))
        if self.chance(0.3): lines.append("maintainers: %s" % self.pick(["[{name: a, email: b}]", "[{name: a}]", "[a]", "null", "[]", "\n- name: a\n  url: u", "[{email: x}]", "[{Name: a}]", "[null]", "{name: a}", "[{name: 1}]"]))
        if self.chance(0.3): lines.append("annotations: %s" % self.pick(["{a: b}", "{a: 1}", "{a: null}", "{a: [b]}", "null", "[]", "\n  k: |\n    - kind: added\n", "{1: a}", "{a: true, b: 'x'}", "{category: Database, licenses: Apache-2.0}"]))
        if self.chance(0.5): lines.append("dependencies: " + self.dependencies())
        if self.chance(0.15): lines.append(self.pick(["extra: 1", "Name: other", "VERSION: 2.0.0", "dependencies: []", "name: again", "appversion: low", "# comment", "'quoted key': 1", "? complex\n: key", "<<: {home: merged}", "1: one", "---", "..."]))
        if self.chance(0.3): self.r.shuffle(lines)
        return self.pick(["", "", "", "---\n", "# head\n", "\ufeff", "%YAML 1.1\n---\n"]) + "\n".join(lines) + self.pick(["\n", "\n", "", "\n\n", "\n---\n", "\n...\n"])

    def dependencies(self):
        out = []
        for name in self.some(["sub", "other", "packed"], 3):
            entry = {"name": name, "version": self.pick(["1.0.0", "*", "^1.0.0", ">=0.1", "1.x", "2.x", "", "~1", "x", ">1 <2", "1.0.0 - 2.0.0", "latest", None, 1, 1.0]), "repository": self.pick(["", "http://x", "@x", "file://../x", "oci://x/y", None])}
            if self.chance(0.3): entry["alias"] = self.pick(["al", "sub", "a.b", "a b", "", "A-1", "é", 3])
            if self.chance(0.4): entry["condition"] = self.pick(["sub.enabled", "sub.on,other.on", "none.x", "global.on", "", "sub.text", "sub", " sub.enabled ", "sub.enabled,", "on"])
            if self.chance(0.3): entry["tags"] = self.pick([["t"], ["t", "u"], [], "t", None, [1]])
            if self.chance(0.3): entry["enabled"] = self.pick([True, False, "x"])
            if self.chance(0.3): entry["import-values"] = self.pick([["data"], [{"child": "a", "parent": "b"}], ["data", {"child": "a", "parent": "."}], [{"child": "a"}], [3], "data", [{"child": "none", "parent": "c"}], [{"child": "a.b", "parent": "x.y"}], [None], [{"child": "exports", "parent": "e"}]])
            out.append(entry)
        return json.dumps(out)

    def manifest(self):
        out = "apiVersion: %s\nkind: %s\nmetadata:\n  name: %s\n" % (self.pick(["v1", "apps/v1", "x.io/v1", "", "v1beta1"]), self.pick(self.HELD), self.pick(["a", "b", "c", "'1'", "2"]))
        if self.chance(0.35):
            out += "  annotations:\n"
            for key, values in (("helm.sh/hook", ["pre-install", "post-install", "test", "pre-install,post-upgrade", "crd-install", "nonsense", "", "test-failure", "PRE-INSTALL", "pre-install, test", "post-delete"]), ("helm.sh/hook-weight", ["1", "-1", "0", "x", "007", "1.0", " 5", "99999999999"]),
                                ("helm.sh/hook-delete-policy", ["hook-succeeded", "hook-failed,hook-succeeded", "x", "", "Before-Hook-Creation"]), ("helm.sh/hook-output-log-policy", ["hook-failed", "hook-succeeded,hook-failed", "x"]), ("helm.sh/resource-policy", ["keep", "delete"]), ("other", ["v", "1", "null"])):
                if self.chance(0.7 if key.endswith("hook") else 0.3): out += "    %s: %s\n" % (self.pick([key, json.dumps(key)]), json.dumps(self.pick(values)) if self.chance(0.9) else self.pick(["5", "true", "null", "[a]", "pre-install"]))
        return out + self.pick(["", "data: {a: b}\n", "spec:\n  a: |\n    ---\n    x\n", "data:\n  t: |+\n    keep\n\n", "spec: {}\n# end\n", "items: []\n", "data:\r\n  a: b\r\n", "text: 'a\n\n  b'\n"])

    def chart(self):
        files = {"Chart.yaml": self.meta(), "values.yaml": self.pick(["sub: {enabled: true, on: false, text: x}\nother: {on: true}\n", "tags: {t: false}\nglobal: {on: false}\n", "sub: null\n", "sub: {enabled: false}\n", "on: false\n", "", "tags: {t: true, u: false}\nsub: {enabled: 'no'}\n"])}
        files["templates/show.yaml"] = "kind: Show\nchart: {{ toJson .Chart }}\nvalues: {{ toJson .Values }}\nsub: {{ keys .Subcharts | sortAlpha | toJson }}\n"
        for n in range(self.r.randint(0, 3)): files["templates/%s.yaml" % self.pick(["a", "b", "c", "d/e"])] = self.pick(["", "---\n", "# c\n---\n", "\n"]) + self.pick(["---\n", "\n---\n", "---\n---\n", "--- \n", "---\n# c\n", "...\n---\n"][:4 if self.chance(0.9) else 6]).join(self.manifest() for _ in range(self.r.randint(1, 4)))
        for sub in ("sub", "other"):
            if self.chance(0.75):
                files["charts/%s/Chart.yaml" % sub] = "apiVersion: v2\nname: %s\nversion: %s\n%s" % (sub, self.pick(["1.0.0", "1.5.0-rc.1", "2.0.0"]), self.pick(["", "", "", "type: library\n", "dependencies: [{name: gone, version: 1.0.0}]\n", "kubeVersion: '<1.0'\n"]))
                files["charts/%s/values.yaml" % sub] = "enabled: true\na: {b: {c: 1}}\nexports: {data: {from: %s}}\n" % sub
                files["charts/%s/templates/s.yaml" % sub] = self.pick([self.manifest(), "kind: S\nv: {{ toJson .Values }}\n"])
                if self.chance(0.3): files["charts/%s/crds/c.yaml" % sub] = self.manifest() + "---\n" + self.manifest()
        if self.chance(0.2): files["crds/%s" % self.pick(["a.yaml", "b/c.yaml", "d.yml", "e.txt", "f.json", "README.md"])] = self.pick([self.manifest(), "---\n" + self.manifest() + "---\n" + self.manifest(), "", "{{ .Values }}\n", "{\"kind\": \"C\"}"])
        if self.chance(0.15): files["requirements.yaml"] = "dependencies: %s\n" % self.dependencies()
        if self.chance(0.1): files["Chart.lock"] = self.pick(["dependencies: []\ndigest: x\ngenerated: '2020-01-01T00:00:00Z'\n", "bad: [", "", "generated: x\n"])
        if self.chance(0.05): files["requirements.lock"] = "dependencies: []\ndigest: x\ngenerated: '2020-01-01T00:00:00Z'\n"
        if self.chance(0.2): files["templates/NOTES.txt"] = "Notes {{ .Chart.Name }}\n"
        if self.chance(0.1): files["charts/%s" % self.pick(["README.md", "_x/Chart.yaml", ".h/Chart.yaml", "x.tgz", "plain", "nochart/a.txt"])] = self.pick(["name: x\n", "text"])
        return files

    def flags(self, folder):
        out = []
        for flag, p in (("--include-crds", 0.4), ("--no-hooks", 0.2), ("--skip-tests", 0.2), ("--is-upgrade", 0.1)):
            if self.chance(p): out.append(flag)
        if self.chance(0.2): out += ["--set", self.pick(["tags.t=true", "sub.enabled=false", "global.on=true", "tags.u=true,sub.enabled=true", "sub.on=true", "al.enabled=false", "sub=null", "tags=null"])]
        return out, {}
