/* The main of a fuzz target under any compiler: runs it over the files given. (Under clang's
 * -fsanitize=fuzzer the fuzzer brings the main.) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file's own bytes, .gz or not: a target may want to unpack them itself. */
static unsigned char *read_bytes(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    unsigned char *bytes = NULL;
    long length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    /* Exactly as large as the input, so that a sanitizer sees a byte read too far. */
    if (length >= 0 && fseek(file, 0, SEEK_SET) == 0) bytes = malloc(length ? (size_t)length : 1);
    *size = bytes ? fread(bytes, 1, (size_t)length, file) : 0;
    fclose(file);
    return bytes;
}

int main(int argc, char **argv) {
    int ran = 0;
    for (int i = 1; i < argc; i++) {
        size_t size;
        unsigned char *bytes = read_bytes(argv[i], &size);
        if (!bytes) {
            fprintf(stderr, "%s: cannot be read\n", argv[i]);
            return 1;
        }
        LLVMFuzzerTestOneInput(bytes, size);
        free(bytes);
        ran++;
    }
    printf("%d inputs replayed\n", ran);
    return ran == 0;
}
