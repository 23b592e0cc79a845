{{slice .m 1}}
{{slice nil}}
{{slice .strs 2 1 2}}
{{slice .strs 0 1 2 3}}
{{(nilany).x}} {{(index .l 2).x}}
{{with $y := index .l 9}}{{end}}