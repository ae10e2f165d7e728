package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/notaryproject/notation-core-go/revocation"
	"github.com/notaryproject/notation-core-go/revocation/purpose"
	"github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
	corex509 "github.com/notaryproject/notation-core-go/x509"
	"github.com/notaryproject/notation-go"
	notationregistry "github.com/notaryproject/notation-go/registry"
	"github.com/notaryproject/notation-go/signer"
	"github.com/notaryproject/tspclient-go"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"
)

var mediaTypes = map[string]string{"cose": cose.MediaTypeEnvelope, "jws": jws.MediaTypeEnvelope}

// signed has no signature digest where notation-go gives none: beside a warning.
type signed struct {
	Image     digest.Digest `json:"image"`
	Signature digest.Digest `json:"signature,omitempty"`
	Warning   string        `json:"warning,omitempty"`
}

func sign(ctx context.Context, args []string) error {
	var image target
	metadata := pairs{}
	flags := flag.NewFlagSet("sign", flag.ContinueOnError)
	image.register(flags)
	format := flags.String("format", "cose", "envelope: cose or jws")
	key := flags.String("key", "", "private key, PEM")
	certs := flags.String("certs", "", "certificate chain, leaf first, PEM")
	expiry := flags.Duration("expiry", 0, "the signature expires after this time")
	backdate := flags.Duration("backdate", 0, "claim to have signed this long ago")
	var at time.Time
	flags.TextVar(&at, "at", at, "claim to have signed then")
	forceTag := flags.Bool("force-referrers-tag", true, "keep the referrers tag index even beside the Referrers API")
	timestampURL := flags.String("timestamp-url", "", "time-stamping authority")
	timestampRoot := flags.String("timestamp-root", "", "its root certificate")
	flags.Var(metadata, "metadata", "user metadata, key=value; repeatable")
	if err := flags.Parse(args); err != nil {
		return err
	}
	mediaType, known := mediaTypes[*format]
	if !known {
		return fmt.Errorf("--format %q: expected cose or jws", *format)
	}
	remoteRepository, err := image.open()
	if err != nil {
		return err
	}
	if *forceTag {
		if err := remoteRepository.SetReferrersCapability(false); err != nil {
			return err
		}
	}
	if *backdate != 0 {
		at = time.Now().Add(-*backdate)
	}
	imageSigner, err := newSigner(*key, *certs, at)
	if err != nil {
		return err
	}
	repository := &recorder{Repository: notationregistry.NewRepository(remoteRepository)}
	options := notation.SignerSignOptions{SignatureMediaType: mediaType, ExpiryDuration: *expiry}
	if *timestampURL != "" {
		if err := timestamped(&options, *timestampURL, *timestampRoot); err != nil {
			return err
		}
	}
	subject, err := notation.Sign(ctx, imageSigner, repository, notation.SignOptions{
		SignerSignOptions: options,
		ArtifactReference: image.reference,
		UserMetadata:      metadata,
	})
	if err != nil {
		return err
	}
	return printJSON(signed{subject.Digest, repository.signature.Digest, repository.warning})
}

func timestamped(options *notation.SignerSignOptions, url, root string) error {
	certs, err := corex509.ReadCertificateFile(root)
	if err != nil {
		return err
	}
	options.TSARootCAs = x509.NewCertPool()
	for _, cert := range certs {
		options.TSARootCAs.AddCert(cert)
	}
	options.Timestamper, err = tspclient.NewHTTPTimestamper(nil, url)
	if err != nil {
		return err
	}
	options.TSARevocationValidator, err = revocation.NewWithOptions(revocation.Options{CertChainPurpose: purpose.Timestamping})
	return err
}

func newSigner(keyPath, certPath string, at time.Time) (notation.Signer, error) {
	if at.IsZero() {
		return signer.NewGenericSignerFromFiles(keyPath, certPath)
	}
	key, err := corex509.ReadPrivateKeyFile(keyPath)
	if err != nil {
		return nil, err
	}
	certs, err := corex509.ReadCertificateFile(certPath)
	if err != nil {
		return nil, err
	}
	return &pastSigner{key, certs, at}, nil
}

// pastSigner signs as of an earlier time, which notation-go's own signer cannot.
type pastSigner struct {
	key   crypto.PrivateKey
	certs []*x509.Certificate
	at    time.Time
}

func (s *pastSigner) Sign(ctx context.Context, subject ocispec.Descriptor, options notation.SignerSignOptions) ([]byte, *signature.SignerInfo, error) {
	local, err := signature.NewLocalSigner(s.certs, s.key)
	if err != nil {
		return nil, nil, err
	}
	payload, err := json.Marshal(map[string]ocispec.Descriptor{"targetArtifact": subject})
	if err != nil {
		return nil, nil, err
	}
	envelope, err := signature.NewEnvelope(options.SignatureMediaType)
	if err != nil {
		return nil, nil, err
	}
	request := &signature.SignRequest{
		Payload:       signature.Payload{ContentType: "application/vnd.cncf.notary.payload.v1+json", Content: payload},
		Signer:        local,
		SigningTime:   s.at,
		SigningScheme: signature.SigningSchemeX509,
		SigningAgent:  "peer",

		Timestamper:            options.Timestamper,
		TSARootCAs:             options.TSARootCAs,
		TSARevocationValidator: options.TSARevocationValidator,
	}
	if options.ExpiryDuration != 0 {
		request.Expiry = s.at.Add(options.ExpiryDuration)
	}
	bytes, err := envelope.Sign(request.WithContext(ctx))
	if err != nil {
		return nil, nil, err
	}
	verified, err := envelope.Verify()
	if err != nil {
		return nil, nil, errors.Join(errors.New("the envelope just made does not verify"), err)
	}
	return bytes, &verified.SignerInfo, nil
}

func fetchManifest(ctx context.Context, repository *remote.Repository, descriptor ocispec.Descriptor) ([]byte, error) {
	return content.FetchAll(ctx, repository.Manifests(), descriptor)
}
