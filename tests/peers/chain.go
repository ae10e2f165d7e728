package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"

	corex509 "github.com/notaryproject/notation-core-go/x509"
)

type suite struct {
	name     string
	generate func() (crypto.Signer, error)
	// pss signs certificates with RSASSA-PSS; other keys have one way only.
	pss x509.SignatureAlgorithm
}

var suites = []suite{
	{"rsa2048", rsaKey(2048), x509.SHA256WithRSAPSS},
	{"rsa3072", rsaKey(3072), x509.SHA384WithRSAPSS},
	{"rsa4096", rsaKey(4096), x509.SHA512WithRSAPSS},
	{"p256", ecKey(elliptic.P256()), x509.UnknownSignatureAlgorithm},
	{"p384", ecKey(elliptic.P384()), x509.UnknownSignatureAlgorithm},
	{"p521", ecKey(elliptic.P521()), x509.UnknownSignatureAlgorithm},
}

var lengths = []string{"1", "2", "3"}

// genChains writes OUT/<suite>-<length>/{key,chain,root}.pem: a self-signed leaf; leaf and root;
// leaf, intermediate and root. With three certificates RSA issuers sign them with RSASSA-PSS.
func genChains(_ context.Context, args []string) error {
	var names []string
	for _, s := range suites {
		names = append(names, s.name)
	}
	flags := flag.NewFlagSet("gen-chain", flag.ContinueOnError)
	suiteNames := flags.String("suite", "p256", "suites, separated by commas")
	lengthNames := flags.String("length", "2", "certificates in the chain, separated by commas")
	out := flags.String("out", "", "folder to write to")
	keys := flags.String("keys", "", "folder that keeps keys from one run to the next")
	now := time.Now()
	valid := validity{now.AddDate(0, 0, -2), now.AddDate(1, 0, 0)}
	flags.TextVar(&valid.from, "not-before", valid.from, "every certificate is valid from here")
	flags.TextVar(&valid.to, "not-after", valid.to, "every certificate is valid until here")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" {
		return errors.New("--out is missing")
	}
	wanted, err := oneOf("suite", *suiteNames, names)
	if err != nil {
		return err
	}
	wantedLengths, err := oneOf("length", *lengthNames, lengths)
	if err != nil {
		return err
	}
	for _, s := range suites {
		for _, name := range wanted {
			for _, length := range wantedLengths {
				if s.name != name {
					continue
				}
				folder := filepath.Join(*out, s.name+"-"+length)
				if err := s.writeChain(folder, *keys, int(length[0]-'0'), valid); err != nil {
					return fmt.Errorf("%s: %w", folder, err)
				}
			}
		}
	}
	return nil
}

type validity struct{ from, to time.Time }

func (s suite) writeChain(folder, keys string, length int, valid validity) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	roles := []string{"leaf", "intermediate", "root"}
	if length < 3 {
		roles = []string{"leaf", "root"}[:length]
	}
	var chain []byte
	var leafKey crypto.Signer
	var parent *x509.Certificate
	var parentKey crypto.Signer
	for i := length - 1; i >= 0; i-- {
		key, err := s.key(keys, roles[i])
		if err != nil {
			return err
		}
		template := certificate(fmt.Sprintf("%s %s of %d", s.name, roles[i], length), i, valid)
		if length == 3 {
			template.SignatureAlgorithm = s.pss
		}
		if parent == nil {
			parent, parentKey = template, key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
		if err != nil {
			return err
		}
		block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		if i == length-1 {
			if err := os.WriteFile(filepath.Join(folder, "root.pem"), block, 0o600); err != nil {
				return err
			}
		}
		chain = append(block, chain...)
		if parent, err = x509.ParseCertificate(der); err != nil {
			return err
		}
		parentKey, leafKey = key, key
	}
	keyBlock, err := keyPEM(leafKey)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "chain.pem"), chain, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "key.pem"), keyBlock, 0o600)
}

// certificate follows signature-specification.md, "Certificate Requirements".
func certificate(name string, index int, valid validity) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: name, Organization: []string{"Peer, Inc."}, Province: []string{"WA"}, Country: []string{"US"}},
		NotBefore:             valid.from,
		NotAfter:              valid.to,
		BasicConstraintsValid: true,
	}
	if index == 0 {
		template.KeyUsage = x509.KeyUsageDigitalSignature
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	} else {
		template.IsCA = true
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	}
	return template
}

func (s suite) key(folder, role string) (crypto.Signer, error) {
	path := filepath.Join(folder, s.name+"-"+role+".pem")
	if folder != "" {
		if kept, err := corex509.ReadPrivateKeyFile(path); err == nil {
			if key, ok := kept.(crypto.Signer); ok {
				return key, nil
			}
		}
	}
	key, err := s.generate()
	if err != nil || folder == "" {
		return key, err
	}
	block, err := keyPEM(key)
	if err != nil {
		return nil, err
	}
	return key, writeWhole(path, block)
}

func keyPEM(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func writeWhole(path string, bytes []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".key-")
	if err != nil {
		return err
	}
	_, err = file.Write(bytes)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func rsaKey(bits int) func() (crypto.Signer, error) {
	return func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, bits) }
}

func ecKey(curve elliptic.Curve) func() (crypto.Signer, error) {
	return func() (crypto.Signer, error) { return ecdsa.GenerateKey(curve, rand.Reader) }
}
