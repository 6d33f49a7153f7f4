/*
 * The fuzzer where there is no libFuzzer, and in the ordinary tests: every file of the corpus, then that many mutations of
 * them, which the seed decides. Usage: fuzz COUNT SEED CORPUS...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../main/native/wire.h"
#include "fuzz_target.h"

enum { INPUTS_MAXIMUM = 4096, INPUT_MAXIMUM = 16 << 10, SPOILED_MAXIMUM = 2 * INPUT_MAXIMUM };

struct input {
    uint8_t *bytes;
    size_t length;
};

static struct input inputs[INPUTS_MAXIMUM];
static size_t count;
static uint8_t spoiled[SPOILED_MAXIMUM];
static uint64_t state;

static uint32_t below(size_t limit) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t) ((state >> 16) % limit);
}

static void load(const char *path) {
    static uint8_t bytes[INPUT_MAXIMUM];
    FILE *file = fopen(path, "r");
    if (file == NULL || count == INPUTS_MAXIMUM) {
        fprintf(stderr, "fuzz: cannot take in %s\n", path);
        exit(2);
    }
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    inputs[count].bytes = malloc(length + 1);
    if (inputs[count].bytes == NULL) {
        exit(2);
    }
    memcpy(inputs[count].bytes, bytes, length);
    inputs[count++].length = length;
}

static size_t cut_out(size_t length) {
    size_t at = below(length);
    size_t part = 1 + below(length - at < 16 ? length - at : 16);
    memmove(spoiled + at, spoiled + at + part, length - at - part);
    return length - part;
}

/* A piece of any input, put in between: strings and whole frames more often than not. */
static size_t put_in(size_t length) {
    const struct input *other = &inputs[below(count)];
    if (other->length < 2) {
        return length;
    }
    size_t from = below(other->length);
    size_t part = 1 + below(other->length - from);
    size_t at = below(length + 1);
    if (length + part > sizeof spoiled) {
        return length;
    }
    memmove(spoiled + at + part, spoiled + at, length - at);
    memcpy(spoiled + at, other->bytes + from, part);
    return length + part;
}

static void spoil_number(size_t length) {
    static const uint32_t numbers[] = {0, 1, 2, 5, 12, 16, 64, 0x7f, 0xff, 0x100, 0xffff, 0x10000, 1U << 26, 0x7fffffff,
        0x80000000, 0xfffffff0, 0xffffffff};
    uint8_t *at = spoiled + below(length - 3);
    switch (below(3)) {
        case 0:
            put32(at, numbers[below(sizeof numbers / sizeof numbers[0])]);
            break;
        case 1:
            put32(at, get32(at) + below(9) - 4);
            break;
        default:
            put32(at, (uint32_t) below(length + 2));
            break;
    }
}

static size_t spoil(size_t length) {
    for (uint32_t changes = 1 + below(3); changes > 0 && length > 4; changes--) {
        switch (below(6)) {
            case 0:
                spoiled[below(length)] ^= (uint8_t) (1U << below(8));
                break;
            case 1:
                spoiled[below(length)] = (uint8_t) below(256);
                break;
            case 2:
                length = cut_out(length);
                break;
            case 3:
                length = put_in(length);
                break;
            default:
                spoil_number(length);
                break;
        }
    }
    if (below(4) != 0) {
        fuzz_mend(spoiled, length);
    }
    return length;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: fuzz COUNT SEED CORPUS...\n");
        return 2;
    }
    long long rounds = atoll(argv[1]);
    unsigned long long seed = strtoull(argv[2], NULL, 10);
    long long understood = 0;
    for (int i = 3; i < argc; i++) {
        load(argv[i]);
    }
    for (size_t i = 0; i < count; i++) {
        understood += fuzz_one(inputs[i].bytes, inputs[i].length) > 0;
    }
    if (understood * 4 < (long long) count) {
        fprintf(stderr, "fuzz: of %zu files of the corpus only %lld are understood\n", count, understood);
        return 1;
    }
    state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (long long i = 0; i < rounds; i++) {
        const struct input *input = &inputs[below(count)];
        memcpy(spoiled, input->bytes, input->length);
        size_t length = spoil(input->length);
        understood += fuzz_one(spoiled, length) > 0;
    }
    printf("%zu files and %lld mutations of them, seed %llu: %lld understood, none misunderstood\n", count, rounds, seed,
            understood);
    return 0;
}
