// Executes generated one-line templates with text/template, sprig and the libraries behind Helm's
// own functions, and prints what came out, one JSON object a line, for sprig_compare to hold
// against. The first line carries the data; the seed goes to stderr.
//
//	go run . -seed 7 -count 20000 | sprig_compare
//	go run . -from cases.txt | sprig_compare      (one template a line)
//	go run . -seed 1 -each 8 > ../../golden/template_functions/generated.jsonl
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strings"
	"text/template"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/yaml"
	goyaml "sigs.k8s.io/yaml/goyaml.v3"
)

type answer struct {
	Template string `json:"template"`
	Output   []byte `json:"output"`
	Error    string `json:"error"`
}

// Helm's own functions, over the libraries Helm has them from.
func functions() template.FuncMap {
	f := sprig.TxtFuncMap()
	delete(f, "env")
	delete(f, "expandenv")
	f["toYaml"] = func(v any) string {
		data, err := yaml.Marshal(v)
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(string(data), "\n")
	}
	f["mustToYaml"] = func(v any) string {
		data, err := yaml.Marshal(v)
		if err != nil {
			panic(err)
		}
		return strings.TrimSuffix(string(data), "\n")
	}
	f["toYamlPretty"] = func(v any) string {
		var data bytes.Buffer
		encoder := goyaml.NewEncoder(&data)
		encoder.SetIndent(2)
		if encoder.Encode(v) != nil {
			return ""
		}
		return strings.TrimSuffix(data.String(), "\n")
	}
	decodeMap := func(decode func([]byte, any) error) func(string) map[string]any {
		return func(text string) map[string]any {
			m := map[string]any{}
			if err := decode([]byte(text), &m); err != nil {
				m["Error"] = err.Error()
			}
			return m
		}
	}
	decodeList := func(decode func([]byte, any) error) func(string) []any {
		return func(text string) []any {
			a := []any{}
			if err := decode([]byte(text), &a); err != nil {
				a = []any{err.Error()}
			}
			return a
		}
	}
	decodeYaml := func(text []byte, into any) error { return yaml.Unmarshal(text, into) }
	f["fromYaml"] = decodeMap(decodeYaml)
	f["fromYamlArray"] = decodeList(decodeYaml)
	f["fromJson"] = decodeMap(json.Unmarshal)
	f["fromJsonArray"] = decodeList(json.Unmarshal)
	f["fromToml"] = decodeMap(toml.Unmarshal)
	encodeToml := func(v any) (string, error) {
		var b bytes.Buffer
		err := toml.NewEncoder(&b).Encode(v)
		return b.String(), err
	}
	f["toToml"] = func(v any) string {
		text, err := encodeToml(v)
		if err != nil {
			return err.Error()
		}
		return text
	}
	f["mustToToml"] = func(v any) string {
		text, err := encodeToml(v)
		if err != nil {
			panic(err)
		}
		return text
	}
	f["toJson"] = func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(data)
	}
	f["mustToJson"] = func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(data)
	}
	wrap := func(text string) error { return errors.New("HELM_ERR_START" + text + "HELM_ERR_END") }
	f["required"] = func(warn string, val any) (any, error) {
		if val == nil {
			return val, wrap(warn)
		} else if _, ok := val.(string); ok && val == "" {
			return val, wrap(warn)
		}
		return val, nil
	}
	f["fail"] = func(message string) (string, error) { return "", wrap(message) }
	f["getHostByName"] = func(string) string { return "" }
	// Random order is compared in the order of the keys, which is what weir prints.
	f["keys"] = func(dicts ...map[string]any) []string {
		all := []string{}
		for _, dict := range dicts {
			var some []string
			for key := range dict {
				some = append(some, key)
			}
			sort.Strings(some)
			all = append(all, some...)
		}
		return all
	}
	f["values"] = func(dict map[string]any) []any {
		all := []any{}
		for _, key := range f["keys"].(func(...map[string]any) []string)(dict) {
			all = append(all, dict[key])
		}
		return all
	}
	return f
}

func run(text string, data any, option string) (result answer) {
	result.Template = text
	var out bytes.Buffer
	t, err := template.New("t").Option("missingkey=" + option).Funcs(functions()).Parse(text)
	if err == nil {
		err = t.Execute(&out, data)
	}
	result.Output = out.Bytes()
	if err != nil {
		result.Error = err.Error()
	}
	return
}

func main() {
	seed := flag.Int64("seed", time.Now().UnixNano()%1000000, "")
	count := flag.Int("count", 20000, "")
	from := flag.String("from", "", "")
	each := flag.Int("each", 0, "as many templates for every function, instead of -count")
	only := flag.String("only", "", "functions to call, with commas between them")
	flag.Parse()
	fmt.Fprintln(os.Stderr, "seed", *seed)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.Encode(json.RawMessage(strings.ReplaceAll(dataText, "\n", " ")))
	answerOne := func(text string) {
		var data any
		if err := json.Unmarshal([]byte(dataText), &data); err != nil {
			panic(err)
		}
		encoder.Encode(run(text, data, "zero"))
	}
	if *from != "" {
		file, err := os.Open(*from)
		if err != nil {
			panic(err)
		}
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if lines.Text() != "" {
				answerOne(lines.Text())
			}
		}
		return
	}
	g := &generator{random: rand.New(rand.NewSource(*seed))}
	g.use(*only)
	if *each > 0 {
		names := append([]string(nil), g.names...)
		for _, name := range names {
			g.use(name)
			for i := 0; i < *each; i++ {
				answerOne(g.template())
			}
		}
		return
	}
	for i := 0; i < *count; i++ {
		answerOne(g.template())
	}
}
