{{if .o}}{{$y := 1}}{{else}}{{$y}}{{end}}
{{if
{{if .t}}
{{if}}{{end}}
{{range}}{{end}}
{{with}}{{end}}