/* The target for clang's libFuzzer, which looks for inputs that reach what no input has reached. */
#include "fuzz_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t length, size_t room);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    (void) fuzz_one(bytes, length);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned seed) {
    length = LLVMFuzzerMutate(bytes, length, room);
    if (seed % 4 != 0) {
        fuzz_mend(bytes, length);
    }
    return length;
}
