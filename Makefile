# make          builds, and does the main job: the incident, every quick preset checked, every edge of each played
#               against the manager on real quinn; one table, some minutes
# make test     everything the CI runs
# make upstream quinn's deviations as tests among quinn-proto's own, in a copy of the published crate (in make test, too)
# make bless    writes again what commands write into the tree: scenarios, traces of deviations, exported tests, tables
# make stacks   judges every stack that is known; builds their agents first, some minutes the first time
# make explore  the model in the browser, at http://127.0.0.1:3000/
# make nightly  larger presets, pairs of edges, repeated replays, long races and walks, with a seed of the day; the
#               parts of tests that take long; nightly-threads is a target of its own
# make deep     what takes hours or a quiet machine: deep-mutants, deep-fuzz, deep-second-opinion, deep-compare,
#               deep-cluster, deep-benches; each is a target of its own
# make deny     licences, bans and sources of the dependencies, with cargo-deny
# make msrv     the manager with the oldest Rust that it promises, where rustup has it
# make clean    removes what was built and written
#
# A target that needs a program which is not there installs it, and says in a line what and why. With
# STREAMPROOF_NO_INSTALL=1 nothing is installed, and the line says what is skipped instead.

.DEFAULT_GOAL := main
.PHONY: main test threads upstream upstream-mended bless stacks explore nightly nightly-threads deep deep-mutants deep-fuzz deep-second-opinion deep-compare \
	deep-cluster deep-benches deny msrv clean toolchain lints spin tshark

STREAMPROOF = cargo run --release --locked --quiet -p streamproof-cli --
TODAY = $$(date +%Y%m%d)

main: toolchain
	cargo build --release --locked
	@target/release/streamproof

test: lints spin tshark
	@! $(HAS_FMT) || { set -x; cargo fmt --all --check; }
	@! $(HAS_CLIPPY) || { set -x; cargo clippy --workspace --all-targets --locked -- -D warnings \
		&& cargo clippy -p streamproof --locked -- -D warnings; }
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
	cargo test --workspace --locked --no-fail-fast
	$(MAKE) --no-print-directory threads

# The sending part between threads: every interleaving within a bound, with loom.
threads: toolchain
	cargo test -p streamproof --locked --features loom --lib threads:: -- --nocapture

# The same scenes, larger: many interleavings of each, with shuttle.
nightly-threads: toolchain
	cargo test -p streamproof --locked --features shuttle --lib threads:: -- --nocapture

# What `trace export --upstream` writes, among the tests of the published quinn-proto: target/upstream/quinn-proto-*.
upstream: toolchain
	cargo test --locked -p streamproof-cli --test upstream -- --nocapture

# The same with what older releases show and newer ones do not.
upstream-mended: toolchain
	cargo test --locked -p streamproof-cli --test upstream -- --nocapture --ignored

# The keys of exported packets are fresh each time. Traces of stacks in processes of their own are recorded one by one, and
# so are those that begin by filling the congestion window: longer than they need be, so that nothing rests on the adapter.
bless: toolchain
	cargo build --release --locked --quiet
	target/release/streamproof trace scenarios --write
	@set -e; for stack in quinn manager; do \
		file=conformance/stacks/$$stack/situations.toml; rm -f $$file; \
		for criterion in pairs edges; do \
			target/release/streamproof judge run --sut $$stack --criterion $$criterion --situations $$file \
				>/dev/null || test $$? -eq 1; \
		done; \
	done
	@answer=$$(mktemp); trap 'rm -f "$$answer"' EXIT; \
	for trace in conformance/stacks/quinn/traces/*.ndjson conformance/stacks/manager/traces/*.ndjson \
		conformance/regressions/*.ndjson; do \
		grep -q '^{"step":1,' $$trace || continue; \
		stack=$$(basename $$(dirname $$(dirname $$trace))); test $$stack != conformance || stack=quinn; \
		target/release/streamproof trace minimize --sut $$stack --in-place $$trace >"$$answer" 2>&1 && continue; \
		grep -q "run .make stacks. in the repository" "$$answer" || { cat "$$answer"; exit 1; }; \
		echo "kept as it is: $$trace, there is no $$stack here"; \
	done
	@set -e; for trace in conformance/regressions/*.ndjson; do \
		name=$$(basename $$trace .ndjson); \
		target/release/streamproof trace export $$trace --sut quinn --breach $$name --known \
			--rust conformance/regressions/tests/$$(echo $$name | tr - _).rs \
			--pcap conformance/regressions/$$name.pcapng; \
	done
	target/release/streamproof model mutants --update model/README.md

# Every stack in one table, and each committed trace played against its own stack. Each folder below
# conformance/stacks says in its setup.sh what it installs and builds. A stack that is not there is named and left out.
stacks: toolchain
	@for setup in conformance/stacks/*/setup.sh; do $$setup || echo "going on without what $$setup makes"; done
	cargo build --release --locked
	target/release/streamproof judge stacks || test $$? -eq 3
	@played=0; answer=$$(mktemp); trap 'rm -f "$$answer"' EXIT; \
	for trace in conformance/stacks/*/traces/*.ndjson; do \
		stack=$$(basename $$(dirname $$(dirname $$trace))); \
		target/release/streamproof trace play --sut $$stack --json $$trace >"$$answer" 2>&1; \
		if grep -q "run .make stacks. in the repository" "$$answer"; then \
			echo "skipped: $$trace, there is no $$stack here"; continue; \
		fi; \
		grep -q "\"id\": \"$$(basename $$trace .ndjson)\"" "$$answer" \
			|| { echo "does not show its deviation: streamproof trace play --sut $$stack $$trace"; exit 1; }; \
		played=$$((played + 1)); \
	done; \
	echo "each of $$played traces in conformance/stacks shows its deviation"

explore: toolchain
	$(STREAMPROOF) model explore

nightly: toolchain
	$(STREAMPROOF) model check --tier full
	$(STREAMPROOF) judge run --criterion pairs
	$(STREAMPROOF) judge run --criterion pairs --sut quinn
	$(STREAMPROOF) judge run --tier full
	$(STREAMPROOF) judge run --repeat 10000 --seed $(TODAY)
	$(STREAMPROOF) manager races --delays 8
	$(STREAMPROOF) manager storm --seed $(TODAY)
	STREAMPROOF_WALKS=200000 STREAMPROOF_SEED=$(TODAY) \
		cargo test --release --locked -p streamproof-stacks --test random_walks
	cargo test --locked -p streamproof-cli --test own_stack -- --include-ignored
	STREAMPROOF_NIGHTLY=1 cargo test --release --locked -p streamproof-model --test engine --test presets
	STREAMPROOF_NIGHTLY=1 cargo test --release --locked -p streamproof-scale --test dataflow
	STREAMPROOF_NIGHTLY=1 cargo test --release --locked -p streamproof-stacks --test tours
	cargo test --release --locked -p streamproof-stacks --test soundness -- --nocapture --include-ignored
	$(MAKE) --no-print-directory upstream-mended
	$(MAKE) --no-print-directory nightly-threads

deep: deep-second-opinion deep-compare deep-cluster deep-benches deep-fuzz deep-mutants

# Which wrong lines of the manager no test notices: hours. SHARD=3/20 does a twentieth.
deep-mutants: toolchain
	@command -v cargo-mutants >/dev/null || .ci/install cargo-mutants "which changes lines and runs the tests" \
		"cargo mutants" cargo install --locked cargo-mutants
	! command -v cargo-mutants >/dev/null || CARGO_PROFILE_DEV_OPT_LEVEL=0 cargo mutants $(if $(SHARD),--shard $(SHARD) --sharding round-robin)

# Any sequence of calls and frames: ten minutes of the fuzzer, and as many cases as proptest does meanwhile.
deep-fuzz: toolchain
	@command -v cargo-fuzz >/dev/null || .ci/install cargo-fuzz "which makes up call sequences" "cargo fuzz run calls" \
		cargo install --locked cargo-fuzz
	PROPTEST_CASES=100000 cargo test --release --locked -p streamproof --test contract any_sequence
	! command -v cargo-fuzz >/dev/null || cargo fuzz run --fuzz-dir impl/fuzz -s none calls -- -max_total_time=600 -max_len=1500 -print_final_stats=1 >/dev/null

# The same worlds in Promela, counted by SPIN.
deep-second-opinion: toolchain
	specs/second-opinion.sh

# Two pairs of versions between which quinn's streams really changed. Exit 1 of a pair is its finding, not a fault.
# PRESETS="uni bidi" plays those alone.
COMPARE = $(STREAMPROOF) judge compare $(PRESETS:%=--preset %)
deep-compare: toolchain
	$(COMPARE) --from 0.11.17 --to 0.11.18 || test $$? -eq 1
	$(COMPARE) --from 0.11.18 --to 0.11.19 || test $$? -eq 1

# The search on three processes on loopback, compared with one.
deep-cluster: toolchain
	cargo test --release --locked -p streamproof-cli --test cluster -- --nocapture

# Every engine on one preset, what the manager costs over bare quinn, its state cell, the judge; wants a quiet machine.
deep-benches: toolchain spin
	cargo bench --locked -p streamproof-scale --bench engines -- twin-crowd --rounds 3 --update $(CURDIR)/model/README.md
	cargo bench --locked -p streamproof --bench overhead -- --update $(CURDIR)/impl/README.md
	cargo bench --locked -p streamproof --bench cell
	cargo bench --locked -p streamproof-stacks --bench judge

# Without cargo-deny, tests in conformance/cli/tests/architecture.rs look at licences, sources and TLS.
deny: toolchain
	@command -v cargo-deny >/dev/null || .ci/install cargo-deny "which reads deny.toml (some minutes)" "cargo deny" \
		cargo install --locked cargo-deny
	@! command -v cargo-deny >/dev/null || { set -x; cargo deny check licenses bans sources \
		&& cargo deny --manifest-path impl/Cargo.toml --exclude-dev check --config impl/deny.toml bans \
		&& cargo deny --manifest-path model/Cargo.toml --exclude-dev check --config impl/deny.toml bans; }

# `make test` has clippy's `incompatible_msrv` on every machine; this is the compiler's own word.
MSRV = $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
msrv: toolchain
	@name=$$(rustup toolchain list 2>/dev/null | sed -n 's/^\($(MSRV)\(\.[0-9]*\)\?-[^ ]*\).*/\1/p' | head -n 1); \
	if [ -z "$$name" ]; then echo "msrv: Rust $(MSRV) is not at hand (rustup toolchain install $(MSRV)); nothing compiled"; \
	else set -x; CARGO_TARGET_DIR=target/msrv cargo +$$name check --locked -p streamproof; fi

clean:
	cargo clean
	rm -rf streamproof-out

toolchain:
	@command -v cargo >/dev/null || { echo "needs a Rust toolchain (1.88 or later): see rustup.rs"; exit 1; }

# What `make test` alone needs of the toolchain.
lints: toolchain
	@$(HAS_FMT) || .ci/install rustfmt "which checks the layout" "cargo fmt --check" rustup component add rustfmt
	@$(HAS_CLIPPY) || .ci/install clippy "which lints" "cargo clippy" rustup component add clippy
HAS_FMT = cargo fmt --version >/dev/null 2>&1
HAS_CLIPPY = cargo clippy --version >/dev/null 2>&1

spin:
	@command -v spin >/dev/null || .ci/install SPIN "which counts the states of specs/streams.pml" \
		"spin_counts_the_same in model/tests/second_opinion.rs" apt spin || echo "going on without SPIN"

tshark:
	@command -v tshark >/dev/null || .ci/install tshark "which reads exported packets" \
		"tshark_decrypts_the_packets_and_sees_the_deviation in conformance/cli/tests/regressions.rs" apt tshark

.PHONY: readme
# Writes the blocks of output in README.md again; NIGHTLY=1 those too that take minutes.
readme: toolchain
	STREAMPROOF_BLESS=1 $(if $(NIGHTLY),STREAMPROOF_NIGHTLY=1) cargo test --locked -p streamproof-cli --test readme
