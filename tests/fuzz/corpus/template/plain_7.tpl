{{u8 -1}}
{{u8 "x"}}
{{int "x"}}
{{int true}}
{{.s 1}}
{{.n | .s}}