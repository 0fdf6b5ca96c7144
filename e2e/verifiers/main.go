// Checks a log of ours with golang.org/x/mod/sumdb, which others wrote: `go run main.go FOLDER`.
// Every checkpoint, proof and tile must hold; whatever is altered in them must not.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type proof struct {
	Index int64
	Leaf  string
	Path  []string
	Text  string
}

type earlier struct {
	Old  int64
	Root string
	Path []string
}

type sample struct {
	Size        int64
	Root        string
	Checkpoint  string
	Proofs      []proof
	Consistency []earlier
}

type log struct {
	Origin, Vkey string
	Cases        []sample
}

var accepted, refused int

func must(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
	accepted++
}

func mustNot(err error, what string) {
	if err == nil {
		fmt.Fprintf(os.Stderr, "%s was accepted\n", what)
		os.Exit(1)
	}
	refused++
}

func hash(text string) tlog.Hash {
	h, err := tlog.ParseHash(text)
	if err != nil {
		panic(err)
	}
	return h
}

func hashes(texts []string) []tlog.Hash {
	var all []tlog.Hash
	for _, text := range texts {
		all = append(all, hash(text))
	}
	return all
}

// open verifies a checkpoint and reads size and root out of what is signed.
func open(text, origin string, known note.Verifiers) (int64, tlog.Hash, error) {
	n, err := note.Open([]byte(text), known)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != origin {
		return 0, tlog.Hash{}, fmt.Errorf("no checkpoint of %s", origin)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return size, root, err
}

// tiles reads a log's files. Theirs say the height of a tile and call leaves data; C2SP does neither.
type tiles struct {
	folder string
	spoil  string
	at     int64
}

func (t tiles) Height() int { return 8 }

func (t tiles) path(tile tlog.Tile) string {
	path := strings.Replace(strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1), "tile/8/", "tile/", 1)
	return filepath.Join(t.folder, path)
}

func (t tiles) ReadTiles(asked []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range asked {
		bytes, err := os.ReadFile(t.path(tile))
		if err != nil {
			return nil, err
		}
		if t.spoil != "" && strings.HasSuffix(t.path(tile), t.spoil) {
			bytes[t.at] ^= 1
		}
		all = append(all, bytes)
	}
	return all, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// whole reads every leaf of a tree and comes to its root.
func whole(t tiles, size int64, root tlog.Hash) error {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	for first := int64(0); first < size; first += 256 {
		width := size - first
		if width > 256 {
			width = 256
		}
		bytes, err := os.ReadFile(t.path(tlog.Tile{H: 8, L: -1, N: first / 256, W: int(width)}))
		if err != nil {
			return err
		}
		for n := int64(0); n < width; n++ {
			length := int(binary.BigEndian.Uint16(bytes))
			more, err := tlog.StoredHashes(first+n, bytes[2:2+length], reader)
			if err != nil {
				return err
			}
			stored = append(stored, more...)
			bytes = bytes[2+length:]
		}
		if len(bytes) > 0 {
			return fmt.Errorf("a bundle has %d bytes too many", len(bytes))
		}
	}
	if size == 0 {
		return nil
	}
	found, err := tlog.TreeHash(size, reader)
	if err == nil && found != root {
		err = fmt.Errorf("the leaves come to another root")
	}
	return err
}

func main() {
	bytes, err := os.ReadFile(filepath.Join(os.Args[1], "cases.json"))
	if err != nil {
		panic(err)
	}
	var l log
	if err := json.Unmarshal(bytes, &l); err != nil {
		panic(err)
	}
	verifier, err := note.NewVerifier(l.Vkey)
	must(err, "the key")
	known := note.VerifierList(verifier)
	served := tiles{folder: filepath.Join(os.Args[1], "log")}
	for _, c := range l.Cases {
		at := fmt.Sprintf("size %d", c.Size)
		size, root, err := open(c.Checkpoint, l.Origin, known)
		must(err, at)
		if size != c.Size || root != hash(c.Root) {
			must(fmt.Errorf("another size or root"), at)
		}
		must(whole(served, size, root), at+", whole")
		_, _, err = open(strings.Replace(c.Checkpoint, "\n"+strconv.FormatInt(size, 10)+"\n", "\n"+strconv.FormatInt(size+1, 10)+"\n", 1), l.Origin, known)
		mustNot(err, at+" with another size in the signed text")
		cut := strings.LastIndex(c.Checkpoint, " ") + 1
		signature, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(c.Checkpoint[cut:]))
		signature[10] ^= 1
		_, _, err = open(c.Checkpoint[:cut]+base64.StdEncoding.EncodeToString(signature)+"\n", l.Origin, known)
		mustNot(err, at+" with another signature")
		for _, p := range c.Proofs {
			at := fmt.Sprintf("%s, leaf %d", at, p.Index)
			path, leaf := tlog.RecordProof(hashes(p.Path)), tlog.RecordHash([]byte(p.Leaf))
			must(tlog.CheckRecord(path, size, root, p.Index, leaf), at)
			mustNot(tlog.CheckRecord(path, size, root, p.Index, tlog.RecordHash([]byte(p.Leaf+"x"))), at+", altered")
			mustNot(tlog.CheckRecord(path, size, hash(l.Cases[0].Root), p.Index, leaf), at+" under another root")
			if size > 1 {
				mustNot(tlog.CheckRecord(path, size, root, (p.Index+1)%size, leaf), at+" at another index")
				mustNot(tlog.CheckRecord(path, 2*size, root, p.Index, leaf), at+" in a tree of another size")
			}
			reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, served)
			found, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, p.Index)})
			if err == nil && found[0] != leaf {
				err = fmt.Errorf("another leaf")
			}
			must(err, at+", from tiles")
			tile := tlog.TileForIndex(8, tlog.StoredHashIndex(0, p.Index))
			if width := size - tile.N*256; width < 256 {
				tile.W = int(width)
			} else {
				tile.W = 256
			}
			spoilt := served
			spoilt.at = 32 * (p.Index % 256)
			spoilt.spoil = strings.TrimPrefix(served.path(tile), served.folder)
			found, err = tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, spoilt).ReadHashes([]int64{tlog.StoredHashIndex(0, p.Index)})
			if err == nil && found[0] != leaf {
				// Version 0.7 passes over some of the tiles that it reads; whoever asks compares the leaf.
				err = fmt.Errorf("another leaf")
			}
			mustNot(err, at+", from altered tiles")
		}
		for _, e := range c.Consistency {
			at := fmt.Sprintf("%s, from %d", at, e.Old)
			path := tlog.TreeProof(hashes(e.Path))
			must(tlog.CheckTree(path, size, root, e.Old, hash(e.Root)), at)
			mustNot(tlog.CheckTree(path, size, root, e.Old, root), at+" with another root")
		}
	}
	fmt.Printf("golang.org/x/mod: %d accepted, %d altered ones refused\n", accepted, refused)
}
