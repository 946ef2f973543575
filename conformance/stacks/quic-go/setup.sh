#!/bin/sh
# Builds quic-go's agent into target/stacks/agents/quic-go, and first installs Go and quic-go's source as Debian has
# them. Go's fake time, under which the agent runs, wants a runtime without cgo.
set -eu
cd "$(dirname "$0")/../../.."
package=golang-github-lucas-clemente-quic-go-dev
has_source() { command -v go >/dev/null && test -d /usr/share/gocode/src/github.com/lucas-clemente/quic-go; }
has_source || .ci/install "Go and quic-go" "a stack in Go" quic-go apt golang-go "$package"
has_source || exit 0
version=$(dpkg-query -W -f '${source:Upstream-Version}' "$package")
agent=$PWD/target/stacks/agents/quic-go
echo "building quic-go's agent, go build in conformance/stacks/quic-go/agent"
mkdir -p target/stacks/agents
cd conformance/stacks/quic-go/agent
CGO_ENABLED=0 GO111MODULE=off GOPATH=/usr/share/gocode \
    go build -tags faketime -ldflags "-X main.version=$version" -o "$agent" .
