/* One input of the fuzzer, whoever makes it. */
#ifndef HUFU_FUZZ_TARGET_H
#define HUFU_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

enum { FUZZ_CONNECTION = 1000 };

/* How many frames were understood. Aborts where what was understood is not what was said. */
int fuzz_one(const uint8_t *bytes, size_t length);

/* Makes the first frame as long as its input, without which few mutations would get past the frame's header. */
void fuzz_mend(uint8_t *bytes, size_t length);

#endif
