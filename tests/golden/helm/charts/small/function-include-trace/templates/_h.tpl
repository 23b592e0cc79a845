{{ define "one" }}{{ include "two" . }}{{ end }}
{{ define "two" }}
{{ template "three" . }}{{ end }}{{ define "three" }}{{ tpl "{{ index .Values 3 4 }}" . }}{{ end }}