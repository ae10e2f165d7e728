package main

import (
	"context"
	"flag"

	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/dir"
	"github.com/notaryproject/notation-go/plugin"
	notationregistry "github.com/notaryproject/notation-go/registry"
	"github.com/notaryproject/notation-go/signer"
)

// signWithPlugin lets notation-go find a plugin, ask it for its metadata and sign with its key.
func signWithPlugin(ctx context.Context, args []string) error {
	var image target
	config := pairs{}
	flags := flag.NewFlagSet("sign-plugin", flag.ContinueOnError)
	image.register(flags)
	format := flags.String("format", "cose", "envelope: cose or jws")
	plugins := flags.String("plugins", "", "directory with the plugins")
	name := flags.String("plugin", "", "name of the plugin")
	id := flags.String("id", "", "key id")
	flags.Var(config, "config", "setting of the plugin, key=value; repeatable")
	if err := flags.Parse(args); err != nil {
		return err
	}
	remoteRepository, err := image.open()
	if err != nil {
		return err
	}
	found, err := plugin.NewCLIManager(dir.NewSysFS(*plugins)).Get(ctx, *name)
	if err != nil {
		return err
	}
	pluginSigner, err := signer.NewPluginSigner(found, *id, config)
	if err != nil {
		return err
	}
	repository := &recorder{Repository: notationregistry.NewRepository(remoteRepository)}
	subject, err := notation.Sign(ctx, pluginSigner, repository, notation.SignOptions{
		SignerSignOptions: notation.SignerSignOptions{SignatureMediaType: mediaTypes[*format]},
		ArtifactReference: image.reference,
	})
	if err != nil {
		return err
	}
	return printJSON(signed{subject.Digest, repository.signature.Digest, repository.warning})
}
