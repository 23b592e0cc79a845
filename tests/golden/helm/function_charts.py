"""A chart for each of Helm's own functions and methods ("function-NAME", and "function-NAME-..." for what goes wrong): name -> files. The table in
engine/helm/README.md names them; small_charts.py takes them in."""


def lines(*texts):
    """A template with a line of its own for each expression, as quoted text."""
    return "".join("l%02d: {{ %s | quote }}\n" % (i, text) for i, text in enumerate(texts))


def chart(text, values="", **more):
    files = {"templates/a.yaml": "kind: A\n" + text}
    if values: files["values.yaml"] = values
    files.update(more)
    return files


SUB = "apiVersion: v2\nname: sub\nversion: 2.1.0\nappVersion: '9'\nkeywords: [k]\n"
TEXTS = {"f/one.txt": "first\nsecond\n", "f/two.txt": "no end", "f/empty.txt": "", "f/crlf.txt": "a\r\nb\r\n", "f/deep/one.txt": "the other one", "f/deep/conf.yaml": "a: {b: [1, 2]}\n",
         "f/quotes.txt": "\"double\" 'single' \\ {{ .Values }} : # é\n", "f/space.txt": "  lead\n   more\n\n\n", "f/num.txt": "1.50", "f/.hidden": "h", "README.md": "# read me\n", "LICENSE": "free\n"}

INCLUDE_HELPERS = r"""{{ define "dot" }}{{ kindOf . }}:{{ . }}{{ end }}
{{- define "json" }}{{ toJson . }}{{ end }}
{{- define "kinds" }}{{ range $k, $v := . }}{{ $k }}={{ kindOf $v }};{{ end }}{{ end }}
{{- define "root" }}{{ $.x }}/{{ .x }}{{ end }}
{{- define "blank" }}

{{ end }}
{{- define "trimmed" -}}
   x
{{- end -}}
{{ define "count" }}{{ if gt . 0 }}{{ . }} {{ include "count" (sub . 1) }}{{ end }}{{ end }}
{{- define "set" }}{{ $_ := set . "seen" true }}{{ end }}
{{- define "variable" }}{{ $v := "inner" }}{{ $v }}{{ end }}
{{- define "none" }}{{ .Values.none }}{{ .Values.none.deeper }}{{ end }}
{{- define "with space/and.dots" }}named{{ end }}
{{- define "yaml" }}a: 1
b: [x, y]
{{ end }}"""

CHARTS = {
    "function-include": chart(lines(
        'include "dot" "text"', 'include "dot" 3', 'include "dot" 1.5', 'include "dot" true', 'include "dot" (list 1 "two" nil)', 'include "dot" (dict "a" 1 "b" (list))', 'include "json" .Values', 'include "json" .Release',
        'include "kinds" .', 'include "root" (dict "x" 7)', 'include "blank" .', 'include "trimmed" .', 'include "count" 5', 'include "variable" .', 'include "with space/and.dots" .', 'include "yaml" . | fromYaml | toJson',
        'include (printf "%s%s" "tri" "mmed") .', 'include .Values.name .', 'include "dot" (include "dot" (include "trimmed" .))', 'include "json" (dict "ctx" .Chart.Name "v" .Values.list)', 'list "a" "b" | include "json"',
        'include "c/templates/other.yaml" .', 'include "sub.own" .', 'include "shared" .', 'include "json" (omit .Values "global") | len', 'typeOf (include "trimmed" .)', '"piped" | include "dot"', 'include "json" .Files | trunc 20', 'include "dot" .Values.missing | trim')
        + '{{ $m := dict "a" 1 }}{{ include "set" $m }}set: {{ toJson $m }}\n{{ $v := "outer" }}{{ include "variable" . }}: {{ $v }}\nindented:\n{{ include "yaml" . | indent 2 }}\nnindented: {{- include "yaml" . | nindent 2 }}\n',
        "name: trimmed\nlist: [1, a, 2.5]\n", **{"templates/_h.tpl": INCLUDE_HELPERS + '{{ define "shared" }}of the parent{{ end }}', "templates/other.yaml": "kind: Other\nname: {{ .Template.Name }}\n",
        "charts/sub/Chart.yaml": SUB, "charts/sub/templates/_h.tpl": '{{ define "sub.own" }}{{ .Chart.Name }} seen by sub{{ end }}{{ define "shared" }}of the child{{ end }}',
        "charts/sub/templates/s.yaml": 'kind: S\nshared: {{ include "shared" . }}\nparent: {{ include "trimmed" . }}\nown: {{ include "sub.own" . }}\n'}),
    "function-include-none": chart('x: {{ include "none" . }}\n', **{"templates/_h.tpl": INCLUDE_HELPERS}),
    "function-include-arity": chart('x: {{ include "a" }}\n'),
    "function-include-name": chart('x: {{ include .Values.n . }}\n', "n: 5\n"),
    "function-include-nil-name": chart('x: {{ include .Values.n . }}\n'),
    "function-include-depth": chart('x: {{ include "r" 990 | len }}\n', **{"templates/_h.tpl": '{{ define "r" }}{{ if gt . 0 }}x{{ include "r" (sub . 1) }}{{ end }}{{ end }}'}),
    "function-include-too-deep": chart('x: {{ include "r" 1200 | len }}\n', **{"templates/_h.tpl": '{{ define "r" }}{{ if gt . 0 }}x{{ include "r" (sub . 1) }}{{ end }}{{ end }}'}),
    "function-include-trace": chart('x: {{ include "one" . }}\n', **{"templates/_h.tpl": '{{ define "one" }}{{ include "two" . }}{{ end }}\n{{ define "two" }}\n{{ template "three" . }}{{ end }}{{ define "three" }}{{ tpl "{{ index .Values 3 4 }}" . }}{{ end }}'}),

    "function-tpl": chart(lines(
        'tpl "plain" .', 'tpl "" .', 'tpl "{{ .Release.Name }}-{{ .Chart.Version }}" .', 'tpl .Values.text .', 'tpl .Values.nested.text .', 'tpl .Values.including .', 'tpl .Values.defining .', 'tpl .Values.ranging .', 'tpl .Values.missing_key .',
        'tpl "{{ . }}" 3', 'tpl "{{ . }}" "text"', 'tpl "{{ .a }}" (dict "a" "b")', 'tpl "{{ len . }}{{ index . 0 }}" (list 7 8)', 'tpl "{{ $ }}" "dollar"', 'tpl "{{ .Template.Name }} {{ .Template.BasePath }}" .', 'tpl "{{ tpl .Values.text . }}" .',
        'tpl (tpl .Values.twice .) .', 'tpl (toYaml .Values.nested) .', 'tpl (.Files.Get "f/one.txt") .', 'tpl "{{ $x := 1 }}{{ $x }}" .', 'tpl "  {{- \\"trim\\" -}}  " .', 'tpl "{{/* only a comment */}}" .', 'tpl "a\\n{{ \\"b\\" }}\\n" .',
        'tpl "{{ .Values.none }}|{{ .Values.none | default \\"d\\" }}" .', 'tpl "<no value>" .', 'tpl "{{ \\"<no value>\\" }}" .', 'tpl "{{ include \\"helper\\" . }}" .', 'tpl "{{ template \\"helper\\" . }}" .', 'typeOf (tpl "1" .)', 'tpl "{{ .x }}" (dict "x" "no Template")',
        'tpl "{{ define \\"later\\" }}made{{ end }}{{ template \\"later\\" }}" .', 'tpl "{{ block \\"blk\\" . }}in{{ end }}" .', 'tpl "{{ if .Values.nested }}yes{{ else }}no{{ end }}" .', 'tpl "{{ range $i, $e := .Values.list }}{{ $i }}{{ $e }},{{ end }}" .',
        'tpl "{{ with .Values.nested }}{{ .text }}{{ end }}" .', 'tpl "{{ .Files.Get \\"f/two.txt\\" }}" .', 'tpl "{{ .Capabilities.KubeVersion.Major }}" .')
        + '{{ $m := dict "Values" (dict "a" 1) }}{{ tpl "{{ $_ := set .Values \\"b\\" 2 }}" $m }}set: {{ toJson $m }}\nhelper: {{ include "helper" . }}\n{{ tpl "{{ define \\"helper\\" }}replaced{{ end }}{{ include \\"helper\\" . }}" . | quote }}: {{ include "helper" . }}\n',
        "text: '{{ .Release.Namespace }} of {{ .Values.nested.plain }}'\nnested: {text: '{{ .Chart.Name }}', plain: p}\nincluding: '{{ include \"helper\" . }}!'\ndefining: '{{ define \"mine\" }}m{{ end }}{{ include \"mine\" . }}{{ include \"mine\" . }}'\n"
        "ranging: '{{ range $k, $v := .Values.nested }}{{ $k }}={{ $v }};{{ end }}'\nmissing_key: '{{ .Values.nothing }}{{ .nothing }}'\nlist: [a, b]\ntwice: '{{ \"{{ .Release.Name }}\" }}'\n",
        **{"templates/_h.tpl": '{{ define "helper" }}help of {{ .Chart.Name }}{{ end }}', **TEXTS}),
    "function-tpl-defines-stay-inside": chart('x: {{ tpl "{{ define \\"inside\\" }}i{{ end }}{{ include \\"inside\\" . }}" . }}\ny: {{ include "inside" . }}\n'),
    "function-tpl-number": chart("x: {{ tpl .Values.n . }}\n", "n: 5\n"),
    "function-tpl-nil": chart("x: {{ tpl .Values.n . }}\n"),
    "function-tpl-arity": chart('x: {{ tpl "a" }}\n'),
    "function-tpl-unknown-function": chart('x: {{ tpl "{{ helper }}" . }}\n'),
    "function-tpl-two-lines": chart('x: {{ tpl .Values.t . }}\n', "t: |\n  line one\n  {{ .Values.a.b.c }}\n  line three\n"),
    "function-tpl-in-include": chart('x: {{ include "t" (dict "text" "{{ required \\"say y\\" .y }}" "ctx" (dict "y" "")) }}\n', **{"templates/_h.tpl": '{{ define "t" }}{{ tpl .text .ctx }}{{ end }}'}),
    "function-tpl-unbalanced": chart('x: {{ tpl "{{ if true }}a" . }}\n'),

    "function-lookup": chart(lines(
        'lookup "v1" "Secret" "ns" "name"', 'lookup "v1" "Secret" "ns" ""', 'lookup "v1" "Namespace" "" "kube-system" | toJson', 'len (lookup "v1" "Secret" "ns" "name")', 'kindOf (lookup "apps/v1" "Deployment" "" "")', 'typeOf (lookup "v1" "Pod" "" "x")',
        '(lookup "v1" "Secret" "ns" "name").data', '(lookup "v1" "Secret" "ns" "").items | len', 'index (lookup "v1" "Secret" "ns" "name") "metadata"',
        'dig "data" "password" "fallback" (lookup "v1" "Secret" "ns" "name")', 'hasKey (lookup "v1" "Secret" "ns" "name") "data"', 'empty (lookup "v1" "Secret" "ns" "name")', 'lookup "v1" "Secret" .Release.Namespace (printf "%s-x" .Release.Name) | toYaml',
        'get (lookup "a/b/c" "X" "" "") "k"', 'merge (lookup "v1" "A" "" "") (dict "a" 1) | toJson')
        + '{{ if lookup "v1" "Secret" "ns" "name" }}found: yes\n{{ else }}found: no\n{{ end }}{{ range $i, $s := (lookup "v1" "Secret" "ns" "").items }}{{ $i }}{{ else }}items: none\n{{ end }}{{ with (lookup "v1" "Node" "" "").items }}{{ . }}{{ else }}with: none\n{{ end }}'),
    "function-lookup-arity": chart('x: {{ lookup "v1" "Secret" "ns" }}\n'),
    "function-lookup-number": chart('x: {{ lookup "v1" "Secret" "ns" .Values.n }}\n', "n: 3\n"),
    "function-lookup-nil": chart('x: {{ lookup "v1" "Secret" .Values.none "a" }}\n'),
    "function-lookup-index": chart('x: {{ index (lookup "v1" "Secret" "ns" "name") "data" "password" }}\n'),
    "function-lookup-field": chart('x: {{ (lookup "v1" "Secret" "ns" "name").data.password.more }}\n'),

    "function-Files.Get": chart(lines('.Files.Get "f/one.txt"', '.Files.Get "f/two.txt"', '.Files.Get "f/empty.txt"', '.Files.Get "f/crlf.txt"', '.Files.Get "f/quotes.txt"', '.Files.Get "f/space.txt"', '.Files.Get "none"', '.Files.Get ""', '.Files.Get "./f/one.txt"', '.Files.Get "f//one.txt"',
        '.Files.Get "F/one.txt"', '.Files.Get "Chart.yaml"', '.Files.Get "values.yaml"', '.Files.Get "templates/a.yaml"', '.Files.Get "README.md"', '.Files.Get "LICENSE"', '.Files.Get "ignored.txt"', '.Files.Get ".helmignore"', '.Files.Get "f/.hidden"', '.Files.Get "charts/sub/own.txt"', '.Files.Get "values.schema.json"',
        '.Files.Get "crds/c.yaml"', '.Files.Get "Chart.lock"', '.Files.Get "f/num.txt" | float64', '.Files.Get "f/deep/conf.yaml" | fromYaml | toJson', 'printf "f/%s.txt" "one" | .Files.Get', '.Files.Get (printf "f/%s.txt" "two")', '(.Files).Get "f/num.txt"', 'tpl (.Files.Get "f/num.txt") . | b64enc')
        + "block: |\n{{ .Files.Get \"f/space.txt\" | indent 2 }}\n", **{**TEXTS, ".helmignore": "ignored.txt\n", "ignored.txt": "i", "crds/c.yaml": "kind: C\n", "values.schema.json": "{}", "Chart.lock": "dependencies: []\n",
        "charts/sub/Chart.yaml": SUB, "charts/sub/own.txt": "of sub", "charts/sub/templates/s.yaml": 'kind: S\nown: {{ .Files.Get "own.txt" }}\nparent: {{ .Files.Get "f/one.txt" | quote }}\n'}),
    "function-Files.Get-arity": chart("x: {{ .Files.Get }}\n"),
    "function-Files.Get-number": chart("x: {{ .Files.Get 3 }}\n"),
    "function-Files.Get-nil": chart("x: {{ .Files.Get .Values.none }}\n"),
    "function-Files.GetBytes": chart(lines('.Files.GetBytes "f/two.txt"', '.Files.GetBytes "f/two.txt" | toString', '.Files.GetBytes "f/one.txt" | len', 'typeOf (.Files.GetBytes "f/one.txt")', '.Files.GetBytes "none" | len', 'index (.Files.GetBytes "f/two.txt") 0', '.Files.GetBytes "f/two.txt" | toJson', '.Files.GetBytes "f/two.txt" | printf "%s|%x|%v"',
        'kindOf (.Files.GetBytes "none")', 'slice (.Files.GetBytes "f/two.txt") 0 2 | toString', '.Files.GetBytes "f/quotes.txt" | printf "%s" | b64enc') + '{{ range $i, $b := .Files.GetBytes "f/num.txt" }}b{{ $i }}: {{ $b }}\n{{ end }}', **TEXTS),
    "function-Files.GetBytes-b64enc": chart('x: {{ .Files.GetBytes "f/two.txt" | b64enc }}\n', **TEXTS),
    "function-Files.Glob": chart(
        "".join('g%02d: "{{ range $name, $_ := .Files.Glob %s }}{{ $name }} {{ end }}"\n' % (i, p) for i, p in enumerate(['"f/*"', '"f/**"', '"**"', '"*"', '"**/one.txt"', '"f/*.txt"', '"f/{one,two}.txt"', '"f/[o-t]*.txt"', '"f/[!o]*.txt"', '"f/?ne.txt"', '"none*"', '""', '"f"', '"f/"', '"f/deep"',
        '"/f/*"', '"./f/*"', '"f/**.txt"', '"f/**/*.txt"', '"**.{md,yaml}"', '"[RL]*"', '"*.md"', '"f/d*/*"', '"f/\\\\one.txt"', '"f/{deep/,}one.txt"', '"f/one.tx[^a]"', '"f/.*"', '"**/.*"', '"{"', '"f/[a"', '"f/{one"', '"templates/*"', '"f/*/"', '"[^f]*"', '"f/one.txt/**"']))
        + lines('len (.Files.Glob "f/**")', 'typeOf (.Files.Glob "f/*")', 'toJson (.Files.Glob "f/deep/*")', '(.Files.Glob "f/**").Get "f/one.txt"', '(.Files.Glob "none").Get "f/one.txt"', '((.Files.Glob "f/**").Glob "**.yaml") | len')
        + 'i: {{ index (.Files.Glob "f/**") "f/num.txt" | toString | quote }}\n{{ range $name, $bytes := .Files.Glob "f/deep/*" }}{{ base $name }}: {{ $bytes | toString | quote }}\nmine-{{ base $name }}: {{ $.Files.Get $name | quote }}\n{{ end }}', **TEXTS),
    "function-Files.AsConfig": chart("".join("c%02d:\n{{ (.Files.Glob %s).AsConfig | indent 2 }}\n" % (i, p) for i, p in enumerate(['"f/*"', '"f/one.txt"', '"none"', '"f/deep/**"', '"f/num.txt"', '"README.md"']))
        + 'all: {{ (.Files.Glob "[RL]*").AsConfig | quote }}\npiped: {{ (.Files.Glob "f/deep/*").AsConfig | fromYaml | toJson | quote }}\n', **TEXTS),
    "function-Files.AsConfig-texts": chart("{{ (.Files.Glob \"t/*\").AsConfig | nindent 0 }}\n", **{"t/%02d" % i: text for i, text in enumerate(["true", "null", "~", "1e3", "- a", "a: b", "# c", "x # y", " lead", "trail ", "\n", "\n\nx", "x\n\n", "|", ">", "'", '"', "%", "@", "`", "!t", "&a", "*a", "{", "[", "a\tb", "tab\n\tx\n",
        "a\\b", "é\n", "\u00a0", "\u2028", "long " * 40, "long " * 40 + "\nend", "2001-01-01", "0x1F", "=", "<<", "---", "---\na", "...", "a:\n  b: c\n", "? x", "y", "no", "a\r\nb", "\ufeffbom", "\u0001", "a \u0085 \u0085b", "\u0085x", "😀", "a \nb", "  two\n one\n", ""])}),
    "function-Files.AsConfig-unreadable": chart("del: {{ (.Files.Glob \"t/d\").AsConfig | quote }}\nboth: {{ (.Files.Glob \"t/*\").AsConfig | quote }}\nyaml: {{ dict \"a\" (.Files.Get \"t/d\") | toYaml | quote }}\nback: {{ .Files.Get \"t/d\" | fromYaml | toJson }}\nnel: {{ toYaml \"a \\u0085 \\u0085b\\u0085c\" | quote }}\n", **{"t/d": "a\x7fb", "t/e": "e"}),
    "function-Files.AsSecrets": chart("".join("c%02d:\n{{ (.Files.Glob %s).AsSecrets | indent 2 }}\n" % (i, p) for i, p in enumerate(['"f/*"', '"f/one.txt"', '"none"', '"f/deep/**"', '"f/num.txt"', '"README.md"']))
        + 'all: {{ (.Files.Glob "[RL]*").AsSecrets | quote }}\npiped: {{ index ((.Files.Glob "f/deep/*").AsSecrets | fromYaml) "one.txt" | b64dec }}\n', **TEXTS),
    "function-Files.Lines": chart(lines('.Files.Lines "f/one.txt" | toJson', '.Files.Lines "f/two.txt"', '.Files.Lines "f/crlf.txt" | toJson', '.Files.Lines "f/space.txt" | toJson', '.Files.Lines "none" | toJson', '.Files.Lines "none" | len', 'typeOf (.Files.Lines "f/one.txt")', '.Files.Lines "f/one.txt" | join "+"',
        'first (.Files.Lines "f/one.txt")', 'index (.Files.Lines "f/one.txt") 1', '.Files.Lines "f/one.txt" | last', 'has "second" (.Files.Lines "f/one.txt")', '.Files.Lines "f/deep/conf.yaml" | toYaml')
        + '{{ range .Files.Lines "f/one.txt" }}{{ . }}: line\n{{ end }}{{ range $i, $l := .Files.Lines "f/crlf.txt" }}n{{ $i }}: {{ $l | trim }}\n{{ end }}', **TEXTS),
    "function-Files": chart(lines("len .Files", "typeOf .Files", "kindOf .Files", 'index .Files "f/num.txt" | toString', "toJson (.Files.Glob \"LICENSE\")", ".Files | len") + '{{ range $name, $_ := .Files }}"file {{ $name }}": true\n{{ end }}', **TEXTS),

    "function-Capabilities.APIVersions.Has": chart(lines(*['.Capabilities.APIVersions.Has "%s"' % v for v in ["v1", "apps/v1", "apps/v1/Deployment", "batch/v1/CronJob", "batch/v1beta1", "networking.k8s.io/v1/Ingress", "monitoring.coreos.com/v1", "monitoring.coreos.com/v1/ServiceMonitor", "policy/v1beta1", "policy/v1/PodDisruptionBudget",
        "autoscaling/v2", "autoscaling/v2beta2", "extensions/v1beta1", "", "V1", "apps", "v1/Pod", "rbac.authorization.k8s.io/v1", "apiextensions.k8s.io/v1", "gateway.networking.k8s.io/v1", "security.openshift.io/v1", "cert-manager.io/v1", "scheduling.k8s.io/v1alpha1", "scheduling.k8s.io/v1alpha2", "node.k8s.io/v1beta1"]],
        'has "apps/v1" .Capabilities.APIVersions', "typeOf .Capabilities.APIVersions", "kindOf .Capabilities.APIVersions", 'printf "%s/%s" "apps/v1" "Deployment" | .Capabilities.APIVersions.Has', '(.Capabilities.APIVersions).Has "v1"', 'tpl "{{ .Capabilities.APIVersions.Has \\"v1\\" }}" .', '.Capabilities.APIVersions | toJson')),
    "function-Capabilities.APIVersions.Has-arity": chart("x: {{ .Capabilities.APIVersions.Has }}\n"),
    "function-Capabilities.APIVersions.Has-number": chart("x: {{ .Capabilities.APIVersions.Has 1 }}\n"),
    "function-Capabilities.KubeVersion": chart(lines(".Capabilities.KubeVersion", ".Capabilities.KubeVersion.Version", ".Capabilities.KubeVersion.GitVersion", ".Capabilities.KubeVersion.String", ".Capabilities.KubeVersion.Major", ".Capabilities.KubeVersion.Minor", "typeOf .Capabilities.KubeVersion", "kindOf .Capabilities.KubeVersion",
        ".Capabilities.KubeVersion | toJson", ".Capabilities.KubeVersion | toYaml", 'printf "%s|%v|%+v" .Capabilities.KubeVersion .Capabilities.KubeVersion .Capabilities.KubeVersion', 'semverCompare ">=1.21-0" .Capabilities.KubeVersion.Version', 'semverCompare "<1.21-0" .Capabilities.KubeVersion.GitVersion', "int .Capabilities.KubeVersion.Minor",
        "(semver .Capabilities.KubeVersion.Version).Minor", ".Capabilities.KubeVersion | toString", 'eq .Capabilities.KubeVersion.Major "1"', '.Capabilities.KubeVersion.Version | trimPrefix "v"', "list .Capabilities.KubeVersion | join \",\"", "dict \"v\" .Capabilities.KubeVersion | toYaml")),
    "function-Capabilities.KubeVersion-field": chart("x: {{ .Capabilities.KubeVersion.Nope }}\n"),
    "function-Capabilities.HelmVersion": chart(lines(".Capabilities.HelmVersion.Version | trunc 4", "typeOf .Capabilities.HelmVersion", "kindOf .Capabilities.HelmVersion", 'hasPrefix "go" .Capabilities.HelmVersion.GoVersion', 'semverCompare ">=3" .Capabilities.HelmVersion.Version', ".Capabilities.HelmVersion.KubeClientVersion")),
    "function-Capabilities.none": chart("x: {{ .Capabilities.Nope }}\n"),

    "function-Values": chart(lines(".Values.AsMap | toJson", "typeOf .Values.AsMap", ".Values.YAML", '.Values.Table "a" | toJson', 'typeOf (.Values.Table "a")', '(.Values.Table "a.b").c', '.Values.PathValue "a.b.c"', '.Values.PathValue "s"', '.Values.PathValue "l" | toJson', "typeOf .Values", "typeOf .Values.a", "kindOf .Values", "(.Values.Table \"a\").YAML", "dig \"a\" \"b\" \"c\" 0 .Values.AsMap"),
        "a: {b: {c: 5, d: null}}\ns: text\nl: [1, 2]\n"),
    "function-Values-table": chart('x: {{ .Values.Table "a.none" }}\n', "a: {b: 1}\n"),
    "function-Values-value": chart('x: {{ .Values.PathValue "a" }}\n', "a: {b: 1}\n"),
    "function-Values-empty-path": chart('x: {{ .Values.PathValue "" }}\n', "a: {b: 1}\n"),
    "function-Subcharts": chart(lines(".Subcharts.sub.Chart.Name", ".Subcharts.sub.Chart.Version", ".Subcharts.sub.Values | toJson", '.Subcharts.sub.Files.Get "own.txt"', ".Subcharts.sub.Release.Name", ".Subcharts.none", "len .Subcharts", ".Subcharts.sub.Subcharts.below.Values.v", ".Subcharts.sub.Chart.IsRoot", ".Chart.IsRoot",
        'include "sub.own" .Subcharts.sub', "keys .Subcharts | join \",\"", "typeOf .Subcharts", "typeOf .Subcharts.sub", '.Subcharts.sub.Capabilities.APIVersions.Has "v1"'), "sub: {set: by parent}\nglobal: {g: 1}\n",
        **{"charts/sub/Chart.yaml": SUB, "charts/sub/values.yaml": "own: 1\n", "charts/sub/own.txt": "of sub", "charts/sub/templates/_h.tpl": '{{ define "sub.own" }}{{ .Chart.Name }}{{ .Values.own }}{{ end }}',
        "charts/sub/templates/s.yaml": "kind: S\nname: {{ .Template.Name }}\nsubcharts: {{ len .Subcharts }}\n", "charts/sub/charts/below/Chart.yaml": "apiVersion: v2\nname: below\nversion: 1.0.0\n", "charts/sub/charts/below/values.yaml": "v: deep\n"}),

    "function-required": chart(lines('required "m" .Values.text', 'required "m" .Values.zero', 'required "m" .Values.no', 'required "m" .Values.list', 'required "m" .Values.map', '.Values.text | required "m"', 'required (printf "%s" "m") .Values.text | upper', 'required "m" (list)', 'required "m" (dict "a" 1) | toJson', 'typeOf (required "m" .Values.zero)', 'required "" " "'),
        "text: t\nzero: 0\n'no': false\nlist: []\nmap: {}\n"),
    "function-required-null": chart('x: {{ required "x must not be null" .Values.x }}\n', "x: null\n"),
    "function-required-in-subchart": chart("x: 1\n", **{"charts/sub/Chart.yaml": SUB, "charts/sub/templates/s.yaml": 'kind: S\nx: {{ .Values.global.g | required (printf "%s needs g" .Chart.Name) }}\n'}),
    "function-required-number": chart("x: {{ required 3 .Values.x }}\n"),
    "function-required-lines": chart('x: {{ required "first\\nsecond: \\"quoted\\"" .Values.x }}\n'),
    "function-fail": chart('{{ if false }}{{ fail "not reached" }}{{ end }}x: {{ or true (fail "evaluated by no one") }}\n'),
    "function-fail-printf": chart('{{ printf "%d of %s: %v" 3 "x" (list 1 2) | fail }}\n'),
    "function-fail-empty": chart('{{ fail "" }}\n'),
    "function-fail-number": chart("{{ fail 3 }}\n"),
    "function-fail-in-tpl": chart('x: {{ tpl "{{ include \\"f\\" . }}" . }}\n', **{"templates/_h.tpl": '{{ define "f" }}{{ fail "told by f" }}{{ end }}'}),
    "function-getHostByName": chart(lines('getHostByName "localhost"', 'getHostByName "no.such.host.invalid"', 'getHostByName ""', 'getHostByName "127.0.0.1" | default "unknown"', 'typeOf (getHostByName "localhost")')),
    "function-getHostByName-arity": chart("x: {{ getHostByName }}\n"),
}
