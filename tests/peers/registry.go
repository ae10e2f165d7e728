package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory" // the storage used below
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/sirupsen/logrus"
)

// A manifest larger than this is refused by the registries themselves.
const manifestLimit = 4 << 20

func serveRegistry(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("registry", flag.ContinueOnError)
	kind := flags.String("kind", "ggcr", "ggcr (Referrers API) or distribution (tag schema only)")
	port := flags.Int("port", 0, "port on loopback; 0 takes a free one")
	ociSubject := flags.Bool("oci-subject", false, "ggcr: answer the PUT of a manifest that has a subject with OCI-Subject")
	deletes := flags.Bool("delete", false, "distribution: allow deletion")
	whileStdin := flags.Bool("while-stdin", false, "end when standard input closes as well")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()

	var handler http.Handler
	switch *kind {
	case "ggcr":
		handler = registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0)))
		if *ociSubject {
			handler = announceSubject(handler)
		}
	case "distribution":
		handler = distribution(ctx, *deletes)
	default:
		return fmt.Errorf("--kind %q: expected ggcr or distribution", *kind)
	}

	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		return err
	}
	fmt.Printf("ready localhost:%d\n", listener.Addr().(*net.TCPAddr).Port)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	if *whileStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func distribution(ctx context.Context, deletes bool) http.Handler {
	// It logs each missing manifest as an error; here that is part of the protocol.
	logrus.SetLevel(logrus.PanicLevel)
	config := &configuration.Configuration{
		Storage: configuration.Storage{
			"inmemory": configuration.Parameters{},
			"delete":   configuration.Parameters{"enabled": deletes},
			"maintenance": configuration.Parameters{
				"uploadpurging": map[any]any{"enabled": false},
			},
		},
	}
	config.HTTP.Secret = "one process, nothing to share"
	return handlers.NewApp(ctx, config)
}

// announceSubject adds what a registry with the Referrers API must answer (OCI distribution
// specification, "Pushing Manifests with Subject") and go-containerregistry's does not.
func announceSubject(next http.Handler) http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodPut || !strings.Contains(request.URL.Path, "/manifests/") {
			next.ServeHTTP(answer, request)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(answer, request.Body, manifestLimit))
		if err != nil {
			http.Error(answer, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		var manifest struct {
			Subject *struct {
				Digest string `json:"digest"`
			} `json:"subject"`
		}
		if json.Unmarshal(body, &manifest) == nil && manifest.Subject != nil {
			answer = &subjectWriter{answer, manifest.Subject.Digest}
		}
		next.ServeHTTP(answer, request)
	})
}

type subjectWriter struct {
	http.ResponseWriter
	subject string
}

func (w *subjectWriter) WriteHeader(status int) {
	if status == http.StatusCreated {
		w.Header().Set("OCI-Subject", w.subject)
	}
	w.ResponseWriter.WriteHeader(status)
}
