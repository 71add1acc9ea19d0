/* SPDX-License-Identifier: Apache-2.0 */
/* arena, err and sample: the small ones of base. */
#include <errno.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/sample.h"
#include "unit.h"

static void arena_memory(void)
{
    struct kt_arena *a = kt_arena_new(0);
    uint64_t seed = 5;
    printf("# seed %" PRIu64 "\n", seed);
    enum { N = 2000 };
    static unsigned char *p[N];
    static size_t size[N];
    for (int i = 0; i < N; i++) {
        size[i] = unit_rand(&seed) % (i % 100 ? 200 : 300000);
        p[i] = kt_arena_alloc(a, size[i]);
        CHECK_INT((uintptr_t)p[i] % 16, 0);
        for (size_t k = 0; k < size[i]; k++) {
            REQUIRE(p[i][k] == 0);
        }
        memset(p[i], i & 0xff, size[i]);
    }
    for (int i = 0; i < N; i++) { /* nobody wrote into another's piece */
        for (size_t k = 0; k < size[i]; k++) {
            REQUIRE(p[i][k] == (i & 0xff));
        }
    }
    CHECK(kt_arena_used(a) > 0);
    kt_arena_free(a);
    kt_arena_free(NULL);
}

static void arena_text(void)
{
    struct kt_arena *a = kt_arena_new(1 << 20);
    CHECK_STR(kt_arena_strdup(a, "瓦斯"), "瓦斯");
    CHECK_STR(kt_arena_strndup(a, "abcdef", 3), "abc");
    CHECK_STR(kt_arena_printf(a, "%d-%s", 7, "x"), "7-x");
    int *n = KT_NEW_ARRAY(a, int, 10);
    CHECK_INT(n[9], 0);
    kt_arena_free(a);
}

static void errors_say_where(void)
{
    struct kt_err e;
    char b[600];
    CHECK_INT(kt_err_at(&e, KT_EPARSE, "gas.yaml", 12, 7, "unknown unit \"%s\"", "%CH5"),
              KT_EPARSE);
    CHECK_STR(kt_err_str(&e, b, sizeof(b)), "gas.yaml:12:7: unknown unit \"%CH5\"");
    CHECK_INT(kt_err_set(&e, KT_EBUSY, "full"), KT_EBUSY);
    CHECK_STR(kt_err_str(&e, b, sizeof(b)), "full");
    CHECK_INT(kt_err_set(NULL, KT_EIO, "nobody listens"), KT_EIO);
    errno = ENOSPC;
    CHECK_INT(kt_err_sys(&e, "cannot write %s", "f"), KT_EFULL);
    CHECK(strstr(e.text, "cannot write f") && strstr(e.text, "No space"));
    errno = EIO;
    CHECK_INT(kt_err_sys(&e, "x"), KT_EIO);
}

static void long_errors_are_cut(void)
{
    struct kt_err e;
    char big[2000];
    memset(big, 'a', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    kt_err_at(&e, KT_EPARSE, big, 1, 1, "%s", big);
    CHECK(strlen(e.text) < sizeof(e.text) && strlen(e.file) < sizeof(e.file));
}

static void error_list(void)
{
#define X(name, value, http, text)                                                                 \
    CHECK_STR(kt_err_name(name), #name);                                                           \
    CHECK_STR(kt_err_text(name), text);                                                            \
    CHECK_INT(kt_err_http(name), http);
    KT_ERR_LIST(X)
#undef X
    CHECK_INT(kt_err_http(-999), 500);
    CHECK(kt_err_name(-999) && kt_err_text(-999));
}

static void qualities(void)
{
#define X(sym, code, id, grade)                                                                    \
    {                                                                                              \
        kt_quality q = 0xff;                                                                       \
        CHECK(kt_quality_of(id, &q));                                                              \
        CHECK_INT(q, KT_Q_##sym);                                                                  \
        CHECK_STR(kt_quality_id(q), id);                                                           \
        CHECK(kt_q_known(q) == ((grade) != KT_Q_BAD));                                             \
    }
    KT_QUALITY_LIST(X)
#undef X
    kt_quality q = 0x33;
    CHECK(!kt_quality_of("splendid", &q));
    CHECK_INT(q, 0x33);
    CHECK_STR(kt_quality_grade(KT_Q_BROKEN), "bad");
    CHECK_STR(kt_quality_grade(KT_Q_MANUAL), "uncertain");
    CHECK_STR(kt_quality_grade(KT_Q_NORMAL), "good");
    CHECK(kt_quality_id(0xff) != NULL);
}

UNIT_MAIN({"arena memory is zeroed, aligned, apart", arena_memory}, {"arena text", arena_text},
          {"an error says where and what", errors_say_where},
          {"a long error is cut", long_errors_are_cut},
          {"each code has name, text and status", error_list}, {"qualities", qualities})
