{{$x := .missing}}{{$x}}
{{(nilany).x}}
{{(nilany).x}}
{{.missing.x.y}}
{{.missing.x.y}}