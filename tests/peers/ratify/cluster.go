package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ratify-project/ratify/pkg/controllers/utils"
	"github.com/ratify-project/ratify/pkg/executor/core"
	"github.com/ratify-project/ratify/pkg/keymanagementprovider"
	kmpconfig "github.com/ratify-project/ratify/pkg/keymanagementprovider/config"
	kmpfactory "github.com/ratify-project/ratify/pkg/keymanagementprovider/factory"
	_ "github.com/ratify-project/ratify/pkg/keymanagementprovider/inline"
	policyconfig "github.com/ratify-project/ratify/pkg/policyprovider/config"
	_ "github.com/ratify-project/ratify/pkg/policyprovider/configpolicy"
	policyfactory "github.com/ratify-project/ratify/pkg/policyprovider/factory"
	storeconfig "github.com/ratify-project/ratify/pkg/referrerstore/config"
	storefactory "github.com/ratify-project/ratify/pkg/referrerstore/factory"
	_ "github.com/ratify-project/ratify/pkg/referrerstore/oras"
	verifierfactory "github.com/ratify-project/ratify/pkg/verifier/factory"
	_ "github.com/ratify-project/ratify/pkg/verifier/notation"
	"k8s.io/apimachinery/pkg/util/yaml"
)

type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Name          string          `json:"name"`
		Type          string          `json:"type"`
		Version       string          `json:"version"`
		ArtifactTypes string          `json:"artifactTypes"`
		Parameters    json.RawMessage `json:"parameters"`
		Targets       []struct {
			Rego string `json:"rego"`
		} `json:"targets"`
	} `json:"spec"`
}

// read takes a file of YAML documents apart.
func read(path string) ([]object, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
	var objects []object
	for {
		var next object
		if err := documents.Decode(&next); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, err
		}
		if next.Kind != "" {
			objects = append(objects, next)
		}
	}
}

type cluster struct {
	executor core.Executor
	rego     string
}

// build does with each object what Ratify's controllers do.
func build(objects []object) (*cluster, error) {
	var built cluster
	for _, one := range objects {
		if err := built.add(one); err != nil {
			return nil, fmt.Errorf("%s %s: %w", one.Kind, one.Metadata.Name, err)
		}
	}
	if len(built.executor.Verifiers) == 0 || len(built.executor.ReferrerStores) == 0 {
		return nil, errors.New("no Verifier or no Store")
	}
	return &built, nil
}

func (c *cluster) add(one object) error {
	parameters := map[string]interface{}{}
	if len(one.Spec.Parameters) > 0 {
		if err := json.Unmarshal(one.Spec.Parameters, &parameters); err != nil {
			return err
		}
	}
	switch one.Kind {
	case "KeyManagementProvider":
		parameters["type"] = one.Spec.Type
		provider, err := kmpfactory.CreateKeyManagementProviderFromConfig(
			kmpconfig.KeyManagementProviderConfig(parameters), "1.0.0", "")
		if err != nil {
			return err
		}
		certificates, _, err := provider.GetCertificates(nil)
		if err != nil {
			return err
		}
		keymanagementprovider.SaveSecrets(one.Metadata.Name, one.Spec.Type, nil, certificates)
	case "Store":
		parameters["name"] = one.Spec.Name
		parameters["useHttp"] = true // the registries of the tests are on loopback
		store, err := storefactory.CreateStoreFromConfig(
			storeconfig.StorePluginConfig(parameters), "1.0.0", []string{""})
		if err != nil {
			return err
		}
		c.executor.ReferrerStores = append(c.executor.ReferrerStores, store)
	case "Policy":
		parameters["name"] = one.Spec.Type
		policy, err := policyfactory.CreatePolicyProviderFromConfig(
			policyconfig.PoliciesConfig{PolicyPlugin: parameters})
		if err != nil {
			return err
		}
		c.executor.PolicyEnforcer = policy
	case "Verifier":
		config, err := utils.SpecToVerifierConfig(
			one.Spec.Parameters, one.Metadata.Name, one.Spec.Name, one.Spec.ArtifactTypes, nil)
		if err != nil {
			return err
		}
		verifier, err := verifierfactory.CreateVerifierFromConfig(
			config, one.Spec.Version, []string{""}, "")
		if err != nil {
			return err
		}
		c.executor.Verifiers = append(c.executor.Verifiers, verifier)
	case "ConstraintTemplate":
		c.rego = one.Spec.Targets[0].Rego
	}
	return nil
}
