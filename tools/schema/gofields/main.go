// Prints how Go's encoder treats each JSON field of the built-in Kubernetes types, which OpenAPI
// does not say: one line a field, "<type> <field> <marks>". Marks: p pointer, o omitempty,
// z omitzero, s struct, c scalar. tools/schema/generate reads it.
package main

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/client-go/kubernetes/scheme"
)

var seen = map[reflect.Type]bool{}
var lines []string

func name(t reflect.Type) string {
	path := strings.Split(t.PkgPath(), "/")
	if len(path) < 2 {
		return t.Name()
	}
	return strings.Join(path[len(path)-2:], ".") + "." + t.Name()
}

func marks(field reflect.StructField, options []string) string {
	out := ""
	for _, option := range options {
		switch option {
		case "omitempty":
			out += "o"
		case "omitzero":
			out += "z"
		}
	}
	switch field.Type.Kind() {
	case reflect.Pointer, reflect.Interface:
		out += "p"
	case reflect.Struct:
		out += "s"
	case reflect.Map, reflect.Slice:
	default:
		out += "c"
	}
	return out
}

func fields(owner string, t reflect.Type) {
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		tag := strings.Split(field.Tag.Get("json"), ",")
		if field.Anonymous && tag[0] == "" {
			embedded := field.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			if embedded.Kind() == reflect.Struct {
				fields(owner, embedded)
			}
			continue
		}
		if tag[0] == "-" || tag[0] == "" || !field.IsExported() {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s %s %s", owner, tag[0], marks(field, tag[1:])))
		walk(field.Type)
	}
}

func walk(t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return
	}
	seen[t] = true
	fields(name(t), t)
}

func main() {
	_ = apiextensionsv1.AddToScheme(scheme.Scheme)
	for _, t := range scheme.Scheme.AllKnownTypes() {
		walk(t)
	}
	sort.Strings(lines)
	fmt.Println(strings.Join(lines, "\n"))
}
