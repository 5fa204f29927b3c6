# Every target is the command of the same name; where there is no make, `python3 -m clinic <command>` does the same.
# What a command takes stands in ARGS: make test ARGS="tests/booking -k taken"

PYTHON ?= python3

.DEFAULT_GOAL = help
.PHONY: help demo serve worker migrate rollback migration history heads seed reset-db psql backup restore roles lint format \
	type-check test cover bench fuzz screenshots lock translations

help demo serve worker migrate rollback migration history heads seed reset-db psql backup restore roles lint format \
type-check test cover bench fuzz screenshots lock translations:
	@$(PYTHON) -m clinic $@ $(ARGS)
