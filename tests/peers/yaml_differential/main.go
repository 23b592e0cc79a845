// Compares weir's YAML and JSON codecs with the Go tools' own, by the ten thousand documents.
//
//	go run . -reread PATH [-mode json|helm|kubernetes|kustomize] [-seed N] [-count N] [-corpus DIR]
//
// PATH is the program built from reread.cc. Documents are generated from the printed seed; with -corpus every
// .yaml file below DIR is compared instead, and mutated -count times. Disagreements are printed, at most -show.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	goyaml "go.yaml.in/yaml/v2"
	goyaml3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/yaml"
)

type peer struct {
	in  io.Writer
	out *bufio.Reader
}

func (p *peer) ask(mode string, text []byte) (bool, string) {
	fmt.Fprintf(p.in, "%s %d\n", mode, len(text))
	p.in.Write(text)
	var status string
	var size int
	if _, err := fmt.Fscanf(p.out, "%s %d\n", &status, &size); err != nil {
		panic(fmt.Sprintf("reread died on %q: %v", text, err))
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(p.out, body); err != nil {
		panic(err)
	}
	return status == "ok", string(body)
}

// Numbers as Kubernetes' decoders keep them: int64, uint64, else float64.
func settle(value any) any {
	switch value := value.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(string(value), 10, 64); err == nil {
			return i
		}
		if u, err := strconv.ParseUint(string(value), 10, 64); err == nil {
			return u
		}
		if f, err := value.Float64(); err == nil {
			return f
		}
	case []any:
		for i := range value {
			value[i] = settle(value[i])
		}
	case map[string]any:
		for k := range value {
			value[k] = settle(value[k])
		}
	}
	return value
}

// What the Go tools make of a document.
func expect(mode string, text []byte) (result string, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("panic: %v", problem)
		}
	}()
	switch mode {
	case "json":
		out, err := yaml.JSONToYAML(text)
		return string(out), err
	case "json2json":
		var value any
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&value); err != nil {
			return "", err
		}
		if !json.Valid(text) {
			return "", fmt.Errorf("trailing data")
		}
		out, err := json.Marshal(settle(value))
		return string(out), err
	case "kustomize":
		nodes, err := kio.FromBytes(text)
		if err != nil {
			return "", err
		}
		// kio stops behind each part's first document and never looks at the rest.
		decoder := goyaml3.NewDecoder(bytes.NewReader(text))
		for {
			var node goyaml3.Node
			if err := decoder.Decode(&node); err == io.EOF {
				break
			} else if err != nil {
				return "", err
			}
		}
		var parts []string
		for _, node := range nodes {
			raw, err := node.MarshalJSON()
			if err != nil {
				return "", err
			}
			out, err := yaml.JSONToYAML(raw)
			if err != nil {
				return "", err
			}
			parts = append(parts, string(out))
		}
		return strings.Join(parts, "---\n"), nil
	}
	// The whole stream, document by document: Unmarshal alone reads the first and never looks behind it.
	decoder := goyaml.NewDecoder(bytes.NewReader(text))
	decoder.SetStrict(mode == "kubernetes")
	var parts []string
	for {
		var value any
		if err := decoder.Decode(&value); err == io.EOF {
			break
		} else if err != nil {
			return "", err
		}
		if value == nil {
			continue
		}
		text, err := goyaml.Marshal(value)
		if err != nil {
			return "", err
		}
		raw, err := yaml.YAMLToJSON(text)
		if err != nil {
			return "", err
		}
		out, err := yaml.JSONToYAML(raw)
		if err != nil {
			return "", err
		}
		parts = append(parts, string(out))
	}
	return strings.Join(parts, "---\n"), nil
}

func main() {
	reread := flag.String("reread", "", "program built from reread.cc")
	mode := flag.String("mode", "json", "json, json2json, helm, kubernetes or kustomize")
	seed := flag.Int64("seed", 1, "seed of the generator")
	count := flag.Int("count", 10000, "documents, or mutations of each file")
	corpus := flag.String("corpus", "", "directory of .yaml files")
	show := flag.Int("show", 10, "disagreements to print")
	flag.Parse()
	command := exec.Command(*reread)
	command.Stderr = os.Stderr
	in, _ := command.StdinPipe()
	out, _ := command.StdoutPipe()
	if err := command.Start(); err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	weir := &peer{in, bufio.NewReaderSize(out, 1<<20)}
	tally := map[string]int{}
	compare := func(text []byte, from string) {
		if *mode == "kustomize" && bytes.Contains(text, []byte("*")) {
			return // kyaml overflows its stack on an anchor that contains itself
		}
		want, err := expect(*mode, text)
		ok, got := weir.ask(*mode, text)
		if err != nil && strings.Contains(err.Error(), "into map[string]interface {}") {
			return // kustomize takes mappings only; the reader takes all
		}
		verdict := "equal"
		switch {
		case err != nil && !ok:
			verdict = "both refuse"
		case err != nil:
			verdict = "only weir accepts"
		case !ok:
			verdict = "only weir refuses"
		case got != want:
			verdict = "different"
		}
		tally[verdict]++
		if verdict == "equal" || verdict == "both refuse" || *show <= 0 {
			return
		}
		*show--
		if len(text) > 1500 {
			text = append(text[:1500:1500], "..."...)
		}
		if verdict == "different" {
			at := 0
			for at < len(want) && at < len(got) && want[at] == got[at] {
				at++
			}
			at = max(0, at-60)
			want, got = want[at:min(len(want), at+200)], got[at:min(len(got), at+200)]
		}
		fmt.Printf("== %s (%s)\n-- text\n%s\n-- go (%v)\n%q\n-- weir\n%q\n", verdict, from, text, err, want, got)
	}
	random := rand.New(rand.NewSource(*seed))
	fmt.Printf("mode %s, seed %d\n", *mode, *seed)
	if *corpus == "" {
		for i := 0; i < *count; i++ {
			compare(generate(random, *mode), fmt.Sprintf("document %d", i))
		}
	} else {
		filepath.WalkDir(*corpus, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".yaml") {
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil || len(text) > 1<<20 {
				return nil
			}
			compare(text, path)
			for i := 0; i < *count && len(text) < 20000; i++ {
				compare(mutate(random, text), path)
			}
			return nil
		})
	}
	fmt.Println(tally)
	if tally["different"]+tally["only weir refuses"]+tally["only weir accepts"] > 0 {
		os.Exit(1)
	}
}
