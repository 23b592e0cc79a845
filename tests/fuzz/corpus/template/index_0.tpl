{{.m.m.deep}} {{$.m.b}} {{.ünï}} {{index . "x-y"}}
{{index .l 1}} {{index .l 3 0}} {{index .m "b"}} {{index .m "m" "deep"}} {{index .m "none"}} {{index "abc" 1}} {{index (bytes "abc") 2}} {{index (smap "k" "v") "none"}}| {{index .l}}
{{index .l 9}}
{{index .l 5}}
{{index .l -1}}
{{index .l "x"}}