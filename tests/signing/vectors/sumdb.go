// Makes sumdb.json: what Go's own transparency log says of the trees and notes that our tests make.
//
// Needs Go and golang.org/x/mod (the Debian package golang-golang-x-mod-dev, or a module of one's
// own): `go run sumdb.go > sumdb.json`. Leaf i is the decimal digits of i.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	small     = 70
	large     = 70000
	logName   = "coop.example/books"
	otherName = "witness.example/1"
)

type proofs struct {
	Old         int64    `json:"old"`
	OldRoot     string   `json:"old_root"`
	Size        int64    `json:"size"`
	Root        string   `json:"root"`
	Consistency []string `json:"consistency"`
	Index       int64    `json:"index"`
	Inclusion   []string `json:"inclusion"`
}

type signed struct {
	Seed string `json:"seed"`
	Key  string `json:"key"`
	Text string `json:"text"`
	Note string `json:"note"`
	Both string `json:"both"`
}

var stored []tlog.Hash

func reader(indexes []int64) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, index := range indexes {
		hashes = append(hashes, stored[index])
	}
	return hashes, nil
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func hexes(hashes []tlog.Hash) []string {
	texts := []string{}
	for _, hash := range hashes {
		texts = append(texts, hex.EncodeToString(hash[:]))
	}
	return texts
}

func root(size int64) string {
	hash := must(tlog.TreeHash(size, tlog.HashReaderFunc(reader)))
	return hex.EncodeToString(hash[:])
}

func inclusion(index, size int64) []string {
	return hexes(must(tlog.ProveRecord(size, index, tlog.HashReaderFunc(reader))))
}

func consistency(old, size int64) []string {
	return hexes(must(tlog.ProveTree(size, old, tlog.HashReaderFunc(reader))))
}

func digest(lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}

// Every proof of the small trees: one digest for each size, over a line of hashes for each proof.
func allProofs() (roots, inclusions, consistencies []string) {
	for size := int64(1); size <= small; size++ {
		var ins, cons []string
		for at := int64(0); at < size; at++ {
			ins = append(ins, strings.Join(inclusion(at, size), " "))
			cons = append(cons, strings.Join(consistency(at+1, size), " "))
		}
		roots = append(roots, root(size))
		inclusions = append(inclusions, digest(ins))
		consistencies = append(consistencies, digest(cons))
	}
	return
}

func someProofs() (some []proofs) {
	cases := [][3]int64{
		{1, 0, 70000}, {255, 254, 256}, {256, 255, 257}, {256, 256, 65536}, {4095, 17, 65535},
		{65535, 65535, 65537}, {65536, 3, 65537}, {65537, 65536, 70000}, {69632, 69999, 70000},
		{12345, 54321, 67890}, {69999, 4242, 70000}, {32768, 40000, 49152},
	}
	for _, it := range cases {
		old, index, size := it[0], it[1], it[2]
		some = append(some, proofs{
			old, root(old), size, root(size), consistency(old, size), index, inclusion(index, size),
		})
	}
	return
}

// The digest of all tiles, the unfinished ones in all widths so far, and the digests of some.
func tiles() (some map[string]string, all string) {
	some = map[string]string{}
	content := map[string][]byte{}
	var paths []string
	for _, tile := range tlog.NewTiles(8, 0, large) {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		content[path] = must(tlog.ReadTileData(tile, tlog.HashReaderFunc(reader)))
		paths = append(paths, path)
	}
	sort.Strings(paths)
	sum := sha256.New()
	for _, path := range paths {
		one := sha256.Sum256(content[path])
		sum.Write([]byte(path + "\n"))
		sum.Write(one[:])
		for _, shown := range []string{"/000", "/272", ".p/1", "/112", "/17"} {
			if strings.HasSuffix(path, shown) {
				some[path] = hex.EncodeToString(one[:])
			}
		}
	}
	return some, hex.EncodeToString(sum.Sum(nil))
}

func tilePaths() map[string]string {
	paths := map[string]string{}
	for _, n := range []int64{0, 7, 999, 1000, 1001, 1234067, 999999, 1000000, 123456789012} {
		paths[strconv.FormatInt(n, 10)] = strings.Replace(
			tlog.Tile{H: 8, L: 3, N: n, W: 256}.Path(), "tile/8/", "tile/", 1)
	}
	return paths
}

func key(name string, seed byte) (string, note.Signer, string) {
	raw := bytes.Repeat([]byte{seed}, 32)
	private, public, err := note.GenerateKey(bytes.NewReader(raw), name)
	if err != nil {
		panic(err)
	}
	return hex.EncodeToString(raw), must(note.NewSigner(private)), public
}

func notes() (all []signed) {
	checkpoint := logName + "\n" + strconv.Itoa(small) + "\n" +
		must(tlog.TreeHash(small, tlog.HashReaderFunc(reader))).String() + "\n"
	_, other, _ := key(otherName, 9)
	for _, text := range []string{checkpoint, "one line\n", "zwei\n\nAbsätze – “ja” \u2028\n", "\n", "\n\n"} {
		seed, signer, public := key(logName, 7)
		one := must(note.Sign(&note.Note{Text: text}, signer))
		both := must(note.Sign(&note.Note{Text: text}, other, signer))
		all = append(all, signed{seed, public, text, string(one), string(both)})
	}
	return
}

func main() {
	for i := int64(0); i < large; i++ {
		data := []byte(strconv.FormatInt(i, 10))
		stored = append(stored, must(tlog.StoredHashes(i, data, tlog.HashReaderFunc(reader)))...)
	}
	roots, inclusions, consistencies := allProofs()
	some, all := tiles()
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", " ")
	err := out.Encode(map[string]any{
		"made_by":       "golang.org/x/mod v0.7.0, sumdb/tlog and sumdb/note, by sumdb.go",
		"roots":         roots,
		"inclusions":    inclusions,
		"consistencies": consistencies,
		"proofs":        someProofs(),
		"tiles":         map[string]any{"size": large, "some": some, "all": all},
		"paths":         tilePaths(),
		"notes":         notes(),
	})
	if err != nil {
		panic(err)
	}
}
