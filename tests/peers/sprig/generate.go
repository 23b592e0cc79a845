package main

import (
	"fmt"
	"math/rand"
	"sort"
	"strconv"
	"strings"
)

const dataText = `{"s":"Hello, World","e":"","n":5,"z":0,"f":2.5,"neg":-3,"big":1e21,"t":true,"no":false,
"nil":null,"list":[1,"two",3.5,null,true,"two",{"a":1}],"words":["b","a","c","b",""],"empty":[],
"m":{"a":1,"b":"x","c":null,"d":{"e":{"f":"deep"},"g":[1,2]},"h":"","i":false},
"m2":{"a":"other","d":{"e":{"x":1},"g":[]},"h":"full","i":true,"j":{"k":null}},"em":{},
"yaml":"a: 1\nb:\n- x\n- y: [1, 2.0, null]\n","json":"{\"a\":[1,2,{\"b\":null}]}",
"url":"https://user:pa%20ss@example.com:8080/a/b%2Fc;d?q=1&r=%20#frag","v":"v1.2.3-rc.1+b5"}`

// One letter a parameter; a capital is variadic. s string, i int, f float, b bool, a anything,
// l list, m map, t time, d duration text, r regexp, v version, c constraint, y layout, z zone,
// j JSON, Y YAML, T TOML, u URL, k key of a map, x base64, p path, n small count, e epoch.
var signatures = map[string]string{
	"trim": "s", "trimAll": "ss", "trimPrefix": "ss", "trimSuffix": "ss", "trimall": "ss", "upper": "s", "lower": "s",
	"title": "s", "untitle": "s", "repeat": "ns", "substr": "iis", "nospace": "s", "trunc": "is",
	"abbrev": "is", "abbrevboth": "iis", "initials": "s", "swapcase": "s", "snakecase": "s", "camelcase": "s",
	"kebabcase": "s", "wrap": "is", "wrapWith": "iss", "contains": "ss", "hasPrefix": "ss", "hasSuffix": "ss",
	"quote": "A", "squote": "A", "cat": "A", "indent": "ns", "nindent": "ns", "replace": "sss", "plural": "ssi",
	"sha1sum": "s", "sha256sum": "s", "sha512sum": "s", "adler32sum": "s", "toString": "a",
	"atoi": "s", "int64": "a", "int": "a", "float64": "a", "seq": "N", "toDecimal": "a",
	"split": "ss", "splitList": "ss", "splitn": "sis", "toStrings": "a", "until": "n", "untilStep": "nnn",
	"add1": "a", "add": "A", "sub": "aa", "div": "aa", "mod": "aa", "mul": "aA", "add1f": "a", "addf": "A",
	"subf": "aA", "divf": "aA", "mulf": "aA", "biggest": "aA", "max": "aA", "min": "aA", "maxf": "aA", "minf": "aA",
	"ceil": "a", "floor": "a", "round": "anF", "join": "sl", "sortAlpha": "l", "default": "aA", "empty": "a",
	"coalesce": "A", "all": "A", "any": "A", "compact": "l", "mustCompact": "l", "fromJson": "j", "toJson": "a",
	"toPrettyJson": "a", "toRawJson": "a", "mustFromJson": "j", "mustToJson": "a", "mustToPrettyJson": "a",
	"mustToRawJson": "a", "ternary": "aab", "deepCopy": "a", "mustDeepCopy": "a", "typeOf": "a", "typeIs": "sa",
	"typeIsLike": "sa", "kindOf": "a", "kindIs": "sa", "deepEqual": "aa", "base": "p", "dir": "p", "clean": "p",
	"ext": "p", "isAbs": "p", "osBase": "p", "osClean": "p", "osDir": "p", "osExt": "p", "osIsAbs": "p",
	"b64enc": "s", "b64dec": "x", "b32enc": "s", "b32dec": "x", "tuple": "A", "list": "A", "dict": "A",
	"get": "mk", "set": "mka", "unset": "mk", "hasKey": "mk", "pluck": "kM", "keys": "M", "pick": "mK", "omit": "mK",
	"merge": "mM", "mergeOverwrite": "mM", "mustMerge": "mM", "mustMergeOverwrite": "mM", "values": "m",
	"append": "la", "push": "la", "mustAppend": "la", "mustPush": "la", "prepend": "la", "mustPrepend": "la",
	"first": "l", "mustFirst": "l", "rest": "l", "mustRest": "l", "last": "l", "mustLast": "l", "initial": "l",
	"mustInitial": "l", "reverse": "l", "mustReverse": "l", "uniq": "l", "mustUniq": "l", "without": "lA",
	"mustWithout": "lA", "has": "al", "mustHas": "al", "slice": "lN", "mustSlice": "lN", "concat": "L",
	"chunk": "nl", "mustChunk": "nl", "dig": "kkam", "semver": "v", "semverCompare": "cv",
	"regexMatch": "rs", "mustRegexMatch": "rs", "regexFindAll": "rsi", "mustRegexFindAll": "rsi",
	"regexFind": "rs", "mustRegexFind": "rs", "regexReplaceAll": "rs1", "mustRegexReplaceAll": "rs1",
	"regexReplaceAllLiteral": "rs1", "mustRegexReplaceAllLiteral": "rs1", "regexSplit": "rsi",
	"mustRegexSplit": "rsi", "regexQuoteMeta": "s", "urlParse": "u", "urlJoin": "m",
	"date": "ye", "dateInZone": "yez", "date_in_zone": "yez", "htmlDate": "e", "htmlDateInZone": "ez",
	"dateModify": "dt", "date_modify": "dt", "mustDateModify": "dt", "must_date_modify": "dt", "toDate": "ys",
	"mustToDate": "ys", "unixEpoch": "t", "duration": "a", "durationRound": "d", "hello": "", "fail": "s",
	"required": "sa", "toYaml": "a", "mustToYaml": "a", "toYamlPretty": "a", "fromYaml": "Y", "fromYamlArray": "Y",
	"fromJsonArray": "j", "toToml": "m", "mustToToml": "m", "fromToml": "T", "getHostByName": "s",
	"decryptAES": "sx", "derivePassword": "nsss", "buildCustomCert": "xx",
}

var slow = map[string]bool{"derivePassword": true}

type generator struct {
	random *rand.Rand
	names  []string
}

func (g *generator) use(only string) {
	if only != "" {
		g.names = strings.Split(only, ",")
		return
	}
	for _, name := range sortedNames() {
		if !slow[name] {
			g.names = append(g.names, name)
		}
	}
}

func (g *generator) pick(options ...string) string { return options[g.random.Intn(len(options))] }

func q(text string) string { return strconv.Quote(text) }

var texts = []string{"", "a", "abc", "Hello World", "hello world foo bar", "  padded  ", "ÄÖü ß", "日本語 text", "a,b,,c",
	"UPPER lower Mixed", "HTTPServer2xx", "snake_case_here", "kebab-case", "camelCaseString", "x1y2", "42", "-7", "0x1F",
	"010", "08", "1.5", "1e3", "1_000", "12.00", ".5", "true", "null", "line1\nline2\n", "tab\there", "quote\"inside",
	"back\\slash", "<a href='x'>&</a>", "\u2028sep", "ǆ title", "ıİ case", "ﬁ ligature", "a.b.c", "ends.",
	"$1${2}$$x", "%d %s", "aaa", "foobarbaz", "1h30m", "2020-02-29", "GoLANG_is-Great v2", "Bld4Floor3rd", "x", "b",
	"A-1", "__lead_trail__", "emoji 😀 end", "\x01ctl\x7f", "\r\nwin", "a b\u00a0c", "inf", "NaN", "-0", "1e400",
	"9223372036854775808", "bad\xffutf8"}

func (g *generator) text() string {
	if g.random.Intn(8) == 0 {
		return g.pick(".s", ".e", ".yaml", ".json", ".url", ".v")
	}
	if g.random.Intn(6) == 0 {
		return q(texts[g.random.Intn(len(texts))] + g.pick("", " ", "-", "_", ".") + texts[g.random.Intn(len(texts))])
	}
	return q(texts[g.random.Intn(len(texts))])
}

func (g *generator) scalar() string {
	switch g.random.Intn(9) {
	case 0, 1, 2:
		return g.text()
	case 3, 4:
		return g.pick("0", "1", "2", "-1", "7", "100", "-42", "9223372036854775807", "0x10", "'a'", "1000000")
	case 5:
		return g.pick("1.5", "-2.5", "0.1", "1e300", "1e-7", "3.0", ".f", ".n", ".big", ".neg", ".z", "2.675", "1e6")
	case 6:
		return g.pick("true", "false", ".t", ".no")
	case 7:
		return g.pick(".nil", "nil", ".missing")
	default:
		return g.pick("(int64 5)", `(float64 "1.25")`, "(int 3)", "(len .list)", "(1 | toString)", `(printf "%c" 65)`, "(semver .v)",
			"(toDate \"2006-01-02\" \"2021-03-04\")", "(div 7 2)", "(ne 1 2)", `(index .m "nothing")`)
	}
}

func (g *generator) list(depth int) string {
	switch g.random.Intn(9) {
	case 0:
		return g.pick(".list", ".words", ".empty", ".m.d.g")
	case 1:
		return g.pick("(until 4)", "(list)", `(splitList "," "x,y,,z")`, "(keys .m)", `(regexFindAll "[a-c]" "abcab" -1)`,
			"(values .m)", "(rest (list))", "(chunk 2 .list)", "(concat (list) (list))", `(list "a" "b" "a")`)
	default:
		var items []string
		for n := g.random.Intn(4); n >= 0; n-- {
			items = append(items, g.any(depth-1))
		}
		return "(list " + strings.Join(items, " ") + ")"
	}
}

func (g *generator) mapping(depth int) string {
	switch g.random.Intn(7) {
	case 0, 1:
		return g.pick(".m", ".m2", ".em", ".m.d", ".m2.d", "(dict)")
	case 2:
		return g.pick(`(fromYaml .yaml)`, `(fromJson .json)`, `(urlParse .url)`, `(dict "a")`, `(pick .m "a" "d")`, `(fromYaml "")`,
			`(omit .m "d" "c")`, `(dict 1 2 "k" .m)`, `(deepCopy .m)`)
	default:
		var items []string
		for n := g.random.Intn(4); n >= 0; n-- {
			items = append(items, g.key(), g.any(depth-1))
		}
		return "(dict " + strings.Join(items, " ") + ")"
	}
}

func (g *generator) key() string {
	return q(g.pick("a", "b", "c", "d", "e", "g", "h", "i", "j", "k", "f", "x", "", "scheme", "host", "path", "query", "userinfo", "a10", "a9"))
}

func (g *generator) any(depth int) string {
	if depth <= 0 || g.random.Intn(3) > 0 {
		return g.scalar()
	}
	if g.random.Intn(2) == 0 {
		return g.list(depth)
	}
	return g.mapping(depth)
}

var layouts = []string{"2006-01-02", "2006-01-02T15:04:05Z07:00", "Mon Jan _2 15:04:05 MST 2006", "02/01/06 03:04PM",
	"2006-01-02 15:04:05.000", "15:04:05.999999", "January 2, 2006", "Monday", "__2 002 2006", "-07 -0700 -07:00 -07:00:00 Z0700",
	"Jan 2 '06 at 3:04pm (MST)", "2006_2006 _2006", "1/2/3/4/5/6 pm PM", "Janet Monument 20061", "", "text only", "Z070000", ".00 ,000 ,9"}
var times = []string{"2021-03-04", "2020-02-29T12:30:45Z", "2020-02-30", "Mon Jan  2 15:04:05 CET 2006", "29/02/20 01:05AM",
	"2021-07-01T00:00:00+02:00", "2021-03-04 05:06:07.123", "15:04:05.5", "March 9, 1999", "Friday", "0", "2021-13-01",
	"2021-03-04x", "366 366 2020", "Mon Feb 31 15:04:05 GMT+3 2006", "12:00PM", "2021-03-04T25:00:00Z", "2021-03-04T05:06:07.89Z",
	"-07 +0530 +05:30 -03:00:00 Z", "text only", "Apr 5 '21 at 7:08am (EST)"}
var regexps = []string{"a", "[a-c]+", "(a)(b)?", "(?P<name>o+)", "(?<n2>l+)", "x*", "", "^h", "d$", "\\bw", "[", "(", "a)", "*a", "a**", "(?i)HELLO",
	"\\d+", "[[:alpha:]]+", "\\pL+", "(?m)^line", "a{2}", "a{1001}", "\\", "(?P<>x)", "[z-a]", ".", "\\Qa.b\\E", "[^ ]*", "(\\w)(\\w)", "\\C", "(?=x)",
	"a{,2}", "\\8", "[[:foo:]]", ",", "o", "\n", "(|a)*", "(?s).+", "\\z", "[]a]", "\\x{10FFFF}", "é|ü"}
var versions = []string{"1.2.3", "v1.2.3", "1.2", "1", "1.2.3-beta.1", "1.2.3+meta", "v1", "", "1.2.3.4", "01.2.3", "1.x", "abc", "1.2.3-01", "2.0.0-rc.1+b", "1.20.0", "1.29.3-gke.100", "18446744073709551616.0.0", "1.2.3-"}
var constraints = []string{">=1.2", "^1.2.3", "~1.2", "1.x", "*", ">1.0 <2.0", ">1, <2 || >=3", "1.2 - 1.4", "!=1.2.3", "=1.2.3", ">=1.19-0", "", "foo", ">= 1.2.3, < 2", "^0.0.3", "~> 1.2", "<=1.2.3-beta", "1.2.3", ">==1", "=>1.0", "^1.x", "<2"}
var zones = []string{"UTC", "Local", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "", "Nowhere/Land", "../etc/passwd", "Pacific/Apia", "EST5EDT", "Africa/Casablanca"}
var jsons = []string{`{"a":1}`, `[1,2]`, `"x"`, `null`, `tru`, `{"a":}`, `{"a" 1}`, `{a:1}`, `[1,]`, `{"a":1,}`, ``, ` `, `{"a":1}x`, `1.`, `-`, `1e`, `"\q"`, `"\u12"`, `"unclosed`, "\"\x01\"", `{"a":{"b":[null,true,1.0,1e3,12345678901234567890]}}`, `01`, `[1 2]`, `{"a":1 "b":2}`, `5`, `true`, `{"a":1,"a":2}`, `'x'`, `{"é":"\u00e9\ud83d\ude00<&>"}`, `nul`, `[`}
var yamls = []string{"a: 1", "- 1\n- 2", "", "null", "a: b: c", "a: [1, 2", "x", "a: 1\na: 2", "a: yes\nb: 0x10\nc: 1.0\nd: 1e3\ne: 012\nf: ~", "a: &x {b: 1}\nc: *x", "a: |\n  text\n  more\n", "---\na: 1\n---\nb: 2", "1: x\ntrue: y\n1.5: z", "a:\n\t- b", "[a, {b: c}]", "5", "'q'", "a: 2001-01-01", "{a: 1, b: [x]}", "a: !!str 5", "a: .inf", "# c\n", "a:\n  b: 1\n c: 2", "<<: {a: 1}\nb: 2", "a: \"\\x41\\n\""}
var tomls = []string{"a = 1", "a = \"x\"\n[b]\nc = 1.5", "[[t]]\nx = 1\n[[t]]\nx = 2", "a = [1, 2, [\"x\"]]", "a = {b = 1, c.d = 2}", "a = 2021-03-04T05:06:07Z", "a = 2021-03-04", "a = 1\na = 2", "a = ", "= 1", "a", "[a", "a = 'lit'", "a = \"\"\"\nmulti\n  line\"\"\"", "a.b.c = true", "a = 0x1F", "a = 1_000", "a = 1__0", "a = inf", "a = 0777", "# c\na = 1 # d", "a = \"\\u00e9\\q\"", "[a]\n[a]", "\"k e y\" = 1", "a = [1,\n 2,\n]", "a = '''x'''", "a = 1 b = 2", "a = truex", "a = 1.", "a = +5", "a = 9223372036854775808", "[a.b]\nc=1\n[a]\nd=2", "a = 07:32:00", "a = {}", "a = []", "a = nan", "a = \"tab\\tq\\\"\"", "a = \"new\nline\"", "a = [ {x=1}, {y=2} ]", "[a]\nb = 1\n[a.b]\nc = 1", "a = 1979-05-27 07:32:00", "a = -0x1", "a.b = 1\na = 2", "a = \"unclosed", "a = 1e5", "a = .5", "a=[1 2]", "[]", "[a]]", "a = \x01"}
var urls = []string{"http://x.com", "https://u:p@h:80/p?q#f", "mailto:a@b", "//host/path", "/only/path", "a:b", ":x", "http://[::1]:80/", "http://[::1", "http://a b/", "http://h/%zz", "%41", "http://h:port/", "x?y=z", "*", "", "http://h/a%2Fb?x=%20#fr%20ag", "http://u%20@h", "1a:b", "http://h/\x01", "a/b:c", "ftp://h;p", "http://ü.de/ä", "HTTP://X", "http://a:1,b:2/", "pg://a:1,b:2/db", "http://h?", "http://u@v@h/", "http://[fe80::1%25en0]/", "http://h/a b#c d", "http://[1.2.3.4]/", "http://h#a%zz"}
var pathTexts = []string{"", "/", "a/b/c.txt", "/a/../b//c/.", "../../x", "./", "a/", "//", ".hidden", "a.tar.gz", "dir.d/file", "a/..", "..", "/..", "a/b/../../..", "a//b", "/a/b/", "x.", "a/b.c/"}
var encoded = []string{"aGVsbG8=", "aGVsbG8", "aGVs\nbG8=", "####", "a", "ab==", "ab=c", "abc=", "abc=x", "NBSWY3DP", "NBSWY3DPEE======", "NBSWY3D", "nb", "", "====", "YWJj", "YQ==", "YQ=", "YQ=\n=", "Y Q==", "MFRGG===", "MFRGG==", "MF======", "MFR=====", "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ="}

func (g *generator) argument(kind byte) string {
	// Dates of what is no date are those of the moment, and large counts end the peer.
	if strings.IndexByte("eyzn", kind) < 0 && g.random.Intn(12) == 0 {
		return g.any(2)
	}
	from := func(options []string) string { return q(options[g.random.Intn(len(options))]) }
	switch kind {
	case 's':
		return g.text()
	case 'i':
		return g.pick("0", "1", "2", "3", "4", "5", "7", "10", "20", "-1", "-2", "-5", "100", "6")
	case 'n':
		return g.pick("0", "1", "2", "3", "4", "5", "-1", "-2", "8")
	case 'f':
		return g.pick(".5", "0.1", "0.75", "1.0")
	case 'b':
		return g.pick("true", "false", ".t", ".no")
	case 'l':
		return g.list(2)
	case 'm':
		return g.mapping(2)
	case 'k':
		return g.key()
	case 't':
		return g.pick(`(toDate "2006-01-02" "2021-03-04")`, `(toDate "2006-01-02T15:04:05Z07:00" "2020-02-29T23:59:59+05:30")`, `(toDate "x" "y")`,
			`(toDate "2006-01-02" "1969-12-31")`)
	case 'd':
		return g.pick(`"1h"`, `"-90m"`, `"1.5s"`, `"bad"`, `"100ms"`, `"2h45m30.5s"`, `"9000h"`, `""`, `"1d"`, `"-25h"`, `"40000h"`)
	case 'e':
		return g.pick("0", "1600000000", "(int64 1625097600)", "-1", `(toDate "2006-01-02" "2021-03-04")`, "253402300800", "(int64 -62135596801)",
			`(toDate "2006-01-02T15:04:05Z07:00" "2020-07-29T23:59:59.123456789+05:30")`, "4102444800", "1700000000")
	case 'y':
		return from(layouts)
	case 'r':
		return from(regexps)
	case 'v':
		return from(versions)
	case 'c':
		return from(constraints)
	case 'z':
		return from(zones)
	case 'j':
		return from(jsons)
	case 'Y':
		return from(yamls)
	case 'T':
		return from(tomls)
	case 'u':
		return from(urls)
	case 'p':
		return from(pathTexts)
	case 'x':
		return from(encoded)
	case '1':
		return g.pick(q("$1"), q("[$0]"), q("${name}x"), q("$2$1"), q("$$"), q("$name_x"), q("${1}a"), q("$"), q("${"), q("$01"), q("-"), q("$n2"))
	}
	return g.any(2)
}

func (g *generator) call() string {
	name := g.names[g.random.Intn(len(g.names))]
	signature := signatures[name]
	parts := []string{name}
	for i := 0; i < len(signature); i++ {
		kind := signature[i]
		if name == "toDate" || name == "mustToDate" {
			if i == 1 {
				parts = append(parts, q(times[g.random.Intn(len(times))]))
				continue
			}
		}
		if strings.IndexByte("AMKNLF", kind) >= 0 {
			for n := g.random.Intn(4); n > 0; n-- {
				parts = append(parts, g.argument(kind+'a'-'A'))
			}
			continue
		}
		parts = append(parts, g.argument(kind))
	}
	if g.random.Intn(40) == 0 && len(parts) > 1 {
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, " ")
}

// A template that cannot make a map hold itself, which ends Go's fmt.
func (g *generator) template() string {
	for {
		text := g.anyTemplate()
		mutates := strings.Contains(text, "set ") || strings.Contains(text, "erge")
		// What a copy of a version is, the peer gets wrong: its fields are lost.
		loses := strings.Contains(text, "eepCopy") && strings.Contains(text, "semver")
		if !loses && (!mutates || strings.Count(text, ".m") < 2) {
			return text
		}
	}
}

func (g *generator) anyTemplate() string {
	call := g.call()
	switch g.random.Intn(12) {
	case 0, 1:
		return "{{ " + call + " | toJson }}"
	case 2:
		return "{{ " + call + " | typeOf }}"
	case 3:
		return "{{ " + call + " | toYaml }}"
	case 4:
		return "{{ " + call + " | quote }}"
	case 5:
		return fmt.Sprintf("{{ printf \"%s\" (%s) }}", g.pick("%v", "%+v", "%T", "%s", "%q", "%x"), call)
	case 6:
		return "{{ $x := " + call + " }}{{ kindOf $x }}{{ with $x }}{{ . }}{{ else }}empty{{ end }}"
	case 7:
		return "{{ $a := " + g.mapping(2) + " }}{{ $b := " + g.mapping(2) + " }}{{ $c := " + g.pick("merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite") +
			" $a $b }}{{ toJson $a }}|{{ toJson $b }}|{{ toJson $c }}{{ $_ := set $c \"new\" 1 }}{{ range $k, $v := $c }}{{ if kindIs \"map\" $v }}{{ $_ := set $v \"in\" 2 }}{{ end }}{{ end }}|{{ toJson $a }}|{{ toJson $b }}"
	case 8:
		return "{{ toJson " + strings.Join([]string{"(" + call + ")"}, " ") + " }}{{ typeOf (" + call + ") }}"
	default:
		return "{{ " + call + " }}"
	}
}

func sortedNames() []string {
	var names []string
	for name := range signatures {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
