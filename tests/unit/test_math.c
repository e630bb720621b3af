/* Vector loops and the matrix product in float, and the accuracy of the polynomials. */
#include "unit/math_body.h"

/* ---- accuracy against libm in double, in units in the last place of the float result ---- */

typedef struct Bound {
    const char *name;
    float (*own)(float);
    double (*exact)(double);
    float low, high; /* where it is measured */
    double ulp;
} Bound;

static double exact_sigmoid(double x) {
    return 1 / (1 + exp(-x));
}
static double exact_softplus(double x) {
    return x > 30 ? x + log1p(exp(-x)) : log1p(exp(x));
}
static float gelu(float x) {
    return x * st_normal_cdf(x);
}
static double exact_gelu(double x) {
    return 0.5 * x * erfc(-x / sqrt(2.0));
}

static const Bound bounds[] = {
    {"exp", st_exp, exp, -87.3f, 88.7f, 1.05},
    {"exp, denormal", st_exp, exp, -104, -87.3f, 1.05},
    {"expm1", st_expm1, expm1, -100, 88, 1.6},
    {"log", st_log, log, 0x1p-149f, 3.4e38f, 0.9},
    {"log1p", st_log1p, log1p, 0, 1e30f, 1.3},
    {"tanh", st_tanh, tanh, -100, 100, 1.4},
    {"sigmoid", st_sigmoid, exact_sigmoid, -80, 80, 2.4},
    {"erf", st_erf, erf, -10, 10, 1.2},
    {"softplus", st_softplus, exact_softplus, -80, 80, 2.0},
    {"gelu", gelu, exact_gelu, -1, 30, 2.7},
};

static double ulps(float got, double want) {
    float rounded = (float)want;
    double unit = fabsf(rounded) < 0x1p-126f ? 0x1p-149 : ldexp(1, ilogbf(rounded) - 23);
    return fabs((double)got - want) / unit;
}

/* Steps through the floats of the range by their bits, about 100,000 of either sign. */
static void within_ulps(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        const Bound *b = &bounds[i];
        double worst = 0;
        float at = 0;
        for (uint64_t bits = 0; bits < (uint64_t)1 << 32; bits += 20011) {
            float x = st_float_of((uint32_t)bits);
            if (!(x >= b->low && x <= b->high)) continue;
            double error = ulps(b->own(x), b->exact((double)x));
            if (!(error <= worst)) worst = error, at = x;
        }
        if (!(worst <= b->ulp)) fail_msg("%s is %g ulp off at %.9g", b->name, worst, (double)at);
    }
}

/* What a network relies on: probabilities in their range, tanh and erf too, exp nowhere negative. */
static void stays_in_range(void **state) {
    (void)state;
    for (uint64_t bits = 0; bits < (uint64_t)1 << 32; bits += 50021) {
        float x = st_float_of((uint32_t)bits);
        if (isnan(x)) continue;
        assert_true(st_sigmoid(x) >= 0 && st_sigmoid(x) <= 1);
        assert_true(fabsf(st_tanh(x)) <= 1 && fabsf(st_erf(x)) <= 1);
        assert_true(st_exp(x) >= 0 && st_softplus(x) >= 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {MATH_TESTS, cmocka_unit_test(within_ulps),
                                       cmocka_unit_test(stays_in_range)};
    return cmocka_run_group_tests_name("math in float", tests, NULL, NULL);
}
