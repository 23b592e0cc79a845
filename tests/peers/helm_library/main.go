// Answers many `helm template` in one process, for the differential tests: a line of JSON
// {"args": ["template", ...]} on stdin, one {"code", "out", "err"} on stdout. The command is Helm's
// own; what it keeps between runs (its settings) is given with every line.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"log"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	helmcmd "helm.sh/helm/v4/pkg/cmd"
)

type answer struct {
	Code int    `json:"code"`
	Out  []byte `json:"out"`
	Err  []byte `json:"err"`
}

func run(args []string) answer {
	var out, failure bytes.Buffer
	// The command tells its flags from these when it is made, too.
	os.Args = append([]string{"helm"}, args...)
	cmd, err := helmcmd.NewRootCmd(&out, args, func(bool) {})
	if err == nil {
		cmd.SetArgs(args)
		cmd.SetOut(&out)
		cmd.SetErr(&failure)
		err = cmd.Execute()
	}
	if err == nil {
		return answer{Out: out.Bytes(), Err: failure.Bytes()}
	}
	return answer{Code: 1, Out: out.Bytes(), Err: []byte("Error: " + err.Error() + "\n")}
}

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	log.SetOutput(io.Discard)
	cobra.EnableTraverseRunHooks = false
	answers := json.NewEncoder(os.Stdout)
	os.Stdout = os.Stderr
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			return
		}
		var asked struct{ Args []string }
		if json.Unmarshal(line, &asked) != nil {
			os.Exit(2)
		}
		if answers.Encode(run(asked.Args)) != nil {
			return
		}
	}
}
