/* The workbench: the event loop of the screen. */
#ifndef APP_WORKBENCH_H
#define APP_WORKBENCH_H

#include "session.h"

#include "screen.h"

/* Opens the screen on standard input and output and lives in it until the person quits; then the terminal is
 * as it was. wake_fd: the eventfd that the session was created with (SessionPlan.wake_fd); the trainer and
 * the inspection write to it. play: start training at once. A session without a file shows the start page.
 * The hooks of the session and its added commands are the workbench's while it runs. ui_signals_block() must
 * have been called before any thread was made. Returns the exit status of the program: 0; 1 where the screen
 * cannot be opened (said on standard error); 128 + n after signal n. */
int workbench_run(Session *session, const UiScreenOptions *options, int wake_fd, bool play);

/* The verbs of the screen alone, ended by a row without a name: for help and the man page. */
struct Command;
extern const struct Command workbench_commands[];

#endif
