#!/bin/sh
# Compiles ngtcp2's agent into target/stacks/agents/ngtcp2, and first installs the libraries that it is linked with:
# ngtcp2 itself, GnuTLS for its TLS, jansson for the agent's lines. The agent is written for ngtcp2 0.12, Debian 12's.
set -eu
cd "$(dirname "$0")/../../.."
has_libraries() {
    command -v cc >/dev/null && test -e /usr/include/ngtcp2/ngtcp2_crypto_gnutls.h && test -e /usr/include/jansson.h
}
has_libraries || .ci/install "ngtcp2, GnuTLS and jansson" "a stack in C and what its agent needs" ngtcp2 \
    apt gcc libc6-dev libngtcp2-dev libngtcp2-crypto-gnutls-dev libgnutls28-dev libjansson-dev
has_libraries || exit 0
source=conformance/stacks/ngtcp2
agent=target/stacks/agents/ngtcp2
echo "building ngtcp2's agent, cc $source/*.c"
mkdir -p target/stacks/agents
cc -O2 -Wall -Wextra -Werror -o "$agent" "$source"/*.c -lngtcp2 -lngtcp2_crypto_gnutls -lgnutls -ljansson
