package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/dir"
	notationregistry "github.com/notaryproject/notation-go/registry"
	"github.com/notaryproject/notation-go/verifier"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/oci"
)

// layoutCommand does one of the things that can be done with an OCI image layout.
func layoutCommand(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("expected make, sign, verify, list, read or push")
	}
	switch args[0] {
	case "make":
		return makeLayout(args[1:])
	case "sign":
		return signLayout(ctx, args[1:])
	case "verify":
		return verifyLayout(ctx, args[1:])
	case "list":
		return listLayout(ctx, args[1:])
	case "read":
		return readLayout(args[1:])
	case "push":
		return pushLayout(ctx, args[1:])
	}
	return fmt.Errorf("%q: expected make, sign, verify, list, read or push", args[0])
}

// makeLayout writes a layout with one image or, with --platforms, an index of two, and prints its digest.
func makeLayout(args []string) error {
	flags := flag.NewFlagSet("layout make", flag.ContinueOnError)
	path := flags.String("path", "", "folder of the layout")
	tag := flags.String("tag", "v1", "name of the image")
	platforms := flags.Bool("platforms", false, "an index of two images")
	if err := flags.Parse(args); err != nil {
		return err
	}
	written, err := layout.Write(*path, empty.Index)
	if err != nil {
		return err
	}
	named := layout.WithAnnotations(map[string]string{ocispec.AnnotationRefName: *tag})
	if *platforms {
		index, err := random.Index(layerBytes, 1, 2)
		if err != nil {
			return err
		}
		index = mutate.IndexMediaType(index, types.OCIImageIndex)
		if err := written.AppendIndex(index, named); err != nil {
			return err
		}
		return printDigest(index)
	}
	image, err := randomImage(false)
	if err != nil {
		return err
	}
	if err := written.AppendImage(image, named); err != nil {
		return err
	}
	return printDigest(image)
}

func signLayout(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("layout sign", flag.ContinueOnError)
	path := flags.String("path", "", "folder of the layout")
	reference := flags.String("ref", "", "tag or digest")
	format := flags.String("format", "cose", "envelope: cose or jws")
	key := flags.String("key", "", "private key, PEM")
	certs := flags.String("certs", "", "certificate chain, leaf first, PEM")
	if err := flags.Parse(args); err != nil {
		return err
	}
	repository, err := openLayout(*path)
	if err != nil {
		return err
	}
	imageSigner, err := newSigner(*key, *certs, time.Time{})
	if err != nil {
		return err
	}
	recorded := &recorder{Repository: repository}
	subject, err := notation.Sign(ctx, imageSigner, recorded, notation.SignOptions{
		SignerSignOptions: notation.SignerSignOptions{SignatureMediaType: mediaTypes[*format]},
		ArtifactReference: *reference,
	})
	if err != nil {
		return err
	}
	return printJSON(signed{subject.Digest, recorded.signature.Digest, recorded.warning})
}

func verifyLayout(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("layout verify", flag.ContinueOnError)
	path := flags.String("path", "", "folder of the layout")
	reference := flags.String("ref", "", "SCOPE@DIGEST")
	config := flags.String("config", "", "notation's configuration directory")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir.UserConfigDir = *config
	repository, err := openLayout(*path)
	if err != nil {
		return err
	}
	imageVerifier, err := verifier.NewFromConfig()
	if err != nil {
		return err
	}
	subject, outcomes, err := notation.Verify(ctx, imageVerifier, repository, notation.VerifyOptions{
		ArtifactReference:    *reference,
		MaxSignatureAttempts: 100,
	})
	if err != nil {
		if err := printJSON(verified{Errors: causes(err)}); err != nil {
			return err
		}
		return errFailed
	}
	answer := verified{Success: true, Digest: subject.Digest}
	for _, outcome := range outcomes {
		answer.envelopeFacts = facts(outcome.EnvelopeContent)
	}
	return printJSON(answer)
}

// listLayout prints the signatures that notation-go finds, with their manifests.
func listLayout(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("layout list", flag.ContinueOnError)
	path := flags.String("path", "", "folder of the layout")
	reference := flags.String("ref", "", "tag or digest")
	if err := flags.Parse(args); err != nil {
		return err
	}
	store, err := oci.New(*path)
	if err != nil {
		return err
	}
	repository := notationregistry.NewRepository(store)
	subject, err := repository.Resolve(ctx, *reference)
	if err != nil {
		return err
	}
	answer := listing{Signatures: []listed{}}
	err = repository.ListSignatures(ctx, subject, func(page []ocispec.Descriptor) error {
		for _, descriptor := range page {
			manifest, err := content.FetchAll(ctx, store, descriptor)
			if err != nil {
				return err
			}
			envelope, envelopeDescriptor, err := repository.FetchSignatureBlob(ctx, descriptor)
			if err != nil {
				return err
			}
			answer.Signatures = append(answer.Signatures, listed{
				Digest:       descriptor.Digest,
				ArtifactType: descriptor.ArtifactType,
				Annotations:  descriptor.Annotations,
				Manifest:     string(manifest),
				Envelope:     len(envelope),
				MediaType:    envelopeDescriptor.MediaType,
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = store.Tags(ctx, "", func(page []string) error {
		answer.Tags = append(answer.Tags, page...)
		return nil
	})
	if err != nil {
		return err
	}
	return printJSON(answer)
}

// readLayout prints index.json as go-containerregistry reads it, every manifest fetched.
func readLayout(args []string) error {
	flags := flag.NewFlagSet("layout read", flag.ContinueOnError)
	path := flags.String("path", "", "folder of the layout")
	if err := flags.Parse(args); err != nil {
		return err
	}
	index, err := layout.ImageIndexFromPath(*path)
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, descriptor := range manifest.Manifests {
		if !descriptor.MediaType.IsImage() {
			continue
		}
		image, err := index.Image(descriptor.Digest)
		if err != nil {
			return err
		}
		if _, err := image.Manifest(); err != nil {
			return err
		}
	}
	return printJSON(manifest)
}

// pushLayout copies an artifact with everything that refers to it to a registry, as `oras cp -r` does.
func pushLayout(ctx context.Context, args []string) error {
	var image target
	flags := flag.NewFlagSet("layout push", flag.ContinueOnError)
	image.register(flags)
	path := flags.String("path", "", "folder of the layout")
	from := flags.String("from", "v1", "tag or digest in the layout")
	if err := flags.Parse(args); err != nil {
		return err
	}
	store, err := oci.New(*path)
	if err != nil {
		return err
	}
	repository, err := image.open()
	if err != nil {
		return err
	}
	options := oras.DefaultExtendedCopyOptions
	pushed, err := oras.ExtendedCopy(ctx, store, *from, repository, repository.Reference.Reference, options)
	if err != nil {
		return err
	}
	var below []ocispec.Descriptor
	if pushed.MediaType == ocispec.MediaTypeImageIndex {
		if below, err = content.Successors(ctx, store, pushed); err != nil {
			return err
		}
	}
	for _, child := range below {
		if err := oras.ExtendedCopyGraph(ctx, store, repository, child, options.ExtendedCopyGraphOptions); err != nil {
			return err
		}
	}
	_, err = fmt.Println(pushed.Digest)
	return err
}

func openLayout(path string) (notationregistry.Repository, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	return notationregistry.NewOCIRepository(path, notationregistry.RepositoryOptions{})
}

func printDigest(written interface{ Digest() (v1.Hash, error) }) error {
	digest, err := written.Digest()
	if err != nil {
		return err
	}
	_, err = fmt.Println(digest)
	return err
}
