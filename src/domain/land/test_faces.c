/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/land/faces.h"

#include "unit.h"

static struct kt_arena *arena;
static struct kt_err err;
static char said[2000];

static void collect(void *arg, const struct kt_err *at)
{
    (void)arg;
    char line[600];
    size_t n = strlen(said);
    snprintf(said + n, sizeof(said) - n, "%s\n", kt_err_str(at, line, sizeof(line)));
}

static struct kt_faces *read_text(const char *text)
{
    struct kt_problems p = {.fn = collect};
    struct kt_faces *f = NULL;
    kt_arena_free(arena);
    arena = kt_arena_new(0);
    said[0] = '\0';
    int r = kt_faces_read(arena, kt_str_c(text), "f.json", &p, &f, &err);
    if (r < 0 && p.n == 0) {
        kt_err_str(&err, said, sizeof(said));
    }
    return f;
}

#define FIGURES "\"q\": 0.75, \"tan_beta\": 2, \"b\": 0.3, \"depth_m\": 300, \"thickness_m\": 3"
#define RING    "\"polygon\": [[0,0],[800,0],[800,200],[0,200],[0,0]]"

static void reads_one_face(void)
{
    struct kt_faces *f = read_text("{" FIGURES ", \"offset_per_depth\": 0.1,\n" RING
                                   ", \"points\": [[1, 2], {\"id\": \"A\", \"x\": 3, \"y\": 4}]}");
    uint32_t n;
    REQUIRE(f);
    CHECK_INT(f->n, 1);
    const struct kt_xy *ring = kt_subside_outline(f->face[0], &n);
    CHECK_INT(n, 4);
    CHECK_NEAR(ring[2].x, 770, 1e-9);
    CHECK_NEAR(ring[2].y, 170, 1e-9);
    CHECK_INT(f->places_n, 2);
    CHECK_STR(f->place[1].id, "A");
    CHECK_NEAR(f->place[0].at.y, 2, 0);
    CHECK_NEAR(f->grid.x0, -200, 1e-9); /* 30 - 1.5 r = -195, down to the step */
    CHECK_NEAR(f->grid.step_m, 10, 0);
    kt_faces_done(f);
}

static void faces_share_and_overrule(void)
{
    struct kt_faces *f =
        read_text("{" FIGURES ", \"knothe_c\": 2,\n"
                  "\"faces\": [{" RING ", \"q\": 0.5, \"age_years\": 0.25},\n"
                  "  {" RING ", \"backfill\": {\"gap_m\": 0.3, \"compression\": 0.1}}],\n"
                  "\"grid\": {\"x0\": 0, \"y0\": 0, \"x1\": 1000, \"y1\": 500, \"step_m\": 100}}");
    REQUIRE(f);
    CHECK_INT(f->n, 2);
    CHECK_NEAR(kt_subside_greatest(f->face[0]), 1.5, 1e-12);
    CHECK_NEAR(f->part[0], 0.393469, 1e-6);
    CHECK_NEAR(kt_subside_greatest(f->face[1]), (0.3 + 0.27) * 0.75, 1e-12);
    CHECK_NEAR(kt_subside_unfilled(f->face[1]), 2.25, 1e-12);
    CHECK_NEAR(f->part[1], 1, 0);
    CHECK_INT(f->grid.nx, 11);
    CHECK_INT(f->grid.ny, 6);
    kt_faces_done(f);
}

static void mistakes_say_where(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"{", "f.json:"},
        {"[]", "f.json:1:1: "},
        {"{" FIGURES "}", "f.json:1:1: \"polygon\""},
        {"{" FIGURES ",\n \"polygon\": [[0,0],[1,2,3]]}", "f.json:2:20: a place is [x, y]"},
        {"{" FIGURES ",\n \"polygon\": [[0,0],[9,9],[9,0],[0,9]]}", "f.json:2:13: edge 1 of the"},
        {"{" FIGURES ",\n \"dip_deg\": 70, \"dip_to_deg\": 0, " RING "}",
         "f.json:2:13: dip_deg is 70; it lies between 0 and 60"},
        {"{" FIGURES ",\n \"backfill\": {\"gap_m\": 9, \"compression\": 0}, " RING "}",
         "f.json:2:14: backfill.gap_m is 9"},
        {"{" FIGURES ", " RING ",\n \"colour\": 3}", "f.json:2:2: unknown key"},
        {"{" FIGURES ", " RING ",\n \"grid\": {\"step_m\": 0}}", "f.json:2:10: a grid goes"},
        {"{" FIGURES ", " RING ",\n \"grid\": {\"step_m\": 0.01}}", "f.json:2:10: "},
        {"{" FIGURES ",\n \"offset_m\": 120, " RING "}", "f.json:2:"},
        {"{" FIGURES ", " RING ",\n \"age_years\": 1}", "f.json:2:15: age_years"},
        {"{" FIGURES ", \"faces\": []}", "f.json:1:"},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        CHECK(read_text(cases[i].text) == NULL);
        if (strncmp(said, cases[i].want, strlen(cases[i].want)) != 0) {
            CHECK_STR(said, cases[i].want);
        }
    }
}

UNIT_MAIN({"reads one face", reads_one_face},
          {"faces share and overrule", faces_share_and_overrule},
          {"mistakes say where", mistakes_say_where})
