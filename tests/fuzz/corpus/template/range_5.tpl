{{range $x, $y, $z := .}}{{end}}
{{range $x, 1 := .}}{{end}}
{{range $x,}}{{end}}
{{range .m.m}}{{.}}{{.x}}{{end}}
a

  {{- if .t }}
  yes
  {{- end }}
b
x
{{if .t}}
{{.l.x
