{{range .strs}}<{{.}}>{{end}}{{range .none}}x{{else}}none{{end}}{{range .m}}{{.}},{{end}}
{{range $i, $e := .strs}}{{$i}}={{$e}};{{end}}{{range $k, $v := .m}}{{$k}}={{$v}};{{end}}{{range $e := .strs}}{{$e}}{{end}}
{{range $i, $e := 3}}x{{end}}
{{range .s}}x{{end}}
{{range .f}}x{{end}}
{{range .t}}x{{end}}