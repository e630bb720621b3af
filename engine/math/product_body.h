/* The product itself, included once for each instruction set, which says what a vector is: V of WIDTH
 * elements, LOAD, STORE and their _PARTs under a Mask of the first elements, EVERY (a scalar in every
 * element), FMA, and TURN where a block can be transposed in registers.
 *
 * The way of the data is Goto's (Goto and van de Geijn 2008): a panel of B, DEPTH rows of PANEL columns,
 * stays in the first cache while tiles of A pass by; a tile of C, TILE_ROWS by PANEL, stays in registers. */
#define ALWAYS static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 12")
#endif

enum {
    PANEL = 2 * WIDTH,
    DEPTH = 256,               /* of k at a time: a panel of B takes 32 KB at most */
    BLOCK_N = 8 * PANEL,       /* columns of B that are packed at a time */
    BLOCK_M = 16 * TILE_ROWS,  /* rows of A that pass by them at a time */
    AHEAD = 8,                 /* rows of B that are asked for before they are needed */
    FEW_ROWS = 2 * TILE_ROWS,  /* of A, that are not worth packing B for, where it may be read as it lies */
    TURNED_M = 4 * WIDTH,      /* rows of A that are turned over at a time */
    FAR = 2048 / sizeof(Real), /* a stride from which the rows of a panel crowd each other out of the cache */
};

/* c [rows, vectors] (+)= a [rows, k] · b [k, vectors]; the last vector under the mask. */
ALWAYS void tile(const int rows, const int vectors, int64_t k, StFactor a, const Real *b, int64_t ldb,
                 Mask mask, bool add, Real *c, int64_t ldc) {
    V sum[TILE_ROWS][2];
    const Real *row[(TILE_ROWS + 3) / 4];
    const int last = vectors - 1;
    UNROLL
    for (int i = 0; i < rows; i++) {
        sum[i][0] = NOTHING, sum[i][1] = NOTHING;
        if (!add) {
            __builtin_prefetch(c + i * ldc, 1);
            if (vectors == 2) __builtin_prefetch(c + i * ldc + WIDTH, 1);
            continue;
        }
        if (vectors == 2) sum[i][0] = LOAD(c + i * ldc);
        sum[i][last] = LOAD_PART(c + i * ldc + last * WIDTH, mask);
    }
    UNROLL
    for (int g = 0; 4 * g < rows; g++)
        row[g] = a.v + 4 * g * a.row;
    for (; k > 0; k--) {
        V b0 = vectors == 2 ? LOAD(b) : NOTHING, b1 = LOAD_PART(b + last * WIDTH, mask);
        UNROLL
        for (int i = 0; i < rows; i++) {
            V s = EVERY(row[i / 4][i % 4 * a.row]);
            if (vectors == 2) sum[i][0] = FMA(s, b0, sum[i][0]);
            sum[i][last] = FMA(s, b1, sum[i][last]);
        }
        UNROLL
        for (int g = 0; 4 * g < rows; g++)
            row[g] += a.step;
        __builtin_prefetch(b + AHEAD * ldb);
        if (vectors == 2) __builtin_prefetch(b + AHEAD * ldb + WIDTH);
        b += ldb;
    }
    UNROLL
    for (int i = 0; i < rows; i++) {
        if (vectors == 2) STORE(c + i * ldc, sum[i][0]);
        STORE_PART(c + i * ldc + last * WIDTH, mask, sum[i][last]);
    }
}

typedef void Tile(int64_t k, StFactor a, const Real *b, int64_t ldb, Mask mask, bool add, Real *c,
                  int64_t ldc);

#define TILE(rows)                                                                                           \
    static void tile_##rows##_1(int64_t k, StFactor a, const Real *b, int64_t ldb, Mask mask, bool add,      \
                                Real *c, int64_t ldc) {                                                      \
        tile(rows, 1, k, a, b, ldb, mask, add, c, ldc);                                                      \
    }                                                                                                        \
    static void tile_##rows##_2(int64_t k, StFactor a, const Real *b, int64_t ldb, Mask mask, bool add,      \
                                Real *c, int64_t ldc) {                                                      \
        tile(rows, 2, k, a, b, ldb, mask, add, c, ldc);                                                      \
    }
#define PAIR(rows) {tile_##rows##_1, tile_##rows##_2},

EACH_HEIGHT(TILE)
static Tile *const tiles[TILE_ROWS][2] = {EACH_HEIGHT(PAIR)};

ALWAYS int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* One panel: element (p, j) at to[p·PANEL + j]. What is missing of it is 0. */
static void pack_panel(StFactor b, int columns, int64_t depth, Real *to) {
    if (columns < PANEL) memset(to, 0, (size_t)(PANEL * depth) * sizeof *to);
    int j = 0;
#ifdef TURN
    for (; b.step == 1 && j + WIDTH <= columns; j += WIDTH) {
        int64_t p = 0;
        for (; p + 4 <= depth; p += 4)
            TURN(b.v + j * b.row + p, b.row, to + p * PANEL + j, PANEL);
        for (; p < depth; p++)
            for (int i = j; i < j + WIDTH; i++)
                to[p * PANEL + i] = b.v[i * b.row + p];
    }
#endif
    for (; j < columns; j++)
        for (int64_t p = 0; p < depth; p++)
            to[p * PANEL + j] = b.v[j * b.row + p * b.step];
}

/* Packs `count` columns of B, `depth` of k, one panel behind another. Where they lie row by row they are read
 * so, as processors look ahead. */
static void pack(StFactor b, int64_t count, int64_t depth, Real *to) {
    int64_t whole = b.row == 1 ? count / PANEL * PANEL : 0;
    for (int64_t p = 0; p < depth && whole; p++) {
        const Real *row = b.v + p * b.step, *soon = row + (p + AHEAD < depth ? AHEAD : 0) * b.step;
        for (int64_t j = 0; j < whole; j += PANEL) {
            memcpy(to + j * depth + p * PANEL, row + j, PANEL * sizeof *to);
            __builtin_prefetch(soon + j);
            __builtin_prefetch(soon + j + WIDTH);
        }
    }
    for (int64_t j = whole; j < count; j += PANEL)
        pack_panel((StFactor){b.v + j * b.row, b.row, b.step}, (int)least(count - j, PANEL), depth,
                   to + j * depth);
}

typedef struct Cut {
    int64_t m, n, k;
} Cut;

/* One depth of k. The panel of B for columns j … lies at b + j/PANEL·next. Rows are cut into tiles of about
 * the same height: a last tile of 1 row would run at a twelfth of the speed. */
static void sweep(Cut cut, StFactor a, const Real *b, int64_t ldb, int64_t next, bool add, Real *c,
                  int64_t ldc) {
    uint32_t m = (uint32_t)cut.m, count = (m + TILE_ROWS - 1) / TILE_ROWS; /* m < 2^31 */
    uint32_t each = count == 1 ? m : m / count, longer = m - each * count;
    for (int64_t j = 0; j < cut.n; j += PANEL, b += next) {
        int64_t left = cut.n - j;
        int vectors = left > WIDTH ? 2 : 1;
        Mask mask = first(least(left - (vectors - 1) * WIDTH, WIDTH));
        StFactor own = a;
        Real *to = c + j;
        for (uint32_t t = 0; t < count; t++) {
            uint32_t rows = each + (t < longer);
            tiles[rows - 1][vectors - 1](cut.k, own, b, ldb, mask, add, to, ldc);
            own.v += rows * own.row;
            to += rows * ldc;
        }
    }
}

/* Apart from PRODUCT, so that others do not touch its buffer. */
static __attribute__((noinline)) void packed(Cut all, StFactor a, StFactor b, bool add, Real *c,
                                             int64_t ldc) {
    _Alignas(64) Real panels[DEPTH * BLOCK_N];
    for (int64_t j = 0; j < all.n; j += BLOCK_N)
        for (int64_t p = 0; p < all.k; p += DEPTH) {
            Cut cut = {0, least(BLOCK_N, all.n - j), least(DEPTH, all.k - p)};
            pack((StFactor){b.v + j * b.row + p * b.step, b.row, b.step}, cut.n, cut.k, panels);
            for (int64_t i = 0; i < all.m; i += BLOCK_M) {
                cut.m = least(BLOCK_M, all.m - i);
                sweep(cut, (StFactor){a.v + i * a.row + p * a.step, a.row, a.step}, panels, PANEL,
                      PANEL * cut.k, add || p, c + i * ldc + j, ldc);
            }
        }
}

/* to[j·ldt + i] = from[i·ldf + j], rows x columns of from. */
static void turn_over(const Real *from, int64_t ldf, int64_t rows, int64_t columns, Real *to, int64_t ldt) {
    int64_t i = 0;
#ifdef TURN
    for (; i + WIDTH <= rows; i += WIDTH) {
        int64_t j = 0;
        for (; j + 4 <= columns; j += 4)
            TURN(from + i * ldf + j, ldf, to + j * ldt + i, ldt);
        for (; j < columns; j++)
            for (int64_t r = i; r < i + WIDTH; r++)
                to[j * ldt + r] = from[r * ldf + j];
    }
#endif
    for (; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            to[j * ldt + i] = from[i * ldf + j];
}

/* Few rows of A times Bᵀ: Cᵀ = B·Aᵀ, so that the small A is turned over and not the large B. */
static __attribute__((noinline)) void turned(Cut all, StFactor a, StFactor b, bool add, Real *c,
                                             int64_t ldc) {
    _Alignas(64) Real panels[DEPTH * TURNED_M], tall[BLOCK_M * TURNED_M];
    for (int64_t i = 0; i < all.m; i += TURNED_M)
        for (int64_t j = 0; j < all.n; j += BLOCK_M) {
            int64_t m = least(TURNED_M, all.m - i);
            Cut cut = {least(BLOCK_M, all.n - j), m, 0};
            Real *to = c + i * ldc + j;
            if (add) turn_over(to, ldc, m, cut.m, tall, TURNED_M);
            for (int64_t p = 0; p < all.k; p += DEPTH) {
                cut.k = least(DEPTH, all.k - p);
                if (j == 0 || all.k > DEPTH)
                    pack((StFactor){a.v + i * a.row + p * a.step, a.row, a.step}, m, cut.k, panels);
                sweep(cut, (StFactor){b.v + j * b.row + p * b.step, b.row, b.step}, panels, PANEL,
                      PANEL * cut.k, add || p, tall, TURNED_M);
            }
            turn_over(tall, TURNED_M, cut.m, m, to, ldc);
        }
}

/* By measurement: whole vectors of few rows, and depth enough for the turning over of C. */
static bool pays_turned(int64_t m, int64_t n, int64_t k) {
    int64_t whole = (m + WIDTH - 1) / WIDTH * WIDTH;
    return k >= 8 * WIDTH && 2 * m <= n && 8 * m >= 7 * whole;
}

/* One row: as many accumulators as hide how long one takes. */
ALWAYS void line(const int vectors, int64_t k, const Real *a, int64_t step, const Real *b, int64_t ldb,
                 bool add, Real *c) {
    V sum[8];
    UNROLL
    for (int v = 0; v < vectors; v++)
        sum[v] = add ? LOAD(c + v * WIDTH) : NOTHING;
    for (; k > 0; k--, a += step, b += ldb) {
        V s = EVERY(*a);
        UNROLL
        for (int v = 0; v < vectors; v++)
            sum[v] = FMA(s, LOAD(b + v * WIDTH), sum[v]);
    }
    UNROLL
    for (int v = 0; v < vectors; v++)
        STORE(c + v * WIDTH, sum[v]);
}

/* Returns the columns that are done: whole lines. */
static int64_t lines(int64_t n, int64_t k, StFactor a, StFactor b, bool add, Real *c) {
    int64_t j = 0;
    for (; j + 8 * WIDTH <= n; j += 8 * WIDTH)
        line(8, k, a.v, a.step, b.v + j, b.step, add, c + j);
    for (; j + 4 * WIDTH <= n; j += 4 * WIDTH)
        line(4, k, a.v, a.step, b.v + j, b.step, add, c + j);
    return j;
}

void PRODUCT(int64_t m, int64_t n, int64_t k, StFactor a, StFactor b, bool add, Real *c, int64_t ldc) {
    if (b.row != 1 && a.step == 1 && pays_turned(m, n, k)) {
        turned((Cut){m, n, k}, a, b, add, c, ldc);
        return;
    }
    if (b.row != 1 || (b.step >= FAR && m > FEW_ROWS)) {
        packed((Cut){m, n, k}, a, b, add, c, ldc);
        return;
    }
    if (m == 1) {
        int64_t done = lines(n, k, a, b, add, c);
        b.v += done, c += done, n -= done;
    }
    for (int64_t p = 0; p < k && n > 0; p += DEPTH)
        sweep((Cut){m, n, least(DEPTH, k - p)}, (StFactor){a.v + p * a.step, a.row, a.step}, b.v + p * b.step,
              b.step, PANEL, add || p, c, ldc);
}
