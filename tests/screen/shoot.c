/* Draws a picture of the program as it really runs: starts it in a pseudo-terminal, feeds keys, waits for
 * words on the screen, and writes what stands there as an SVG. Braille, blocks and rules are drawn as shapes,
 * so the picture looks the same whatever fonts the reader has.
 *
 *     shoot OUT.svg WIDTHxHEIGHT STEP… -- PROGRAM ARGUMENT…
 *
 * A STEP is key:NAME, type:TEXT or until:TEXT (a word that has to show on the screen), in order. */
#include "vt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_W = 9, CELL_H = 19, PAD = 10, TEXT_SIZE = 15, BASE = 14 };
static const int GROUND = 0x16181d, INK = 0xd6d9de;

/* The palette of xterm's 256 colours; the first 16 as common dark themes have them. */
static int rgb_of(int color, int standard) {
    static const int low[16] = {0x1d2026, 0xe06c75, 0x98c379, 0xe5c07b, 0x61afef, 0xc678dd,
                                0x56b6c2, 0xc8ccd4, 0x5c6370, 0xe06c75, 0x98c379, 0xe5c07b,
                                0x61afef, 0xc678dd, 0x56b6c2, 0xffffff};
    static const int level[6] = {0, 95, 135, 175, 215, 255};
    if (color == VT_DEFAULT) return standard;
    if (color & VT_RGB) return color & 0xffffff;
    if (color < 16) return low[color];
    if (color >= 232) return (8 + 10 * (color - 232)) * 0x010101;
    color -= 16;
    return level[color / 36] << 16 | level[color / 6 % 6] << 8 | level[color % 6];
}

static void rect(FILE *out, double x, double y, double w, double h, int rgb) {
    fprintf(out, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"#%06x\"/>\n", x, y, w, h,
            (unsigned)rgb);
}

/* Braille: eight dots; the bits of U+2800 in their order. */
static void braille(FILE *out, double x, double y, int bits, int rgb) {
    static const int column[8] = {0, 0, 0, 1, 1, 1, 0, 1}, row[8] = {0, 1, 2, 0, 1, 2, 3, 3};
    for (int i = 0; i < 8; i++)
        if (bits >> i & 1)
            fprintf(out, "<circle cx=\"%g\" cy=\"%g\" r=\"1.25\" fill=\"#%06x\"/>\n",
                    x + CELL_W * (0.27 + 0.46 * column[i]), y + CELL_H * (0.125 + 0.25 * row[i]),
                    (unsigned)rgb);
}

/* What is drawn as a shape; false: it is a letter. */
static bool shape(FILE *out, uint32_t ch, double x, double y, int rgb) {
    double w = CELL_W, h = CELL_H, mid = y + h / 2 - 0.5, center = x + w / 2 - 0.5;
    if (ch > 0x2800 && ch <= 0x28FF) return braille(out, x, y, (int)(ch - 0x2800), rgb), true;
    if (ch >= 0x2581 && ch <= 0x2588) {
        double part = h * (ch - 0x2580) / 8;
        return rect(out, x, y + h - part, w, part, rgb), true;
    }
    switch (ch) {
    case 0x2580:
        rect(out, x, y, w, h / 2, rgb);
        return true;
    case 0x2500:
        rect(out, x, mid, w, 1, rgb);
        return true;
    case 0x2504:
        rect(out, x, mid, w * 0.6, 1, rgb);
        return true;
    case 0x2502:
        rect(out, center, y, 1, h, rgb);
        return true;
    case 0x2524:
        rect(out, x, mid, w / 2, 1, rgb), rect(out, center, y, 1, h, rgb);
        return true;
    case 0x252C:
        rect(out, x, mid, w, 1, rgb), rect(out, center, mid, 1, h / 2, rgb);
        return true;
    case 0x2514:
        rect(out, center, y, 1, h / 2, rgb), rect(out, center, mid, w / 2, 1, rgb);
        return true;
    case 0x2591:
    case 0x2592:
    case 0x2593:
        fprintf(out, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"#%06x\" opacity=\"%.2f\"/>\n",
                x, y, w, h, (unsigned)rgb, 0.25 * (double)(ch - 0x2590));
        return true;
    default:
        return false;
    }
}

static void utf8(FILE *out, uint32_t ch) {
    if (ch == '<')
        fputs("&lt;", out);
    else if (ch == '>')
        fputs("&gt;", out);
    else if (ch == '&')
        fputs("&amp;", out);
    else if (ch < 0x80)
        fputc((int)ch, out);
    else if (ch < 0x800)
        fprintf(out, "%c%c", (int)(0xC0 | ch >> 6), (int)(0x80 | (ch & 63)));
    else
        fprintf(out, "%c%c%c", (int)(0xE0 | ch >> 12), (int)(0x80 | (ch >> 6 & 63)), (int)(0x80 | (ch & 63)));
}

static void cell_draw(FILE *out, VtCell cell, int column, int row) {
    double x = PAD + column * CELL_W, y = PAD + row * CELL_H;
    int fg = rgb_of(cell.fg, INK), bg = rgb_of(cell.bg, GROUND);
    if (cell.reverse) {
        int held = fg;
        fg = bg, bg = held;
    }
    if (bg != GROUND) rect(out, x, y, CELL_W + 0.4, CELL_H + 0.4, bg);
    if (cell.ch > ' ' && !shape(out, cell.ch, x, y, fg)) {
        fprintf(out, "<text x=\"%g\" y=\"%g\" fill=\"#%06x\"%s>", x, y + BASE, (unsigned)fg,
                cell.bold ? " font-weight=\"bold\"" : "");
        utf8(out, cell.ch);
        fputs("</text>\n", out);
    }
    if (cell.underline) rect(out, x, y + CELL_H - 2, CELL_W, 1, fg);
}

static bool draw(Vt *vt, const char *path) {
    FILE *out = fopen(path, "w");
    if (!out) return perror(path), false;
    int w = vt_width(vt), h = vt_height(vt);
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"'DejaVu Sans "
            "Mono',"
            "Menlo,Consolas,monospace\" font-size=\"%d\" shape-rendering=\"geometricPrecision\">\n",
            w * CELL_W + 2 * PAD, h * CELL_H + 2 * PAD, TEXT_SIZE);
    fprintf(out, "<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"#%06x\"/>\n", (unsigned)GROUND);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            cell_draw(out, vt_cell(vt, x, y), x, y);
    fputs("</svg>\n", out);
    return fclose(out) == 0;
}

static bool step(Vt *vt, const char *word) {
    const char *rest = strchr(word, ':');
    if (rest && strncmp(word, "key:", 4) == 0) return vt_key(vt, rest + 1), vt_frame_after(vt, vt_frame(vt));
    if (rest && strncmp(word, "type:", 5) == 0)
        return vt_type(vt, rest + 1), vt_frame_after(vt, vt_frame(vt));
    if (rest && strncmp(word, "until:", 6) == 0) {
        for (int tries = 0; tries < 12; tries++)
            if (vt_shows(vt, rest + 1)) return true;
        return vt_dump(vt, word), false;
    }
    return fprintf(stderr, "unknown step %s\n", word), false;
}

int main(int argc, char **argv) {
    int w = 0, h = 0, at = 3;
    if (argc < 5 || sscanf(argv[2], "%dx%d", &w, &h) != 2) {
        fprintf(stderr, "usage: shoot OUT.svg WIDTHxHEIGHT STEP… -- PROGRAM ARGUMENT…\n");
        return 2;
    }
    int program = at;
    while (program < argc && strcmp(argv[program], "--") != 0)
        program++;
    if (program + 1 >= argc) return 2;
    Vt *vt = vt_start(w, h, (const char *const *)argv + program + 1, NULL);
    bool done = vt && vt_frame_after(vt, 0);
    for (; done && at < program; at++)
        done = step(vt, argv[at]);
    done = done && draw(vt, argv[1]);
    if (vt) vt_end(vt);
    return done ? 0 : 1;
}
