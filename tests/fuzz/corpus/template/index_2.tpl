{{index .nil 1}}
{{index .l 2 1}}
{{slice "abcdef" 1 3}} {{slice "abcdef" 2}} {{slice "abc"}} {{slice .l 1 2}} {{slice .l 0 1 2}} {{slice (bytes "abc") 1}}
{{slice "abc" 2 1}}
{{slice "abc" 0 4}}
{{slice "abc" 0 1 2}}