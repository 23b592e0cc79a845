{{$.s.x.y}}
{{.m.a.b}}
{{.l | .m}}
line one
line two {{.s.x}}

{{/* a
comment */}}
{{.s.x}}
{{.s
.x}}