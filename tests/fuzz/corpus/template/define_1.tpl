{{define "a"}} {{end}}{{define "a"}}2{{end}}{{template "a"}}
{{define `raw`}}r{{end}}{{template `raw`}}
{{define}}{{end}}
{{define "a" .}}{{end}}
{{define "a"}}
{{define "a"}}{{else}}{{end}}