// Prints what the real Go libraries answer to generated questions, one question a line, for
// tests/unit/base/{semver,glob,ignore_rules}_golden_test.cc to compare with weir's answers.
//
//	go run . semver|glob|ignore SEED COUNT
package main

import (
	"bufio"
	"fmt"
	"math/rand"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/fluxcd/pkg/sourceignore"
)

var out = bufio.NewWriter(os.Stdout)

func pick(r *rand.Rand, words ...string) string { return words[r.Intn(len(words))] }

func number(r *rand.Rand) string {
	return pick(r, "0", "0", "1", "1", "2", "3", "4", "10", "11", "01", "99999999999999999999")
}

func tail(r *rand.Rand) string {
	switch r.Intn(12) {
	case 0:
		return "-" + pick(r, "0", "1", "alpha", "alpha.1", "alpha.beta", "rc.2", "rc.10", "rc-1", "a.01",
			"1.99999999999999999999", "1.2", "-", "x.", "01")
	case 1:
		return "+" + pick(r, "build", "1", "sha.deadbeef", "-", "a..b")
	case 2:
		return pick(r, "-rc.1", "-0", "-beta.2") + pick(r, "+build", "+2", "+")
	}
	return ""
}

func version(r *rand.Rand) string {
	n := []string{number(r), number(r), number(r), number(r)}[:pickCount(r)]
	return pick(r, "", "", "v", "v", "V", " ") + strings.Join(n, ".") + tail(r)
}

func pickCount(r *rand.Rand) int {
	return []int{3, 3, 3, 3, 3, 3, 2, 2, 1, 4}[r.Intn(10)]
}

func goodVersion(r *rand.Rand) string {
	n := []string{pick(r, "0", "1", "2", "10"), pick(r, "0", "1", "2", "3"), pick(r, "0", "1", "2", "4")}
	return pick(r, "", "v") + strings.Join(n, ".") + pick(r, "", "", "", "-0", "-alpha", "-alpha.1",
		"-rc.2", "-rc.10", "+build")
}

func term(r *rand.Rand) string {
	n := []string{}
	for i := pickCount(r); i > 0; i-- {
		n = append(n, pick(r, "0", "0", "1", "1", "2", "3", "10", "x", "X", "*", "xx", "1|2"))
	}
	if r.Intn(3) > 0 {
		n = strings.Split(pick(r, "1.2.3", "0.0.0", "0.0.1", "0.1.0", "0.2.1", "1", "1.2", "2.0", "0", "0.0",
			"0.1", "10", "*", "x.x", "1.x", "0.x", "0.0.x", "1.2.x", "2.*.*"), ".")
	}
	t := tail(r)
	if r.Intn(2) == 0 {
		t = pick(r, "", "", "-0", "-rc.2", "-alpha")
	}
	return pick(r, "", "", "v") + strings.Join(n, ".") + t
}

func group(r *rand.Rand) string {
	if r.Intn(5) == 0 {
		return term(r) + pick(r, " - ", " - ", "-", " -", "  -  ") + term(r)
	}
	s := ""
	for i := r.Intn(3) + 1; i > 0; i-- {
		s += pick(r, "", "", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^", "^", "~", "==", "><") +
			pick(r, "", "", "", " ") + term(r)
		if i > 1 {
			s += pick(r, " ", ", ", ",", "  ", " , ", "")
		}
	}
	return s
}

func constraint(r *rand.Rand) string {
	s := group(r)
	for i := r.Intn(5) - 2; i > 0; i-- {
		s += pick(r, "||", " || ", " ||") + group(r)
	}
	return s + pick(r, "", "", "", " ", ",")
}

func semverVectors(r *rand.Rand, count int) {
	for i := 0; i < count; i++ {
		s := version(r)
		strict := "ok"
		if _, err := semver.StrictNewVersion(s); err != nil {
			strict = err.Error()
		}
		if v, err := semver.NewVersion(s); err != nil {
			fmt.Fprintf(out, "version\t%s\terror\t%s\t%s\n", s, err, strict)
		} else {
			fmt.Fprintf(out, "version\t%s\tok\t%s\t%s\n", s, v.String(), strict)
		}
	}
	var versions []*semver.Version
	for i := 0; i < 100; i++ {
		v := semver.MustParse(goodVersion(r))
		versions = append(versions, v)
		fmt.Fprintf(out, "candidate\t%s\n", v.Original())
	}
	for _, v := range versions {
		bits := make([]byte, len(versions))
		for i, o := range versions {
			bits[i] = "<=>"[v.Compare(o)+1]
		}
		fmt.Fprintf(out, "compare\t%s\t%s\n", v.Original(), bits)
	}
	for i := 0; i < count; i++ {
		s := constraint(r)
		c, err := semver.NewConstraint(s)
		if err != nil {
			fmt.Fprintf(out, "range\t%s\terror\t%s\n", s, err)
			continue
		}
		bits := make([]byte, len(versions))
		for i, v := range versions {
			bits[i] = '0'
			if c.Check(v) {
				bits[i] = '1'
			}
		}
		fmt.Fprintf(out, "range\t%s\tok\t%s\t%s\n", s, c.String(), bits)
	}
}

func answer(ok bool, err error) string {
	if err != nil {
		return err.Error()
	}
	return map[bool]string{true: "yes", false: "no"}[ok]
}

func globVectors(r *rand.Rand, count int) {
	for i := 0; i < count; i++ {
		pattern, name := "", ""
		for n := r.Intn(7); n > 0; n-- {
			pattern += pick(r, "a", "b", "*", "*", "?", "/", "[", "]", "-", "^", "\\", "[a-c]", "[^a]", "é", "[é-ü]", "\xff")
		}
		for n := r.Intn(7); n > 0; n-- {
			name += pick(r, "a", "b", "c", "/", "-", "]", "é", "*", "\xff", "\\")
		}
		fmt.Fprintf(out, "%q\t%q\t%s\t%s\n", pattern, name,
			answer(filepath.Match(pattern, name)), answer(path.Match(pattern, name)))
	}
}

var names = []string{"a", "b", "c.yaml", "d.png", "deploy", ".git", ".github", "x.tar.gz", "a b", ".flux.yaml"}

func component(r *rand.Rand) string {
	return pick(r, "a", "b", "*", "**", "*.yaml", "*.png", "deploy", "[ab]", "[a", "c.yaml", "a**", "?", "a b", "!a", "")
}

func ignoreLines(r *rand.Rand) string {
	s := ""
	for n := r.Intn(4); n > 0; n-- {
		switch r.Intn(8) {
		case 0:
			s += pick(r, "# comment", " # indented", "", "   ", "#", "\t", "!", "/", "\\!a", "a\\ ")
		default:
			parts := []string{}
			for k := r.Intn(3) + 1; k > 0; k-- {
				parts = append(parts, component(r))
			}
			s += pick(r, "", "", "!", "/", "!/") + strings.Join(parts, "/") + pick(r, "", "", "/", " ", "  ", "\r")
		}
		s += "\n"
	}
	return s
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// A line a case: spec.ignore, the ignore files ("dir=text;..."), then each path with its verdict.
func ignoreVectors(r *rand.Rand, count int) {
	for i := 0; i < count; i++ {
		root, err := os.MkdirTemp("", "ignore")
		must(err)
		paths := map[string]bool{}
		for n := 0; n < 12; n++ {
			p := names[r.Intn(len(names))]
			for k := r.Intn(3); k > 0; k-- {
				p += "/" + names[r.Intn(len(names))]
			}
			if os.MkdirAll(filepath.Join(root, filepath.Dir(p)), 0o755) == nil {
				if f, err := os.OpenFile(filepath.Join(root, p), os.O_CREATE, 0o644); err == nil {
					f.Close()
				}
			}
		}
		var dirs []string
		must(filepath.Walk(root, func(p string, fi os.FileInfo, err error) error {
			rel, _ := filepath.Rel(root, p)
			if fi.IsDir() {
				dirs = append(dirs, rel)
			}
			if rel != "." {
				paths[rel] = fi.IsDir()
			}
			return nil
		}))
		files := ""
		for _, d := range dirs {
			if r.Intn(3) == 0 && d != ".git" {
				text := ignoreLines(r)
				must(os.WriteFile(filepath.Join(root, d, ".sourceignore"), []byte(text), 0o644))
				files += strconv.Quote(d) + "=" + strconv.Quote(text) + ";"
			}
		}
		spec := "none"
		domain := strings.Split(root, "/")
		ps, err := sourceignore.LoadIgnorePatterns(root, domain)
		must(err)
		if r.Intn(2) == 0 {
			text := ignoreLines(r)
			spec = strconv.Quote(text)
			ps = append(ps, sourceignore.ReadPatterns(strings.NewReader(text), domain)...)
		}
		// The rule of source-controller's archive filter.
		matcher := sourceignore.NewDefaultMatcher(ps, domain)
		if len(ps) > 0 {
			matcher = sourceignore.NewMatcher(append(sourceignore.VCSPatterns(domain), ps...))
		}
		fmt.Fprintf(out, "%s\t%s", spec, files)
		var sorted []string
		for p := range paths {
			sorted = append(sorted, p)
		}
		sort.Strings(sorted)
		for _, p := range sorted {
			kind, verdict := "f", "-"
			if paths[p] {
				kind = "d"
			}
			if matcher.Match(strings.Split(filepath.Join(root, p), "/"), paths[p]) {
				verdict = "x"
			}
			fmt.Fprintf(out, "\t%s%s%s", kind, verdict, p)
		}
		fmt.Fprintln(out)
		os.RemoveAll(root)
	}
}

func main() {
	seed, err := strconv.ParseInt(os.Args[2], 10, 64)
	must(err)
	count, err := strconv.Atoi(os.Args[3])
	must(err)
	r := rand.New(rand.NewSource(seed))
	map[string]func(*rand.Rand, int){"semver": semverVectors, "glob": globVectors, "ignore": ignoreVectors}[os.Args[1]](r, count)
	out.Flush()
}
