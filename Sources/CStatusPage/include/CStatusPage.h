#ifndef CSTATUSPAGE_H
#define CSTATUSPAGE_H

#include <stddef.h>

/// A file of the local web page, as it is served.
struct weft_page_file {
    const char *path;
    const char *content_type;
    const unsigned char *bytes;
    size_t count;
};

/// The file that is served at a path such as `/weft.js`; NULL if there is none.
const struct weft_page_file *weft_page_file(const char *path);

#endif
