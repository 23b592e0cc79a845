{{printf "%*d|%-*d|%.*f|%[2]*[1]d|%*d" 5 1 5 2 2 3.14159 "x" 3}}
{{printf "%v %s %d %x %q %T %#v" (bytes "hi") (bytes "hi") (bytes "hi") (bytes "hi") (bytes "hi") (bytes "hi") (bytes "hi")}}
{{printf "%v %s %d" (strs "a" "b") (strs "a" "b") (ints 1 2)}} {{printf "%q %x" (strs "a" "b") (strs "a" "b")}} {{printf "%5d|%05d" (ints 1 2) (ints 1 2)}} {{printf "%#v %T" (strs "a") (ints 1)}}
{{printf "%v %s %q %d %T %+v %#v" (word "w") (word "w") (word "w") (word "w") (word "w") (word "w") (word "w")}} {{printf "%v %s %d %T" (dur 1500000000) (dur 1) (dur 2) (dur 3)}}
{{printf "%v|%+v|%#v|%T|%s" (thing "n" 2 "in") (thing "n" 2 "in") (thing "n" 2 "in") (thing "n" 2 "in") (thing "n" 2 "in")}} {{thing "n" 2 nil}} {{printf "%v" (list (dur 1) (word "w"))}}
{{printf "%v %s %d %T" (err "oops") (err "oops") 1 (err "oops")}} {{err "shown"}} {{printf "%v" (list (err "in list"))}}