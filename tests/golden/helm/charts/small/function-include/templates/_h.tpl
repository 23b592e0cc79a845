{{ define "dot" }}{{ kindOf . }}:{{ . }}{{ end }}
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
{{ end }}{{ define "shared" }}of the parent{{ end }}