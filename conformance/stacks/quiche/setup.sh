#!/bin/sh
# Builds quiche's agent, and first installs what the build of its TLS library, BoringSSL, needs: cmake, and libclang for
# its bindings. Into target/stacks/agents/quiche.
set -eu
cd "$(dirname "$0")/../../.."
has_tools() { command -v cmake >/dev/null && ls /usr/lib/llvm-*/lib/libclang*.so* >/dev/null 2>&1; }
has_tools || .ci/install "cmake and libclang" "which build quiche's TLS" quiche apt cmake libclang-dev
! has_tools || .ci/agent quiche
