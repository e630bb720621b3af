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

/* Before a loop over arrays that are either the same or apart, whose turns do not depend on each other: lets
 * it be vectorised although y may be x. */
#if defined(__clang__)
#define ST_LOOP _Pragma("clang loop vectorize(assume_safety)")
#pragma clang diagnostic ignored "-Wpass-failed" /* in double, calls of libm stay scalar */
#elif defined(__GNUC__)
#define ST_LOOP _Pragma("GCC ivdep")
#else
#define ST_LOOP
#endif

/* On functions with hot loops: a build for any x86-64 carries an AVX2 copy too, chosen when the program
 * starts. Both give the same bits, since nothing is contracted. */
#if defined(__x86_64__) && !defined(__AVX2__) && defined(__GNUC__) && !defined(__clang__) &&                 \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define ST_CLONES __attribute__((target_clones("default", "arch=x86-64-v3")))
#else
#define ST_CLONES
#endif

#endif
