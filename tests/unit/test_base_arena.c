/* One block cut once. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct Thing {
    float *a;
    char *b;
    double *c;
} Thing;

static void lay_out(Thing *thing, StArena *arena) {
    thing->a = st_arena_take(arena, 5, sizeof *thing->a);
    thing->b = st_arena_take(arena, 65, 1);
    thing->c = st_arena_take(arena, 0, sizeof *thing->c);
}

static void measures_then_cuts(void **state) {
    (void)state;
    StArena arena = {0};
    Thing thing;
    lay_out(&thing, &arena);
    assert_null(thing.a);
    assert_int_equal(arena.used, 64 + 128);
    assert_true(st_arena_allocate(&arena, "the thing", NULL));
    assert_int_equal(arena.size, 64 + 128);
    lay_out(&thing, &arena);
    assert_int_equal(arena.used, arena.size);
    assert_int_equal((uintptr_t)thing.a % 64, 0);
    assert_int_equal((uintptr_t)thing.b % 64, 0);
    for (int i = 0; i < 65; i++)
        assert_int_equal(thing.b[i], 0);
    memset(thing.a, 1, 5 * sizeof *thing.a);
    memset(thing.b, 2, 65);
    assert_int_equal(((unsigned char *)thing.a)[19], 1);
    st_arena_free(&arena);
    assert_null(arena.base);
    st_arena_free(&arena);
}

static void refuses_what_does_not_fit(void **state) {
    (void)state;
    StError error = {0};
    StArena large = {0};
    assert_null(st_arena_take(&large, (int64_t)1 << 50, 4));
    assert_false(st_arena_allocate(&large, "the thing", &error));
    assert_int_equal(error.code, ST_ERR_MEMORY);
    assert_int_equal(strncmp(error.message, "the thing would take 4.504e+06 GB, this machine has ", 51), 0);
    const struct {
        int64_t count;
        size_t each;
    } bad[] = {{-1, 4}, {INT64_MAX, 4}, {INT64_MAX, 2}, {1, SIZE_MAX - 5}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        StArena arena = {0};
        assert_null(st_arena_take(&arena, bad[i].count, bad[i].each));
        assert_null(st_arena_take(&arena, 1, 1)); /* one overflow is remembered */
        assert_int_equal(arena.used, SIZE_MAX);
        assert_false(st_arena_allocate(&arena, "the thing", &error));
        assert_non_null(strstr(error.message, "more than "));
        st_arena_free(&arena);
    }
}

static void an_empty_arena(void **state) {
    (void)state;
    StArena arena = {0};
    assert_true(st_arena_allocate(&arena, "nothing", NULL));
    assert_non_null(arena.base);
    st_arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(measures_then_cuts),
                                       cmocka_unit_test(refuses_what_does_not_fit),
                                       cmocka_unit_test(an_empty_arena)};
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
