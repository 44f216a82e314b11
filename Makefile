# The front door for people. Every target installs what it lacks and says what
# it does; `cargo xtask --help` has the single steps.

# Built once, used by every checkout.
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/onebox/target

.PHONY: help run test bench docs lock
help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 14

run: ## Build the image and bring the box up in a VM (FRESH=1 starts over, FIRMWARE=uefi).
	@cargo xtask run $(if $(FRESH),--fresh) $(if $(FIRMWARE),--firmware $(FIRMWARE))

test: ## Run every test there is, and print the counts.
	@cargo xtask test

bench: ## Measure image size, boot time and memory.
	@cargo xtask bench

docs: ## Build the book into target/nix/book.
	@cargo xtask setup --for docs --yes && cargo xtask build book

lock: ## Refresh the lock of Debian packages.
	@cargo xtask lock
