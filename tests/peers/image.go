package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const layerBytes = 256

// pushImages prints REGISTRY/REPOSITORY@DIGEST for each reference, in order.
func pushImages(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("push-image", flag.ContinueOnError)
	docker := flags.Bool("docker", false, "Docker's manifest type instead of OCI's")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("expected references: REGISTRY/REPOSITORY:TAG")
	}
	for _, text := range flags.Args() {
		reference, err := name.NewTag(text, name.Insecure)
		if err != nil {
			return err
		}
		image, err := randomImage(*docker)
		if err != nil {
			return err
		}
		if err := remote.Write(reference, image, remote.WithContext(ctx)); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		digest, err := image.Digest()
		if err != nil {
			return err
		}
		fmt.Printf("%s@%s\n", reference.Context(), digest)
	}
	return nil
}

func randomImage(docker bool) (v1.Image, error) {
	image, err := random.Image(layerBytes, 1)
	if err != nil || docker {
		return image, err
	}
	image = mutate.MediaType(image, types.OCIManifestSchema1)
	return mutate.ConfigMediaType(image, types.OCIConfigJSON), nil
}
