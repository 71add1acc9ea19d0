/* SPDX-License-Identifier: Apache-2.0 */
/* What a modem may answer, in one piece and byte by byte: the same; and texts of any bytes. */
#include <stdlib.h>
#include <string.h>

#include "link/notify/at.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct at_answer whole, pieces;
    struct at_parts parts;
    char *text = malloc(size + 1);
    KT_ASSERT(text);
    if (size) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    at_begin(&whole);
    at_begin(&pieces);
    at_feed(&whole, text, size);
    for (size_t i = 0; i < size; i++) {
        at_feed(&pieces, text + i, 1);
    }
    KT_ASSERT(whole.final == pieces.final && whole.code == pieces.code &&
              whole.signal == pieces.signal && whole.network == pieces.network &&
              whole.reference == pieces.reference && whole.ready == pieces.ready);
    KT_ASSERT(at_pdu("+8613800000000", text, 7, &parts, NULL) == KT_OK);
    KT_ASSERT(parts.n >= 1 && parts.n <= AT_PARTS);
    for (int i = 0; i < parts.n; i++) {
        KT_ASSERT(strlen(parts.hex[i]) == 2 + 2 * (size_t)parts.length[i]);
    }
    KT_ASSERT(at_pdu(text, "x", 7, &parts, NULL) <= KT_OK);
    free(text);
    return 0;
}
