/* The ring of records between the engine thread, which alone puts, and the owner's, which alone takes. When
 * it is full, records are held back: merged into one of steps and one of epoch ends, until there is room. */
#ifndef ST_TRAIN_TRAINER_RING_H
#define ST_TRAIN_TRAINER_RING_H

#include "train/trainer.h"

typedef struct StRing {
    StRecord *record; /* [capacity], owned by whoever made it */
    unsigned capacity, reserve;
    _Alignas(64) atomic_uint put;   /* records put so far */
    _Alignas(64) atomic_uint taken; /* records taken so far */
    StRecord steps, epochs;         /* held back; the engine thread's alone */
    int64_t held_steps, held_epochs;
} StRing;

/* capacity: a power of two. The last `reserve` places are for epoch ends alone, so that these come through
 * one by one where steps are merged. */
void st_ring_init(StRing *ring, StRecord *records, unsigned capacity, unsigned reserve);
void st_ring_put(StRing *ring, const StRecord *record);
/* Puts what is held back, where there is room; true where nothing is held back any more. */
bool st_ring_flush(StRing *ring);
int st_ring_take(StRing *ring, StRecord *records, int max);

#endif
