/* A loaded data set: raw rows, their parts, and the prepared numbers that a
 * network takes. Immutable after loading, so threads share it freely.
 *
 * Rows are counted from 0 inside their part and stand in the order of the
 * source. x is kept as float, or as bytes (idx images, u1 arrays) that become
 * floats by table while they are gathered. Gathering allocates nothing and does
 * not check rows: they must be inside the part. */
#ifndef ST_DATA_DATASET_H
#define ST_DATA_DATASET_H

#include "data/preparation.h"

typedef enum StPart { ST_TRAIN, ST_VALIDATION, ST_TEST, ST_PARTS } StPart;
const char *st_part_name(StPart part);                             /* "train" … */
bool st_part_find(const char *name, StPart *part, StError *error); /* train validation (val) test */

typedef struct StDataset StDataset;

/* split, prepare and features may be NULL: not given. base_file: the file whose folder relative paths
 * start from, or NULL. The same descriptions, files and seed give the same bits. */
StDataset *st_dataset_load(const StDataSpec *data, const StSplitSpec *split, const StPrepareSpec *prepare,
                           const StFeaturesSpec *features, const char *base_file, uint64_t seed,
                           StError *error);
void st_dataset_destroy(StDataset *dataset);

/* ---- what a network needs to know ---- */

StShape st_dataset_x_shape(const StDataset *dataset); /* of one row, prepared */
StTask st_dataset_task(const StDataset *dataset);
int64_t st_dataset_rows(const StDataset *dataset, StPart part); /* 0: there is no such part */
int64_t st_dataset_rows_total(const StDataset *dataset);
/* Targets are labels (int32 from 0 below classes, or -1 where there is none) or floats.
 * y_shape: of one row's labels (rank 1 of extent 1 for a plain class) or floats. */
bool st_dataset_has_labels(const StDataset *dataset);
StShape st_dataset_y_shape(const StDataset *dataset);
int st_dataset_classes(const StDataset *dataset); /* 0 where targets are floats */
const char *st_dataset_class_name(const StDataset *dataset, int index);
int st_dataset_inputs(const StDataset *dataset); /* entries of x's last axis, and their names */
const char *st_dataset_input_name(const StDataset *dataset, int index);
const StPreparation *st_dataset_preparation(const StDataset *dataset);

/* How many classes an output has to know where a label does not count (one that is not below classes: all
 * do). Labels may be -1, of no class: with left_out -1 that is fine, otherwise it is an error and the answer
 * -1. */
int st_dataset_classes_but(const StDataset *dataset, int left_out, StError *error);

/* True where targets fit an output: for sparse losses labels shaped as the output without its last axis,
 * classes (those that st_dataset_classes_but says) not above its last extent; for all others floats of as
 * many values as the output, or labels that become one-hot (extent of the last axis >= classes) or, for one
 * output and two classes, 0 and 1. Errors name both shapes and what would fit. */
bool st_dataset_accepts(const StDataset *dataset, const StShape *output, bool sparse, int classes,
                        StError *error);

/* ---- rows for a batch ----
 * Row i of the batch is row first + i of the part, or rows[first + i] where rows is given. */
void st_dataset_gather_x(const StDataset *dataset, StPart part, const int64_t *rows, int64_t first,
                         int64_t count, float *x); /* [count][x_shape] */
/* Only where has_labels. */
void st_dataset_gather_labels(const StDataset *dataset, StPart part, const int64_t *rows, int64_t first,
                              int64_t count, int32_t *labels); /* [count][y_shape] */
/* What the rows weigh in the loss. weights_each: 1, or as many as a row has positions; 0: the data says
 * nothing, and all weigh 1. gather: only where it is not 0. */
int64_t st_dataset_weights_each(const StDataset *dataset);
void st_dataset_gather_weights(const StDataset *dataset, StPart part, const int64_t *rows, int64_t first,
                               int64_t count, float *weights); /* [count][weights_each] */
/* width: floats a row as the output has them (accepted by st_dataset_accepts). Float targets are copied
 * (width must be their own); labels become one-hot of width / labels a row, or, where that is 1, the
 * label itself as a float. */
void st_dataset_gather_y(const StDataset *dataset, StPart part, const int64_t *rows, int64_t first,
                         int64_t count, int64_t width, float *y); /* [count][width] */

/* ---- what a person looks at ---- */

typedef struct StColumnInfo {
    const char *name;
    bool target, categorical;
    int number;                  /* its place in the file, from 1; for other sources along the last axis */
    int64_t missing;             /* cells, of all parts */
    double min, max, mean, sd;   /* raw values of all parts, missing ones left out; population deviation */
    int categories;              /* categorical ones only, sorted */
    const char *const *category; /* [categories] */
    const int64_t *count;        /* [categories] cells of each */
} StColumnInfo;

/* Inputs as the source has them, then targets. An image has one column a channel. */
int st_dataset_columns(const StDataset *dataset);
const StColumnInfo *st_dataset_column(const StDataset *dataset, int index);

StShape st_dataset_raw_shape(const StDataset *dataset); /* of one row as the source has it */
/* Raw numbers of a row, [raw_shape]; categories as their index, missing cells as NaN. For pictures. */
void st_dataset_raw(const StDataset *dataset, StPart part, int64_t row, float *raw);
/* Where the row stands: the line of its file, or its number in the source from 1. */
int64_t st_dataset_origin(const StDataset *dataset, StPart part, int64_t row);
/* One cell as text: "Biscoe", "39.1", "NA"; nothing where a column is a channel of an image. */
void st_dataset_cell(const StDataset *dataset, StPart part, int64_t row, int column, StText *out);
/* Rows of each class in a part, [classes]; labels only. */
const int64_t *st_dataset_class_counts(const StDataset *dataset, StPart part);

int st_dataset_warnings(const StDataset *dataset);
const char *st_dataset_warning(const StDataset *dataset, int index);
size_t st_dataset_bytes(const StDataset *dataset); /* memory that its rows take */

/* Sets of two numeric columns: Playground's picture. */
bool st_dataset_is_plane(const StDataset *dataset);
void st_dataset_plane(const StDataset *dataset, StPart part, int64_t row, double *x1, double *x2);
/* A raw point through features and preparation to one network input, [x_shape]. Only where is_plane. */
void st_dataset_point(const StDataset *dataset, double x1, double x2, float *x);

/* ---- a row made by hand (data/example.c) ----
 * A raw row [raw_shape], categories as their index, through features and preparation to what the network
 * takes, [x_shape]: the same bits that gathering gives for a row of the data. A missing cell (NaN) takes its
 * filling; without one what comes of it is NaN. */
void st_dataset_prepare(const StDataset *dataset, const float *raw, float *x);
/* The way back, to within rounding; cells of dropped columns are NaN. False where the inputs do not say what
 * the row was: features without x1 or x2. */
bool st_dataset_unprepare(const StDataset *dataset, const float *x, float *raw);
/* Whether rows can be drawn as pictures: raw rows of height x width x channels; or numbers, as many as a
 * square has or two axes of them, that look like pixels: none below 0, none missing, and the greatest of all
 * is reached in at least a third of the columns. The outputs may be NULL. */
bool st_dataset_picture(const StDataset *dataset, int *height, int *width, int *channels);

/* What `strata data FILE` says, some lines; and the same as one JSON object. */
void st_dataset_describe(const StDataset *dataset, StText *out);
void st_dataset_describe_json(const StDataset *dataset, StText *out);

#endif
