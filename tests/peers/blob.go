package main

import (
	"context"
	"crypto"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/notaryproject/notation-core-go/signature"
	corex509 "github.com/notaryproject/notation-core-go/x509"
	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/dir"
	"github.com/notaryproject/notation-go/signer"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// algorithms of content digests: a file's digest has the hash of the key that signs it.
var algorithms = map[crypto.Hash]digest.Algorithm{
	crypto.SHA256: digest.SHA256,
	crypto.SHA384: digest.SHA384,
	crypto.SHA512: digest.SHA512,
}

// blobFlags are what both commands on files are told.
type blobFlags struct {
	format, mediaType, signature *string
	metadata                     pairs
}

func (b *blobFlags) register(flags *flag.FlagSet) {
	b.metadata = pairs{}
	b.format = flags.String("format", "cose", "envelope: cose or jws")
	b.mediaType = flags.String("media-type", "application/octet-stream", "the file's media type")
	b.signature = flags.String("signature", "", "the signature's file")
	flags.Var(b.metadata, "metadata", "user metadata, key=value; repeatable")
}

// parse returns the file's content and the envelope's media type.
func (b *blobFlags) parse(flags *flag.FlagSet, args []string) ([]byte, string, error) {
	if err := flags.Parse(args); err != nil {
		return nil, "", err
	}
	envelope, known := mediaTypes[*b.format]
	if !known || *b.signature == "" || flags.NArg() != 1 {
		return nil, "", errors.New("expected --format cose|jws, --signature and one file")
	}
	content, err := os.ReadFile(flags.Arg(0))
	return content, envelope, err
}

// descriptor describes the file as a signature of this algorithm does.
func (b *blobFlags) descriptor(content []byte, algorithm signature.Algorithm) (ocispec.Descriptor, error) {
	hash, known := algorithms[algorithm.Hash()]
	if !known {
		return ocispec.Descriptor{}, fmt.Errorf("no digest algorithm for %v", algorithm.Hash())
	}
	return ocispec.Descriptor{MediaType: *b.mediaType, Digest: hash.FromBytes(content), Size: int64(len(content))}, nil
}

// signBlob signs a file's descriptor with notation-go's signer.
func signBlob(ctx context.Context, args []string) error {
	var given blobFlags
	flags := flag.NewFlagSet("blob-sign", flag.ContinueOnError)
	given.register(flags)
	key := flags.String("key", "", "private key, PEM")
	certs := flags.String("certs", "", "certificate chain, leaf first, PEM")
	content, envelope, err := given.parse(flags, args)
	if err != nil {
		return err
	}
	chain, err := corex509.ReadCertificateFile(*certs)
	if err != nil {
		return err
	}
	if len(chain) == 0 {
		return fmt.Errorf("no certificate in %s", *certs)
	}
	spec, err := signature.ExtractKeySpec(chain[0])
	if err != nil {
		return err
	}
	blob, err := given.descriptor(content, spec.SignatureAlgorithm())
	if err != nil {
		return err
	}
	blob.Annotations = given.metadata
	blobSigner, err := signer.NewGenericSignerFromFiles(*key, *certs)
	if err != nil {
		return err
	}
	signed, _, err := blobSigner.Sign(ctx, blob, notation.SignerSignOptions{SignatureMediaType: envelope})
	if err != nil {
		return err
	}
	return os.WriteFile(*given.signature, signed, 0o600)
}

// verifyBlob verifies a file's descriptor with notation-go's verifier, under the policy for images.
func verifyBlob(ctx context.Context, args []string) error {
	var given blobFlags
	flags := flag.NewFlagSet("blob-verify", flag.ContinueOnError)
	given.register(flags)
	config := flags.String("config", "", "notation's configuration directory: trustpolicy.json and truststore/")
	content, mediaType, err := given.parse(flags, args)
	if err != nil {
		return err
	}
	signed, err := os.ReadFile(*given.signature)
	if err != nil {
		return err
	}
	envelope, err := signature.ParseEnvelope(mediaType, signed)
	if err != nil {
		return err
	}
	claimed, err := envelope.Content()
	if err != nil {
		return err
	}
	blob, err := given.descriptor(content, claimed.SignerInfo.SignatureAlgorithm)
	if err != nil {
		return err
	}
	dir.UserConfigDir = *config
	blobVerifier, err := verifier.NewFromConfig()
	if err != nil {
		return err
	}
	outcome, err := blobVerifier.Verify(ctx, blob, signed, notation.VerifierVerifyOptions{
		ArtifactReference:  "local/blob@" + blob.Digest.String(),
		SignatureMediaType: mediaType,
		UserMetadata:       given.metadata,
	})
	if err != nil {
		return err
	}
	answer := verified{Success: true, Digest: blob.Digest, envelopeFacts: facts(outcome.EnvelopeContent)}
	if answer.Metadata, err = outcome.UserMetadata(); err != nil {
		return err
	}
	return printJSON(answer)
}
