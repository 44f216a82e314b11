# The front door for people. Every target installs what it lacks and says what
# it does; `cargo xtask --help` has the single steps.

# Built once, used by every checkout.
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/onebox/target

# Cargo tells a change by paths and times, which two checkouts can share: what
# another one left of the workspace's own crates would pass for ours.
checkout := $(CARGO_TARGET_DIR)/checkout
own = @[ "$$(cat $(checkout) 2>/dev/null)" = "$(CURDIR)" ] || { \
  cargo clean --quiet --workspace && rm -rf $(CARGO_TARGET_DIR)/fuzz-build && mkdir -p $(CARGO_TARGET_DIR) && echo "$(CURDIR)" >$(checkout); }

# The stack the application replaces, where it lies beside this checkout.
PEER ?= $(wildcard ../shared/peer-python)

.PHONY: help run test soak bench docs lock
help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 14

run: ## Build the image and bring the box up in a VM (FRESH=1 starts over, FIRMWARE=uefi).
	$(own)
	@cargo xtask run $(if $(FRESH),--fresh) $(if $(FIRMWARE),--firmware $(FIRMWARE))

test: ## Run every test there is, and print the counts.
	$(own)
	@cargo xtask test

soak: ## Cut the power in the middle of upgrades, again and again, and try bad releases (CUTS=100, SEED=1).
	$(own)
	@cargo xtask soak $(if $(CUTS),--cuts $(CUTS)) $(if $(SEED),--seed $(SEED))

bench: ## Measure the image, and the application beside its peer (PEER=DIR).
	$(own)
	@cargo xtask bench $(if $(PEER),--peer $(PEER))

docs: ## Build the book into target/nix/book.
	$(own)
	@cargo xtask setup --for docs --yes && cargo xtask build book

lock: ## Refresh the lock of Debian packages.
	$(own)
	@cargo xtask lock
