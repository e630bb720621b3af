#include "form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The editor of one line. */

void ui_edit_set(UiEdit *edit, const char *text) {
    size_t n = strlen(text);
    if (n >= UI_EDIT_MAX) n = UI_EDIT_MAX - 1;
    while (n > 0 && text[n] != '\0' && ((unsigned char)text[n] & 0xC0) == 0x80)
        n--; /* a character is not cut in two */
    memcpy(edit->text, text, n);
    edit->text[n] = '\0';
    edit->length = edit->cursor = (int)n;
    edit->left = 0;
}

static int before(const UiEdit *edit, int at) {
    do
        at--;
    while (at > 0 && ((unsigned char)edit->text[at] & 0xC0) == 0x80);
    return at < 0 ? 0 : at;
}

static int after(const UiEdit *edit, int at) {
    if (at >= edit->length) return edit->length;
    do
        at++;
    while (at < edit->length && ((unsigned char)edit->text[at] & 0xC0) == 0x80);
    return at;
}

static void erase(UiEdit *edit, int from, int to) {
    memmove(edit->text + from, edit->text + to, (size_t)(edit->length - to) + 1);
    edit->length -= to - from;
    edit->cursor = from;
}

static bool insert(UiEdit *edit, UiKey key) {
    char bytes[5];
    if (key < ' ' || key == 0x7F || key >= UI_KEY_NAMED) return false;
    int n = ui_utf8_put(key, bytes);
    if (edit->length + n >= UI_EDIT_MAX) return true;
    memmove(edit->text + edit->cursor + n, edit->text + edit->cursor,
            (size_t)(edit->length - edit->cursor) + 1);
    memcpy(edit->text + edit->cursor, bytes, (size_t)n);
    edit->length += n, edit->cursor += n;
    return true;
}

bool ui_edit_key(UiEdit *edit, UiKey key) {
    int at = edit->cursor;
    switch (key) {
    case UI_KEY_LEFT:
        edit->cursor = before(edit, at);
        return true;
    case UI_KEY_RIGHT:
        edit->cursor = after(edit, at);
        return true;
    case UI_KEY_HOME:
    case 'a' | UI_CTRL:
        edit->cursor = 0;
        return true;
    case UI_KEY_END:
    case 'e' | UI_CTRL:
        edit->cursor = edit->length;
        return true;
    case UI_KEY_BACKSPACE:
        erase(edit, before(edit, at), at);
        return true;
    case UI_KEY_DELETE:
        erase(edit, at, after(edit, at));
        return true;
    case 'u' | UI_CTRL:
        erase(edit, 0, at);
        return true;
    case 'k' | UI_CTRL:
        erase(edit, at, edit->length);
        return true;
    case 'w' | UI_CTRL: {
        int from = at;
        while (from > 0 && edit->text[from - 1] == ' ')
            from--;
        while (from > 0 && edit->text[from - 1] != ' ')
            from--;
        erase(edit, from, at);
        return true;
    }
    default:
        return insert(edit, key);
    }
}

/* Columns of the text between two places in bytes. */
static int columns_between(const UiEdit *edit, int from, int to) {
    const char *p = edit->text + from;
    int width = 0;
    while (p < edit->text + to)
        width += ui_codepoint_width(ui_utf8_next(&p));
    return width;
}

void ui_edit_draw(UiGrid *grid, UiRect area, int x, int y, int w, UiEdit *edit, bool focused) {
    UiRect box = ui_rect_clip(ui_rect(area.x + x, area.y + y, w, 1), area);
    ui_fill(grid, box, UI_FIELD);
    if (edit->left > edit->cursor) edit->left = edit->cursor;
    while (columns_between(edit, edit->left, edit->cursor) >= w && edit->left < edit->cursor)
        edit->left = after(edit, edit->left);
    if (!focused) edit->left = 0;
    ui_text(grid, box, 0, 0, UI_FIELD, edit->text + edit->left);
    int column = columns_between(edit, edit->left, edit->cursor);
    if (!focused || column >= box.w || box.h < 1) return;
    grid->cursor_x = box.x + column, grid->cursor_y = box.y;
}

/* Forms. */

enum { SIDE_FROM = 44 }; /* columns of a line from which on words stand beside the value */

typedef struct Value {
    UiEdit edit;
    bool bad;
    char message[256];
} Value;

struct UiForm {
    const char *title;
    const UiField *field;
    int count, focus, top;
    UiFormCheck check;
    void *context;
    char message[256];
    UiRect body;    /* of the last drawing */
    bool fresh;     /* nothing was typed since the field got the focus */
    char typed[40]; /* letters that choose among the choices, since then */
    Value value[];
};

static bool can_enter(const UiForm *form, int i) {
    return i >= 0 && i < form->count && form->field[i].type != UI_FIELD_NOTE;
}

static void check_field(UiForm *form, int i) {
    Value *value = &form->value[i];
    value->bad = false, value->message[0] = '\0';
    if (form->check == NULL || form->field[i].type == UI_FIELD_NOTE || form->field[i].type == UI_FIELD_BUTTON)
        return;
    value->bad = !form->check(form->context, i, value->edit.text, value->message, sizeof value->message);
}

UiForm *ui_form_create(const char *title, const UiField *fields, int count, UiFormCheck check,
                       void *context) {
    if (count < 0) count = 0;
    UiForm *form = calloc(1, sizeof *form + (size_t)count * sizeof(Value));
    if (form == NULL) return NULL;
    *form = (UiForm){.title = title, .field = fields, .count = count, .check = check, .context = context};
    form->fresh = true;
    for (int i = 0; i < count; i++)
        ui_edit_set(&form->value[i].edit, fields[i].fallback ? fields[i].fallback : "");
    while (form->focus < count - 1 && !can_enter(form, form->focus))
        form->focus++;
    ui_form_check(form);
    return form;
}

void ui_form_free(UiForm *form) {
    free(form);
}

void ui_form_check(UiForm *form) {
    for (int i = 0; i < form->count; i++)
        check_field(form, i);
}

void ui_form_set(UiForm *form, int field, const char *text) {
    if (field < 0 || field >= form->count) return;
    ui_edit_set(&form->value[field].edit, text);
    check_field(form, field);
}

const char *ui_form_value(const UiForm *form, int field) {
    return field >= 0 && field < form->count ? form->value[field].edit.text : "";
}

bool ui_form_changed(const UiForm *form, int field) {
    if (field < 0 || field >= form->count) return false;
    const char *fallback = form->field[field].fallback;
    return strcmp(form->value[field].edit.text, fallback ? fallback : "") != 0;
}

int ui_form_fault(const UiForm *form, char *message, size_t size) {
    for (int i = 0; i < form->count; i++)
        if (form->value[i].bad) {
            if (message != NULL) snprintf(message, size, "%s", form->value[i].message);
            return i;
        }
    return -1;
}

int ui_form_focus(const UiForm *form) {
    return form->focus;
}

/* The focus goes to a field that can be entered. */
static void focus_on(UiForm *form, int field) {
    form->focus = field;
    form->fresh = true;
    form->typed[0] = '\0';
}

void ui_form_set_focus(UiForm *form, int field) {
    if (can_enter(form, field)) focus_on(form, field);
}

void ui_form_go_on(UiForm *form, const UiForm *before) {
    form->fresh = before->fresh;
    memcpy(form->typed, before->typed, sizeof form->typed);
}

void ui_form_set_message(UiForm *form, const char *message) {
    snprintf(form->message, sizeof form->message, "%s", message);
}

/* Keys. */

static void move(UiForm *form, int step, bool around) {
    for (int at = form->focus + step, tries = 0; tries < form->count; at += step, tries++) {
        if (around) at = (at + form->count) % form->count;
        if (at < 0 || at >= form->count) return;
        if (!can_enter(form, at)) continue;
        focus_on(form, at);
        return;
    }
}

/* Steps to the next choice that begins with `begin` ("": any), the present one last. */
static UiFormResult choose(UiForm *form, int step, const char *begin) {
    const UiField *field = &form->field[form->focus];
    const char *now = form->value[form->focus].edit.text;
    int count = 0, at = -1;
    for (; field->choices && field->choices[count]; count++)
        if (strcmp(field->choices[count], now) == 0) at = count;
    if (count == 0) return UI_FORM_IGNORED;
    if (at < 0 && step < 0) at = 0;
    for (int tries = 0; tries < count; tries++) {
        at = (at + step + count) % count;
        if (strncmp(field->choices[at], begin, strlen(begin)) != 0) continue;
        ui_form_set(form, form->focus, field->choices[at]);
        return UI_FORM_CHANGED;
    }
    return UI_FORM_IGNORED;
}

/* Letters add up to the beginning of a choice; the same letter again goes on to the next with it; one that
 * leads nowhere changes nothing. */
static UiFormResult choose_typed(UiForm *form, char letter) {
    char begin[sizeof form->typed], now[UI_EDIT_MAX];
    size_t length = strlen(form->typed);
    if (length + 1 >= sizeof begin) return UI_FORM_USED;
    memcpy(begin, form->typed, length);
    begin[length] = letter;
    begin[length + 1] = '\0';
    strcpy(now, form->value[form->focus].edit.text);
    for (const char *const *choice = form->field[form->focus].choices; length > 0 && choice && *choice;
         choice++)
        if (strcmp(*choice, begin) == 0 && strcmp(now, begin) != 0) { /* adam, not the adamw before it */
            ui_form_set(form, form->focus, begin);
            strcpy(form->typed, begin);
            return UI_FORM_CHANGED;
        }
    if (length > 0 && strncmp(now, begin, length + 1) == 0) { /* it is there already */
        strcpy(form->typed, begin);
        return UI_FORM_USED;
    }
    UiFormResult result = choose(form, 1, begin);
    if (result == UI_FORM_CHANGED)
        strcpy(form->typed, begin);
    else if (length == 1 && form->typed[0] == letter)
        result = choose(form, 1, form->typed);
    return result == UI_FORM_CHANGED ? result : UI_FORM_USED;
}

static UiFormResult toggle(UiForm *form) {
    bool on = strcmp(form->value[form->focus].edit.text, "yes") == 0;
    ui_form_set(form, form->focus, on ? "no" : "yes");
    return UI_FORM_CHANGED;
}

static bool is_printable(UiKey key) {
    return key >= ' ' && key < UI_KEY_NAMED;
}

/* No value begins with a comma or a colon: those go on with the one that is there (l2 and :0.01). */
static bool begins_anew(UiKey key) {
    return is_printable(key) && key != ',' && key != ':';
}

static UiFormResult edit_field(UiForm *form, UiKey key) {
    Value *value = &form->value[form->focus];
    switch (form->field[form->focus].type) {
    case UI_FIELD_TEXT: {
        char old[UI_EDIT_MAX];
        strcpy(old, value->edit.text);
        /* What is typed first takes the place of what is there: 16 upon a 1 is not 116. */
        if (form->fresh && begins_anew(key)) ui_edit_set(&value->edit, "");
        if (!ui_edit_key(&value->edit, key)) return UI_FORM_IGNORED;
        form->fresh = false;
        if (strcmp(old, value->edit.text) == 0) return UI_FORM_USED;
        check_field(form, form->focus);
        return UI_FORM_CHANGED;
    }
    case UI_FIELD_CHOICE:
        if (key == UI_KEY_LEFT || key == UI_KEY_RIGHT || key == ' ') {
            form->typed[0] = '\0';
            return choose(form, key == UI_KEY_LEFT ? -1 : 1, "");
        }
        return key > ' ' && key < 0x7F ? choose_typed(form, (char)key) : UI_FORM_IGNORED;
    case UI_FIELD_SWITCH:
        if (key == ' ' || key == UI_KEY_LEFT || key == UI_KEY_RIGHT) return toggle(form);
        if (key != 'y' && key != 'n') return UI_FORM_IGNORED;
        ui_form_set(form, form->focus, key == 'y' ? "yes" : "no");
        return UI_FORM_CHANGED;
    default:
        return key == ' ' ? UI_FORM_ACCEPT : UI_FORM_IGNORED;
    }
}

UiFormResult ui_form_key(UiForm *form, UiKey key) {
    int page = form->body.h > 1 ? form->body.h - 1 : 1;
    if (key == UI_KEY_ESCAPE) return UI_FORM_CANCEL;
    if (form->count == 0) return key == UI_KEY_ENTER ? UI_FORM_ACCEPT : UI_FORM_IGNORED;
    form->message[0] = '\0';
    switch (key) {
    case UI_KEY_TAB:
        move(form, 1, true);
        return UI_FORM_USED;
    case UI_KEY_TAB | UI_SHIFT:
        move(form, -1, true);
        return UI_FORM_USED;
    case UI_KEY_DOWN:
        move(form, 1, false);
        return UI_FORM_USED;
    case UI_KEY_UP:
        move(form, -1, false);
        return UI_FORM_USED;
    case UI_KEY_PGDN:
    case UI_KEY_PGUP:
        for (int i = 0; i < page; i++)
            move(form, key == UI_KEY_PGDN ? 1 : -1, false);
        return UI_FORM_USED;
    case UI_KEY_ENTER: {
        if (form->field[form->focus].type == UI_FIELD_BUTTON) return UI_FORM_ACCEPT;
        int fault = ui_form_fault(form, form->message, sizeof form->message);
        if (fault < 0) return UI_FORM_ACCEPT;
        focus_on(form, fault);
        return UI_FORM_USED;
    }
    default: {
        UiFormResult result = edit_field(form, key);
        /* What is typed into a form never leaves it: a letter must not quit the program. */
        return result == UI_FORM_IGNORED && is_printable(key) ? UI_FORM_USED : result;
    }
    }
}

UiFormResult ui_form_mouse(UiForm *form, const UiEvent *event) {
    if (!ui_rect_has(form->body, event->x, event->y)) return UI_FORM_IGNORED;
    if (event->mouse == UI_MOUSE_WHEEL_DOWN) return ui_form_key(form, UI_KEY_DOWN);
    if (event->mouse == UI_MOUSE_WHEEL_UP) return ui_form_key(form, UI_KEY_UP);
    int field = form->top + event->y - form->body.y;
    if (event->mouse != UI_MOUSE_PRESS || !can_enter(form, field)) return UI_FORM_USED;
    bool again = form->focus == field;
    if (!again) focus_on(form, field);
    if (form->field[field].type == UI_FIELD_BUTTON) return UI_FORM_ACCEPT;
    if (form->field[field].type == UI_FIELD_SWITCH) return toggle(form);
    return again && form->field[field].type == UI_FIELD_CHOICE ? choose(form, 1, 0) : UI_FORM_USED;
}

/* Drawing. */

/* "◂ relu ▸": there are others to the left and right. */
static void draw_choice(UiGrid *grid, UiRect box, const char *text, bool focused) {
    UiInk ink = focused ? UI_FOCUS : UI_TEXT;
    if (focused) ui_fill(grid, box, UI_FOCUS);
    ui_put_glyph(grid, box, 0, 0, UI_GLYPH_LEFT, focused ? ink : UI_RULE);
    int width = ui_text_in(grid, box, 2, 0, box.w - 4, ink, text);
    ui_put_glyph(grid, box, width + 3 < box.w ? width + 3 : box.w - 1, 0, UI_GLYPH_RIGHT,
                 focused ? ink : UI_RULE);
}

static void draw_value(UiGrid *grid, UiRect box, UiForm *form, int i, bool focused) {
    const UiField *field = &form->field[i];
    const char *text = form->value[i].edit.text;
    UiInk ink = focused ? UI_FOCUS : UI_TEXT;
    switch (field->type) {
    case UI_FIELD_TEXT:
        if (field->choices && !focused) {
            draw_choice(grid, box, text, false);
        } else if (field->choices) { /* a choice that may be typed on: l2:0.01 */
            int w = ui_text_width(text) + 1, most = box.w - 4;
            w = w > most ? most : w;
            ui_edit_draw(grid, box, 2, 0, w, &form->value[i].edit, true);
            ui_put_glyph(grid, box, 0, 0, UI_GLYPH_LEFT, UI_KEY);
            ui_put_glyph(grid, box, w + 3, 0, UI_GLYPH_RIGHT, UI_KEY);
        } else {
            ui_edit_draw(grid, box, 0, 0, box.w, &form->value[i].edit, focused);
            if (focused && form->fresh && ui_text_width(text) < box.w) /* marked: typing replaces it */
                ui_text(grid, box, 0, 0, UI_FOCUS, text);
        }
        break;
    case UI_FIELD_CHOICE:
        draw_choice(grid, box, text, focused);
        break;
    case UI_FIELD_SWITCH:
        ui_print(grid, box, 0, 0, ink, "[%c] %s", strcmp(text, "yes") == 0 ? 'x' : ' ', text);
        break;
    case UI_FIELD_BUTTON:
        ui_print(grid, box, 0, 0, focused ? UI_FOCUS : UI_KEY, "[ %s ]", field->label);
        break;
    default:
        break;
    }
}

/* " · default 32" where the value is another one; "" where it is not. */
static void print_default(const UiForm *form, int i, char text[128]) {
    const UiField *field = &form->field[i];
    bool differs = ui_form_changed(form, i) && field->fallback != NULL && field->fallback[0] != '\0';
    snprintf(text, 128, "%sdefault %s", field->wants && field->wants[0] ? " · " : "",
             differs ? field->fallback : "");
    if (!differs) text[0] = '\0';
}

/* What stands beside a field: its error, or what it wants and, where the value is another, its default,
 * which is kept where there is not room for both. */
static void draw_side(UiGrid *grid, UiRect side, const UiForm *form, int i) {
    const UiField *field = &form->field[i];
    if (field->type == UI_FIELD_BUTTON) return;
    if (form->value[i].bad)
        ui_text(grid, side, 0, 0, UI_BAD, form->value[i].message);
    else {
        char tail[128];
        print_default(form, i, tail);
        int room = side.w - ui_text_width(tail);
        int w = ui_text_in(grid, side, 0, 0, room, UI_DIM, field->wants ? field->wants : "");
        ui_text(grid, side, w < room ? w : room > 0 ? room : 0, 0, UI_DIM, tail);
    }
}

/* The columns that a value takes of a line: a choice as many as its longest, others a fixed number. */
static int value_width(const UiField *field, int line) {
    int box = line / 2 - 2 < 22 ? line / 2 - 2 : 22;
    if (line < SIDE_FROM) return line;
    for (int i = 0; field->choices && field->choices[i]; i++) {
        int w = ui_text_width(field->choices[i]) + 4;
        if (w > box) box = w < line ? w : line;
    }
    return box;
}

static int label_width(const UiForm *form, int most) {
    int width = 0;
    for (int i = 0; i < form->count; i++) {
        UiFieldType type = form->field[i].type;
        if (type == UI_FIELD_NOTE || type == UI_FIELD_BUTTON) continue;
        int w = ui_text_width(form->field[i].label);
        if (w > width) width = w;
    }
    return width < most ? width : most;
}

static void draw_field(UiGrid *grid, UiRect line, UiForm *form, int i, int labels, bool focused) {
    const UiField *field = &form->field[i];
    if (field->type == UI_FIELD_NOTE) {
        ui_text(grid, line, 0, 0, UI_TITLE, field->label);
        return;
    }
    if (line.w >= 16) {
        if (focused) ui_put_glyph(grid, line, 0, 0, UI_GLYPH_RIGHT, UI_KEY);
        ui_cut_left(&line, 2);
    }
    if (field->type != UI_FIELD_BUTTON) {
        UiInk ink = form->value[i].bad ? UI_BAD : focused ? UI_TITLE : UI_TEXT;
        ui_text_in(grid, line, 0, 0, labels, ink, field->label);
        ui_cut_left(&line, labels + 2);
    }
    UiRect value = ui_cut_left(&line, value_width(field, line.w));
    draw_value(grid, value, form, i, focused);
    ui_cut_left(&line, 2);
    draw_side(grid, line, form, i);
}

/* Under the fields: the form's message, else the focused field's error, else its help. */
static void draw_foot(UiGrid *grid, UiRect foot, const UiForm *form, bool sides) {
    if (form->count == 0) return;
    const Value *value = &form->value[form->focus];
    const UiField *field = &form->field[form->focus];
    if (form->message[0])
        ui_paragraph(grid, foot, UI_BAD, 0, form->message);
    else if (value->bad && value->message[0])
        ui_paragraph(grid, foot, UI_BAD, 0, value->message);
    else {
        char text[512], tail[128];
        print_default(form, form->focus, tail);
        if (sides || field->type == UI_FIELD_BUTTON) tail[0] = '\0';
        /* Choices show themselves. */
        bool range = !sides && !field->choices && field->type == UI_FIELD_TEXT && field->wants;
        const char *from = !range && strncmp(tail, " · ", strlen(" · ")) == 0 ? tail + strlen(" · ") : tail;
        snprintf(text, sizeof text, "%s%s%s%s", range ? field->wants : "", from,
                 (range && field->wants[0]) || *from ? " · " : "", field->help ? field->help : "");
        ui_paragraph(grid, foot, UI_DIM, 0, text);
    }
}

/* The title; at its right, where the form is longer than its room, which field of how many one is at. */
static void draw_head(UiGrid *grid, UiRect head, const UiForm *form) {
    int fields = 0, at = 0;
    for (int i = 0; i < form->count; i++) {
        fields += form->field[i].type != UI_FIELD_NOTE;
        if (i == form->focus) at = fields;
    }
    int w = head.w;
    if (form->count > form->body.h && w >= 30)
        w -= 2 + ui_print_right(grid, head, head.w - 1, 0, UI_DIM, "%d of %d", at, fields);
    ui_text_in(grid, head, 0, 0, w, UI_TITLE, form->title);
}

void ui_form_draw(UiGrid *grid, UiRect area, UiForm *form, bool focused) {
    UiRect rest = area;
    UiRect head = ui_cut_top(&rest, !form->title || area.h < 4 ? 0 : area.h >= form->count + 5 ? 2 : 1);
    UiRect foot = ui_cut_bottom(&rest, area.h >= 8 ? 2 : area.h >= 3 ? 1 : 0);
    if (rest.h > form->count + 1) foot.y -= rest.h - form->count - 1; /* close to the fields */
    form->body = rest;
    if (form->top > form->focus) form->top = form->focus;
    if (form->top < form->focus - rest.h + 1) form->top = form->focus - rest.h + 1;
    if (form->top > form->count - rest.h) form->top = form->count - rest.h;
    if (form->top < 0) form->top = 0;
    if (head.h > 0) draw_head(grid, head, form);
    int labels = label_width(form, rest.w / 2 - 2 > 0 ? rest.w / 2 - 2 : 0);
    for (int y = 0; y < rest.h && form->top + y < form->count; y++)
        draw_field(grid, (UiRect){rest.x, rest.y + y, rest.w, 1}, form, form->top + y, labels,
                   focused && form->top + y == form->focus);
    if (form->top > 0) ui_put_glyph(grid, rest, rest.w - 1, 0, UI_GLYPH_UP, UI_DIM);
    if (form->top + rest.h < form->count)
        ui_put_glyph(grid, rest, rest.w - 1, rest.h - 1, UI_GLYPH_DOWN, UI_DIM);
    draw_foot(grid, foot, form, rest.w - labels - 4 >= SIDE_FROM);
}
