# Two commands do everything on a fresh machine: `make run` and `make test`. Each line calls what a person could type.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.PHONY: help run test web bench soak fmt lint clean

help: ## Say what each target does
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

run: web ## Build everything and start it (DEMO=1 make run: with demonstration people and meetings)
	@scripts/say "building the executable (a few minutes the first time)"
	cargo build --release --locked --bin sidang
	@scripts/say "starting"
	exec target/release/sidang serve

test: ## Set up what the tests need and run every test: Rust, browser client, end to end
	scripts/test

web: ## Build the browser client into web/dist
	@scripts/need node npm cargo
	@scripts/say "building the browser client"
	scripts/build-web

bench: web ## Availability over a million bookings, what one participant costs, and what forwarding costs beside the least that it can
	SIDANG_TEST_POSTGRES=$$(scripts/postgres-for-tests) cargo test --release --locked -p booking --lib -- --ignored --nocapture --test-threads 1 a_million
	cargo build --release --locked --bin sidang
	cargo run --release --locked -p loadtest -- meeting --people 20 --seconds 20
	scripts/janus-for-bench || true
	cargo run --release --locked -p loadtest -- bench

soak: web ## A million random acts on both databases (SIDANG_SOAK_ACTS), an hour of whole meetings (SIDANG_SIM_SECONDS), every operation at length
	SIDANG_SOAK_ACTS=$${SIDANG_SOAK_ACTS:-1000000} SIDANG_TEST_POSTGRES=$$(scripts/postgres-for-tests) cargo test --release --locked -p booking --lib -- --nocapture random
	SIDANG_SIM_SECONDS=$${SIDANG_SIM_SECONDS:-3600} SIDANG_SIM_SEED=$$(date +%s) cargo test --release --locked -p sfu --lib -- --nocapture simulation
	cargo build --workspace --locked
	scripts/try-api --examples $${SIDANG_SOAK_EXAMPLES:-300} --phases coverage,fuzzing,stateful --seed $$(date +%s)

fmt: ## Format the Rust sources
	cargo fmt --all

lint: ## Look for what the compilers let pass
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cd web && npm run --silent lint

clean: ## Remove what was built (the data folder stays)
	cargo clean
	rm -rf web/dist web/dist-embed web/node_modules web/e2e/out
