#!/usr/bin/env python3
"""Writes cases.jsonl (a case a line, for tests/peers/gotemplate/render) and, with Go, answers.jsonl."""
import base64, json, os, subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = {"s": "text", "e": "", "n": 1, "f": 1.5, "big": 1e6, "huge": 1e21, "neg": -7, "t": True, "o": False, "nil": None,
        "l": [1, "two", None, [3.5, "x"], {"k": "v"}], "none": [], "strs": ["b", "a"], "html": "<a href=\"x\">'&'</a>\u0000",
        "m": {"b": 2, "a": 1, "s": "inner", "nil": None, "m": {"deep": "down"}}, "empty": {}, "x-y": "dash", "ünï": "code"}

CASES = r'''
plain text
{{.s}}|{{.e}}|{{.n}}|{{.f}}|{{.big}}|{{.huge}}|{{.neg}}|{{.t}}|{{.nil}}|{{.missing}}|{{.l}}|{{.m}}|{{.none}}|{{.empty}}
{{.m.m.deep}} {{$.m.b}} {{.ünï}} {{index . "x-y"}}
{{.s.t}}
{{.l.x}}
{{.m.nil.x}}
{{.nil.x}}
{{.missing.x}}
{{.missing.x.y}}
{{$x := .s}}{{$x.y}}
{{with .s}}{{.y}}{{end}}
{{range .l}}{{.k}}{{end}}
a  {{- 1 -}}  b {{- /* gone */ -}} c {{/* kept space */}} d
{{"quoted \t \u00e9 \x41 \101"}} {{`raw "\n"`}} {{'x'}} {{'\n'}} {{'é'}}
{{1}} {{-1}} {{+1}} {{0x1F}} {{0b11}} {{0o17}} {{017}} {{1_000}} {{1.5}} {{1e3}} {{.5}} {{5.}} {{0x1p-2}} {{1i}} {{1+2i}} {{-0}} {{0xE}}
{{9223372036854775807}} {{-9223372036854775808}}
{{9223372036854775808}}
{{18446744073709551616}}
{{1__0}}
{{08}}
{{1e400}}
{{true}} {{false}}
{{nil}}
{{print nil}} {{printf "%v" nil}} {{eq nil nil}} {{eq .nil nil}} {{eq .m nil}} {{eq nilmap nil}} {{eq nillist nil}} {{eq .missing nil}}
{{if .t}}yes{{end}}{{if .o}}no{{else}}else{{end}}{{if .o}}1{{else if .n}}2{{else}}3{{end}}
{{if 0}}0{{end}}{{if 0.0}}f{{end}}{{if ""}}s{{end}}{{if .none}}l{{end}}{{if .empty}}m{{end}}{{if .nil}}n{{end}}{{if nilthing}}p{{end}}{{if thing "" 0 nil}}struct{{end}}{{if 0i}}c{{end}}
{{with .m}}{{.a}}{{else}}none{{end}}{{with .e}}x{{else}}empty{{end}}{{with .e}}x{{else with .s}}{{.}}{{else}}none{{end}}
{{with $x := .n}}{{$x}}{{.}}{{end}}
{{range .strs}}<{{.}}>{{end}}{{range .none}}x{{else}}none{{end}}{{range .m}}{{.}},{{end}}
{{range $i, $e := .strs}}{{$i}}={{$e}};{{end}}{{range $k, $v := .m}}{{$k}}={{$v}};{{end}}{{range $e := .strs}}{{$e}}{{end}}
{{range 3}}{{.}}{{end}}{{range $i := 2}}{{$i}}{{end}}{{range 0}}x{{else}}zero{{end}}{{range -1}}x{{else}}negative{{end}}{{range u8 2}}{{printf "%T" .}}{{end}}
{{range $i, $e := 3}}x{{end}}
{{range .s}}x{{end}}
{{range .f}}x{{end}}
{{range .t}}x{{end}}
{{range .nil}}x{{else}}nil{{end}}{{range .missing}}x{{else}}missing{{end}}{{range nilmap}}x{{else}}nilmap{{end}}
{{range .l}}{{if eq (printf "%v" .) "two"}}{{continue}}{{end}}{{if not .}}{{break}}{{end}}{{.}},{{end}}
{{range .strs}}{{range $.none}}{{else}}{{break}}{{end}}a{{end}}
{{range .strs}}{{range $.none}}{{else}}{{continue}}{{end}}a{{end}}
{{$i := 0}}{{range .strs}}{{$i = add $i 1}}{{end}}{{$i}}
{{$e := ""}}{{range $e = .strs}}{{end}}{{$e}}{{$k := 1}}{{range $k, $e = .strs}}{{end}}{{$k}}{{$e}}
{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}{{if true}}{{$x = 3}}{{end}}{{$x}}
{{if .o}}{{$y := 1}}{{else}}{{$y}}{{end}}
{{$ := 5}}{{$}}
{{and 1 0 2}} {{and 1 2}} {{or 0 "" 3}} {{or 0 ""}}| {{and .o .missing.x.y}} {{1 | and 2}} {{0 | or 0}} {{not 0}} {{not .m}}
{{or .t (fails "not reached")}}
{{and .t (fails "reached")}}
{{eq 1 1}} {{eq 1 2 3 1}} {{eq "a" "b" "a"}} {{eq 1.5 .f}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge "b" "a"}} {{eq (u8 1) 1}} {{lt -1 (u64 1)}} {{lt (u64 1) -1}} {{eq 1i 1i}}
{{eq 1 1.0}}
{{eq .n 1}}
{{eq "a" 1}}
{{eq .l .l}}
{{eq .m .m}}
{{eq .m .l}}
{{eq .nil 1}} {{eq 1 .nil}} {{ne .nil nil}}
{{eq 1}}
{{eq}}
{{ne 1}}
{{ne 1 2 3}}
{{lt .l .l}}
{{lt true false}}
{{lt 1 "a"}}
{{lt nil 1}}
{{eq (word "a") (word "a")}} {{eq (thing "a" 1 nil) nil}}
{{len .s}} {{len .l}} {{len .m}} {{len ""}} {{len nilmap}} {{len (bytes "abc")}} {{len "é"}}
{{len 3}}
{{len nil}}
{{len .nil}}
{{len .missing}}
{{index .l 1}} {{index .l 3 0}} {{index .m "b"}} {{index .m "m" "deep"}} {{index .m "none"}} {{index "abc" 1}} {{index (bytes "abc") 2}} {{index (smap "k" "v") "none"}}| {{index .l}}
{{index .l 9}}
{{index .l 5}}
{{index .l -1}}
{{index .l "x"}}
{{index .l nil}}
{{index .m 1}}
{{index .m nil}}
{{index "abc" 3}}
{{index nil 1}}
{{index 1 1}}
{{index .nil 1}}
{{index .l 2 1}}
{{slice "abcdef" 1 3}} {{slice "abcdef" 2}} {{slice "abc"}} {{slice .l 1 2}} {{slice .l 0 1 2}} {{slice (bytes "abc") 1}}
{{slice "abc" 2 1}}
{{slice "abc" 0 4}}
{{slice "abc" 0 1 2}}
{{slice .m 1}}
{{slice nil}}
{{slice "abc" .n}}
{{slice "abc" .nil}}
{{slice "abc" nil}}
{{$n := index (list 1) 0}}{{slice "abc" $n}} {{slice "abc" (index (list 1) 0)}} {{1 | slice "abc"}}{{range (list 1)}}{{slice "abc" .}}{{end}}
{{printf "%#v" (list)}} {{len list}} {{list}}
{{slice .strs 2 1 2}}
{{slice .strs 0 1 2 3}}
{{print 1 2 "a" "b" 3}} {{print "a" 1 "b"}} {{print .l nil}} {{println 1 "a"}}|{{print}}|{{println}}
{{html .html}} {{js .html}} {{urlquery .html " +é"}} {{html 1 2 "x"}} {{html .nil .missing}} {{js "\u2028\u0001=" 1}} {{html (bytes "<")}} {{html (err "<x>")}}
{{printf "%d %5d|%-5d|%05d|%+d|% d|%x|%X|%#x|%o|%#o|%O|%b|%c|%q|%U|%#U" 1 2 3 4 5 6 255 255 255 8 8 8 5 65 65 65 233}}
{{printf "%.3d|%8.3d|%-8.3d|%+.3d|%08.3d|%.0d|%x" 5 5 5 5 5 0 -255}}
{{printf "%s|%10s|%-10s|%.2s|%q|%#q|%+q|%x|%X|% x|%#x|%# x|%010s" "héllo" "a" "b" "éàü" "a\"b" "raw" "é" "hi" "hi" "hi" "hi" "hi" "z"}}
{{printf "%v %+v %#v %T" .m .m .m .m}} {{printf "%v %+v %#v %T" .l .l .l .l}} {{printf "%#v" .nil}}
{{printf "%f %.2f %e %g %G %8.3f|%-8.2f|%08.2f %+f %b %x %X %.3x %#g %F" 1.5 1.255 123456.789 1e21 1e-7 3.14159 2.5 2.5 1.5 1.5 1.5 1.5 1.3 1.0 2.0}}
{{printf "%v %v %v %v %v %v %v" 1e6 123456789.0 1e20 1e21 0.0001 0.00001 100000.0}}
{{printf "%6.2f|%-10g|%+.3e|% .3f|%g|%g|%.3g|%.10g|%#.3g" 3.14159 1.5 12345.678 2.5 100000.0 1e-5 1234567.0 0.1 1.0}}
{{printf "%t %v %5t|%q" true false true true}} {{printf "%s %d" true "x"}} {{printf "%d" 1.5}} {{printf "%s" 5}} {{printf "%z" 1}} {{printf "%!" 1}}
{{printf "%d %d" 1}} {{printf "%d" 1 2 "x"}} {{printf "%"}} {{printf "%d %%" 5}} {{printf "%[2]d %[1]d" 1 2}} {{printf "%[3]d" 1}} {{printf "%[x]d" 1}} {{printf "%[1]" 1}}
{{printf "%*d|%-*d|%.*f|%[2]*[1]d|%*d" 5 1 5 2 2 3.14159 "x" 3}}
{{printf "%v %s %d %x %q %T %#v" (bytes "hi") (bytes "hi") (bytes "hi") (bytes "hi") (bytes "hi") (bytes "hi") (bytes "hi")}}
{{printf "%v %s %d" (strs "a" "b") (strs "a" "b") (ints 1 2)}} {{printf "%q %x" (strs "a" "b") (strs "a" "b")}} {{printf "%5d|%05d" (ints 1 2) (ints 1 2)}} {{printf "%#v %T" (strs "a") (ints 1)}}
{{printf "%v %s %q %d %T %+v %#v" (word "w") (word "w") (word "w") (word "w") (word "w") (word "w") (word "w")}} {{printf "%v %s %d %T" (dur 1500000000) (dur 1) (dur 2) (dur 3)}}
{{printf "%v|%+v|%#v|%T|%s" (thing "n" 2 "in") (thing "n" 2 "in") (thing "n" 2 "in") (thing "n" 2 "in") (thing "n" 2 "in")}} {{thing "n" 2 nil}} {{printf "%v" (list (dur 1) (word "w"))}}
{{printf "%v %s %d %T" (err "oops") (err "oops") 1 (err "oops")}} {{err "shown"}} {{printf "%v" (list (err "in list"))}}
{{printf "%v %T %d" nilany nilany nilany}} {{printf "%v %#v %T" nilmap nilmap nilmap}} {{printf "%v %#v %T" nillist nillist nillist}} {{printf "%v %#v %T" nilthing nilthing nilthing}}
{{printf "%T %T %T %T %T %T %T" 1 1.5 "s" true 'x' 1i nil}} {{printf "%T %T" .n .l}} {{printf "%v %v" (f32 0.1) (f32 16777216.0)}} {{printf "%v %.2f %8.1f" 1+2i 1+2i 1i}}
{{printf "%d %s" (list 1 "a") (list 1 "a" nil)}} {{printf "%x" "日本"}} {{printf "%c%c" 0x65E5 0x110000}} {{printf "%08b" 5}} {{printf "%+q %#q" 'é' 'x'}} {{printf "%6q|%-6q" "a" "b"}}
{{printf "%s"}} {{printf "%s %s" "a"}}
{{printf 1}}
{{printf .n}}
{{printf}}
{{upper "x" | printf "%s-%s" "y"}} {{"a" | upper | print}} {{.s | len}} {{(.m).a}} {{(index .l 4).k}} {{(print "x" | upper)}}
{{upper 1}}
{{upper .n}}
{{upper nil}}
{{upper .nil}}
{{upper .missing}}
{{upper "a" "b"}}
{{upper}}
{{"a" | upper "b"}}
{{add 1 2}} {{add 1 .n}}
{{add 1.5 2}}
{{add 1e3 2}} {{add 'a' 1}} {{u8 300}} {{i8 200}} {{f32 1}}
{{u8 -1}}
{{u8 "x"}}
{{int "x"}}
{{int true}}
{{.s 1}}
{{.n | .s}}
{{1 2}}
{{$ 1}}
{{$x := 1}}{{$x 2}}
{{. 1}}
{{(1) 2}}
{{"x" | 1}}
{{nilany.x}}
{{(nilany).x}} {{(index .l 2).x}}
{{nil.x}}
{{(nilthing).Name}}
{{(thing "n" 3 .m).Name}} {{(thing "n" 3 .m).Count}} {{(thing "n" 3 .m).Inner.a}} {{(thing "n" 3 nil).Double 4}} {{4 | (thing "n" 3 nil).Double}} {{(thing "n" 3 nil).Join "a" "b" "c"}} {{(word "w").String}}
{{(thing "n" 3 nil).Double "x"}}
{{(thing "n" 3 nil).Double}}
{{(thing "n" 3 nil).Join}}
{{(thing "n" 3 nil).Fail}}
{{(thing "n" 3 nil).Nope}}
{{(thing "n" 3 nil).Name 1}}
{{(nilthing).Double 1}}
{{fails "because"}}
{{.m | fails "x"}}
{{call fn 1 "a"}} {{call fn 2 .s}} {{1 | print}} {{fn}}
{{fn}}
{{call fn 1}}
{{call .s}}
{{call nil}}
{{call .nil}}
{{call fn "a" "b"}}
{{call fn nil "b"}}
{{printf "%d" (err "e")}}
{{call}}
{{define "a"}}[{{.}}]{{end}}{{template "a" .s}}{{template "a"}}{{block "b" .n}}<{{.}}>{{end}}{{template "b" 2}}
{{template "missing"}}
{{template "a" .s.t}}{{define "a"}}{{end}}
{{define "a"}}{{.x.y}}{{end}}{{template "a" .m.m.deep}}
{{define "a"}}{{$}}{{$x := 1}}{{end}}{{template "a" 5}}
{{define "a"}}1{{end}}{{define "a"}}2{{end}}
{{define "a"}}1{{end}}{{define "a"}} {{end}}{{template "a"}}
{{define "a"}} {{end}}{{define "a"}}2{{end}}{{template "a"}}
{{define `raw`}}r{{end}}{{template `raw`}}
{{set .m "new" 1}} {{.m.new}} {{$m := .m}}{{$x := set $m "z" 2}}{{.m.z}}
{{set nilmap "a" 1}}
{{set .s "a" 1}}
{{set nil "a" 1}}
{{.Values.x | printf "%s" | upper}}
{{"a\
b"}}
{{.a.b.c}}
{{ .a
 .b }}
{{if
 .t
}}multi{{end}}
{{end}}
{{else}}
{{if .t}}
{{if}}{{end}}
{{range}}{{end}}
{{with}}{{end}}
{{if .t}}{{else}}{{else}}{{end}}
{{if .t}}{{else if}}{{end}}
{{if .t}}{{else with .n}}{{end}}
{{range .l}}{{else if .t}}{{end}}
{{break}}
{{range .l}}{{else}}{{break}}{{end}}
{{continue}}
{{break 1}}
{{range .l}}{{break .}}{{end}}
{{nope}}
{{nope .x}}
{{.x | nope}}
{{$nope}}
{{$nope = 1}}
{{define}}{{end}}
{{define "a" .}}{{end}}
{{define "a"}}
{{define "a"}}{{else}}{{end}}
{{if .t}}{{define "a"}}{{end}}{{end}}
{{template}}
{{template .x}}
{{template "a" . .}}
{{template "a" | .}}
{{block "a"}}{{end}}
{{block}}{{end}}
{{
{{.
{{.x
{{.x}
{{"x
{{"x}}
{{`x
{{'x
{{'xy'}}
{{''}}
{{"\q"}}
{{'\q'}}
{{/* x
{{/* x */
{{/* x */ }}
{{- /* x */ -}}|{{-/* x */-}}
{{(}}
{{)}}
{{(.x}}
{{()}}
{{.x)}}
{{|}}
{{.x |}}
{{| .x}}
{{.x || .y}}
{{.x | 1}}
{{.x | .y | true}}
{{1 | nil}}
{{1.x}}
{{"a".x}}
{{true.x}}
{{..x}}
{{.x.}}
{{. .x}}
{{.x..y}}
{{.x-y}}
{{.x+1}}
{{x=1}}
{{$x := 1 := 2}}
{{$x, $y := .}}
{{range $x, $y, $z := .}}{{end}}
{{range $x, 1 := .}}{{end}}
{{range $x,}}{{end}}
{{$x :}}
{{:=}}
{{=}}
{{,}}
{{1,2}}
{{#}}
{{é}}
{{“x”}}
{{ \ }}
{{0x}}
{{1x}}
{{1+}}
{{1+2}}
{{--1}}
{{3 -}}
{{- 3}}|{{-3}}|{{- -3 -}}
{{.x}}{{.s}}
long {{.s | printf "%s and a very long pipeline that Go prints whole" | fails}}
{{printf "%d" (index .l 9)}}
{{range $i, $e := .l}}{{if eq $i 1}}{{$e.x}}{{end}}{{end}}
{{with $y := index .l 9}}{{end}}
{{if and .t (eq 1 "x")}}{{end}}
{{print (len 1)}}
{{len (index .m "b")}}
{{not}}
{{not 1 2}}
{{and}}
{{or}}
{{and .missing.x}}|{{or .missing.x "d"}}
{{$x := .s | upper}}{{$x}}
{{(.s | upper).x}}
{{(.m.m).deep.x}}
{{$.s.x.y}}
{{.m.a.b}}
{{.l | .m}}
{{range .m.m}}{{.}}{{.x}}{{end}}
'''.strip("\n").split("\n")

MULTI = [
    {"template": "line one\nline two {{.s.x}}\n"},
    {"template": "a\n\n  {{- if .t }}\n  yes\n  {{- end }}\nb"},
    {"template": "{{/* a\ncomment */}}\n{{.s.x}}"},
    {"template": "{{.s\n.x}}"},
    {"template": "{{\n\n.s.x\n}}"},
    {"template": "x\n{{if .t}}\n{{.l.x\n"},
    {"template": "x\n{{if .t}}\n{{(.l.x\n}}"},
    {"template": "x\n{{if .t}}\n{{\"unclosed\n}}"},
    {"template": "x\n{{define \"a\"}}\n{{.s.x}}{{end}}{{template \"a\" .}}"},
    {"template": "{{`a\nb`}}{{.s.x}}"},
    {"template": "{{template \"other\" .}}", "more": {"other": "other\n{{.s.x}}"}},
    {"template": "{{template \"other\" .}}", "more": {"other": "{{.n}}{{define \"main\"}} {{end}}"}},
    {"template": "first", "more": {"other": "{{define \"main\"}}second{{end}}"}},
    {"template": "{{template \"x\"}}", "more": {"a": "{{define \"x\"}}1{{end}}", "b": "{{define \"x\"}}2{{end}}"}},
    {"template": "{{define \"x\"}}1{{end}}{{template \"x\"}}", "more": {"b": "{{define \"x\"}} \n{{/* c */}}{{end}}"}},
    {"template": "tail {{- \"\\n\" -}} \n x \t{{- 1}}\r\n{{2 -}}\r\n y"},
    {"template": "{{.s}}", "data": None}, {"template": "{{.}}", "data": None}, {"template": "{{.}}{{.x}}", "data": 5},
    {"template": "{{.}} {{range .}}{{.}}{{end}}", "data": [1, 2]}, {"template": "{{range $i, $c := .}}{{end}}", "data": "str"},
    {"template": "{{.a.b}}", "data": {"a": {}}},
]


def main():
    cases = [{"template": c} for c in CASES] + MULTI
    out = []
    for case in cases:
        case.setdefault("data", DATA)
        out.append(case)
    for template in ("{{.missing}}", "{{.missing.x}}", "{{.m.missing}}", "{{(smap \"a\" \"b\").c}}|", "{{with .missing}}x{{else}}y{{end}}", "{{.nil}}",
                     "{{.missing | print}}", "{{$x := .missing}}{{$x}}", "{{index .m \"missing\"}}", "{{eq .missing nil}}", "{{(nilany).x}}", "{{.missing.x.y}}"):
        for mode in ("zero", "error"):
            out.append({"template": template, "data": DATA, "missingkey": mode})
    with open(os.path.join(HERE, "cases.jsonl"), "w") as f:
        for case in out:
            case = dict(case)
            if case["data"] is DATA:
                del case["data"]
                case["shared"] = True
            f.write(json.dumps(case, ensure_ascii=False) + "\n")
    with open(os.path.join(HERE, "data.json"), "w") as f:
        json.dump(DATA, f, ensure_ascii=False, indent=1)
        f.write("\n")
    lines = "".join(json.dumps(dict(c, data=c["data"])) + "\n" for c in out)
    peer = os.path.join(HERE, "../../peers/gotemplate")
    go = subprocess.run(["go", "run", "./render"], cwd=peer, input=lines.encode(), stdout=subprocess.PIPE, check=True)
    with open(os.path.join(HERE, "answers.jsonl"), "w") as f:
        for line in go.stdout.decode().splitlines():
            answer = {k: base64.b64decode(v or "").decode() for k, v in json.loads(line).items()}
            f.write(json.dumps(answer, ensure_ascii=False) + "\n")
    print(len(out), "cases")


main()
