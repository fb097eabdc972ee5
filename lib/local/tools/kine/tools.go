//go:build tools

// Package tools pins kine, the datastore shim that K3s uses to keep Kubernetes state in SQLite.
package tools

import _ "github.com/k3s-io/kine"
