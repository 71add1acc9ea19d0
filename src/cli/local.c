/* SPDX-License-Identifier: Apache-2.0 */
/* What a verb says, in the language of who sits at the terminal. */
#include <stdlib.h>
#include <string.h>

#include "api/words.h"
#include "cli/cli.h"

bool kt_chinese(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < KT_ARRAY_LEN(names); i++) {
        const char *v = getenv(names[i]);
        if (v && *v) {
            return strncmp(v, "zh", 2) == 0;
        }
    }
    return false;
}

const char *kt_said(const struct kt_err *err, char *buf, size_t cap)
{
    struct kt_err local = *err;
    if (kt_chinese()) {
        (void)words_known_zh(err->text, local.text, sizeof(local.text));
    }
    return kt_err_str(&local, buf, cap);
}

const char *kt_level_text(int level)
{
    static const char *const en[] = {"error", "warning", "note"};
    static const char *const zh[] = {"错误", "警告", "提示"};
    return kt_chinese() ? zh[level] : en[level];
}
