#!/bin/sh
# Installs aioquic into a Python environment of its own, target/stacks/python, which nothing else uses. Its agent is a
# script (agent.py) and needs no build.
set -eu
cd "$(dirname "$0")/../../.."
python=target/stacks/python
version=1.7.2
"$python/bin/python3" -c "import aioquic, sys; sys.exit(aioquic.__version__ != '$version')" 2>/dev/null && exit 0
can_make() { python3 -c "import ensurepip, venv" 2>/dev/null; }
can_make || .ci/install "Python with venv" "in which aioquic runs" aioquic apt python3 python3-venv
! can_make || .ci/install "aioquic $version" "a stack in Python, into $python" aioquic \
    sh -c "python3 -m venv $python && $python/bin/pip -q install aioquic==$version"
