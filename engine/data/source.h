/* Where data comes from and how it is treated: descriptions, pure data.
 *
 * A description holds options only: copying it with = copies it, comparing two
 * zero-initialised ones bytewise compares them, and nothing is read before
 * st_dataset_load (data/dataset.h). Four lines of the language are kept here:
 * `data`, `split`, `prepare` and `features`. The parsers take the words after
 * the command's own; on failure the description is untouched. The printers write
 * whole lines ("data csv iris.csv\n") that read back as the same description,
 * and nothing for one that was not given.
 *
 * Every source is one row, `const StSourceKind st_source_NAME`, at the end of its
 * own file and one line in the list of source.c. */
#ifndef ST_DATA_SOURCE_H
#define ST_DATA_SOURCE_H

#include "base/option.h"

enum { ST_DATA_PATH = 512, ST_DATA_LIST = 512, ST_SOURCE_OPTIONS_MAX = 3328, ST_PREPARE_MAX = 16 };

struct StTable; /* what a source reads: data/table.h */

typedef struct StSourceKind {
    const char *name, *help;
    const StOption *options; /* the first ones by place */
    size_t options_size;     /* at most ST_SOURCE_OPTIONS_MAX */
    /* Reads everything into an empty table; what was half read is freed by the caller. base_file: the file
     * that the description stands in, or NULL. */
    bool (*load)(const void *options, const char *base_file, uint64_t seed, struct StTable *table,
                 StError *error);
} StSourceKind;

/* csv, idx, npy, synthetic; ended by NULL. */
extern const StSourceKind *const st_source_kinds[];

/* `data KIND …`. `given` is false in {0}: no data line yet. */
typedef struct StDataSpec {
    bool given;
    int kind; /* index into st_source_kinds */
    _Alignas(16) unsigned char options[ST_SOURCE_OPTIONS_MAX];
} StDataSpec;

const StSourceKind *st_data_kind(const StDataSpec *spec); /* NULL where not given */
/* A description of kind NAME with every option at its default (required ones empty), for forms. */
bool st_data_default(StDataSpec *spec, const char *name, StError *error);
bool st_data_parse(StDataSpec *spec, const StWord *words, int count, StError *error);
void st_data_print(const StDataSpec *spec, StText *out);
/* The names of the kinds, for st_nearest and completion; table is st_source_kinds. */
const char *st_source_name_at(const void *table, int index);

/* The options of each source, for who wants to read them. */
typedef enum StMissing {
    ST_MISSING_ERROR,
    ST_MISSING_DROP,
    ST_MISSING_MEAN,
    ST_MISSING_MEDIAN,
    ST_MISSING_MODE
} StMissing;
typedef enum StTask { ST_TASK_AUTO, ST_CLASSIFICATION, ST_REGRESSION } StTask;
typedef enum StEncode { ST_ENCODE_ONEHOT, ST_ENCODE_ORDINAL, ST_ENCODE_DROP } StEncode;

typedef struct StCsvOptions {
    char file[ST_DATA_PATH];
    char target[128]; /* name or number; several with commas (regression) */
    int header;       /* auto yes no */
    int delimiter;    /* auto comma semicolon tab bar */
    char drop[ST_DATA_LIST], only[ST_DATA_LIST];
    int missing; /* StMissing */
    int task;    /* StTask */
    char test[ST_DATA_PATH];
    char encode[ST_DATA_LIST]; /* onehot|ordinal|drop, or COLUMN:METHOD, several with commas */
    char weight[128];          /* the column of the rows' weights, by name or number; "": none */
} StCsvOptions;

typedef struct StIdxOptions {
    char images[ST_DATA_PATH], labels[ST_DATA_PATH], test_images[ST_DATA_PATH], test_labels[ST_DATA_PATH];
} StIdxOptions;

typedef struct StNpyOptions {
    char x[ST_DATA_PATH], y[ST_DATA_PATH], test_x[ST_DATA_PATH], test_y[ST_DATA_PATH];
    char weights[ST_DATA_PATH], test_weights[ST_DATA_PATH]; /* "": all rows weigh 1 */
} StNpyOptions;

typedef struct StSyntheticOptions {
    int name; /* index into the rows of synthetic.c */
    int samples;
    double noise; /* 0 to 0.5 */
    int features, classes;
} StSyntheticOptions;

/* `split train=0.8 validation=0.1 test=0.1 stratify=yes shuffle=yes`: shares of the rows that the source
 * does not give to a part itself. train 0 means the rest. A share of validation or test above 0 asks for
 * that part; a part asked for that would be empty is refused when the data is loaded. Parts keep the order
 * of the file inside. With shuffle=no the parts are cut one after another, train, validation, test, and
 * stratify plays no part, as it plays none in regression. Sizes: validation and test are rounded to the
 * nearest row, half up; train takes the rest where the shares add up to 1 or it is the rest, else it is
 * rounded too. Stratified parts have the same sizes, dealt out to the classes by largest remainder. */
typedef struct StSplitSpec {
    double train, validation, test;
    bool stratify, shuffle;
    bool given; /* without the line every row trains */
} StSplitSpec;

extern const StOption st_split_options[];
bool st_split_parse(StSplitSpec *spec, const StWord *words, int count, StError *error);
void st_split_print(const StSplitSpec *spec, StText *out);

/* `prepare standardize|minmax|scale=255|none columns=a,b encode=…`: one entry a line. For each column the
 * last entry that names it rules; one without columns= names all numeric ones. Parsing adds an entry and
 * takes away those that it replaces whole; `prepare none` alone empties the list. */
typedef enum StMethod { ST_PREPARE_NONE, ST_PREPARE_STANDARDIZE, ST_PREPARE_MINMAX } StMethod;

typedef struct StPrepareEntry {
    int method;        /* StMethod */
    double scale;      /* divides by this; 1: it does not */
    char columns[256]; /* names or numbers with commas; "": all */
    char encode[256];  /* as in StCsvOptions; "": as the source says */
} StPrepareEntry;

typedef struct StPrepareSpec {
    int count;
    StPrepareEntry entry[ST_PREPARE_MAX];
} StPrepareSpec;

extern const StOption st_prepare_options[];
bool st_prepare_parse(StPrepareSpec *spec, const StWord *words, int count, StError *error);
void st_prepare_print(const StPrepareSpec *spec, StText *out);

/* `features x1 x2 x1^2 x2^2 x1*x2 sin(x1) sin(x2)`: what a set of two numeric columns is shown as, in this
 * order. Words may also be joined by commas. `features` alone, or x1 x2, is the plain set. */
typedef enum StFeature {
    ST_X1,
    ST_X2,
    ST_X1_SQUARED,
    ST_X2_SQUARED,
    ST_X1_X2,
    ST_SIN_X1,
    ST_SIN_X2,
    ST_FEATURES
} StFeature;

typedef struct StFeaturesSpec {
    int count; /* 0: not given, the columns as they are */
    int feature[ST_FEATURES];
} StFeaturesSpec;

const char *st_feature_name(int feature); /* "x1^2" */
double st_feature_value(int feature, double x1, double x2);
bool st_features_parse(StFeaturesSpec *spec, const StWord *words, int count, StError *error);
void st_features_print(const StFeaturesSpec *spec, StText *out);

#endif
