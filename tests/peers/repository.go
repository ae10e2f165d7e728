package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	notationregistry "github.com/notaryproject/notation-go/registry"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote"
)

// target is the flags that name an image.
type target struct {
	reference string
	https     bool
}

func (t *target) register(flags *flag.FlagSet) {
	flags.StringVar(&t.reference, "ref", "", "image: REGISTRY/REPOSITORY@DIGEST or :TAG")
	flags.BoolVar(&t.https, "https", false, "speak HTTPS instead of plain HTTP")
}

func (t *target) open() (*remote.Repository, error) {
	if t.reference == "" {
		return nil, errors.New("--ref is missing")
	}
	repository, err := remote.NewRepository(t.reference)
	if err != nil {
		return nil, fmt.Errorf("--ref %s: %w", t.reference, err)
	}
	repository.PlainHTTP = !t.https
	return repository, nil
}

// recorder passes everything on and remembers the signature pushed.
type recorder struct {
	notationregistry.Repository
	signature ocispec.Descriptor
	warning   string
}

func (r *recorder) PushSignature(ctx context.Context, mediaType string, blob []byte, subject ocispec.Descriptor, annotations map[string]string) (ocispec.Descriptor, ocispec.Descriptor, error) {
	envelope, manifest, err := r.Repository.PushSignature(ctx, mediaType, blob, subject, annotations)
	// As the notation command line does: an outdated index left behind is a warning.
	var referrers *remote.ReferrersError
	if errors.As(err, &referrers) && referrers.IsReferrersIndexDelete() {
		r.warning = err.Error()
		err = nil
	}
	r.signature = manifest
	return envelope, manifest, err
}

type listing struct {
	Signatures []listed `json:"signatures"`
	Tags       []string `json:"tags"`
}

type listed struct {
	Digest       digest.Digest     `json:"digest"`
	ArtifactType string            `json:"artifactType"`
	Annotations  map[string]string `json:"annotations"`
	Manifest     string            `json:"manifest"`
	Envelope     int               `json:"envelopeBytes"`
	MediaType    string            `json:"envelopeMediaType"`
}

func list(ctx context.Context, args []string) error {
	var image target
	flags := flag.NewFlagSet("list", flag.ContinueOnError)
	image.register(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	remoteRepository, err := image.open()
	if err != nil {
		return err
	}
	repository := notationregistry.NewRepository(remoteRepository)
	subject, err := repository.Resolve(ctx, remoteRepository.Reference.Reference)
	if err != nil {
		return err
	}
	answer := listing{Signatures: []listed{}}
	err = repository.ListSignatures(ctx, subject, func(page []ocispec.Descriptor) error {
		for _, descriptor := range page {
			manifest, err := fetchManifest(ctx, remoteRepository, descriptor)
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
	err = remoteRepository.Tags(ctx, "", func(page []string) error {
		answer.Tags = append(answer.Tags, page...)
		return nil
	})
	if err != nil {
		return err
	}
	return printJSON(answer)
}
