{{and}}
{{or}}
{{and .missing.x}}|{{or .missing.x "d"}}
{{$x := .s | upper}}{{$x}}
{{(.s | upper).x}}
{{(.m.m).deep.x}}