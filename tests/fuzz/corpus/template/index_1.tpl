{{index .l nil}}
{{index .m 1}}
{{index .m nil}}
{{index "abc" 3}}
{{index nil 1}}
{{index 1 1}}