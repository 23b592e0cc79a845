{{

.s.x
}}
{{`a
b`}}{{.s.x}}
{{template "other" .}}
{{template "other" .}}
first
{{template "x"}}