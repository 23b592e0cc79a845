{{$nope}}
{{$nope = 1}}
{{template}}
{{template .x}}
{{template "a" . .}}
{{template "a" | .}}