// Command peer puts the Notary Project's own library and two registries others wrote behind small
// commands, so that a test can hold this project's work against them.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

type command struct {
	name    string
	summary string
	run     func(ctx context.Context, args []string) error
	serves  bool
}

// A command that does not serve ends within this time.
const limit = time.Minute

func commands() []command {
	return []command{
		{"sign", "sign an image with notation-go and push the signature", sign, false},
		{"sign-plugin", "sign an image with a plugin that notation-go runs", signWithPlugin, false},
		{"verify", "verify an image with notation-go", verify, false},
		{"list", "print the signature manifests of an image", list, false},
		{"registry", "serve a registry on loopback until SIGTERM", serveRegistry, true},
		{"push-image", "push a small random image to each reference", pushImages, false},
		{"inspect", "parse and verify a signature envelope in a file", inspect, false},
		{"blob-sign", "sign a file with notation-go", signBlob, false},
		{"blob-verify", "verify a file with notation-go", verifyBlob, false},
		{"crl-cache", "keep CRLs in notation-go's cache, or print what it keeps", crlCache, false},
		{"layout", "make, sign, verify, list, read or push an OCI image layout", layoutCommand, false},
		{"gen-chain", "write keys and certificate chains", genChains, false},
	}
}

// errFailed says that the answer was printed and that it is no.
var errFailed = errors.New("failed")

func main() {
	if len(os.Args) < 2 {
		usage()
	}
	for _, c := range commands() {
		if c.name != os.Args[1] {
			continue
		}
		ctx, cancel := context.Background(), context.CancelFunc(func() {})
		if !c.serves {
			ctx, cancel = context.WithTimeout(ctx, limit)
		}
		err := c.run(ctx, os.Args[2:])
		cancel()
		switch {
		case err == nil:
			return
		case errors.Is(err, flag.ErrHelp):
			os.Exit(2)
		case !errors.Is(err, errFailed):
			fmt.Fprintf(os.Stderr, "peer %s: %v\n", c.name, err)
		}
		os.Exit(1)
	}
	usage()
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: peer <command> [flags]")
	for _, c := range commands() {
		fmt.Fprintf(os.Stderr, "  %-12s %s\n", c.name, c.summary)
	}
	os.Exit(2)
}

// pairs is a repeatable key=value flag.
type pairs map[string]string

func (p pairs) String() string { return "" }

func (p pairs) Set(text string) error {
	key, value, found := strings.Cut(text, "=")
	if !found || key == "" {
		return fmt.Errorf("%q is not key=value", text)
	}
	p[key] = value
	return nil
}

// list of values separated by commas, each one of the allowed.
func oneOf(name, text string, allowed []string) ([]string, error) {
	var values []string
	for value := range strings.SplitSeq(text, ",") {
		known := false
		for _, a := range allowed {
			known = known || a == value
		}
		if !known {
			return nil, fmt.Errorf("--%s %q: expected some of %s", name, value, strings.Join(allowed, ","))
		}
		values = append(values, value)
	}
	return values, nil
}

func printJSON(value any) error {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
