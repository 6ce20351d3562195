#pragma once
#include <secp256k1.h>

// The library's own is a variable, which Swift cannot know to be constant.
static inline const secp256k1_context *_Nonnull weft_secp256k1_context(void) { return secp256k1_context_static; }
