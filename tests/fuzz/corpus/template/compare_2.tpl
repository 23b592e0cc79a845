{{lt .l .l}}
{{lt true false}}
{{lt 1 "a"}}
{{lt nil 1}}
{{eq (word "a") (word "a")}} {{eq (thing "a" 1 nil) nil}}
{{range $i, $e := .l}}{{if eq $i 1}}{{$e.x}}{{end}}{{end}}