#!/bin/sh
# Builds s2n-quic's agent into target/stacks/agents/s2n-quic. Its TLS needs a C compiler and nothing else.
set -eu
cd "$(dirname "$0")/../../.."
has_tools() { command -v cc >/dev/null; }
has_tools || .ci/install "a C compiler" "which builds s2n-quic's cryptography" s2n-quic apt gcc libc6-dev
! has_tools || .ci/agent s2n-quic
