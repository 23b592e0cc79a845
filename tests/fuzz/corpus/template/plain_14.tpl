{{ .a
 .b }}
 .t
}}multi{{end}}
{{end}}
{{else}}