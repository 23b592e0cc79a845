{{.missing}}
{{.missing.x}}
{{.missing.x}}
{{.m.missing}}
{{.m.missing}}
{{(smap "a" "b").c}}|