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
# make stacks   every stack in conformance/stacks in one table; installs and builds what the stacks of others need
# make own-stack
#               the example of a stack outside, built and tested outside
# make mutants  which wrong lines of the manager no test notices (hours)
# make fuzz     ten minutes of cargo-fuzz on the handles' call sequences, and proptest on the same
# make bench-overhead, make bench-cell
#               what the manager costs over bare quinn; its state cell four ways
# make bench    how fast the judge and the checker are
# make explore  the presets in the browser, at http://127.0.0.1:3000/
# make deny     licences, bans and sources of the dependencies, with cargo-deny
# make msrv     the manager with the oldest Rust that it promises, where rustup has it
#
# A target that needs a program which is not there installs it, and says in a line what and why. With
# STREAMPROOF_NO_INSTALL=1 nothing is installed, and the line says what is skipped instead.

.DEFAULT_GOAL := prove
bench-check: toolchain spin
	cargo bench --locked -p streamproof-scale --bench engines -- twin-crowd --rounds 3 --update $(CURDIR)/model/README.md

cluster: toolchain
	cargo test --release --locked -p streamproof-conformance --test cluster -- --nocapture

.PHONY: lints regressions tshark upgrade mutants fuzz bench-overhead bench-cell storm threads cluster bench-check prove test nightly second-opinion documents scenarios spin bench explore deny msrv deviations toolchain clean stacks own-stack

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
		"tshark_decrypts_the_packets_and_sees_the_deviation in conformance/tests/regressions.rs" apt tshark

prove: toolchain
	cargo build --release --locked
	@target/release/streamproof prove

test: lints spin tshark
	@! $(HAS_FMT) || { set -x; cargo fmt --all --check; }
	@! $(HAS_CLIPPY) || { set -x; cargo clippy --workspace --all-targets --locked -- -D warnings \
		&& cargo clippy -p streamproof --locked -- -D warnings; }
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
	@command -v cargo-fuzz >/dev/null || .ci/install cargo-fuzz "which makes up call sequences" "cargo fuzz run calls" \
		cargo install --locked cargo-fuzz
	PROPTEST_CASES=100000 cargo test --release --locked -p streamproof --test contract any_sequence
	! command -v cargo-fuzz >/dev/null || cargo fuzz run --fuzz-dir impl/fuzz -s none calls -- -max_total_time=600 -max_len=1500 -print_final_stats=1 >/dev/null

# Which wrong lines of the manager no test notices: hours. SHARD=3/20 does a twentieth.
mutants: toolchain
	@command -v cargo-mutants >/dev/null || .ci/install cargo-mutants "which changes lines and runs the tests" \
		"cargo mutants" cargo install --locked cargo-mutants
	! command -v cargo-mutants >/dev/null || CARGO_PROFILE_DEV_OPT_LEVEL=0 cargo mutants $(if $(SHARD),--shard $(SHARD) --sharding round-robin)

# A million streams between two managers, at 2 % loss.
storm: toolchain
	cargo run --release --locked -- storm

# Two pairs between which quinn's streams really changed. Exit 1 of a pair is its finding, not a fault.
# PRESETS="uni bidi" plays those alone.
UPGRADE = cargo run --release --locked --quiet -- upgrade $(PRESETS:%=--preset %)
upgrade: toolchain
	$(UPGRADE) --from 0.11.17 --to 0.11.18 || test $$? -eq 1
	$(UPGRADE) --from 0.11.18 --to 0.11.19 || test $$? -eq 1

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
	echo "each of $$played traces in conformance/stacks shows its deviation alone"

nightly: toolchain
	cargo run --release --locked -- check --tier full
	cargo run --release --locked -- conform --tier full
	cargo run --release --locked -- flakes --seed $$(date +%Y%m%d)
	cargo run --release --locked -- schedules --delays 8
	cargo run --release --locked -- storm --seed $$(date +%Y%m%d)
	STREAMPROOF_WALKS=200000 STREAMPROOF_SEED=$$(date +%Y%m%d) \
		cargo test --release --locked -p streamproof-stacks --test random_walks
	$(MAKE) --no-print-directory own-stack

# The example of a stack outside, taken out of the tree, with the commands that its README prints.
own-stack: toolchain
	cargo test --locked -p streamproof-cli --test own_stack -- --include-ignored

second-opinion: toolchain
	specs/second-opinion.sh

# Finds the shortest trace of each scenario again, and plays it on the manager to write down its liveness probe.
scenarios: toolchain
	cargo run --release --locked --quiet -- trace scenarios --write

documents: toolchain
	cargo run --release --locked --quiet -- mutants --update model/README.md

bench: toolchain
	cargo bench --locked -p streamproof-conformance

explore: toolchain
	cargo run --release --locked -- explore

# Minimizes each committed trace again against its own stack, for the deviation that it is named after, and writes it
# into its file: every call in it, and what it shows. A stack that is not there keeps its traces as they are.
deviations: toolchain
	cargo build --release --locked --quiet
	@answer=$$(mktemp); trap 'rm -f "$$answer"' EXIT; \
	for trace in conformance/stacks/*/traces/*.ndjson; do \
		stack=$$(basename $$(dirname $$(dirname $$trace))); \
		target/release/streamproof trace minimize --sut $$stack --in-place $$trace >"$$answer" 2>&1 && continue; \
		grep -q "run .make stacks. in the repository" "$$answer" || { cat "$$answer"; exit 1; }; \
		echo "kept as it is: $$trace, there is no $$stack here"; \
	done

# Minimizes and exports the committed deviations again. The keys of the packets are fresh each time.
regressions: toolchain
	cargo build --release --locked --quiet
	@for trace in conformance/regressions/*.ndjson; do \
		name=$$(basename $$trace .ndjson); \
		target/release/streamproof trace minimize --sut quinn --in-place $$trace >/dev/null || exit 1; \
		target/release/streamproof trace export $$trace --breach $$name --known \
			--rust conformance/regressions/tests/$$(echo $$name | tr - _).rs \
			--pcap conformance/regressions/$$name.pcapng || exit 1; \
	done

# Without cargo-deny, tests in conformance/tests/architecture.rs look at licences, sources and TLS.
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
