//go:build tools

// Package tools pins the NATS server that the local lattice relays calls through.
package tools

import _ "github.com/nats-io/nats-server/v2"
