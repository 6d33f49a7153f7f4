/* A test case is a function; a failed check ends the case and is reported with its place. */
#ifndef HUFU_CHECK_H
#define HUFU_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct test_case {
    const char *name;
    void (*run)(void);
};

/* Prints the place and the text, and leaves the running case. */
_Noreturn void check_failed(const char *file, int line, const char *text, long long got, long long wanted);

#define CHECK(condition)                                             \
    do {                                                             \
        if (!(condition)) {                                          \
            check_failed(__FILE__, __LINE__, #condition, 0, 0);      \
        }                                                            \
    } while (0)

#define CHECK_EQUAL(actual, expected)                                                          \
    do {                                                                                       \
        long long check_actual = (long long) (actual);                                         \
        long long check_expected = (long long) (expected);                                     \
        if (check_actual != check_expected) {                                                  \
            check_failed(__FILE__, __LINE__, #actual " == " #expected, check_actual, check_expected); \
        }                                                                                      \
    } while (0)

extern const struct test_case parser_cases[];
extern const struct test_case record_cases[];
extern const struct test_case system_cases[];
extern const struct test_case launch_cases[];
extern const struct test_case output_cases[];
extern const struct test_case policy_cases[];
extern const struct test_case stop_cases[];
extern const struct test_case death_cases[];
extern const struct test_case identity_cases[];
extern const struct test_case cgroup_cases[];
extern const struct test_case clock_cases[];

/* Of the whole run: an empty directory, and the launcher's binary. */
extern char scratch[256];
extern const char *launcher_binary;

#endif
