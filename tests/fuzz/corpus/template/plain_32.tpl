{{(smap "a" "b").c}}|
{{.nil}}
{{.nil}}
{{.missing | print}}
{{.missing | print}}
{{$x := .missing}}{{$x}}