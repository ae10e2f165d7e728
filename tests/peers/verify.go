package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/dir"
	notationregistry "github.com/notaryproject/notation-go/registry"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/opencontainers/go-digest"
)

// envelopeFacts is what a good envelope says. Payload is its text as signed, byte for byte.
type envelopeFacts struct {
	Signer      []string   `json:"signer,omitempty"`
	Thumbprints []string   `json:"thumbprints,omitempty"`
	Algorithm   string     `json:"algorithm,omitempty"`
	Scheme      string     `json:"signingScheme,omitempty"`
	Agent       string     `json:"signingAgent,omitempty"`
	SigningTime *time.Time `json:"signingTime,omitempty"`
	Expiry      *time.Time `json:"expiry,omitempty"`
	PayloadType string     `json:"payloadType,omitempty"`
	Payload     string     `json:"payload,omitempty"`
}

type verified struct {
	Success bool          `json:"success"`
	Digest  digest.Digest `json:"digest,omitempty"`
	envelopeFacts
	Metadata map[string]string `json:"metadata,omitempty"`
	Errors   []string          `json:"errors,omitempty"`
}

func verify(ctx context.Context, args []string) error {
	var image target
	metadata := pairs{}
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	image.register(flags)
	config := flags.String("config", "", "notation's configuration directory: trustpolicy.json, truststore/ and plugins/")
	maximum := flags.Int("max-signatures", 100, "signatures to try")
	pluginConfig := pairs{}
	flags.Var(pluginConfig, "plugin-config", "for the verification plugin, key=value; repeatable")
	flags.Var(metadata, "metadata", "user metadata that must be in the signature, key=value; repeatable")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *config == "" {
		return errors.New("--config is missing")
	}
	dir.UserConfigDir = *config
	remoteRepository, err := image.open()
	if err != nil {
		return err
	}
	imageVerifier, err := verifier.NewFromConfig()
	if err != nil {
		return err
	}
	subject, outcomes, err := notation.Verify(ctx, imageVerifier, notationregistry.NewRepository(remoteRepository), notation.VerifyOptions{
		ArtifactReference:    image.reference,
		MaxSignatureAttempts: *maximum,
		UserMetadata:         metadata,
		PluginConfig:         pluginConfig,
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
		if answer.Metadata, err = outcome.UserMetadata(); err != nil {
			return err
		}
		for _, result := range outcome.VerificationResults {
			if result.Error != nil {
				answer.Errors = append(answer.Errors, string(result.Type)+": "+result.Error.Error())
			}
		}
	}
	return printJSON(answer)
}

func inspect(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("inspect", flag.ContinueOnError)
	format := flags.String("format", "cose", "envelope: cose or jws")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("expected one file")
	}
	bytes, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		return err
	}
	envelope, err := signature.ParseEnvelope(mediaTypes[*format], bytes)
	if err != nil {
		return err
	}
	content, err := envelope.Verify()
	if err != nil {
		return err
	}
	return printJSON(facts(content))
}

func facts(content *signature.EnvelopeContent) envelopeFacts {
	if content == nil {
		return envelopeFacts{}
	}
	info := content.SignerInfo
	found := envelopeFacts{
		Scheme:      string(info.SignedAttributes.SigningScheme),
		Agent:       info.UnsignedAttributes.SigningAgent,
		SigningTime: &info.SignedAttributes.SigningTime,
		PayloadType: content.Payload.ContentType,
		Payload:     string(content.Payload.Content),
	}
	if !info.SignedAttributes.Expiry.IsZero() {
		found.Expiry = &info.SignedAttributes.Expiry
	}
	if name, known := algorithmNames[info.SignatureAlgorithm]; known {
		found.Algorithm = name
	}
	for _, certificate := range info.CertificateChain {
		found.Signer = append(found.Signer, certificate.Subject.String())
		found.Thumbprints = append(found.Thumbprints, fmt.Sprintf("%x", sha256.Sum256(certificate.Raw)))
	}
	return found
}

var algorithmNames = map[signature.Algorithm]string{
	signature.AlgorithmPS256: "PS256",
	signature.AlgorithmPS384: "PS384",
	signature.AlgorithmPS512: "PS512",
	signature.AlgorithmES256: "ES256",
	signature.AlgorithmES384: "ES384",
	signature.AlgorithmES512: "ES512",
}

// causes takes joined errors apart: one text per signature that failed.
func causes(err error) []string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{err.Error()}
	}
	var texts []string
	for _, cause := range joined.Unwrap() {
		if text := cause.Error(); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}
