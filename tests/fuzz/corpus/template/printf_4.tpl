{{printf}}
{{upper "x" | printf "%s-%s" "y"}} {{"a" | upper | print}} {{.s | len}} {{(.m).a}} {{(index .l 4).k}} {{(print "x" | upper)}}
{{printf "%d" (err "e")}}
{{.Values.x | printf "%s" | upper}}
long {{.s | printf "%s and a very long pipeline that Go prints whole" | fails}}
{{printf "%d" (index .l 9)}}