/* Forms, and the one-line editor in them. Pure state, drawing and keys. */
#ifndef UI_FORM_H
#define UI_FORM_H

#include "event.h"
#include "grid.h"

/* A line of UTF-8 being edited. Start with ui_edit_set. */
enum { UI_EDIT_MAX = 1024 };
typedef struct UiEdit {
    char text[UI_EDIT_MAX];
    int length, cursor; /* bytes */
    int left;           /* first byte drawn */
} UiEdit;

void ui_edit_set(UiEdit *edit, const char *text);
/* left right home end backspace del, ctrl-a e u k w, printable characters; true where it was used. */
bool ui_edit_key(UiEdit *edit, UiKey key);
/* Draws w columns; puts the terminal's cursor where focused. */
void ui_edit_draw(UiGrid *grid, UiRect area, int x, int y, int w, UiEdit *edit, bool focused);

typedef enum UiFieldType {
    UI_FIELD_TEXT,
    UI_FIELD_CHOICE, /* left, right and space go through `choices` */
    UI_FIELD_SWITCH, /* "yes" or "no"; space toggles */
    UI_FIELD_BUTTON, /* enter presses it */
    UI_FIELD_NOTE    /* a heading; cannot be entered */
} UiFieldType;

typedef struct UiField {
    const char *label;
    UiFieldType type;
    const char *fallback; /* the default, shown where the value differs; NULL: must be given */
    const char *wants;    /* "1 to 1e9", "yes or no" */
    const char *help;     /* a sentence */
    /* UI_FIELD_CHOICE: ended by NULL. On UI_FIELD_TEXT they are drawn alike; going through them is the
     * owner's.
     */
    const char *const *choices;
} UiField;

/* Whether the text is right for a field; fills the message where not. Called after every change. */
typedef bool (*UiFormCheck)(void *context, int field, const char *text, char *message, size_t size);

typedef struct UiForm UiForm;

/* The fields are borrowed and must outlive the form. Values start as the fallbacks ("" for NULL). check may
 * be NULL. NULL: no memory. */
UiForm *ui_form_create(const char *title, const UiField *fields, int count, UiFormCheck check, void *context);
void ui_form_free(UiForm *form);
void ui_form_set(UiForm *form, int field, const char *text);
const char *ui_form_value(const UiForm *form, int field);
bool ui_form_changed(const UiForm *form, int field); /* differs from the fallback */
/* The first field that the check refuses, or -1; its message may be NULL-ended into message. */
int ui_form_fault(const UiForm *form, char *message, size_t size);
int ui_form_focus(const UiForm *form);
void ui_form_set_focus(UiForm *form, int field);
/* This form takes the place of another while a field is being typed into: the letters so far count on. */
void ui_form_go_on(UiForm *form, const UiForm *before);
/* A message under the form (e.g. what the command said); "" clears. */
void ui_form_set_message(UiForm *form, const char *message);
/* Checks everything again (where something outside changed). */
void ui_form_check(UiForm *form);

typedef enum UiFormResult {
    UI_FORM_IGNORED, /* the key is not the form's */
    UI_FORM_USED,
    UI_FORM_CHANGED, /* the value of ui_form_focus() changed */
    UI_FORM_ACCEPT,  /* enter on a field (not where a field is at fault: the focus goes there), or on a button
                      */
    UI_FORM_CANCEL
} UiFormResult;

/* tab, shift-tab, up, down, pgup, pgdn move; enter accepts; esc cancels. The first character typed into a
 * text field takes the place of what is there (a comma or a colon goes on with it); a key that moves in it or
 * erases keeps it. */
UiFormResult ui_form_key(UiForm *form, UiKey key);
UiFormResult ui_form_mouse(UiForm *form, const UiEvent *event);
/* Scrolls so that the focus is visible. The bottom row explains the focused field. Fits from 1x1. */
void ui_form_draw(UiGrid *grid, UiRect area, UiForm *form, bool focused);

#endif
