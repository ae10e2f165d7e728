// Command ratify-peer holds an image against a file that `sealwright export ratify` wrote, with
// Ratify's own verifier, certificate provider, store, policy and executor.
//
//	ratify-peer FILE IMAGE
//
// It prints one JSON object: {"allowed": …, "violations": […]}. With a ConstraintTemplate in the file,
// its Rego decides, as in Gatekeeper; else Ratify's own result does.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/sirupsen/logrus"
)

func main() {
	logrus.SetOutput(os.Stderr)
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ratify-peer:", err)
		os.Exit(2)
	}
}

type answer struct {
	Allowed    bool     `json:"allowed"`
	Violations []string `json:"violations"`
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) != 2 {
		return errors.New("usage: ratify-peer FILE IMAGE")
	}
	objects, err := read(arguments[0])
	if err != nil {
		return err
	}
	cluster, err := build(objects)
	if err != nil {
		return err
	}
	violations, err := cluster.admit(ctx, arguments[1])
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(answer{len(violations) == 0, violations})
}
