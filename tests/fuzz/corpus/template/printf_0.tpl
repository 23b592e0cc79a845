{{print nil}} {{printf "%v" nil}} {{eq nil nil}} {{eq .nil nil}} {{eq .m nil}} {{eq nilmap nil}} {{eq nillist nil}} {{eq .missing nil}}
{{range 3}}{{.}}{{end}}{{range $i := 2}}{{$i}}{{end}}{{range 0}}x{{else}}zero{{end}}{{range -1}}x{{else}}negative{{end}}{{range u8 2}}{{printf "%T" .}}{{end}}
{{range .l}}{{if eq (printf "%v" .) "two"}}{{continue}}{{end}}{{if not .}}{{break}}{{end}}{{.}},{{end}}
{{printf "%d %5d|%-5d|%05d|%+d|% d|%x|%X|%#x|%o|%#o|%O|%b|%c|%q|%U|%#U" 1 2 3 4 5 6 255 255 255 8 8 8 5 65 65 65 233}}
{{printf "%.3d|%8.3d|%-8.3d|%+.3d|%08.3d|%.0d|%x" 5 5 5 5 5 0 -255}}
{{printf "%s|%10s|%-10s|%.2s|%q|%#q|%+q|%x|%X|% x|%#x|%# x|%010s" "héllo" "a" "b" "éàü" "a\"b" "raw" "é" "hi" "hi" "hi" "hi" "hi" "z"}}