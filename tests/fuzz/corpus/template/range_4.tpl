{{if .t}}{{else}}{{else}}{{end}}
{{if .t}}{{else if}}{{end}}
{{if .t}}{{else with .n}}{{end}}
{{range .l}}{{else if .t}}{{end}}
{{range .l}}{{else}}{{break}}{{end}}
{{range .l}}{{break .}}{{end}}