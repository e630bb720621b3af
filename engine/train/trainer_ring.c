#include "train/trainer_ring.h"

#include <string.h>

void st_ring_init(StRing *ring, StRecord *records, unsigned capacity, unsigned reserve) {
    memset(ring, 0, sizeof *ring);
    ring->record = records;
    ring->capacity = capacity;
    ring->reserve = reserve;
}

static bool put(StRing *ring, const StRecord *record) {
    unsigned at = atomic_load_explicit(&ring->put, memory_order_relaxed);
    unsigned used = at - atomic_load_explicit(&ring->taken, memory_order_acquire);
    if (used >= ring->capacity - (record->epoch_end ? 0 : ring->reserve)) return false;
    ring->record[at & (ring->capacity - 1)] = *record;
    atomic_store_explicit(&ring->put, at + 1, memory_order_release);
    return true;
}

static double mean(double a, double weight_a, double b) {
    return (a * weight_a + b) / (weight_a + 1);
}

/* `held` stands for `count` records already; it becomes the newer one, with the mean of the scores of
 * training and the extremes of the loss. */
static void merge(StRecord *held, int64_t count, const StRecord *record) {
    StRecord sum = *record;
    sum.first = held->first;
    sum.train.loss = mean(held->train.loss, (double)count, record->train.loss);
    for (int i = 0; i < ST_METRICS_MAX; i++)
        sum.train.metric[i] = mean(held->train.metric[i], (double)count, record->train.metric[i]);
    if (held->loss_low < sum.loss_low) sum.loss_low = held->loss_low;
    if (held->loss_high > sum.loss_high) sum.loss_high = held->loss_high;
    *held = sum;
}

bool st_ring_flush(StRing *ring) {
    if (ring->held_steps && put(ring, &ring->steps)) ring->held_steps = 0;
    if (ring->held_epochs && put(ring, &ring->epochs)) ring->held_epochs = 0;
    return !ring->held_steps && !ring->held_epochs;
}

void st_ring_put(StRing *ring, const StRecord *record) {
    if (ring->held_steps || ring->held_epochs) st_ring_flush(ring);
    StRecord *held = record->epoch_end ? &ring->epochs : &ring->steps;
    int64_t *count = record->epoch_end ? &ring->held_epochs : &ring->held_steps;
    if (*count)
        merge(held, *count, record);
    else if (put(ring, record))
        return;
    else
        *held = *record;
    ++*count;
}

int st_ring_take(StRing *ring, StRecord *records, int max) {
    unsigned at = atomic_load_explicit(&ring->taken, memory_order_relaxed);
    unsigned end = atomic_load_explicit(&ring->put, memory_order_acquire);
    int count = 0;
    while (at != end && count < max)
        records[count++] = ring->record[at++ & (ring->capacity - 1)];
    atomic_store_explicit(&ring->taken, at, memory_order_release);
    return count;
}
