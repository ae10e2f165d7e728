package main

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"os"

	corecrl "github.com/notaryproject/notation-core-go/revocation/crl"
	"github.com/notaryproject/notation-go/verifier/crl"
)

// keptCRL is what the cache holds for an address, in DER.
type keptCRL struct {
	Base  []byte `json:"base"`
	Delta []byte `json:"delta,omitempty"`
}

// crlCache keeps the CRLs in one or two files, base and delta, for an address; without files it prints what
// is kept for it.
func crlCache(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("crl-cache", flag.ContinueOnError)
	folder := flags.String("folder", "", "folder of the cache")
	url := flags.String("url", "", "address of the base CRL")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *folder == "" || *url == "" || flags.NArg() > 2 {
		return errors.New("expected --folder, --url and at most two files")
	}
	cache, err := crl.NewFileCache(*folder)
	if err != nil {
		return err
	}
	if flags.NArg() == 0 {
		bundle, err := cache.Get(ctx, *url)
		if err != nil {
			return err
		}
		kept := keptCRL{Base: bundle.BaseCRL.Raw}
		if bundle.DeltaCRL != nil {
			kept.Delta = bundle.DeltaCRL.Raw
		}
		return printJSON(kept)
	}
	var bundle corecrl.Bundle
	if bundle.BaseCRL, err = readCRL(flags.Arg(0)); err != nil {
		return err
	}
	if flags.NArg() == 2 {
		if bundle.DeltaCRL, err = readCRL(flags.Arg(1)); err != nil {
			return err
		}
	}
	return cache.Set(ctx, *url, &bundle)
}

func readCRL(path string) (*x509.RevocationList, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return x509.ParseRevocationList(bytes)
}
