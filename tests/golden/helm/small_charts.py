"""Charts of a few lines each, most of them wrong in one way: name -> files. A chart without a Chart.yaml here gets a plain one."""
PLAIN = "apiVersion: v2\nname: c\nversion: 1.0.0\n"


def template(text, **more):
    files = {"templates/a.yaml": text}
    files.update({k.replace("__", "/"): v for k, v in more.items()})
    return files


CHARTS = {
    # Templates that do not parse.
    "parse-unclosed": template("kind: A\nx: {{ .Values.x\n"),
    "parse-unknown-function": template("x: {{ nosuch 1 }}\n"),
    "parse-missing-end": template("{{ if true }}\nx: 1\n"),
    "parse-bad-define": template("{{ define x }}{{ end }}"),
    "parse-unexpected-else": template("{{ else }}"),
    "parse-undefined-variable": template("{{ $x }}"),
    "parse-string": template('{{ "abc }}\n'),
    # Templates that fail.
    "exec-nil-pointer": template("x: {{ .Values.a.b.c }}\n", **{"values.yaml": "a: {}\n"}),
    "exec-nil-pointer-in-include": template('x: {{ include "deep" . }}\n', **{
        "templates/_h.tpl": '{{ define "deep" }}{{ include "deeper" . }}{{ end }}\n{{ define "deeper" }}\n  {{ .Values.no.such }}{{ end }}'}),
    "exec-not-a-map": template("x: {{ .Values.a.b }}\n", **{"values.yaml": "a: text\n"}),
    "exec-range-number": template("{{ range .Values.a }}x{{ end }}\n", **{"values.yaml": "a: true\n"}),
    "exec-wrong-type": template("x: {{ trunc .Values.a .Values.b }}\n", **{"values.yaml": "a: x\nb: y\n"}),
    "exec-missing-argument": template("x: {{ trunc 5 }}\n"),
    "exec-index": template('x: {{ index .Values "a" "b" }}\n', **{"values.yaml": "a: [1]\n"}),
    "exec-no-template": template('x: {{ include "nosuch" . }}\n'),
    "exec-template-action": template('x: {{ template "nosuch" . }}\n'),
    "exec-compare": template("x: {{ if lt .Values.a 1 }}y{{ end }}\n", **{"values.yaml": "a: text\n"}),
    "exec-field-of-string": template("x: {{ .Release.Name.Foo }}\n"),
    "exec-function-error": template('x: {{ mustRegexMatch "[" "a" }}\n'),
    "exec-in-subchart": template("x: 1\n", **{
        "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n", "charts/sub/templates/s.yaml": "y: {{ .Values.a.b }}\n"}),
    "fail": template('{{ fail "stop: here" }}\n'),
    "fail-in-include": template('{{ include "f" . }}\n', **{"templates/_h.tpl": '{{ define "f" }}{{ fail "deep down\nsecond line" }}{{ end }}'}),
    "required": template('x: {{ required "need x: now" .Values.x }}\n'),
    "required-empty": template('x: {{ required "need x" .Values.x }}\n', **{"values.yaml": 'x: ""\n'}),
    "required-false-is-there": template('x: {{ required "need x" .Values.x }}\n', **{"values.yaml": "x: false\n"}),
    "tpl-parse-error": template('x: {{ tpl "{{ .x" . }}\n'),
    "tpl-exec-error": template('x: {{ tpl "{{ .Values.a.b.c }}" . }}\n'),
    "tpl-fail": template("x: {{ tpl \"{{ fail \\\"in tpl\\\" }}\" . }}\n"),
    "tpl-nested": template('x: {{ tpl .Values.t . }}\ny: {{ tpl "  {{/* c */}}  " . | quote }}\nz: {{ tpl "{{ tpl \\"\\" . }}" . | quote }}\n', **{
        "values.yaml": "t: '{{ define \"in\" }}[{{ . }}]{{ end }}{{ include \"in\" 5 }}{{ tpl .Values.u . }}'\nu: '{{ include \"in\" 6 }} {{ .Values.none }}'\n"}),
    "include-recursion": template('{{ include "r" . }}', **{"templates/_h.tpl": '{{ define "r" }}{{ include "r" . }}{{ end }}'}),
    "define-twice": template('x: {{ include "d" . }}\n', **{
        "templates/_a.tpl": '{{ define "d" }}from a{{ end }}', "templates/_b.tpl": '{{ define "d" }}from b{{ end }}',
        "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n", "charts/sub/templates/_z.tpl": '{{ define "d" }}from sub{{ end }}',
        "charts/sub/templates/s.yaml": 'y: {{ include "d" . }}\n'}),
    "notes-fail": {"templates/NOTES.txt": '{{ fail "in notes" }}'},
    # Output that is no YAML, or no object.
    "yaml-bad-indent": template("kind: A\n  x: 1\n"),
    "yaml-tab": template("kind: A\nx:\n\t- 1\n"),
    "yaml-unclosed-quote": template('kind: A\nx: "abc\n'),
    "yaml-unclosed-flow": template("kind: A\nx: [a, b\n"),
    "yaml-colon": template("kind: A\nx: a: b\n"),
    "yaml-missing-colon": template("kind: A\nxyz\nb: c\n"),
    "yaml-second-document": template("kind: A\n---\nkind: B\n x: [\n"),
    "yaml-scalar": template("just text\n"),
    "yaml-list": template("- a\n- b\n"),
    "yaml-annotation-list": template("kind: A\nmetadata: {annotations: {a: [1]}}\n"),
    "yaml-annotation-number": template("kind: A\nmetadata: {annotations: {a: 1, b: true, c: null}}\n"),
    "yaml-metadata-text": template("kind: A\nmetadata: text\n"),
    "yaml-kind-list": template("kind: [A]\n"),
    "yaml-duplicate-key": template("kind: A\nx: 1\nx: 2\n"),
    # Chart.yaml.
    "meta-empty": {"Chart.yaml": ""},
    "meta-no-name": {"Chart.yaml": "apiVersion: v2\nversion: 1.0.0\n"},
    "meta-no-version": {"Chart.yaml": "apiVersion: v2\nname: c\n"},
    "meta-bad-version": {"Chart.yaml": "apiVersion: v2\nname: c\nversion: one\n"},
    "meta-no-api-version": template("x: {{ .Chart.APIVersion }}\n", **{"Chart.yaml": "name: c\nversion: 1.0.0\n"}),
    "meta-api-version": {"Chart.yaml": "apiVersion: v9\nname: c\nversion: 1.0.0\n"},
    "meta-name-slash": {"Chart.yaml": "apiVersion: v2\nname: a/b\nversion: 1.0.0\n"},
    "meta-name-dots": {"Chart.yaml": "apiVersion: v2\nname: ..\nversion: 1.0.0\n"},
    "meta-type": {"Chart.yaml": PLAIN + "type: other\n"},
    "meta-library": {"Chart.yaml": PLAIN + "type: library\n"},
    "meta-wrong-types": {"Chart.yaml": PLAIN + "deprecated: soon\nkeywords: one\n"},
    "meta-nested-type": {"Chart.yaml": PLAIN + "maintainers:\n- name: [a]\n"},
    "meta-null-maintainer": {"Chart.yaml": PLAIN + "maintainers:\n- null\n"},
    "meta-null-dependency": {"Chart.yaml": PLAIN + "dependencies:\n- null\n"},
    "meta-alias": {"Chart.yaml": PLAIN + "dependencies:\n- {name: a, alias: 'x y'}\n"},
    "meta-same-alias": {"Chart.yaml": PLAIN + "dependencies:\n- {name: a}\n- {name: b, alias: a}\n"},
    "meta-missing-dependency": {"Chart.yaml": PLAIN + "dependencies:\n- {name: a, version: 1.0.0}\n- {name: b, version: 1.0.0}\n"},
    "meta-kube-version": template("x: 1\n", **{"Chart.yaml": PLAIN + "kubeVersion: '>=9.0'\n"}),
    "meta-kube-version-broken": template("x: 1\n", **{"Chart.yaml": PLAIN + "kubeVersion: 'abc'\n"}),
    "meta-bad-yaml": {"Chart.yaml": "apiVersion: v2\nname: [\n"},
    "meta-list": {"Chart.yaml": "- a\n"},
    "meta-case": template("x: {{ .Chart.AppVersion }} {{ .Chart.Name }}\n", **{"Chart.yaml": "APIVERSION: v2\nName: c\nversion: 1\nappversion: 1.10\n"}),
    "meta-unknown-fields": template("x: {{ .Chart.Nosuch }}\n", **{"Chart.yaml": PLAIN + "nosuch: 1\n"}),
    "subchart-broken": template("x: 1\n", **{"charts/sub/Chart.yaml": "name: [\n"}),
    "subchart-no-chart": template("x: 1\n", **{"charts/README.md": "text\n"}),
    # values.yaml.
    "values-list": template("x: 1\n", **{"values.yaml": "- a\n"}),
    "values-text": template("x: 1\n", **{"values.yaml": "text\n"}),
    "values-broken": template("x: 1\n", **{"values.yaml": "a: [\n"}),
    "values-empty": template("x: {{ toJson .Values }}\n", **{"values.yaml": "# nothing\n"}),
    "values-documents": template("x: {{ toJson .Values }}\n", **{"values.yaml": "---\na: {b: 1, c: 1}\n---\na: {b: 2}\n--- # no cut\nd: 1\n"}),
    "values-bom": template("x: {{ toJson .Values }}\n", **{"values.yaml": "\ufeffa: 1\n"}),
    "values-subchart-type": template("x: 1\n", **{
        "values.yaml": "sub: text\n", "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n"}),
    "values-keys": template("x: {{ toJson .Values }}\n", **{"values.yaml": "1: a\n1.5: b\ntrue: c\n2020-01-02: d\n'~': e\n"}),
    "values-numbers": template("x: {{ toJson .Values }}\ny: \"{{ .Values }}\"\nz: |\n{{ toYaml .Values | indent 2 }}\n", **{
        "values.yaml": "a: 9007199254740993\nb: 1e100\nc: 0.1\nd: 1.0\nf: 100000000000000000000\ng: 0x1F\nh: 0o17\ni: 0b11\nj: 1_000\nk: .5\nl: +1\nm: 1e-7\nn: 12345678.9\no: 1e21\n"}),
    # values.schema.json.
    "schema-ok": template("x: 1\n", **{"values.yaml": "a: 1\n", "values.schema.json": '{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}'}),
    "schema-type": template("x: 1\n", **{"values.yaml": "a: x\n", "values.schema.json": '{"properties": {"a": {"type": "integer"}}}'}),
    "schema-required": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "required": ["a", "b"]}'}),
    "schema-nested": template("x: 1\n", **{
        "values.yaml": "a: {b: [1, x]}\n",
        "values.schema.json": '{"definitions": {"l": {"items": {"type": "number"}}}, "properties": {"a": {"properties": {"b": {"$ref": "#/definitions/l"}}}}}'}),
    "schema-additional": template("x: 1\n", **{"values.yaml": "a: 1\nb: 2\n", "values.schema.json": '{"additionalProperties": false, "properties": {"a": {}}}'}),
    "schema-one-of": template("x: 1\n", **{"values.yaml": "a: 5\n", "values.schema.json": '{"properties": {"a": {"oneOf": [{"type": "number"}, {"minimum": 0}]}}}'}),
    "schema-any-of": template("x: 1\n", **{"values.yaml": "a: hello\n", "values.schema.json": '{"properties": {"a": {"anyOf": [{"const": 1}, {"pattern": "^a\'\\"$"}]}}}'}),
    "schema-enum": template("x: 1\n", **{"values.yaml": "a: 3\n", "values.schema.json": '{"properties": {"a": {"enum": [1000000, 1.5, "x", null, true]}}}'}),
    "schema-numbers": template("x: 1\n", **{"values.yaml": "a: 1e12\n", "values.schema.json": '{"properties": {"a": {"maximum": 99999999}}}'}),
    "schema-length": template("x: 1\n", **{"values.yaml": "a: abc\n", "values.schema.json": '{"properties": {"a": {"minLength": 1500}}}'}),
    "schema-format": template("x: 1\n", **{"values.yaml": "a: 1.2.3\n", "values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"format": "ipv4"}}}'}),
    "schema-format-new-draft": template("x: 1\n", **{"values.yaml": "a: 1.2.3\n", "values.schema.json": '{"properties": {"a": {"format": "ipv4"}}}'}),
    "schema-if": template("x: 1\n", **{"values.yaml": "a: 1\n", "values.schema.json": '{"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}}'}),
    "schema-unevaluated": template("x: 1\n", **{"values.yaml": "a: 1\nb: 2\n", "values.schema.json": '{"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": false}'}),
    "schema-null-default": template("x: {{ toJson .Values }}\n", **{"values.yaml": "a: null\n", "values.schema.json": '{"properties": {"a": {"type": "string"}}}'}),
    "schema-subchart": template("x: 1\n", **{
        "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n", "charts/sub/values.yaml": "a: x\n",
        "charts/sub/values.schema.json": '{"properties": {"a": {"type": "integer"}}}', "values.schema.json": '{"required": ["z"]}'}),
    "schema-bad-ref": template("x: 1\n", **{"values.schema.json": '{"$ref": "#/nope"}'}),
    # How documents are cut and shown.
    "cut-trailing-space": template("kind: A\n---  \nkind: B   \n\n\n--- # c\nkind: C\n"),
    "cut-crlf": template("kind: A\r\n---\r\nkind: B\r\n"),
    "cut-block-text": template("kind: A\ntext: |\n  ---\n  a\n  ----\n"),
    "cut-glued": template("---kind: A\n---\n---\nkind: B\n---kind: C"),
    "cut-no-newline": template("kind: A"),
    "cut-form-feed": template("\f\nkind: A\n\v\n---\nkind: B\n\u00a0\n"),
    "nothing": {"values.yaml": "a: 1\n"},
    "only-comments": template("# a comment\n"),
    "no-value": template("x: {{ .Values.none }}<no value>y\n"),
    "long-name": template("x: {{ .Release.Name }}\n"),
    "deprecated": template("x: 1\n", **{"Chart.yaml": PLAIN + "deprecated: true\n"}),
}
