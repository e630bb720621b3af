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

static bool add(StSlots *slots, const StWeightSet *shape) {
    StSlot *slot = malloc(sizeof *slot + 3 * (size_t)shape->total * sizeof(float));
    if (!slot) return false;
    *slot = (StSlot){.snapshot.weights = *shape};
    slot->weights = slot->values;
    slot->before = slot->weights + shape->total;
    slot->gradients = slot->before + shape->total;
    slot->snapshot.weights.values = slot->weights;
    slots->slot[slots->count++] = slot;
    return true;
}

bool st_slots_grow(StSlots *slots, int most, const StWeightSet *shape) {
    int idle = 0;
    for (int i = 0; i < slots->count; i++)
        idle += slots->slot[i]->holders == 0;
    while (idle < 2 && slots->count < most && add(slots, shape))
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
