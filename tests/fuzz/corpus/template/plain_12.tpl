{{call .nil}}
{{call fn "a" "b"}}
{{call fn nil "b"}}
{{call}}
{{template "missing"}}
{{set .m "new" 1}} {{.m.new}} {{$m := .m}}{{$x := set $m "z" 2}}{{.m.z}}