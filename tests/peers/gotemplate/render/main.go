// Executes templates with Go's own text/template. One JSON case a line on stdin:
// {"template": TEXT, "data": ANY, "missingkey": "default|zero|error", "more": {NAME: TEXT}};
// one answer a line on stdout: {"out": TEXT, "error": TEXT}. template_render.cc answers the same.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"text/template"
	"time"
)

type testCase struct {
	Template   string            `json:"template"`
	Data       any               `json:"data"`
	MissingKey string            `json:"missingkey"`
	More       map[string]string `json:"more"`
}

type answer struct {
	Out   []byte `json:"out"`
	Error []byte `json:"error"`
}

// thing is a struct with fields and methods, seen through a pointer.
type thing struct {
	Name  string
	Count int
	Inner any
}

func (t *thing) Double(n int) int                  { return 2*n + 0*t.Count }
func (t *thing) Join(a string, b ...string) string { return t.Name + a + fmt.Sprint(b) }
func (t *thing) Fail() (string, error)             { return "", errors.New("thing failed") }

type word string

func (w word) String() string { return "<" + string(w) + ">" }

var functions = template.FuncMap{
	"int":      func(f float64) int { return int(f) },
	"i64":      func(f float64) int64 { return int64(f) },
	"u8":       func(n uint8) uint8 { return n },
	"u64":      func(n uint64) uint64 { return n },
	"i8":       func(n int8) int8 { return n },
	"f32":      func(n float32) float32 { return n },
	"list":     func(items ...any) []any { return items },
	"strs":     func(items ...string) []string { return items },
	"ints":     func(items ...int) []int { return items },
	"bytes":    func(s string) []byte { return []byte(s) },
	"smap":     func(k, v string) map[string]string { return map[string]string{k: v} },
	"err":      func(s string) error { return errors.New(s) },
	"fails":    func(s string) (string, error) { return "", errors.New(s) },
	"nilmap":   func() map[string]any { return nil },
	"nillist":  func() []any { return nil },
	"nilany":   func() any { return nil },
	"thing":    func(name string, n int, inner any) *thing { return &thing{name, n, inner} },
	"nilthing": func() *thing { return nil },
	"word":     func(s string) word { return word(s) },
	"dur":      func(n int64) time.Duration { return time.Duration(n) },
	"fn":       func() any { return func(a int, b string) string { return fmt.Sprint(a, b) } },
	"upper": func(s string) string {
		b := []byte(s)
		for i, c := range b {
			if c >= 'a' && c <= 'z' {
				b[i] = c - 32
			}
		}
		return string(b)
	},
	"add": func(a, b int) int { return a + b },
	"any": func(v any) any { return v },
	"set": func(m map[string]any, k string, v any) map[string]any {
		m[k] = v
		return m
	},
}

func run(c testCase) (out []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("PANIC: %v", r)
		}
	}()
	t := template.New("main").Funcs(functions)
	if c.MissingKey != "" {
		t.Option("missingkey=" + c.MissingKey)
	}
	if _, err := t.Parse(c.Template); err != nil {
		return nil, err
	}
	names := []string{}
	for name := range c.More {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if _, err := t.New(name).Parse(c.More[name]); err != nil {
			return nil, err
		}
	}
	var buffer bytes.Buffer
	err = t.ExecuteTemplate(&buffer, "main", c.Data)
	return buffer.Bytes(), err
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			return
		}
		var c testCase
		if err := json.Unmarshal(line, &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		text, failure := run(c)
		a := answer{Out: text}
		if failure != nil {
			a.Error = []byte(failure.Error())
		}
		encoder.Encode(a)
	}
}
