/* What `callbacks` keeps of a run in files: checkpoints and the CSV log. Works on the engine's thread at the
 * end of every epoch (StKeeper), so a file holds that epoch's weights exactly; touches nothing of the
 * session. */
#ifndef APP_KEEPER_H
#define APP_KEEPER_H

#include "recipe.h"

#include "train/trainer.h"

typedef struct Keeper Keeper;

/* recipe and dataset are the run's and must outlive it. file: the recipe's, from which relative paths start
 * and unnamed checkpoints are named; "" is the current folder. *keeper stays NULL where nothing is to be
 * kept. A log that cannot be written is refused here, before the training. */
bool keeper_create(const Recipe *recipe, const StDataset *dataset, const char *file, Keeper **keeper,
                   StError *error);
void keeper_free(Keeper *keeper); /* may be NULL; after the trainer is gone */
StKeeper keeper_hook(Keeper *keeper);

#endif
