// peer checks and makes logs with golang.org/x/mod/sumdb, for tests of the transparency log.
//
//	peer proof LOG_KEY WITNESS_KEY RECORD PROOF    checks a proof, with the cosignature of a witness
//	peer tiles FOLDER SIZE ROOT                    checks the tiles of a log, and prints a proof of its last record
//	peer make COUNT                                prints the key of a new log, and the proof of its last record
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// cosigner verifies the cosignatures of a witness (c2sp.org/tlog-cosignature).
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }

func (c cosigner) Verify(text, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	time := binary.BigEndian.Uint64(sig)
	message := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", time)), text...)
	return ed25519.Verify(c.key, message, sig[8:])
}

func newCosigner(vkey string) cosigner {
	parts := strings.SplitN(vkey, "+", 3)
	hash := must(strconv.ParseUint(parts[1], 16, 32))
	key := must(base64.StdEncoding.DecodeString(parts[2]))
	if key[0] != 4 {
		fail(errors.New("not the key of a witness"))
	}
	return cosigner{parts[0], uint32(hash), key[1:]}
}

func main() {
	switch os.Args[1] {
	case "proof":
		checkProof(os.Args[2], os.Args[3], must(os.ReadFile(os.Args[4])), must(os.ReadFile(os.Args[5])))
	case "tiles":
		checkTiles(os.Args[2], must(strconv.ParseInt(os.Args[3], 10, 64)), os.Args[4])
	case "make":
		makeLog(must(strconv.ParseInt(os.Args[2], 10, 64)))
	}
}

func checkProof(logKey, witnessKey string, record, proof []byte) {
	head, checkpoint, found := bytes.Cut(proof, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		fail(errors.New("not a proof"))
	}
	index := must(strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64))
	var hashes tlog.RecordProof
	for _, line := range lines[2:] {
		hashes = append(hashes, must(tlog.ParseHash(line)))
	}
	verifiers := note.VerifierList(must(note.NewVerifier(logKey)), newCosigner(witnessKey))
	opened := must(note.Open(checkpoint, verifiers))
	if len(opened.Sigs) != 2 {
		fail(fmt.Errorf("%d known signatures", len(opened.Sigs)))
	}
	text := strings.Split(opened.Text, "\n")
	size := must(strconv.ParseInt(text[1], 10, 64))
	check(tlog.CheckRecord(hashes, size, must(tlog.ParseHash(text[2])), index, tlog.RecordHash(record)))
}

// folder reads tiles by their names in c2sp.org/tlog-tiles, which state no height.
type folder string

func (f folder) Height() int { return 8 }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		name := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		content, err := os.ReadFile(filepath.Join(string(f), name))
		if err != nil {
			return nil, err
		}
		found = append(found, content)
	}
	return found, nil
}

func checkTiles(path string, size int64, root string) {
	tree := tlog.Tree{N: size, Hash: must(tlog.ParseHash(root))}
	reader := tlog.TileHashReader(tree, folder(path))
	if must(tlog.TreeHash(size, reader)) != tree.Hash {
		fail(errors.New("the tiles have another root"))
	}
	for _, hash := range must(tlog.ProveRecord(size, size-1, reader)) {
		fmt.Println(hash)
	}
	for old := int64(1); old <= size; old++ {
		proof := must(tlog.ProveTree(size, old, reader))
		check(tlog.CheckTree(proof, size, tree.Hash, old, must(tlog.TreeHash(old, reader))))
	}
}

// memory has the hashes of a log.
type memory []tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, index := range indexes {
		found = append(found, m[index])
	}
	return found, nil
}

func makeLog(count int64) {
	private, public, err := note.GenerateKey(rand.Reader, "go.example/log")
	check(err)
	var hashes memory
	for index := int64(0); index < count; index++ {
		hashes = append(hashes, must(tlog.StoredHashes(index, []byte(fmt.Sprintf("record %d", index)), hashes))...)
	}
	root := must(tlog.TreeHash(count, hashes))
	text := fmt.Sprintf("go.example/log\n%d\n%s\n", count, root)
	signed := must(note.Sign(&note.Note{Text: text}, must(note.NewSigner(private))))
	fmt.Printf("%s\nc2sp.org/tlog-proof@v1\nindex %d\n", public, count-1)
	for _, hash := range must(tlog.ProveRecord(count, count-1, hashes)) {
		fmt.Println(hash)
	}
	fmt.Printf("\n%s", signed)
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
