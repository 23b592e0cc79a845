"""Charts as trees of files ({path: text}), their packages as bytes that are the same at every run, and the chart `app` that most
scenarios release: what it makes, and how it fails, hangs on its values."""
import gzip, hashlib, io, json, tarfile

SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-settings
  labels: {chart: "{{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}"}
data:
  message: {{ .Values.message | quote }}
  revision: "{{ .Release.Revision }}"
{{- if .Values.badKey }}
  "a bad key": "refused by the API server"
{{- end }}
{{- if .Values.fail }}
{{- fail .Values.fail }}
{{- end }}
{{- if .Values.missingKind }}
---
apiVersion: nowhere.example.com/v1
kind: Nothing
metadata: {name: nothing}
{{- end }}
{{- if .Values.other }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Values.other }}"}
data: {owner: "{{ .Release.Name }}"}
{{- end }}
"""
DEPLOYMENT = """\
{{- if .Values.deployment }}
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}-web"}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ .Release.Name }}"}}
    spec:
      {{- if .Values.stuck }}
      nodeSelector: {no: such-node}
      {{- end }}
      containers: [{name: app, image: "{{ .Values.image }}"}]
{{- end }}
"""
# A Job succeeds on kwok's node; one that finds no node fails when its deadline is over.
JOB = """\
{{- range $hook := .Values.hooks }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ $.Release.Name }}-{{ $hook.name }}
  annotations:
    helm.sh/hook: {{ $hook.on }}
    helm.sh/hook-weight: "{{ $hook.weight | default 0 }}"
    {{- with $hook.policy }}
    helm.sh/hook-delete-policy: {{ . }}
    {{- end }}
spec:
  backoffLimit: 0
  {{- if $hook.fails }}
  activeDeadlineSeconds: 1
  {{- end }}
  template:
    spec:
      restartPolicy: Never
      {{- if $hook.fails }}
      nodeSelector: {no: such-node}
      {{- end }}
      containers: [{name: a, image: b}]
{{- end }}
"""
VALUES = """\
message: hello
badKey: false
fail: ""
missingKind: false
other: ""
deployment: false
replicas: 1
image: nginx:1.27
stuck: false
hooks: []
"""


def app(version="1.0.0", name="app", extra=None, app_version="3.1"):
    files = {"Chart.yaml": "apiVersion: v2\nname: %s\nversion: %s\nappVersion: \"%s\"\n" % (name, version, app_version),
             "values.yaml": VALUES, "templates/settings.yaml": SETTINGS, "templates/deployment.yaml": DEPLOYMENT,
             "templates/hooks.yaml": JOB, "templates/NOTES.txt": "{{ .Release.Name }} says {{ .Values.message }}\n"}
    files.update(extra or {})
    return {path: text for path, text in files.items() if text is not None}


def field(chart, name):
    """A one-line field of Chart.yaml."""
    for line in chart["Chart.yaml"].splitlines():
        if line.startswith(name + ":"):
            return line.split(":", 1)[1].strip().strip('"')
    return ""


def package(chart):
    """The chart as `helm package` would make it, without times."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(chart, key=lambda p: (p != "Chart.yaml", p)):
            data = chart[path].encode()
            info = tarfile.TarInfo(field(chart, "name") + "/" + path)
            info.size, info.mode = len(data), 0o644
            tar.addfile(info, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0)


def index(packages, base=""):
    """index.yaml (as JSON, which is YAML) of {file name: chart}."""
    entries = {}
    for file, chart in packages.items():
        entry = {"apiVersion": "v2", "name": field(chart, "name"), "version": field(chart, "version"),
                 "appVersion": field(chart, "appVersion"), "created": "2024-01-02T03:04:05Z",
                 "digest": hashlib.sha256(package(chart)).hexdigest(), "urls": [base + file]}
        entries.setdefault(entry["name"], []).append(entry)
    return json.dumps({"apiVersion": "v1", "entries": entries, "generated": "2024-01-02T03:04:05Z"}, indent=1).encode()
