{{set nilmap "a" 1}}
{{set .s "a" 1}}
{{set nil "a" 1}}
{{"a\
b"}}
{{.a.b.c}}