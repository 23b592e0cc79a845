{{range .nil}}x{{else}}nil{{end}}{{range .missing}}x{{else}}missing{{end}}{{range nilmap}}x{{else}}nilmap{{end}}
{{range .strs}}{{range $.none}}{{else}}{{break}}{{end}}a{{end}}
{{range .strs}}{{range $.none}}{{else}}{{continue}}{{end}}a{{end}}
{{$i := 0}}{{range .strs}}{{$i = add $i 1}}{{end}}{{$i}}
{{$e := ""}}{{range $e = .strs}}{{end}}{{$e}}{{$k := 1}}{{range $k, $e = .strs}}{{end}}{{$k}}{{$e}}
{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}{{if true}}{{$x = 3}}{{end}}{{$x}}