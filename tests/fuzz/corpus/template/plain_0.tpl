plain text
{{.s}}|{{.e}}|{{.n}}|{{.f}}|{{.big}}|{{.huge}}|{{.neg}}|{{.t}}|{{.nil}}|{{.missing}}|{{.l}}|{{.m}}|{{.none}}|{{.empty}}
{{.s.t}}
{{.l.x}}
{{.m.nil.x}}
{{.nil.x}}