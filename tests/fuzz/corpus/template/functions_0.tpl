{{range $k, $v := .m}}{{$k}}: {{$v | toYaml | indent 2 | trim}}
{{end}}