{{ define "deep" }}{{ include "deeper" . }}{{ end }}
{{ define "deeper" }}
  {{ .Values.no.such }}{{ end }}