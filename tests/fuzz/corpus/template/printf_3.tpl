{{printf "%v %T %d" nilany nilany nilany}} {{printf "%v %#v %T" nilmap nilmap nilmap}} {{printf "%v %#v %T" nillist nillist nillist}} {{printf "%v %#v %T" nilthing nilthing nilthing}}
{{printf "%T %T %T %T %T %T %T" 1 1.5 "s" true 'x' 1i nil}} {{printf "%T %T" .n .l}} {{printf "%v %v" (f32 0.1) (f32 16777216.0)}} {{printf "%v %.2f %8.1f" 1+2i 1+2i 1i}}
{{printf "%d %s" (list 1 "a") (list 1 "a" nil)}} {{printf "%x" "日本"}} {{printf "%c%c" 0x65E5 0x110000}} {{printf "%08b" 5}} {{printf "%+q %#q" 'é' 'x'}} {{printf "%6q|%-6q" "a" "b"}}
{{printf "%s"}} {{printf "%s %s" "a"}}
{{printf 1}}
{{printf .n}}