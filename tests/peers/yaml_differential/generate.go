package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand"
	"strings"
)

// Strings that a reader or writer may take for something else.
var words = strings.Split("a|b|abc|key|x-y|x.y|x/y|~|null|Null|NULL|true|True|TRUE|yes|Yes|no|NO|on|off|Off|y|Y|n|N|.nan|.inf|-.inf|+.Inf|<<|=|"+
	"0|1|-1|+1|007|0777|0o17|0x1F|0b101|-0b11|1_000|0_1|1e3|1E-7|-1e+400|1.|.5|-.5|1.0|1.5|0.0|-0|1e21|1e20|123456789012345678901234567890|"+
	"9223372036854775807|9223372036854775808|18446744073709551615|18446744073709551616|-9223372036854775808|"+
	"1:30|12:30:45|190:20:30.15|2001-01-02|2001-1-2|2001-13-02|2001-12-14t21:59:43.10-05:00|2001-12-14 21:59:43.10|2001-12-14T21:59:43Z|"+
	"- a|-a|--- a|---|...|-|--|? a|?a|?|: a|:a|a: b|a:b|a :b|#a|a #b|a#b|&a|*a|!a|!!str a|%a|@a|`a|'a'|\"a\"|a'b|a\"b|[a|a]|{a|a}|,a|a,b|"+
	"|a|>a|a|b|http://x.y/z?q=1&r=2|$(VAR)|${VAR}|{{ x }}|a\\b|é|日本|😀|a\tb|\ta|a\t|a\u00a0b|a\u2028b|\ufeffa|a\ufffdb|a\u0001b|"+
	"0x|0b|0o|_1|1_|0.1.2|1.2.3|v1|1Gi|100m|e5|1e|1e5x|infinity|inf|nan|0x1p-2|.e5|..|.|+|a=b|=a|<a|a<b", "|")

func word(random *rand.Rand) string {
	for {
		if w := words[random.Intn(len(words))]; w != "" {
			return w
		}
	}
}

func nastyString(random *rand.Rand) string {
	switch random.Intn(10) {
	case 0:
		return ""
	case 1, 2, 3:
		return word(random)
	case 4:
		return strings.Repeat(word(random)+" ", random.Intn(30)) + word(random)
	case 5:
		lines := make([]string, random.Intn(5)+1)
		for i := range lines {
			lines[i] = strings.Repeat(" ", random.Intn(3)*random.Intn(2)) + word(random) + strings.Repeat(" ", random.Intn(2)*random.Intn(2))
		}
		return strings.Join(lines, "\n") + strings.Repeat("\n", random.Intn(3))
	case 6:
		alphabet := []rune("ab01 \n\t:#-'\"\\,[]{}!&*?|>%@`~.é😀\u2028\r\u0000=<_")
		text := make([]rune, random.Intn(12))
		for i := range text {
			text[i] = alphabet[random.Intn(len(alphabet))]
		}
		return string(text)
	case 7:
		alphabet := []rune("ab :#-'é\n ")
		text := make([]rune, random.Intn(200))
		for i := range text {
			text[i] = alphabet[random.Intn(len(alphabet))]
		}
		return string(text)
	}
	return word(random) + word(random)
}

func number(random *rand.Rand) any {
	switch random.Intn(8) {
	case 0:
		return random.Int63() - random.Int63()
	case 1:
		return random.Uint64()
	case 2:
		return random.NormFloat64()
	case 3:
		return float64(random.Intn(1000)) * math.Pow10(random.Intn(60)-30)
	case 4:
		return float64(random.Intn(100000)) / 1000
	case 5:
		return float64(random.Intn(1 << 30)) * 1e15
	case 6:
		return json.Number(fmt.Sprintf("%d%018d", random.Intn(100)+1, random.Int63n(1e18)))
	}
	return random.Intn(100)
}

func nastyValue(random *rand.Rand, depth int) any {
	kind := random.Intn(12)
	if depth <= 0 && kind >= 8 {
		kind = random.Intn(8)
	}
	switch kind {
	case 0:
		return nil
	case 1:
		return random.Intn(2) == 0
	case 2:
		return number(random)
	case 3, 4, 5, 6, 7:
		return nastyString(random)
	case 8, 9:
		list := make([]any, random.Intn(4))
		for i := range list {
			list[i] = nastyValue(random, depth-1)
		}
		return list
	}
	object := map[string]any{}
	for i := random.Intn(6); i > 0; i-- {
		key := nastyString(random)
		if random.Intn(40) == 0 {
			key = strings.Repeat(word(random), 40)
		}
		// Numbers beyond 64 bits make the order of keys random upstream, and longer keys are refused there.
		if len(key) > 800 || strings.Contains(key, "99999") || strings.ContainsAny(key, "0123456789") && len(key) > 18 {
			key = "long"
		}
		object[key] = nastyValue(random, depth-1)
	}
	return object
}

// A document: JSON of any value, or YAML text written in a random style.
func generate(random *rand.Rand, mode string) []byte {
	if mode == "json" || mode == "json2json" {
		text, err := json.Marshal(nastyValue(random, 4))
		if err != nil {
			panic(err)
		}
		if mode == "json2json" && random.Intn(4) == 0 {
			text = mutate(random, text)
		}
		return text
	}
	w := &textWriter{random: random}
	w.mapping(0, 3)
	text := w.out.Bytes()
	if random.Intn(5) == 0 {
		text = mutate(random, text)
	}
	return text
}

// Writes YAML as people do, with every style and some mistakes.
type textWriter struct {
	random  *rand.Rand
	out     bytes.Buffer
	anchors int
}

func (w *textWriter) pick(choices ...string) string { return choices[w.random.Intn(len(choices))] }

func (w *textWriter) pad(indent int) { w.out.WriteString(strings.Repeat(" ", indent)) }

func (w *textWriter) lineEnd() {
	w.out.WriteString(w.pick("\n", "\n", "\n", "\n", "\n", "\n", "\n", " \n", "  # comment\n", " #\n", "\n\n", "\n# c\n", "\n    # c\n", "\n  \n", "\t\n", "\r\n"))
}

func (w *textWriter) scalarWord() string {
	if w.random.Intn(3) != 0 {
		return w.pick("a", "abc", "x-y", "x.y", "x/y", "1", "1.5", "true", "no", "on", "a b", "a:b", "a#b", "http://x.y/z", "0777", "1e3", "100m", "1.2.3", "2001-01-02", "12:30", "a'b", "é", "~x", "a b c d", "-a", "=a", "a=b", "0x1F", "null")
	}
	for {
		s := word(w.random)
		if !strings.ContainsAny(s, "\u2028\u0085\ufeff\u0001\u007f") {
			return s
		}
	}
}

func (w *textWriter) flow(depth int) string {
	r := w.random
	gap := w.pick("", "", " ", " ", "  ", "\n      ", " # c\n   ", "\t")
	switch kind := r.Intn(8); {
	case kind < 2 && depth > 0:
		parts := make([]string, r.Intn(4))
		for i := range parts {
			parts[i] = gap + w.flow(depth-1)
			if r.Intn(8) == 0 {
				parts[i] += ": " + w.flow(depth-1)
			}
		}
		return "[" + strings.Join(parts, ",") + w.pick("", "", " ", ",") + "]"
	case kind < 4 && depth > 0:
		parts := make([]string, r.Intn(4))
		for i := range parts {
			key := w.pick("a", "b", "c", "d e", "\"q\"", "'s'", w.scalarWord())
			parts[i] = gap + key + w.pick(": ", ": ", ": ", ":", " : ", "") + w.flow(depth-1)
		}
		return "{" + strings.Join(parts, ",") + w.pick("", "", " ", ",") + "}"
	case kind < 6:
		return w.scalarWord()
	case kind == 6:
		return w.quoted()
	}
	return w.pick("1", "true", "null", "", "a b", "x y z", "1.5", "*a1", "&a1 x", "!!str 1", "a?b")
}

func (w *textWriter) quoted() string {
	s := w.scalarWord()
	if w.random.Intn(4) == 0 {
		s += w.pick(" ", "  ", "\n  ", "\n\n   ", " \n ", "\t") + w.scalarWord()
	}
	if w.random.Intn(2) == 0 {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\\", "\\\\"), "\"", "\\\"")
	if w.random.Intn(4) == 0 {
		s += w.pick("\\n", "\\t", "\\x41", "\\u00e9", "\\U0001F600", "\\\n    z", "\\/", "\\ ", "\\0", "\\q", "\\ud800")
	}
	return "\"" + s + "\""
}

func (w *textWriter) blockScalar(indent int) {
	w.out.WriteString(w.pick("|", "|", "|-", "|+", ">", ">-", ">+", "|2", "|1-", ">2+", "|-2") + w.pick("", "", "", " ", " # c", "#c") + "\n")
	for i := w.random.Intn(5); i > 0; i-- {
		switch w.random.Intn(6) {
		case 0:
			w.out.WriteString(w.pick("", "", strings.Repeat(" ", indent), strings.Repeat(" ", indent+3), "\t") + "\n")
		case 1:
			w.pad(indent + 2 + w.random.Intn(4))
			w.out.WriteString(w.scalarWord() + "\n")
		default:
			w.pad(indent + 2)
			w.out.WriteString(w.scalarWord() + w.pick("", "", " ", ": x", " # no comment") + "\n")
		}
	}
}

func (w *textWriter) properties() string {
	if w.random.Intn(40) != 0 {
		return ""
	}
	return w.pick("&a1 ", "&a2 ", "!!str ", "!!int ", "!!float ", "!!binary ", "!!bool ", "!local ", "!!map ", "!!seq ", "&a1 !!str ", "!!null ", "!!timestamp ")
}

// A value after "key:" or "-"; ends its line.
func (w *textWriter) value(indent, depth int, inSequence bool) {
	r := w.random
	properties := w.properties()
	kind := r.Intn(14)
	if depth <= 0 && kind < 5 {
		kind += 5
	}
	switch kind {
	case 0, 1, 2:
		if inSequence && r.Intn(4) != 0 {
			w.out.WriteString(w.pick(" ", " ", " ", "   ") + properties)
			w.mappingInline(indent+2, depth-1)
			return
		}
		if properties != "" {
			w.out.WriteString(" " + strings.TrimSuffix(properties, " "))
		}
		w.lineEnd()
		w.mapping(indent+w.random.Intn(3)+1, depth-1)
	case 3, 4:
		if properties != "" {
			w.out.WriteString(" " + strings.TrimSuffix(properties, " "))
		}
		w.lineEnd()
		w.sequence(indent+w.pickInt(0, 0, 2, 2, 1, 4), depth-1)
	case 5:
		w.out.WriteString(" " + properties)
		w.blockScalar(indent)
	case 6:
		w.out.WriteString(" " + properties + w.quoted())
		w.lineEnd()
	case 7:
		w.out.WriteString(" " + properties + w.flow(2))
		w.lineEnd()
	case 8:
		w.lineEnd()
	case 9:
		w.out.WriteString(" " + properties + w.scalarWord() + w.pick(" ", "\n", "\n\n", "  ", "\t"))
		w.pad(indent + w.random.Intn(4))
		w.out.WriteString(w.scalarWord())
		w.lineEnd()
	case 10:
		w.out.WriteString(w.pick(" *a1", " "+w.scalarWord(), " "+w.scalarWord(), " "+w.scalarWord()))
		w.lineEnd()
	default:
		w.out.WriteString(w.pick(" ", " ", " ", " ", " ", " ", " ", " ", " ", " ", "  ", "\t", "") + properties + w.scalarWord())
		w.lineEnd()
	}
}

func (w *textWriter) pickInt(choices ...int) int { return choices[w.random.Intn(len(choices))] }

func (w *textWriter) key(i int) string {
	r := w.random
	switch r.Intn(60) {
	case 0:
		return w.scalarWord()
	case 1:
		return w.quoted()
	case 2:
		return "<<"
	case 3:
		return w.pick("&a1 k", "*a1", "!!str k", "k ", "k k", "? k", "\"q\" ")
	case 4:
		return w.pick("1", "1.5", "true", "null", "~", "0x10", "2001-01-02")
	}
	return fmt.Sprintf("%s%d", w.pick("k", "a", "B", "n-", "x.y/"), i)
}

func (w *textWriter) mappingInline(indent, depth int) {
	w.out.WriteString(w.key(0) + ":")
	w.value(indent, depth, false)
	for i := w.random.Intn(3); i > 0; i-- {
		w.pad(indent)
		w.out.WriteString(w.key(i) + ":")
		w.value(indent, depth, false)
	}
}

func (w *textWriter) mapping(indent, depth int) {
	for i := w.random.Intn(4) + 1; i > 0; i-- {
		w.pad(indent)
		if w.random.Intn(400) == 0 {
			w.out.WriteString(w.pick(" ", "\t", "- "))
		}
		w.out.WriteString(w.key(i) + w.pick(":", ":", ":", ":", ":", ":", " :"))
		w.value(indent, depth, false)
	}
}

func (w *textWriter) sequence(indent, depth int) {
	for i := w.random.Intn(4) + 1; i > 0; i-- {
		w.pad(indent)
		w.out.WriteString("-")
		if w.random.Intn(8) == 0 {
			w.out.WriteString(" -")
			w.value(indent+2, depth, true)
			continue
		}
		w.value(indent, depth, true)
	}
}

// Small damage: a byte changed, removed, doubled or a line moved.
func mutate(random *rand.Rand, text []byte) []byte {
	out := append([]byte(nil), text...)
	for i := random.Intn(3) + 1; i > 0 && len(out) > 1; i-- {
		at := random.Intn(len(out))
		switch random.Intn(5) {
		case 0:
			out = append(out[:at], out[at+1:]...)
		case 1:
			const alphabet = " \n\t:-#'\"[]{},&*!|>?%@a0"
			out[at] = alphabet[random.Intn(len(alphabet))]
		case 2:
			const alphabet = " \n:-# \n \n"
			out = append(out[:at], append([]byte{alphabet[random.Intn(len(alphabet))]}, out[at:]...)...)
		case 3:
			end := at + random.Intn(10)
			if end > len(out) {
				end = len(out)
			}
			out = append(out[:at], out[end:]...)
		case 4:
			lines := bytes.SplitAfter(out, []byte("\n"))
			a, b := random.Intn(len(lines)), random.Intn(len(lines))
			lines[a], lines[b] = lines[b], lines[a]
			out = bytes.Join(lines, nil)
		}
	}
	return out
}
