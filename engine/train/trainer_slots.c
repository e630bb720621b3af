#include "train/trainer_slots.h"

#include <stdlib.h>

static StSlot *find_free(const StSlots *slots) {
    for (int i = 0; i < slots->count; i++)
        if (slots->slot[i]->holders == 0 && slots->slot[i] != slots->newest) return slots->slot[i];
    return NULL;
}

StSlot *st_slots_hold_free(StSlots *slots) {
    StSlot *slot = find_free(slots);
    if (slot) slot->holders = 1;
    return slot;
}

size_t st_slots_bytes(const StSlots *slots) {
    const StSnapshot *mould = &slots->mould;
    int64_t floats = 3 * mould->weights.total + mould->state_count + mould->carried_count;
    return sizeof(StSlot) + (size_t)floats * sizeof(float);
}

static bool add(StSlots *slots) {
    StSlot *slot = malloc(st_slots_bytes(slots));
    if (!slot) return false;
    *slot = (StSlot){.snapshot = slots->mould};
    int64_t total = slots->mould.weights.total;
    slot->weights = slot->values;
    slot->before = slot->weights + total;
    slot->gradients = slot->before + total;
    slot->state = slot->gradients + total;
    slot->carried = slot->state + slots->mould.state_count;
    slot->snapshot.weights.values = slot->weights;
    slot->snapshot.state = slots->mould.state_count ? slot->state : NULL;
    slot->snapshot.carried = slots->mould.carried_count ? slot->carried : NULL;
    slots->slot[slots->count++] = slot;
    return true;
}

bool st_slots_grow(StSlots *slots, int most) {
    int idle = 0;
    for (int i = 0; i < slots->count; i++)
        idle += slots->slot[i]->holders == 0;
    while (idle < 2 && slots->count < most && add(slots))
        idle++;
    return find_free(slots) != NULL;
}

void st_slots_publish(StSlots *slots, StSlot *slot) {
    slot->holders--;
    slots->newest = slot;
}

const StSnapshot *st_slots_hold_newest(StSlots *slots) {
    if (!slots->newest) return NULL;
    slots->newest->holders++;
    return &slots->newest->snapshot;
}

void st_slots_release(StSlots *slots, const StSnapshot *snapshot) {
    for (int i = 0; i < slots->count; i++)
        if (&slots->slot[i]->snapshot == snapshot && slots->slot[i]->holders > 0) slots->slot[i]->holders--;
}

void st_slots_free(StSlots *slots) {
    for (int i = 0; i < slots->count; i++)
        free(slots->slot[i]);
    *slots = (StSlots){0};
}
