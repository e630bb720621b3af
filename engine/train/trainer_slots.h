/* Snapshots' memory. A slot holds one snapshot; it is free while nobody holds it and it is not the newest.
 * Slots are made by those who ask for snapshots, on their threads, so that a run that nobody looks at has
 * none and the engine thread never allocates. Every function is called under the trainer's lock; the engine
 * thread fills a slot that it holds outside of it. */
#ifndef ST_TRAIN_TRAINER_SLOTS_H
#define ST_TRAIN_TRAINER_SLOTS_H

#include "train/snapshot.h"

enum { ST_SLOTS_ENOUGH = 6, ST_SLOTS_MOST = 16 };

typedef struct StSlot {
    StSnapshot snapshot; /* first: a snapshot's address is its slot's */
    int holders;
    uint64_t version; /* of the weights */
    float *weights, *before, *gradients, *state, *carried;
    float values[];
} StSlot;

typedef struct StSlots {
    StSnapshot mould; /* set by the owner: what every one is like (its weight table and counts) */
    int count;
    StSlot *slot[ST_SLOTS_MOST];
    StSlot *newest; /* NULL: none was published yet */
} StSlots;

/* A slot that is free, held once from now on; NULL where there is none. */
StSlot *st_slots_hold_free(StSlots *slots);
/* Sees, as far as `most` slots and the memory go, that two are held by nobody: the newest snapshot's, or one
 * to follow it, and one for the next, so that the engine finds one even if nobody asks in between. False:
 * there is none that is free. */
bool st_slots_grow(StSlots *slots, int most);
size_t st_slots_bytes(const StSlots *slots); /* of one */
/* The slot's snapshot becomes the newest; its maker's hold ends. */
void st_slots_publish(StSlots *slots, StSlot *slot);
const StSnapshot *st_slots_hold_newest(StSlots *slots);
void st_slots_release(StSlots *slots, const StSnapshot *snapshot);
void st_slots_free(StSlots *slots);

#endif
