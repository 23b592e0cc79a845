x
{{if .t}}
{{(.l.x
}}
x
{{if .t}}
{{"unclosed
}}
{{.}} {{range .}}{{.}}{{end}}
{{range $i, $c := .}}{{end}}
{{with .missing}}x{{else}}y{{end}}
{{with .missing}}x{{else}}y{{end}}