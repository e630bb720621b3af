#include "layers/walk.h"

StWalk st_walk(const StShape *shape, const bool named[ST_RANK_MAX]) {
    StWalk walk = {0};
    int64_t stride = 1;
    for (int i = ST_AXIS_LAST; i >= 0; i--) {
        int axis = i - (ST_RANK_MAX - shape->rank);
        walk.extent[i] = axis < 0 ? 1 : shape->dim[axis];
        walk.stride[i] = stride;
        stride *= walk.extent[i];
        walk.over[i] = axis >= 0 && named[axis];
    }
    return walk;
}

int64_t st_walk_next(const StWalk *walk, bool over, int64_t place[ST_RANK_MAX]) {
    int64_t offset = 0;
    int i = ST_AXIS_LAST - 1;
    for (; i >= 0; i--) {
        if (walk->over[i] != over) continue;
        if (++place[i] < walk->extent[i]) break;
        place[i] = 0;
    }
    if (i < 0) return -1;
    for (i = 0; i < ST_AXIS_LAST; i++)
        if (walk->over[i] == over) offset += place[i] * walk->stride[i];
    return offset;
}
