/* The thread pool: every task of a job is done once, phases one after the other, and each sees what the one
 * before has written. */
#include "base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { TASKS = 37, JOBS = 300 };

/* Plain numbers, not atomic: the pool must order what is written before what is read. */
typedef struct Board {
    int64_t first[TASKS], second[TASKS], third[2 * TASKS];
    int done[4 * TASKS]; /* how often each task was */
    int threads;
} Board;

static void begin(void *context, StPoolTask task) {
    Board *board = context;
    int index = task.index;
    assert_int_equal(task.what, 7);
    assert_in_range(task.worker, 0, board->threads - 1);
    board->done[index]++;
    board->first[index] += index + 1;
}

static int64_t sum_of(const int64_t *v, int n) {
    int64_t sum = 0;
    for (int i = 0; i < n; i++)
        sum += v[i];
    return sum;
}

static void go_on(void *context, StPoolTask task) {
    Board *board = context;
    int index = task.index;
    board->done[TASKS + index]++;
    board->second[index] = sum_of(board->first, TASKS);
}

static void end(void *context, StPoolTask task) {
    Board *board = context;
    int index = task.index;
    board->done[2 * TASKS + index]++;
    board->third[index] = sum_of(board->second, TASKS);
}

static void phases_follow_each_other(void **state) {
    (void)state;
    const StPhase phases[] = {{begin, TASKS, 7}, {go_on, TASKS, 0}, {end, 0, 0}, {end, 2 * TASKS, 0}};
    const int sizes[] = {1, 2, 3, 4, 7, 16};
    for (size_t s = 0; s <= sizeof sizes / sizeof *sizes; s++) {
        StPool *pool = s ? st_pool_create(sizes[s - 1], NULL) : NULL; /* NULL: the caller alone */
        if (s) assert_int_equal(st_pool_threads(pool), sizes[s - 1]);
        Board board = {.threads = s ? sizes[s - 1] : 1};
        for (int job = 1; job <= JOBS; job++) {
            st_pool_run(pool, phases, 4, &board);
            int64_t first = (int64_t)job * TASKS * (TASKS + 1) / 2;
            for (int i = 0; i < 2 * TASKS; i++)
                assert_int_equal(board.third[i], first * TASKS);
        }
        for (int i = 0; i < 4 * TASKS; i++)
            assert_int_equal(board.done[i], JOBS);
        st_pool_destroy(pool);
    }
}

static void count_up(void *context, StPoolTask task) {
    (void)task;
    ++*(int64_t *)context;
}

/* Many short jobs in a row, of one task or of none: none is done twice or left out. */
static void short_jobs(void **state) {
    (void)state;
    int64_t count = 0;
    StPool *pool = st_pool_create(3, NULL);
    const StPhase one = {count_up, 1, 0}, none = {count_up, 0, 0};
    for (int i = 1; i <= 5000; i++) {
        st_pool_run(pool, &one, 1, &count);
        assert_int_equal(count, i);
        st_pool_run(pool, &none, 1, &count);
        assert_int_equal(count, i);
    }
    st_pool_run(pool, &one, 0, &count);
    assert_int_equal(count, 5000);
    enum { MANY = 21 };
    StPhase most[MANY];
    for (int p = 0; p < MANY; p++)
        most[p] = one;
    st_pool_run(pool, most, MANY, &count);
    assert_int_equal(count, 5000 + MANY);
    st_pool_destroy(pool);
}

/* A thread that comes to a job only when the pool is about to go does go. */
static void goes_right_after_a_job(void **state) {
    (void)state;
    int64_t count = 0; /* of a task a job: never two at once */
    const StPhase one = {count_up, 1, 0};
    for (int i = 1; i <= 4000; i++) {
        StPool *pool = st_pool_create(2 + i % 7, NULL);
        for (int job = 0; job <= i % 3; job++)
            st_pool_run(pool, &one, 1, &count);
        st_pool_destroy(pool);
    }
}

static void comes_and_goes(void **state) {
    (void)state;
    for (int i = 0; i < 30; i++) {
        StPool *pool = st_pool_create(1 + i % 5, NULL);
        assert_non_null(pool);
        st_pool_destroy(pool); /* also without ever having worked */
    }
    st_pool_destroy(NULL);
}

static void refuses(void **state) {
    (void)state;
    StError error = {0};
    assert_null(st_pool_create(0, &error));
    assert_string_equal(error.message, "threads 0, wanted 1 to 64");
    assert_null(st_pool_create(65, &error));
    assert_null(st_pool_create(-3, &error));
    assert_true(st_processors() >= 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(phases_follow_each_other),
                                       cmocka_unit_test(short_jobs), cmocka_unit_test(goes_right_after_a_job),
                                       cmocka_unit_test(comes_and_goes), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
