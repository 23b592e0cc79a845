// Builds kustomizations with the real library (the one in kubectl 1.35), many in one process: for each line
// "DIRECTORY<tab>RESTRICTION" on stdin it answers one line "ok LENGTH", "error LENGTH" or "panic LENGTH" and that
// many bytes: the output, or the error's text. RESTRICTION is "none" or "root".
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func build(directory, restriction string) (word, text string) {
	defer func() {
		if cause := recover(); cause != nil {
			word, text = "panic", fmt.Sprint(cause)
		}
	}()
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
	if restriction == "none" {
		options.LoadRestrictions = types.LoadRestrictionsNone
	}
	resources, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), directory)
	if err != nil {
		return "error", err.Error()
	}
	output, err := resources.AsYaml()
	if err != nil {
		return "error", err.Error()
	}
	return "ok", string(output)
}

func main() {
	log.SetOutput(io.Discard)
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null // deprecation warnings
	}
	in := bufio.NewScanner(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	for in.Scan() {
		directory, restriction, _ := strings.Cut(in.Text(), "\t")
		word, text := build(directory, restriction)
		fmt.Fprintf(out, "%s %d\n%s", word, len(text), text)
		out.Flush()
	}
}
