/* `show VIEW` in scripts and `strata show`: a view as plain text. */
#ifndef APP_SHOW_H
#define APP_SHOW_H

#include "command.h"

typedef struct ShowPlan {
    char view[32];
    char size[16]; /* 100x30; "": as much as there is to show */
    char layer[ST_LAYER_NAME_MAX];
    int unit, row; /* from 0; -1: not given */
    char part[16], method[32];
    char klass[64], column[64];
    int count;    /* 0: not given */
    double value; /* NaN: not given */
    bool json;
} ShowPlan;
extern const StOption show_options[];

/* Whether view, size and part are ones that there are. */
bool show_check(const ShowPlan *plan, StError *error);
bool show_run(Session *session, const ShowPlan *plan, StError *error);
bool show_act(const CommandCall *call, StError *error);

/* The network as a table: layers, shapes, parameters, FLOPs, bytes, totals. */
bool summary_print(Session *session, bool json, StText *out, StError *error);

#endif
