{{if .t}}{{define "a"}}{{end}}{{end}}
{{block "a"}}{{end}}
{{block}}{{end}}
x
{{define "a"}}
{{.s.x}}{{end}}{{template "a" .}}
{{define "x"}}1{{end}}{{template "x"}}