/* The fields of each form, and the line that they make: the inside of forms.c. */
#ifndef APP_FORM_FIELDS_H
#define APP_FORM_FIELDS_H

#include "forms.h"

#include "form.h"

enum { FORM_FIELDS_MAX = 48, FORM_SELECTORS = 3 };

/* One field beside what the toolkit shows of it. Everything is owned by the fields. */
typedef struct FormField {
    const StOption *row;   /* NULL: a word of the form's own */
    int selector;          /* 1 + the index into choice: other fields follow from it; 0: none */
    const StOption *table; /* the row's, from its first */
    StNameAt names;        /* of a selector: what the index into choice is one of; NULL: the choices */
    int group;             /* options of one table belong together, from 1; 0: a word of the form's own */
    char *now;             /* the value at first */
    char *wants;
    const char **choices;
} FormField;

typedef struct FormFields {
    FormKind kind;
    int place;
    const StLayerKind *layer;   /* of a new layer */
    bool at_end;                /* it goes behind the last */
    bool fresh;                 /* compile, fit, data: the recipe has no such line yet */
    int choice[FORM_SELECTORS]; /* what the selectors say; -1: as the recipe has it */
    int was[FORM_SELECTORS];    /* compile: what the recipe has */
    int count;
    FormField field[FORM_FIELDS_MAX];
    UiField ui[FORM_FIELDS_MAX];
} FormFields;

/* Makes the fields from the recipe and the selectors. On failure what was made is to be freed. */
bool form_fields_build(FormFields *fields, const Recipe *recipe, StError *error);
/* Frees the fields; kind, place, layer and choice stay. */
void form_fields_free(FormFields *fields);

/* The index that a selector's value stands for, or -1. */
int form_fields_chosen(const FormFields *fields, int field, const char *value);

/* Whether one text is right for its field. */
bool form_field_check(const FormFields *fields, int field, const char *text, StError *error);

/* The line of the language that the values make, right or wrong. */
typedef const char *(*FormValue)(const void *context, int field);
void form_fields_line(const FormFields *fields, FormValue value, const void *context, StText *line);

#endif
