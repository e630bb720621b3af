/* The numeric rooms (math, layers, the network, losses, optimizers, metrics, the
 * learner) are compiled twice from one source: once in float, which trains, and
 * once in double (-DST_DOUBLE), which checks gradients. A public name of such a
 * room is declared with ST_R, so the double one carries the suffix _f64:
 *
 *     #define st_gemm ST_R(st_gemm)
 */
#ifndef ST_BASE_REAL_H
#define ST_BASE_REAL_H

#ifdef ST_DOUBLE
typedef double Real;
#define ST_R(name)   name##_f64
#define ST_REAL_NAME "double"
#else
typedef float Real;
#define ST_R(name)   name
#define ST_REAL_NAME "float"
#endif

#endif
