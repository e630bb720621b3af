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

bool st_slots_grow(StSlots *slots, int most, const StWeightSet *shape) {
    if (find_free(slots)) return true;
    if (slots->count >= most || slots->count >= ST_SLOTS_MOST) return false;
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
