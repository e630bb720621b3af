/* The line editor: the only file that includes libedit. Emacs and vi keys, history
 * and the person's editrc work both under a screen and on a plain terminal. */
#ifndef UI_PROMPT_H
#define UI_PROMPT_H

#include "event.h"

/* Completion: the words that may stand where `line` ends at the cursor (bytes). `begin` is preset to where
 * the last word begins and may be moved. add() is called for each candidate. */
typedef void (*UiCandidate)(void *to, const char *word);
typedef void (*UiComplete)(void *context, const char *line, int cursor, int *begin, UiCandidate add,
                           void *to);

typedef struct UiPrompt UiPrompt;

/* history: a file (folders are made), or NULL. complete may be NULL. NULL where memory or a pty is short. */
UiPrompt *ui_prompt_create(const char *program, const char *history, UiComplete complete, void *context);
void ui_prompt_free(UiPrompt *prompt); /* writes the history */

/* Under a screen. pump() is called whenever a key is wanted: it runs the caller's event loop (which may draw,
 * see ui_prompt_line) until there is a key, and returns it; 0 cancels. The result is the caller's to free;
 * NULL: cancelled (esc, ctrl-g, ctrl-c, pump gave 0, or a prompt is open already). Not empty lines go to the
 * history. */
typedef UiKey (*UiPump)(void *context);
char *ui_prompt_read(UiPrompt *prompt, const char *preset, UiPump pump, void *context);
bool ui_prompt_is_open(const UiPrompt *prompt);
/* What is being typed, and the cursor in bytes; "" where closed. Line breaks (searching) are shown as blanks.
 */
const char *ui_prompt_line(UiPrompt *prompt, int *cursor);
/* The candidates of the last completion with more than one, NULL-ended; gone with the next key. */
const char *const *ui_prompt_candidates(const UiPrompt *prompt);

/* On standard input and output, without a screen; where standard input is no terminal, plain lines without a
 * prompt. NULL: the end. The result is the caller's to free. */
char *ui_prompt_plain(UiPrompt *prompt, const char *ask);

#endif
