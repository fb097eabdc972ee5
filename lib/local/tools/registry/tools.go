//go:build tools

// Package tools pins the OCI registry that image pulls are tested against.
package tools

import _ "github.com/distribution/distribution/v3/cmd/registry"
