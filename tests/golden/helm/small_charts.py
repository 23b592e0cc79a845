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
    "nil-as-data": template('a: {{ include "f" nil | quote }}\nb: {{ include "f" .Values.none | quote }}\nc: {{ tpl "{{ .x }}{{ .x.y }}|{{ . }}" .Values.none | quote }}\nd: {{ include "g" .Values.none }}\n', **{
        "templates/_h.tpl": '{{ define "f" }}{{ .a }}{{ .a.b }}{{ if . }}t{{ else }}f{{ end }}{{ with .a }}w{{ end }}{{ range .a }}r{{ end }}{{ $.a }}{{ . | default "d" }}{{ end }}{{ define "g" }}{{ toJson . }}{{ end }}'}),
    "nil-as-data-fails": template('a: {{ include "f" nil }}\n', **{"templates/_h.tpl": '{{ define "f" }}{{ .Chart.Name | trunc 63 }}{{ end }}'}),
    "schema-date": template("a: 1\n", **{"values.yaml": 'v: "no\\nd\\te \\" x"\n', "values.schema.json": '{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"v":{"format":"date"}}}'}),
    "json-of-structs": template("a: {{ toJson .Capabilities.KubeVersion | quote }}\nb: {{ dict \"c\" .Capabilities | toJson | trunc 60 | quote }}\nd: {{ toPrettyJson .Capabilities.KubeVersion | quote }}\ne: {{ toYaml .Capabilities.KubeVersion | quote }}\n"),
    "schema-bool-in-draft-4": template("a: 1\n", **{"values.schema.json": '{"$schema":"http://json-schema.org/draft-04/schema#","properties":{"a":false}}'}),
    "schema-bool-in-draft-4-allowed": template("a: 1\n", **{"values.schema.json": '{"$schema":"http://json-schema.org/draft-04/schema#","additionalProperties":false,"properties":{"a":{"additionalItems":true}}}'}),
    "schema-bool-in-draft-6": template("a: 1\n", **{"values.schema.json": '{"$schema":"http://json-schema.org/draft-06/schema#","properties":{"a":false}}', "values.yaml": "a: 1\n"}),
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
    # One chart under two names: what it holds and does not name has one Chart.yaml in both, so the second finds its names changed and its values imported.
    "alias-twice": template("x: {{ toJson .Values }}\n", **{
        "Chart.yaml": PLAIN + "dependencies:\n- {name: app, version: 1.0.0, alias: one}\n- {name: app, version: 1.0.0, alias: two}\n",
        "charts/app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n- {name: mid, version: 2.x}\n",
        "charts/app/templates/a.yaml": "y: {{ toJson .Values }}\n",
        "charts/app/charts/mid/Chart.yaml": "apiVersion: v2\nname: mid\nversion: 1.0.0\ndependencies:\n- {name: deep, version: 1.0.0, alias: low, import-values: [{child: a, parent: b}]}\n",
        "charts/app/charts/mid/templates/a.yaml": "z: {{ toJson .Values }}\nd: {{ toJson .Chart.Dependencies }}\n",
        "charts/app/charts/mid/charts/deep/Chart.yaml": "apiVersion: v2\nname: deep\nversion: 1.0.0\n",
        "charts/app/charts/mid/charts/deep/values.yaml": "a: {k: v}\n", "charts/app/charts/mid/charts/deep/templates/a.yaml": "w: {{ .Chart.Name }}\n"}),
    "meta-cases": template("x: {{ toJson .Chart }}\n", **{"Chart.yaml": "apiVersion: v2\nname: c\nversion:\nVERSION: 2.0.0\nappVersion: a\nappversion: b\nHome: h\nhome: i\n"}),
    "meta-short-package": {"charts/x.tgz": "text"},
    "meta-no-package": {"charts/x.tgz": "long enough, and no package"},
    "meta-v3": template("x: 1\n", **{"Chart.yaml": "apiVersion: v3\nname: c\nversion: 1.0.0\n"}),
    "meta-v3-type": {"Chart.yaml": "apiVersion: v3\nname: [c]\nversion: 1.0.0\n"},
    "meta-v3-library": {"Chart.yaml": "apiVersion: v3\nname: c\nversion: 1.0.0\ntype: library\n"},
    "meta-v3-charts": {"Chart.yaml": "apiVersion: v3\nname: c\nversion: 1.0.0\n", "charts/s/Chart.yaml": "apiVersion: v2\nname: s\nversion: 1.0.0\n"},
    "meta-v3-requirements": {"Chart.yaml": "apiVersion: v3\nname: c\nversion: 1.0.0\n", "requirements.yaml": "dependencies:\n- {name: s, alias: 'x y'}\n"},
    "meta-v3-maintainers": {"Chart.yaml": "apiVersion: v3\nname: c\nversion: 1.0.0\nmaintainers: [a]\n"},
    "meta-v3-missing": {"Chart.yaml": "apiVersion: v3\nname: c\nversion: 1.0.0\ndependencies: [{name: t}]\n", "charts/s/Chart.yaml": "apiVersion: v2\nname: s\nversion: 1.0.0\n"},
    "meta-requirements-over": template("x: {{ toJson .Chart.Dependencies }}\n", **{
        "Chart.yaml": "apiVersion: v1\nname: c\nversion: 1.0.0\ndependencies:\n- {name: s, version: 1.0.0, condition: s.on, tags: [t]}\n- {name: u, version: 1.0.0}\n",
        "requirements.yaml": "dependencies:\n- {name: t, version: '*'}\n", "charts/t/Chart.yaml": "apiVersion: v1\nname: t\nversion: 1.0.0\n", "charts/t/templates/a.yaml": "y: 1\n"}),
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
    "schema-ref-anywhere": template("x: 1\n", **{
        "values.yaml": "a: X\nb: 9\n", "values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"groups": {"name": {"pattern": "^[a-z]+$"}}}, "properties": {"a": {"$ref": "#/definitions/groups/name"}, "b": {"$ref": "#/odd/count"}}, "odd": {"count": {"minimum": 5}}}'}),
    "schema-ref-to-no-schema": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"$ref": "#/odd/b"}}, "odd": {"b": {"type": "no type"}, "unused": {"type": 3}}}'}),
    "schema-ref-chain": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"$ref": "#/odd/b"}}, "odd": {"b": {"$ref": "#/odd/none"}}}'}),
    "schema-title": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"title": true}}}'}),
    "schema-empty-all-of": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"allOf": []}}}'}),
    "schema-required-twice": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "required": ["a", "b", "a"]}'}),
    "schema-empty-enum": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"a": {"enum": []}}}'}),
    "schema-exclusive-in-draft-4": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": true}'}),
    "schema-negative-count": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "maxLength": -1}'}),
    "schema-zero-multiple": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-06/schema#", "multipleOf": 0}'}),
    "schema-examples-before-draft-7": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-06/schema#", "examples": 3, "contentEncoding": 4, "$comment": 5}'}),
    # What breaks the rules of its draft, told as a tree; lists, for what is in objects comes in no order.
    "schema-two-faults-in-draft-4": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": 5}'}),
    "schema-breaks-draft-2020": template("x: 1\n", **{"values.schema.json": '{"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": {"a": {"allOf": [{"minLength": -1}, {"type": "text"}, 3]}}}'}),
    "schema-breaks-draft-2019": template("x: 1\n", **{"values.schema.json": '{"$schema": "https://json-schema.org/draft/2019-09/schema", "items": [{"$anchor": "_"}, {"$id": "a#b"}, {"type": ["string", "string"]}]}'}),
    "schema-breaks-draft-7": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "allOf": [{"minLength": -1}, {"items": []}, {"required": [1, "a"]}, {"$ref": "%zz"}]}'}),
    "schema-patterns": template("x: 1\n", **{"values.schema.json": '{"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [{"pattern": "(?<n>a)"}, {"pattern": "(?!a)"}, {"pattern": "a{1001}"}, {"pattern": "\\\\"}, {"pattern": "(?<=a)b"}, {"pattern": "\\\\C"}, {"pattern": "x**"}, {"pattern": "\\\\pX"}, {"pattern": "[b-a]"}, {"pattern": ")"}]}'}),
    "schema-pattern-of-names-in-draft-6": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-06/schema#", "properties": {"a é": {"patternProperties": {"(": {}}}}}'}),
    "schema-pattern-of-names-in-draft-7": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "patternProperties": {"(": {}}}'}),
    "schema-part-of-another-draft": template("x: 1\n", **{"values.schema.json": '{"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [{"$id": "x", "$schema": "http://json-schema.org/draft-07/schema#", "minLength": -1}, {"$schema": "http://json-schema.org/draft-07/schema#", "minLength": -1}]}'}),
    "schema-refers-to-metaschemas": template("x: 1\n", **{"values.yaml": '{"a": [{"minLength": -1}, {"minLength": -1, "pattern": "["}, -1]}', "values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "items": false, "properties": {"a": {"items": [{"$ref": "http://json-schema.org/draft-07/schema#"}, {"$ref": "https://json-schema.org/draft/2020-12/schema"}, {"$ref": "http://json-schema.org/draft-07/schema#/definitions/nonNegativeInteger"}]}}}'}),
    "schema-formats": template("x: 1\n", **{"values.yaml": '{"a": ["1.2", "1.2.3-01", "1.2.3+\\u00e9", "P1D/x", "P1D1Y", "PT", "1::2::3", "::1.2.3", "1x:2", "fe80::1%a", "1.2.3.99999999999999999999", "-1.2.3.4", "\\u00e9", "a\\\\b@c", "123e4567-e89b-12d3-a456-42661417\\u4e160", "2020-1-01", "2020-01-01x", "-1:30:00Z", "12:30:00+-1:00", "http://[::g]", "http://a:x", "x\\\\", "{a", "}", "(?<=a)b", "x"]}', "values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"items": [{"format": "semver"}, {"format": "semver"}, {"format": "semver"}, {"format": "period"}, {"format": "duration"}, {"format": "duration"}, {"format": "ipv6"}, {"format": "ipv6"}, {"format": "ipv6"}, {"format": "ipv6"}, {"format": "ipv4"}, {"format": "ipv4"}, {"format": "hostname"}, {"format": "email"}, {"format": "uuid"}, {"format": "date"}, {"format": "date"}, {"format": "time"}, {"format": "time"}, {"format": "uri"}, {"format": "uri"}, {"format": "uri-reference"}, {"format": "uri-template"}, {"format": "uri-template"}, {"format": "regex"}, {"format": "iri"}]}}}'}),
    "schema-const-beside-ref": template("x: 1\n", **{"values.yaml": 'a: 2\n', "values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"d": {}}, "properties": {"a": {"$ref": "#/definitions/d", "const": 1, "type": "null"}}}'}),
    "schema-multiples": template("x: 1\n", **{"values.yaml": '{"a": [0.3, 0.005, 100000000000.0, 1e+21, 1e+300, 0.5]}', "values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"items": [{"multipleOf": 0.1}, {"multipleOf": 0.01}, {"multipleOf": 7}, {"multipleOf": 1.5}, {"multipleOf": 3}, {"multipleOf": 1e-10}]}}}'}),
    "schema-numbers-as-written": template("x: 1\n", **{"values.yaml": 'a: 3\n', "values.schema.json": '{"properties": {"a": {"enum": [1.50, 1E2, 10000000000.0, 12345678901234567890123]}}}'}),
    "schema-escapes": template("x: 1\n", **{"values.schema.json": '{"$ref": "#/a b\'(é"}'}),
    "schema-escapes-of-a-cycle": template("x: 1\n", **{"values.schema.json": '{"$ref": "#/$defs/a b", "$defs": {"a b": {"allOf": [{"$ref": "#/$defs/a b"}]}}}'}),
    "schema-address-with-dots": template("x: 1\n", **{"values.schema.json": '{"$id": "http://x.invalid/a/b/c", "allOf": [{"$id": "../d"}, {"$ref": "./../d#e"}]}'}),
    "schema-duplicate-address": template("x: 1\n", **{"values.schema.json": '{"$id": "http://x.invalid/a", "not": {"$id": "http://x.invalid/a"}}'}),
    "lock-without-time": template("a: 1\n", **{"Chart.lock": "dependencies: []\ngenerated: x\n"}),
    "lock-with-odd-time": template("a: 1\n", **{"Chart.lock": "generated: 2020-01-01 00:00:00\n"}),
    "import-of-nothing-twice": template("v: {{ toJson .Values }}\n", **{
        "Chart.yaml": PLAIN + "dependencies: [{name: sub, version: 1.0.0, import-values: [{child: exports, parent: b}, {child: exports, parent: b.b}]}]\n",
        "charts/sub/Chart.yaml": PLAIN.replace("name: c", "name: sub"), "charts/sub/values.yaml": "exports: {}\n"}),
    "values-end-first": template("a: 1\n", **{"values.yaml": "# c\n...\na: 1\n"}),
    "values-end-at-once": template("a: 1\n", **{"values.yaml": "...\n"}),
    "values-after-a-directive": template("a: 1\n", **{"values.yaml": "%YAML 1.1\n---\na: yes\n"}),
    "values-without-a-start": template("a: 1\n", **{"values.yaml": "# x\n%YAML 1.1\na: 1\n"}),
    "metadata-after-a-directive": template("v: {{ .Chart.Version }}\n", **{"Chart.yaml": "%YAML 1.1\n---\n" + PLAIN}),
    "schema-text-for-a-number": template("x: 1\n", **{"values.yaml": '{"a": [["1", 1], [1, "1"], ["1.0", 1], ["0x1", 1], ["1/2", 0.5], ["1_0", 10], ["a", 1], [["1"], [1]], [{"a": "1"}, {"a": 1}], ["", 0], ["-0", 0], ["true", true], 1, "1", [1], 1, "1", [1]]}', "values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"items": [{"uniqueItems": true}, {"uniqueItems": true}, {"uniqueItems": true}, {"uniqueItems": true}, {"uniqueItems": true}, {"uniqueItems": true}, {"uniqueItems": true}, {"uniqueItems": true}, {"uniqueItems": true}, {"uniqueItems": true}, {"uniqueItems": true}, {"uniqueItems": true}, {"const": "1"}, {"const": 1}, {"const": ["1"]}, {"enum": ["1"]}, {"enum": [1]}, {"enum": [["1"]]}]}}}'}),
    "metadata-faults-in-two-dependencies": template("x: 1\n", **{"Chart.yaml": PLAIN + "dependencies: [{name: a, tags: x}, {name: b, enabled: x}]\n"}),
    "metadata-faults-in-two-maintainers": template("x: 1\n", **{"Chart.yaml": PLAIN + "maintainers: [{url: []}, x, {email: {}}]\ndependencies: [{name: 1}]\n"}),
    "schema-defs-before-2019": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "$defs": {"a": 3}}'}),
    "schema-ref-beside-ref": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"$ref": "#", "contains": {"$ref": "#/definitions/d"}}}}'}),
    "schema-old-ref-beside-ref": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"$ref": "#", "not": {"$ref": "#/definitions/d"}}}}'}),
    "from-json-large": template("""all:
{{- range list `{"a": 1e400, "b": [1, -1e999, {"c": 1e400}]}` `[1e400, 2]` `1e400` `{"Error": 1e400}` `{"a": 1e400, "b": x}` }}
- of: {{ . | quote }}
  map: {{ fromJson . | toJson }}
  list: {{ fromJsonArray . | toJson }}
{{- end }}
"""),
    "minus-zero": template("""a: {{ toJson .Values }}
b: {{ .Values.a }} {{ .Values.b }} {{ eq .Values.a 0.0 }} {{ default 5 .Values.a }} {{ int .Values.a }}
c: {{ fromYaml "{a: -0.0, b: -0, c: [-0e0, -.0]}" | toJson }}
d: {{ toYaml .Values | quote }} {{ toToml .Values | quote }}
""", **{"values.yaml": "a: -0.0\nb: -0\n"}),
    # Of a pattern of a fixed length Helm cuts texts off that end in a character of several bytes.
    "glob-rows": template("""{{- range $i, $p := list "[ab]/é" "a/é" "a/?" "?/é" "??" "é?" "?" "[^a]" "[ab]/x" "a/é*" "\\\\a/é" }}
p{{ $i }}: {{ $.Files.Glob $p | toJson }}
{{- end }}
""", **{"a/é": "1", "a/x": "2", "b/x": "3", "é": "4", "éx": "5", "ab": "6"}),
    "from-yaml-stray": template("""all:
{{- range list "'a' b\\n c: d" "'a' b: c" "'a'\\nb\\nc: d" "{a: b} c\\n d: e" "{a: b} c: d" "[a] b\\nc: d" "'a\\n b' c: d" "!!str a b\\n c: d" "*x b\\n c: d" "'a' - b" "'a' b\\n- c" "'a' ? b" "'a' @" "{a: b}\\n'c" "'a' b\\n--- c: d\\ne" }}
- of: {{ . | quote }}
  map: {{ fromYaml . | toJson }}
  list: {{ fromYamlArray . | toJson }}
{{- end }}
"""),
    "schema-beside-ref": template("x: 1\n", **{"values.schema.json": '{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {}}, "properties": {"a": {"$ref": "#/definitions/a", "type": 3}}}'}),
    # Values whose last line does not end, and block scalars that begin at their key's column.
    "values-end-in-a-block": template("a: {{ .Values.a | quote }}\n", **{"values.yaml": "a: |\n  x\n    "}),
    "values-end-in-a-kept-block": template("a: {{ .Values.a | quote }}\nb: {{ fromYaml \"a: |\\n  x\" | toJson }}\n", **{"values.yaml": "b: 1\n---\na: |+\n  x"}),
    "values-block-at-its-key": template("a: {{ .Values.a | toJson }}\n", **{"values.yaml": "a:\n  b:\n  |\n    text\n  c:\n  >-\n    folded\n    text\n  d:\n  -\n  |\n    item\n  - k: &x\n    |\n     t\n"}),
    "manifest-block-at-its-key": template("kind: A\ndata:\n  mosquitto.conf:\n  |\n    persistence true\n    listener 1883\n"),
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
