// An independent verifier of weir's ledger: golang.org/x/mod/sumdb/note for signatures and tlog for
// trees and proofs. Prints what it has checked; ends in 1 at the first thing wrong.
//
//	tlog check URL TOKEN KEY      checkpoint, every tile, every entry, proofs of a running weir
//	tlog archive FILE KEY         a file of `weir audit export`
//	tlog golden                   the signed note of tests/golden/store/note.txt
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "✗ "+format+"\n", args...)
	os.Exit(1)
}

func must[T any](value T, err error) T {
	if err != nil {
		fail("%v", err)
	}
	return value
}

// openCheckpoint checks the signature and takes the three lines apart.
func openCheckpoint(text string, key string) tlog.Tree {
	verifier := must(note.NewVerifier(key))
	opened := must(note.Open([]byte(text), note.VerifierList(verifier)))
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		fail("the checkpoint's lines are not origin, size, root: %q", opened.Text)
	}
	size := must(strconv.ParseInt(lines[1], 10, 64))
	root := must(base64.StdEncoding.DecodeString(lines[2]))
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree
}

// server reads tiles as tlog-tiles lays them out: no height in the path.
type server struct {
	url, token string
	tiles      int
}

func (s *server) get(path string) ([]byte, error) {
	request, err := http.NewRequest("GET", s.url+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != 200 {
		err = fmt.Errorf("GET %s: %s: %s", path, answer.Status, body)
	}
	return body, err
}

func (s *server) Height() int { return 8 }
func (s *server) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		bytes, err := s.get("/weir/v1/ledger/" + path)
		if err != nil {
			return nil, err
		}
		s.tiles++
		out = append(out, bytes)
	}
	return out, nil
}
func (s *server) SaveTiles([]tlog.Tile, [][]byte) {}

func bundlePath(n int64, width int64) string {
	tile := tlog.Tile{H: 8, L: -1, N: n, W: int(width)}
	return "/weir/v1/ledger/" + strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
}

// entries reads every bundle and checks each entry against the tree.
func (s *server) entries(tree tlog.Tree, hashes tlog.HashReader) {
	for first := int64(0); first < tree.N; first += 256 {
		width := min(256, tree.N-first)
		bundle := must(s.get(bundlePath(first/256, width)))
		for i := int64(0); i < width; i++ {
			if len(bundle) < 2 {
				fail("bundle %d ends before entry %d", first/256, first+i)
			}
			size := int(bundle[0])<<8 | int(bundle[1])
			entry := bundle[2 : 2+size]
			bundle = bundle[2+size:]
			index := tlog.StoredHashIndex(0, first+i)
			stored := must(hashes.ReadHashes([]int64{index}))
			if tlog.RecordHash(entry) != stored[0] {
				fail("entry %d has another hash than the tree's", first+i)
			}
		}
		if len(bundle) != 0 {
			fail("bundle %d has bytes behind its entries", first/256)
		}
	}
}

type proofAnswer struct {
	Seq        int64    `json:"seq"`
	Size       int64    `json:"size"`
	Record     string   `json:"record"`
	Previous   string   `json:"previousLeaf"`
	Proof      []string `json:"proof"`
	Checkpoint string   `json:"checkpoint"`
}

func hashes(texts []string) []tlog.Hash {
	var out []tlog.Hash
	for _, text := range texts {
		bytes := must(base64.StdEncoding.DecodeString(text))
		var hash tlog.Hash
		copy(hash[:], bytes)
		out = append(out, hash)
	}
	return out
}

func leafOf(previousHex, recordBase64 string) tlog.Hash {
	previous := must(hex.DecodeString(previousHex))
	record := must(base64.StdEncoding.DecodeString(recordBase64))
	return tlog.RecordHash(append(previous, record...))
}

func check(url, token, key string) {
	s := &server{url: strings.TrimSuffix(url, "/"), token: token}
	tree := openCheckpoint(string(must(s.get("/weir/v1/ledger/checkpoint"))), key)
	// The reader checks every tile it is given against the signed root.
	reader := tlog.TileHashReader(tree, s)
	root := must(tlog.TreeHash(tree.N, reader))
	if root != tree.Hash {
		fail("the tiles have another root than the checkpoint")
	}
	s.entries(tree, reader)
	for seq := int64(1); seq <= tree.N; seq += 1 + tree.N/50 {
		var answer proofAnswer
		path := fmt.Sprintf("/weir/v1/events/%d/proof", seq)
		if err := json.Unmarshal(must(s.get(path)), &answer); err != nil {
			fail("%s: %v", path, err)
		}
		at := openCheckpoint(answer.Checkpoint, key)
		leaf := leafOf(answer.Previous, answer.Record)
		err := tlog.CheckRecord(hashes(answer.Proof), at.N, at.Hash, seq-1, leaf)
		if err != nil {
			fail("inclusion of event %d: %v", seq, err)
		}
		own := must(tlog.ProveRecord(tree.N, seq-1, reader))
		if at.N == tree.N && fmt.Sprint(own) != fmt.Sprint(tlog.RecordProof(hashes(answer.Proof))) {
			fail("event %d has another proof than the tiles give", seq)
		}
	}
	for old := int64(1); old < tree.N; old += 1 + tree.N/50 {
		var answer struct{ Proof []string }
		path := fmt.Sprintf("/weir/v1/ledger/consistency?from=%d&to=%d", old, tree.N)
		if err := json.Unmarshal(must(s.get(path)), &answer); err != nil {
			fail("%s: %v", path, err)
		}
		oldRoot := must(tlog.TreeHash(old, reader))
		if err := tlog.CheckTree(hashes(answer.Proof), tree.N, tree.Hash, old, oldRoot); err != nil {
			fail("consistency of %d with %d: %v", old, tree.N, err)
		}
	}
	fmt.Printf("✔ checkpoint over %d events, %d tiles, all entries, inclusion and consistency proofs\n",
		tree.N, s.tiles)
}

type line struct {
	Type         string
	ID           string
	Record       string
	PreviousLeaf string
	Proof        *string
	Data         struct{ Checkpoint string }
}

// archive follows the chain of leaves through the lines; each run of it ends in a proof.
func archive(path, key string) {
	file := must(os.Open(path))
	lines := bufio.NewReader(file)
	var tree tlog.Tree
	var leaf tlog.Hash
	events, proofs := 0, 0
	open := false
	for number := 1; ; number++ {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(bytes.TrimSpace(text)) == 0 {
			break
		}
		var at line
		if err := json.Unmarshal(text, &at); err != nil {
			fail("line %d: %v", number, err)
		}
		switch at.Type {
		case "weir.ArchiveBegun":
			tree = openCheckpoint(at.Data.Checkpoint, key)
			continue
		case "weir.ArchiveEnded":
			continue
		}
		seq := must(strconv.ParseInt(at.ID, 10, 64))
		previous := hex.EncodeToString(leaf[:])
		if at.PreviousLeaf != "" {
			previous = at.PreviousLeaf
		} else if !open {
			fail("line %d: a run begins without the leaf before it", number)
		}
		leaf = leafOf(previous, at.Record)
		open = at.Proof == nil
		events++
		if at.Proof == nil {
			continue
		}
		var texts []string
		if *at.Proof != "" {
			texts = strings.Split(*at.Proof, ",")
		}
		if err := tlog.CheckRecord(hashes(texts), tree.N, tree.Hash, seq-1, leaf); err != nil {
			fail("line %d, event %d: %v", number, seq, err)
		}
		proofs++
	}
	if open {
		fail("the last run of events has no proof")
	}
	fmt.Printf("✔ %d events under %d proofs\n", events, proofs)
}

// golden signs with a key that everybody can make again.
func golden() {
	seed := sha256.Sum256([]byte("a key for a test"))
	skey, vkey := keyPair("example.org/weir", seed[:])
	signer := must(note.NewSigner(skey))
	text := "example.org/weir\n42\n" + base64.StdEncoding.EncodeToString(seed[:]) + "\n"
	signed := must(note.Sign(&note.Note{Text: text}, signer))
	fmt.Printf("%s\n%s\n%s", skey, vkey, signed)
}

func keyPair(name string, seed []byte) (string, string) {
	skey, vkey, err := note.GenerateKey(bytes.NewReader(seed), name)
	if err != nil {
		fail("%v", err)
	}
	return skey, vkey
}

func main() {
	args := os.Args[1:]
	switch {
	case len(args) == 4 && args[0] == "check":
		check(args[1], args[2], args[3])
	case len(args) == 3 && args[0] == "archive":
		archive(args[1], args[2])
	case len(args) == 1 && args[0] == "golden":
		golden()
	default:
		fail("usage: tlog check URL TOKEN KEY | archive FILE KEY | golden")
	}
}
