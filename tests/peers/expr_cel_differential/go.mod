module peers/expr

go 1.25.0

require (
	github.com/fluxcd/pkg/envsubst v1.7.1
	github.com/google/cel-go v0.26.1
	k8s.io/client-go v0.35.4
)
