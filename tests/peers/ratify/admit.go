package main

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/types"
	"github.com/ratify-project/ratify/pkg/executor"
	policytypes "github.com/ratify-project/ratify/pkg/policyprovider/configpolicy"
	vt "github.com/ratify-project/ratify/pkg/policyprovider/types"
)

// admit tells why a pod of this image is refused; nothing means that it runs.
func (c *cluster) admit(ctx context.Context, image string) ([]string, error) {
	if c.executor.PolicyEnforcer == nil {
		c.executor.PolicyEnforcer = policytypes.PolicyEnforcer{
			ArtifactTypePolicies: map[string]vt.ArtifactTypeVerifyPolicy{"default": vt.AllVerifySuccess},
		}
	}
	if c.rego != "" {
		return c.gatekeeper(ctx, image)
	}
	passed, err := c.verify(ctx, image)
	if err != nil || passed {
		return []string{}, err
	}
	return []string{image}, nil
}

func (c *cluster) verify(ctx context.Context, image string) (bool, error) {
	result, err := c.executor.VerifySubject(ctx, executor.VerifyParameters{Subject: image})
	return result.IsSuccess, err
}

// gatekeeper asks the template; its external data provider is the executor.
func (c *cluster) gatekeeper(ctx context.Context, image string) ([]string, error) {
	externalData := rego.Function1(
		&rego.Function{
			Name: "external_data",
			Decl: types.NewFunction(types.Args(types.A), types.A),
		},
		func(_ rego.BuiltinContext, asked *ast.Term) (*ast.Term, error) {
			var request struct {
				Provider string   `json:"provider"`
				Keys     []string `json:"keys"`
			}
			if err := ast.As(asked.Value, &request); err != nil {
				return nil, err
			}
			responses, failures := [][]any{}, [][]any{}
			for _, key := range request.Keys {
				passed, err := c.verify(ctx, key)
				if err != nil {
					failures = append(failures, []any{key, err.Error()})
					continue
				}
				responses = append(responses, []any{key, map[string]any{"isSuccess": passed}})
			}
			value, err := ast.InterfaceToValue(map[string]any{
				"responses": responses, "errors": failures, "system_error": "",
			})
			return ast.NewTerm(value), err
		},
	)
	pod := map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"image": image}}}}
	results, err := rego.New(
		rego.SetRegoVersion(ast.RegoV0),
		rego.Query("data.ratifyverification.violation"),
		rego.Module("template.rego", c.rego),
		rego.Input(map[string]any{"review": map[string]any{"object": pod}}),
		externalData,
	).Eval(ctx)
	if err != nil {
		return nil, err
	}
	violations := []string{}
	for _, result := range results {
		for _, expression := range result.Expressions {
			for _, violation := range expression.Value.([]any) {
				violations = append(violations, fmt.Sprint(violation.(map[string]any)["msg"]))
			}
		}
	}
	return violations, nil
}
