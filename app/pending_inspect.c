/* Stands in for the inspection until it is there; this file then goes. */
#include "inspect/inspection.h"

#define PENDING __attribute__((weak))

PENDING StInspector *st_inspector_create(const StStack *stack, const StCompile *compile,
                                         const StDataset *dataset, uint64_t seed, StError *error) {
    (void)stack, (void)compile, (void)dataset, (void)seed;
    st_fail(error, ST_ERR_STATE, "the inspection is not there yet");
    return NULL;
}
PENDING void st_inspector_destroy(StInspector *inspector) {
    (void)inspector;
}
PENDING StLook *st_look_make(StInspector *inspector, const StSnapshot *snapshot, const StWant *want,
                             const atomic_bool *cancel, StError *error) {
    (void)inspector, (void)snapshot, (void)want, (void)cancel;
    st_fail(error, ST_ERR_STATE, "the inspection is not there yet");
    return NULL;
}
PENDING void st_look_free(StLook *look) {
    (void)look;
}
PENDING StInspection *st_inspection_create(const StInspectionPlan *plan, StError *error) {
    (void)plan;
    st_fail(error, ST_ERR_STATE, "the inspection is not there yet");
    return NULL;
}
PENDING void st_inspection_destroy(StInspection *inspection) {
    (void)inspection;
}
PENDING void st_inspection_want(StInspection *inspection, const StWant *want) {
    (void)inspection, (void)want;
}
PENDING const StLook *st_inspection_look(StInspection *inspection) {
    (void)inspection;
    return NULL;
}
PENDING void st_inspection_release(StInspection *inspection, const StLook *look) {
    (void)inspection, (void)look;
}
