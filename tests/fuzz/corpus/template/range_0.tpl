{{with .s}}{{.y}}{{end}}
{{range .l}}{{.k}}{{end}}
{{if .t}}yes{{end}}{{if .o}}no{{else}}else{{end}}{{if .o}}1{{else if .n}}2{{else}}3{{end}}
{{if 0}}0{{end}}{{if 0.0}}f{{end}}{{if ""}}s{{end}}{{if .none}}l{{end}}{{if .empty}}m{{end}}{{if .nil}}n{{end}}{{if nilthing}}p{{end}}{{if thing "" 0 nil}}struct{{end}}{{if 0i}}c{{end}}
{{with .m}}{{.a}}{{else}}none{{end}}{{with .e}}x{{else}}empty{{end}}{{with .e}}x{{else with .s}}{{.}}{{else}}none{{end}}
{{with $x := .n}}{{$x}}{{.}}{{end}}