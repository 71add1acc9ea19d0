/* SPDX-License-Identifier: Apache-2.0 */
#include "geo/geo.h"
#include "store/store.h"
#include "sys/file.h"
#include "unit.h"

/* "GP", version, flags, srs, then little-endian WKB. */
static struct kt_buf blob(uint32_t type, const double *xy, uint32_t n, bool counted)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    kt_buf_put(&b, "GP\0\1", 4);
    kt_put_u32(&b, 4547);
    kt_put_u8(&b, 1);
    kt_put_u32(&b, type);
    if (counted) {
        kt_put_u32(&b, n);
    }
    for (uint32_t i = 0; i < n * 2; i++) {
        kt_put_f64(&b, xy[i]);
    }
    return b;
}

static void point_and_line(void)
{
    static const double xy[] = {487000.5, 4352000, 487100, 4352050.25};
    struct kt_buf out;
    kt_buf_init(&out, 0);
    struct kt_buf p = blob(1, xy, 1, false), l = blob(2, xy, 2, true);
    CHECK_INT(kt_geo_wkb_json((struct kt_str){p.p, p.n}, &out), KT_OK);
    CHECK_STR(kt_buf_cstr(&out), "{\"type\":\"Point\",\"coordinates\":[487000.5,4352000]}");
    kt_buf_clear(&out);
    CHECK_INT(kt_geo_wkb_json((struct kt_str){l.p, l.n}, &out), KT_OK);
    CHECK_STR(kt_buf_cstr(&out), "{\"type\":\"LineString\",\"coordinates\":[[487000.5,4352000],"
                                 "[487100,4352050.25]]}");
    kt_buf_clear(&out);
    for (size_t n = 0; n < l.n; n++) { /* every cut is refused and leaves nothing */
        CHECK_INT(kt_geo_wkb_json((struct kt_str){l.p, n}, &out), KT_EPARSE);
        CHECK_INT(out.n, 0);
    }
    kt_buf_done(&out);
    kt_buf_done(&p);
    kt_buf_done(&l);
}

static void a_count_that_lies_is_refused(void)
{
    static const double xy[] = {1, 2};
    struct kt_buf out, b = blob(2, xy, 1, true);
    uint32_t huge = 0x7fffffff;
    kt_buf_init(&out, 0);
    memcpy(b.p + 13, &huge, 4);
    CHECK_INT(kt_geo_wkb_json((struct kt_str){b.p, b.n}, &out), KT_EPARSE);
    kt_buf_done(&out);
    kt_buf_done(&b);
}

static void make_map(const char *path)
{
    static const double xy[] = {1, 2, 3, 4};
    struct kt_err err = {0};
    struct kt_store *s;
    struct kt_stmt *st;
    struct kt_store_opts o = {.path = path};
    REQUIRE(kt_store_open(&o, &s, &err) == KT_OK);
    CHECK_OK(kt_db_exec(kt_store_writer(s),
                        "CREATE TABLE gpkg_geometry_columns(table_name TEXT, column_name TEXT);"
                        "INSERT INTO gpkg_geometry_columns VALUES('roadway','geom');"
                        "CREATE TABLE roadway(fid INTEGER PRIMARY KEY, geom BLOB, place TEXT)",
                        &err),
             &err);
    struct kt_buf l = blob(2, xy, 2, true);
    CHECK_OK(kt_db_prepare(kt_store_writer(s), "INSERT INTO roadway VALUES(1,?,'r1')", &st, &err),
             &err);
    kt_bind_blob(st, 1, l.p, l.n);
    CHECK_OK(kt_stmt_run(st, &err), &err);
    kt_stmt_done(st);
    kt_buf_done(&l);
    kt_store_close(s);
}

static void a_map_is_read_and_compared(void)
{
    char dir[256], path[300];
    struct kt_err err = {0};
    struct kt_geo_map map, none = {0};
    struct kt_buf json;
    size_t added, removed;
    REQUIRE(kt_dir_temp("kt-geo", dir, sizeof(dir), &err) == KT_OK);
    snprintf(path, sizeof(path), "%s/map.gpkg", dir);
    make_map(path);
    struct kt_arena *arena = kt_arena_new(0);
    CHECK_OK(kt_geo_map_read(path, dir, arena, &map, &err), &err);
    kt_buf_init(&json, 0);
    kt_geo_map_json(&map, &json);
    CHECK_STR(kt_buf_cstr(&json),
              "{\"roadway\":{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\","
              "\"properties\":{\"fid\":1,\"place\":\"r1\"},\"geometry\":{\"type\":\"LineString\","
              "\"coordinates\":[[1,2],[3,4]]}}]}}");
    kt_buf_clear(&json);
    kt_geo_map_diff(&none, &map, &json, &added, &removed);
    CHECK_INT(added, 1);
    CHECK_INT(removed, 0);
    CHECK_STR(kt_buf_cstr(&json),
              kt_arena_printf(arena, "=roadway\n+%s\n", map.features[0].json.p));
    struct kt_geo_map again;
    kt_buf_clear(&json);
    kt_geo_map_text(&map, &json);
    CHECK_OK(kt_geo_map_parse((struct kt_str){json.p, json.n}, arena, &again, &err), &err);
    for (size_t n = 1; n < json.n; n++) { /* no cut is taken for a map with less in it */
        struct kt_geo_map part;
        int r = kt_geo_map_parse((struct kt_str){json.p, n}, arena, &part, &err);
        CHECK(r == KT_EPARSE || part.n == 0);
    }
    kt_geo_map_diff(&map, &again, NULL, &added, &removed);
    CHECK_INT(added + removed, 0);
    CHECK_INT(kt_geo_map_read("/nowhere/map.gpkg", dir, arena, &map, &err), KT_OK);
    CHECK_INT(map.n, 0);
    kt_buf_done(&json);
    kt_arena_free(arena);
    kt_dir_remove(dir);
}

static int meet(const char *a, const char *b, struct kt_geo_meeting *m, struct kt_buf *out)
{
    struct kt_err err = {0};
    kt_buf_clear(out);
    return kt_geo_overlap(kt_str_c(a), kt_str_c(b), m, out, &err);
}

#define SQUARE(x)                                                                                  \
    "{\"type\":\"Polygon\",\"coordinates\":[[[" #x ",0],[" #x ",10],[20,10],[20,0],[" #x ",0]]]}"

static void where_geometries_meet(void)
{
    struct kt_geo_meeting m = {0};
    struct kt_buf out;
    const char *left =
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[0,10],[10,10],[10,0],[0,0]]]}";
    kt_buf_init(&out, 0);
    CHECK_INT(meet(left, SQUARE(6), &m, &out), KT_OK);
    CHECK(m.meets);
    CHECK_NEAR(m.area_m2, 40, 1e-9);
    CHECK(strstr(kt_buf_cstr(&out), "Polygon"));
    CHECK_INT(meet(left, SQUARE(10), &m, &out), KT_OK); /* a border in common */
    CHECK(m.meets);
    CHECK_NEAR(m.area_m2, 0, 0);
    CHECK_NEAR(m.length_m, 10, 1e-9);
    CHECK_INT(meet(left, SQUARE(11), &m, &out), KT_OK);
    CHECK(!m.meets);
    CHECK_INT((int)out.n, 0);
    CHECK_INT(meet("{\"type\":\"Point\",\"coordinates\":[10,10]}", left, &m, &out), KT_OK);
    CHECK(m.meets);
    CHECK_INT(meet("{\"type\":\"LineString\",\"coordinates\":[[-5,5],[15,5]]}", left, &m, &out),
              KT_OK);
    CHECK_NEAR(m.length_m, 10, 1e-9);
    const char *bow =
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[10,10],[10,0],[0,10],[0,0]]]}";
    CHECK_INT(meet(bow, left, &m, &out), KT_OK);
    CHECK_NEAR(m.area_m2, 50, 1e-9);
    CHECK_INT(meet("{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,1]]]}", left, &m, &out),
              KT_EINVAL);
    CHECK_INT(meet("", left, &m, &out), KT_EINVAL);
    CHECK_INT(meet(left, "{\"type\":\"Point\"}", &m, &out), KT_EINVAL);
    kt_buf_done(&out);
}

UNIT_MAIN({"point and line", point_and_line}, {"where geometries meet", where_geometries_meet},
          {"a count that lies is refused", a_count_that_lies_is_refused},
          {"a map is read and compared", a_map_is_read_and_compared})
