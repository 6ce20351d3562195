#include "CStatusPage.h"

#include <string.h>

// Older standards have it as an extension.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char page[] = {
#embed "Page/index.html"
};
static const unsigned char style[] = {
#embed "Page/weft.css"
};
static const unsigned char script[] = {
#embed "Page/weft.js"
};
static const unsigned char icon[] = {
#embed "Page/icon.svg"
};

static const struct weft_page_file files[] = {
    {"/", "text/html; charset=utf-8", page, sizeof page},
    {"/weft.css", "text/css; charset=utf-8", style, sizeof style},
    {"/weft.js", "text/javascript; charset=utf-8", script, sizeof script},
    {"/icon.svg", "image/svg+xml", icon, sizeof icon},
};

const struct weft_page_file *weft_page_file(const char *path) {
    for (size_t index = 0; index < sizeof files / sizeof files[0]; index++) {
        if (strcmp(files[index].path, path) == 0) return &files[index];
    }
    return NULL;
}
