/* Counter-based random numbers. */
#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The known answers that Random123 ships for philox4x32-10. */
static void known_answers(void **state) {
    (void)state;
    const struct {
        uint64_t key, high, low;
        uint32_t out[4];
    } known[] = {
        {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x299f31d0a4093822,
         0x0370734413198a2e,
         0x85a308d3243f6a88,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < 3; i++) {
        uint32_t out[4];
        st_philox(known[i].key, known[i].high, known[i].low, out);
        assert_memory_equal(out, known[i].out, sizeof out);
    }
}

/* One after another, at a position, or many at once: the same numbers. */
static void ways_of_drawing_agree(void **state) {
    (void)state;
    enum { COUNT = 300 };
    const StRng stream = st_rng(7, ST_STREAM_DROPOUT, 2, 5);
    uint32_t one_by_one[COUNT], filled[COUNT + 1];
    StRng rng = stream;
    for (int i = 0; i < COUNT; i++) {
        one_by_one[i] = st_rng_next(&rng);
        assert_int_equal(st_rng_at(&stream, (uint64_t)i), one_by_one[i]);
    }
    for (int from = 0; from < 9; from++) {
        for (int count = 0; from + count <= COUNT; count += 1 + count / 7) {
            filled[count] = 0xabcdef;
            st_rng_fill(&stream, (uint64_t)from, filled, count);
            assert_memory_equal(filled, one_by_one + from, (size_t)count * sizeof *filled);
            assert_int_equal(filled[count], 0xabcdef);
        }
    }
    /* Across the 32-bit border of the counter. */
    uint64_t far = ((uint64_t)1 << 34) - 100;
    st_rng_fill(&stream, far, filled, 200);
    for (int i = 0; i < 200; i++)
        assert_int_equal(filled[i], st_rng_at(&stream, far + (uint64_t)i));
}

static void streams_are_apart(void **state) {
    (void)state;
    const StRng streams[] = {
        st_rng(1, ST_STREAM_DATA, 0, 0), st_rng(2, ST_STREAM_DATA, 0, 0), st_rng(1, ST_STREAM_SPLIT, 0, 0),
        st_rng(1, ST_STREAM_DATA, 1, 0), st_rng(1, ST_STREAM_DATA, 0, 1), st_rng(0, ST_STREAM_DATA, 0, 0),
        st_rng(1, ST_STREAM_DATA, 1, 1),
    };
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
        for (size_t j = 0; j < i; j++) {
            int same = 0;
            for (uint64_t p = 0; p < 64; p++)
                same += st_rng_at(&streams[i], p) == st_rng_at(&streams[j], p);
            assert_int_equal(same, 0);
        }
}

static void uniform_and_normal(void **state) {
    (void)state;
    enum { COUNT = 40000 };
    StRng rng = st_rng(3, ST_STREAM_DATA, 0, 0);
    double mean = 0, square = 0, low = 1, high = 0;
    for (int i = 0; i < COUNT; i++) {
        double u = st_rng_uniform(&rng);
        assert_true(u >= 0 && u < 1);
        mean += u / COUNT, square += u * u / COUNT, low = fmin(low, u), high = fmax(high, u);
    }
    assert_true(fabs(mean - 0.5) < 0.006 && fabs(square - 1.0 / 3) < 0.006 && low < 0.001 && high > 0.999);
    double moment[5] = {0};
    for (int i = 0; i < COUNT; i++) {
        double z = st_rng_normal(&rng);
        assert_true(isfinite(z));
        for (int m = 1; m <= 4; m++)
            moment[m] += pow(z, m) / COUNT;
    }
    assert_true(fabs(moment[1]) < 0.02 && fabs(moment[2] - 1) < 0.03 && fabs(moment[3]) < 0.1 &&
                fabs(moment[4] - 3) < 0.2);
}

static void below_is_even(void **state) {
    (void)state;
    StRng rng = st_rng(4, ST_STREAM_DATA, 0, 0);
    int seen[7] = {0};
    for (int i = 0; i < 7000; i++)
        seen[st_rng_below(&rng, 7)]++;
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 850, 1150);
    assert_int_equal(st_rng_below(&rng, 0), 0);
    assert_int_equal(st_rng_below(&rng, 1), 0);
    for (int i = 0; i < 100; i++)
        assert_true(st_rng_below(&rng, (UINT64_MAX / 2) + 2) <= UINT64_MAX / 2 + 1);
}

static void a_shuffle_keeps_everything(void **state) {
    (void)state;
    enum { COUNT = 100 };
    int64_t v[COUNT], again[COUNT], moved = 0;
    int seen[COUNT] = {0};
    for (int i = 0; i < COUNT; i++)
        v[i] = again[i] = i;
    StRng a = st_rng(5, ST_STREAM_SHUFFLE, 1, 0), b = a;
    st_rng_shuffle(&a, v, COUNT);
    st_rng_shuffle(&b, again, COUNT);
    assert_memory_equal(v, again, sizeof v);
    for (int i = 0; i < COUNT; i++) {
        moved += v[i] != i;
        assert_int_equal(seen[v[i]]++, 0);
    }
    assert_true(moved > 80);
    st_rng_shuffle(&a, v, 0);
    st_rng_shuffle(&a, v, 1);
    /* Every order of three comes about equally often. */
    int orders[6] = {0};
    for (int i = 0; i < 6000; i++) {
        int64_t three[3] = {0, 1, 2};
        st_rng_shuffle(&a, three, 3);
        orders[three[0] * 2 + (three[1] > three[2])]++;
    }
    for (int i = 0; i < 6; i++)
        assert_in_range(orders[i], 850, 1150);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),     cmocka_unit_test(ways_of_drawing_agree),
        cmocka_unit_test(streams_are_apart), cmocka_unit_test(uniform_and_normal),
        cmocka_unit_test(below_is_even),     cmocka_unit_test(a_shuffle_keeps_everything),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
