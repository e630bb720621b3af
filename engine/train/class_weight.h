/* Weights of classes, as `fit class_weight=` says them: "balanced", or classes with their weights, "0:1,1:5".
 * A class is named by its index, or by its name where that is not a whole number. Classes that are not named
 * weigh 1, as in Keras; balanced is rows / (classes * rows of the class) over the training part, as in
 * scikit-learn, where classes are those that occur there. They multiply the weights that rows have of their
 * own, and act in training steps alone; metrics know of neither. */
#ifndef ST_TRAIN_CLASS_WEIGHT_H
#define ST_TRAIN_CLASS_WEIGHT_H

#include "data/dataset.h"

/* Whether the text is well made; "" is. */
bool st_class_weight_check(const char *text, StError *error);

/* Fills weight [classes]. Targets that are no labels have classes by number alone and cannot be balanced. */
bool st_class_weight_read(const char *text, const StDataset *dataset, int classes, double *weight,
                          StError *error);

#endif
