# make          builds, checks every preset, plays every tour against the manager on quinn; one table
# make test     everything the CI runs
# make nightly  the full tier of the presets, checked and toured, the manager's races under more schedules,
#               tours ten thousand times over, and the random walks, a hundred times as many, with a seed of
#               the day
# make threads  the manager's sending part between threads, with loom and shuttle (part of make test)
# make storm    a million streams between two managers, with cancels, resets, stops, deadlines and losses
# make upgrade  the suite against pairs of published versions of quinn-proto, side by side
# make second-opinion
#               the same worlds in Promela, counted by SPIN
# make regressions
#               exports the deviations in conformance/regressions again: trace, Rust test, packets
# make documents
#               writes the tables in documents again that commands make
# make cluster  the search on three processes on loopback, compared with one
# make bench-check
#               every engine on one preset, side by side, into model/README.md
# make stacks   every stack that is known: quinn, the manager, quiche and s2n-quic in process; aioquic, ngtcp2 and
#               quic-go in processes of their own
# make mutants  which wrong lines of the manager no test notices (hours)
# make fuzz     ten minutes of cargo-fuzz on the handles' call sequences, and proptest on the same
# make bench-overhead, make bench-cell
#               what the manager costs over bare quinn; its state cell four ways
# make bench    how fast the judge and the checker are
# make explore  the presets in the browser, at http://127.0.0.1:3000/
# make deny     licences, bans and sources of the dependencies, with cargo-deny

.DEFAULT_GOAL := prove
bench-check: toolchain spin
	cargo bench --locked -p streamproof-scale --bench engines -- twin-crowd --rounds 3 --update $(CURDIR)/model/README.md

cluster: toolchain
	cargo test --release --locked -p streamproof-conformance --test cluster -- --nocapture

.PHONY: regressions tshark upgrade mutants fuzz bench-overhead bench-cell storm threads cluster bench-check prove test nightly second-opinion documents scenarios spin bench explore deny deviations toolchain clean stacks stacks-tools ngtcp2-tools quic-go-agent

toolchain:
	@command -v cargo >/dev/null || { echo "needs a Rust toolchain (1.88 or later): see rustup.rs"; exit 1; }
	@cargo fmt --version >/dev/null 2>&1 || { echo "installing rustfmt"; rustup component add rustfmt; }
	@cargo clippy --version >/dev/null 2>&1 || { echo "installing clippy"; rustup component add clippy; }

spin:
	@command -v spin >/dev/null || { echo "installing SPIN for the second opinion (apt-get install spin)"; \
		apt-get install -y -q spin >/dev/null 2>&1 || { apt-get update -q >/dev/null 2>&1 && apt-get install -y -q spin >/dev/null 2>&1; } \
		|| echo "SPIN cannot be installed here: its tests are skipped"; }

tshark:
	@command -v tshark >/dev/null || { echo "installing tshark for exported packets (apt-get install tshark)"; \
		export DEBIAN_FRONTEND=noninteractive; apt-get install -y -q tshark >/dev/null 2>&1 \
		|| { apt-get update -q >/dev/null 2>&1 && apt-get install -y -q tshark >/dev/null; }; }

prove: toolchain
	cargo build --release --locked
	@target/release/streamproof prove

test: toolchain spin tshark
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy -p streamproof --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
	cargo test --workspace --locked --no-fail-fast
	$(MAKE) --no-print-directory threads

# The sending part between threads: every interleaving within a bound, and many of larger scenes.
threads: toolchain
	cargo test -p streamproof --locked --features loom --lib threads:: -- --nocapture
	cargo test -p streamproof --locked --features shuttle --lib threads:: -- --nocapture

# What the manager costs over bare quinn, into impl/README.md; wants a quiet machine.
bench-overhead: toolchain
	cargo bench --locked -p streamproof --bench overhead -- --update $(CURDIR)/impl/README.md

bench-cell: toolchain
	cargo bench --locked -p streamproof --bench cell

# Any sequence of calls and frames: ten minutes of the fuzzer, and as many cases as proptest does meanwhile.
fuzz: toolchain
	@command -v cargo-fuzz >/dev/null || { echo "installing cargo-fuzz"; cargo install --locked cargo-fuzz; }
	PROPTEST_CASES=100000 cargo test --release --locked -p streamproof-conformance --test contract any_sequence
	cargo fuzz run -s none calls -- -max_total_time=600 -max_len=1500 -print_final_stats=1 >/dev/null

# Which wrong lines of the manager no test notices: hours. SHARD=3/20 does a twentieth.
mutants: toolchain
	@command -v cargo-mutants >/dev/null || { echo "installing cargo-mutants"; cargo install --locked cargo-mutants; }
	CARGO_PROFILE_DEV_OPT_LEVEL=0 cargo mutants $(if $(SHARD),--shard $(SHARD) --sharding round-robin)

# A million streams between two managers, at 2 % loss.
storm: toolchain
	cargo run --release --locked -- storm

# Two pairs between which quinn's streams really changed. Exit 1 of a pair is its finding, not a fault.
# PRESETS="uni bidi" plays those alone.
UPGRADE = cargo run --release --locked --quiet -- upgrade $(PRESETS:%=--preset %)
upgrade: toolchain
	$(UPGRADE) --from 0.11.17 --to 0.11.18 || test $$? -eq 1
	$(UPGRADE) --from 0.11.18 --to 0.11.19 || test $$? -eq 1

# What the other stacks need: a C++ toolchain and libclang for quiche's BoringSSL, aioquic in a Python of its own,
# ngtcp2 with GnuTLS for its agent, Go and quic-go as Debian has them.
stacks-tools: target/stacks/agents/ngtcp2 quic-go-agent
	@command -v cmake >/dev/null && ls /usr/lib/llvm-*/lib/libclang*.so* >/dev/null 2>&1 || { \
		echo "installing cmake and libclang for quiche (apt-get install cmake libclang-dev)"; \
		apt-get install -y -q cmake libclang-dev >/dev/null 2>&1 || { apt-get update -q >/dev/null && apt-get install -y -q cmake libclang-dev >/dev/null; }; }
	@test -x target/stacks/python/bin/python3 || { \
		echo "installing aioquic into target/stacks/python (pip install aioquic)"; \
		mkdir -p target/stacks && python3 -m venv target/stacks/python && target/stacks/python/bin/pip -q install aioquic==1.7.2; }

ngtcp2-tools:
	@test -e /usr/include/ngtcp2/ngtcp2_crypto_gnutls.h && test -e /usr/include/jansson.h || { \
		echo "installing ngtcp2, GnuTLS and jansson (apt-get install $(NGTCP2_PACKAGES))"; \
		apt-get install -y -q $(NGTCP2_PACKAGES) >/dev/null 2>&1 || { apt-get update -q >/dev/null && apt-get install -y -q $(NGTCP2_PACKAGES) >/dev/null; }; }

# The agent is written for ngtcp2 0.12, Debian 12's.
NGTCP2_PACKAGES = gcc libc6-dev libngtcp2-dev libngtcp2-crypto-gnutls-dev libgnutls28-dev libjansson-dev
target/stacks/agents/ngtcp2: $(wildcard conformance/agents/ngtcp2_*.[ch]) | ngtcp2-tools
	@mkdir -p $(@D)
	cc -O2 -Wall -Wextra -Werror -o $@ $(filter %.c,$^) -lngtcp2 -lngtcp2_crypto_gnutls -lgnutls -ljansson

# The fake clock wants a runtime without cgo. Without Go's tools the other stacks are played all the same.
QUIC_GO = github.com/lucas-clemente/quic-go
QUIC_GO_DEBIAN = golang-github-lucas-clemente-quic-go-dev
QUIC_GO_AGENT = $(CURDIR)/target/stacks/agents/quic-go
quic-go-agent:
	@command -v go >/dev/null && test -d /usr/share/gocode/src/$(QUIC_GO) || { \
		echo "installing Go and quic-go (apt-get install golang-go $(QUIC_GO_DEBIAN))"; \
		apt-get install -y -q golang-go $(QUIC_GO_DEBIAN) >/dev/null 2>&1 || { apt-get update -q >/dev/null 2>&1 && apt-get install -y -q golang-go $(QUIC_GO_DEBIAN) >/dev/null 2>&1; } \
		|| echo "quic-go cannot be installed here: it is not played"; }
	@! command -v go >/dev/null || ! test -d /usr/share/gocode/src/$(QUIC_GO) || $(MAKE) -s $(QUIC_GO_AGENT)

$(QUIC_GO_AGENT): $(wildcard conformance/agents/quic_go_agent/*.go)
	@echo "building quic-go's agent"
	@mkdir -p $(@D)
	@cd conformance/agents/quic_go_agent && CGO_ENABLED=0 GO111MODULE=off GOPATH=/usr/share/gocode go build -tags faketime \
		-ldflags "-X main.version=$$(dpkg-query -W -f '$${source:Upstream-Version}' $(QUIC_GO_DEBIAN))" -o $@ .

# Every stack in one table. quiche and s2n-quic take some minutes to build, the first time.
stacks: toolchain stacks-tools
	CARGO_TARGET_DIR=target/stacks cargo build --release --locked --manifest-path conformance/stacks/Cargo.toml
	target/stacks/release/streamproof stacks
	@for trace in conformance/deviations/*/*.ndjson; do \
		stack=$$(basename $$(dirname $$trace)); \
		target/stacks/release/streamproof replay --sut $$stack --json $$trace 2>/dev/null \
			| grep -q "\"id\": \"$$(basename $$trace .ndjson)\"" \
			|| { echo "does not show its deviation: streamproof replay --sut $$stack $$trace"; exit 1; }; \
	done
	@echo "each of $$(ls conformance/deviations/*/*.ndjson | wc -l) traces in conformance/deviations shows its deviation alone"

nightly: toolchain
	cargo run --release --locked -- check --tier full
	cargo run --release --locked -- conform --tier full
	cargo run --release --locked -- flakes --seed $$(date +%Y%m%d)
	cargo run --release --locked -- schedules --delays 8
	cargo run --release --locked -- storm --seed $$(date +%Y%m%d)
	STREAMPROOF_WALKS=200000 STREAMPROOF_SEED=$$(date +%Y%m%d) \
		cargo test --release --locked -p streamproof-conformance --test random_walks

second-opinion: toolchain
	specs/second-opinion.sh

# Finds the shortest trace of each scenario again.
scenarios: toolchain
	cargo run --release --locked --quiet -- scenarios --write

documents: toolchain
	cargo run --release --locked --quiet -- mutants --update model/README.md

bench: toolchain
	cargo bench --locked -p streamproof-conformance

explore: toolchain
	cargo run --release --locked -- explore

# Writes the shortest trace of each known deviation again.
deviations: toolchain
	cargo run --release --locked --quiet -- conform --sut manager --record conformance/deviations/manager
	cargo run --release --locked --quiet -- conform --sut quinn --record conformance/deviations/quinn

# Exports the committed deviations again. The keys of the packets are fresh each time.
regressions: toolchain
	cargo build --release --locked --quiet
	@for trace in conformance/regressions/*.ndjson; do \
		name=$$(basename $$trace .ndjson); \
		target/release/streamproof export $$trace --breach $$name --known \
			--rust conformance/regressions/tests/$$(echo $$name | tr - _).rs \
			--pcap conformance/regressions/$$name.pcapng || exit 1; \
	done

deny: toolchain
	@command -v cargo-deny >/dev/null || { echo "installing cargo-deny (some minutes)"; cargo install --locked cargo-deny; }
	cargo deny check licenses bans sources

clean:
	cargo clean
	rm -rf streamproof-out
