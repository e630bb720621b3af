/* Schedules: the learning rate of every step, from the number of the step alone. One row a kind. Formulas
 * are Keras 3's to the letter (optimizers/schedules/learning_rate_schedule.py) in double; one_cycle is
 * PyTorch's OneCycleLR in its default form.
 *
 * The optimizer's learning_rate is Keras' initial_learning_rate: what a schedule begins with. Whoever changes
 * it in a run changes that, and the schedule goes on from it. piecewise_constant_decay alone says all its
 * rates itself and takes no notice of it. */
#ifndef ST_TRAIN_SCHEDULE_H
#define ST_TRAIN_SCHEDULE_H

#include "train/compile.h"

typedef struct StSchedule {
    StKind kind;
    bool absolute; /* the learning rate plays no part */
    /* step counts from 0: the first update is made at rate(…, 0). */
    double (*rate)(const void *options, double learning_rate, int64_t step);
    /* What option rows cannot say; NULL: nothing. */
    bool (*check)(const void *options, StError *error);
} StSchedule;

const StSchedule *st_schedule_at(int index); /* NULL before the first and behind the last; 0 is none */
double st_schedule_rate(const StScheduleSpec *schedule, double learning_rate, int64_t step);

#endif
