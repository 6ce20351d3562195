#include "CLibFuzzer.h"

/* The library's own `main` asks for it, which is linked in and never called. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    (void)data;
    (void)size;
    return 0;
}
