{{.m | fails "x"}}
{{call fn 1 "a"}} {{call fn 2 .s}} {{1 | print}} {{fn}}
{{fn}}
{{call fn 1}}
{{call .s}}
{{call nil}}