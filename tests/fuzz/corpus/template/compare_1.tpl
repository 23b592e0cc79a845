{{eq .m .l}}
{{eq .nil 1}} {{eq 1 .nil}} {{ne .nil nil}}
{{eq 1}}
{{eq}}
{{ne 1}}
{{ne 1 2 3}}