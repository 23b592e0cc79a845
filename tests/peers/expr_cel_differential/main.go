// Answers expressions with the Go libraries that Flux and kubectl use, one JSON request a line:
//   {"kind":"cel","expr":"...","vars":{...}}       parsed, not type-checked (health checks)
//   {"kind":"ready","expr":"...","vars":{...}}     compiled, self and dep declared, must be bool (readyExpr)
//   {"kind":"envsubst","expr":"...","vars":{...},"strict":true}
//   {"kind":"jsonpath","expr":"...","vars":{...}}  a kubectl template; {"relaxed":true} as kubectl get does
// and prints {"value":"..."} or {"error":"..."} a line. CEL values print as a type and a canonical text.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/fluxcd/pkg/envsubst"
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/ext"
	"k8s.io/client-go/util/jsonpath"
)

type request struct {
	Kind    string          `json:"kind"`
	Expr    string          `json:"expr"`
	Vars    json.RawMessage `json:"vars"`
	Strict  bool            `json:"strict"`
	Relaxed bool            `json:"relaxed"`
}

func settle(v any) any {
	switch t := v.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(string(t), 10, 64); err == nil {
			return i
		}
		f, _ := t.Float64()
		return f
	case []any:
		for i := range t {
			t[i] = settle(t[i])
		}
	case map[string]any:
		for k := range t {
			t[k] = settle(t[k])
		}
	}
	return v
}

func decode(raw json.RawMessage) any {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return map[string]any{}
	}
	return settle(v)
}

func show(v ref.Val) string {
	switch t := v.(type) {
	case types.Null:
		return "null"
	case types.Bool:
		return fmt.Sprintf("%v", bool(t))
	case types.Int:
		return fmt.Sprintf("%d", int64(t))
	case types.Uint:
		return fmt.Sprintf("%du", uint64(t))
	case types.Double:
		if math.IsNaN(float64(t)) {
			return "double(NaN)"
		}
		return "double(" + strconv.FormatFloat(float64(t), 'g', -1, 64) + ")"
	case types.String:
		return "s" + fmt.Sprintf("%x", string(t))
	case types.Bytes:
		return "b" + fmt.Sprintf("%x", []byte(t))
	case types.Timestamp:
		return "timestamp(" + t.Time.UTC().Format(time.RFC3339Nano) + ")"
	case types.Duration:
		return fmt.Sprintf("duration(%d)", int64(t.Duration))
	case *types.Optional:
		if !t.HasValue() {
			return "none"
		}
		return "some(" + show(t.GetValue()) + ")"
	case ref.Type:
		return "type(" + t.TypeName() + ")"
	case traits.Mapper:
		var parts []string
		for it := t.Iterator(); it.HasNext() == types.True; {
			k := it.Next()
			parts = append(parts, show(k)+":"+show(t.Get(k)))
		}
		sort.Strings(parts)
		return "{" + strings.Join(parts, ",") + "}"
	case traits.Lister:
		var parts []string
		for it := t.Iterator(); it.HasNext() == types.True; {
			parts = append(parts, show(it.Next()))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return fmt.Sprintf("?%T", v)
}

func env(declared bool) *cel.Env {
	options := []cel.EnvOption{
		cel.HomogeneousAggregateLiterals(), cel.EagerlyValidateDeclarations(true), cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true), cel.OptionalTypes(), ext.Strings(), ext.Sets(), ext.Encoders(),
	}
	if declared {
		for _, name := range []string{"self", "dep"} {
			options = append(options, cel.Variable(name, cel.ObjectType("google.protobuf.Struct")))
		}
	}
	e, err := cel.NewEnv(options...)
	if err != nil {
		panic(err)
	}
	return e
}

var parseEnv, checkEnv = env(false), env(true)

func runCel(r request) (string, error) {
	e, parse := parseEnv, parseEnv.Parse
	if r.Kind == "ready" {
		e, parse = checkEnv, checkEnv.Compile
	}
	ast, issues := parse(r.Expr)
	if issues != nil && issues.Err() != nil {
		return "", fmt.Errorf("parse: %s", issues.String())
	}
	if r.Kind == "ready" && ast.OutputType() != cel.BoolType {
		return "", fmt.Errorf("parse: CEL expression output type mismatch: expected %s, got %s", cel.BoolType, ast.OutputType())
	}
	program, err := e.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.InterruptCheckFrequency(100))
	if err != nil {
		return "", fmt.Errorf("program: %w", err)
	}
	vars, _ := decode(r.Vars).(map[string]any)
	if vars == nil {
		vars = map[string]any{}
	}
	value, _, err := program.Eval(vars)
	if err != nil {
		return "", err
	}
	return show(value), nil
}

func runEnvsubst(r request) (string, error) {
	vars := map[string]string{}
	_ = json.Unmarshal(r.Vars, &vars)
	return envsubst.Eval(r.Expr, func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok || !r.Strict
	})
}

func runJSONPath(r request) (string, error) {
	p := jsonpath.New("out").AllowMissingKeys(r.Relaxed)
	if err := p.Parse(r.Expr); err != nil {
		return "", fmt.Errorf("parse: %w", err)
	}
	var out bytes.Buffer
	err := p.Execute(&out, decode(r.Vars))
	return out.String(), err
}

func answer(r request) (out map[string]string) {
	defer func() {
		if p := recover(); p != nil {
			out = map[string]string{"error": fmt.Sprint("panic: ", p)}
		}
	}()
	run := runCel
	switch r.Kind {
	case "envsubst":
		run = runEnvsubst
	case "jsonpath":
		run = runJSONPath
	}
	value, err := run(r)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return map[string]string{"value": value}
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var r request
			if json.Unmarshal(line, &r) == nil {
				_ = encoder.Encode(answer(r))
			}
		}
		if err != nil {
			return
		}
	}
}
