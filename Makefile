# Strata. `make run` and `make test` do everything on a fresh machine; `make help` lists the rest.

B       ?= build
PREFIX  ?= /usr/local
ARCH    ?= native
CC      ?= gcc
ifeq ($(origin CC),default)
CC      := gcc
endif

PACKAGES := ncursesw libedit openblas zlib jansson
CFLAGS  ?= -O3 -g
ifeq ($(ARCH),native)
MARCH   := -march=native
else ifneq ($(ARCH),portable)
MARCH   := -march=$(ARCH)
endif
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
# No fast-math: the same bits everywhere, NaN and infinity keep their meaning.
FLOATS  := -fno-math-errno -fno-trapping-math -ffp-contract=off
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE $(WARN) $(CFLAGS) $(MARCH) $(FLOATS) -pthread -MMD -MP $(SANITIZE)
BLAS_CFLAGS := $(shell pkg-config --cflags openblas 2>/dev/null)

ENGINE  := $(wildcard engine/*/*.c)
# The numeric rooms are compiled twice, in float and in double (base/real.h).
TWICE   := $(wildcard engine/math/*.c engine/layers/*.c) $(wildcard engine/model/network*.c) \
           $(wildcard engine/train/loss*.c engine/train/optimizer*.c engine/train/metric*.c engine/train/learner*.c)
DOUBLE  := $(wildcard engine/train/check*.c)   # compiled in double only
UI      := $(wildcard ui/*.c)
APP     := $(wildcard app/*.c app/*/*.c)
UNIT    := $(wildcard tests/unit/test_*.c)

ENGINE_O := $(patsubst %.c,$(B)/%.o,$(filter-out $(DOUBLE),$(ENGINE))) \
            $(patsubst %.c,$(B)/%.f64.o,$(TWICE) $(DOUBLE))
UI_O     := $(UI:%.c=$(B)/%.o)
APP_O    := $(APP:%.c=$(B)/%.o)
UNIT_X   := $(UNIT:tests/unit/%.c=$(B)/unit/%)

LIBS_ENGINE = $(shell pkg-config --libs openblas zlib jansson) -lm -pthread
LIBS_UI     = $(shell pkg-config --libs ncursesw libedit) -lutil

.PHONY: all test unit clean
all: $(B)/strata

$(B)/engine/%.f64.o: engine/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(BLAS_CFLAGS) -DST_DOUBLE -Iengine -c $< -o $@

$(B)/engine/%.o: engine/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(BLAS_CFLAGS) -Iengine -c $< -o $@

$(B)/ui/%.o: ui/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Iui -c $< -o $@

$(B)/app/%.o: app/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Iapp -Iengine -Iui -c $< -o $@

$(B)/libstrata.a: $(ENGINE_O)
	rm -f $@; ar rcs $@ $^
$(B)/libstrataui.a: $(UI_O)
	rm -f $@; ar rcs $@ $^

$(B)/strata: $(APP_O) $(B)/libstrata.a $(B)/libstrataui.a
	$(CC) $(ALL_CFLAGS) $^ -o $@ $(LIBS_UI) $(LIBS_ENGINE)

# A unit test tests/unit/test_NAME.c may use the engine, the toolkit and the app (all but its main).
$(B)/unit/%: tests/unit/%.c $(filter-out %/main.o,$(APP_O)) $(B)/libstrata.a $(B)/libstrataui.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Iengine -Iui -Iapp -Itests $^ -o $@ -lcmocka $(LIBS_UI) $(LIBS_ENGINE)

unit: $(UNIT_X)
	@set -e; for t in $(UNIT_X); do $$t; done

test: all unit

clean:
	rm -rf build build-*

-include $(shell find $(B) -name '*.d' 2>/dev/null)
