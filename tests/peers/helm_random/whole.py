"""One random chart with everything a chart can have, as text: values of YAML's odd forms, templates that call on most of what Helm offers (some of
them broken), partials, files, .helmignore, hooks, notes, schemas, a kubeVersion, subcharts, and the flags of `helm template` to render it with."""
import json, random

SCALARS = ["yes", "No", "on", "OFF", "y", "n", "~", "null", "Null", "true", "False", "0x1F", "0o17", "017", "1_000", "1e3", "1E+3", ".5", "5.", "+1", "-0", ".inf",
           "-.INF", ".nan", "9007199254740993", "12345678901234567890", "123456789012345678901", "1.0", "1.10", "1e21", "100000000.0", "0.1", "-3", "42", "1e-7",
           "2001-12-14", "2001-12-14t21:59:43.10-05:00", "12:30:45", "0b101", "!!str 1", "!!int '3'", "!!float 2", '"quoted \\u00e9\\n"', "'single ''s'", "plain text",
           "a#b", "x # comment", "1.2.3", "v1.20.0-rc.1", "10m", "é世界", "'{{ .Release.Name }}-x'", "'{{ include \"root.name\" . }}'", "'{{ .Values.v1 }}'",
           "'{{ bad'", "'{{ fail \"inner\" }}'", "''", '""', "'true'", "'1'", "'0777'", "0777", "''", "!!binary aGVsbG8=", "<<", "=", "-", "'-'", "'a: b'", "'# no'", "' lead'", "'trail '"]
FINITE = [s for s in SCALARS[:45] if "inf" not in s.lower() and "nan" not in s.lower()]
FLOWS = ["[]", "{}", "{a: 1, b: [x, y]}", "[1, two, 3.0, null, {k: v}]", "[a, b, a, c]", "{name: n, port: 80, on: true}", "{a: {b: {c: deep}}}", "[[1, 2], []]", "['1', 1, 1.0]"]
BLOCKS = ["|\n  line one\n  line two\n", "|-\n  no end\n   more\n", ">\n  folded\n  text\n\n  next\n", "|+\n  kept\n\n", "\n  a: 1\n  b: two\n", "\n  - x\n  - y: 1\n", "\n- unindented\n- list\n",
          "&anchor {q: 1}", "*anchor", "\n  <<: *anchor\n  r: 2\n", "|\n  {{ .Release.Name }}: {{ .Values.v2 | toJson }}\n", "\n  ? complex\n  : value\n", "\n  1: int key\n  true: bool key\n  null: nil key\n  1.5: f\n"]
PATHS = [".Values.v1", ".Values.v2", ".Values.v3", ".Values.v4", ".Values.v5", ".Values.v6", ".Values.v7", ".Values.v8", ".Values.global.g", ".Values.missing", ".Values.v3.a", ".Values.missing.deeper",
         ".Values", ".Values.sub.w", ".Chart.Name", ".Chart.Version", ".Chart.AppVersion", ".Release.Name", ".Release.Revision", ".Capabilities.KubeVersion", ".Capabilities.KubeVersion.Minor",
         ".Template.Name", ".Values.v5.name", "(.Values.v6 | default dict).k", "$.Values.v2", ".Files", ".Chart.Annotations", ".Chart.Keywords", ".Chart.Maintainers", ".Release.IsInstall", ".Subcharts"]
ONE = ["quote", "squote", "toYaml", "toJson", "toPrettyJson", "toRawJson", "toString", "kindOf", "typeOf", "int", "int64", "float64", "len", "keys | sortAlpha", "first", "last", "rest", "initial", "reverse", "uniq", "compact",
       "upper", "lower", "title", "trim", "nospace", "b64enc", "sha256sum", "sha1sum", "adler32sum", "toStrings", "empty", "not", "printf \"%v\"", "printf \"%d\"", "printf \"%s\"", "printf \"%q\"", "printf \"%T\"", "printf \"%.2f\"", "printf \"%05v\"",
       "default \"dflt\"", "default .Values.v4", "indent 2", "nindent 4", "trunc 5", "trunc -3", "toYamlPretty", "toToml", "fromYaml", "fromJson", "fromYamlArray", "fromJsonArray", "fromToml", "required \"is required\"", "ternary \"t\" \"f\"", "join \",\"", "splitList \".\"", "split \".\"", "has \"a\"", "hasKey \"a\"",
       "replace \".\" \"-\"", "contains \"a\"", "hasPrefix \"p\"", "trimSuffix \"x\"", "substr 0 3", "regexMatch \"^[a-z]+$\"", "regexFind \"[a-z]+\"", "semverCompare \">=1.0.0\"", "semver", "atoi", "add 1", "sub 5", "mul 2", "div 7", "mod 3", "max 3 9", "min 1",
       "ceil", "floor", "toDecimal", "until", "seq", "values | sortAlpha", "deepCopy", "deepEqual .Values.v1", "eq .Values.v2", "ne nil", "lt 2", "gt 1.5", "ge \"a\"", "and .Values.v1", "or .Values.v2", "coalesce .Values.v1", "ternary 1 2", "cat \"x\"", "repeat 2", "wrap 8", "abbrev 6", "initials", "snakecase", "camelcase", "kebabcase", "swapcase",
       "plural \"one\" \"many\"", "dict \"k\"", "list 1", "pluck \"a\"", "tuple", "b64dec", "urlParse", "base", "dir", "ext", "clean", "isAbs", "date \"2006\"", "toDate \"2006-01-02\"", "htmlDate", "duration", "unixEpoch", "mustToDate \"2006\"", "mustRegexFind \"(\"", "mustFirst", "mustToJson", "mustFromJson", "html", "js", "urlquery", "print", "println", "tpl $", "tpl", "slice 0 2", "index 0", "chunk 2", "concat (list 1)", "append 3", "prepend 0", "without \"a\"", "sortAlpha", "any", "all", "typeIs \"string\"", "kindIs \"map\"", "kindIs \"invalid\"", "typeIsLike \"float64\"", "dig \"a\" \"none\"", "get \"a\"", "mustMerge (dict \"z\" 1)", "merge (dict \"a\" 9)", "mergeOverwrite (dict \"a\" 9)", "set \"q\" 1", "unset \"a\"", "toDecimal", "biggest 4", "addf 1.5", "mulf 2.5", "maxf 1"]
HOOKS = ["pre-install", "post-install,pre-upgrade", "test", "test-success", "pre-delete", "bogus", "post-rollback", " pre-install , post-install ", ""]
# What takes a value of any kind, and what takes a string; what goes wrong with most values stays out of charts that are to be rendered.
ANY = ["quote", "squote", "toYaml", "toJson", "toPrettyJson", "toRawJson", "toString", "kindOf", "typeOf", "int", "int64", "float64", "empty", "not", "printf \"%v\"", "printf \"%s\"", "printf \"%d\"", "printf \"%q\"", "printf \"%T\"", "printf \"%.2f\"", "printf \"%+v\"", "printf \"%#v\"",
       "default \"dflt\"", "default .Values.v4", "toYamlPretty", "ternary \"t\" \"f\" (empty .Values.v1) | cat", "deepCopy", "deepEqual .Values.v1", "and .Values.v1", "or .Values.v2", "coalesce .Values.v1", "cat \"x\"", "list 1", "tuple", "dict \"k\"", "toStrings", "add 1", "mul 2", "max 3 9", "min 1", "toDecimal", "biggest 4", "addf 1.5", "ceil", "floor", "print", "println", "html",
       "js", "urlquery", "typeIs \"string\"", "kindIs \"map\"", "kindIs \"invalid\"", "typeIsLike \"float64\"", "all", "any", "toToml", "join \",\"", "toJson | sha256sum", "toYaml | b64enc", "toYaml | nindent 4", "toJson | fromJson", "toYaml | fromYaml | toJson", "toJson | fromJsonArray", "toString | atoi", "toString | title"]
STRING = ["upper", "lower", "title", "trim", "nospace", "b64enc", "sha256sum", "sha1sum", "adler32sum", "trunc 5", "trunc -3", "indent 2", "nindent 4", "replace \".\" \"-\"", "contains \"a\"", "hasPrefix \"p\"", "trimSuffix \"x\"", "substr 0 3", "regexMatch \"^[a-z]+$\"", "regexFind \"[a-z]+\"", "atoi", "splitList \".\"", "split \".\"", "repeat 2", "wrap 8", "abbrev 6",
          "initials", "snakecase", "camelcase", "kebabcase", "swapcase", "b64dec", "urlParse", "base", "dir", "ext", "clean", "isAbs", "fromYaml", "fromJson", "fromToml", "fromYamlArray", "quote", "squote", "trimAll \"-\"", "trimPrefix \"p\"", "untitle", "shuffle | len", "regexQuoteMeta", "sha512sum", "b32enc", "toString", "int", "float64", "substr 1 -1", "splitn \"-\" 2", "duration", "durationRound", "toDate \"2006-01-02\" | unixEpoch"]
SAFE_PATHS = [".Values.v1", ".Values.v2", ".Values.v3", ".Values.v4", ".Values.v5", ".Values.v6", ".Values.v7", ".Values.v8", "(.Values.global | default dict)", ".Values.missing", ".Chart.Name", ".Chart.Version", ".Chart.AppVersion", ".Release.Name", ".Release.Revision", ".Capabilities.KubeVersion.Minor",
              ".Template.Name", "$.Values.v2", ".Chart.Annotations", ".Chart.Keywords", ".Chart.Maintainers", ".Release.IsInstall", "(.Values.v6 | toYaml)", "(list .Values.v1 .Values.v2)", "(dict \"a\" .Values.v1 \"b\" .Values.v7)", "(pick .Values \"v1\" \"v3\")", "(omit .Values \"v1\" \"anchors\")", "(keys .Values | sortAlpha)", "(index .Values \"v3\")", "(get .Values \"v8\")", "(hasKey .Values \"v2\")", "(dig \"global\" \"g\" \"no\" .Values.AsMap)"]
KINDS = ["ConfigMap", "Secret", "Service", "Deployment", "Namespace", "Zebra", "CustomResourceDefinition", "Role", "ClusterRole", "Ingress", "Job", "ServiceAccount", "NetworkPolicy", "Alpha", "PodDisruptionBudget", "StatefulSet"]


class Whole:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.parts, self.partials = 0, ""
        self.sound = self.r.random() < 0.8  # most charts are to be rendered

    def chance(self, p): return self.r.random() < p
    def pick(self, items): return self.r.choice(items)

    def value(self):
        n = self.r.random()
        out = self.pick(SCALARS) if n < 0.6 else self.pick(FLOWS) if n < 0.8 else self.pick(BLOCKS)
        # An anchor may stand before the values that name it only in the first line; infinity has no JSON.
        return out if not any(bad in out.lower() for bad in (".inf", ".nan", "null: nil", "*anchor", "'{{ bad", "fail", "? ")) and out not in ("-", "<<") or self.chance(0.04) else self.value()

    def values(self, below=()):
        lines = ["anchors: &anchor {q: 7}"] if self.chance(0.5) else []
        for i in range(1, 9):
            if self.chance(0.85): lines.append("v%d: %s" % (i, self.value()))
        if self.chance(0.5): lines.append("global: {g: %s}" % self.pick(FINITE + FLOWS[2:4]))
        for name in below:
            if self.chance(0.5): lines.append("%s: {w: %s, enabled: %s}" % (name, self.pick(FINITE), self.pick(["true", "false", "yes", "'true'", "null"])))
        if self.chance(0.1): lines.append("tags: {t: %s}" % self.pick(["true", "false", "null"]))
        self.r.shuffle(lines)
        if self.chance(0.01 if self.sound else 0.08): lines.insert(self.r.randint(0, len(lines)), self.pick(["v1: twice", "bad: [1", "\tbad: tab", "- list", "a: b: c", "---", "x: *nope"]))
        return "\n".join(lines) + "\n"

    def expression(self):
        if self.sound and self.chance(0.99):
            out = self.pick(SAFE_PATHS)
            n = self.r.random()
            if n < 0.45: return out + " | " + self.pick(ANY)
            out += " | " + self.pick(["toString", "toJson", "toYaml", "quote", "printf \"%v\""])
            return out + (" | " + self.pick(STRING) if n < 0.9 else "")
        out = self.pick(PATHS)
        for _ in range(self.pick([0, 1, 1, 1, 2, 2, 3])): out += " | " + self.pick(ONE)
        return out

    def statement(self, depth=0):
        n = self.r.random()
        e = self.expression
        left, right = self.pick([("{{ ", " }}")] * 3 + [("{{- ", " }}"), ("{{ ", " -}}"), ("{{- ", " -}}")])
        if n < 0.42: return "%s%s%s" % (left, e(), right)
        if depth > 2: return "x"
        inner = lambda: self.statement(depth + 1)
        if self.sound and n >= 0.92 and self.chance(0.97): return "{{ .Values.v%d | toJson }}" % self.r.randint(1, 8)
        if n < 0.5: return "{{ if %s }}%s{{ else if %s }}%s{{ else }}%s{{ end }}" % (e(), inner(), e(), inner(), inner())
        if n < 0.58: return "{{ range $i, $e := %s }}[{{ $i }}={{ $e }}]%s{{ else }}none{{ end }}" % (self.pick(["(list .Values.v1 .Values.v2 \"x\")", ".Values", "(dict \"z\" 1 \"a\" .Values.v4)", ".Files"]) if self.sound else e(), self.r.choice(["", "{{ $.Values.v1 }}"]))
        if n < 0.64: return "{{ with %s }}{{ . | toJson }}{{ $.Release.Name }}{{ else }}%s{{ end }}" % (e(), inner())
        if n < 0.68: return "{{ $x := %s }}{{ $x }}{{ $x = %s }}{{ $x | quote }}" % (e(), e())
        if n < 0.73: return "{{ include \"%s\" %s | quote }}" % (self.pick(["root.name", "root.labels", "root.name", "root.args", "root.args", "sub.name", "none"][:5 if self.sound else 7]), self.pick([".", "$", ".", "$"] if self.sound else [".", "$", "(dict \"a\" .Values.v1)", ".Values.v3", "nil", "(list . 1)"]))
        if n < 0.78: return "{{ tpl (%s) . | quote }}" % self.pick(["\"{{ .Release.Name }}\"", ".Values.v1 | toJson", "\"{{ .Values.v1 | toYaml }}{{ .Template.Name }}\"", "\"{{ tpl \\\"{{ .Chart.Name }}\\\" . }}\"", "\"{{ include \\\"root.name\\\" . }}-{{ .Values.v2 }}\""] if self.sound else [".Values.v1 | toString", "\"{{ .Release.Name }}\"", "\"{{ include \\\"root.name\\\" . }}-{{ .Values.v2 }}\"", ".Values.v2", "\"{{ .Nope.a.b }}\"", "\"{{ tpl \\\"{{ .Chart.Name }}\\\" . }}\"", "\"{{ define \\\"inl\\\" }}i{{ end }}{{ include \\\"inl\\\" . }}\"", "\"{{ range $k, $v := .Values.v3 }}{{ $k }}{{ end }}\"", "toYaml .Values.v5"])
        if n < 0.85: return self.pick(["{{ .Files.Get \"config/a.txt\" | quote }}", "{{ (.Files.Glob \"config/*\").AsConfig | indent 2 }}", "{{ (.Files.Glob \"**.txt\").AsSecrets }}", "{{ range .Files.Lines \"config/a.txt\" }}<{{ . }}>{{ end }}",
                                       "{{ range $p, $_ := .Files.Glob \"config/**\" }}{{ $p }};{{ end }}", "{{ .Files.GetBytes \"config/b.bin\" | toString | b64enc }}", "{{ .Files.Get \"templates/_h.tpl\" }}", "{{ .Files.Get \"ignored.txt\" | quote }}", "{{ .Files.Glob \"[\" | len }}", "{{ .Files.Get \"Chart.yaml\" | len }}{{ .Files.Get \"values.yaml\" | len }}{{ .Files.Get \"README.md\" }}"])
        if n < 0.92 and self.sound and self.chance(0.5): return "{{ .Values.v%d | toJson }}" % self.r.randint(1, 8)
        if n < 0.92: return self.pick(["{{ .Capabilities.APIVersions.Has \"apps/v1\" }}{{ .Capabilities.APIVersions.Has \"apps/v1/Deployment\" }}{{ .Capabilities.APIVersions.Has \"x.io/v1\" }}", "{{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.KubeVersion.GitVersion }} {{ .Capabilities.KubeVersion }}",
                                       "{{ (lookup \"v1\" \"Secret\" \"ns\" \"n\") | toJson }}", "{{ .Release | toJson }}", "{{ .Template | toJson }}", "{{ semverCompare \">=1.20-0\" .Capabilities.KubeVersion.Version }}", "{{ .Capabilities.HelmVersion.Version | trunc 3 }}", "{{ toJson .Chart }}", "{{ toYaml .Chart.Maintainers }}",
                                       "{{ $_ := set .Values \"added\" (%s) }}{{ .Values.added | toJson }}" % e(), "{{ printf \"%s %d %v\" .Values.v1 .Values.v2 .Values.v3 }}", "{{ dict \"a\" .Values.v1 \"b\" (list 1 .Values.v2) | toYaml | nindent 2 }}", "{{ range tuple 1 2.5 \"x\" nil }}{{ kindOf . }},{{ end }}", "{{ include \"root.rec\" (list 1 (list 2 .Values.v1) \"x\") }}", "{{ range until 3 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "{{ range 3 }}{{ . }}{{ end }}",
                                       "{{ template \"root.name\" . }}", "{{ block \"blk\" . }}in block{{ end }}", "{{ merge (dict \"a\" 1) (dict \"a\" 2 \"b\" (dict \"c\" 1)) | toJson }}", "{{ list 1 2 3 | has 2 }}", "{{ regexReplaceAll \"a(x*)b\" \"-ab-axxb-\" \"${1}W\" }}", "{{ (index .Values \"v3\").a }}", "{{ index .Values.v4 0 }}", "{{ slice .Values.v1 1 2 }}", "{{ .Values.v1.v2.v3 }}", "{{ dateInZone \"2006-01-02\" (toDate \"2006-01-02\" \"2020-02-30\") \"UTC\" }}"])
        return self.pick(["{{ fail \"stop here\" }}", "{{ required \"need it\" .Values.missing }}", "{{ .Values.v1 | fail }}", "{{ nosuch .Values }}", "{{ if }}x{{ end }}", "{{ .Values.v1 ", "{{ end }}", "{{ $undefined }}", "{{ include \"root.fails\" . }}", "{{ 1 | 2 }}", "{{/* comment */}}", "{{- /* c */ -}}", "{{ \"unterminated }}", "{{ template \"none\" . }}", "{{ len 3 }}", "{{ index .Values.v2 \"a\" \"b\" }}", "{{ break }}", "{{ .Values.v1.Foo 3 }}", "{{ call .Values.v1 }}", "{{ (fail .Values.v1) | default 3 }}"] if self.chance(0.35) else ["plain", "{{ \"\" }}", "{{ .Values.v1 | quote }}"])

    def manifest(self):
        if self.chance(0.01 if self.sound else 0.05): return self.pick(["", "\n\n", "# only a comment\n", "{{ if false }}x{{ end }}\n", "just text\n", "- a\n- list\n", "a: [unclosed\n", "kind: NoApi\n", "apiVersion: v1\n", "---\n---\n", "\ufeffkind: Bom\n", "metadata: text\nkind: K\napiVersion: v1\n", "kind: 3\napiVersion: v1\n", "a: b: c\n"])
        head = "apiVersion: v1\nkind: %s\nmetadata:\n  name: %s\n" % (self.pick(KINDS), self.pick(["a", "b", "{{ include \"root.name\" . }}", "{{ .Release.Name }}-x"]))
        if self.chance(0.3):
            head += "  annotations:\n    \"helm.sh/hook\": %s\n" % json.dumps(self.pick(HOOKS))
            if self.chance(0.5): head += "    helm.sh/hook-weight: %s\n" % self.pick(['"5"', '"-3"', '"x"', "1", '""', '"1.5"'])
            if self.chance(0.4): head += "    helm.sh/hook-delete-policy: %s\n" % self.pick(["hook-succeeded", "before-hook-creation,hook-failed", "nonsense"])
        out = head + self.pick(["data:\n", "spec: \n", "data:\n", "data:\r\n"])
        for i in range(self.r.randint(1, 4)):
            if self.chance(0.96 if self.sound else 0.6):
                # Whatever comes of it is one string.
                self.parts += 1
                self.partials += "{{ define \"part%d\" }}%s{{ end }}\n" % (self.parts, self.statement())
                out += "  k%d: {{ include \"part%d\" . | toJson }}\n" % (i, self.parts)
            else:
                out += "  k%d: %s\n" % (i, self.statement()) if self.chance(0.8) else self.statement() + "\n"
        return out

    def template(self):
        out = self.pick(["", "", "---\n", "\n", "# head\n", "{{- if true }}\n"])
        closes = out.startswith("{{")
        parts = [self.manifest() for _ in range(self.pick([1, 1, 1, 2, 3]))]
        out += self.pick(["---\n", "\n---\n", "---  \n", "--- # c\n", "---\n\n"]).join(parts)
        return out + ("{{- end }}\n" if closes else "")

    def schema(self):
        kinds = lambda: self.pick(["string", "integer", "number", "boolean", "object", "array", "null", ["string", "null"]])
        prop = lambda: self.pick([{"type": kinds()}, {"enum": [1, "a", None]}, {"pattern": "^[a-z]+$"}, {"minimum": 2}, {"maxLength": 3}, {"const": "x"}, {"format": self.pick(["date", "email", "ipv4", "uri", "date-time", "hostname"])}, {"anyOf": [{"type": kinds()}, {"type": kinds()}]},
                                  {"not": {"type": kinds()}}, {"type": "object", "properties": {"a": {"type": kinds()}}, "additionalProperties": False}, {"items": {"type": kinds()}}, {"uniqueItems": True}, {"minItems": 3}, {"$ref": "#/definitions/d"}, {"oneOf": [{"type": kinds()}, {"type": kinds()}]}, {"if": {"type": "string"}, "then": {"minLength": 4}}, {"required": ["zz"]}, {"multipleOf": 0.1}, {"exclusiveMinimum": 1}, {"propertyNames": {"pattern": "^[ab]$"}}, {"dependentRequired": {"a": ["b"]}}, {"contains": {"type": kinds()}}, {"prefixItems": [{"type": kinds()}]}, True, False])
        out = {"type": "object", "properties": {"v%d" % i: prop() for i in range(1, 9) if self.chance(0.4)}, "definitions": {"d": {"type": kinds()}}}
        if self.chance(0.7): out["$schema"] = self.pick(["http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-04/schema#", "https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2019-09/schema", "http://json-schema.org/draft-06/schema#"])
        if self.chance(0.3): out["required"] = self.r.sample(["v1", "v2", "missing", "global"], 2)
        if self.chance(0.1): out["additionalProperties"] = False
        return json.dumps(out, indent=1)

    def meta(self, name, below):
        out = {"apiVersion": self.pick(["v2", "v2", "v2", "v1"]), "name": name, "version": self.pick(["1.0.0", "0.1.0-alpha+b.1", "1.2.3"])}
        if self.chance(0.5): out["appVersion"] = self.pick(["1.16.0", "v2", 1.10, "é"])
        if self.chance(0.15): out["kubeVersion"] = self.pick([">=1.20.0-0", ">= 1.19", "1.x || 0.x", ">=1.16-0 <=1.40-0"] if self.sound else [">=1.20.0-0", ">= 1.19", "<1.10.0", "^1.35", ">=1.20.0 <2", "1.x", "~1.35.0 || >1.99", "not a range", ">=1.16-0 <=1.40-0"])
        if self.chance(0.3): out["annotations"] = {"a/b": "c", "n": "1"}
        if self.chance(0.3): out["keywords"] = ["k1", "k2"]
        if self.chance(0.3): out["maintainers"] = [{"name": "m", "email": "m@x.io"}, {"name": "n", "url": "u"}]
        if self.chance(0.06): out["type"] = self.pick(["application"] if self.sound else ["library", "application", "odd"])
        if self.chance(0.05): out["deprecated"] = True
        if self.chance(0.005 if self.sound else 0.15): out[self.pick(["unknown", "home", "icon", "description", "tags", "condition", "version", "name"])] = self.pick(["text", 3, True, ["l"], {"m": 1}, None, "", "1.2", "a b"])
        if below and (self.sound or self.chance(0.85)):
            out["dependencies"] = []
            for sub in below:
                entry = {"name": sub, "version": self.pick(["*", "1.x", ">=0.1.0-0", "^1.0.0"]), "repository": ""}
                if self.chance(0.4): entry["condition"] = self.pick(["%s.enabled" % sub, "%s.enabled,global.g" % sub, "v1"])
                if self.chance(0.2): entry["tags"] = ["t"]
                if self.chance(0.15): entry["alias"] = "al"
                if self.chance(0.2): entry["import-values"] = [self.pick(["data", {"child": "w", "parent": "v8"}, {"child": "exports.data", "parent": "imported"}])]
                out["dependencies"].append(entry)
        return "\n".join("%s: %s" % (k, json.dumps(v)) for k, v in out.items()) + "\n"

    def chart(self):
        below = self.r.sample(["sub", "lib"], self.pick([0, 0, 1, 2]))
        files = {"Chart.yaml": self.meta("root", below), "values.yaml": self.values(below)}
        files["templates/_h.tpl"] = ("{{- define \"root.name\" -}}{{ .Chart.Name | trunc 63 }}{{- end }}\n{{ define \"root.labels\" }}app: {{ include \"root.name\" . }}\nver: {{ .Chart.Version | replace \"+\" \"_\" }}{{ end }}\n"
                                     "{{ define \"root.rec\" }}{{ if kindIs \"slice\" . }}{{ range . }}{{ include \"root.rec\" . }}{{ end }}{{ else }}({{ . }}){{ end }}{{ end }}{{ define \"root.args\" }}{{ toJson . | trunc 40 }}{{ end }}"
                                     "{{ define \"root.fails\" }}{{ include \"root.fails2\" . }}{{ end }}{{ define \"root.fails2\" }}{{ .Values.nope.nope }}{{ end }}")
        for i in range(self.r.randint(1, 3)): files["templates/%s.yaml" % self.pick(["t%d" % i, "dir/t%d" % i, "a-%d" % i])] = self.template()
        if self.chance(0.3): files["templates/NOTES.txt"] = "Notes {{ .Release.Name }} %s\n" % self.statement()
        if self.chance(0.15): files["templates/tests/t.yaml"] = "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\n"
        if self.chance(0.5): files["config/a.txt"] = "alpha\nbeta: {{ x }}\n\n"
        if self.chance(0.3): files["config/b.bin"] = "\u0001é\u00ff"
        if self.chance(0.3): files["config/deep/c.txt"] = "c"
        if self.chance(0.3): files["ignored.txt"] = "ignored?"
        if self.chance(0.3): files["README.md"] = "# r\n"
        if self.chance(0.3): files[".helmignore"] = self.pick(["ignored.txt\n", "*.txt\n", "config/\n", "# c\n\n/README.md\n", "!*.yaml\n", "config/*\n", "templates/a-*\n", "*.md\nconfig/b.*\n", "t[01].yaml\n", "a?b\n"] + ([] if self.sound else ["a**b\n", "[\n"]))
        if self.chance(0.2): files["crds/c.yaml"] = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: c}\n"
        if self.chance(0.08 if self.sound else 0.4): files["values.schema.json"] = self.schema()
        for name in below:
            base = "charts/%s/" % name
            files[base + "Chart.yaml"] = "apiVersion: v2\nname: %s\nversion: 1.0.0\n%s" % (name, "type: library\n" if name == "lib" else "")
            files[base + "values.yaml"] = "w: %s\nexports: {data: {fromsub: 1}}\nglobal: {h: 2}\n" % self.pick(FINITE)
            files[base + "templates/_h.tpl"] = "{{ define \"sub.name\" }}{{ .Chart.Name }}-{{ .Values.w }}{{ end }}{{ define \"root.name\" }}overridden-{{ .Chart.Name }}{{ end }}" if self.chance(0.5) else "{{ define \"sub.name\" }}s{{ end }}"
            if self.chance(0.7): files[base + "templates/s.yaml"] = self.template()
            if self.chance(0.04 if self.sound else 0.3): files[base + "values.schema.json"] = self.schema()
            if self.chance(0.3): files[base + "crds/s.yaml"] = "kind: CustomResourceDefinition\napiVersion: apiextensions.k8s.io/v1\nmetadata: {name: s}\n---\nkind: Second\n"
        files["templates/_parts.tpl"] = self.partials
        return files

    def assignment(self):
        key = self.pick(["v1", "v2", "v6", "v8", "new.deep.key", "a\\.b", "global.x", "sub.w", "fresh[0]", "fresh[2].x"]) if self.sound and self.chance(0.95) else self.pick(["v1", "v2", "v3.a", "v4[0]", "v4[2].x", "v5.name", "global.g", "sub.w", "sub.enabled", "new.deep.key", "v6", "a\\.b", "v7[1]", "tags.t", "v1[0][1]"] + ([] if self.sound else [""]))
        value = self.pick(["x", "1", "true", "null", "", "{a,b}", "{1,null,x}", "1.5", "0777", "a\\,b", "[]", "{}", "9007199254740993", "1e3", "-5", "v=w", "{a" if not self.sound else "a", "012", "'q'", "~"])
        return key + ("=" if self.sound or self.chance(0.9) else "") + value

    def flags(self, folder):
        """Flags, and the files they need."""
        out, files = [], {}
        for n in range(self.pick([0, 0, 1, 2])):
            files["over%d.yaml" % n] = self.values(["sub"])
            out += ["-f", "%s/over%d.yaml" % (folder, n)]
        for _ in range(self.pick([0, 0, 1, 2])):
            out += [self.pick(["--set", "--set", "--set-string", "--set-literal"]), ",".join(self.assignment() for _ in range(self.pick([1, 1, 2])))]
        if self.chance(0.1): out += ["--set-json", self.pick(['v1={"a":[1,2.5,null]}', '{"v2":{"b":1}}', "v3=[1," if not self.sound else "v3=[1]", 'v4="s"', "v5=null", 'v4[0]={"x":1},v2=3'])]
        if self.chance(0.05):
            files["f.txt"] = "from a file\n"
            out += ["--set-file", "v1=%s/f.txt" % folder]
        for flag, p in (("--include-crds", 0.3), ("--no-hooks", 0.2), ("--skip-tests", 0.2), ("--is-upgrade", 0.2), ("--skip-schema-validation", 0.1)):
            if self.chance(p): out.append(flag)
        if self.chance(0.3): out += ["--kube-version", self.pick(["1.35.0", "v1.20", "1.16.3", "1.33.4-gke.1245000", "v1.35.0+k3s1", "1.35"] + ([] if self.sound else ["bad", "1"]))]
        if self.chance(0.2): out += ["--api-versions", self.pick(["x.io/v1", "x.io/v1,apps/v1/Deployment", "v1"])]
        if self.chance(0.03 if self.sound else 0.15): out += ["-s", self.pick(["templates/t0.yaml", "templates/*.yaml", "templates/none.yaml", "charts/sub/templates/s.yaml", "templates/dir/t0.yaml", "templates/tests/t.yaml"])]
        if self.chance(0.15): out += ["--namespace", self.pick(["ns", "kube-system"])]
        return out, files
