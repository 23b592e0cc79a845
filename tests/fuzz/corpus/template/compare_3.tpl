{{if and .t (eq 1 "x")}}{{end}}
{{eq .missing nil}}
{{eq .missing nil}}