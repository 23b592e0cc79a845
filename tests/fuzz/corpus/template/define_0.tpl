{{define "a"}}[{{.}}]{{end}}{{template "a" .s}}{{template "a"}}{{block "b" .n}}<{{.}}>{{end}}{{template "b" 2}}
{{template "a" .s.t}}{{define "a"}}{{end}}
{{define "a"}}{{.x.y}}{{end}}{{template "a" .m.m.deep}}
{{define "a"}}{{$}}{{$x := 1}}{{end}}{{template "a" 5}}
{{define "a"}}1{{end}}{{define "a"}}2{{end}}
{{define "a"}}1{{end}}{{define "a"}} {{end}}{{template "a"}}