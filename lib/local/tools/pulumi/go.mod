module kasmcloud.io/tools/pulumi

go 1.25.8

require (
	github.com/pulumi/pulumi/pkg/v3 v3.246.0
	github.com/pulumi/pulumi/sdk/v3 v3.246.0
)

// As in pulumi's own go.mod; a replacement does not reach those who depend on it.
replace github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e
