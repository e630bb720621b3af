/* What the calls of the program do. Each returns the exit status: 0 done, 1 failed, 2 used wrongly. */
#ifndef APP_CALLS_H
#define APP_CALLS_H

#include "program.h"

int call_train(ProgramArguments *arguments);
int call_summary(ProgramArguments *arguments);
int call_evaluate(ProgramArguments *arguments);
int call_predict(ProgramArguments *arguments);
int call_gradients(ProgramArguments *arguments);
int call_check(ProgramArguments *arguments);
int call_show(ProgramArguments *arguments);
int call_range_test(ProgramArguments *arguments);
int call_data(ProgramArguments *arguments);
int call_run(ProgramArguments *arguments);
int call_shell(ProgramArguments *arguments);
int call_bench(ProgramArguments *arguments);
int call_help(ProgramArguments *arguments);
int call_workbench(ProgramArguments *arguments); /* without a terminal: trains */
int call_usage(const char *call);                /* --help; NULL: the overview */

#endif
